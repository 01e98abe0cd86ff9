//! Characters that a word processor, a chat or a web page leaves behind: they look like a quotation mark, a space or
//! nothing, and YAML takes each of them for a letter.

use super::{Problems, Span};
use crate::text::visible::is_invisible;

/// Typographic quotation marks, double and single.
const QUOTES: &str = "“”„‟«»‹›‘’‚‛";

/// Records the strange characters of a value or key at `span`; false if there are none. Quotation marks are strange
/// around a value without straight ones, not inside of it.
pub(super) fn refuse(text: &str, span: Span, bare: bool, problems: &mut Problems) -> bool {
    let raw = text.get(span.start..span.end).unwrap_or_default();
    let (start, value) = (span.start + raw.len() - raw.trim_start().len(), raw.trim());
    let is_quote = |letter: char| QUOTES.contains(letter);
    let (begins, ends) = (value.starts_with(is_quote), value.ends_with(is_quote));
    let marks = value.chars().filter(|letter| is_quote(*letter) && *letter != '’').count();
    let around = bare && ((begins && ends) || (marks == 1 && (begins || ends)));
    let mark = value.char_indices().find(|(_, letter)| around && is_quote(*letter));
    if let Some((offset, mark)) = mark {
        let at = start + offset;
        let behind = text.get(at + mark.len_utf8()..).and_then(|behind| behind.lines().next());
        let inner = behind.and_then(|behind| behind.split(is_quote).next()).map(str::trim);
        let inner = inner.filter(|_| begins).unwrap_or_else(|| value.trim_matches(is_quote));
        problems.error(
            Span { start: at, end: at + mark.len_utf8() },
            format!(
                "`{mark}` is a typographic quotation mark ({}), which is a letter here",
                code_point(mark)
            ),
            format!("write straight quotation marks: \"{inner}\""),
        );
    }
    refuse_unseen(text, span, problems) || mark.is_some()
}

/// The same for a file with broken syntax, up to the end of the line at `at` where it broke; comments aside.
pub(super) fn refuse_before(text: &str, at: usize, problems: &mut Problems) -> bool {
    let (mut start, mut found) = (0, false);
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        let code =
            line.split(" #").next().filter(|_| !line.trim_start().starts_with('#')).unwrap_or_default();
        let is_broken = at < start + line.len();
        let value = code.find(": ").filter(|_| is_broken).map_or(0, |colon| colon + 1);
        let span = Span { start: start + value, end: start + code.len() };
        found |= refuse(text, span, is_broken, problems);
        start += line.len();
    }
    found
}

/// Records every character that is not seen, or seen as a space.
fn refuse_unseen(text: &str, span: Span, problems: &mut Problems) -> bool {
    let raw = text.get(span.start..span.end).unwrap_or_default();
    let mut found = false;
    let mut previous = None;
    let mut letters = raw.char_indices().peekable();
    while let Some((offset, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let help = if letter.is_whitespace() {
            let is_plain = matches!(letter, ' ' | '\t' | '\n' | '\r');
            (!is_plain && !is_french(previous, next))
                .then_some("replace it by a normal space: delete it and press the space bar")
        } else {
            // Joiners belong into emoji and into words of some scripts.
            let beside_script = |side: Option<char>| side.is_some_and(|side| !side.is_ascii());
            let is_joiner = matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
            (is_invisible(letter) && !(is_joiner && beside_script(previous)))
                .then_some("remove it: delete the word around it and type it anew")
        };
        // Of several in a row the first is enough.
        if let Some(help) = help.filter(|_| previous != Some(letter)) {
            let at = span.start + offset;
            let message = format!(
                "a character that is not seen stands here: {} ({})",
                name(letter),
                code_point(letter)
            );
            problems.error(Span { start: at, end: at + letter.len_utf8() }, message, help);
        }
        found |= help.is_some();
        previous = Some(letter);
    }
    found
}

/// French puts a no-break space before some marks and inside its quotation marks.
fn is_french(previous: Option<char>, next: Option<char>) -> bool {
    next.is_some_and(|next| "?!;:»%€".contains(next)) || previous == Some('«')
}

fn name(letter: char) -> &'static str {
    match letter {
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{200b}' => "a zero-width space",
        letter if letter.is_whitespace() => "a special space",
        _ => "an invisible character",
    }
}

fn code_point(letter: char) -> String {
    format!("U+{:04X}", u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut problems = Problems::new("m.yaml", text);
        yaml(text, &mut problems);
        let at = |problem: &super::super::Problem| {
            problem.place.map_or_else(String::new, |place| format!("{}:{} ", place.line, place.column))
        };
        problems.iter().map(|problem| format!("{}{}", at(problem), problem.message)).collect()
    }

    #[test]
    fn a_character_that_is_not_what_it_looks_like_is_named_with_its_place() {
        for (text, place, named) in [
            ("in: [“Enterprise”]", "1:6", "U+201C"),
            ("in: [a, „Strategic“]", "1:9", "U+201E"),
            ("in: [«Premier»]", "1:6", "U+00AB"),
            ("in: [‘Gold’]", "1:6", "U+2018"),
            ("in: [“Enterprise, EMEA”]", "1:6", "U+201C"),
            ("labels:\n  “Decision maker”: sponsor", "2:3", "U+201C"),
            ("ask: “Why now: what forced it?”", "1:6", "U+201C"),
            ("in: [Enter\u{200b}prise]", "1:11", "U+200B"),
            ("in: [\"Enter\u{2060}prise\"]", "1:12", "U+2060"),
            ("in: [Enter\u{ad}prise]", "1:11", "U+00AD"),
            ("in: [Enter\u{200d}prise]", "1:11", "U+200D"),
            ("channel: \u{feff}C0123ABCD", "1:10", "U+FEFF"),
            ("labels: {Decision\u{a0}maker: sponsor}", "1:18", "U+00A0"),
            ("a:\n\u{a0}\u{a0}b: c", "2:1", "U+00A0"),
            ("a:\n  b: c\n\u{202f} d: e", "3:1", "U+202F"),
            ("channel:\u{a0}C0123ABCD", "1:9", "U+00A0"),
            ("at_least: 50\u{2009}000", "1:13", "U+2009"),
        ] {
            let told = told(text);
            assert!(told.iter().any(|one| one.starts_with(place) && one.contains(named)), "{text}: {told:?}");
        }
    }

    #[test]
    fn text_that_is_meant_so_is_left_alone() {
        for text in [
            "ask: Why didn’t they wait?",
            "ask: What does “soon” mean?",
            "ask: \"“Soon” means when?\"",
            "say: the sellers’",
            "say: They call it “Quick win”",
            "ask: “Soon” means when?",
            "ask: Pourquoi maintenant\u{a0}?",
            "ask: \"Que veut dire «\u{a0}bientôt\u{202f}» ?\"",
            "say: family 👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}",
            "in: [\u{645}\u{6cc}\u{200c}\u{62e}]",
            "ask: \"a\\u00a0b\"",
            "a: b # “quoted”\u{a0}comment",
            "ask: >\n  “Soon” means when?\n",
        ] {
            assert!(told(text).is_empty(), "{text}: {:?}", told(text));
        }
    }
}
