//! Webhooks as HubSpot signs and sends them. Written apart from the product's verifier, on another
//! implementation of the hashes: the two must agree.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::{digest, hmac};
use serde_json::{Value, json};

use crate::Delivery;

/// The escapes that version 3 decodes in the address before hashing, and no others.
const DECODED: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

/// Version 1: SHA-256 over secret and body, in hex.
pub fn sign_v1(secret: &str, body: &[u8]) -> String {
    sha256(&[secret.as_bytes(), body])
}

/// Version 2: SHA-256 over secret, method, address and body, in hex.
pub fn sign_v2(method: &str, uri: &str, body: &[u8], secret: &str) -> String {
    sha256(&[secret.as_bytes(), method.as_bytes(), uri.as_bytes(), body])
}

/// Version 3: HMAC-SHA-256 over method, address, body and timestamp (milliseconds), in base64.
pub fn sign_v3(method: &str, uri: &str, body: &[u8], secret: &str, timestamp_ms: i64) -> String {
    let mut uri = uri.to_owned();
    for (escape, plain) in DECODED {
        uri = uri.replace(escape, plain).replace(&escape.to_lowercase(), plain);
    }
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    for part in [method.as_bytes(), uri.as_bytes(), body, timestamp_ms.to_string().as_bytes()] {
        context.update(part);
    }
    STANDARD.encode(context.sign())
}

fn sha256(parts: &[&[u8]]) -> String {
    hex::encode(digest::digest(&digest::SHA256, &parts.concat()))
}

impl Delivery {
    /// A batch of events for an app's target URL, with the version 3 signature that decides and the
    /// version 1 signature that comes along. `signed_url` is what HubSpot called, proxies aside.
    pub fn batch(signed_url: &str, secret: &str, events: &[Value], now: Timestamp) -> Self {
        Self::retry(signed_url, secret, events, now, 0)
    }

    /// The same batch another time: `attempt` starts at 0, the signature is as fresh as `now`.
    pub fn retry(signed_url: &str, secret: &str, events: &[Value], now: Timestamp, attempt: u32) -> Self {
        let mut events = events.to_vec();
        for event in events.iter_mut().filter_map(Value::as_object_mut) {
            event.insert("attemptNumber".to_owned(), json!(attempt));
        }
        let body = Value::Array(events).to_string().into_bytes();
        let timestamp = now.as_millisecond();
        let v3 = sign_v3("POST", signed_url, &body, secret, timestamp);
        let v1 = sign_v1(secret, &body);
        let headers = [
            ("user-agent", "HubSpot Connect 2.0 (sandbox)"),
            ("x-hubspot-signature", &v1),
            ("x-hubspot-signature-version", "v1"),
            ("x-hubspot-signature-v3", &v3),
            ("x-hubspot-request-timestamp", &timestamp.to_string()),
            ("x-hubspot-timeout-millis", "10000"),
        ];
        post(signed_url, &headers, body)
    }

    /// A workflow's "Send a webhook" with only the record's id in it, signed with version 2.
    pub fn workflow(signed_url: &str, secret: &str, deal: &str) -> Self {
        let body = workflow_body(deal);
        let v2 = sign_v2("POST", signed_url, &body, secret);
        post(signed_url, &[("x-hubspot-signature", &v2), ("x-hubspot-signature-version", "v2")], body)
    }

    /// The same with a shared secret in a header instead of a signature.
    pub fn workflow_with_header(url: &str, header: &str, secret: &str, deal: &str) -> Self {
        post(url, &[(header, secret)], workflow_body(deal))
    }
}

fn post(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Delivery {
    Delivery::new(url, &[&[("content-type", "application/json")], headers].concat(), body)
}

fn workflow_body(deal: &str) -> Vec<u8> {
    json!({"hs_object_id": deal}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "handoff-test-secret-0001";
    const URL: &str = "https://hooks.example.com/v1/hubspot";
    const B1: &[u8] = br#"[{"eventId":7100000001,"subscriptionId":410001,"portalId":48210077,"appId":9050011,"occurredAt":1764000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":301000000417,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM_UI","sourceId":"userId:70000001"}]"#;

    #[test]
    fn the_known_signatures_come_out() {
        assert_eq!(sign_v1(SECRET, B1), "4e399320d872b7518e0b8478671421114e7519f6a52f58439c883d6a24c6b2f0");
        assert_eq!(
            sign_v2("POST", URL, B1, SECRET),
            "cf006fe471bf34ef3745ef2ad2aad5ddb3b55eea2db3db7b7475d35e0300709e"
        );
        assert_eq!(
            sign_v3("POST", URL, B1, SECRET, 1_764_000_001_234),
            "sq7nk4/TGUt2zF2RGMyS3k+kVutkJv2g0A4TxEbMHg4="
        );
    }

    #[test]
    fn version_3_decodes_twelve_escapes_of_the_address() {
        let url = format!("{URL}?tenant=acme%2Feu&tag=a%3Ab%2Cc&note=x%20y");
        let expected = "w/YavhIgaDh/MrWKenr9Xb3bNi5nwEZRoj187QJDu5Y=";
        assert_eq!(sign_v3("POST", &url, b"[]", SECRET, 1_764_000_001_234), expected);
        assert_eq!(sign_v3("POST", &url.replace("%2F", "%2f"), b"[]", SECRET, 1_764_000_001_234), expected);
    }

    #[test]
    fn a_retry_carries_its_number_and_a_fresh_signature() {
        let events = [json!({"eventId": 1, "attemptNumber": 0})];
        let first = Delivery::batch(URL, SECRET, &events, Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_second(60).unwrap();
        let second = Delivery::retry(URL, SECRET, &events, later, 1);
        let name = |delivery: &Delivery, name: &str| {
            delivery.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        assert_eq!(String::from_utf8_lossy(&second.body), r#"[{"attemptNumber":1,"eventId":1}]"#);
        assert_eq!(name(&second, "x-hubspot-request-timestamp").as_deref(), Some("60000"));
        assert_ne!(name(&first, "x-hubspot-signature-v3"), name(&second, "x-hubspot-signature-v3"));
    }
}
