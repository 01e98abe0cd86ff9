//! Reading objects: one by id, or a batch.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::always;
use super::kind::Kind;
use super::portal::Portal;
use super::record::{Record, iso};
use super::refusal::{absent, body, flag, invalid, list, only_query};
use crate::call::{Answer, Call};

/// `GET /crm/objects/{ver}/{type}/{id}`
pub(super) fn read(portal: &Portal, call: &Call, kind: Kind, id: &str) -> Result<Answer, Answer> {
    only_query(call, &["properties", "propertiesWithHistory", "associations", "archived"])?;
    let archived = flag(call, "archived")?;
    let not_there = || absent(&format!("no {} with id {id}", kind.singular()));
    let record = portal.record(kind, id).ok_or_else(not_there)?;
    if record.archived != archived {
        return Err(not_there());
    }
    let wanted =
        Wanted { properties: list(call, "properties"), history: list(call, "propertiesWithHistory") };
    portal.permit_values(kind, &wanted.properties)?;
    let mut answer = portal.json(kind, record, &wanted);
    let mut associations = Map::new();
    for name in list(call, "associations") {
        let to = Kind::from_path(&name).ok_or_else(|| invalid(&format!("unknown object type {name:?}")))?;
        if let Some(entries) = portal.inline_associations(kind, &record.id, to) {
            associations.insert(to.inline_key().to_owned(), entries);
        }
    }
    if !associations.is_empty() {
        answer.insert("associations".to_owned(), Value::Object(associations));
    }
    Ok(Answer::json(200, &Value::Object(answer)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BatchRead {
    properties: Vec<String>,
    properties_with_history: Vec<String>,
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: String,
}

/// `POST /crm/objects/{ver}/{type}/batch/read`. Answers in another order than asked.
pub(super) fn batch_read(portal: &Portal, call: &Call, kind: Kind) -> Result<Answer, Answer> {
    only_query(call, &["archived"])?;
    let archived = flag(call, "archived")?;
    let BatchRead { properties, properties_with_history: history, inputs } = body(call)?;
    let most = if history.is_empty() { 100 } else { 50 };
    if inputs.is_empty() || inputs.len() > most {
        return Err(invalid(&format!("inputs must hold 1 to {most} ids")));
    }
    let wanted = Wanted { properties, history };
    portal.permit_values(kind, &wanted.properties)?;
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for Input { id } in inputs.iter().rev() {
        match portal.record(kind, id).filter(|record| record.archived == archived) {
            Some(record) => results.push(Value::Object(portal.json(kind, record, &wanted))),
            None => missing.push(id),
        }
    }
    let mut answer = json!({"status": "COMPLETE", "results": results});
    if let Some(answer) = answer.as_object_mut()
        && !missing.is_empty()
    {
        let error = json!({
            "status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": missing},
            "message": "Could not get some objects, they may be deleted or not exist.",
        });
        answer.insert("numErrors".to_owned(), json!(1));
        answer.insert("errors".to_owned(), json!([error]));
    }
    Ok(Answer::json(if missing.is_empty() { 200 } else { 207 }, &answer))
}

/// What to say about a record.
#[derive(Default)]
pub(super) struct Wanted {
    /// Names of properties; empty means the ones HubSpot shows by default.
    pub(super) properties: Vec<String>,
    /// Names of properties whose history is wanted.
    pub(super) history: Vec<String>,
}

impl Portal {
    /// A record as every route returns it. A property without a value is null; one that the portal does
    /// not have is left out without a word.
    pub(super) fn json(&self, kind: Kind, record: &Record, wanted: &Wanted) -> Map<String, Value> {
        let default = ["dealname", "amount", "closedate", "pipeline", "dealstage"].map(ToOwned::to_owned);
        let asked = match kind {
            Kind::Deal if wanted.properties.is_empty() => &default[..],
            _ => &wanted.properties[..],
        };
        let names = asked.iter().map(String::as_str).chain(always(kind));
        let known = names.filter(|name| self.property(kind, name).is_some_and(|property| !property.archived));
        let properties: Map<String, Value> =
            known.map(|name| (name.to_owned(), json!(self.value(kind, record, name)))).collect();
        let mut answer = Map::from_iter([
            ("id".to_owned(), json!(record.id)),
            ("properties".to_owned(), Value::Object(properties)),
            ("createdAt".to_owned(), json!(iso(record.created))),
            ("updatedAt".to_owned(), json!(iso(record.updated))),
            ("archived".to_owned(), json!(record.archived)),
            ("url".to_owned(), json!(self.url(kind, &record.id))),
        ]);
        if !wanted.history.is_empty() {
            let known =
                |name: &&String| self.properties.get(&kind).is_some_and(|all| all.contains_key(*name));
            let names = wanted.history.iter().filter(known);
            let history = names.map(|name| (name.clone(), json!(record.history_json(name)))).collect();
            answer.insert("propertiesWithHistory".to_owned(), Value::Object(history));
        }
        answer
    }

    fn url(&self, kind: Kind, id: &str) -> String {
        format!("https://app.hubspot.com/contacts/{}/record/{}/{id}", self.id, kind.type_id())
    }
}
