//! Conditions: values that a pick list does not have, labels in place of values, comparisons that a field cannot
//! answer.

use super::fields::{Found, find};
use super::{holds, nearest, with_label};
use crate::mapping::Test;
use crate::mapping::file::ast::{Condition, MappingFile};
use crate::record::{AccountMetadata, FieldKind, FieldMetadata, FieldPath, OptionMetadata};
use crate::source::{Problems, Spanned};
use crate::workbench::lint::logic::{certain, same};

pub(super) fn check(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    for condition in file.conditions() {
        let path = &condition.meaning.field;
        let Found::Field(field) = find(account, path) else { continue };
        // What can be said without the account has been said.
        if certain(&condition.meaning, account.dialect(), &file.pipelines).is_none() {
            comparable(condition, field, problems);
        }
        let options = options(path, field, account);
        if !options.is_empty() {
            values(condition, field, &options, problems);
        }
    }
}

/// Whether the field holds what the operator compares.
fn comparable(condition: &Condition, field: &FieldMetadata, problems: &mut Problems) {
    use FieldKind::{Bool, Choice, Choices, Date, DateTime, Html, Money, Number, Text, User};
    let path = &condition.meaning.field;
    let why = format!("`{path}` ({}) holds {}", field.label, holds(field.kind));
    match (&condition.meaning.test, field.kind) {
        (Test::AtLeast(_) | Test::AtMost(_), Bool | Choice | Choices | Date | DateTime | User) => {
            let message = format!("this condition never holds: {why}, and only numbers can be compared");
            problems.warning(
                condition.span,
                message,
                "compare words with `in: [\"…\"]`, or write a number field",
            );
        }
        (
            Test::OlderThanDays(_) | Test::LastDayOfQuarter(_),
            Number | Money | Bool | Choice | Choices | User,
        ) => {
            let message = format!("this condition never holds: {why}, not a day");
            problems.warning(condition.span, message, "write a date field");
        }
        (Test::AtLeast(_) | Test::AtMost(_), Number | Money | Text | Html)
        | (Test::OlderThanDays(_) | Test::LastDayOfQuarter(_), Date | DateTime | Text | Html)
        | (Test::In(_) | Test::NotIn(_) | Test::Filled(_), _) => {}
    }
}

/// The values that a field can hold; empty if it can hold anything.
fn options(path: &FieldPath, field: &FieldMetadata, account: &AccountMetadata) -> Vec<OptionMetadata> {
    let option =
        |value: &str, label: &str| OptionMetadata { value: value.to_owned(), label: label.to_owned() };
    let is_pipeline = *path == FieldPath::deal(account.dialect().fields.pipeline);
    match field.kind {
        FieldKind::Choice if is_pipeline => {
            let pipelines = account.pipelines.iter().flatten();
            pipelines.map(|pipeline| option(&pipeline.id, &pipeline.label)).collect()
        }
        FieldKind::Bool if field.options.is_empty() => vec![option("true", "true"), option("false", "false")],
        FieldKind::Choice | FieldKind::Choices | FieldKind::Bool => field.options.clone(),
        _ => Vec::new(),
    }
}

fn values(condition: &Condition, field: &FieldMetadata, options: &[OptionMetadata], problems: &mut Problems) {
    let path = &condition.meaning.field;
    for Spanned { value, span } in &condition.values {
        if options.iter().any(|option| same(&option.value, value)) {
            continue;
        }
        if let Some(option) = options.iter().find(|option| same(&option.label, value)) {
            let message =
                format!("`{value}` is a label of `{path}`: once somebody rewords it, this stops working");
            problems.warning(*span, message, format!("write the internal value `{}`", option.value));
            continue;
        }
        let message = format!("`{path}` ({}) has no value `{value}`", field.label);
        let help = match nearest::offers(value, options, with_label) {
            (Some(meant), _) => format!("did you mean {meant}?"),
            (None, offered) if options.len() <= 5 => format!("write {}", offered.unwrap_or_default()),
            (None, offered) => format!("its values begin with {}", offered.unwrap_or_default()),
        };
        problems.error(*span, message, help);
    }
}
