//! Whether Slack sent a click: signature v0 over the raw form body.
//!
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use jiff::Timestamp;
use secrecy::SecretString;

use crate::crm::{RawWebhook, Refusal, VerifiedWebhook};

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";

/// Proves that a request comes from Slack: the hex HMAC-SHA256 of `v0:`, its time, `:` and its body, by one of the
/// signing secrets, at most five minutes old.
pub fn verify(raw: RawWebhook, secrets: &[SecretString], now: Timestamp) -> Result<VerifiedWebhook, Refusal> {
    let missing = |name| Refusal::new("missing", format!("{name} is not there; Slack always sends it"));
    let signature = raw.only_header(SIGNATURE)?.ok_or_else(|| missing(SIGNATURE))?;
    let timestamp = raw.only_header(TIMESTAMP)?.ok_or_else(|| missing(TIMESTAMP))?;
    let sent = seconds(timestamp)
        .ok_or_else(|| Refusal::new("malformed", format!("{TIMESTAMP} is not a number of seconds")))?;
    crate::crm::require_fresh(sent, now, TIMESTAMP)?;
    let mut mac = [0; 32];
    signature.strip_prefix("v0=").and_then(|digits| hex::decode_to_slice(digits, &mut mac).ok()).ok_or_else(
        || Refusal::new("malformed", format!("{SIGNATURE} is not v0= and the hex of 32 bytes")),
    )?;
    let before = format!("v0:{timestamp}:");
    raw.verify_body("slack-v0", SIGNATURE, &mac, before.as_bytes(), secrets)
}

/// Plain digits only: what is signed is this very text.
fn seconds(text: &str) -> Option<Timestamp> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    Timestamp::from_second(text.parse().ok().filter(|_| plain)?).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::crm::Verification;

    /// Accepted by `SignatureVerifier` of Slack's Python SDK 3.47.0: secret, timestamp, body, signature.
    const VECTORS: [[&str; 4]; 3] = [
        [
            "handoff-test-signing-secret-0001",
            "1795334400",
            "payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22handoff_mark_reviewed%22%2C%22value%22%3A%22pkt_01%22%7D%5D%7D",
            "v0=8bec54766d6174c5af485a07cc1ce4982299becf1492f7e0dc03a9c1f5d8d8f2",
        ],
        [
            "0123456789abcdef0123456789abcdef",
            "1795334400",
            "{\"type\":\"url_verification\",\"token\":\"x\",\"challenge\":\"Zürich→東京🚀\"}",
            "v0=3861281485c2760038d62f64fe01d224b093f44371602281058257d6f80681f1",
        ],
        [
            "0123456789abcdef0123456789abcdef",
            "1795334401",
            "",
            "v0=d832057f7be988fd23571bac0a150a763934dad7837fa508d0039fa75aa82904",
        ],
    ];

    fn post(headers: &[(&str, &str)], body: &str) -> RawWebhook {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        RawWebhook::new("POST", "/webhooks/slack", map, body.as_bytes().to_vec())
    }

    fn check(
        secrets: &[&str],
        headers: &[(&str, &str)],
        body: &str,
        now: i64,
    ) -> Result<VerifiedWebhook, Refusal> {
        let secrets: Vec<SecretString> = secrets.iter().map(|&secret| secret.into()).collect();
        verify(post(headers, body), &secrets, Timestamp::from_second(now).unwrap())
    }

    fn kind(result: Result<VerifiedWebhook, Refusal>) -> Option<&'static str> {
        result.err().map(|refusal| refusal.kind)
    }

    /// Vector A, some of it changed.
    fn changed(signature: &str, timestamp: &str, body: &str) -> Option<&'static str> {
        kind(check(&[VECTORS[0][0]], &[(SIGNATURE, signature), (TIMESTAMP, timestamp)], body, 1_795_334_400))
    }

    #[test]
    fn the_published_vectors_are_accepted_and_the_body_is_what_was_signed() {
        for [secret, timestamp, body, signature] in VECTORS {
            let headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp)];
            let verified = check(&["another secret", secret], &headers, body, 1_795_334_400).unwrap();
            assert_eq!(verified.body(), body.as_bytes());
            assert_eq!(verified.verification(), &Verification::Signed { scheme: "slack-v0", key: 1 });
        }
    }

    #[test]
    fn any_change_of_what_was_signed_is_refused() {
        let [_, timestamp, body, signature] = VECTORS[0];
        assert_eq!(changed(signature, timestamp, body), None);
        assert_eq!(changed(signature, timestamp, &body.replace("pkt_01", "pkt_02")), Some("mismatch"));
        assert_eq!(changed(signature, timestamp, &body.replace("%5D%7D", "%5d%7d")), Some("mismatch"));
        assert_eq!(changed(signature, "1795334401", body), Some("mismatch"));
        assert_eq!(changed(&signature.replace("8bec", "8bed"), timestamp, body), Some("mismatch"));
    }

    #[test]
    fn no_secret_and_an_empty_one_vouch_for_nothing() {
        let [_, timestamp, body, _] = VECTORS[2];
        let by_nobody = crate::crm::hmac_sha256(b"", &[b"v0:1795334401:"]);
        let signature = format!("v0={}", hex::encode(by_nobody));
        let headers = [(SIGNATURE, signature.as_str()), (TIMESTAMP, timestamp)];
        for secrets in [&[][..], &[""]] {
            assert_eq!(kind(check(secrets, &headers, body, 1_795_334_401)), Some("mismatch"));
        }
    }

    #[test]
    fn five_minutes_either_way_are_allowed_and_a_second_more_is_stale() {
        let [secret, timestamp, body, signature] = VECTORS[0];
        for (now, wanted) in [(-301, Some("stale")), (-300, None), (300, None), (301, Some("stale"))] {
            let headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp)];
            assert_eq!(kind(check(&[secret], &headers, body, 1_795_334_400 + now)), wanted, "{now}");
        }
    }

    #[test]
    fn what_is_missing_repeated_or_no_signature_is_refused() {
        let [secret, timestamp, body, signature] = VECTORS[0];
        let refused = |headers: &[(&str, &str)]| kind(check(&[secret], headers, body, 1_795_334_400));
        assert_eq!(refused(&[(TIMESTAMP, timestamp)]), Some("missing"));
        assert_eq!(refused(&[(SIGNATURE, signature)]), Some("missing"));
        for repeated in [(SIGNATURE, signature), (TIMESTAMP, timestamp)] {
            let headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp), repeated];
            assert_eq!(refused(&headers), Some("malformed"));
        }
        for odd in ["", "v0=", &signature[3..], &signature.replace("v0=", "v1="), &signature[..60]] {
            assert_eq!(changed(odd, timestamp, body), Some("malformed"), "{odd:?}");
        }
        for odd in ["", "+1795334400", "1795334400.0", "1795334400 ", "17953344001795334400", "now"] {
            assert_eq!(changed(signature, odd, body), Some("malformed"), "{odd:?}");
        }
    }

    #[test]
    fn a_refusal_repeats_neither_secret_nor_signature_nor_body() {
        let [secret, timestamp, body, signature] = VECTORS[0];
        let headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp)];
        let refusal = check(&["another secret"], &headers, body, 1_795_334_400).err().unwrap();
        insta::assert_snapshot!(refusal.detail, @"x-slack-signature matches none of 1 secrets: wrong secret, or the body was changed");
        assert!(!refusal.detail.contains(secret));
    }
}
