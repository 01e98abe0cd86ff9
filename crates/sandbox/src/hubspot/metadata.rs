//! What an admin set up: pipelines, properties, owners.

use serde_json::{Value, json};

use super::fields::{Property, Sensitivity, is_standard};
use super::kind::Kind;
use super::portal::{Owner, Pipeline, Portal};
use super::refusal::{absent, after, flag, invalid, limit, list, no_route, only_query, page};
use crate::call::{Answer, Call};

/// `GET /crm/pipelines/{ver}/deals`, and one of them by id.
pub(super) fn pipelines(portal: &Portal, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    match rest {
        ["deals"] => {
            let all: Vec<Value> = portal.pipelines.iter().map(pipeline_json).collect();
            Ok(Answer::json(200, &json!({"results": all})))
        }
        ["deals", id] => {
            let pipeline = portal.pipelines.iter().find(|pipeline| pipeline.id == *id);
            let pipeline = pipeline.ok_or_else(|| absent(&format!("no pipeline with id {id}")))?;
            Ok(Answer::json(200, &pipeline_json(pipeline)))
        }
        _ => Err(no_route(call)),
    }
}

/// Booleans and numbers of a stage's metadata are strings on the wire.
fn pipeline_json(pipeline: &Pipeline) -> Value {
    let stages: Vec<Value> = pipeline
        .stages
        .iter()
        .enumerate()
        .map(|(order, stage)| {
            json!({
                "id": stage.id, "label": stage.label, "displayOrder": order, "archived": false,
                "metadata": {"isClosed": stage.closed.to_string(), "probability": stage.probability},
            })
        })
        .collect();
    let (id, label) = (&pipeline.id, &pipeline.label);
    json!({"id": id, "label": label, "displayOrder": 0, "archived": false, "stages": stages})
}

/// `GET /crm/properties/{ver}/{type}`, and one of them by name. A list holds what is not
/// sensitive unless something else is asked for; to see what is sensitive takes no scope, to read it does.
pub(super) fn properties(portal: &Portal, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    only_query(call, &["archived", "properties", "locale", "dataSensitivity"])?;
    let (kind, name) = match rest {
        [kind] => (*kind, None),
        [kind, name] => (*kind, Some(*name)),
        _ => return Err(no_route(call)),
    };
    let kind = Kind::from_path(kind).ok_or_else(|| no_route(call))?;
    let known = portal.properties.get(&kind).into_iter().flat_map(|all| all.values());
    if let Some(name) = name {
        let property = known.into_iter().find(|property| property.name == name);
        let property = property.ok_or_else(|| absent(&format!("no property {name}")))?;
        return Ok(Answer::json(200, &property_json(kind, property)));
    }
    let sensitivity = match call.query("dataSensitivity") {
        None | Some("non_sensitive") => None,
        Some("sensitive") => Some(Sensitivity::Sensitive),
        Some("highly_sensitive") => Some(Sensitivity::Highly),
        Some(_) => {
            return Err(invalid("dataSensitivity must be non_sensitive, sensitive or highly_sensitive"));
        }
    };
    let archived = flag(call, "archived")?;
    let asked = list(call, "properties");
    let shown = known.filter(|property| {
        property.archived == archived
            && property.sensitivity == sensitivity
            && (asked.is_empty() || asked.contains(&property.name))
    });
    let all: Vec<Value> = shown.map(|property| property_json(kind, property)).collect();
    Ok(Answer::json(200, &json!({"results": all})))
}

pub(super) fn property_json(kind: Kind, property: &Property) -> Value {
    let option = |(order, (value, label)): (usize, &(String, String))| json!({"label": label, "value": value, "hidden": false, "displayOrder": order, "description": ""});
    let options: Vec<Value> = property.options.iter().enumerate().map(option).collect();
    let custom = !is_standard(kind, &property.name);
    let mut answer = json!({
        "name": property.name, "label": property.label, "type": property.kind,
        "fieldType": property.field_type, "groupName": property.group, "description": "",
        "options": options, "calculated": property.field_type.starts_with("calculation"),
        "externalOptions": property.refers_to_owner(), "hasUniqueValue": false, "hidden": false,
        "hubspotDefined": !custom, "archived": property.archived,
        "dataSensitivity": property.sensitivity.map_or("non_sensitive", Sensitivity::as_str),
        "formField": !property.read_only, "displayOrder": -1,
        "modificationMetadata": {"archivable": custom, "readOnlyDefinition": !custom,
                                 "readOnlyOptions": !custom, "readOnlyValue": property.read_only},
    });
    if let Some(answer) = answer.as_object_mut() {
        if property.refers_to_owner() {
            answer.insert("referencedObjectType".to_owned(), json!("OWNER"));
        }
        if property.name == "amount" {
            answer.insert("showCurrencySymbol".to_owned(), json!(true));
        }
    }
    answer
}

/// `GET /account-info/{ver}/details`
///
/// <https://developers.hubspot.com/docs/api-reference/latest/account/account-information/get-account-details>
pub(super) fn details(portal: &Portal, call: &Call) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    Ok(Answer::json(
        200,
        &json!({
            "portalId": portal.id.parse::<u64>().unwrap_or_default(), "accountType": "STANDARD",
            "timeZone": portal.time_zone, "companyCurrency": portal.currency, "additionalCurrencies": [],
            "utcOffset": "+00:00", "utcOffsetMilliseconds": 0, "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "eu1",
        }),
    ))
}

/// `GET /crm/owners/{ver}`, and one of them by owner or user id.
pub(super) fn owners(portal: &Portal, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    let archived = flag(call, "archived")?;
    let shown = portal.owners.iter().filter(|owner| owner.archived == archived);
    match rest {
        [] => {
            only_query(call, &["limit", "after", "email", "archived"])?;
            let asked = |owner: &&Owner| call.query("email").is_none_or(|email| owner.email == email);
            let all: Vec<Value> = shown.filter(asked).map(owner_json).collect();
            Ok(Answer::json(200, &page(&all, after(call)?, limit(call, 100, 500)?)))
        }
        [id] => {
            only_query(call, &["idProperty", "archived"])?;
            let by_user = match call.query("idProperty") {
                None | Some("id") => false,
                Some("userId") => true,
                Some(_) => return Err(invalid("idProperty must be id or userId")),
            };
            let meant = |owner: &&Owner| {
                if by_user { owner.user_id.to_string() == *id } else { owner.id == *id }
            };
            let owner = shown.into_iter().find(meant);
            let owner = owner.ok_or_else(|| absent(&format!("no owner with id {id}")))?;
            Ok(Answer::json(200, &owner_json(owner)))
        }
        _ => Err(no_route(call)),
    }
}

/// Somebody who left has no user id any more, only one that includes inactive users.
fn owner_json(owner: &Owner) -> Value {
    json!({
        "id": owner.id, "email": owner.email, "firstName": owner.first_name, "lastName": owner.last_name,
        "userId": (!owner.archived).then_some(owner.user_id), "userIdIncludingInactive": owner.user_id,
        "type": "PERSON", "teams": [], "archived": owner.archived,
        "createdAt": "2024-01-08T09:00:00.000Z", "updatedAt": "2026-01-08T09:00:00.000Z",
    })
}
