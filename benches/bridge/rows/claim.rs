//! What it costs to take up work when a million finished rows lie beside it.

use std::path::Path;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::crm::{Event, EventKind};
use handoff_bridge::store::{
    Attempt, ClaimLimit, DealEnd, DeliveryEnd, Destination, NewPacket, SLACK, Store,
};
use handoff_core::packet::Assessment;
use handoff_core::record::{AccountKey, DealKey, WinKey};
use rusqlite::Connection;

use crate::disk;
use crate::options::Options;
use crate::report::{Found, Row, Target, number};
use crate::samples::Samples;

/// What every packet is delivered as.
const OF_A_PACKET: [Destination; 2] = [Destination::CrmTask, Destination::SlackDigest];

const FEW: u32 = 1_000;

const ACCOUNT: &str = "hubspot:48210077";

/// As many as the service's workers ask for.
const LIMIT: u32 = 8;

const LEASE: Duration = Duration::from_mins(2);

/// One database, and what claiming from it took.
struct Claimed {
    store: Store,
    clock: Clock,
    deals: Samples,
    deliveries: Samples,
}

pub fn run(options: &Options) -> Found {
    let many = options.or_quick(1_000_000, 100_000);
    let directory = disk::directory("claim");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let [mut beside_few, mut beside_many] = [FEW, many].map(|rows| {
        let file = directory.path().join(format!("{rows}.db"));
        runtime.block_on(Claimed::prepare(&file, rows))
    });
    let times = options.or_quick(400, 100);
    runtime.block_on(async {
        for number in 0..times {
            beside_few.measure(number).await;
            beside_many.measure(number).await;
        }
        beside_few.store.close().await;
        beside_many.store.close().await;
    });
    let row = |what: &str, many_took: &Samples, few_took: &Samples| Row {
        what: format!("claiming a {what} beside {many} finished rows"),
        figure: format!("{} ms", number(many_took.median())),
        floor: format!("beside {FEW}: {} ms", number(few_took.median())),
        judged: Samples::from_iter([many_took.median() / few_took.median()]),
        unit: "",
        target: Target::AtMost(1.5),
    };
    Found {
        rows: vec![
            row("deal", &beside_many.deals, &beside_few.deals),
            row("delivery", &beside_many.deliveries, &beside_few.deliveries),
        ],
        notes: vec![format!(
            "medians of {times} claims each, with the look at what is due and the commit; the two databases in turn"
        )],
    }
}

impl Claimed {
    async fn prepare(file: &Path, rows: u32) -> Self {
        let clock = Clock::machine();
        Store::open(file, clock.clone()).await.unwrap().close().await;
        fill(file, rows);
        let store = Store::open_exclusive(file, clock.clone()).await.unwrap();
        Self { store, clock, deals: Samples::default(), deliveries: Samples::default() }
    }

    /// A deal is heard of, claimed, becomes a packet, and its two deliveries are claimed and made.
    async fn measure(&mut self, number: u32) {
        let deal = DealKey { account: account(), deal: (900_000_000_000 + u64::from(number)).to_string() };
        self.store.record(vec![event(&deal)]).await.unwrap();
        let watch = Clock::stopwatch();
        assert_eq!(self.store.due().await.unwrap().len(), 1, "one account has something to do");
        let mut leases = self.store.claim_deals(portion(ACCOUNT), LIMIT, LEASE).await.unwrap();
        self.deals.push(millis(&watch));
        let lease = leases.pop().unwrap();
        assert!(leases.is_empty() && lease.deal == deal, "one deal is due");
        assert!(self.store.finish_deal(&lease, DealEnd::Packet(self.packet(deal))).await.unwrap());

        let watch = Clock::stopwatch();
        assert_eq!(self.store.due().await.unwrap().len(), 2, "the account and Slack have");
        let mut leases = self.store.claim_deliveries(portion(ACCOUNT), LIMIT, LEASE).await.unwrap();
        self.deliveries.push(millis(&watch));
        leases.extend(self.store.claim_deliveries(portion(SLACK), LIMIT, LEASE).await.unwrap());
        assert_eq!(leases.len(), OF_A_PACKET.len(), "two deliveries are due");
        for lease in leases {
            let end = DeliveryEnd::Done { external_id: "1".to_owned(), url: None };
            let attempt = Attempt {
                at: self.clock.now(),
                destination: lease.destination,
                outcome: "delivered".to_owned(),
                duration_ms: 7,
                error: None,
                next_at: None,
            };
            assert!(self.store.finish_delivery(&lease, end, attempt).await.unwrap());
        }
    }

