//! HubSpot's error shape, and the checks that every route shares.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Answer, Call, Verdict};

/// A refusal in HubSpot's shape.
pub(super) fn refusal(status: u16, category: &str, why: &str, verdict: Verdict) -> Answer {
    let body = json!({
        "status": "error", "message": why, "category": category,
        "correlationId": "00000000-0000-4000-8000-000000000000",
    });
    Answer::json(status, &body).because(verdict)
}

/// 400: the request itself is wrong.
pub(super) fn invalid(why: &str) -> Answer {
    refusal(400, "VALIDATION_ERROR", why, Verdict::Wrong(why.to_owned()))
}

/// 400 for a property, with the error code and the name where HubSpot puts them.
pub(super) fn invalid_property(code: &str, name: &str, why: &str) -> Answer {
    let body = json!({
        "status": "error", "message": format!("Property values were not valid: {why}"),
        "category": "VALIDATION_ERROR", "correlationId": "00000000-0000-4000-8000-000000000000",
        "errors": [{"message": why, "code": code, "context": {"propertyName": [name]}}],
    });
    Answer::json(400, &body).because(Verdict::Wrong(why.to_owned()))
}

/// 404 for an object that is not there: what a correct client meets on a bad day.
pub(super) fn absent(why: &str) -> Answer {
    refusal(404, "OBJECT_NOT_FOUND", why, Verdict::Absent)
}

/// 404 for a path that does not exist.
pub(super) fn no_route(call: &Call) -> Answer {
    let why = format!("no such route: {} {}", call.method, call.path);
    refusal(404, "NOT_FOUND", "resource not found", Verdict::Wrong(why))
}

/// Refuses query names that the route does not know, and names given twice.
pub(super) fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    for (index, (name, _)) in call.query.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            return Err(invalid(&format!("unknown query parameter {name:?}")));
        }
        if call.query.iter().take(index).any(|(earlier, _)| earlier == name) {
            return Err(invalid(&format!("query parameter {name:?} is given twice")));
        }
    }
    Ok(())
}

/// A comma-separated list in the query.
pub(super) fn list(call: &Call, name: &str) -> Vec<String> {
    let text = call.query(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
}

/// `true` or `false` in the query.
pub(super) fn flag(call: &Call, name: &str) -> Result<bool, Answer> {
    match call.query(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid(&format!("query parameter {name:?} must be true or false"))),
    }
}

/// A whole number in the query, within `1..=most`.
pub(super) fn limit(call: &Call, default: usize, most: usize) -> Result<usize, Answer> {
    let Some(text) = call.query("limit") else { return Ok(default) };
    let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| invalid(&format!("limit must be a number from 1 to {most}")))
}

/// Where a page begins, from the opaque `after`.
pub(super) fn after(call: &Call) -> Result<usize, Answer> {
    let Some(text) = call.query("after") else { return Ok(0) };
    text.parse().map_err(|_| invalid("after is not one of our cursors"))
}

/// One page of a list, with `paging` if there is more.
pub(super) fn page(items: &[Value], after: usize, limit: usize) -> Value {
    let end = after.saturating_add(limit).min(items.len());
    let mut page = json!({"results": items.get(after..end).unwrap_or_default()});
    if end < items.len()
        && let Some(page) = page.as_object_mut()
    {
        page.insert("paging".to_owned(), json!({"next": {"after": end.to_string()}}));
    }
    page
}

/// A JSON body of exactly this shape.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Answer> {
    if call.media_type() != Some("application/json") {
        let why = "the content type must be application/json";
        return Err(refusal(415, "UNSUPPORTED_MEDIA_TYPE", why, Verdict::Wrong(why.to_owned())));
    }
    serde_json::from_slice(&call.body).map_err(|error| invalid(&format!("Invalid input JSON: {error}")))
}

/// 429 for a limit that was spent.
pub(super) fn too_many(policy: &str) -> Answer {
    let body = json!({
        "status": "error", "message": format!("You have reached your {} limit.", policy.to_lowercase()),
        "errorType": "RATE_LIMIT", "policyName": policy,
        "correlationId": "00000000-0000-4000-8000-000000000429",
    });
    Answer::json(429, &body).because(Verdict::Wrong(format!("more calls than {policy} allows")))
}
