//! Raw requests against a sandbox, for the tests of its strictness.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::ManualClock;
use super::hubspot::{Kind, Portal};
use super::{Sandbox, deals};

pub(super) const PORTAL: &str = "48210077";
pub(super) const TOKEN: &str = "pat-eu1-sandbox";
pub(super) const BOT: &str = "xoxb-sandbox";
pub(super) const CHANNEL: &str = "C0123ABCD";

/// A sandbox with one small portal and one channel, and a client that says exactly what it is told to.
pub(super) struct Trial {
    pub(super) sandbox: Sandbox,
    pub(super) clock: ManualClock,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }
}

impl Trial {
    pub(super) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let start: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a timestamp");
        let clock = ManualClock::new(start);
        let now = clock.clone();
        let sandbox = Sandbox::start(move || now.now()).expect("loopback has a port");
        sandbox.hubspot.change(|hubspot| {
            let mut portal = Portal::new(PORTAL, TOKEN);
            deals::add_fields(&mut portal);
            portal.add_owner("70000002", "Iris", "Okafor", "iris@seller.example", false);
            portal.add_owner("70000009", "Nadia", "Reyes", "nadia@seller.example", true);
            portal.add(Kind::Company, "9001", start, &[("name", "Northlight Foods")]);
            portal.add(
                Kind::Contact,
                "501",
                start,
                &[("firstname", "Dana"), ("email", "dana@northlight.example")],
            );
            portal.add(Kind::Contact, "502", start, &[("firstname", "Iris")]);
            portal.add(
                Kind::Deal,
                "301000000417",
                start,
                &[("dealname", "Northlight rollout"), ("pipeline", "default"), ("dealstage", "contractsent")],
            );
            portal.label(37, "Decision maker");
            portal.link_contact("301000000417", "501", &["Decision maker"]);
            portal.link_contact("301000000417", "502", &[]);
            portal.link_company("301000000417", "9001", true);
            hubspot.add_portal(portal);
        });
        sandbox.slack.change(|slack| {
            slack.add_bot(BOT);
            slack.add_channel(CHANNEL, "handoffs");
            slack.add_user("U012AB3CD", "iris@seller.example");
        });
        Self { sandbox, clock, client: reqwest::Client::new() }
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn hubspot(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send(method, &format!("{}{path}", self.sandbox.hubspot.url()), Some(TOKEN), body)
            .await
            .expect("an answer")
    }

    pub(super) async fn slack(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send(method, &format!("{}{path}", self.sandbox.slack.url()), Some(BOT), body)
            .await
            .expect("an answer")
    }

    pub(super) async fn send(
        &self,
        method: &str,
        url: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.client.request(method.parse().expect("a method"), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::read(request).await
    }

    pub(super) async fn form(&self, url: &str, form: &[(&str, &str)]) -> Reply {
        Self::read(self.client.post(url).form(form)).await.expect("an answer")
    }

    async fn read(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, text: response.text().await? })
    }
}

/// A task that HubSpot takes.
pub(super) fn good_task() -> Value {
    json!({
        "properties": {
            "hs_timestamp": "2026-11-24T17:00:00Z", "hs_task_subject": "Handoff: fill 2 gaps",
            "hs_task_body": "<p>Missing: risks.</p>", "hs_task_status": "NOT_STARTED",
            "hs_task_priority": "HIGH", "hs_task_type": "TODO", "hubspot_owner_id": "70000002",
        },
        "associations": [
            {"to": {"id": "301000000417"},
             "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}]},
            {"to": {"id": "501"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]},
            {"to": {"id": "9001"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]},
        ],
    })
}
