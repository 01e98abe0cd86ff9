//! Conditions: `{field: deal.amount, at_least: 50000}`, and what else can stand behind `when` of a derived entry.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::ast::{Condition, Observation};
use super::{people, values};
use crate::mapping::{self, Limit, Test};
use crate::source::{Block, Field, Node, Problems, Span, Spanned, alternatives, nearest};

/// What an operator compares with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operand {
    Number(fn(Decimal) -> Test),
    Values(fn(Vec<String>) -> Test),
    Days(fn(u32) -> Test),
    Flag(fn(bool) -> Test),
}

/// The closed set of comparisons.
pub(crate) const OPERATORS: [(&str, Operand); 7] = [
    ("at_least", Operand::Number(Test::AtLeast)),
    ("at_most", Operand::Number(Test::AtMost)),
    ("in", Operand::Values(Test::In)),
    ("not_in", Operand::Values(Test::NotIn)),
    ("filled", Operand::Flag(Test::Filled)),
    ("older_than_days", Operand::Days(Test::OlderThanDays)),
    ("last_day_of_quarter", Operand::Flag(Test::LastDayOfQuarter)),
];

/// What joins conditions.
const JOINS: [&str; 3] = ["all", "any", "not"];

/// A condition on days looks back at most ten years.
pub(crate) const MOST_DAYS: u32 = 3_650;

/// A deal with more people is not counted in a mapping.
pub(crate) const MOST_CONTACTS: u32 = 1_000;

const COUNTED: &str = "write `contacts: {at_most: 1}` or `contacts: {at_least: 10}`";

/// What people write when they do not know the operators.
const OTHER_WORDS: [(&str, &str); 7] = [
    ("at_least", "min, >=, >, greater_than, more_than"),
    ("at_most", "max, <=, less_than"),
    ("in", "is, equals, one_of"),
    ("not_in", "is_not"),
    ("filled", "exists, known"),
    ("older_than_days", "older_than, days_ago"),
    ("last_day_of_quarter", "quarter_end, end_of_quarter"),
];

/// Parses one condition: a field and exactly one operator.
pub(super) fn condition(node: &Node, problems: &mut Problems) -> Option<Condition> {
    let mut section = Block::of(node, "a condition", problems)?;
    let span = section.span();
    let field = section.require("field", "write which field to look at: `field: deal.amount`");
    let field = values::path(field, problems);
    let used: Vec<(&str, Operand, Field<'_>, Span)> = OPERATORS
        .into_iter()
        .filter_map(|(key, operand)| {
            let value = section.take(key);
            Some((key, operand, value, value.key_span()?))
        })
        .collect();
    if section.refuse_missing_brackets(problems) {
        return None;
    }
    let unknown = section.rest();
    for entry in &unknown {
        unknown_operator(&entry.key, entry.span, problems);
    }
    section.finish(problems);
    let (test, values, span) = match used.as_slice() {
        [] if unknown.is_empty() => {
            let help = format!("add one of {}", alternatives("", operators()));
            return problems.reject(span, "this condition does not say what must hold", help);
        }
        [] => return None,
        [(_, operand, value, span)] => {
            let values = if let Operand::Values(_) = operand { list(*value, problems) } else { Vec::new() };
            (test(*operand, *value, &values, problems), values, *span)
        }
        [_, (second, _, _, span), ..] => {
            let help = "keep one: a condition asks one thing; join two with `all: [{…}, {…}]`";
            return problems.reject(*span, format!("`{second}` is a second operator in one condition"), help);
        }
    };
    let Spanned { value: field, span: field_span } = field?;
    Some(Condition { meaning: mapping::Condition { field, test: test? }, span, field: field_span, values })
}

fn operators() -> impl Iterator<Item = &'static str> + Clone {
    OPERATORS.into_iter().map(|(key, _)| key)
}

