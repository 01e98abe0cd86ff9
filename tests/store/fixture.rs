//! A store with a clock that stands still until a test moves it.

use std::sync::Arc;
use std::time::Duration;

use handoff_bridge::clock::{Clock, later};
use handoff_bridge::crm::{Event, EventKind};
use handoff_bridge::store::{
    Attempt, ClaimLimit, DealEnd, DealLease, DealRow, DeliveryEnd, DeliveryLease, Destination, Due,
    NewPacket, NoPacket, Store, WinFilter, WinRow, Work,
};
use handoff_core::packet::{Addressee, Assessment, RaisedGap, Seller};
use handoff_core::record::{AccountKey, DealKey, WinKey};
use jiff::Timestamp;

use crate::test_database::TestDatabase;

pub const LEASE: Duration = Duration::from_mins(2);
pub const MINUTE: Duration = Duration::from_mins(1);
pub const DAY: Duration = Duration::from_hours(24);

pub struct Fixture {
    pub store: Store,
    pub clock: Clock,
    pub database: Arc<TestDatabase>,
}

impl Fixture {
    pub async fn new(database: Arc<TestDatabase>) -> Self {
        let clock = Clock::manual("2026-11-22T08:00:00Z".parse().unwrap());
        let store = Store::open_exclusive(database.url(), clock.clone()).await.unwrap();
        Self { store, clock, database }
    }

    /// The next process serves the same database.
    pub async fn reopened(self) -> Self {
        self.store.close().await;
        let store = Store::open_exclusive(self.database.url(), self.clock.clone()).await.unwrap();
        Self { store, ..self }
    }

