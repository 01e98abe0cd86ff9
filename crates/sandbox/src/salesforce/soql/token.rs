//! The words, texts and marks of a query.

use super::Complaint;

/// One of them, and where it starts.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Counted from 1.
    pub(super) column: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a number, a date.
    Word(String),
    /// A text in quotes, decoded.
    Text(String),
    /// A comma, a bracket, a comparison.
    Mark(&'static str),
    End,
}

impl Kind {
    /// As an error message quotes it.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Word(text) | Self::Text(text) => text,
            Self::Mark(mark) => mark,
            Self::End => "<EOF>",
        }
    }
}

/// Longest first, so that none is taken for the beginning of another.
const MARKS: [&str; 10] = ["<=", ">=", "!=", "<>", "(", ")", ",", "=", "<", ">"];

pub(super) fn tokens(soql: &str) -> Result<Vec<Token>, Complaint> {
    let mut tokens = Vec::new();
    let mut rest = soql;
    let column = |rest: &str| soql.chars().count() - rest.chars().count() + 1;
    loop {
        rest = rest.trim_start();
        let at = column(rest);
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { kind: Kind::End, column: at });
            return Ok(tokens);
        };
        let kind = if first == '\'' {
            let (text, behind) = quoted(rest, at)?;
            rest = behind;
            Kind::Text(text)
        } else if let Some(mark) = MARKS.into_iter().find(|mark| rest.starts_with(mark)) {
            rest = rest.strip_prefix(mark).unwrap_or_default();
            Kind::Mark(mark)
        } else {
            let in_word =
                |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | ':' | '+' | '-');
            let (word, behind) = rest.split_at(rest.find(|char| !in_word(char)).unwrap_or(rest.len()));
            if word.is_empty() {
                return Err(Complaint::new("MALFORMED_QUERY", at, &format!("unexpected token: '{first}'")));
            }
            rest = behind;
            Kind::Word(word.to_owned())
        };
        tokens.push(Token { kind, column: at });
    }
}

/// A text and what stands behind its closing quote.
/// <https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select-quotedstringescapes.html>
fn quoted(rest: &str, column: usize) -> Result<(String, &str), Complaint> {
    let malformed = |why: &str| Complaint::new("MALFORMED_QUERY", column, why);
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\'' => return Ok((text, rest.get(at + 1..).unwrap_or_default())),
            '\\' => text.push(match chars.next().map(|(_, escaped)| escaped) {
                Some('n' | 'N') => '\n',
                Some('r' | 'R') => '\r',
                Some('t' | 'T') => '\t',
                Some('b' | 'B') => '\u{8}',
                Some('f' | 'F') => '\u{c}',
                Some(same @ ('\'' | '"' | '\\')) => same,
                _ => return Err(malformed("Illegal string literal: invalid string escape")),
            }),
            '\n' | '\r' => {
                return Err(malformed(
                    "Illegal string literal: Line breaks are not allowed in string literals",
                ));
            }
            other => text.push(other),
        }
    }
    Err(malformed("unexpected char: quote mark without its partner"))
}
