//! Clicks as Slack signs and posts them. Written apart from the product's verifier, on another implementation of the
//! hash: the two must agree.
//!
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use std::fmt::Write as _;

use jiff::Timestamp;
use ring::hmac;
use serde_json::Value;

use crate::Delivery;

/// Version 0: HMAC-SHA-256 over version, timestamp (seconds) and body, in hex.
pub fn sign_v0(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    context.update(format!("v0:{timestamp}:").as_bytes());
    context.update(body);
    format!("v0={}", hex::encode(context.sign()))
}

impl Delivery {
    /// A payload as the Request URL of an app gets it: a form with one field.
    pub fn interaction(url: &str, signing_secret: &str, payload: &Value, now: Timestamp) -> Self {
        let form =
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &ascii(payload)).finish();
        Self::signed_form(url, signing_secret, form.into_bytes(), now)
    }

    /// Any form, signed as Slack signs.
    pub fn signed_form(url: &str, signing_secret: &str, body: Vec<u8>, now: Timestamp) -> Self {
        let timestamp = now.as_second();
        let headers = [
            ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-slack-request-timestamp", &timestamp.to_string()),
            ("x-slack-signature", &sign_v0(signing_secret, timestamp, &body)),
        ];
        Self::new(url, &headers, body)
    }
}

/// JSON in which everything beyond ASCII is an escape, as Slack writes what was typed.
pub(super) fn ascii(payload: &Value) -> String {
    let mut written = String::new();
    for unit in payload.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => written.push(char::from(byte)),
            _ => {
                let _ = write!(written, "\\u{unit:04x}");
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_reproduced() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = sign_v0("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body.as_bytes());
        assert_eq!(signature, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
    }

    #[test]
    fn what_is_typed_arrives_in_escapes() {
        assert_eq!(ascii(&serde_json::json!("é🚀")), r#""\u00e9\ud83d\ude80""#);
    }
}
