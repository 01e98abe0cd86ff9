//! What a floor reads of a webhook, and how it knows the sender.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handoff_bridge::clock::Clock;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::deals::CLIENT_SECRET;
use ring::hmac;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Older requests may be somebody else's, sent again.
const FIVE_MINUTES: u64 = 5 * 60 * 1000;

/// The fields that tell an event apart and say what it is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "HubSpot's names")]
pub struct Event<'a> {
    event_id: u64,
    subscription_id: u64,
    portal_id: u64,
    subscription_type: &'a str,
    object_id: u64,
    occurred_at: u64,
}

/// An event to be stored.
pub struct Row {
    pub key: String,
    pub json: String,
}

impl Event<'_> {
    fn key(&self) -> String {
        let Self { event_id, subscription_id, portal_id, subscription_type, object_id, occurred_at } = self;
        format!(
            "hubspot:{portal_id}:{subscription_id}:{subscription_type}:{event_id}:{object_id}:{occurred_at}"
        )
    }
}

/// Reads the events; says how many.
pub fn parse(body: &[u8]) -> Result<usize, StatusCode> {
    let events: Vec<Event<'_>> = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(events.len())
}

/// Every event with its key.
pub fn rows(body: &[u8]) -> Result<Vec<Row>, StatusCode> {
    let events: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let row = |raw: &RawValue| {
        let event: Event<'_> = serde_json::from_str(raw.get()).map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(Row { key: event.key(), json: raw.get().to_owned() })
    };
    events.into_iter().map(row).collect()
}

/// Knows HubSpot by its version 3 signature.
#[derive(Clone)]
pub struct Verifier {
    key: hmac::Key,
    signed: String,
    clock: Clock,
}

impl Verifier {
    pub fn new() -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes()),
            signed: format!("POST{PUBLIC_URL}/webhooks/hubspot"),
            clock: Clock::machine(),
        }
    }

    /// Refuses what HubSpot did not sign just now.
    pub fn verify(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), StatusCode> {
        self.is_signed(headers, body).filter(|signed| *signed).map(drop).ok_or(StatusCode::UNAUTHORIZED)
    }

    fn is_signed(&self, headers: &HeaderMap, body: &Bytes) -> Option<bool> {
        let timestamp = headers.get("x-hubspot-request-timestamp")?.to_str().ok()?;
        let sent: i64 = timestamp.parse().ok()?;
        if self.clock.now_millis().abs_diff(sent) > FIVE_MINUTES {
            return None;
        }
        let signature = STANDARD.decode(headers.get("x-hubspot-signature-v3")?).ok()?;
        let message = [self.signed.as_bytes(), body, timestamp.as_bytes()].concat();
        Some(hmac::verify(&self.key, &message, &signature).is_ok())
    }
}
