//! Who signed a JSON webhook: Standard Webhooks headers, or an HMAC over the body alone.
//!
//! Salesforce itself signs nothing. The first form comes from Apex code, the second from the header formula
//! of an external credential, which sees the body but no clock: freshness then comes from `sentAt` inside.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//! <https://developer.salesforce.com/docs/platform/named-credentials/references/named-credentials-reference/nc-formula-functions.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use crate::crm::webhook::{hmac_sha256, is_hmac_sha256, require_fresh};
use crate::crm::{Candidates, RawWebhook, Refusal, Verification, VerifiedWebhook};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURES: &str = "webhook-signature";
const BODY_SIGNATURE: &str = "x-handoff-signature";

/// Proves who sent a JSON webhook. With a `webhook-signature` header only Standard Webhooks decides;
/// without one the body signature `x-handoff-signature` does. The matching secret's index is its place in
/// the configuration.
pub fn verify_json<'a>(
    raw: RawWebhook,
    webhook_secrets: impl Into<Candidates<'a>>,
    body_secrets: impl Into<Candidates<'a>>,
    now: Timestamp,
) -> Result<VerifiedWebhook, Refusal> {
    if let Some(signatures) = raw.only_header(SIGNATURES)? {
        let key = standard_webhooks(&raw, signatures, &webhook_secrets.into(), now)?;
        let id = raw.only_header(ID)?.map(ToOwned::to_owned);
        return Ok(raw.verified_message(Verification::Signed { scheme: "standard-webhooks", key }, id));
    }
    if let Some(signature) = raw.only_header(BODY_SIGNATURE)? {
        let key = body_hmac(&raw, signature, &body_secrets.into(), now)?;
        return Ok(raw.verified(Verification::Signed { scheme: "body-hmac", key }));
    }
    Err(Refusal::new("missing", format!("neither {SIGNATURES} nor {BODY_SIGNATURE} is there")))
}

/// Fewer bytes make no key, as the specification has it.
const SHORTEST_KEY: usize = 24;

/// The HMAC key of a `whsec_…` secret; the prefix may be missing. `None` if the rest is not padded base64 of
/// at least [`SHORTEST_KEY`] bytes, which makes the secret useless: `check` reports it.
pub fn webhook_key(secret: &SecretString) -> Option<Vec<u8>> {
    let text = secret.expose_secret();
    let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
    (key.len() >= SHORTEST_KEY).then_some(key)
}

fn standard_webhooks(
    raw: &RawWebhook,
    signatures: &str,
    secrets: &Candidates<'_>,
    now: Timestamp,
) -> Result<usize, Refusal> {
    let present = |name: &str| {
        raw.only_header(name)?
            .ok_or_else(|| Refusal::new("missing", format!("{SIGNATURES} arrived without {name}")))
    };
    let (id, sent) = (present(ID)?, present(TIMESTAMP)?);
    if id.is_empty() || id.contains('.') {
        // Id and time are joined by a dot under the signature: a dot inside would make two readings of one text.
        return Err(Refusal::new("malformed", format!("{ID} is empty or holds a dot")));
    }
    let seconds = Some(sent)
        .filter(|sent| !sent.is_empty() && sent.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|sent| Timestamp::from_second(sent.parse().ok()?).ok())
        .ok_or_else(|| Refusal::new("malformed", format!("{TIMESTAMP} is not whole seconds")))?;
    require_fresh(seconds, now, TIMESTAMP)?;

    let mut known_version = false;
    let signatures: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .inspect(|_| known_version = true)
        .filter_map(|signature| STANDARD.decode(signature).ok())
        .collect();
    if !known_version {
        return Err(Refusal::new("malformed", format!("{SIGNATURES} holds no v1 signature")));
    }
    let parts = [id.as_bytes(), b".", sent.as_bytes(), b".", &raw.body];
    let matches = |secret: &SecretString| {
        // Once for each secret: a header has room for thousands of signatures, a body for a megabyte.
        let mac = webhook_key(secret).map(|key| hmac_sha256(&key, &parts));
        mac.is_some_and(|mac| signatures.iter().any(|signature| bool::from(mac.ct_eq(signature))))
    };
    secrets.iter().find(|(_, secret)| matches(secret)).map(|(key, _)| key).ok_or_else(|| {
        let signatures = signatures.len();
        Refusal::new("mismatch", format!("none of {signatures} v1 signatures is by one of {secrets}"))
    })
}

