//! Typed reading of a tree. A value of the wrong kind is recorded and reading goes on.

use std::time::Duration;

use super::{Entry, Node, Problems, Scalar, Span, Spanned, Value, alternatives, did_you_mean, nearest};

/// A block of keys that is being read. Whatever was not asked for is unknown.
#[derive(Debug)]
pub struct Block<'d> {
    /// The block; for the whole file, its start.
    span: Span,
    entries: &'d [Entry],
    known: Vec<String>,
    taken: Vec<bool>,
    missing: Vec<(String, String)>,
}

/// One key of a section, there or not.
#[derive(Debug, Clone, Copy)]
pub struct Field<'d> {
    entry: Option<&'d Entry>,
}

impl<'d> Block<'d> {
    /// Reads a block of keys; anything else is recorded. `what` says what stands here: "a condition".
    pub fn of(node: &'d Node, what: &str, problems: &mut Problems) -> Option<Self> {
        if let Value::Map(entries) = &node.value {
            return Some(Self::over(entries, node.span));
        }
        problems.reject(
            node.span,
            format!("{what} is a block of keys, not {}", node.kind()),
            "write `key: value` lines, indented below",
        )
    }

    fn over(entries: &'d [Entry], span: Span) -> Self {
        // A block is pointed at by its first key, not by all its lines.
        let span = entries.iter().map(|entry| entry.span).min().unwrap_or(span);
        Self { span, entries, known: Vec::new(), taken: vec![false; entries.len()], missing: Vec::new() }
    }

    /// Points at `span` for what is missing in this block, instead of at its first key.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Where the block begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// A key that may be left out.
    pub fn take(&mut self, key: &str) -> Field<'d> {
        if self.known.iter().all(|known| known != key) {
            self.known.push(key.to_owned());
        }
        self.find(key)
    }

    /// A key that must be there. `help` says what to write; [`Block::finish`] reports it if it is not.
    pub fn require(&mut self, key: &str, help: &str) -> Field<'d> {
        let field = self.take(key);
        if field.entry.is_none() {
            self.missing.push((key.to_owned(), help.to_owned()));
        }
        field
    }

    /// A key that the reader finds but never suggests to RevOps.
    pub fn forbidden(&mut self, key: &str) -> Field<'d> {
        self.find(key)
    }

    /// All keys that were not asked for, in order: for blocks whose keys are the user's own words.
    pub fn rest(&mut self) -> Vec<&'d Entry> {
        let mut rest = Vec::new();
        for (entry, taken) in self.entries.iter().zip(&mut self.taken) {
            if !std::mem::replace(taken, true) {
                rest.push(entry);
            }
        }
        rest
    }

    /// Reports values of a list without brackets, which look like keys with nothing behind them, as `Strategic` in
    /// `{in: Enterprise, Strategic}`; false if there are none.
    pub fn refuse_missing_brackets(&mut self, problems: &mut Problems) -> bool {
        let mut found = false;
        let entries = self.entries;
        for (at, first) in entries.iter().enumerate() {
            let (Some(true), Some(value)) = (self.taken.get(at), first.value.text()) else { continue };
            let more = entries.iter().zip(&self.taken).skip(at + 1).take_while(|(entry, taken)| {
                !**taken
                    && entry.value.value == Value::Nothing
                    && problems.share_a_line(first.span, entry.span)
            });
            let words: Vec<&str> = more.map(|(entry, _)| entry.key.as_str()).collect();
            if words.is_empty() {
                continue;
            }
            self.taken.iter_mut().skip(at + 1).take(words.len()).for_each(|taken| *taken = true);
            let message = format!("`{}` holds several values without brackets", first.key);
            let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
            let is_grouped = is_number(value) && words.iter().all(|word| word.len() == 3 && is_number(word));
            let help = if is_grouped {
                format!("write the number without separators: `{}: {value}{}`", first.key, words.concat())
            } else {
                format!("write `[{value}, {}]`; where one value belongs, keep one", words.join(", "))
            };
            problems.error(first.value.span, message, help);
            found = true;
        }
        found
    }

    /// Reports keys that are missing and keys that the schema does not name; false if there was one of the latter.
    pub fn finish(mut self, problems: &mut Problems) -> bool {
        let without_brackets = self.refuse_missing_brackets(problems);
        let known = std::mem::take(&mut self.known);
        problems.asked.push(known.iter().cloned().collect());
        let unknown = self.rest();
        for entry in &unknown {
            let untaken = known.iter().map(String::as_str);
            let meant = nearest(&entry.key, untaken.clone());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("write {}, or remove it", alternatives(&entry.key, untaken)),
            };
            problems.error(entry.span, format!("unknown key `{}`", entry.key), help);
            // A misspelt key is not missing as well: one mistake, one message.
            self.missing.retain(|(key, _)| meant != Some(key));
        }
        for (key, help) in self.missing {
            problems.error(self.span, format!("`{key}` is missing"), help);
        }
        unknown.is_empty() && !without_brackets
    }

    fn find(&mut self, key: &str) -> Field<'d> {
        let mut found = None;
        for (entry, taken) in self.entries.iter().zip(&mut self.taken) {
            if entry.key == key {
                *taken = true;
                found = Some(entry);
            }
        }
        Field { entry: found }
    }
}

