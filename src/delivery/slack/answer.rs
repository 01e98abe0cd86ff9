//! What Slack's answers mean: a success, or a [`Failure`] by what to do about it.
//!
//! The Web API answers 200 with `"ok": false` and a code; an incoming webhook answers with a status and a
//! code as plain text. <https://docs.slack.dev/reference/methods/chat.postMessage>

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::interactive::remedy;
use crate::crm::outbound;
use crate::failure::Failure;

/// Whether a call can have changed something in Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It cannot: whatever went wrong, the call may be repeated.
    Read,
    /// It can, and the same call may be repeated: it sets what was set already.
    Edit,
    /// It can: if nobody knows how it ended, it must be read back first.
    Write,
}

impl Access {
    /// The failure of a call that may have reached Slack, while nobody knows what it did there.
    pub fn unclear(self, why: impl Into<String>) -> Failure {
        match self {
            Self::Read | Self::Edit => Failure::retry(why),
            Self::Write => Failure::unknown(why),
        }
    }
}

/// The part of every Web API answer that says whether it worked.
#[derive(Deserialize)]
struct Status {
    ok: bool,
    error: Option<String>,
    needed: Option<String>,
    response_metadata: Option<Remarks>,
}

#[derive(Deserialize)]
struct Remarks {
    messages: Option<Vec<String>>,
}

pub struct Answer(pub outbound::Answer);

impl Answer {
    /// Reads the answer of a Web API method.
    pub fn web_api<T: DeserializeOwned>(&self, method: &str, access: Access) -> Result<T, Failure> {
        self.transport(method, access)?;
        let Ok(status) = self.0.json::<Status>() else {
            return Err(self.unreadable(method, access));
        };
        if !status.ok {
            return Err(self.refused(method, &status, access));
        }
        // Slack says it worked, but not what came of it.
        self.0.json().map_err(|_| self.unreadable(method, access))
    }

    /// The code of a refusal; `None` if the call worked, or if the answer is not Slack's.
    pub fn refusal(&self) -> Option<String> {
        let status = self.0.json::<Status>().ok().filter(|status| !status.ok)?;
        status.error.as_deref().and_then(code).map(ToOwned::to_owned)
    }

    /// Reads the answer of an incoming webhook.
    pub fn webhook(&self) -> Result<(), Failure> {
        let name = "the incoming webhook";
        self.transport(name, Access::Write)?;
        if self.0.status == StatusCode::OK {
            return if self.0.body == b"ok" { Ok(()) } else { Err(self.unreadable(name, Access::Write)) };
        }
        let code = std::str::from_utf8(&self.0.body).ok().and_then(code).filter(|code| code.contains('_'));
        let Some(code) = code else {
            // A proxy, a captive portal or a redirect: the message did not get to Slack.
            return Err(Failure::retry(self.not_slacks(name)));
        };
        let why = format!("Slack: {name}: HTTP {} {code}", self.0.status.as_u16());
        Err(match code {
            "invalid_token" | "no_active_hooks" | "no_service" | "no_service_id" | "no_team"
            | "team_disabled" => {
                Failure::Pause { why: format!("{why}; create a new incoming webhook"), until: None }
            }
            _ => Failure::give_up(why),
        })
    }

