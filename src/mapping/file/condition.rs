//! Conditions: `{field: deal.amount, at_least: 50000}`.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::super::{Condition, Test};
use super::field;
use crate::source::{Field, Node, Problems, Section, Span, alternatives, nearest};

/// The closed set of comparisons.
pub(crate) const OPERATORS: [&str; 7] =
    ["at_least", "at_most", "in", "not_in", "filled", "older_than_days", "last_day_of_quarter"];

/// A condition on days looks back at most ten years.
pub(crate) const MOST_DAYS: u32 = 3_650;

/// What people write when they do not know the operators.
const OTHER_WORDS: [(&str, &str); 18] = [
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
    ("older_than", "older_than_days"),
    ("days_ago", "older_than_days"),
    ("quarter_end", "last_day_of_quarter"),
    ("end_of_quarter", "last_day_of_quarter"),
];

/// Reads one condition: a field and exactly one operator.
pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Condition> {
    let mut section = Section::of(node, "a condition", problems)?;
    let span = section.span();
    let field = section.require("field", "write which field to look at: `field: deal.amount`");
    let field = field::of(field, problems);
    let used: Vec<(&str, Field<'_>)> = OPERATORS
        .into_iter()
        .map(|operator| (operator, section.take(operator)))
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
            let help = "keep one: a condition asks one thing, and there is no `and`";
            let span = value.key_span().unwrap_or(span);
            problems.error(span, format!("`{second}` is a second operator in one condition"), help);
            None
        }
    };
    Some(Condition { field: field?, test: test? })
}

/// The condition behind `when:`.
pub(crate) fn when(section: &mut Section<'_>, problems: &mut Problems) -> Option<Condition> {
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
        "older_than_days" => value.integer(1, MOST_DAYS, problems).map(Test::OlderThanDays),
        "last_day_of_quarter" => value.boolean(problems).map(Test::LastDayOfQuarter),
        _ => value.boolean(problems).map(Test::Filled),
    }
}

fn values(field: Field<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    if let Some(span) = field.key_span().filter(|_| field.is_empty_list()) {
        let help = "write the values, such as `in: [Enterprise, Strategic]`, or remove the condition";
        problems.error(span, "this list of values is empty", help);
        return None;
    }
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
        let (message, help) = no_number(text);
        problems.error(span, message, help);
    }
    number
}

/// What to say about a threshold of the wrong kind.
fn no_number(text: &str) -> (String, String) {
    if jiff::civil::Date::from_str(text).is_ok() {
        let help = "days cannot be compared; to ask whether there is a day write `filled: true`";
        return (format!("`{text}` is a day, and only numbers can be compared"), help.to_owned());
    }
    let help = if matches!(text, "true" | "false" | "yes" | "no") {
        format!("write `in: [\"{text}\"]`")
    } else if let Some(number) = number_meant(text) {
        format!("write `{number}`, digits only")
    } else {
        format!("write digits only, such as `50000`; to compare words write `in: [\"{text}\"]`")
    };
    (format!("`{text}` is not a number"), help)
}

/// `50k`, `€ 50000`, `1.5m` and `10 %` as the number their author had in mind.
fn number_meant(text: &str) -> Option<Decimal> {
    let unit = |char: char| char.is_alphabetic() || char.is_whitespace() || "€$£¥%".contains(char);
    let bare = text.trim_matches(unit);
    let behind = text.rsplit(|char: char| char.is_ascii_digit()).next().unwrap_or_default();
    let factor = match behind.trim().to_lowercase().as_str() {
        "k" => 1_000,
        "m" | "mio" | "million" => 1_000_000,
        _ => 1,
    };
    if grouped(bare) {
        return None;
    }
    Some(Decimal::from_str(bare).ok()?.checked_mul(factor.into())?.normalize())
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
