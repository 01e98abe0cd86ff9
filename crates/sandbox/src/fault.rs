//! Failures that a test switches on: of the network, and of a platform that is having a bad day.

use serde_json::json;

use super::call::{Answer, Call, Verdict};
use super::log::Pattern;

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request is refused with this answer before anything is done.
    Refuse(Answer),
    /// The connection is dropped before anything is done.
    DropBefore,
    /// The work is done, then the connection is dropped. The caller cannot know.
    DropAfter,
    /// The work is done, then the answer is a 500. The caller cannot know.
    FailAfter,
    /// The work is done, but the answer's body is cut in half.
    Truncate,
    /// Nothing is done until [`super::FakeServer::release`]; never, if the caller leaves first.
    HangBefore,
    /// The work is done, but the answer is held until [`super::FakeServer::release`].
    HangAfter,
}

impl Fault {
    /// HubSpot's 429 for a burst, in the older body shape (`errorType`), without `Retry-After`.
    pub fn hubspot_burst() -> Self {
        let body = json!({
            "status": "error", "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING",
            "correlationId": "00000000-0000-4000-8000-000000000429",
        });
        Self::Refuse(Answer::json(429, &body))
    }

    /// HubSpot's 429 for the day's limit, in the newer body shape (`category`), with `Retry-After` if given.
    pub fn hubspot_daily(retry_after_seconds: Option<u32>) -> Self {
        let body = json!({
            "status": "error", "message": "You have reached your daily limit.",
            "category": "RATE_LIMITS", "policyName": "DAILY",
            "correlationId": "00000000-0000-4000-8000-000000000429",
        });
        Self::Refuse(with_retry_after(Answer::json(429, &body), retry_after_seconds))
    }

    /// HubSpot's 403 for a token that lacks a scope.
    pub fn hubspot_missing_scope(scope: &str) -> Self {
        let body = json!({
            "status": "error", "category": "MISSING_SCOPES",
            "message": "This app hasn't been granted all required scopes to make this call.",
            "correlationId": "00000000-0000-4000-8000-000000000403",
            "errors": [{"message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": [scope]}}],
        });
        Self::Refuse(Answer::json(403, &body))
    }

    /// One of Salesforce's errors, in its list of one.
    pub fn salesforce_error(status: u16, code: &str, message: &str) -> Self {
        Self::Refuse(Answer::json(status, &json!([{"message": message, "errorCode": code}])))
    }

    /// Salesforce's 401 for a token that expired or was revoked.
    pub fn salesforce_session_expired() -> Self {
        Self::salesforce_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    /// Salesforce's 403 for a request limit that all programs of the org have used up together.
    pub fn salesforce_limit() -> Self {
        Self::salesforce_error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    }

    /// Salesforce's 400 for a parent record that another transaction holds for some ten seconds.
    pub fn salesforce_row_locked() -> Self {
        Self::salesforce_error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    }

    /// Salesforce's 503 under load or maintenance, with `Retry-After` if given.
    pub fn salesforce_unavailable(retry_after_seconds: Option<u32>) -> Self {
        let body =
            json!([{"message": "Server is currently unavailable.", "errorCode": "SERVER_UNAVAILABLE"}]);
        Self::Refuse(with_retry_after(Answer::json(503, &body), retry_after_seconds))
    }

    /// Salesforce's 400 for a validation rule that an admin wrote.
    pub fn salesforce_validation(field: &str, message: &str) -> Self {
        let code = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
        let body = json!([{"message": message, "errorCode": code, "fields": [field]}]);
        Self::Refuse(Answer::json(400, &body))
    }

    /// A refusal of Salesforce's login, which is an object and not a list: `invalid_grant` …
    pub fn salesforce_login(error: &str, description: &str) -> Self {
        Self::Refuse(Answer::json(400, &json!({"error": error, "error_description": description})))
    }

    /// Slack's 429, with `Retry-After` if given.
    pub fn slack_rate_limited(retry_after_seconds: Option<u32>) -> Self {
        let answer = Answer::json(429, &json!({"ok": false, "error": "ratelimited"}));
        Self::Refuse(with_retry_after(answer, retry_after_seconds))
    }

    /// One of Slack's errors in an HTTP 200: `internal_error`, `missing_scope` …
    pub fn slack_error(code: &str) -> Self {
        Self::Refuse(Answer::json(200, &json!({"ok": false, "error": code})))
    }

    /// A bare status with an empty JSON object.
    pub fn status(status: u16) -> Self {
        Self::Refuse(Answer::json(status, &json!({})))
    }

    /// A gateway's HTML page instead of an answer.
    pub fn bad_gateway() -> Self {
        let page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>";
        Self::Refuse(Answer { media_type: "text/html", ..Answer::text(502, page) })
    }
}

fn with_retry_after(answer: Answer, seconds: Option<u32>) -> Answer {
    match seconds {
        Some(seconds) => answer.with("retry-after", &seconds),
        None => answer,
    }
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The next so many matching requests.
    Next(u32),
    /// Every matching request until the faults are cleared.
    UntilCleared,
}

/// The faults that are switched on.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    switched: Vec<(Pattern, Fault, Times)>,
    pub(super) releases: u64,
    pub(super) hung: u64,
}

impl Faults {
    /// Switches a fault on. Several for the same request strike one after the other.
    pub fn switch(&mut self, pattern: &str, fault: Fault, times: Times) {
        self.switched.push((Pattern::new(pattern), fault, times));
    }

    /// Switches all faults off.
    pub fn clear(&mut self) {
        self.switched.clear();
    }

    /// How many requests have begun to hang so far.
    pub fn hung(&self) -> u64 {
        self.hung
    }

    /// The fault that strikes this call, used up by one.
    pub(super) fn strike(&mut self, call: &Call) -> Option<Fault> {
        let hit = |(pattern, _, _): &(Pattern, Fault, Times)| pattern.matches(&call.method, &call.path);
        let index = self.switched.iter().position(hit)?;
        let (_, fault, times) = self.switched.get_mut(index)?;
        let fault = fault.clone();
        match times {
            Times::UntilCleared => {}
            Times::Next(left) if *left > 1 => *left -= 1,
            Times::Next(_) => drop(self.switched.remove(index)),
        }
        Some(fault)
    }
}

/// Half of an answer's body, cut between two characters.
pub(super) fn truncate(answer: Answer) -> Answer {
    let half = answer.body.chars().take(answer.body.chars().count() / 2).collect();
    Answer { body: half, verdict: Verdict::Switched, ..answer }
}
