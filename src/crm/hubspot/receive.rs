//! Who may send us HubSpot webhooks, and about which portals.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::workflow_event::UselessWorkflowEvent;
use super::{
    CORRELATION_HEADER, Interest, Settings, parse_batch, parse_workflow_event, verify_app, verify_workflow,
};
use crate::crm::connector::accounts_of;
use crate::crm::keys::Keys;
use crate::crm::webhook::MAX_JSON;
use crate::crm::{
    Batch, Candidates, Connected, Crm, Event, OpenDeals, RawWebhook, Receive, Received, Rejected,
    Verification, WebhookRoute,
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

/// Where a body names its portals; a workflow's may spell it the second way.
const PORTAL: [&str; 2] = ["portalId", "portal_id"];

/// The secrets to try, by the portals that the body names.
fn candidates<'a>(keys: &'a Keys, raw: &RawWebhook) -> Candidates<'a> {
    keys.candidates(&raw.body, &PORTAL, |portal| Some(portal.to_owned()))
}

impl Receiver {
    /// A receiver for the portals among these accounts; `public_url` is what HubSpot calls, without a trailing slash.
    fn new(public_url: &str, accounts: &[Connected], open: &Arc<OpenDeals>) -> Self {
        let portals: Vec<_> = accounts_of::<Settings>(accounts).collect();
        let keys = |secrets: fn(&Settings) -> &[SecretString]| {
            Keys::new(portals.iter().map(|(settings, _)| (settings.portal.clone(), secrets(settings))))
        };
        Self {
            public_url: public_url.to_owned(),
            client: keys(|settings| &settings.client_secrets),
            workflow: keys(|settings| &settings.workflow_secrets),
            portals: portals
                .iter()
                .map(|(settings, crm)| (settings.portal.clone(), Arc::clone(crm)))
                .collect(),
            open: Arc::clone(open),
        }
    }

    /// A batch of events from an app's subscriptions.
    fn app_webhook(&self, raw: RawWebhook, now: Timestamp) -> Result<Received, Rejected> {
        let client = candidates(&self.client, &raw);
        let verified = verify_app(raw, &self.public_url, client, now).map_err(Rejected::Unverified)?;
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
        let (client, workflow) = (candidates(&self.client, &raw), candidates(&self.workflow, &raw));
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