/// The node behind `when:`.
fn when<'d>(section: &mut Block<'d>, problems: &mut Problems) -> Option<&'d Node> {
    section.require("when", "write `when: {field: deal.amount, at_least: 100000}`").node(problems)
}

/// The condition behind `when:` of a route.
pub(super) fn of_route(section: &mut Block<'_>, problems: &mut Problems) -> Option<Observation> {
    on_fields(when(section, problems)?, problems)
}

/// What stands behind `when:` of a derived entry: a condition on fields, or who is on the deal.
pub(super) fn observation(section: &mut Block<'_>, problems: &mut Problems) -> Option<Observation> {
    on_people(when(section, problems)?, problems)
}

/// A condition on a field, or several that `all`, `any` or `not` join.
pub(super) fn on_fields(node: &Node, problems: &mut Problems) -> Option<Observation> {
    read(node, &|node, problems| condition(node, problems).map(Observation::Field), problems)
}

/// Several conditions on fields that `all`, `any` or `not` join; `missing` is to be written where none does.
pub(super) fn joined(block: Block<'_>, missing: &str, problems: &mut Problems) -> Option<Observation> {
    join(block, missing, &|node, problems| condition(node, problems).map(Observation::Field), problems)
}

/// Parses what is joined by nothing.
type Leaf<'l> = &'l dyn Fn(&Node, &mut Problems) -> Option<Observation>;

fn read(node: &Node, leaf: Leaf<'_>, problems: &mut Problems) -> Option<Observation> {
    let mut block = Block::of(node, "a condition", problems)?;
    if JOINS.iter().any(|key| block.forbidden(key).is_present()) {
        return join(block, "one of `all`, `any` and `not`", leaf, problems);
    }
    leaf(node, problems)
}

fn join(mut block: Block<'_>, missing: &str, leaf: Leaf<'_>, problems: &mut Problems) -> Option<Observation> {
    let joins = JOINS.map(|key| (key, block.take(key)));
    let mut present = joins.into_iter().filter_map(|(key, field)| Some((key, field, field.key_span()?)));
    let Some((key, field, span)) = present.next() else {
        let _ = block.require(JOINS[1], &format!("write {missing}"));
        block.finish(problems);
        return None;
    };
    if let Some((other, _, span)) = present.next() {
        let help = format!("keep one of the two; write the other one as a condition below `{key}`");
        problems.error(span, format!("`{other}` stands beside `{key}`"), help);
    }
    for entry in block.rest() {
        let message = format!("`{}` does not belong beside `{key}`", entry.key);
        problems.error(entry.span, message, format!("move this condition below `{key}`"));
    }
    block.finish(problems);
    if key == "not" && field.is_list() {
        let help = "write `not: {any: […]}` (none of them holds) or `not: {all: […]}`";
        return problems.reject(span, "`not` turns one condition round, and this is a list", help);
    }
    if key == "not" {
        let part = read(field.node(problems)?, leaf, problems)?;
        return Some(Observation::Not(Box::new(part)));
    }
    if field.is_empty_list() {
        let help =
            format!("write conditions below it, such as `{key}: [{{field: deal.amount, at_least: 50000}}]`");
        return problems.reject(span, format!("`{key}` joins no conditions"), help);
    }
    let parts = field.list(problems).into_iter().filter_map(|node| read(node, leaf, problems)).collect();
    Some(if key == "all" { Observation::All(parts) } else { Observation::Any(parts) })
}

fn on_people(node: &Node, problems: &mut Problems) -> Option<Observation> {
    read(node, &of_people, problems)
}

