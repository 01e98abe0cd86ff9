//! TOML into the tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Problems, Scalar, Value, without_mark};

/// Parses a whole file; `None` when its syntax is broken, which is recorded.
pub fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    let text = without_mark(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let (message, help) = explain(error.message(), text.get(span.start..).unwrap_or_default());
        problems.error(span.into(), message, help);
    }
    let span = table.span().into();
    errors.is_empty().then(|| Node { span, value: map(table.into_inner()) })
}

/// Tells a syntax error in plain words; `rest` is the text from where it was noticed.
fn explain(message: &str, rest: &str) -> (String, &'static str) {
    let (message, help) = if message.contains("duplicate key") {
        ("this key is written twice", "keep one of the two")
    } else if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") {
        (
            "a quote is opened and never closed, or `\\` stands in the text",
            "close the quote; write `\\\\` for `\\`",
        )
    } else if rest.starts_with(char::is_alphabetic) && !message.contains("key") {
        ("text stands here without quotes", "put text in double quotes: level = \"info\"")
    } else {
        let help =
            "write `key = \"value\"`: text in double quotes, lists as [\"a\", \"b\"], comments behind #";
        return (format!("this is not valid TOML: {message}"), help);
    };
    (message.to_owned(), help)
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let bare = |text: String| Value::Scalar(Scalar { text, bare: true });
    let value = match value.into_inner() {
        DeValue::String(string) => Value::Scalar(Scalar { text: string.into_owned(), bare: false }),
        DeValue::Integer(number) => bare(number.to_string()),
        DeValue::Float(number) => bare(number.to_string()),
        DeValue::Boolean(truth) => bare(truth.to_string()),
        DeValue::Datetime(instant) => bare(instant.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(table) => map(table),
    };
    Node { span: span.into(), value }
}

fn map(table: DeTable<'_>) -> Value {
    let entries = table.into_iter().map(|(key, value)| Entry {
        span: key.span().into(),
        key: key.into_inner().into_owned(),
        value: node(value),
    });
    Value::Map(entries.collect())
}
