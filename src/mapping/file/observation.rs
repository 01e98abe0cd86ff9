//! `when` of a derived entry: a condition on a field, or who is on the deal.

use super::super::{Limit, Observation};
use super::{condition, people};
use crate::source::{Field, Node, Problems, Section, Span};

/// A deal with more people is not counted in a mapping.
pub const MOST_CONTACTS: u32 = 1_000;

const COUNTED: &str = "write `contacts: {at_most: 1}` or `contacts: {at_least: 10}`";

/// The observation behind `when:`.
pub(crate) fn when(section: &mut Section<'_>, problems: &mut Problems) -> Option<Observation> {
    let when = section.require("when", "write `when: {field: deal.amount, at_least: 100000}`");
    read(when.node(problems)?, problems)
}

fn read(node: &Node, problems: &mut Problems) -> Option<Observation> {
    let mut section = Section::of(node, "a condition", problems)?;
    let (contacts, role) = (section.forbidden("contacts"), section.forbidden("role_missing"));
    match (contacts.is_present(), role.is_present()) {
        (false, false) => return condition::read(node, problems).map(Observation::Field),
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
            problems.error(span, "`role_missing` stands beside `contacts`", help);
            None
        }
        (Some(span), None) => limit(contacts, span, problems).map(Observation::Contacts),
        (None, _) => people::one_role(role, problems).map(Observation::RoleMissing),
    }
}

/// How many people: one limit.
fn limit(contacts: Field<'_>, span: Span, problems: &mut Problems) -> Option<Limit> {
    let mut section = contacts.section(problems)?;
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
            problems.error(second, "`at_most` is a second limit to `contacts`", "keep one of the two");
            None
        }
        (None, None) => {
            problems.error(span, "`contacts` does not say how many", COUNTED);
            None
        }
    }
}
