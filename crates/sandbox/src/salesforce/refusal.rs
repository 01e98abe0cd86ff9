//! Salesforce's error shape, and the checks that every route shares.
//!
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.md>

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Verdict};

/// A refusal in Salesforce's shape: a list of one error.
pub(super) fn refusal(status: u16, code: &str, message: &str, verdict: Verdict) -> Answer {
    Answer::json(status, &json!([{"message": message, "errorCode": code}])).because(verdict)
}

/// 400 because of the caller.
pub(super) fn wrong(code: &str, message: &str) -> Answer {
    refusal(400, code, message, Verdict::Wrong(format!("{code}: {message}")))
}

/// 400 for a field of a record that is written.
pub(super) fn wrong_field(code: &str, field: &str, message: &str) -> Answer {
    about_field(code, field, message, Verdict::Wrong(format!("{code}: {message}")))
}

/// The same with another verdict.
pub(super) fn about_field(code: &str, field: &str, message: &str, verdict: Verdict) -> Answer {
    let body = json!([{"message": message, "errorCode": code, "fields": [field]}]);
    Answer::json(400, &body).because(verdict)
}

/// 404 for a record that is not there, or not shared with the integration user.
pub(super) fn absent(why: &str) -> Answer {
    refusal(404, "NOT_FOUND", why, Verdict::Absent)
}

/// 404 for a path that does not exist.
pub(super) fn no_route(call: &Call) -> Answer {
    let why = format!("no such route: {} {}", call.method, call.path);
    refusal(404, "NOT_FOUND", "The requested resource does not exist", Verdict::Wrong(why))
}

/// 405 for a path that exists.
pub(super) fn wrong_method(call: &Call, allowed: &str) -> Answer {
    let why = format!("HTTP Method '{}' not allowed. Allowed are {allowed}", call.method);
    refusal(405, "METHOD_NOT_ALLOWED", &why, Verdict::Wrong(why.clone()))
}

/// Refuses query names that the route does not know, and names given twice.
pub(super) fn only_query(call: &Call, known: &[&str]) -> Result<(), Answer> {
    for (index, (name, _)) in call.query.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            return Err(wrong("INVALID_QUERY_PARAMETER", &format!("unknown query parameter {name:?}")));
        }
        if call.query.iter().take(index).any(|(earlier, _)| earlier == name) {
            return Err(wrong(
                "INVALID_QUERY_PARAMETER",
                &format!("query parameter {name:?} is given twice"),
            ));
        }
    }
    Ok(())
}

/// A JSON object as body.
pub(super) fn body(call: &Call) -> Result<Map<String, Value>, Answer> {
    if call.media_type() != Some("application/json") {
        let why = "Content-Type header specified in HTTP request is not supported";
        return Err(refusal(415, "UNSUPPORTED_MEDIA_TYPE", why, Verdict::Wrong(why.to_owned())));
    }
    serde_json::from_slice(&call.body).map_err(|error| wrong("JSON_PARSER_ERROR", &error.to_string()))
}