/// What the credential formula's body must say beside its content.
#[derive(Deserialize)]
struct Stamped {
    #[serde(rename = "sentAt")]
    sent_at: SentAt,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SentAt {
    Millis(i64),
    Text(String),
}

fn body_hmac(
    raw: &RawWebhook,
    signature: &str,
    secrets: &Candidates<'_>,
    now: Timestamp,
) -> Result<usize, Refusal> {
    let key = body_signed_by(raw, signature, secrets)?;
    // The body is read only after its signature holds.
    let stamped: Stamped = serde_json::from_slice(&raw.body)
        .map_err(|_| Refusal::new("malformed", "the signature is right, but the body has no sentAt"))?;
    let sent = match stamped.sent_at {
        SentAt::Millis(millis) => Timestamp::from_millisecond(millis).ok(),
        SentAt::Text(text) => text.parse().ok(),
    };
    let sent = sent.ok_or_else(|| {
        Refusal::new("malformed", "sentAt is neither an ISO instant nor milliseconds since 1970")
    })?;
    require_fresh(sent, now, "sentAt")?;
    Ok(key)
}

fn body_signed_by(raw: &RawWebhook, signature: &str, secrets: &Candidates<'_>) -> Result<usize, Refusal> {
    let mut expected = [0; 32];
    hex::decode_to_slice(signature, &mut expected)
        .map_err(|_| Refusal::new("malformed", format!("{BODY_SIGNATURE} is not the hex of 32 bytes")))?;
    let matches =
        |secret: &SecretString| is_hmac_sha256(&expected, secret.expose_secret().as_bytes(), &[&raw.body]);
    secrets
        .iter()
        .find(|(_, secret)| matches(secret))
        .map(|(key, _)| key)
        .ok_or_else(|| Refusal::new("mismatch", format!("the signature is by none of {secrets}")))
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::super::tests::sample::webhook;
    use super::*;

    const FIRST: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SECOND: &str = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
    const B1: &str = r#"{"type":"opportunity.closed_won","timestamp":"2026-11-20T15:04:05.000Z","data":{"orgId":"00DHn0000012AbCMAU","id":"006Hn00001QwErTIAV","stageName":"Closed Won"}}"#;
    const B2: &str = r#"{"type":"opportunity.closed_won","timestamp":"2026-11-20T15:04:06.000Z","data":{"id":"006Hn00001QwErUIAV","name":"Zürich Bäckerei – 日本 ✅"}}"#;
    const S1: &str = "v1,ruO3cBDaFD2ilcmuqbMhG6/bDXYFQlQhFzRNIBPNo8g=";
    const S2: &str = "v1,EPKBaBIftYexwWdbRmVnrDNr7gUhGJg6wad9l9dmjME=";
    const S3: &str = "v1,QV63cqMSqyfYNMUBcxx+PrvBKE34jQCYRv6mT71e3/8=";
    /// Message 3 by the first secret.
    const S3_BY_FIRST: &str = "v1,eDmSmSzHMKWeSQ/RSr+YLfDwRXwGOcgw97kYm3Rjxpk=";
    const BODY_SECRET: &str = "the bridge-demo-secret";
    /// Keys, and what they make of `B1` by the `hmac` module of Python.
    const BODY_MACS_OF_B1: [(&str, &str); 2] = [
        (BODY_SECRET, "ae72f170765ad83fef7a9b92d71b3b43f16bb95eeb1694ce69711070257c2124"),
        ("baton-demo-secret", "4a499a8c07cb93a61581944705a52e6c3dbb8a250d08f969207082b6b837ca3b"),
    ];

    fn message(id: &str, seconds: &str, signatures: &str, body: &str) -> RawWebhook {
        let headers = [(ID, id), (TIMESTAMP, seconds), (SIGNATURES, signatures)];
        webhook(&headers, body.as_bytes())
    }

    fn secrets(texts: &[&str]) -> Vec<SecretString> {
        texts.iter().map(|text| SecretString::from(*text)).collect()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn verdict(raw: RawWebhook, webhook_secrets: &[&str], seconds: i64) -> Result<String, &'static str> {
        verify_json(raw, &secrets(webhook_secrets), &secrets(&[BODY_SECRET]), at(seconds))
            .map(|verified| verified.verification().to_string())
            .map_err(|refusal| refusal.kind)
    }

    fn mac(body: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(BODY_SECRET.as_bytes()).unwrap();
        hex::encode(mac.chain_update(body).finalize().into_bytes())
    }

    #[test]
    fn the_three_vectors_hold() {
        assert_eq!((B1.len(), B2.len()), (161, 149));
        let signed = Ok("signed(standard-webhooks, key 1)".to_owned());
        assert_eq!(verdict(message("evt_0001", "1795187045", S1, B1), &[FIRST], 1_795_187_045), signed);
        assert_eq!(verdict(message("evt_0002", "1795187046", S2, B2), &[FIRST], 1_795_187_045), signed);
        assert_eq!(verdict(message("evt_0003", "1795187047", S3, "{}"), &[SECOND], 1_795_187_045), signed);
    }

    #[test]
    fn the_message_id_comes_out_with_the_body() {
        let raw = message("evt_0001", "1795187045", S1, B1);
        let verified = verify_json(raw, &secrets(&[FIRST]), &[], at(1_795_187_045)).unwrap();
        assert_eq!(verified.message_id(), Some("evt_0001"));
        assert_eq!(verified.body(), B1.as_bytes());
    }

    #[test]
    fn during_a_rotation_either_secret_passes_and_is_named() {
        let both = format!("{S3_BY_FIRST} {S3}");
        let at = 1_795_187_047;
        let raw = || message("evt_0003", "1795187047", &both, "{}");
        assert_eq!(verdict(raw(), &[FIRST], at).unwrap(), "signed(standard-webhooks, key 1)");
        assert_eq!(verdict(raw(), &[SECOND], at).unwrap(), "signed(standard-webhooks, key 1)");
        let old_only = message("evt_0003", "1795187047", S3, "{}");
        assert_eq!(verdict(old_only, &[FIRST, SECOND], at).unwrap(), "signed(standard-webhooks, key 2)");
    }

    #[test]
    fn a_secret_may_stand_without_its_prefix() {
        let bare = FIRST.strip_prefix("whsec_").unwrap();
        assert!(verdict(message("evt_0001", "1795187045", S1, B1), &[bare], 1_795_187_045).is_ok());
    }

    #[test]
    fn five_minutes_either_way_are_fresh_and_a_second_more_is_stale() {
        for (seconds, fresh) in [(-301, false), (-300, true), (300, true), (301, false)] {
            let raw = message("evt_0001", "1795187045", S1, B1);
            let expected = if fresh { Ok(()) } else { Err("stale") };
            assert_eq!(verdict(raw, &[FIRST], 1_795_187_045 + seconds).map(|_| ()), expected, "{seconds}");
        }
    }

    #[test]
    fn everything_that_is_not_this_message_by_this_secret_is_refused() {
        let reserialised = r#"{"data":{"id":"006Hn00001QwErTIAV","orgId":"00DHn0000012AbCMAU","stageName":"Closed Won"},"timestamp":"2026-11-20T15:04:05.000Z","type":"opportunity.closed_won"}"#;
        let changed = B1.replace("Closed Won", "Closed won");
        let v1a = S1.replace("v1,", "v1a,");
        let v1_equals = S1.replace("v1,", "v1=");
        for (raw, kind) in [
            (message("evt_0001", "1795187045", &v1a, B1), "malformed"),
            (message("evt_0001", "1795187045", &v1_equals, B1), "malformed"),
            (message("evt_0001", "1795187045", "", B1), "malformed"),
            (message("evt_0001", "1795187045", S1, &changed), "mismatch"),
            (message("evt_0001", "1795187045", S1, reserialised), "mismatch"),
            (message("evt_0001", "1795187045", S1, &format!("{B1}\n")), "mismatch"),
            (message("evt_0002", "1795187045", S1, B1), "mismatch"),
            (message("evt_0001", "1795187046", S1, B1), "mismatch"),
            (
                message("evt_0001", "1795187045", "v1,ruO3cBDaFD2ilcmuqbMhG6/bDXYFQlQhFzRNIBPNow==", B1),
                "mismatch",
            ),
            (message("evt_0001", "1795187045", S1.trim_end_matches('='), B1), "mismatch"),
            (message("evt.0001", "1795187045", S1, B1), "malformed"),
            (message("", "1795187045", S1, B1), "malformed"),
            (message("evt_0001", "1795187045.0", S1, B1), "malformed"),
            (message("evt_0001", "+1795187045", S1, B1), "malformed"),
            (message("evt_0001", "99999999999999999999", S1, B1), "malformed"),
            (webhook(&[(ID, "evt_0001"), (TIMESTAMP, "1795187045")], B1.as_bytes()), "missing"),
            (webhook(&[(ID, "evt_0001"), (SIGNATURES, S1)], B1.as_bytes()), "missing"),
            (webhook(&[(TIMESTAMP, "1795187045"), (SIGNATURES, S1)], B1.as_bytes()), "missing"),
            (webhook(&[(SIGNATURES, S1), (SIGNATURES, S1)], B1.as_bytes()), "malformed"),
        ] {
            let headers = format!("{:?}", raw.headers);
            assert_eq!(verdict(raw, &[FIRST], 1_795_187_045), Err(kind), "{headers}");
        }
    }

    #[test]
    fn an_empty_or_unreadable_secret_signs_nothing() {
        for secret in ["", "whsec_", "whsec_not base64"] {
            let raw = message("evt_0001", "1795187045", S1, B1);
            assert_eq!(verdict(raw, &[secret], 1_795_187_045), Err("mismatch"));
        }
        let mac_by_nothing =
            hex::encode(Hmac::<Sha256>::new_from_slice(b"").unwrap().finalize().into_bytes());
        let raw = webhook(&[(BODY_SIGNATURE, &mac_by_nothing)], b"");
        assert_eq!(verify_json(raw, &[], &secrets(&[""]), at(0)).err().unwrap().kind, "mismatch");
    }

    #[test]
    fn a_wrong_standard_signature_is_not_saved_by_a_right_body_signature() {
        let body = r#"{"sentAt":1795187045000}"#;
        let right = mac(body);
        let headers = [(ID, "e"), (TIMESTAMP, "1795187045"), (SIGNATURES, S1), (BODY_SIGNATURE, &right)];
        assert_eq!(verdict(webhook(&headers, body.as_bytes()), &[FIRST], 1_795_187_045), Err("mismatch"));
    }

    #[test]
    fn the_formula_vectors_are_signed_right_but_say_no_time() {
        for (key, mac) in BODY_MACS_OF_B1 {
            let raw = webhook(&[(BODY_SIGNATURE, mac)], B1.as_bytes());
            assert_eq!(body_signed_by(&raw, mac, &Candidates::from(&secrets(&["other", key]))), Ok(1));
            let refusal = verify_json(raw, &[], &secrets(&[key]), at(1_795_187_045)).err().unwrap();
            assert_eq!(refusal.kind, "malformed");
            assert_eq!(refusal.detail, "the signature is right, but the body has no sentAt");
        }
    }

    #[test]
    fn a_signed_body_says_its_time_as_an_instant_or_in_milliseconds() {
        for body in [r#"{"sentAt":"2026-11-20T15:04:05.000Z"}"#, r#"{"sentAt":1795187045000}"#] {
            let raw = || webhook(&[(BODY_SIGNATURE, &mac(body))], body.as_bytes());
            assert_eq!(verdict(raw(), &[], 1_795_187_345).unwrap(), "signed(body-hmac, key 1)");
            assert_eq!(verdict(raw(), &[], 1_795_187_346), Err("stale"));
            assert_eq!(verdict(raw(), &[], 1_795_186_744), Err("stale"));
        }
    }

    #[test]
    fn a_body_signature_that_does_not_hold_is_refused() {
        let body = r#"{"sentAt":1795187045000}"#;
        let right = mac(body);
        for (signature, body, kind) in [
            (right.as_str(), r#"{"sentAt":1795187045001}"#, "mismatch"),
            (&right[..62], body, "malformed"),
            ("", body, "malformed"),
            (&format!("sha256={right}"), body, "malformed"),
            (&mac("not JSON"), "not JSON", "malformed"),
            (&mac(r#"{"sentAt":"soon"}"#), r#"{"sentAt":"soon"}"#, "malformed"),
        ] {
            let raw = webhook(&[(BODY_SIGNATURE, signature)], body.as_bytes());
            assert_eq!(verdict(raw, &[], 1_795_187_045), Err(kind), "{body}");
        }
    }

    #[test]
    fn a_request_without_any_signature_is_refused() {
        assert_eq!(verdict(webhook(&[], B1.as_bytes()), &[FIRST], 1_795_187_045), Err("missing"));
    }

    proptest! {
        #[test]
        fn no_headers_or_bytes_make_it_panic_or_pass(
            id in "[ -~]{0,20}", time in "[ -~]{0,20}", signatures in "[ -~]{0,80}",
            body in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let raw = webhook(&[(ID, &id), (TIMESTAMP, &time), (SIGNATURES, &signatures)], &body);
            prop_assert!(verdict(raw, &[FIRST], 1_795_187_045).is_err());
            let raw = webhook(&[(BODY_SIGNATURE, &signatures)], &body);
            prop_assert!(verdict(raw, &[FIRST], 1_795_187_045).is_err());
        }
    }

    #[test]
    fn many_signatures_cost_one_hash() {
        let wrong = format!("v1,{}", STANDARD.encode([7; 32]));
        let signatures = vec![wrong; 650].join(" ");
        let body = "x".repeat(1 << 20);
        let watch = crate::clock::Clock::stopwatch();
        let raw = message("evt_0001", "1795187045", &signatures, &body);
        assert_eq!(verdict(raw, &[FIRST], 1_795_187_045), Err("mismatch"));
        assert!(watch.elapsed() < std::time::Duration::from_secs(10), "{:?}", watch.elapsed());
    }
}