    /// Statuses that mean the same for every call.
    fn transport(&self, method: &str, access: Access) -> Result<(), Failure> {
        let why = || format!("Slack: {method}: HTTP {}", self.0.status.as_u16());
        match self.0.status {
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::Retry { why: why(), after: self.0.retry_after() }),
            StatusCode::REQUEST_TIMEOUT => Err(access.unclear(why())),
            status if status.is_server_error() => Err(access.unclear(why())),
            _ => Ok(()),
        }
    }

    fn unreadable(&self, method: &str, access: Access) -> Failure {
        access.unclear(format!("{}; check slack.api_url", self.not_slacks(method)))
    }

    fn not_slacks(&self, method: &str) -> String {
        format!("Slack: {method}: HTTP {} with an answer that is not Slack's", self.0.status.as_u16())
    }

    fn refused(&self, method: &str, status: &Status, access: Access) -> Failure {
        let Some(code) = status.error.as_deref().and_then(code) else {
            return self.unreadable(method, access);
        };
        let why = format!("Slack: {method}: {code}");
        match code {
            "ratelimited" | "rate_limited" | "service_unavailable" | "team_added_to_org" => {
                Failure::Retry { why, after: self.0.retry_after() }
            }
            "internal_error" | "fatal_error" | "request_timeout" => access.unclear(why),
            "missing_scope" => {
                let why = format!("{why}; grant the app {}", scopes(status.needed.as_deref()));
                match access {
                    Access::Write | Access::Edit => Failure::Pause { why, until: None },
                    // Digests can still be posted.
                    Access::Read => Failure::give_up(why),
                }
            }
            "invalid_auth"
            | "not_authed"
            | "token_revoked"
            | "token_expired"
            | "account_inactive"
            | "not_allowed_token_type"
            | "no_permission"
            | "accesslimited"
            | "org_login_required"
            | "ekm_access_denied"
            | "team_access_not_granted" => {
                Failure::Pause { why: format!("{why}; check the bot token"), until: None }
            }
            "not_in_channel" | "channel_not_found" => Failure::give_up(format!(
                "{why}; invite the bot to the channel, and check its id in the mapping"
            )),
            "messages_tab_disabled" | "cannot_dm_bot" => Failure::give_up(format!("{why}; {}", remedy(code))),
            _ => {
                let remarks =
                    status.response_metadata.as_ref().and_then(|remarks| remarks.messages.as_deref());
                Failure::give_up(format!("{why}{}", pointers(remarks.unwrap_or_default())))
            }
        }
    }
}

/// A code as Slack writes them; anything else could be text that belongs into no log.
fn code(text: &str) -> Option<&str> {
    let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!text.is_empty() && text.len() <= 80 && text.chars().all(is_code)).then_some(text)
}

fn scopes(needed: Option<&str>) -> &str {
    let is_scope = |c: char| c.is_ascii_lowercase() || matches!(c, ':' | '.' | ',' | '_');
    needed
        .filter(|needed| !needed.is_empty() && needed.len() <= 200 && needed.chars().all(is_scope))
        .unwrap_or("the missing scope")
}

