//! Who may send us HubSpot webhooks, and about which portals.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::workflow_event::UselessWorkflowEvent;
use super::{
    CORRELATION_HEADER, Interest, Settings, parse_batch, parse_workflow_event, verify_app, verify_workflow,
};
use crate::crm::connector::accounts_of;
use crate::crm::webhook::MAX_JSON;
use crate::crm::{
    Batch, Connected, Crm, Event, OpenDeals, RawWebhook, Receive, Received, Rejected, Verification,
    WebhookRoute,
};

/// The routes of an app's subscriptions (v3 signature) and of workflows (v2 signature or header secret).
pub fn webhooks(public_url: &str, accounts: &[Connected], open: &Arc<OpenDeals>) -> Vec<WebhookRoute> {
    let receiver = Arc::new(Receiver::new(public_url, accounts, open));
    let route = |path, name, receive| WebhookRoute { path, name, max_body: MAX_JSON, receive, answer: None };
    let app: Receive = {
        let receiver = Arc::clone(&receiver);
        Arc::new(move |raw, _: &str, now| receiver.app_webhook(raw, now))
    };
    let workflow: Receive = Arc::new(move |raw, _: &str, now| receiver.workflow_webhook(raw, now));
    vec![
        route("/webhooks/hubspot", "hubspot", app),
        route("/webhooks/hubspot/workflow", "hubspot_workflow", workflow),
    ]
}

/// Every secret that may vouch for a webhook, with the portals it may speak about. One app has one secret
/// for all its portals; two apps must not speak for each other's.
struct Receiver {
    public_url: String,
    client: Keys,
    workflow: Keys,
    portals: BTreeMap<String, Arc<dyn Crm>>,
    open: Arc<OpenDeals>,
}

#[derive(Default)]
struct Keys {
    secrets: Vec<SecretString>,
    /// For each secret, the portals whose configuration lists it.
    portals: Vec<Vec<String>>,
}

impl Keys {
    fn add(&mut self, secrets: &[SecretString], portal: &str) {
        for secret in secrets {
            let known = self.secrets.iter().position(|known| known.expose_secret() == secret.expose_secret());
            if let Some(portals) = known.and_then(|at| self.portals.get_mut(at)) {
                portals.push(portal.to_owned());
            } else {
                self.secrets.push(secret.clone());
                self.portals.push(vec![portal.to_owned()]);
            }
        }
    }

    fn vouches_for(&self, key: usize, portal: &str) -> bool {
        self.portals.get(key).is_some_and(|portals| portals.iter().any(|known| known == portal))
    }
}

impl Receiver {
    /// A receiver for the portals among these accounts; `public_url` is what HubSpot calls, without a trailing slash.
    fn new(public_url: &str, accounts: &[Connected], open: &Arc<OpenDeals>) -> Self {
        let mut receiver = Self {
            public_url: public_url.to_owned(),
            client: Keys::default(),
            workflow: Keys::default(),
            portals: BTreeMap::new(),
            open: Arc::clone(open),
        };
        for (settings, hubspot) in accounts_of::<Settings>(accounts) {
            receiver.client.add(&settings.client_secrets, &settings.portal);
            receiver.workflow.add(&settings.workflow_secrets, &settings.portal);
            receiver.portals.insert(settings.portal.clone(), hubspot.clone());
        }
        receiver
    }

    /// A batch of events from an app's subscriptions.
    fn app_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let verified =
            verify_app(raw, &self.public_url, &self.client.secrets, now).map_err(Rejected::Unverified)?;
        let known_stage = |portal: &str, stage: &str| self.portals.get(portal)?.known_stage(stage);
        let interest = Interest { known_stage: &known_stage, open: &self.open };
        let batch = parse_batch(verified.body(), verified.verification(), &interest)
            .map_err(|_| Rejected::Unreadable)?;
        let mut received = batch.received(verified.verification().clone());
        self.keep_own(&mut received);
        Ok(received)
    }

    /// The webhook of a workflow. A body that names no deal is a mistake of the workflow's author: it is
    /// counted, and the answer is still 200 so that HubSpot does not repeat it for three days.
    fn workflow_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let correlation = raw.single_header(CORRELATION_HEADER).map(ToOwned::to_owned);
        let (client, workflow) = (&self.client.secrets, &self.workflow.secrets);
        let verified =
            verify_workflow(raw, &self.public_url, client, workflow, now).map_err(Rejected::Unverified)?;
        let mut portals = self.portals.keys();
        let only_portal = portals.next().filter(|_| self.portals.len() == 1).map(String::as_str);
        let verification = verified.verification().clone();
        let mut received = Batch::default().received(verification);
        match parse_workflow_event(
            verified.body(),
            correlation.as_deref(),
            only_portal,
            &received.verification,
            now,
        ) {
            Ok(event) => received.events.push(event),
            Err(UselessWorkflowEvent::NotJson) => return Err(Rejected::Unreadable),
            Err(useless) => {
                received.useless = Some(useless.to_string());
                received.dropped.insert("useless_poke", 1);
            }
        }
        self.keep_own(&mut received);
        Ok(received)
    }

    /// Drops events about portals that are not configured, or that the secret may not speak about.
    fn keep_own(&self, received: &mut Received) {
        let keys = match received.verification {
            Verification::Signed { .. } => &self.client,
            Verification::Authenticated { .. } => &self.workflow,
        };
        let key = received.verification.key();
        let own = |event: &Event| keys.vouches_for(key, &event.deal.account.account);
        let before = received.events.len();
        received.events.retain(own);
        let foreign = before - received.events.len();
        if foreign > 0 {
            received.dropped.insert("unknown_portal", foreign as u64);
        }
    }
}
