//! What to do about a call to HubSpot that failed. The call site chooses by name: a read may simply be
//! repeated, a write of unknown outcome must be read back first.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/error-handling>

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use reqwest::StatusCode;
use serde::Deserialize;

use super::client::WINDOW;
use super::wire::Lax;
use crate::clock::later;
use crate::crm::WriteRefusal;
use crate::crm::outbound::{self, Answer, SendError};
use crate::failure::Failure;

/// How a call to HubSpot failed.
pub(super) type CallError = outbound::CallError<ApiError>;

impl CallError {
    /// The object is archived, deleted or was never there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == StatusCode::NOT_FOUND && refused.is_hubspots_own())
    }

    /// The app lacks a scope for this call.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == StatusCode::FORBIDDEN && refused.is_hubspots_own())
    }

    /// Something of that name exists.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.status == StatusCode::CONFLICT && refused.is_hubspots_own())
    }

    /// Why HubSpot does not take a value that was written; `None` if that is not what the failure is about.
    pub(super) fn refusal(&self) -> Option<WriteRefusal> {
        match self {
            Self::Refused(refused) if refused.is_hubspots_own() => match refused.status.as_u16() {
                400 | 404 => Some(refused.refusal()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The scopes that HubSpot says are needed.
    pub(super) fn required_scopes(&self) -> Vec<String> {
        let Self::Refused(refused) = self else { return Vec::new() };
        refused.named("requiredGranularScopes").into_iter().map(ToOwned::to_owned).collect()
    }
}

impl From<SendError> for CallError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Invalid(cause) => {
                Self::Held(Failure::give_up(format!("the request cannot be built: {cause}")))
            }
            SendError::NotSent(cause) => Self::NotSent(format!("no connection: {cause}")),
            SendError::TimedOut => Self::Lost("no answer in time".to_owned()),
            SendError::Broken(cause) => Self::Lost(cause),
            SendError::TooLarge => Self::Unreadable("the answer is too large".to_owned()),
        }
    }
}

/// An answer that is not success.
#[derive(Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    retry_after: Option<Duration>,
    daily_limit_spent: bool,
    body: Body,
    at: Timestamp,
}

/// Every field is optional. The messages may repeat what we sent: only a refused answer shows them, to its author.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    category: Lax<String>,
    /// What a 429 has in place of a category.
    error_type: Lax<String>,
    /// What an OAuth answer has in place of a category: `BAD_REFRESH_TOKEN`.
    status: Lax<String>,
    policy_name: Lax<String>,
    correlation_id: Lax<String>,
    message: Lax<String>,
    errors: Lax<Vec<Detail>>,
    context: Lax<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    code: Lax<String>,
    message: Lax<String>,
    context: Lax<BTreeMap<String, Vec<String>>>,
}

/// One of the values that a message lists: `Property values were not valid: [{…}]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InvalidValue {
    error: Lax<String>,
    message: Lax<String>,
}

impl ApiError {
    /// Reads an answer that is not success, received at `at`.
    pub(super) fn read(answer: &Answer, at: Timestamp) -> Self {
        Self {
            status: answer.status,
            retry_after: answer.retry_after(),
            daily_limit_spent: answer.header("x-hubspot-ratelimit-daily-remaining") == Some("0"),
            body: answer.json().unwrap_or_default(),
            at,
        }
    }

    /// How long every caller has to be quiet, if that is what the answer means.
    pub(super) fn quiet(&self) -> Option<Duration> {
        (self.status == StatusCode::TOO_MANY_REQUESTS && !self.is_daily()).then(|| self.wait())
    }

    /// Whether the body is an error as HubSpot words it. A proxy, a captive portal or a redirect answers with other
    /// words, or none.
    pub(super) fn is_hubspots_own(&self) -> bool {
        let Body { category, error_type, status, correlation_id, .. } = &self.body;
        let status = if **status == "error" { correlation_id } else { status };
        [category, error_type, status].iter().any(|word| !word.is_empty())
    }

    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    fn is_daily(&self) -> bool {
        *self.body.policy_name == "DAILY" || (self.body.policy_name.is_empty() && self.daily_limit_spent)
    }

