//! Events as HubSpot words them, each with an id and a record of its own.

use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use handoff_sandbox::deals::PORTAL;

/// Ids of the events that may win a deal. Those of all others are below.
pub const WINS: Range<u64> = 20_000_000_000..30_000_000_000;

/// The open stages of HubSpot's own pipeline.
const OPEN_STAGES: [&str; 5] = [
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
];

/// What people and programs change on deals beside the stage.
const OTHER_PROPERTIES: [(&str, &str); 5] = [
    ("amount", "64800"),
    ("closedate", "1795132800000"),
    ("hubspot_owner_id", "70000002"),
    (
        "description",
        "Three depots, chilled and dry goods; wants the second depot at the price of the first one.",
    ),
    ("hs_next_step", "Send the revised offer with the import of the tour history as an item of its own"),
];

const CONTACT_PROPERTIES: [(&str, &str); 4] = [
    ("email", "mara@northlight.example"),
    ("jobtitle", "Head of Logistics"),
    ("lifecyclestage", "customer"),
    ("phone", "+46 40 555 01 17"),
];

/// What one request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// One deal is moved to won.
    One,
    /// A hundred events, of which ten move a deal to won: HubSpot sends what the app has subscribed to, and that is
    /// every stage, and often more.
    Hundred,
}

impl Batch {
    /// Events in one request.
    pub fn events(self) -> usize {
        match self {
            Self::One => 1,
            Self::Hundred => 100,
        }
    }

    /// Those among them that have to be kept.
    pub fn wins(self) -> usize {
        match self {
            Self::One => 1,
            Self::Hundred => 10,
        }
    }

    /// Appends the body of one request.
    pub fn write(self, out: &mut Vec<u8>, now: i64) {
        out.push(b'[');
        for place in 0..self.events() {
            if place > 0 {
                out.push(b',');
            }
            match (self, place % 10) {
                (Self::One, _) | (Self::Hundred, 0) => stage(out, now, "closedwon"),
                (_, 1..=4) => stage(out, now, OPEN_STAGES[place % OPEN_STAGES.len()]),
                (_, 5..=7) => change(out, now, "deal", OTHER_PROPERTIES[place / 2 % OTHER_PROPERTIES.len()]),
                _ => change(out, now, "contact", CONTACT_PROPERTIES[place / 2 % CONTACT_PROPERTIES.len()]),
            }
        }
        out.push(b']');
    }
}

fn stage(out: &mut Vec<u8>, now: i64, stage: &str) {
    change(out, now, "deal", ("dealstage", stage));
}

fn change(out: &mut Vec<u8>, now: i64, object: &str, (property, value): (&str, &str)) {
    static EVENTS: AtomicU64 = AtomicU64::new(0);

    let number = EVENTS.fetch_add(1, Ordering::Relaxed);
    let ids = if value == "closedwon" { WINS.start } else { 10_000_000_000 };
    let (id, record) = (ids + number, 500_000_000_000 + number);
    let subscription = if object == "deal" { 410_001 } else { 410_007 };
    let _ = write!(
        out,
        r#"{{"eventId":{id},"subscriptionId":{subscription},"portalId":{PORTAL},"appId":9050011,"occurredAt":{now},"subscriptionType":"{object}.propertyChange","attemptNumber":0,"objectId":{record},"propertyName":"{property}","propertyValue":"{value}","changeSource":"CRM_UI","sourceId":"userId:70000001","isSensitive":false}}"#
    );
}
