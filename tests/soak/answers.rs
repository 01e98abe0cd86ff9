//! Sellers answer in Slack, each question once, and what they say has to get into the CRM.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::clock::Clock;
use handoff_sandbox::deals::{PORTAL, SIGNING_SECRET};
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::opportunities::ORG;
use handoff_sandbox::salesforce::{Object, full_id};
use handoff_sandbox::slack::{Ack, Transport};
use serde_json::json;

use crate::environment::Environment;
use crate::expected_state::{Answer, Crm};
use crate::load::Load;
use crate::rest::rest_millis;

/// Slack takes about one message a second for each of them.
pub const SELLERS: u64 = 20;

/// The question that is answered, and where the answer goes in each CRM.
const ASKED: &str = "gap.buying_reason";
const ASK: &str = "    ask: \"Why did they choose us now, and what forced the date?\"\n";
const HUBSPOT_TARGET: &str = "handoff_why_now";
const SALESFORCE_TARGET: &str = "Handoff_Why_Now__c";

/// So long a person waits for a modal, and looks for it every so many milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: u64 = 20;

impl Environment {
    /// From now on sellers are asked in direct messages too, may answer, and answers are written to the CRM.
    pub fn takes_answers(&self) {
        self.installation.takes_clicks("http").unwrap();
        self.installation.asks_in_direct_messages().unwrap();
        for (mapping, target) in [
            (&self.installation.mapping, HUBSPOT_TARGET),
            (&self.installation.salesforce_mapping, SALESFORCE_TARGET),
        ] {
            let text = std::fs::read_to_string(mapping).unwrap();
            assert!(text.contains(ASK));
            let with = format!("{ASK}    write: deal.{target}\n");
            std::fs::write(mapping, text.replacen(ASK, &with, 1)).unwrap();
        }
        self.sandbox.hubspot.change(|hubspot| {
            hubspot.portal_mut(PORTAL).unwrap().grant_scope("crm.objects.deals.write");
        });
        self.sandbox.salesforce.change(|salesforce| {
            salesforce.org_mut(ORG).unwrap().grant_edit(&[SALESFORCE_TARGET]);
        });
    }

    /// The sellers are in both CRMs and in Slack.
    pub fn employs_sellers(&self) {
        for number in 0..SELLERS {
            let (name, address) = (format!("Seller{number}"), format!("seller{number}@seller.example"));
            self.sandbox.hubspot.change(|hubspot| {
                let portal = hubspot.portal_mut(PORTAL).unwrap();
                portal.add_owner(&seller(Crm::Hubspot, number), &name, "Okafor", &address, false);
            });
            self.sandbox.salesforce.change(|salesforce| {
                let org = salesforce.org_mut(ORG).unwrap();
                org.add_user(&seller(Crm::Salesforce, number), (&name, "Solberg"), &address, true);
            });
            self.sandbox.slack.change(|slack| slack.add_user(&person(number), &address));
        }
    }

    /// Slack posts what people do to this process.
    pub fn clicks_go_to(&self, address: &str) {
        let request_url = format!("http://{address}/webhooks/slack");
        let signing_secret = SIGNING_SECRET.to_owned();
        self.sandbox
            .slack
            .change(|slack| slack.set_transport(Transport::Http { request_url, signing_secret }));
    }

    fn seller_of(&self, crm: Crm, deal: &str) -> String {
        let seller = match crm {
            Crm::Hubspot => self.sandbox.hubspot.change(|hubspot| {
                let deal = hubspot.portal_mut(PORTAL).unwrap().record(Kind::Deal, deal);
                deal.and_then(|deal| deal.get("hubspot_owner_id")).map(ToOwned::to_owned)
            }),
            Crm::Salesforce => self.sandbox.salesforce.see(|salesforce| {
                let deal = salesforce.org(ORG).unwrap().record(Object::Opportunity, deal);
                deal.and_then(|deal| deal.get("OwnerId")).map(ToOwned::to_owned)
            }),
        };
        seller.unwrap_or_default()
    }

