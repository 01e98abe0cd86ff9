//! Writing to deals and contacts, with the refusals of values that HubSpot knows since 2026-09.
//!
//! <https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement>

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;
use super::objects::Wanted;
use super::portal::{LinkType, Portal};
use super::refusal::{absent, body, invalid, only_query};
use crate::call::{Answer, Call, Verdict};

/// The version from which on the rules of a portal hold; the only one in which values may be written here.
pub(super) const VERSION: &str = "2026-09";

/// The longest text a property holds, in characters.
const LONGEST_TEXT: usize = 65_536;

/// What an admin demands of the values of a property.
#[derive(Debug, Clone)]
pub enum Rule {
    /// At least so many characters.
    MinLength(usize),
    /// None: HubSpot makes this of every value by itself.
    Normalizes(fn(&str) -> String),
    /// Another property has to have a value first.
    Needs(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    properties: BTreeMap<String, String>,
}

/// `PATCH /crm/objects/2026-09/{deals|contacts}/{id}`
pub(super) fn update(
    portal: &mut Portal,
    call: &Call,
    (kind, id): (Kind, &str),
    now: Timestamp,
) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let Update { properties } = body(call)?;
    let id = portal.current_id(kind, id).to_owned();
    if portal.record(kind, &id).is_none_or(|record| record.archived) {
        return Err(absent("resource not found"));
    }
    // A person's change that reaches HubSpot just before this call.
    let moment = now.checked_sub(SignedDuration::from_millis(1)).unwrap_or(now);
    if let Some((name, value)) = portal.overtaking.remove(&id) {
        portal.set(kind, &id, &name, &value, moment);
    }
    let mut warnings = Vec::new();
    let mut values = Vec::new();
    for (name, value) in &properties {
        check_value(portal, (kind, &id), name, value)?;
        let normal =
            portal.rules.iter().filter(|(ruled, _)| ruled == name).find_map(|(_, rule)| match rule {
                Rule::Normalizes(normal) => Some(normal(value)),
                _ => None,
            });
        let stored = normal.unwrap_or_else(|| value.clone());
        if stored != *value {
            warnings.push(
                json!({"category": "PROPERTY_VALUE_NORMALIZED", "message": "The value was normalized.",
                "context": {"propertyName": name, "rawValue": value, "normalizedValue": stored}}),
            );
        }
        values.push((name.clone(), stored));
    }
    for (name, value) in &values {
        if let Some(record) = portal.records.get_mut(&(kind, id.clone())) {
            record.set_by_app(name, value, now);
        }
    }
    portal.writes.extend(values);
    let wanted = Wanted { properties: properties.keys().cloned().collect(), history: Vec::new() };
    let record = portal.record(kind, &id).ok_or_else(|| absent("resource not found"))?;
    let mut answer = portal.json(kind, record, &wanted);
    if !warnings.is_empty() {
        answer.insert("warnings".to_owned(), json!(warnings));
    }
    Ok(Answer::json(200, &Value::Object(answer)))
}

/// What a correct client meets when an admin changed the portal, or a person typed what it does not take.
fn refused(body: Value) -> Answer {
    let mut whole = json!({"status": "error", "category": "VALIDATION_ERROR",
        "correlationId": "00000000-0000-4000-8000-000000000400"});
    if let (Some(whole), Value::Object(body)) = (whole.as_object_mut(), body) {
        whole.extend(body);
    }
    Answer::json(400, &whole).because(Verdict::Absent)
}

/// The code stands in a list inside the message, as in most refusals of values.
fn in_message(code: &str, name: &str, why: &str) -> Answer {
    let list = json!([{"isValid": false, "message": why, "error": code, "name": name}]);
    refused(json!({"message": format!("Property values were not valid: {list}")}))
}

