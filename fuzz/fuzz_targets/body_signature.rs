//! A JSON webhook with a signature over its body alone is accepted only if another implementation of the HMAC
//! agrees, and its `sentAt` is our time; and if both hold, it is not refused.
#![no_main]

use std::collections::BTreeMap;

use handoff_bridge::crm::Verification;
use handoff_bridge::crm::salesforce::verify_json;
use handoff_bridge_fuzz::hubspot::secrets;
use handoff_bridge_fuzz::proof::hmac_hex;
use handoff_bridge_fuzz::{Header, Request, is_safe_to_log};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;

/// The empty one is a mistake of the operator's and must never vouch for anything.
const SECRETS: [&str; 3] = ["the bridge-demo-secret", "", "the next secret"];

/// 2026-11-20T15:04:05Z, in seconds since 1970.
const NOW: i64 = 1_795_187_045;

fuzz_target!(|data: &[u8]| {
    let Some(mut request) = Request::read(data) else { return };
    for (placeholder, secret) in ["{first}", "{empty}", "{last}"].iter().zip(SECRETS) {
        request.sign(placeholder, |request| hmac_hex(secret.as_bytes(), &[&request.body]));
    }
    let signer = signer(&request);
    let fresh = sent_at(&request.body).map(is_fresh);

    let now = Timestamp::from_second(NOW).expect("in range");
    match verify_json(request.raw(), &[], &secrets(&SECRETS), now) {
        Ok(verified) => {
            let key = signer.expect("accepted only with a right signature");
            assert_eq!(verified.verification(), &Verification::Signed { scheme: "body-hmac", key });
            assert_eq!(verified.body(), request.body);
            assert_eq!(verified.message_id(), None);
            assert_ne!(fresh, Some(false), "accepted, but stale");
        }
        Err(refusal) => {
            is_safe_to_log(&refusal, &request);
            let right = signer.is_some() && fresh == Some(true) && says_it_once(&request.body);
            assert!(!right, "refused: {refusal:?}");
        }
    }
});

/// Whose signature it is. A Standard Webhooks header takes the decision away from this one.
fn signer(request: &Request) -> Option<usize> {
    if request.header("webhook-signature") != Header::Absent {
        return None;
    }
    let presented = request.header("x-handoff-signature").once()?.to_ascii_lowercase();
    let signs = |secret: &str| hmac_hex(secret.as_bytes(), &[&request.body]) == presented;
    SECRETS.iter().position(|secret| !secret.is_empty() && signs(secret))
}

/// `sentAt` in nanoseconds since 1970, if the body is an object that has one we can read.
fn sent_at(body: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(body).ok()?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    match serde_json::from_str(fields.get("sentAt")?.get()).ok()? {
        Value::Number(millis) => Some(i128::from(millis.as_i64()?) * 1_000_000),
        Value::String(text) => Some(text.parse::<Timestamp>().ok()?.as_nanosecond()),
        _ => None,
    }
}

fn is_fresh(sent: i128) -> bool {
    (sent - i128::from(NOW) * 1_000_000_000).abs() <= 300_000_000_000
}

/// A body that says it twice contradicts itself and may be refused.
fn says_it_once(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.matches("sentAt").count() == 1 && !text.contains('\\')
}