    /// Another process serves the same database at the same time.
    pub async fn replica(&self) -> Self {
        let store = Store::open_exclusive(self.database.url(), self.clock.clone()).await.unwrap();
        Self { store, clock: self.clock.clone(), database: Arc::clone(&self.database) }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn after(&self, span: Duration) -> Timestamp {
        later(self.clock.now(), span)
    }

    /// An event of the deal with this id; the same `key` is the same event.
    pub async fn hears(&self, deal: &str, key: &str) {
        self.store.record(vec![event(deal, key)]).await.unwrap();
    }

    pub async fn claims_deals(&self) -> Vec<DealLease> {
        let mut leases = Vec::new();
        for Due { work, scope, .. } in self.store.due().await.unwrap() {
            if work == Work::Deals {
                leases.extend(self.store.claim_deals(portion(&scope, 100), 100, LEASE).await.unwrap());
            }
        }
        leases
    }

    pub async fn claims_deal(&self) -> DealLease {
        let mut leases = self.claims_deals().await;
        assert_eq!(leases.len(), 1, "exactly one deal is due: {leases:?}");
        leases.remove(0)
    }

    pub async fn claims_deliveries(&self) -> Vec<DeliveryLease> {
        let mut leases = Vec::new();
        for Due { work, scope, .. } in self.store.due().await.unwrap() {
            if work == Work::Deliveries {
                leases.extend(self.store.claim_deliveries(portion(&scope, 100), 100, LEASE).await.unwrap());
            }
        }
        leases.sort_by_key(|lease| lease.destination);
        leases
    }

    pub async fn claims_delivery(&self) -> DeliveryLease {
        let mut leases = self.claims_deliveries().await;
        assert_eq!(leases.len(), 1, "exactly one delivery is due: {leases:?}");
        leases.remove(0)
    }

    /// When a worker has to look again.
    pub async fn next_due(&self) -> Option<Timestamp> {
        self.store.due().await.unwrap().first().map(|due| due.at)
    }

    pub async fn ends(&self, lease: &DealLease, end: DealEnd) {
        assert!(self.store.finish_deal(lease, end).await.unwrap(), "the lease still holds");
    }

    pub async fn finishes(&self, lease: &DeliveryLease, end: DeliveryEnd) {
        let attempt = self.attempt(lease, &end);
        assert!(self.store.finish_delivery(lease, end, attempt).await.unwrap(), "the lease still holds");
    }

    pub fn attempt(&self, lease: &DeliveryLease, end: &DeliveryEnd) -> Attempt {
        let (outcome, error) = match end {
            DeliveryEnd::Done { .. } => ("delivered", None),
            DeliveryEnd::Edited => ("edited", None),
            DeliveryEnd::Frozen { .. } => ("frozen", Some("message_not_found")),
            DeliveryEnd::Retry { .. } => ("retry", Some("503")),
            DeliveryEnd::Postponed { .. } => ("postponed", None),
            DeliveryEnd::Unknown { .. } | DeliveryEnd::Held => ("unknown", Some("timed out")),
            DeliveryEnd::Dead => ("gave_up", Some("400")),
            DeliveryEnd::Paused { .. } => ("paused", Some("401: the token was refused")),
        };
        Attempt {
            at: self.now(),
            destination: lease.destination,
            outcome: outcome.to_owned(),
            duration_ms: 7,
            error: error.map(ToOwned::to_owned),
            next_at: None,
        }
    }

    /// A deal that is won and has its packet; the task is due now, the digest in a minute.
    pub async fn has_packet(&self, deal: &str) -> String {
        self.hears(deal, &format!("won {deal}")).await;
        let lease = self.claims_deal().await;
        let packet = self.packet(deal);
        let packet_id = packet.packet_id.clone();
        self.ends(&lease, DealEnd::Packet(packet)).await;
        packet_id
    }

    /// A deal whose packet is delivered to both destinations.
    pub async fn is_handed_over(&self, deal: &str) -> String {
        let packet_id = self.has_packet(deal).await;
        for _ in [Destination::CrmTask, Destination::SlackDigest] {
            let lease = self.claims_delivery().await;
            self.finishes(&lease, done("1")).await;
        }
        packet_id
    }

    pub fn packet(&self, deal: &str) -> Box<NewPacket> {
        Box::new(NewPacket {
            packet_id: format!("pkt_{deal}"),
            win: win(deal),
            packet: format!(r#"{{"deal":"{deal}"}}"#),
            record: r#"{"crm":"hubspot"}"#.to_owned(),
            assessment: assessment(),
            deliveries: vec![
                (Destination::CrmTask, "task order".to_owned(), self.now()),
                (Destination::SlackDigest, "digest order".to_owned(), self.after(MINUTE)),
            ],
            follow: None,
            withdraws: Vec::new(),
        })
    }

    /// What became of each event, oldest first.
    pub async fn outcomes(&self) -> Vec<String> {
        let events = self.store.events(100).await.unwrap();
        events.into_iter().rev().map(|event| event.outcome).collect()
    }

    pub async fn open_deals(&self) -> Vec<DealRow> {
        let rows = self.store.wins(100, &WinFilter::default()).await.unwrap();
        rows.into_iter()
            .filter_map(|row| match row {
                WinRow::Deal(deal) => Some(deal),
                WinRow::Packet(_) => None,
            })
            .collect()
    }
}

/// As much as this of what is due for one scope.
pub fn portion(scope: &impl ToString, limit: u32) -> Vec<ClaimLimit> {
    vec![ClaimLimit::of(scope.to_string(), limit)]
}

pub fn account() -> AccountKey {
    "hubspot:48210077".parse().unwrap()
}

pub fn deal(deal: &str) -> DealKey {
    DealKey { account: account(), deal: deal.to_owned() }
}

pub fn win(id: &str) -> WinKey {
    WinKey { deal: deal(id), won_at: "2026-11-22T08:00:00Z".parse().unwrap() }
}

pub fn event(id: &str, key: &str) -> Event {
    Event {
        deal: deal(id),
        kind: EventKind::StageChanged,
        dedupe_key: key.to_owned(),
        provider_id: format!("id of {key}"),
        occurred_at: None,
        verification: "signed(hubspot-v3, key 1)".to_owned(),
    }
}

/// A packet of Anna's that lacks something, and two things that she cannot help.
fn assessment() -> Assessment {
    let raised = |section: &str, gap: &str, addressee, counts| RaisedGap {
        stage: if counts { "certain" } else { "hint" },
        section: section.to_owned(),
        gap: gap.to_owned(),
        field: (gap == "empty").then(|| format!("deal.{section}")),
        addressee,
        counts,
    };
    Assessment {
        complete: false,
        seller: Some(Seller { key: "hubspot:48210077:11".to_owned(), name: "Anna Berg".to_owned() }),
        gaps: vec![
            raised("buying_reason", "vague", Addressee::Seller, false),
            raised("stakeholders", "role_missing:sponsor", Addressee::Seller, true),
            raised("promises", "empty", Addressee::Seller, true),
            raised("risks", "unmapped", Addressee::Revops, true),
        ],
        ..Assessment::default()
    }
}

pub fn done(external_id: &str) -> DeliveryEnd {
    DeliveryEnd::Done { external_id: external_id.to_owned(), url: Some("https://example.com/1".to_owned()) }
}

pub fn nothing() -> DealEnd {
    DealEnd::NoPacket { why: NoPacket::NotWon { stage: "negotiation".to_owned() }, withdraws: Vec::new() }
}
