//! The files people write: one tree with places for YAML and TOML, and every mistake told at once.
//!
//! [`yaml`] and [`toml`] parse a text into a [`Node`]; a [`Block`] reads typed values out of it. Nothing
//! here stops at the first mistake: it is recorded in [`Problems`] and reading goes on.

mod characters;
mod problems;
mod reader;
mod suggest;
mod syntax;
mod toml;
mod yaml;

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

pub use problems::{Place, Problem, Problems, Severity};
pub use reader::{Block, Field, duration};
pub use suggest::{alternatives, did_you_mean, nearest};
pub use toml::parse as toml;
pub use yaml::parse as yaml;

/// Where a path in a file of `directory` leads: it is relative to that file. `mappings/tests/../hubspot.yaml` is told
/// as `mappings/hubspot.yaml`.
pub fn beside(directory: &Path, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for part in directory.join(path).components() {
        let named = matches!(joined.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && named {
            joined.pop();
        } else {
            joined.push(part);
        }
    }
    joined
}

/// Where something stands in a file: bytes `start..end` of its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// Something that was read, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl From<(&str, Span)> for Spanned<String> {
    fn from((text, span): (&str, Span)) -> Self {
        Self { value: text.to_owned(), span }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The value itself; for a block, from its first key or dash.
    pub span: Span,
    pub value: Value,
}

/// What a file says at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A key with nothing behind it, `~` or `null`.
    Nothing,
    /// Text, a number, a date, yes or no: always kept as the text that was written.
    Scalar(Scalar),
    List(Vec<Node>),
    /// Keys with values, in the order they were written (YAML) or sorted by key (TOML).
    Map(Vec<Entry>),
}

/// One value that is not a list or a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, escapes resolved. `8812345`, `yes` and `1.50` stay exactly that.
    pub text: String,
    /// Written without quotes, so that `true` or `5` may have been meant as such.
    pub bare: bool,
}

/// One key of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// Where the key stands.
    pub span: Span,
    /// What is behind it.
    pub value: Node,
}

impl Node {
    /// What to call this value in a sentence.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Nothing => "nothing",
            Value::Scalar(_) => "one value",
            Value::List(_) => "a list",
            Value::Map(_) => "a block of keys",
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }
}

/// A byte-order mark says nothing about the content; editors on Windows leave one behind.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
