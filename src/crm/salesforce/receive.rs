//! Who may send us Salesforce webhooks, and about which orgs.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::id::{Prefix, SalesforceId};
use super::outbound_message::fingerprint;
use super::{
    ACK, ACK_CONTENT_TYPE, MAX_BODY_BYTES, Settings, parse_json, parse_outbound, verify_json, verify_outbound,
};
use crate::crm::connector::accounts_of;
use crate::crm::keys::Keys;
use crate::crm::webhook::MAX_JSON;
use crate::crm::{
    Connected, EventKind, OpenDeals, RawWebhook, Receive, Received, Rejected, Verification, WebhookRoute,
};

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

/// Every secret that may vouch for a webhook, with the orgs it may speak about.
struct Receiver {
    orgs: Vec<Settings>,
    webhook_keys: Keys,
    body_keys: Keys,
    /// The places in `orgs` of those that know the secret of an Outbound Message's path, by its SHA-256.
    by_path_secret: HashMap<[u8; 32], Vec<usize>>,
    open: Arc<OpenDeals>,
}

/// The query of the address of an Outbound Message that is sent whenever a won opportunity changes: the message itself
/// cannot say why it was sent.
const ON_CHANGE: &str = "?on=change";

/// An org's id as Salesforce writes it, in 18 characters.
fn org_id(id: &str) -> Option<String> {
    SalesforceId::of(Prefix::Organization, id).map(|id| id.to_string())
}

impl Receiver {
    /// A receiver for these orgs.
    fn new(orgs: Vec<Settings>, open: &Arc<OpenDeals>) -> Self {
        let keys = |secrets: fn(&Settings) -> &[SecretString]| {
            Keys::new(orgs.iter().map(|org| (org_id(&org.org).unwrap_or_default(), secrets(org))))
        };
        let mut by_path_secret: HashMap<_, Vec<usize>> = HashMap::new();
        for (place, org) in orgs.iter().enumerate() {
            for hash in org.outbound_secrets_sha256.iter().filter_map(|hash| fingerprint(hash)) {
                by_path_secret.entry(hash).or_default().push(place);
            }
        }
        Self {
            webhook_keys: keys(|org| &org.webhook_secrets),
            body_keys: keys(|org| &org.body_secrets),
            by_path_secret,
            open: Arc::clone(open),
            orgs,
        }
    }

    /// Signed JSON: Standard Webhooks headers, or an HMAC over the body.
    fn json_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let webhook = self.webhook_keys.candidates(&raw.body, &["orgId"], org_id);
        let body = self.body_keys.candidates(&raw.body, &["orgId"], org_id);
        let verified = verify_json(raw, webhook, body, now).map_err(Rejected::Unverified)?;
        let keys = match verified.verification() {
            Verification::Signed { scheme: "standard-webhooks", .. } => &self.webhook_keys,
            _ => &self.body_keys,
        };
        let signers = keys.accounts_of(verified.verification().key()).iter();
        let signers: Vec<_> = signers.filter_map(|org| SalesforceId::parse(org)).collect();
        let mut batch = parse_json(&verified, &signers).map_err(|_| Rejected::Unreadable)?;
        batch.keep_open(&self.open);
        Ok(batch.received(verified.verification().clone()))
    }

    /// An Outbound Message that was posted to a path ending in `secret`.
    fn outbound_message(&self, raw: RawWebhook, secret: &str) -> Result<Received, Rejected> {
        let changed = raw.path_and_query.ends_with(ON_CHANGE);
        let kind = if changed { EventKind::Changed } else { EventKind::Requested };
        let digest: [u8; 32] = Sha256::digest(secret).into();
        let places = self.by_path_secret.get(&digest).into_iter().flatten();
        let orgs = places.filter_map(|place| self.orgs.get(*place));
        let verified = verify_outbound(raw, secret, orgs).map_err(Rejected::Unverified)?;
        let mut batch = parse_outbound(&verified, kind);
        batch.keep_open(&self.open);
        Ok(batch.received(verified.webhook.verification().clone()))
    }
}
