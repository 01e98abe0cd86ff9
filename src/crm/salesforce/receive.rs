//! Who may send us Salesforce webhooks, and about which orgs.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    ACK, ACK_CONTENT_TYPE, MAX_BODY_BYTES, Settings, parse_json, parse_outbound, signers, verify_json,
    verify_outbound,
};
use crate::crm::connector::accounts_of;
use crate::crm::webhook::MAX_JSON;
use crate::crm::{Connected, EventKind, OpenDeals, RawWebhook, Receive, Received, Rejected, WebhookRoute};

/// The routes of signed JSON and of SOAP Outbound Messages, of which only the exact Ack counts as received; it speaks for
/// all notifications of a message.
pub fn webhooks(_public_url: &str, accounts: &[Connected], open: &Arc<OpenDeals>) -> Vec<WebhookRoute> {
    let orgs = accounts_of::<Settings>(accounts).map(|(org, _)| org.clone());
    let receiver = Arc::new(Receiver::new(orgs.collect(), open));
    let json: Receive = {
        let receiver = Arc::clone(&receiver);
        Arc::new(move |raw, _: &str, now| receiver.json_webhook(raw, now))
    };
    vec![
        WebhookRoute {
            path: "/webhooks/salesforce",
            name: "salesforce",
            max_body: MAX_JSON,
            receive: json,
            answer: None,
        },
        WebhookRoute {
            path: "/webhooks/salesforce/outbound/{secret}",
            name: "salesforce_outbound",
            max_body: MAX_BODY_BYTES,
            receive: Arc::new(move |raw, secret: &str, _| receiver.outbound_message(raw, secret)),
            answer: Some((ACK_CONTENT_TYPE, ACK)),
        },
    ]
}

/// Every secret that may vouch for a webhook, with the org it may speak about.
struct Receiver {
    orgs: Vec<Settings>,
    /// Of all orgs, in their order.
    webhook_secrets: Vec<SecretString>,
    body_secrets: Vec<SecretString>,
    open: Arc<OpenDeals>,
}

/// The query of the address of an Outbound Message that is sent whenever a won opportunity changes: the message itself
/// cannot say why it was sent.
const ON_CHANGE: &str = "?on=change";

impl Receiver {
    /// A receiver for these orgs.
    fn new(orgs: Vec<Settings>, open: &Arc<OpenDeals>) -> Self {
        Self {
            webhook_secrets: orgs.iter().flat_map(|org| org.webhook_secrets.clone()).collect(),
            body_secrets: orgs.iter().flat_map(|org| org.body_secrets.clone()).collect(),
            orgs,
            open: Arc::clone(open),
        }
    }

    /// Signed JSON: Standard Webhooks headers, or an HMAC over the body.
    fn json_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let verified =
            verify_json(raw, &self.webhook_secrets, &self.body_secrets, now).map_err(Rejected::Unverified)?;
        let signers = signers(&self.orgs, verified.verification());
        let mut batch = parse_json(&verified, &signers).map_err(|_| Rejected::Unreadable)?;
        batch.keep_open(&self.open);
        Ok(batch.received(verified.verification().clone()))
    }

    /// An Outbound Message that was posted to a path ending in `secret`.
    fn outbound_message(&self, raw: RawWebhook, secret: &str) -> Result<Received, Rejected> {
        let changed = raw.path_and_query.ends_with(ON_CHANGE);
        let kind = if changed { EventKind::Changed } else { EventKind::Requested };
        let verified = verify_outbound(raw, secret, &self.orgs).map_err(Rejected::Unverified)?;
        let mut batch = parse_outbound(&verified, kind);
        batch.keep_open(&self.open);
        Ok(batch.received(verified.webhook.verification().clone()))
    }
}
