//! Creating and changing a task, with every rule that HubSpot has about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::fields::Property;
use super::kind::Kind;
use super::objects::Wanted;
use super::portal::Portal;
use super::record::Record;
use super::refusal::{absent, body, invalid, invalid_property, only_query};
use crate::call::{Answer, Call};

/// The longest text a property holds, in characters.
const LONGEST_TEXT: usize = 65_536;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Create {
    properties: BTreeMap<String, String>,
    associations: Vec<Association>,
    #[serde(rename = "objectWriteTraceId")]
    _trace: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Association {
    to: To,
    types: Vec<Type>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Type {
    association_category: String,
    association_type_id: u32,
}

/// `POST /crm/objects/{ver}/tasks`
pub(super) fn create(portal: &mut Portal, call: &Call, id: &str, now: Timestamp) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let Create { properties, associations, .. } = body(call)?;
    if !properties.contains_key("hs_timestamp") {
        let why = "hs_timestamp, the due date, is required";
        return Err(invalid_property("REQUIRED_FIELD", "hs_timestamp", why));
    }
    for (name, value) in &properties {
        check_value(portal, name, value)?;
    }
    let mut links = Vec::new();
    for Association { to, types } in &associations {
        if types.is_empty() {
            return Err(invalid("an association needs at least one type"));
        }
        for kind in types {
            links.push((target(portal, &to.id, kind)?, to.id.as_str()));
        }
    }
    let values: Vec<(&str, &str)> =
        properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    portal.records.insert((Kind::Task, id.to_owned()), Record::new(id, now, &values));
    for (kind, target) in links {
        portal.link((Kind::Task, id), (kind, target), Vec::new());
        if kind == Kind::Deal {
            portal.link((kind, target), (Kind::Task, id), Vec::new());
        }
    }
    let wanted = Wanted { properties: properties.keys().cloned().collect(), history: Vec::new() };
    let record = portal.record(Kind::Task, id).ok_or_else(|| invalid("the task vanished"))?;
    Ok(Answer::json(201, &Value::Object(portal.json(Kind::Task, record, &wanted))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    properties: BTreeMap<String, String>,
}

/// `PATCH /crm/objects/{ver}/tasks/{id}`
pub(super) fn update(portal: &mut Portal, call: &Call, id: &str, now: Timestamp) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let Update { properties } = body(call)?;
    if portal.record(Kind::Task, id).is_none_or(|task| task.archived) {
        return Err(absent("no task with this id"));
    }
    for (name, value) in &properties {
        check_value(portal, name, value)?;
    }
    for (name, value) in &properties {
        portal.set(Kind::Task, id, name, value, now);
    }
    let wanted = Wanted { properties: properties.keys().cloned().collect(), history: Vec::new() };
    let record = portal.record(Kind::Task, id).ok_or_else(|| absent("no task with this id"))?;
    Ok(Answer::json(200, &Value::Object(portal.json(Kind::Task, record, &wanted))))
}

fn check_value(portal: &Portal, name: &str, value: &str) -> Result<(), Answer> {
    let refuse = |code: &str, why: &str| Err(invalid_property(code, name, why));
    let Some(property) = portal.property(Kind::Task, name) else {
        return refuse("PROPERTY_DOESNT_EXIST", &format!("Property {name:?} does not exist"));
    };
    if property.read_only {
        return refuse("READ_ONLY_VALUE", &format!("{name:?} is a read only property"));
    }
    if value.chars().count() > LONGEST_TEXT {
        return refuse(
            "PROPERTY_VALUE_TOO_LONG",
            &format!("{name:?} is longer than {LONGEST_TEXT} characters"),
        );
    }
    if property.kind == "datetime" && value.parse::<i64>().is_err() && value.parse::<Timestamp>().is_err() {
        return refuse("INVALID_DATE", &format!("{name:?} is neither milliseconds nor ISO-8601 in UTC"));
    }
    if name == "hs_task_reminders" && value.split(';').any(|part| part.parse::<i64>().is_err()) {
        return refuse("INVALID_LONG", "hs_task_reminders takes milliseconds only");
    }
    if property.refers_to_owner() {
        if !portal.owners.iter().any(|owner| owner.id == value && !owner.archived) {
            return refuse("INVALID_OWNER_ID", &format!("no active owner has the id given in {name:?}"));
        }
    } else if !is_option(property, value) {
        return refuse("INVALID_OPTION", &format!("the value of {name:?} is not one of its options"));
    }
    Ok(())
}

fn is_option(property: &Property, value: &str) -> bool {
    property.kind != "enumeration" || property.options.iter().any(|(known, _)| known == value)
}

/// What an association type leads to; the record must be there.
fn target(portal: &Portal, id: &str, kind: &Type) -> Result<Kind, Answer> {
    if kind.association_category != "HUBSPOT_DEFINED" {
        return Err(invalid("a task's associations are HUBSPOT_DEFINED"));
    }
    let kinds = [Kind::Deal, Kind::Contact, Kind::Company];
    let Some(to) = kinds.into_iter().find(|to| Kind::Task.plain_type(*to) == Some(kind.association_type_id))
    else {
        let number = kind.association_type_id;
        return Err(invalid(&format!("association type {number} does not lead from a task to anything")));
    };
    match portal.records.get(&(to, id.to_owned())) {
        Some(record) if !record.archived => Ok(to),
        _ => {
            Err(invalid(&format!("association type leads to a {}, and none has the id {id}", to.singular())))
        }
    }
}
