//! Many deals that can be won one after the other or at once, without waiting for anybody's rate limit.
//!
//! HubSpot allows an account so many calls in ten seconds, and the configuration allows no more; so the deals are
//! spread over several accounts. Slack takes one message a second in a channel; so every deal has a channel, by its
//! amount.

use std::fmt::Write as _;
use std::time::Duration;

use handoff_sandbox::deals::{self, PORTAL};
use handoff_sandbox::hubspot::{Kind, Portal};
use handoff_sandbox::{LoggedCall, Platform as _, Sandbox};
use jiff::Timestamp;

use crate::ground::Ground;
use crate::load::Wire;
use crate::options::Options;
use crate::service::Service;

/// The most that the configuration allows.
const MOST_CALLS_PER_10S: u32 = 250;

/// People on a deal, by label.
const PEOPLE: [(&str, &str, &str, &str, &str); 5] = [
    ("501", "Mara", "Ekström", "Head of Logistics", "Sponsor"),
    ("502", "Jonas", "Petrov", "Dispatch lead", "Day-to-day user"),
    ("503", "Aiko", "Brandt", "Systems architect", "Technical evaluator"),
    ("504", "Ruben", "Falk", "Head of IT security", "Blocker"),
    ("505", "Helena", "Voss", "COO", "Executive sponsor"),
];

/// A ground with many accounts, and many deals that are not won yet.
pub struct Busy {
    pub ground: Ground,
    /// One deal of each account, for a start.
    first: Vec<String>,
    /// The others.
    pub deals: Vec<String>,
}

impl Busy {
    /// `work` goes into the section `[work]`.
    pub fn prepare(
        options: &Options,
        portals: usize,
        wins: usize,
        work: &str,
        calls_per_10s: Option<u32>,
    ) -> Self {
        let mut ground = Ground::prepare(options);
        let deals: Vec<String> =
            (0..portals + wins).map(|number| (600_000_000_000 + number).to_string()).collect();
        let now = ground.clock.now();
        for number in 0..portals {
            let of_portal: Vec<(usize, &String)> =
                deals.iter().enumerate().skip(number).step_by(portals).collect();
            add_portal(&ground.sandbox, number, now, &of_portal);
        }
        let calls = calls_per_10s.unwrap_or(MOST_CALLS_PER_10S);
        ground.edits_config(
            "\ntoken_env = \"HUBSPOT_TOKEN\"",
            &format!("\ncalls_per_10s = {calls}\ntoken_env = \"HUBSPOT_TOKEN\""),
        );
        ground.edits_config("\n[work]\n", &format!("\n[work]\n{work}\n"));
        let config = ground.config();
        let (_, block) = config.split_once("\n[[hubspot]]\n").unwrap();
        let (block, _) = block.split_once("\n[[salesforce]]\n").unwrap();
        let mut blocks = String::new();
        for number in 1..portals {
            let block = block.replace(PORTAL, &portal_id(number));
            let block = block.replace("\"HUBSPOT_TOKEN\"", &format!("\"HUBSPOT_TOKEN_{number}\""));
            let _ = write!(blocks, "\n[[hubspot]]\n{block}");
            ground.environment.push((format!("HUBSPOT_TOKEN_{number}"), token(number)));
        }
        ground.edits_config("\n[[salesforce]]\n", &format!("{blocks}\n[[salesforce]]\n"));
        ground.edits_mapping(|mapping| {
            let (head, rest) = mapping.split_once("\nslack:\n").unwrap();
            let (_, tail) = rest.split_once("\n\n").unwrap();
            let mut routes = format!("  channel: {}\n  routes:\n", channel(0));
            for number in (1..=deals.len()).rev() {
                let when = format!("{{field: deal.amount, at_least: {}}}", number * 1000);
                let _ = writeln!(routes, "    - when: {when}\n      channel: {}", channel(number));
            }
            format!("{head}\nslack:\n{routes}\n{tail}")
        });
        ground.sandbox.slack.change(|slack| {
            for number in 0..=deals.len() {
                slack.add_channel(&channel(number), "handoffs");
            }
        });
        let (first, deals) = deals.split_at(portals);
        Self { ground, first: first.to_vec(), deals: deals.to_vec() }
    }

    /// One win in each account, so that the service knows its stages, fields and people.
    pub fn warms_up(&self, service: &Service) {
        let mut wire = Wire::to(service.address);
        for deal in &self.first {
            self.ground.wins(&mut wire, deal);
        }
    }

    /// What a reader should know about it.
    pub fn note(portals: usize) -> String {
        format!(
            "over {portals} HubSpot accounts with calls_per_10s = {MOST_CALLS_PER_10S} each, so that no call waits for \
             its turn, and with a Slack channel for each deal, because Slack takes one message a second in a channel"
        )
    }

