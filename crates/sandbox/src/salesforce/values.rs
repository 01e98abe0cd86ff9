//! Values of a record that is written: each of its field's type and within its limits, and a reference leads to a
//! record that may be named there.
//!
//! A task's text the caller composed and could have measured. What goes into a deal a person typed or picked, so that
//! a text that is too long or an option that is gone is not the caller's mistake.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::field::{Entry, Field, Type};
use super::id;
use super::object::Object;
use super::permissions::{PermittedView, missing};
use super::refusal::{about_field, wrong_field};
use crate::call::{Answer, Verdict};

/// Fields with values as text. All is checked before anything is written.
pub(super) fn check<'a>(
    view: PermittedView<'a>,
    object: Object,
    values: &Map<String, Value>,
    may_set: impl Fn(&Field) -> bool,
) -> Result<Vec<(&'a Field, String)>, Answer> {
    let mut entered = Vec::new();
    for (name, value) in values {
        let Some(field) = view.field(object, name) else {
            let why = format!("No such column '{name}' on sobject of type {}", object.name());
            return Err(about_field("INVALID_FIELD", name, &why, missing(object, name)));
        };
        if matches!(field.entry, Entry::ReadOnly | Entry::Formula) || !may_set(field) {
            let why = format!(
                "Unable to create/update fields: {name}. Please check the security settings of this field and \
                 verify that it is read/write for your profile or permission set."
            );
            return Err(refused(object, "INVALID_FIELD_FOR_INSERT_UPDATE", name, &why));
        }
        let text = typed(field, value)?;
        fits(view, object, field, &text)?;
        let text = if field.kind == Type::Reference { id::full(&text).unwrap_or_default() } else { text };
        entered.push((field, text));
    }
    Ok(entered)
}

fn refused(object: Object, code: &str, field: &str, why: &str) -> Answer {
    match object {
        Object::Task => wrong_field(code, field, why),
        _ => about_field(code, field, why, Verdict::Absent),
    }
}

/// A value as text. JSON has to have the field's own type; null clears.
fn typed(field: &Field, value: &Value) -> Result<String, Answer> {
    let text = match (field.kind, value) {
        (_, Value::Null) => Some(String::new()),
        (Type::Flag, Value::Bool(flag)) => Some(flag.to_string()),
        (Type::Money | Type::Number | Type::Whole | Type::Percent, Value::Number(number)) => {
            Some(number.to_string())
        }
        (Type::Date, Value::String(day)) => {
            day.parse::<jiff::civil::Date>().ok().filter(|_| day.len() == 10).map(|day| day.to_string())
        }
        (Type::DateTime, Value::String(at)) => at.parse::<Timestamp>().ok().map(|at| at.to_string()),
        (
            Type::Flag
            | Type::Money
            | Type::Number
            | Type::Whole
            | Type::Percent
            | Type::Date
            | Type::DateTime,
            _,
        ) => None,
        (_, Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    text.ok_or_else(|| {
        let kind = field.kind.as_str();
        wrong_field(
            "JSON_PARSER_ERROR",
            &field.name,
            &format!("Cannot deserialize instance of {kind} for {}", field.name),
        )
    })
}

fn fits(view: PermittedView<'_>, object: Object, field: &Field, text: &str) -> Result<(), Answer> {
    let name = &field.name;
    if field.length > 0 && text.encode_utf16().count() > field.length {
        let why = format!("{name}: data value too large (max length={})", field.length);
        return Err(refused(object, "STRING_TOO_LONG", name, &why));
    }
    if field.is_restricted(object) {
        let choices = view.org.choices(object, field);
        let offered = |part: &str| choices.iter().any(|choice| choice.active && choice.value == part);
        let parts: Vec<&str> =
            if field.kind == Type::Choices { text.split(';').collect() } else { vec![text] };
        if let Some(part) = parts.into_iter().find(|part| !part.is_empty() && !offered(part)) {
            let why = format!("{}: bad value for restricted picklist field: {part}", field.label);
            return Err(refused(object, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", name, &why));
        }
    }
    if field.kind == Type::Reference && !text.is_empty() {
        leads_somewhere(view, object, field, text)?;
    }
    Ok(())
}

/// A task hangs on an opportunity or an account; an owner is a user who still works there.
fn leads_somewhere(view: PermittedView<'_>, object: Object, field: &Field, text: &str) -> Result<(), Answer> {
    let mut allowed: Vec<Object> = field.refers_to.iter().map(|(to, _)| *to).collect();
    let field = field.name.as_str();
    if field == "WhatId" {
        allowed.push(Object::Account);
    }
    let id = id::full(text);
    let to = allowed.iter().find(|object| text.starts_with(object.prefix()));
    let (Some(id), Some(to)) = (id, to) else {
        let why = format!("{field}: id value of incorrect type: {text}");
        return Err(wrong_field("MALFORMED_ID", field, &why));
    };
    let Some(record) = view.org.record(*to, &id).filter(|record| !record.deleted) else {
        let why = "invalid cross reference id";
        return Err(about_field("INVALID_CROSS_REFERENCE_KEY", field, why, Verdict::Absent));
    };
    if view.org.unshared.contains(&id) {
        let why = "insufficient access rights on cross-reference id";
        return Err(about_field(
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            field,
            why,
            Verdict::Absent,
        ));
    }
    if *to == Object::User && record.get("IsActive") != Some("true") {
        let what = object.name().to_lowercase();
        let why = format!("operation performed with inactive user [{id}] as owner of {what}");
        return Err(wrong_field("INACTIVE_OWNER_OR_USER", field, &why));
    }
    Ok(())
}