    /// `Retry-After` is usually missing; then the limit that was hit says how long.
    fn wait(&self) -> Duration {
        self.retry_after.unwrap_or(match self.body.policy_name.as_str() {
            "SECONDLY" => Duration::from_secs(1),
            _ => Duration::from_secs(10),
        })
    }

    fn scopes(&self) -> String {
        let scopes = self.named("requiredGranularScopes");
        if scopes.is_empty() {
            "the app lacks a permission".to_owned()
        } else {
            format!("grant the app {}", scopes.join(", "))
        }
    }

    /// HubSpot's code and words: of the first error; else those of the JSON array that some messages end in; else the
    /// message as it is.
    fn refusal(&self) -> WriteRefusal {
        let Body { errors, message, category, .. } = &self.body;
        if let Some(first) = errors.iter().find(|detail| plain(&detail.code).is_some()) {
            let words = if first.message.trim().is_empty() { message } else { &first.message };
            return WriteRefusal::new(first.code.as_str(), words);
        }
        let invalid: Option<Vec<InvalidValue>> =
            message.find("[{").and_then(|at| serde_json::from_str(message.get(at..)?.trim_end()).ok());
        if let Some(first) = invalid.into_iter().flatten().find(|one| plain(&one.error).is_some()) {
            return WriteRefusal::new(first.error.as_str(), &first.message);
        }
        WriteRefusal::new(plain(category).unwrap_or("VALIDATION_ERROR"), message)
    }