impl<'d> From<&'d Entry> for Field<'d> {
    /// A key whose name is the user's own word.
    fn from(entry: &'d Entry) -> Self {
        Self { entry: Some(entry) }
    }
}

impl<'d> Field<'d> {
    /// Whether the key is there at all, with or without a value.
    pub fn is_present(self) -> bool {
        self.entry.is_some()
    }

    /// Where the key stands.
    pub fn key_span(self) -> Option<Span> {
        self.entry.map(|entry| entry.span)
    }

    /// `[]`: for keys where a list of none has a meaning.
    pub fn is_empty_list(self) -> bool {
        self.entry.is_some_and(|entry| matches!(&entry.value.value, Value::List(nodes) if nodes.is_empty()))
    }

    /// A list, with or without values.
    pub fn is_list(self) -> bool {
        self.entry.is_some_and(|entry| matches!(entry.value.value, Value::List(_)))
    }

    /// Where the value stands, whatever it is.
    pub fn value_span(self) -> Option<Span> {
        self.entry.map(|entry| entry.value.span)
    }

    /// The value; a key with nothing behind it is recorded.
    pub fn node(self, problems: &mut Problems) -> Option<&'d Node> {
        let entry = self.entry?;
        if entry.value.value == Value::Nothing {
            let help = format!("write a value behind `{}:`, or remove the line", entry.key);
            return problems.reject(entry.span, format!("`{}` is empty", entry.key), help);
        }
        Some(&entry.value)
    }

    /// One value as text, whether it was written with quotes or not, and where it stands.
    pub fn text(self, problems: &mut Problems) -> Option<(&'d str, Span)> {
        let entry = self.entry?;
        let node = self.node(problems)?;
        let Some(text) = node.text() else {
            let message = format!("`{}` takes one value, not {}", entry.key, node.kind());
            return problems.reject(node.span, message, "write a single value here");
        };
        if text.trim().is_empty() {
            let help = format!("write a value for `{}`, or remove the line", entry.key);
            return problems.reject(node.span, format!("`{}` is empty", entry.key), help);
        }
        Some((text.trim(), node.span))
    }

    /// The value as `read` takes it; otherwise `read` says what to write.
    fn parsed<T>(self, problems: &mut Problems, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let key = &self.entry?.key;
        let (text, span) = self.text(problems)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(help) => problems.reject(span, format!("`{key}` cannot be `{text}`"), help),
        }
    }

    /// A whole number within `min..=max`.
    pub fn integer(self, min: u32, max: u32, problems: &mut Problems) -> Option<u32> {
        self.parsed(problems, |text| {
            let number = text.parse().ok().filter(|number| (min..=max).contains(number));
            number.ok_or_else(|| format!("write a whole number from {min} to {max}"))
        })
    }

    pub fn boolean(self, problems: &mut Problems) -> Option<bool> {
        self.parsed(problems, |text| {
            text.parse().map_err(|_| match text.to_lowercase().as_str() {
                "yes" | "on" | "y" => "write `true`".to_owned(),
                "no" | "off" | "n" => "write `false`".to_owned(),
                _ => "write `true` or `false`".to_owned(),
            })
        })
    }

    /// A span of time such as `10s`, `5m` or `6h`; at least one millisecond, at most 30 days.
    pub fn duration(self, problems: &mut Problems) -> Option<Duration> {
        self.parsed(problems, |text| {
            duration(text).ok_or_else(|| match text.parse::<u32>() {
                Ok(_) => format!("write \"{text}s\" for seconds or \"{text}m\" for minutes"),
                Err(_) => "write a number and a unit, such as \"10s\", \"5m\" or \"6h\"".to_owned(),
            })
        })
    }

    /// One of a closed set of words.
    pub fn choice<T: Copy>(self, choices: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        self.parsed(problems, |text| {
            let found = choices.iter().find(|(word, _)| *word == text);
            let words = choices.iter().map(|(word, _)| *word);
            found.map(|(_, choice)| *choice).ok_or_else(|| did_you_mean(text, words))
        })
    }

    /// Several values; a single one counts as a list of one. An empty list is recorded.
    pub fn list(self, problems: &mut Problems) -> Vec<&'d Node> {
        let Some(entry) = self.entry else { return Vec::new() };
        let Some(node) = self.node(problems) else { return Vec::new() };
        match &node.value {
            Value::List(nodes) if nodes.is_empty() => {
                let help = format!("write at least one value, or remove `{}`", entry.key);
                problems.error(entry.span, format!("`{}` is an empty list", entry.key), help);
                Vec::new()
            }
            Value::List(nodes) => nodes.iter().collect(),
            _ => vec![node],
        }
    }

    /// Several texts and where they stand; a single one counts as a list of one.
    pub fn texts(self, problems: &mut Problems) -> Vec<(&'d str, Span)> {
        let mut texts = Vec::new();
        if let Some(Entry { key, value: node, .. }) = self.entry
            && let Value::Scalar(Scalar { text, bare: true }) = &node.value
            && text.contains([',', ';'])
        {
            let list: Vec<&str> =
                text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty()).collect();
            let help = format!(
                "write `{key}: [{}]` if these are several values, or put the one value in quotes: \"{text}\"",
                list.join(", ")
            );
            problems.warning(node.span, format!("`{key}` holds one value without brackets: `{text}`"), help);
        }
        for node in self.list(problems) {
            match node.text().map(str::trim) {
                Some(text) if !text.is_empty() => texts.push((text, node.span)),
                _ => {
                    let key = self.entry.map_or("", |entry| &entry.key);
                    let message = format!("`{key}` lists single values, and this is not one");
                    problems.error(node.span, message, "write text here, or remove it");
                }
            }
        }
        texts
    }

    /// [`Field::texts`] that outlive the file.
    pub fn owned_texts(self, problems: &mut Problems) -> Vec<Spanned<String>> {
        self.texts(problems).into_iter().map(Spanned::from).collect()
    }

    /// A block of keys below this one.
    pub fn block(self, problems: &mut Problems) -> Option<Block<'d>> {
        let entry = self.entry?;
        let section = Block::of(self.node(problems)?, &format!("`{}`", entry.key), problems)?;
        Some(section.at(entry.span))
    }
}

