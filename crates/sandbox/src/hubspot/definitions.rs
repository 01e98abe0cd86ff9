//! What an app may add to a portal's own definitions: property groups, properties, association labels.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide>

use serde::Deserialize;
use serde_json::json;

use super::fields::Property;
use super::kind::Kind;
use super::metadata::property_json;
use super::portal::Portal;
use super::refusal::{body, invalid, no_route, only_query, refusal};
use crate::call::{Answer, Call, Verdict};

/// `type` with each `fieldType` that goes with it.
const TYPES: [(&str, &[&str]); 6] = [
    ("string", &["text", "textarea", "html", "phonenumber", "file"]),
    ("number", &["number"]),
    ("bool", &["booleancheckbox"]),
    ("enumeration", &["select", "radio", "checkbox"]),
    ("date", &["date"]),
    ("datetime", &["date"]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewGroup {
    name: String,
    label: String,
    #[serde(default)]
    display_order: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewProperty {
    name: String,
    label: String,
    #[serde(rename = "type")]
    of_type: String,
    field_type: String,
    group_name: String,
    #[serde(default)]
    options: Vec<NewOption>,
    #[serde(default)]
    external_options: bool,
    referenced_object_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewOption {
    label: String,
    value: String,
    #[serde(default)]
    display_order: i64,
    #[serde(default)]
    hidden: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NewLabel {
    name: String,
    label: String,
}

/// 409: something of that name exists.
fn conflict(why: &str) -> Answer {
    refusal(409, "CONFLICT", why, Verdict::Absent)
}

fn internal(name: &str) -> Result<(), Answer> {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if plain && begins { Ok(()) } else { Err(invalid(&format!("{name:?} is not an internal name"))) }
}

/// `POST /crm/properties/{ver}/{type}` and `…/{type}/groups`
pub(super) fn create_property(portal: &mut Portal, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let (kind, group) = match rest {
        [kind] => (*kind, false),
        [kind, "groups"] => (*kind, true),
        _ => return Err(no_route(call)),
    };
    let kind = Kind::from_path(kind).ok_or_else(|| no_route(call))?;
    if group {
        let NewGroup { name, label, display_order } = body(call)?;
        internal(&name)?;
        if portal.groups.contains(&name) {
            return Err(conflict("A property group with that name exists"));
        }
        portal.groups.push(name.clone());
        return Ok(Answer::json(
            201,
            &json!({"name": name, "label": label, "displayOrder": display_order, "archived": false}),
        ));
    }
    let new: NewProperty = body(call)?;
    internal(&new.name)?;
    if new.name.starts_with("hs_") {
        return Err(invalid("names that begin with hs_ are reserved"));
    }
    if !portal.groups.contains(&new.group_name) {
        return Err(invalid(&format!("property group {:?} does not exist", new.group_name)));
    }
    let pair = TYPES.iter().find(|(known, _)| *known == new.of_type).and_then(|(of_type, fields)| {
        fields.iter().find(|known| **known == new.field_type).map(|field_type| (*of_type, *field_type))
    });
    let (of_type, field_type) = pair.ok_or_else(|| invalid("type and fieldType do not go together"))?;
    let to_owner = new.referenced_object_type.as_deref() == Some("OWNER");
    if new.external_options != to_owner || to_owner && of_type != "enumeration" {
        return Err(invalid("externalOptions and referencedObjectType go together, on an enumeration"));
    }
    let listed = matches!(of_type, "enumeration" | "bool") && !to_owner;
    if listed == new.options.is_empty() {
        return Err(invalid("an enumeration has options, and nothing else has"));
    }
    if new.options.iter().any(|option| option.hidden || option.display_order < 0) || new.label.is_empty() {
        return Err(invalid("the label is empty, or an option is hidden"));
    }
    // Also one in the recycle bin keeps its name.
    if portal.property(kind, &new.name).is_some() {
        return Err(conflict(&format!("A property named '{}' already exists.", new.name)));
    }
    let options: Vec<(&str, &str)> =
        new.options.iter().map(|option| (option.value.as_str(), option.label.as_str())).collect();
    let field_type = if to_owner { "owner" } else { field_type };
    let mut property = Property::new(&new.name, &new.label, of_type, field_type).options(&options);
    property.group = new.group_name;
    let answer = property_json(kind, &property);
    portal.add_property(kind, property);
    Ok(Answer::json(201, &answer))
}

/// `POST /crm/associations/{ver}/deals/contacts/labels`
pub(super) fn create_label(portal: &mut Portal, call: &Call) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let NewLabel { name, label } = body(call)?;
    internal(&name)?;
    if !portal.may_label {
        return Err(invalid("Association labels are not part of this subscription"));
    }
    if portal.labels.iter().any(|(_, known)| known.eq_ignore_ascii_case(&label)) {
        return Err(conflict("An association label with that name exists"));
    }
    let id = portal.labels.iter().map(|(id, _)| *id).max().unwrap_or(36) + 1;
    portal.label(id, &label);
    let both = json!([{"category": "USER_DEFINED", "typeId": id, "label": label},
                      {"category": "USER_DEFINED", "typeId": id + 1, "label": label}]);
    Ok(Answer::json(200, &json!({"results": both})))
}
