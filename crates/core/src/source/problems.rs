//! What is wrong with one file, and what to write instead.

use std::fmt;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::Span;

/// Nobody reads on after this many; a file that is broken in a systematic way would yield thousands.
const MOST: usize = 100;

/// Everything found in one file, up to a hundred problems.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    file: Box<str>,
    text: String,
    found: Vec<Problem>,
    concealed: Vec<Span>,
    /// The keys that each block was asked for: what the schemas are held against.
    pub asked: Vec<std::collections::BTreeSet<String>>,
    /// Errors that are values to be replaced.
    stand_ins: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether the file can be used in spite of it.
    pub severity: Severity,
    /// Where; `None` when it is about the file as a whole.
    pub place: Option<Place>,
    /// What is wrong, in a sentence for somebody who does not program.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Whether a file with this problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    /// It can, but probably not as intended.
    Warning,
}

/// A place in a file, as people count: from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// Bytes of the file's text.
    pub span: Span,
}

impl Severity {
    /// The word for it, in output for people and for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Problems {
    /// None yet, about a file with this name and text.
    pub fn new(file: &str, text: &str) -> Self {
        Self { file: file.into(), text: super::without_mark(text).to_owned(), ..Self::default() }
    }

    /// Something that makes the file unusable.
    pub fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, Some(span), message.into(), help.into());
    }

    /// [`Problems::error`] about a value that can be read and still has to be replaced.
    pub fn stand_in(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.stand_ins += 1;
        self.error(span, message, help);
    }

    /// [`Problems::error`] about something that cannot be read, so that there is nothing to go on with.
    pub fn reject<T>(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.error(span, message, help);
        None
    }

    /// Something that is probably not intended.
    pub fn warning(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Warning, Some(span), message.into(), help.into());
    }

    /// Something that makes the file unusable and has no place in it.
    pub fn file_error(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, None, message.into(), help.into());
    }

    /// Never shows these bytes in an excerpt: they may be a secret.
    pub fn conceal(&mut self, span: Span) {
        self.concealed.push(span);
    }

    /// The file they are about.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file's text, without a byte-order mark: what spans count in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All of them, from the top of the file to its end.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        let mut sorted: Vec<&Problem> = self.found.iter().collect();
        sorted.sort_by_key(|problem| problem.place);
        sorted.into_iter()
    }

    /// The line in which something stands, counted from 1: for messages that name two places.
    pub fn line(&self, span: Span) -> usize {
        self.place(span).line
    }

    /// Whether the second of two places stands in the line of the first. Reads only what is between them: a file with ten
    /// thousand accounts has a hundred thousand lines.
    pub fn share_a_line(&self, first: Span, second: Span) -> bool {
        self.text.get(first.start..second.start).is_some_and(|between| !between.contains('\n'))
    }

    /// How many there are of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|problem| problem.severity == severity).count()
    }

    /// True when nothing but values that have to be replaced keeps the file from being used: good enough for what sends
    /// nothing.
    pub fn can_be_read(&self) -> bool {
        self.count(Severity::Error) == self.stand_ins
    }

    /// True when the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// True when there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn push(&mut self, severity: Severity, span: Option<Span>, message: String, help: String) {
        let needed = severity == Severity::Error && !self.has_errors();
        if self.found.len() >= MOST && !needed {
            return;
        }
        let place = span.map(|span| self.place(span));
        let problem = Problem { severity, place, message, help };
        // The same mistake is often seen from two sides; once is enough.
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    fn place(&self, span: Span) -> Place {
        let start = floor(&self.text, span.start);
        let end = floor(&self.text, span.end).max(start);
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            span: Span { start, end },
        }
    }

    /// The line a place is in, with secrets blotted out, and the place inside it.
    fn excerpt(&self, place: Place) -> (String, Span) {
        let Span { start, end } = place.span;
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        let mut shown = String::with_capacity(line.len());
        let (mut from, mut to) = (None, None);
        for (offset, char) in line.char_indices() {
            let at = line_start + offset;
            if at >= start && from.is_none() {
                from = Some(shown.len());
            }
            if at >= end && to.is_none() {
                to = Some(shown.len());
            }
            let hidden = self.concealed.iter().any(|span| span.start <= at && at < span.end);
            shown.push(match char {
                _ if hidden && !char.is_whitespace() => '*',
                '\t' => char,
                _ => visible(char),
            });
        }
        let start = from.unwrap_or(shown.len());
        let end = to.unwrap_or(shown.len()).max(start);
        (shown, Span { start, end })
    }

    fn render(&self, problem: &Problem) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(visible_text(&problem.message));
        let help = Level::HELP.message(visible_text(&problem.help));
        let origin: Element<'_> = match problem.place {
            None => Origin::path(&*self.file).into(),
            Some(place) => match self.excerpt(place) {
                (line, _) if line.is_empty() => {
                    Origin::path(&*self.file).line(place.line).char_column(place.column).into()
                }
                (line, span) => Snippet::source(line)
                    .path(&*self.file)
                    .line_start(place.line)
                    .annotation(AnnotationKind::Primary.span(span.start..span.end))
                    .into(),
            },
        };
        Renderer::plain().render(&[title.element(origin).element(help)])
    }
}