/// Where in the message Slack found fault. The remarks' own words may quote the message, so only the
/// pointers are kept: ` at /blocks/0/text/text`.
fn pointers(remarks: &[String]) -> String {
    let is_pointer = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_');
    let found: Vec<&str> = remarks
        .iter()
        .filter_map(|remark| remark.rsplit_once("[json-pointer:")?.1.split_once(']'))
        .map(|(pointer, _)| pointer)
        .filter(|pointer| pointer.len() <= 100 && pointer.chars().all(is_pointer))
        .take(5)
        .collect();
    if found.is_empty() { String::new() } else { format!(" at {}", found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
    use serde_json::{Value, json};

    use super::*;

    fn post(status: u16, body: &str) -> Result<Value, Failure> {
        answer(status, body).web_api("chat.postMessage", Access::Write)
    }

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if status == 429 {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("30"));
        }
        let status = StatusCode::from_u16(status).unwrap();
        Answer(outbound::Answer { status, headers, body: body.into() })
    }

    fn refusal(code: &str) -> Failure {
        post(200, &json!({"ok": false, "error": code}).to_string()).unwrap_err()
    }

    #[test]
    fn a_wish_to_slow_down_is_retried_after_the_wait_it_names() {
        let Err(Failure::Retry { after, .. }) = post(429, "") else { panic!("not a retry") };
        assert_eq!(after, Some(Duration::from_secs(30)));
        for code in ["ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"] {
            assert!(matches!(refusal(code), Failure::Retry { .. }), "{code}");
        }
    }

    #[test]
    fn after_an_ambiguous_answer_a_post_is_unknown_and_a_read_is_retried() {
        for (status, body) in [
            (500, ""),
            (503, r#"{"ok":false,"error":"service_unavailable"}"#),
            (408, ""),
            (200, "<html>welcome to the hotel</html>"),
            (200, r#"{"ok":false,"error":"internal_error"}"#),
            (200, r#"{"ok":false,"error":"fatal_error"}"#),
            (200, r#"{"ok":false,"error":"request_timeout"}"#),
        ] {
            assert!(matches!(post(status, body), Err(Failure::Unknown { .. })), "{status} {body}");
            let read = answer(status, body).web_api::<Value>("conversations.history", Access::Read);
            assert!(matches!(read, Err(Failure::Retry { .. })), "{status} {body}");
        }
    }

    #[test]
    fn what_slack_did_not_say_is_never_final() {
        for body in [
            "",
            "<html>Sign in to the guest network</html>",
            "{}",
            "[]",
            "null",
            r#"{"ok":false}"#,
            r#"{"error":"invalid_auth"}"#,
            r#"{"ok":false,"error":""}"#,
            r#"{"ok":false,"error":"Access Denied"}"#,
        ] {
            for status in [200, 301, 302, 307, 400, 401, 403, 404, 405, 451] {
                assert!(matches!(post(status, body), Err(Failure::Unknown { .. })), "{status} {body}");
                let read = answer(status, body).web_api::<Value>("conversations.history", Access::Read);
                assert!(matches!(read, Err(Failure::Retry { .. })), "{status} {body}");
                let webhook = answer(status, body).webhook();
                let unknown = matches!(webhook, Err(Failure::Unknown { .. }));
                assert!(
                    if status == 200 { unknown } else { matches!(webhook, Err(Failure::Retry { .. })) },
                    "{status} {body}"
                );
            }
        }
    }

    #[test]
    fn a_success_without_the_message_is_unknown() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only its presence matters")]
        struct Posted {
            ts: String,
        }
        let answer = answer(200, r#"{"ok":true}"#).web_api::<Posted>("chat.postMessage", Access::Write);
        assert!(matches!(answer, Err(Failure::Unknown { .. })));
    }

    #[test]
    fn trouble_with_the_token_pauses_everything() {
        for code in ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"] {
            assert!(matches!(refusal(code), Failure::Pause { until: None, .. }), "{code}");
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body = json!({"ok": false, "error": "missing_scope", "needed": "channels:history", "provided": "chat:write"});
        let read = answer(200, &body.to_string()).web_api::<Value>("conversations.history", Access::Read);
        let why = "Slack: conversations.history: missing_scope; grant the app channels:history";
        assert_eq!(read.unwrap_err(), Failure::give_up(why));
        assert!(matches!(post(200, &body.to_string()), Err(Failure::Pause { .. })));
    }

    #[test]
    fn trouble_with_the_channel_or_the_message_is_final() {
        for code in [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "invalid_blocks",
            "msg_too_long",
            "brand_new",
        ] {
            assert!(matches!(refusal(code), Failure::GiveUp { .. }), "{code}");
        }
    }

    #[test]
    fn of_slacks_remarks_only_the_place_is_kept() {
        let body = json!({"ok": false, "error": "invalid_blocks", "response_metadata": {"messages": [
            "[ERROR] \"Sarah's secret\" must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            "[ERROR] [json-pointer:/blocks/Sarah Lind]",
        ]}});
        let why = post(200, &body.to_string()).unwrap_err().to_string();
        assert_eq!(why, "Slack: chat.postMessage: invalid_blocks at /blocks/0/text/text");
    }

    #[test]
    fn an_error_that_is_no_code_is_not_repeated() {
        let why = refusal("token xoxb-1 is bad").to_string();
        assert!(!why.contains("xoxb"), "{why}");
    }

    #[test]
    fn a_webhook_succeeds_only_with_exactly_ok() {
        assert_eq!(answer(200, "ok").webhook(), Ok(()));
        for body in ["OK", "ok\n", "", r#"{"ok":true}"#] {
            assert!(matches!(answer(200, body).webhook(), Err(Failure::Unknown { .. })), "{body:?}");
        }
    }

    #[test]
    fn webhook_codes_are_told_apart() {
        assert!(matches!(answer(404, "no_service").webhook(), Err(Failure::Pause { .. })));
        assert!(matches!(answer(403, "invalid_token").webhook(), Err(Failure::Pause { .. })));
        assert!(matches!(answer(410, "channel_is_archived").webhook(), Err(Failure::GiveUp { .. })));
        assert!(matches!(answer(400, "invalid_blocks").webhook(), Err(Failure::GiveUp { .. })));
        assert!(matches!(answer(429, "").webhook(), Err(Failure::Retry { .. })));
        assert!(matches!(answer(500, "").webhook(), Err(Failure::Unknown { .. })));
    }
}
