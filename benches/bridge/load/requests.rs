//! Webhooks as HubSpot sends them, ready for the wire.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handoff_bridge::clock::Clock;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::CLIENT_SECRET;
use ring::{digest, hmac};

use super::event::Batch;

/// Where HubSpot sends them.
pub const PATH: &str = "/webhooks/hubspot";

/// Requests one behind the other.
#[derive(Default)]
pub struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    /// So many different ones of a kind, signed now.
    pub fn render(number: usize, batch: Batch) -> Self {
        Self::signed(number, batch, CLIENT_SECRET)
    }

    /// The same by a stranger, who does not know the secret.
    pub fn forge(number: usize, batch: Batch) -> Self {
        Self::signed(number, batch, "a stranger's guess at the secret")
    }

    fn signed(number: usize, batch: Batch, secret: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = format!("POST{PUBLIC_URL}{PATH}");
        let mut requests = Self::default();
        let mut body = Vec::new();
        for _ in 0..number {
            let now = Clock::machine().now_millis();
            body.clear();
            batch.write(&mut body, now);
            let mut v3 = hmac::Context::with_key(&key);
            v3.update(signed.as_bytes());
            v3.update(&body);
            v3.update(now.to_string().as_bytes());
            let mut v1 = digest::Context::new(&digest::SHA256);
            v1.update(CLIENT_SECRET.as_bytes());
            v1.update(&body);
            let out = &mut requests.bytes;
            let _ = write!(
                out,
                "POST {PATH} HTTP/1.1\r\nhost: hooks.example.com\r\nuser-agent: HubSpot Connect 2.0\r\n\
                 accept: */*\r\ncontent-type: application/json\r\nx-hubspot-signature: {}\r\n\
                 x-hubspot-signature-version: v1\r\nx-hubspot-signature-v3: {}\r\n\
                 x-hubspot-request-timestamp: {now}\r\nx-hubspot-timeout-millis: 10000\r\n\
                 content-length: {}\r\n\r\n",
                hex::encode(v1.finish()),
                STANDARD.encode(v3.sign()),
                body.len()
            );
            out.extend_from_slice(&body);
            requests.ends.push(requests.bytes.len());
        }
        requests
    }

    /// One that the sandbox has signed.
    pub fn of(delivery: &Delivery) -> Self {
        let path = delivery.url.strip_prefix(PUBLIC_URL).unwrap();
        let mut bytes = format!("POST {path} HTTP/1.1\r\nhost: hooks.example.com\r\n").into_bytes();
        for (name, value) in &delivery.headers {
            let _ = write!(bytes, "{name}: {value}\r\n");
        }
        let _ = write!(bytes, "content-length: {}\r\n\r\n", delivery.body.len());
        bytes.extend_from_slice(&delivery.body);
        Self { ends: vec![bytes.len()], bytes }
    }

    pub fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }

    /// Bytes of one request, head and body.
    pub fn size(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }
}