impl fmt::Display for Problems {
    /// Every problem with place, excerpt and help, a blank line between two. No colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&self.render(problem))?;
        }
        Ok(())
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Messages quote the file; a control character in it must not reach a terminal.
fn visible_text(text: &str) -> String {
    text.chars().map(visible).collect()
}

fn visible(char: char) -> char {
    if char.is_control() && char != '\n' { '\u{fffd}' } else { char }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_file_line_column_excerpt_and_what_to_write() {
        let mut problems = Problems::new("mappings/hubspot.yaml", "crm: hubspot\nform: deal.x\n");
        problems.error(Span { start: 13, end: 17 }, "unknown key `form`", "write `from`");
        insta::assert_snapshot!(problems, @r"
        error: unknown key `form`
         --> mappings/hubspot.yaml:2:1
          |
        2 | form: deal.x
          | ^^^^
          |
          = help: write `from`
        ");
    }

    #[test]
    fn columns_count_characters_and_problems_come_in_the_order_of_the_file() {
        let mut problems = Problems::new("m.yaml", "größe: ü ß\nb: c\n");
        problems.warning(Span { start: 18, end: 19 }, "second", "x");
        problems.error(Span { start: 9, end: 11 }, "first", "y");
        let places: Vec<_> =
            problems.iter().map(|found| found.place.map(|place| (place.line, place.column))).collect();
        assert_eq!(places, [Some((1, 8)), Some((2, 4))]);
    }

    #[test]
    fn a_concealed_value_is_never_shown() {
        let mut problems = Problems::new("handoff.toml", "token = \"pat-eu1-secret\"\n");
        problems.conceal(Span { start: 8, end: 24 });
        problems.error(Span { start: 0, end: 5 }, "a secret is written here", "use `token_env`");
        insta::assert_snapshot!(problems, @r"
        error: a secret is written here
         --> handoff.toml:1:1
          |
        1 | token = ****************
          | ^^^^^
          |
          = help: use `token_env`
        ");
    }

    #[test]
    fn a_problem_at_the_end_of_a_file_or_beyond_it_still_renders() {
        for text in ["", "\n", "a: b", "a: b\n", "ä"] {
            let mut problems = Problems::new("m.yaml", text);
            problems.error(Span { start: text.len(), end: text.len() + 9 }, "ends too early", "go on");
            problems.error(Span { start: 1, end: 0 }, "upside down", "turn it");
            assert!(problems.to_string().contains("m.yaml:"), "{text:?}: {problems}");
        }
    }

    #[test]
    fn control_characters_of_the_file_do_not_reach_the_terminal() {
        let mut problems = Problems::new("m.yaml", "a: \u{1b}[31mred\n");
        problems.error(Span { start: 3, end: 4 }, "`\u{1b}[31mred` is not a role", "x");
        assert!(!problems.to_string().contains('\u{1b}'), "{problems}");

        let mut problems = Problems::new("m.yaml", "a: deal.\u{84}x\n");
        problems.error(Span { start: 3, end: 11 }, "a value cannot begin so", "x");
        assert!(!problems.to_string().contains('\u{84}'), "{problems}");
    }
}
