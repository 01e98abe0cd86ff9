//! People win deals, and the CRMs tell of it until they get their 2xx.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::deals::{CLIENT_SECRET, PORTAL};
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::opportunities::{ORG, OUTBOUND_SECRET, WEBHOOK_SECRET};
use handoff_sandbox::salesforce::{Envelope, full_id};
use handoff_sandbox::{Delivery, deals};
use serde_json::{Value, json};

use crate::answers;
use crate::environment::Environment;
use crate::expected_state::{Crm, ExpectedState, Wire};
use crate::rest::rest_millis;

/// A deal that was won is left alone for so many milliseconds before it may be reopened: Salesforce dates wins to
/// the second.
const SETTLED_MILLIS: i64 = 2_500;

/// Everybody who tells, and where.
pub struct Load {
    pub expected: Mutex<ExpectedState>,
    /// Addresses of the processes that take webhooks.
    pub targets: Mutex<Vec<String>>,
    /// One in so many failed notices is never sent again; 0 for none.
    gives_up: u32,
    http: reqwest::Client,
}

impl Load {
    pub fn new(gives_up: u32) -> Arc<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(12)).build().unwrap();
        Arc::new(Self { expected: Mutex::default(), targets: Mutex::default(), gives_up, http })
    }

    pub fn expected(&self) -> std::sync::MutexGuard<'_, ExpectedState> {
        self.expected.lock().unwrap()
    }

    /// From now on webhooks go to one of these.
    pub fn goes_to(&self, addresses: &[&str]) {
        *self.targets.lock().unwrap() = addresses.iter().map(|&address| address.to_owned()).collect();
    }

    /// A new deal is created and won.
    pub fn wins_new(&self, environment: &Environment, crm: Crm) {
        let number = self.expected().wins.len() as u64;
        let (now, amount) = (environment.clock.now(), Environment::amount(number));
        let begun = now.checked_sub(Duration::from_hours(240)).unwrap();
        let (name, seller) = (format!("Deal {number}"), answers::seller(crm, number));
        let deal = match crm {
            Crm::Hubspot => {
                let deal = (400_000_000_000 + number).to_string();
                let values = [
                    ("dealname", name.as_str()),
                    ("amount", &amount),
                    ("deal_currency_code", "EUR"),
                    ("pipeline", "default"),
                    ("dealstage", "contractsent"),
                    ("hubspot_owner_id", &seller),
                    ("handoff_promises", "Import of 14 months of history before go-live"),
                ];
                environment.sandbox.hubspot.change(|hubspot| {
                    hubspot.portal_mut(PORTAL).unwrap().add(Kind::Deal, &deal, begun, &values);
                });
                deal
            }
            Crm::Salesforce => {
                let deal = full_id(&format!("006Ee{number:010}")).unwrap();
                let day = now.strftime("%Y-%m-%d").to_string();
                let values = [
                    ("Name", name.as_str()),
                    ("AccountId", "0015e0000FjelLvAQI"),
                    ("Amount", &amount),
                    ("CurrencyIsoCode", "EUR"),
                    ("OwnerId", &seller),
                    ("CloseDate", &day),
                    ("RecordTypeId", "0125e000000NewBAAS"),
                    ("StageName", "Contract out"),
                    ("Handoff_Promises__c", "Sensors for all 5 plants by 15 December"),
                ];
                environment.sandbox.salesforce.change(|salesforce| {
                    salesforce.org_mut(ORG).unwrap().add_opportunity(&deal, begun, &values);
                });
                deal
            }
        };
        self.closes(environment, crm, &deal);
    }

    /// A deal that has its task is reopened and won again; false if there is none.
    pub fn wins_again(&self, environment: &Environment, rng: &mut Rng) -> bool {
        let before = environment.clock.now_millis() - SETTLED_MILLIS;
        let settled: Vec<(Crm, String, usize)> = {
            let expected = self.expected();
            let old = expected.wins.iter().filter(|(_, (_, at))| *at < before);
            old.map(|((crm, deal), (wins, _))| (*crm, deal.clone(), *wins)).collect()
        };
        for _ in 0..settled.len().min(8) {
            let (crm, deal, wins) = settled[rng.usize(..settled.len())].clone();
            if environment.tasks_of(crm, &deal).len() != wins {
                continue;
            }
            match crm {
                Crm::Hubspot => {
                    let events = environment.sandbox.hubspot.move_to_stage(&deal, "contractsent").unwrap();
                    self.hubspot_says(&deal, events, None);
                }
                Crm::Salesforce => {
                    environment.sandbox.salesforce.change(|salesforce| salesforce.reopens(&deal)).unwrap();
                }
            }
            self.closes(environment, crm, &deal);
            return true;
        }
        false
    }

    /// Somebody fills in the outcome of a deal that was won, again and again another one; no webhook tells of it.
    pub fn fills(&self, environment: &Environment, rng: &mut Rng) {
        let mut expected = self.expected();
        let won: Vec<(Crm, String)> = expected.wins.keys().cloned().collect();
        if won.is_empty() {
            return;
        }
        let (crm, deal) = won[rng.usize(..won.len())].clone();
        let text = format!(
            "{} tours planned by the end of March without the spreadsheet.",
            1_000 + rng.u32(..9_000)
        );
        let now = environment.clock.now();
        match crm {
            Crm::Hubspot => environment.sandbox.hubspot.change(|hubspot| {
                hubspot.portal_mut(PORTAL).unwrap().set(
                    Kind::Deal,
                    &deal,
                    "handoff_success_outcome",
                    &text,
                    now,
                );
            }),
            Crm::Salesforce => environment.sandbox.salesforce.change(|salesforce| {
                salesforce.changes(&deal, &[("Handoff_Success_Outcome__c", &text)]).unwrap();
            }),
        }
        expected.filled.insert((crm, deal), text);
    }

    /// Something changes that is no win, and HubSpot tells of it.
    pub fn changes_something(&self, environment: &Environment) {
        let open = deals::STORY[1].id;
        let stage = ["contractsent", "presentationscheduled"];
        let events =
            stage.map(|stage| environment.sandbox.hubspot.move_to_stage(open, stage).unwrap_or_default());
        self.hubspot_says(open, events.concat(), None);
    }

    fn closes(&self, environment: &Environment, crm: Crm, deal: &str) {
        let win = self.expected().won(crm, deal, environment.clock.now_millis());
        match crm {
            Crm::Hubspot => {
                let events = environment.sandbox.hubspot.closes_deal(deal).unwrap();
                self.hubspot_says(deal, events, Some(win));
            }
            Crm::Salesforce => {
                for notification in environment.sandbox.salesforce.closes(deal).unwrap() {
                    let id = notification.id.clone();
                    let json = id.as_bytes().iter().map(|byte| u32::from(*byte)).sum::<u32>() % 2 == 0;
                    let wire = if json { Wire::Json(notification) } else { Wire::Outbound(notification) };
                    self.expected().expects(crm, deal, id, wire, Some(win));
                }
            }
        }
    }

    fn hubspot_says(&self, deal: &str, events: Vec<Value>, win: Option<usize>) {
        for event in events {
            let id = event["eventId"].to_string();
            self.expected().expects(Crm::Hubspot, deal, id, Wire::Event(event), win);
        }
    }

    /// Tells, again and again, until nobody needs it any more.
    pub async fn tells(self: Arc<Self>, environment: Arc<Environment>, seed: u64) {
        let mut rng = Rng::with_seed(seed);
        loop {
            let crm = if rng.bool() { Crm::Hubspot } else { Crm::Salesforce };
            let targets = self.targets.lock().unwrap().clone();
            let batch = self.batch(crm, &mut rng);
            if targets.is_empty() || batch.is_empty() {
                self.put_back(&batch);
                rest_millis(10).await;
                continue;
            }
            let delivery = self.delivery(&environment, &batch);
            let address = &targets[rng.usize(..targets.len())];
            let status = self.sends(address, &delivery).await;
            self.notes(&batch, status, &mut rng);
            if status != Some(200) {
                rest_millis(rng.u64(5..60)).await;
            }
        }
    }

    /// Numbers of notices for one request: some that wait, some that were acknowledged already.
    fn batch(&self, crm: Crm, rng: &mut Rng) -> Vec<usize> {
        let mut expected = self.expected();
        let most = if rng.bool() { 3 } else { 30 };
        let waiting = expected.waiting.entry(crm).or_default();
        let mut batch: Vec<usize> = Vec::new();
        while batch.len() < most
            && let Some(next) = waiting.pop_front()
        {
            batch.push(next);
        }
        // A redelivery of what the CRM thinks was lost, or a second subscription's retry.
        let told = expected.notices.len();
        if told > 0 && rng.u32(..10) == 0 {
            let again = rng.usize(told.saturating_sub(400)..told);
            if expected.notices[again].crm == crm
                && expected.notices[again].acknowledged
                && !batch.contains(&again)
            {
                batch.push(again);
            }
        }
        // One kind of request for each kind of wire.
        if let Some(first) = batch.first().copied() {
            let kind = |number: usize| std::mem::discriminant(&expected.notices[number].wire);
            let single = matches!(expected.notices[first].wire, Wire::Json(_));
            let fits = |number: &usize| *number == first || (!single && kind(*number) == kind(first));
            let (kept, others): (Vec<usize>, Vec<usize>) = batch.into_iter().partition(fits);
            for other in others.into_iter().rev() {
                if !expected.notices[other].acknowledged {
                    expected.waiting.entry(crm).or_default().push_front(other);
                }
            }
            batch = kept;
        }
        batch
    }

    fn put_back(&self, batch: &[usize]) {
        let mut expected = self.expected();
        for number in batch.iter().rev() {
            let notice = &expected.notices[*number];
            if !notice.acknowledged && !notice.given_up {
                let crm = notice.crm;
                expected.waiting.entry(crm).or_default().push_front(*number);
            }
        }
    }

    fn delivery(&self, environment: &Environment, batch: &[usize]) -> Delivery {
        let now = environment.clock.now();
        let notices: Vec<_> = {
            let expected = self.expected();
            batch.iter().map(|number| expected.notices[*number].clone()).collect()
        };
        let attempt = notices.iter().map(|notice| notice.sent).max().unwrap_or_default();
        let mut events = Vec::new();
        let mut outbound = Vec::new();
        for notice in notices {
            match notice.wire {
                Wire::Event(event) => events.push(event),
                Wire::Outbound(notification) => outbound.push(notification),
                Wire::Json(notification) => {
                    let url = format!("{PUBLIC_URL}/webhooks/salesforce");
                    return environment.sandbox.salesforce.see(|salesforce| {
                        let org = salesforce.org(ORG).unwrap();
                        org.signed_json(&url, &[WEBHOOK_SECRET], &notification, now)
                    });
                }
            }
        }
        if events.is_empty() {
            let url = format!("{PUBLIC_URL}/webhooks/salesforce/outbound/{OUTBOUND_SECRET}");
            let body = environment.sandbox.salesforce.see(|salesforce| {
                salesforce.org(ORG).unwrap().outbound_message(&outbound, &Envelope::default())
            });
            return Delivery::outbound_message(&url, body);
        }
        // A real batch holds things that nobody asked for as well.
        if events.len() > 5 {
            events.insert(2, json!({"portalId": 7, "subscriptionType": "contact.creation", "objectId": 1}));
        }
        let url = format!("{PUBLIC_URL}/webhooks/hubspot");
        Delivery::retry(&url, CLIENT_SECRET, &events, now, attempt)
    }

    async fn sends(&self, address: &str, delivery: &Delivery) -> Option<u16> {
        let path = delivery.url.strip_prefix(PUBLIC_URL)?;
        let mut request = self.http.post(format!("http://{address}{path}")).body(delivery.body.clone());
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    fn notes(&self, batch: &[usize], status: Option<u16>, rng: &mut Rng) {
        let mut expected = self.expected();
        expected.requests += 1;
        expected.failed += u64::from(status != Some(200));
        expected.refused += u64::from(status.is_some_and(|status| (400..500).contains(&status)));
        for number in batch {
            let notice = &mut expected.notices[*number];
            notice.sent += 1;
            if status == Some(200) {
                notice.acknowledged = true;
            } else if !notice.acknowledged {
                if self.gives_up > 0 && rng.u32(..self.gives_up) == 0 {
                    notice.given_up = true;
                } else {
                    let crm = notice.crm;
                    expected.waiting.entry(crm).or_default().push_back(*number);
                }
            }
        }
    }
}
