//! How a call to Salesforce failed, and what that means for a read and for a write.
//!
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.md>

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::clock::later;
use crate::crm::outbound::{self, Answer, SendError};
use crate::failure::Failure;

/// The code of a used-up request limit, which is a rolling 24 hours.
const LIMIT: &str = "REQUEST_LIMIT_EXCEEDED";

const NOT_SENT: &str = "Salesforce cannot be reached";
const LOST: &str = "no whole answer came back in time";

/// How a call to Salesforce failed.
pub type CallError = outbound::CallError<ApiError>;

/// An answer that is not success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    /// As listed in the body; empty if there was no list.
    pub errors: Vec<ListedError>,
    pub retry_after: Option<Duration>,
    /// When it was received.
    pub at: Timestamp,
}

/// One error of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ListedError {
    /// Such as `INVALID_FIELD`.
    #[serde(default, rename = "errorCode")]
    pub code: String,
    /// May quote CRM text: never logged, and shown only to the person whose answer was refused.
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub fields: Vec<String>,
}

impl From<SendError> for CallError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Invalid(_) | SendError::NotSent(_) => Self::NotSent(NOT_SENT.to_owned()),
            SendError::TimedOut | SendError::Broken(_) => Self::Lost(LOST.to_owned()),
            SendError::TooLarge => unreadable(),
        }
    }
}

/// Salesforce reported success in words that we do not understand.
pub fn unreadable() -> CallError {
    CallError::Unreadable("the answer could not be read".to_owned())
}

