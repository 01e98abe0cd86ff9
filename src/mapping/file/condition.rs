//! Conditions: `{field: deal.amount, at_least: 50000}`.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::super::{Condition, Test};
use super::field;
use crate::document::{Field, Node, Problems, Section, Span, alternatives, nearest};

const OPERATORS: [&str; 5] = ["at_least", "at_most", "in", "not_in", "filled"];

/// What people write when they do not know the five operators.
const OTHER_WORDS: [(&str, &str); 14] = [
    ("min", "at_least"),
    (">=", "at_least"),
    (">", "at_least"),
    ("greater_than", "at_least"),
    ("more_than", "at_least"),
    ("max", "at_most"),
    ("<=", "at_most"),
    ("less_than", "at_most"),
    ("is", "in"),
    ("equals", "in"),
    ("one_of", "in"),
    ("is_not", "not_in"),
    ("exists", "filled"),
    ("known", "filled"),
];

/// Reads one condition: a field and exactly one operator.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Condition> {
    let mut section = Section::of(node, "a condition", problems)?;
    let span = section.span();
    let field = section.require("field", "write which field to look at: `field: deal.amount`");
    let field = field::of(field, problems);
    let used: Vec<(&str, Field<'_>)> = OPERATORS
        .into_iter()
        .map(|operator| (operator, section.forbidden(operator)))
        .filter(|(_, value)| value.is_present())
        .collect();
    let mut unknown = false;
    for entry in section.rest() {
        unknown = true;
        unknown_operator(&entry.key, entry.span, problems);
    }
    section.finish(problems);
    let test = match used.as_slice() {
        [] if unknown => None,
        [] => {
            let help = format!("add one of {}", alternatives("", OPERATORS));
            problems.error(span, "this condition does not say what must hold", help);
            None
        }
        [(operator, value)] => test(operator, *value, problems),
        [_, (second, value), ..] => {
            let help = "keep one; for two limits write two conditions";
            let span = value.key_span().unwrap_or(span);
            problems.error(span, format!("`{second}` is a second operator in one condition"), help);
            None
        }
    };
    Some(Condition { field: field?, test: test? })
}

/// The condition behind `when:`.
pub(super) fn when(section: &mut Section<'_>, problems: &mut Problems) -> Option<Condition> {
    let when = section.require("when", "write `when: {field: deal.amount, at_least: 100000}`");
    read(when.node(problems)?, problems)
}

fn unknown_operator(word: &str, span: Span, problems: &mut Problems) {
    let others = OTHER_WORDS.iter().map(|(other, _)| *other);
    let meant = nearest(word, OPERATORS.into_iter().chain(["field"]).chain(others));
    let meant = meant.map(|meant| {
        OTHER_WORDS.iter().find(|(other, _)| *other == meant).map_or(meant, |(_, operator)| *operator)
    });
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write {}", alternatives(word, OPERATORS)),
    };
    problems.error(span, format!("unknown operator `{word}`"), help);
}

fn test(operator: &str, value: Field<'_>, problems: &mut Problems) -> Option<Test> {
    match operator {
        "at_least" => threshold(value, problems).map(Test::AtLeast),
        "at_most" => threshold(value, problems).map(Test::AtMost),
        "in" => values(value, problems).map(Test::In),
        "not_in" => values(value, problems).map(Test::NotIn),
        _ => value.boolean(problems).map(Test::Filled),
    }
}

fn values(field: Field<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let values = super::owned(field.texts(problems));
    (!values.is_empty()).then_some(values)
}

fn threshold(field: Field<'_>, problems: &mut Problems) -> Option<Decimal> {
    let (text, span) = field.text(problems)?;
    if grouped(text) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let help = format!("write `{digits}`, without separators between the thousands");
        problems.error(span, format!("`{text}` can be read as two different numbers"), help);
        return None;
    }
    let number = Decimal::from_str(text).ok();
    if number.is_none() {
        problems.error(span, format!("`{text}` is not a number"), "write digits only, such as `50000`");
    }
    number
}

/// `50.000` is fifty thousand to one half of Europe and fifty to everybody else, so it is nothing here.
fn grouped(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split(['.', ',', '\'', '_', ' ']);
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    (1..=3).contains(&first.len())
        && digits(first)
        && first != "0"
        && !rest.is_empty()
        && rest.iter().all(|part| part.len() == 3 && digits(part))
}