    /// From now on every call takes so long to get to the other side.
    pub fn is_away(&self, latency: Duration) {
        self.ground.sandbox.hubspot.is_away(latency);
        self.ground.sandbox.slack.is_away(latency);
    }

    /// Returns when every deal has its digest.
    pub fn waits_for_all(&self) {
        self.ground.waits_for_digests(self.first.len() + self.deals.len());
    }

    /// The sandbox forgets the calls that it has seen.
    pub fn forgets_calls(&self) {
        self.ground.sandbox.hubspot.change(|hubspot| hubspot.recorder_mut().log.forget());
        self.ground.sandbox.slack.change(|slack| slack.recorder_mut().log.forget());
    }

    /// The calls since then, in the order in which they came.
    pub fn calls(&self) -> Vec<LoggedCall> {
        let mut calls = self.ground.sandbox.hubspot.log().calls().to_vec();
        calls.extend(self.ground.sandbox.slack.log().calls().to_vec());
        calls.sort_by_key(|call| call.at);
        calls
    }

    /// Every deal has one task and one digest, and no call was wrong.
    pub fn is_in_order(&self) {
        let sandbox = &self.ground.sandbox;
        let wrong = [sandbox.hubspot.problems(), sandbox.slack.problems()].concat();
        assert!(wrong.is_empty(), "{wrong:?}");
        let wins = self.first.len() + self.deals.len();
        assert_eq!(sandbox.slack.see(|slack| slack.messages().len()), wins, "digests");
        assert_eq!(sandbox.hubspot.see(|hubspot| hubspot.tasks().len()), wins, "tasks");
    }
}

fn portal_id(number: usize) -> String {
    (PORTAL.parse::<usize>().unwrap() + number).to_string()
}

fn token(number: usize) -> String {
    if number == 0 { deals::TOKEN.to_owned() } else { format!("pat-eu1-sandbox-{number}") }
}

fn channel(number: usize) -> String {
    format!("C0BENCH{number:04}")
}

/// An account with people, a company, and these deals.
fn add_portal(sandbox: &Sandbox, number: usize, now: Timestamp, deals: &[(usize, &String)]) {
    let begun = now.checked_sub(Duration::from_hours(240)).unwrap();
    let mut portal = Portal::new(&portal_id(number), &token(number));
    // Whoever rations calls is the service, by its configuration.
    portal.calls_per_10s = 1_000_000;
    deals::add_fields(&mut portal);
    portal.add_owner("70000002", "Iris", "Okafor", "iris.okafor@seller.example", false);
    let company = [
        ("name", "Northlight Foods"),
        ("domain", "northlight-foods.example"),
        ("customer_tier", "enterprise"),
    ];
    portal.add(Kind::Company, "9001", begun, &company);
    for ((id, first, last, title, label), type_id) in PEOPLE.into_iter().zip(37..) {
        let email = format!("{}@northlight-foods.example", last.to_lowercase());
        let person =
            [("firstname", first), ("lastname", last), ("jobtitle", title), ("email", email.as_str())];
        portal.add(Kind::Contact, id, begun, &person);
        portal.label(type_id, label);
    }
    let first_value =
        now.checked_add(Duration::from_hours(21 * 24)).unwrap().strftime("%Y-%m-%d").to_string();
    for (place, deal) in deals {
        let (name, amount) = (format!("Northlight Foods: depot {place}"), ((place + 1) * 1000).to_string());
        let values = [
            ("dealname", name.as_str()),
            ("amount", &amount),
            ("deal_currency_code", "EUR"),
            ("pipeline", "default"),
            ("dealstage", "contractsent"),
            ("hubspot_owner_id", "70000002"),
            ("handoff_why_now", "Their planner retires on 31 March and her spreadsheet with her."),
            (
                "handoff_success_outcome",
                "Depot Malmö plans all 22 tours; late deliveries fall from 9 to under 4 a week.",
            ),
            (
                "handoff_promises",
                "Import of 14 months of tour history before go-live\nA named contact in German until 30 June",
            ),
            ("handoff_risks", "security_review;data_migration"),
            (
                "handoff_risk_notes",
                "Ruben Falk wants the penetration test report before any driver data moves.",
            ),
            ("handoff_first_value", "Jonas Petrov plans one full week of Malmö tours himself."),
            ("handoff_first_value_date", &first_value),
        ];
        portal.add(Kind::Deal, deal, begun, &values);
        portal.link_company(deal, "9001", true);
        for (contact, .., label) in PEOPLE {
            portal.link_contact(deal, contact, &[label]);
        }
    }
    sandbox.hubspot.change(|hubspot| hubspot.add_portal(portal));
}
