//! An Outbound Message that is accepted speaks for our organisation, has at most 100 notifications, and
//! announces valid ids only; with another secret in the path it is never accepted.
#![no_main]

use std::sync::LazyLock;

use handoff_bridge::crm::{EventKind, RawWebhook};
use handoff_bridge::crm::salesforce::{Auth, Settings};
use handoff_bridge::crm::salesforce::{parse_outbound, verify_outbound};
use handoff_bridge_fuzz::proof::sha256_hex;
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;

const ORG: &str = "00DHn0000012AbCMAU";
const SECRET: &str = "0f5a4c1e9b7d4f3a8c6e2b1d0a9f8e7c";

static ORGS: LazyLock<[Settings; 1]> = LazyLock::new(|| [settings()]);

fuzz_target!(|data: &[u8]| {
    let raw = || RawWebhook::new("POST", "/webhooks/salesforce/outbound", HeaderMap::new(), data.to_vec());
    assert!(verify_outbound(raw(), "another secret", &*ORGS).is_err());
    let verified = match verify_outbound(raw(), SECRET, &*ORGS) {
        Ok(verified) => verified,
        Err(refusal) => {
            assert!(["mismatch", "malformed"].contains(&refusal.kind), "{refusal:?}");
            assert!(!refusal.detail.contains(SECRET) && !refusal.detail.contains(['\n', '\r', '\u{1b}']));
            return;
        }
    };
    assert_eq!(verified.webhook.body(), data);
    assert_eq!(verified.webhook.verification().to_string(), "authenticated(url-secret+org, key 1)");
    assert_eq!(verified.organization.as_str(), ORG);
    assert!(verified.message.notifications.len() <= 100);

    let batch = parse_outbound(&verified, EventKind::Requested);
    let dropped: usize = batch.dropped.values().sum();
    assert_eq!(batch.events.len() + dropped, verified.message.notifications.len());
    for event in batch.events {
        assert!(is_id(&event.provider_id), "{event:?}");
        assert!(is_id(&event.deal.deal) && event.deal.deal.starts_with("006"), "{event:?}");
        assert_eq!(event.deal.account.to_string(), format!("salesforce:{ORG}"));
        assert_eq!(event.dedupe_key, format!("salesforce:{ORG}:om:{}", event.provider_id));
    }
});

/// Whether this is an 18-character id whose last three characters agree with the case of the others.
fn is_id(text: &str) -> bool {
    let upper = |place: usize| text.as_bytes().get(place).is_some_and(u8::is_ascii_uppercase);
    let checksum = |chunk: usize| {
        let place: usize = (0..5).filter(|bit| upper(chunk * 5 + bit)).map(|bit| 1 << bit).sum();
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[place])
    };
    let expected: String = (0..3).map(checksum).collect();
    text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.ends_with(&expected)
}

fn settings() -> Settings {
    let base = "https://acme.my.salesforce.com".to_owned();
    Settings {
        org: ORG.to_owned(),
        login_url: base.clone(),
        instance_url: base.clone(),
        app_url: base,
        api_version: "v66.0".to_owned(),
        audience: "https://login.salesforce.com".to_owned(),
        auth: Auth::ClientCredentials { client_id: String::new(), client_secret: "unused".into() },
        webhook_secrets: Vec::new(),
        body_secrets: Vec::new(),
        outbound_secrets_sha256: vec![sha256_hex(&[SECRET.as_bytes()])],
        client_certs_sha256: Vec::new(),
        client_cert_header: None,
        task_status: None,
        task_key_field: None,
    }
}
