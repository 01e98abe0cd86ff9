//! Creating and changing tasks, by id and by external id, with every rule that Salesforce has about them.
//!
//! <https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::field::{Entry, Field, Key};
use super::object::Object;
use super::org::Org;
use super::permissions::{PermittedView, missing};
use super::refusal::{about_field, absent, body, only_query, refusal, wrong_field};
use super::{id, reading, values};
use crate::call::{Answer, Call, Verdict};

/// Who writes, through which version of the API, and when.
pub(super) struct Writing<'a> {
    pub(super) version: &'a str,
    pub(super) user: &'a str,
    pub(super) now: Timestamp,
}

/// `POST sobjects/Task`
pub(super) fn create(org: &mut Org, call: &Call, writing: &Writing<'_>) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let id = insert(org, &body(call)?, None, writing)?;
    Ok(Answer::json(201, &json!({"id": id, "success": true, "errors": []})))
}

/// `PATCH sobjects/Task/{id}`
pub(super) fn update(
    org: &mut Org,
    call: &Call,
    task: &str,
    writing: &Writing<'_>,
) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let view = PermittedView { org, version: writing.version };
    let known = id::full(task).and_then(|id| view.record(Object::Task, &id));
    let task = known.ok_or_else(|| absent("The requested resource does not exist"))?.id.clone();
    save(org, &body(call)?, &task, writing)?;
    Ok(Answer::text(204, ""))
}

/// `PATCH sobjects/Task/{field}/{key}`: creates the task with this key, or changes the one there is.
/// <https://developer.salesforce.com/docs/platform/api-rest/guide/dome-upsert.html>
pub(super) fn upsert(
    org: &mut Org,
    call: &Call,
    (field, key): (&str, &str),
    writing: &Writing<'_>,
) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let view = PermittedView { org, version: writing.version };
    let name = external_id(view, field)?.name.clone();
    let found = by_key(view, &name, key);
    let values = body(call)?;
    if values.contains_key(&name) {
        let why = format!("The {name} field should not be specified in the sobject data.");
        return Err(wrong_field("INVALID_FIELD", &name, &why));
    }
    match &found[..] {
        [] => {
            let id = insert(org, &values, Some((&name, key)), writing)?;
            Ok(Answer::json(201, &json!({"id": id, "success": true, "errors": [], "created": true})))
        }
        [id] => {
            save(org, &values, id, writing)?;
            Ok(Answer::json(200, &json!({"id": id, "success": true, "errors": [], "created": false})))
        }
        several => Err(ambiguous(view, several)),
    }
}

/// `GET sobjects/Task/{field}/{key}`
pub(super) fn read_by_key(
    view: PermittedView<'_>,
    call: &Call,
    field: &str,
    key: &str,
) -> Result<Answer, Answer> {
    let name = &external_id(view, field)?.name;
    match &by_key(view, name, key)[..] {
        [id] => match view.record(Object::Task, id) {
            Some(task) => reading::show(view, call, Object::Task, task),
            None => Err(absent("The requested resource does not exist")),
        },
        [] => Err(absent("The requested resource does not exist")),
        several => Err(ambiguous(view, several)),
    }
}

fn external_id<'a>(view: PermittedView<'a>, name: &str) -> Result<&'a Field, Answer> {
    let field = view.field(Object::Task, name).filter(|field| field.key != Key::No);
    field.ok_or_else(|| {
        let why = format!("Provided external ID field does not exist or is not accessible: {name}");
        refusal(404, "NOT_FOUND", &why, missing(Object::Task, name))
    })
}

/// Unlike ids, keys are compared without case.
fn by_key(view: PermittedView<'_>, field: &str, key: &str) -> Vec<String> {
    let holds = |value: &str| value.to_lowercase() == key.to_lowercase();
    let found = view.records(Object::Task).filter(|task| task.get(field).is_some_and(holds));
    found.map(|task| task.id.clone()).collect()
}

/// 300 with the addresses of all that match.
fn ambiguous(view: PermittedView<'_>, several: &[String]) -> Answer {
    let urls: Vec<String> = several.iter().map(|id| view.path(Object::Task, id)).collect();
    Answer::json(300, &json!(urls)).because(Verdict::Absent)
}

fn insert(
    org: &mut Org,
    values: &Map<String, Value>,
    key: Option<(&str, &str)>,
    writing: &Writing<'_>,
) -> Result<String, Answer> {
    let mut entered = check(org, values, None, writing)?;
    entered.extend(key.map(|(name, key)| (name.to_owned(), key.to_owned())));
    let given = |name: &str| entered.iter().any(|(known, value)| known == name && !value.trim().is_empty());
    let missing =
        org.fields_of(Object::Task).find(|field| field.entry == Entry::Required && !given(&field.name));
    if let Some(missing) = missing {
        let why = format!("Required fields are missing: [{}]", missing.name);
        // The admin asks for it, not Salesforce: a client cannot know.
        return Err(about_field("REQUIRED_FIELD_MISSING", &missing.name, &why, Verdict::Switched));
    }
    let is_default = |status: &&super::Record| status.get("IsDefault") == Some("true");
    let status = org.records(Object::TaskStatus).find(is_default).and_then(|status| status.get("ApiName"));
    let defaults = [
        ("Status", status.unwrap_or_default()),
        ("Priority", "Normal"),
        ("OwnerId", writing.user),
        ("TaskSubtype", "Task"),
    ];
    let defaults: Vec<(String, String)> = defaults
        .into_iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    entered.extend(defaults);
    let entered: Vec<(&str, &str)> =
        entered.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(org.create(Object::Task, writing.now, &entered))
}

fn save(org: &mut Org, values: &Map<String, Value>, task: &str, writing: &Writing<'_>) -> Result<(), Answer> {
    for (name, value) in check(org, values, Some(task), writing)? {
        org.set(Object::Task, task, &name, &value, writing.now);
    }
    Ok(())
}

/// Values by field name. All is checked before anything is written.
fn check(
    org: &Org,
    values: &Map<String, Value>,
    task: Option<&str>,
    writing: &Writing<'_>,
) -> Result<Vec<(String, String)>, Answer> {
    let view = PermittedView { org, version: writing.version };
    if !org.may_edit_tasks {
        let why = "insufficient access rights on object id";
        return Err(refusal(403, "INSUFFICIENT_ACCESS", why, Verdict::Switched));
    }
    let entered = values::check(view, Object::Task, values, |_| true)?;
    for (Field { name, key, .. }, text) in &entered {
        let duplicate = by_key(view, name, text).into_iter().find(|id| Some(id.as_str()) != task);
        if let Some(id) = duplicate.filter(|_| *key == Key::UniqueExternalId) {
            let why = format!("duplicate value found: {name} duplicates value on record with id: {id}");
            return Err(wrong_field("DUPLICATE_VALUE", name, &why));
        }
    }
    Ok(entered.into_iter().map(|(field, text)| (field.name.clone(), text)).collect())
}