/// `10s`, `5m`, `6h`, `250ms`, `2d`: at least one millisecond, at most 30 days.
pub fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return None,
    };
    let span = Duration::from_millis(number.checked_mul(millis)?);
    (Duration::from_millis(1)..=Duration::from_hours(30 * 24)).contains(&span).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(duration("5 m"), Some(Duration::from_mins(5)));
        assert_eq!(duration("6h"), Some(Duration::from_hours(6)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2d"), Some(Duration::from_hours(48)));
        for wrong in ["", "s", "10", "10x", "-5s", "1.5h", "0s", "5m30s", "31d", "99999999999999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_key_that_is_a_slip_does_not_count_as_missing_too() {
        let mut problems = Problems::new("m.yaml", "chanel: C0123ABCD\n");
        let node = crate::source::yaml("chanel: C0123ABCD\n", &mut problems).unwrap();
        let mut section = Block::of(&node, "the file", &mut problems).unwrap();
        section.require("channel", "write the channel's id");
        section.require("crm", "write `crm: hubspot`");
        section.finish(&mut problems);
        insta::assert_snapshot!(problems, @r"
        error: unknown key `chanel`
         --> m.yaml:1:1
          |
        1 | chanel: C0123ABCD
          | ^^^^^^
          |
          = help: did you mean `channel`?

        error: `crm` is missing
         --> m.yaml:1:1
          |
        1 | chanel: C0123ABCD
          | ^^^^^^
          |
          = help: write `crm: hubspot`
        ");
    }
}