fn check_value(portal: &Portal, (kind, id): (Kind, &str), name: &str, value: &str) -> Result<(), Answer> {
    let refuse = |code: &str, why: String| Err(in_message(code, name, &why));
    let Some(property) = portal.property(kind, name).filter(|property| !property.archived) else {
        return refuse("PROPERTY_DOESNT_EXIST", format!("Property \"{name}\" does not exist"));
    };
    if property.read_only {
        return refuse(
            "READ_ONLY_VALUE",
            format!("\"{name}\" is a read only property; its value cannot be set"),
        );
    }
    if value.starts_with(';') {
        return Err(invalid("an append is not repeatable"));
    }
    if value.chars().count() > LONGEST_TEXT {
        return refuse("PROPERTY_VALUE_TOO_LONG", format!("{name} is longer than {LONGEST_TEXT} characters"));
    }
    let several = property.field_type == "checkbox";
    let parts: Vec<&str> = if several { value.split(';').collect() } else { vec![value] };
    let fits = match property.kind {
        _ if value.is_empty() => true,
        "enumeration" => parts.iter().all(|part| property.options.iter().any(|(known, _)| known == part)),
        "date" => value.len() == 10 && value.parse::<Date>().is_ok(),
        "datetime" => value.parse::<i64>().is_ok() || value.parse::<Timestamp>().is_ok(),
        "number" => value.parse::<f64>().is_ok(),
        "bool" => matches!(value, "true" | "false"),
        _ => true,
    };
    if !fits {
        let options: Vec<&str> = property.options.iter().map(|(_, label)| label.as_str()).collect();
        return match property.kind {
            "enumeration" => {
                let why = format!("{value} was not one of the allowed options: {options:?}");
                refuse("INVALID_OPTION", why)
            }
            "date" | "datetime" => refuse("INVALID_DATE", format!("{value} was not a valid date.")),
            _ => refuse("INVALID_DOUBLE", format!("{value} was not a valid number.")),
        };
    }
    if property.field_type == "html" && !value.is_empty() && !value.starts_with("<p>") {
        return Err(invalid("rich text is markup"));
    }
    for (_, rule) in portal.rules.iter().filter(|(ruled, _)| ruled == name) {
        match rule {
            Rule::MinLength(least) if value.chars().count() < *least => {
                let why = format!("{name} must have at least {least} characters");
                let context = json!({"propertyName": [name]});
                return Err(refused(json!({"message": why,
                    "errors": [{"message": why, "code": "MIN_LENGTH", "context": context}]})));
            }
            Rule::Needs(other)
                if portal.record(kind, id).and_then(|record| record.get(other)).is_none_or(str::is_empty) =>
            {
                let why =
                    format!("{other} is required because of a conditional property rule based on [{name}]");
                let error = json!({"message": why, "code": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
                    "context": {"propertyName": [other]}});
                return Err(refused(json!({"message": "Missing required properties", "errors": [error]})));
            }
            _ => {}
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Type {
    association_category: String,
    association_type_id: u32,
}

/// `PUT /crm/objects/2026-09/deals/{id}/associations/contacts/{contact}`. The labels sent replace those that were there:
/// the documentation does not say so, and a client that relies on neither is right in both cases.
pub(super) fn relabel(portal: &mut Portal, call: &Call, deal: &str, contact: &str) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let types: Vec<Type> = body(call)?;
    if types.is_empty() {
        return Err(invalid("an association needs at least one type"));
    }
    let mut labels = Vec::new();
    for Type { association_category, association_type_id } in types {
        let known = portal.labels.iter().find(|(id, _)| *id == association_type_id);
        let Some((id, label)) = known.filter(|_| association_category == "USER_DEFINED") else {
            return Err(invalid(&format!("no label has the association type {association_type_id}")));
        };
        labels.push(LinkType::labelled(*id, label));
    }
    let deal = portal.current_id(Kind::Deal, deal).to_owned();
    let there = |kind, id: &str| portal.record(kind, id).is_some_and(|record| !record.archived);
    if !there(Kind::Deal, &deal) || !there(Kind::Contact, contact) {
        return Err(absent("resource not found"));
    }
    portal.links.retain(|link| {
        (link.from.1.as_str(), link.to.0, link.to.1.as_str()) != (deal.as_str(), Kind::Contact, contact)
    });
    portal.link((Kind::Deal, &deal), (Kind::Contact, contact), labels);
    Ok(Answer::json(201, &json!({"fromObjectTypeId": "0-3", "toObjectTypeId": "0-1", "labels": []})))
}
