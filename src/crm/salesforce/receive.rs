//! Who may send us Salesforce webhooks, and about which orgs.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Settings, parse_json, parse_outbound, signers, verify_json, verify_outbound};
use crate::crm::{RawWebhook, Received, Rejected};

/// Every secret that may vouch for a webhook, with the org it may speak about.
pub struct Receiver {
    orgs: Vec<Settings>,
    /// Of all orgs, in their order.
    webhook_secrets: Vec<SecretString>,
    body_secrets: Vec<SecretString>,
}

impl Receiver {
    /// A receiver for these orgs.
    pub fn new(orgs: Vec<Settings>) -> Self {
        Self {
            webhook_secrets: orgs.iter().flat_map(|org| org.webhook_secrets.clone()).collect(),
            body_secrets: orgs.iter().flat_map(|org| org.body_secrets.clone()).collect(),
            orgs,
        }
    }

    /// Signed JSON: Standard Webhooks headers, or an HMAC over the body.
    pub fn json_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let verified =
            verify_json(raw, &self.webhook_secrets, &self.body_secrets, now).map_err(Rejected::Unverified)?;
        let signers = signers(&self.orgs, verified.verification());
        let batch = parse_json(&verified, &signers).map_err(|_| Rejected::Unreadable)?;
        Ok(batch.received(verified.verification().clone()))
    }

    /// An Outbound Message that was posted to a path ending in `secret`.
    pub fn outbound_message(&self, raw: RawWebhook, secret: &str) -> Result<Received, Rejected> {
        let verified = verify_outbound(raw, secret, &self.orgs).map_err(Rejected::Unverified)?;
        let batch = parse_outbound(&verified);
        Ok(batch.received(verified.webhook.verification().clone()))
    }
}