    /// What the error's contexts say under one name, such as the properties it is about.
    fn named(&self, name: &str) -> Vec<&str> {
        let details = self.body.errors.iter().map(|detail| &detail.context);
        let mut values: Vec<&str> = details
            .chain([&self.body.context])
            .filter_map(|context| context.get(name))
            .flatten()
            .filter_map(|value| plain(value))
            .take(12)
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

impl outbound::ApiError for ApiError {
    fn failure(&self, doing: &str) -> Option<Failure> {
        let why = self.explain(doing);
        Some(match self.status.as_u16() {
            429 if self.is_daily() => Failure::Pause { why, until: Some(next_midnight(self.at)) },
            429 if self.wait() > WINDOW => Failure::Pause { why, until: Some(later(self.at, self.wait())) },
            429 => Failure::Retry { why, after: Some(self.wait()) },
            // Another call is changing the object right now.
            409 => Failure::retry(why),
            423 => Failure::Retry { why, after: Some(self.retry_after.unwrap_or(Duration::from_secs(2))) },
            // The account is moving to another data centre.
            477 => Failure::Retry { why, after: self.retry_after },
            // HubSpot may have done the work before it failed.
            408 | 500..=599 => return None,
            414 | 431 => Failure::GiveUp { why },
            _ if !self.is_hubspots_own() => return None,
            401 => Failure::Pause {
                why: format!("{why}; check the token or connect the app again"),
                until: None,
            },
            403 => Failure::Pause { why: format!("{why}; {}", self.scopes()), until: None },
            _ => Failure::GiveUp { why },
        })
    }

    /// `reading the deal: HubSpot answered 400 VALIDATION_ERROR PROPERTY_DOESNT_EXIST (hs_x), correlation …`
    fn explain(&self, doing: &str) -> String {
        let body = &self.body;
        let status = Some(&body.status).filter(|status| status.as_str() != "error");
        let codes = body.errors.iter().map(|detail| &detail.code);
        let words =
            [&body.category, &body.error_type, &body.policy_name].into_iter().chain(status).chain(codes);
        let mut words: Vec<&str> = words.filter_map(|word| plain(word)).take(6).collect();
        words.dedup();

        let status = self.status.as_str();
        let answered: Vec<&str> = [status].into_iter().chain(words).collect();
        let properties = self.named("propertyName").join(", ");
        let about = if properties.is_empty() { String::new() } else { format!(" ({properties})") };
        let correlation = plain(&body.correlation_id).map(|id| format!(", correlation {id}"));
        format!(
            "{doing}: HubSpot answered {}{about}{}",
            answered.join(" "),
            correlation.as_deref().unwrap_or_default()
        )
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// Words of HubSpot's vocabulary pass; anything that might be somebody's text does not.
fn plain(word: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    ((1..=80).contains(&word.len()) && word.bytes().all(allowed)).then_some(word)
}

/// The daily limit ends at midnight of the account's time zone, which we do not know. UTC's midnight is at
/// most 24 hours away; if it is too early, the next call says so and the pause goes on.
fn next_midnight(now: Timestamp) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    today
        .checked_add(1.day())
        .and_then(|tomorrow| tomorrow.to_zoned(TimeZone::UTC))
        .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> CallError {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        let at = "2026-11-20T15:04:05Z".parse().expect("a timestamp");
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, headers: map, body: body.as_bytes().to_vec() };
        CallError::Refused(Box::new(ApiError::read(&answer, at)))
    }

    fn kind(failure: &Failure) -> &'static str {
        match failure {
            Failure::Retry { .. } => "retry",
            Failure::GiveUp { .. } => "give up",
            Failure::Pause { .. } => "pause",
            Failure::Unknown { .. } => "unknown",
        }
    }

    fn seconds(failure: &Failure) -> Option<u64> {
        match failure {
            Failure::Retry { after, .. } => after.map(|after| after.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn every_status_has_its_meaning_for_a_read_and_for_a_write() {
        for (status, read, write) in [
            (400, "give up", "give up"),
            (401, "pause", "pause"),
            (403, "pause", "pause"),
            (404, "give up", "give up"),
            (408, "retry", "unknown"),
            (409, "retry", "retry"),
            (414, "give up", "give up"),
            (423, "retry", "retry"),
            (429, "retry", "retry"),
            (477, "retry", "retry"),
            (500, "retry", "unknown"),
            (502, "retry", "unknown"),
            (503, "retry", "unknown"),
            (504, "retry", "unknown"),
            (521, "retry", "unknown"),
            (524, "retry", "unknown"),
        ] {
            for body in [
                r#"{"status":"error","category":"ANY"}"#,
                r#"{"status":"error","message":"resource not found","correlationId":"0a1b"}"#,
            ] {
                assert_eq!(kind(&refused(status, &[], body).retry("reading")), read, "read {status}");
                assert_eq!(kind(&refused(status, &[], body).read_back("writing")), write, "write {status}");
            }
        }
    }

    #[test]
    fn what_hubspot_did_not_say_is_never_final() {
        for body in [
            "",
            "<html>Sign in to the guest network</html>",
            "{}",
            "[]",
            "null",
            r#"{"status":"error"}"#,
            r#"{"message":"blocked"}"#,
            r#"{"error":"forbidden"}"#,
        ] {
            for status in [301, 302, 307, 400, 401, 403, 404, 405, 410, 451] {
                let refused = || refused(status, &[], body);
                assert_eq!(kind(&refused().retry("reading")), "retry", "{status} {body}");
                assert_eq!(kind(&refused().read_back("writing")), "unknown", "{status} {body}");
                assert!(!refused().is_missing() && !refused().is_forbidden(), "{status} {body}");
            }
        }
    }

    #[test]
    fn a_long_wish_for_quiet_is_a_pause() {
        for (wish, expected) in [("10", "retry"), ("11", "pause"), ("3600", "pause"), ("1000000000", "pause")]
        {
            let failure = refused(429, &[("retry-after", wish)], "").retry("reading");
            assert_eq!(kind(&failure), expected, "{wish}");
        }
    }

    #[test]
    fn a_call_without_an_answer_is_ambiguous_only_for_a_write() {
        let lost = || CallError::Lost("no answer in time".to_owned());
        assert_eq!(kind(&lost().retry("reading the deal")), "retry");
        assert_eq!(
            lost().read_back("creating the task"),
            Failure::unknown("creating the task: no answer in time")
        );
        let not_sent = CallError::NotSent("no connection: refused".to_owned());
        assert_eq!(kind(&not_sent.read_back("creating the task")), "retry");
        let unreadable = CallError::Unreadable("not JSON".to_owned());
        assert_eq!(kind(&unreadable.read_back("creating the task")), "unknown");
    }

    #[test]
    fn both_shapes_of_a_rate_limit_say_how_long_to_wait() {
        for (headers, body, wait) in [
            (&[][..], r#"{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}"#, 10),
            (&[][..], r#"{"errorType":"RATE_LIMIT","policyName":"SECONDLY"}"#, 1),
            (&[][..], r#"{"category":"RATE_LIMITS"}"#, 10),
            (&[][..], "", 10),
            (&[("retry-after", "7")][..], r#"{"policyName":"SECONDLY"}"#, 7),
            (&[("retry-after", "Fri, 20 Nov 2026 15:04:12 GMT")][..], r#"{"policyName":"SECONDLY"}"#, 1),
            (&[("x-hubspot-ratelimit-daily-remaining", "0")][..], r#"{"policyName":"SECONDLY"}"#, 1),
        ] {
            let error = refused(429, headers, body);
            let CallError::Refused(answer) = &error else { unreachable!() };
            assert_eq!(answer.quiet(), Some(Duration::from_secs(wait)), "{body}");
            assert_eq!(seconds(&error.read_back("creating the task")), Some(wait), "{body}");
        }
    }

    #[test]
    fn the_daily_limit_pauses_the_account_until_midnight() {
        for (headers, body) in [
            (&[][..], r#"{"errorType":"RATE_LIMIT","policyName":"DAILY"}"#),
            (&[("x-hubspot-ratelimit-daily-remaining", "0")][..], r#"{"category":"RATE_LIMITS"}"#),
        ] {
            let failure = refused(429, headers, body).retry("reading the deal");
            let Failure::Pause { until: Some(until), .. } = failure else { panic!("{failure:?}") };
            assert_eq!(until.to_string(), "2026-11-21T00:00:00Z");
        }
    }

    #[test]
    fn locked_and_moving_accounts_are_waited_for() {
        assert_eq!(seconds(&refused(423, &[], "").retry("reading")), Some(2));
        assert_eq!(seconds(&refused(423, &[("retry-after", "9")], "").retry("reading")), Some(9));
        assert_eq!(seconds(&refused(477, &[("retry-after", "86400")], "").retry("reading")), Some(86_400));
    }

    #[test]
    fn missing_scopes_are_named() {
        let body = r#"{"status":"error","message":"This app hasn't been granted all required scopes","category":"MISSING_SCOPES",
            "correlationId":"0a1b-2c","errors":[{"message":"…","context":{"requiredGranularScopes":["crm.objects.deals.read","crm.objects.owners.read"]}}]}"#;
        insta::assert_snapshot!(
            refused(403, &[], body).retry("reading the deal"),
            @"reading the deal: HubSpot answered 403 MISSING_SCOPES, correlation 0a1b-2c; grant the app crm.objects.deals.read, crm.objects.owners.read"
        );
    }

    #[test]
    fn a_validation_error_names_category_and_property_and_never_repeats_what_we_sent() {
        let body = r#"{"status":"error","message":"Property values were not valid: Acme wants a pony","category":"VALIDATION_ERROR",
            "subCategory":{"odd":1},"correlationId":"abc","errors":[{"message":"Acme","code":"PROPERTY_DOESNT_EXIST","in":"x",
            "context":{"propertyName":["hs_task_size","Acme wants a pony"]}},{"context":{"propertyName":"not a list"}}]}"#;
        insta::assert_snapshot!(
            refused(400, &[], body).read_back("creating the task"),
            @"creating the task: HubSpot answered 400 VALIDATION_ERROR PROPERTY_DOESNT_EXIST (hs_task_size), correlation abc"
        );
    }

    #[test]
    fn a_refused_token_pauses_and_says_what_to_do() {
        insta::assert_snapshot!(
            refused(401, &[], r#"{"status":"error","category":"INVALID_AUTHENTICATION"}"#).retry("reading the deal"),
            @"reading the deal: HubSpot answered 401 INVALID_AUTHENTICATION; check the token or connect the app again"
        );
    }

    #[test]
    fn only_404_means_missing() {
        let body = r#"{"category":"OBJECT_NOT_FOUND"}"#;
        assert!(refused(404, &[], body).is_missing());
        assert!(!refused(400, &[], body).is_missing());
        assert!(!CallError::Lost(String::new()).is_missing());
    }
}