/// The answer of a read; `None` if our user may not ask, now or later.
pub fn unless_denied<T>(answer: Result<T, CallError>, doing: &str) -> Result<Option<T>, Failure> {
    match answer.map_err(|error| error.retry(doing)) {
        Err(Failure::GiveUp { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}

impl CallError {
    /// An answer that is not success, received at `at`, with the errors it lists. A used-up limit that does not say
    /// for how long is left alone for `limit_pause`.
    pub fn refused(answer: &Answer, at: Timestamp, limit_pause: Duration) -> Self {
        let status = answer.status.as_u16();
        let mut errors: Vec<ListedError> = answer.json().unwrap_or_default();
        // Several records have one external key: a list of their addresses in place of errors.
        if status == 300 && answer.json::<Vec<String>>().is_ok() {
            errors.push(ListedError { code: "MULTIPLE_CHOICES".to_owned(), ..ListedError::default() });
        }
        let is_limit = errors.iter().any(|error| error.code == LIMIT);
        let retry_after = answer.retry_after().or(is_limit.then_some(limit_pause));
        Self::Refused(Box::new(ApiError { status, errors, retry_after, at }))
    }

    /// The errors that Salesforce listed, if it got that far.
    pub fn listed(&self) -> &[ListedError] {
        match self {
            Self::Refused(refused) => &refused.errors,
            _ => &[],
        }
    }

    /// Whether the record was changed after the instant that a write was bound to. Nothing was written.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == 412)
    }

    /// Whether one of the listed errors has this code.
    pub fn is(&self, code: &str) -> bool {
        self.listed().iter().any(|error| error.code == code)
    }
}

impl outbound::ApiError for ApiError {
    fn failure(&self, doing: &str) -> Option<Failure> {
        let code = |wanted: &str| self.errors.iter().any(|error| error.code == wanted);
        let why = self.explain(doing);
        Some(match self.status {
            _ if code(LIMIT) => {
                let why = format!("{why}: the org's API requests are used up; other programs share them");
                Failure::Pause { why, until: Some(later(self.at, self.retry_after.unwrap_or_default())) }
            }
            // The parent record was locked for some ten seconds by another transaction.
            _ if code("UNABLE_TO_LOCK_ROW") || code("QUERY_TIMEOUT") => {
                Failure::Retry { why, after: self.retry_after }
            }
            429 => Failure::Retry { why, after: self.retry_after },
            414 | 431 => Failure::give_up(format!("{why}: the mapping names too many fields for one query")),
            // A proxy, a captive portal or a redirect answers without one of Salesforce's codes.
            _ if self.errors.iter().all(|error| error.code.is_empty()) => return None,
            401 => Failure::Pause { why: format!("{why}: a new token was refused too"), until: None },
            403 if code("API_DISABLED_FOR_ORG") || code("API_CURRENTLY_DISABLED") => {
                Failure::Pause { why: format!("{why}: the org does not allow API calls"), until: None }
            }
            410 => Failure::Pause {
                why: format!("{why}: this API version is retired; set a newer api_version"),
                until: None,
            },
            300 => {
                Failure::give_up(format!("{why}: several records have this key; make the key field unique"))
            }
            404 => Failure::give_up(format!("{why}: deleted, or not shared with the integration user")),
            301..=499 => Failure::give_up(why),
            _ => return None,
        })
    }

    /// Status, codes and field names.
    fn explain(&self, doing: &str) -> String {
        let plain = |text: &&str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        };
        let codes: Vec<&str> = self.errors.iter().map(|error| error.code.as_str()).filter(plain).collect();
        let fields: Vec<&str> =
            self.errors.iter().flat_map(|error| &error.fields).map(String::as_str).filter(plain).collect();
        let mut text = format!("{doing}: Salesforce answered {}", self.status);
        if !codes.is_empty() {
            text = format!("{text} {}", codes.join(", "));
        }
        if !fields.is_empty() {
            text = format!("{text} (fields: {})", fields.join(", "));
        }
        text
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_PAUSE: Duration = Duration::from_mins(7);

    fn refused(status: u16, code: &str) -> CallError {
        let error = ListedError { code: code.into(), message: "Acme's secret".into(), fields: vec![] };
        CallError::Refused(Box::new(ApiError { status, errors: vec![error], retry_after: None, at: now() }))
    }

    fn now() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn name(failure: &Failure) -> &'static str {
        match failure {
            Failure::Retry { .. } => "retry",
            Failure::GiveUp { .. } => "give up",
            Failure::Pause { .. } => "pause",
            Failure::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn every_answer_says_what_to_do_for_a_read_and_for_a_write() {
        for (status, code, read, write) in [
            (400, "INVALID_FIELD", "give up", "give up"),
            (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "give up", "give up"),
            (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "give up", "give up"),
            (400, "UNABLE_TO_LOCK_ROW", "retry", "retry"),
            (400, "QUERY_TIMEOUT", "retry", "retry"),
            (401, "INVALID_SESSION_ID", "pause", "pause"),
            (403, "REQUEST_LIMIT_EXCEEDED", "pause", "pause"),
            (403, "API_DISABLED_FOR_ORG", "pause", "pause"),
            (403, "INSUFFICIENT_ACCESS", "give up", "give up"),
            (404, "NOT_FOUND", "give up", "give up"),
            (300, "MULTIPLE_CHOICES", "give up", "give up"),
            (410, "UNSUPPORTED_API_VERSION", "pause", "pause"),
            (414, "", "give up", "give up"),
            (431, "", "give up", "give up"),
            (429, "", "retry", "retry"),
            (500, "UNKNOWN_EXCEPTION", "retry", "unknown"),
            (502, "", "retry", "unknown"),
            (503, "SERVER_UNAVAILABLE", "retry", "unknown"),
        ] {
            assert_eq!(name(&refused(status, code).retry("asking")), read, "read {status} {code}");
            assert_eq!(name(&refused(status, code).read_back("writing")), write, "write {status} {code}");
        }
    }

    #[test]
    fn what_salesforce_did_not_say_is_never_final() {
        let read = |status: u16, body: &str| {
            let status = reqwest::StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers: reqwest::header::HeaderMap::new(), body: body.into() };
            CallError::refused(&answer, now(), LIMIT_PAUSE)
        };
        for body in [
            "",
            "<html>Sign in to the guest network</html>",
            "{}",
            "[]",
            "null",
            r#"[{"message":"no"}]"#,
            r#"{"error":"forbidden"}"#,
            r#"["/a","/b"]"#,
        ] {
            for status in [301, 302, 307, 400, 401, 403, 404, 405, 410, 451, 511] {
                assert_eq!(name(&read(status, body).retry("asking")), "retry", "{status} {body}");
                assert_eq!(name(&read(status, body).read_back("writing")), "unknown", "{status} {body}");
            }
        }
        assert_eq!(name(&read(300, r#"["/a","/b"]"#).read_back("writing")), "give up");
        assert_eq!(name(&read(300, "<html>").read_back("writing")), "unknown");
    }

    #[test]
    fn a_connection_that_was_never_made_wrote_nothing() {
        assert_eq!(name(&CallError::NotSent(NOT_SENT.to_owned()).read_back("writing")), "retry");
        assert_eq!(name(&CallError::Lost(LOST.to_owned()).read_back("writing")), "unknown");
        assert_eq!(name(&CallError::Lost(LOST.to_owned()).retry("asking")), "retry");
        assert_eq!(name(&unreadable().read_back("writing")), "unknown");
    }

    #[test]
    fn a_used_up_limit_holds_the_org_for_the_configured_pause() {
        let body = r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#;
        let status = reqwest::StatusCode::FORBIDDEN;
        let answer = Answer { status, headers: reqwest::header::HeaderMap::new(), body: body.into() };
        let failure = CallError::refused(&answer, now(), LIMIT_PAUSE).retry("asking");
        let Failure::Pause { why, until } = failure else { panic!() };
        assert_eq!(until, Some(later(now(), LIMIT_PAUSE)));
        insta::assert_snapshot!(why, @"asking: Salesforce answered 403 REQUEST_LIMIT_EXCEEDED: the org's API requests are used up; other programs share them");
    }

    #[test]
    fn the_operator_sees_codes_and_fields_and_never_the_message() {
        let error = ListedError {
            code: "STRING_TOO_LONG".into(),
            message: "Subject: data value too large: Acme's secret".into(),
            fields: vec!["Subject".into(), "<b>".into()],
        };
        let refused = CallError::Refused(Box::new(ApiError {
            status: 400,
            errors: vec![error],
            retry_after: None,
            at: now(),
        }));
        insta::assert_snapshot!(refused.read_back("writing"), @"writing: Salesforce answered 400 STRING_TOO_LONG (fields: Subject)");
    }
}
