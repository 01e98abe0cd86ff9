//! The fields to create for sections that nothing in an account answers.

use super::fields::Targets;
use crate::packet::SectionName;
use crate::record::{Dialect, FieldKind};
use crate::workbench::recogniser::Target;

/// A field to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is for.
    pub target: Target,
    /// Its name, as the CRM spells it.
    pub name: String,
    /// What people call it.
    pub label: &'static str,
    /// Its type, in the words of the CRM's settings.
    pub kind: &'static str,
}

/// Label, the part of the name that says what it is for, and type.
const RECOMMENDED: [(Target, &str, &str, FieldKind); 6] = [
    (Target::Section(SectionName::BuyingReason), "Why now", "why_now", FieldKind::Text),
    (Target::Section(SectionName::SuccessOutcome), "Success outcome", "success_outcome", FieldKind::Text),
    (Target::Section(SectionName::Promises), "Promises", "promises", FieldKind::Text),
    (Target::Section(SectionName::Risks), "Risks", "risks", FieldKind::Choices),
    (Target::Section(SectionName::FirstValue), "First value", "first_value", FieldKind::Text),
    (Target::FirstValueDate, "First value by", "first_value_date", FieldKind::Date),
];

/// What is missing in an account, in the order of the sections.
pub(super) fn missing(dialect: &Dialect, targets: &Targets) -> Vec<Missing> {
    let unanswered = RECOMMENDED.into_iter().filter(|(target, ..)| targets.fields(*target).is_empty());
    let field = |(target, label, stem, kind)| {
        let (name, kind) = ((dialect.naming.custom)(stem), dialect.field_kind(kind));
        Missing { target, name, label, kind }
    };
    unanswered.map(field).collect()
}
