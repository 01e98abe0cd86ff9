//! Mistakes of syntax, told for somebody who has never heard of a scanner: what is wrong, where it began, and what to
//! write instead.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::{Problems, Span, characters};

const NOT_YAML: &str = "compare the line with the one above it: same indentation, `key: value`";

pub(super) fn refuse_reference(span: Span, problems: &mut Problems) {
    let help = "write the value out here; if it is text that begins with `*`, put it in quotes";
    problems.error(span, "`*` refers to another place in the file, which is not supported", help);
}

/// Tells a syntax error in words for somebody who has never heard of a scanner.
pub(super) fn refuse(text: &str, error: &ScanError, problems: &mut Problems) {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let line = text.get(..at).map_or(at, |before| before.rfind('\n').map_or(0, |newline| newline + 1));
    let before = text.get(line..at).unwrap_or_default();
    let span = Span { start: at, end: at + 1 };
    if characters::refuse_before(text, at, problems) || refuse_comment(text, at, problems) {
        return;
    }
    let (message, help) = match error.kind() {
        ErrorKind::UnknownAnchor => return refuse_reference(span, problems),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            let start = before.find('\t').map_or(at, |tab| line + tab);
            let help = "replace the tab by spaces: two for each level";
            return problems.error(
                Span { start, end: start + 1 },
                "a tab stands where only spaces may stand",
                help,
            );
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote is opened here and never closed", "add the closing quote at the end of the text")
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. } => (
            "a bracket does not match, or a comma is missing",
            "close every `[` with `]` and every `{` with `}`, and put commas between the values",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement if before.contains(':') => (
            "there is a second `:` in this line",
            "put text that contains `: ` in quotes: \"Why now: what forced the date?\"",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            return refuse_line_without_colon(text, line, problems);
        }
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidIndentation => return refuse_place(text, line, span, problems),
        ErrorKind::UnexpectedCharacter { .. } => {
            ("a value cannot begin with this character", "put the text in quotes")
        }
        ErrorKind::RecursionLimitExceeded => ("this file is nested too deeply", "write it flatter"),
        other => {
            return problems.error(span, format!("this is not valid YAML: {other}"), NOT_YAML);
        }
    };
    problems.error(span, message, help);
}

/// A value without quotes that ` #` cuts short: a number sign that is no comment, or a sentence that may go on.
pub(super) fn warn_of_comment(text: &str, span: Span, problems: &mut Problems) {
    let (Some(value), Some(rest)) = (text.get(span.start..span.end), text.get(span.end..)) else { return };
    let rest = rest.lines().next().unwrap_or_default();
    let comment = rest.trim();
    let Some(behind) = comment.strip_prefix('#').filter(|_| !value.is_empty()) else { return };
    if behind.starts_with(char::is_alphanumeric) || value.contains(' ') {
        let quoted = comment.trim_end_matches(|mark| {
            matches!(mark, ']' | '}') && !comment.contains(if mark == ']' { '[' } else { '{' })
        });
        let start = span.end + rest.len() - rest.trim_start().len();
        problems.warning(
            Span { start, end: start + comment.len() },
            "text behind ` #` is a comment: the value ends before it",
            format!(
                "put the text in quotes: \"{value} {quoted}\", or if it is a comment: \"{value}\" {comment}"
            ),
        );
    }
}

/// A bracket that is closed behind ` #`, where everything is a comment.
fn refuse_comment(text: &str, at: usize, problems: &mut Problems) -> bool {
    // The scanner points behind an open bracket, or at the bracket itself.
    let opens = text.get(at..).is_some_and(|rest| rest.starts_with(['[', '{'])).then_some(at);
    let open = open_bracket(text.get(..at).unwrap_or_default()).map(|(from, _)| from);
    let Some(from) = open.or(opens) else { return false };
    let code = text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let Some((before, comment)) = code.split_once(" #").filter(|(_, comment)| comment.contains([']', '}']))
    else {
        return false;
    };
    let start = from + before.len() + 1;
    problems.error(
        Span { start, end: start + comment.trim_end().len() + 1 },
        "text behind ` #` is a comment, and so is the end of this line",
        "put the text that holds # in quotes, such as \"Enterprise #1\"",
    );
    true
}

/// A line that cannot stand where it stands: often the mistake is above it.
fn refuse_place(text: &str, line: usize, span: Span, problems: &mut Problems) {
    let above = text.get(..line).unwrap_or_default();
    if let Some((at, bracket)) = open_bracket(above) {
        let close = if bracket == '[' { ']' } else { '}' };
        let message = format!("a `{bracket}` is opened here and never closed");
        let help = format!("close it with `{close}` at the end of its values");
        return problems.error(Span { start: at, end: at + 1 }, message, help);
    }
    if let Some(start) = last_line_with_text(above)
        && let Some(content) = text.get(start..).and_then(|rest| rest.lines().next())
        && !content.contains([':', '"', '\''])
        && !content.trim_start().starts_with('-')
    {
        return refuse_line_without_colon(text, start, problems);
    }
    problems.error(
        span,
        "this line does not line up with the lines above it",
        "give all keys of one block the same number of spaces in front; if they have, look above for a missing `:` \
         or an open quote",
    );
}

/// The line that begins at `start` holds text, but no key.
fn refuse_line_without_colon(text: &str, start: usize, problems: &mut Problems) {
    let content = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = content.len() - content.trim_start().len();
    let span = Span { start: start + indent, end: start + content.trim_end().len().max(indent + 1) };
    let behind_comment = content.trim().split_once(": ").filter(|(key, _)| key.contains(" #"));
    let help = match content.trim().split_once(' ') {
        _ if behind_comment.is_some() => {
            let (key, value) = behind_comment.unwrap_or_default();
            format!("write `\"{key}\": {value}`: text behind ` #` is a comment")
        }
        Some((key, value)) if key.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
            format!("write `{key}: {}`", value.trim())
        }
        _ => "write `key: value`".to_owned(),
    };
    problems.error(span, "this line has no `:`", help);
}

/// Where the last line begins that holds more than a comment.
fn last_line_with_text(above: &str) -> Option<usize> {
    let mut start = 0;
    let mut found = None;
    for line in above.split_inclusive('\n') {
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            found = Some(start);
        }
        start += line.len();
    }
    found
}

/// The innermost bracket that is opened and not closed. Brackets inside quotes, comments and words do not count.
fn open_bracket(text: &str) -> Option<(usize, char)> {
    let mut open = Vec::new();
    let (mut quote, mut comment, mut before) = (None, false, '\n');
    for (at, letter) in text.char_indices() {
        let begins = before.is_whitespace() || matches!(before, '[' | '{' | ',');
        match (quote, letter) {
            (_, '\n') => comment = false,
            _ if comment => {}
            (Some(mark), _) => quote = (mark != letter || before == '\\').then_some(mark),
            (None, '#') if before.is_whitespace() => comment = true,
            (None, '"' | '\'') if begins => quote = Some(letter),
            (None, '[' | '{') if begins => open.push((at, letter)),
            (None, ']' | '}') if !open.is_empty() => {
                open.pop();
            }
            _ => {}
        }
        before = letter;
    }
    if quote.is_some() { None } else { open.pop() }
}