    fn packet(&self, deal: DealKey) -> Box<NewPacket> {
        let now = self.clock.now();
        Box::new(NewPacket {
            packet_id: format!("pkt_{}", deal.deal),
            win: WinKey { deal, won_at: now },
            packet: "{}".to_owned(),
            record: "{}".to_owned(),
            assessment: Assessment { complete: true, ..Assessment::default() },
            deliveries: OF_A_PACKET.map(|destination| (destination, "{}".to_owned(), now)).to_vec(),
            follow: None,
            withdraws: Vec::new(),
        })
    }
}

fn portion(scope: &str) -> Vec<ClaimLimit> {
    vec![ClaimLimit::of(scope, LIMIT)]
}

fn account() -> AccountKey {
    ACCOUNT.parse().unwrap()
}

fn event(deal: &DealKey) -> Event {
    Event {
        deal: deal.clone(),
        kind: EventKind::StageChanged,
        dedupe_key: deal.to_string(),
        provider_id: deal.deal.clone(),
        occurred_at: None,
        verification: "signed(hubspot-v3, key 1)".to_owned(),
    }
}

fn millis(watch: &std::time::Instant) -> f64 {
    watch.elapsed().as_secs_f64() * 1e3
}

/// So many finished deals with their events, and as many finished deliveries.
fn fill(file: &Path, rows: u32) {
    let conn = Connection::open(file).unwrap();
    let packets = rows / 2;
    let sql = format!(
        "PRAGMA synchronous = OFF;
         BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             SELECT i, 'hubspot:48210077:' || (700000000000 + i) AS deal, 'pkt_' || printf('%012x', i) AS packet FROM n;
         INSERT INTO inbox (dedupe, deal, kind, provider_id, occurred_at, verification, received_at, turn, settled, outcome)
             SELECT deal || ':1764000000000', deal, 'stage_changed', CAST(i AS TEXT), 1764000000000,
                 'signed(hubspot-v3, key 1)', 1764000000000, 1, 1, 'packet ' || packet FROM n;
         INSERT INTO deals (deal, account, state, want, attempts, due_at, epoch, heard_at, last_error)
             SELECT deal, 'hubspot:48210077', 'idle', 1, 0, NULL, 1, 1764000000000, NULL FROM n;
         INSERT INTO wins (win, packet_id, deal, won_at, created_at)
             SELECT deal || ':1764000000000', packet, deal, 1764000000000, 1764000000000 FROM n WHERE i <= {packets};
         INSERT INTO packets (packet_id, created_at, packet, record, assessed)
             SELECT packet, 1764000000000, '{{}}', '{{}}', 1 FROM n WHERE i <= {packets};
         INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
                 unknown, absent, intended_at, external_id, url, created_at)
             SELECT packet, destination, 'hubspot:48210077', scope, '{{}}', 'done', 1, NULL, 1,
                 0, 0, 1764000000000, '1', NULL, 1764000000000
             FROM n, (SELECT 'crm_task' AS destination, 'hubspot:48210077' AS scope
                 UNION ALL SELECT 'slack_digest', 'slack') WHERE i <= {packets};
         COMMIT;"
    );
    conn.execute_batch(&sql).unwrap();
}