    /// What the field of an answer holds, and how often it was written through the API.
    pub fn written(&self, answer: &Answer) -> (String, usize) {
        let Answer { crm, deal, text, .. } = answer;
        match crm {
            Crm::Hubspot => self.sandbox.hubspot.change(|hubspot| {
                let portal = hubspot.portal_mut(PORTAL).unwrap();
                let held = portal.record(Kind::Deal, deal).and_then(|deal| deal.get(HUBSPOT_TARGET));
                let writes = portal.writes.iter().filter(|(name, to)| name == HUBSPOT_TARGET && to == text);
                (held.unwrap_or_default().to_owned(), writes.count())
            }),
            Crm::Salesforce => self.sandbox.salesforce.see(|salesforce| {
                let org = salesforce.org(ORG).unwrap();
                let held = org.record(Object::Opportunity, deal).and_then(|deal| deal.get(SALESFORCE_TARGET));
                let is_ours = |fields: &[String]| fields.iter().any(|field| field == SALESFORCE_TARGET);
                let events = org.change_events().iter();
                let writes = events.filter(|event| event.record == *deal && is_ours(&event.fields));
                (held.unwrap_or_default().to_owned(), writes.count())
            }),
        }
    }
}

/// The id in a CRM of the seller of the `number`th deal.
pub fn seller(crm: Crm, number: u64) -> String {
    let number = number % SELLERS;
    match crm {
        Crm::Hubspot => (70_000_100 + number).to_string(),
        Crm::Salesforce => full_id(&format!("0055e00000S{number:04}")).unwrap(),
    }
}

fn person(number: u64) -> String {
    format!("U0SELLER{number:02}")
}

/// One of [`SELLERS`] answers about deals that they won, until this is aborted.
pub async fn answer(load: Arc<Load>, environment: Arc<Environment>, number: u64, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut tried = BTreeSet::new();
    loop {
        rest_millis(rng.u64(100..1_000)).await;
        let is_mine = |(crm, deal): &&(Crm, String)| {
            environment.seller_of(*crm, deal) == seller(*crm, number) && !tried.contains(deal)
        };
        let mine: Vec<(Crm, String)> = load.expected().wins.keys().filter(is_mine).cloned().collect();
        if mine.is_empty() {
            continue;
        }
        let (crm, deal) = mine[rng.usize(..mine.len())].clone();
        let text = format!(
            "Their spreadsheet lost the tours of {deal} in March, and the board wants it gone by July."
        );
        if let Some(acknowledged) = answers(&environment, crm, &deal, &person(number), &text).await {
            tried.insert(deal.clone());
            load.expected().answers.push(Answer { crm, deal, text, acknowledged });
        }
    }
}

/// A person answers on the digest of a deal's newest packet. Returns whether Slack got its acknowledgement; nothing if
/// no answer was sent.
async fn answers(environment: &Environment, crm: Crm, deal: &str, person: &str, text: &str) -> Option<bool> {
    let slack = &environment.sandbox.slack;
    let packet = environment.tasks_of(crm, deal).pop()?;
    let digest = environment.digest_of(&packet)?;
    while slack.change(|slack| slack.closes_view(person)).is_ok() {}
    // A press on a process that is gone, and a digest without the button, are a person's bad luck.
    if slack.presses(person, &digest.channel, &digest.ts, "answer").await != Ok(Ack::Taken) {
        return None;
    }
    let watch = Clock::stopwatch();
    while watch.elapsed() < PATIENCE {
        let asks = |view: &serde_json::Value| {
            view["private_metadata"].as_str().is_some_and(|of| of.starts_with(&packet))
                && view["blocks"].to_string().contains(&format!("\"{ASKED}\""))
        };
        if slack.see(|slack| slack.open_view(person).is_some_and(|view| asks(&view.view))) {
            let click = slack.submits(person, &[(ASKED, json!(text))]).await.ok()?;
            return Some(click == Ack::Taken);
        }
        rest_millis(LOOK).await;
    }
    None
}
