//! The durable state: inbox, deals to look at, packets, outbox and attempts, in one database: a SQLite file
//! for one process, or PostgreSQL for several.
//!
//! All writes go through writers (SQLite's is a thread): a dropped request cannot cancel half a transaction, and
//! concurrent webhooks share an fsync. Reads use a small pool. Times are epoch milliseconds. Every write of a worker
//! carries the epoch of its lease: a worker that lost it changes nothing.
//!
//! `engine` is all that knows of two databases; `recording` and `copy` alone speak to each in its own way.

#[macro_use]
mod engine;

mod claim;
mod deals;
mod due;
mod inbox;
mod maintenance;
mod outbox;
mod packets;
mod pauses;
mod wins;

use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::watch;

pub use claim::ClaimLimit;
pub use due::{Due, Work};
#[doc(hidden)]
pub use engine::statements::every_statement;
pub use engine::{DatabaseError, StoreError, StoreUrl, StoreUrlError};
pub use maintenance::backlog::Backlog;
pub use maintenance::backup::Restored;
pub use maintenance::copy::Copied;
pub use maintenance::health::StoreHealth;
pub use maintenance::stats::{GapCount, SellerCount, Stats};
pub use outbox::deliveries::{DeliveryState, Destination, StoredDelivery};
pub use outbox::settle::{Decision, Settled};
pub use packets::dismissals::Dismissal;
pub use packets::{DeliveryPayload, StoredPacket, StoredRecord};
pub use pauses::{Pause, SLACK};
pub use wins::{DealRow, DealState, PacketRow, WinRow};

use crate::packet::Assessment;
use crate::record::{AccountKey, DealKey, WinKey};

/// A handle to the database. Cheap to clone; every clone shares the writers and the readers.
#[derive(Clone)]
pub struct Store {
    writer: engine::Writer,
    readers: engine::Readers,
}

impl Store {
    /// Wakes workers: from this call on the value changes after every commit that made work due or moved
    /// the time at which it is. Take it before looking for work. Waiting on it fails once the store is closed.
    /// Services on the same PostgreSQL database wake each other too, as long as the server lets them; poll as well.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.writer.changed()
    }

    /// Transactions committed since the store was opened. Callers that come together share one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Writes that wait to be taken up: events beyond 1024 are refused, the rest waits.
    pub fn queued(&self) -> usize {
        self.writer.queued()
    }

    /// Succeeds if the store takes writes: a writer is alive and the database lets it begin a transaction.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.run(Ping).await
    }

    /// Finishes what is queued, refuses everything later and closes the connections. Returns when another
    /// process may serve the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// `[store]` of the configuration: where the database is and how long rows stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// Where it is. A SQLite file is created when missing.
    pub url: StoreUrl,
    /// Finished packets, their attempts, and events are purged after this many days.
    pub retention_days: u32,
    /// The deal records that finished packets were made from are purged after this many days; at most
    /// `retention_days`.
    pub record_days: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { url: StoreUrl::Sqlite(PathBuf::from("handoff.db")), retention_days: 90, record_days: 30 }
    }
}

struct Ping;

impl engine::Command for Ping {
    type Output = ();

    async fn run(&self, _: &mut engine::Tx<'_>) -> Result<(), DatabaseError> {
        Ok(())
    }
}

/// What became of a batch of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Accepted for the first time.
    pub new: usize,
    /// Seen before, by dedupe key.
    pub repeated: usize,
}

/// One accepted event, for `handoff events`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventRow {
    /// Number of the event in the inbox.
    pub id: i64,
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    /// See [`crate::record::EventKind::as_str`].
    pub kind: String,
    /// The provider's own id.
    pub provider_id: String,
    /// How the sender was proved.
    pub verification: String,
    /// When it was committed.
    pub received_at: Timestamp,
    /// What became of it: `waiting`, `packet pkt_…`, `not won: …`, `dead: …`.
    pub outcome: String,
}

/// The right to work on one deal, until it is given back or another epoch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealLease {
    /// The deal.
    pub deal: DealKey,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    /// How often it had been announced when it was claimed. An event that arrives later raises the deal's
    /// own count, and the deal is looked at again.
    pub want: i64,
    /// Failed tries so far.
    pub attempts: u32,
}

/// How work on a deal ended.
#[derive(Debug, Clone)]
pub enum DealEnd {
    /// A packet and its deliveries; ignored if the win already has one.
    Packet(Box<NewPacket>),
    /// The win has this packet already.
    Known {
        /// Its id.
        packet_id: String,
    },
    /// Nothing to do; the text becomes the outcome of the deal's events: `not won: …`, `gone`.
    Nothing {
        /// Why.
        outcome: String,
    },
    /// Try again.
    Retry {
        /// When.
        at: Timestamp,
        /// What went wrong.
        error: String,
    },
    /// Not tried again until somebody replays it.
    Dead {
        /// What went wrong.
        error: String,
    },
    /// The account is paused: does not count as a try.
    Paused {
        /// When one call may try again.
        until: Timestamp,
        /// What went wrong.
        reason: String,
    },
}

/// A packet and what it sets in motion, committed in one transaction.
#[derive(Debug, Clone)]
pub struct NewPacket {
    /// See [`crate::packet::Packet::packet_id`].
    pub packet_id: String,
    /// Which win.
    pub win: WinKey,
    /// The packet as JSON.
    pub packet: String,
    /// The deal record it was made from, as JSON.
    pub record: String,
    /// How it came out.
    pub assessment: Assessment,
    /// One row each: destination, its order as JSON, first due.
    pub deliveries: Vec<(Destination, String, Timestamp)>,
}

/// The right to work on one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLease {
    /// Whose delivery.
    pub packet_id: String,
    /// Where to.
    pub destination: Destination,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    /// Tries so far.
    pub attempts: u32,
    /// A try was begun and nobody knows how it ended: read back before repeating.
    pub unknown: bool,
    /// How often a read-back in a row found nothing.
    pub absent: u32,
    /// The order, as JSON.
    pub order: String,
    /// The CRM account of the packet.
    pub account: AccountKey,
    /// When the latest try was begun, if any.
    pub intended_at: Option<Timestamp>,
    /// When the lease ends.
    pub until: Timestamp,
}

impl DeliveryLease {
    /// Which pause holds it back, and with whom it shares workers: an account key as text, or [`SLACK`].
    pub fn scope(&self) -> String {
        pauses::scope_of(self.destination, &self.account)
    }
}

/// How one try of a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// It is there.
    Done {
        /// The other side's id of it (task id; Slack `channel/ts`).
        external_id: String,
        /// Where a person opens it.
        url: Option<String>,
    },
    /// It is certainly not there; try again.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// It may be there; read back, then perhaps try again.
    Unknown {
        /// When to read back.
        at: Timestamp,
        /// How often in a row a read-back has found nothing.
        absent: u32,
    },
    /// It may be there and cannot be read back: held until an operator decides.
    Held,
    /// Not tried again until somebody replays it.
    Dead,
    /// The destination is paused, because of the attempt's error: does not count as a try.
    Paused {
        /// When one call may try again.
        until: Timestamp,
    },
}

/// One try of a delivery, appended and never changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// Where to.
    pub destination: Destination,
    /// `delivered`, `found` (by read-back), `absent`, `retry`, `unknown`, `gave_up`, `paused`, `settled` (by an
    /// operator).
    pub outcome: String,
    /// How long it took.
    pub duration_ms: i64,
    /// What went wrong, or what the operator decided.
    pub error: Option<String>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
}