fn of_people(node: &Node, problems: &mut Problems) -> Option<Observation> {
    let mut section = Block::of(node, "a condition", problems)?;
    let (contacts, role) = (section.forbidden("contacts"), section.forbidden("role_missing"));
    match (contacts.is_present(), role.is_present()) {
        (false, false) => return condition(node, problems).map(Observation::Field),
        (true, _) => section.take("contacts"),
        (false, true) => section.take("role_missing"),
    };
    for entry in section.rest() {
        let message = format!("`{}` does not belong beside `contacts` or `role_missing`", entry.key);
        problems.error(entry.span, message, "remove it, or write a second entry for it under `derive`");
    }
    section.finish(problems);
    match (contacts.key_span(), role.key_span()) {
        (Some(_), Some(span)) => {
            let help = "keep one of the two; write a second entry under `derive` for the other";
            problems.reject(span, "`role_missing` stands beside `contacts`", help)
        }
        (Some(span), None) => limit(contacts, span, problems).map(Observation::Contacts),
        (None, _) => people::one_role(role, problems).map(Observation::RoleMissing),
    }
}

/// How many people: one limit.
fn limit(contacts: Field<'_>, span: Span, problems: &mut Problems) -> Option<Limit> {
    let mut section = contacts.block(problems)?;
    let (least, most) = (section.take("at_least"), section.take("at_most"));
    section.finish(problems);
    let count = |field: Field<'_>, problems: &mut Problems| {
        let count = field.integer(0, MOST_CONTACTS, problems)?;
        usize::try_from(count).ok()
    };
    match (least.key_span(), most.key_span()) {
        (Some(_), None) => count(least, problems).map(Limit::AtLeast),
        (None, Some(_)) => count(most, problems).map(Limit::AtMost),
        (Some(_), Some(second)) => {
            problems.reject(second, "`at_most` is a second limit to `contacts`", "keep one of the two")
        }
        (None, None) => problems.reject(span, "`contacts` does not say how many", COUNTED),
    }
}

fn unknown_operator(word: &str, span: Span, problems: &mut Problems) {
    if ["contacts", "role_missing"].contains(&word) {
        let message = format!("`{word}` looks at people, which only `derive` can");
        problems.error(
            span,
            message,
            "write a condition on a field here: `{field: deal.amount, at_least: 50000}`",
        );
        return;
    }
    let others = || {
        OTHER_WORDS.iter().flat_map(|(operator, words)| words.split(", ").map(move |word| (word, *operator)))
    };
    let meant = nearest(word, operators().chain(["field"]).chain(others().map(|(other, _)| other)));
    let meant = meant
        .map(|meant| others().find(|(other, _)| *other == meant).map_or(meant, |(_, operator)| operator));
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write {}", alternatives(word, operators())),
    };
    problems.error(span, format!("unknown operator `{word}`"), help);
}

fn test(
    operand: Operand,
    value: Field<'_>,
    values: &[Spanned<String>],
    problems: &mut Problems,
) -> Option<Test> {
    match operand {
        Operand::Number(test) => threshold(value, problems).map(test),
        Operand::Values(_) if values.is_empty() => None,
        Operand::Values(test) => Some(test(values.iter().map(|value| value.value.clone()).collect())),
        Operand::Days(test) => value.integer(1, MOST_DAYS, problems).map(test),
        Operand::Flag(test) => value.boolean(problems).map(test),
    }
}

fn list(field: Field<'_>, problems: &mut Problems) -> Vec<Spanned<String>> {
    if let Some(span) = field.key_span().filter(|_| field.is_empty_list()) {
        let help = "write the values, such as `in: [Enterprise, Strategic]`, or remove the condition";
        problems.error(span, "this list of values is empty", help);
        return Vec::new();
    }
    field.owned_texts(problems)
}

fn threshold(field: Field<'_>, problems: &mut Problems) -> Option<Decimal> {
    let (text, span) = field.text(problems)?;
    if grouped(text) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let help = format!("write `{digits}`, without separators between the thousands");
        return problems.reject(span, format!("`{text}` can be read as two different numbers"), help);
    }
    Decimal::from_str(text).ok().or_else(|| {
        let (message, help) = no_number(text);
        problems.reject(span, message, help)
    })
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
