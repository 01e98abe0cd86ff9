//! The durable state: inbox, deals to read, packets, outbox and attempts, clicks, in one database: a SQLite file for one
//! process, or PostgreSQL for several. Imports `clock`, `crash`, `record` and `packet`; read [`Store`] first, then
//! `engine::writer`.
//!
//! All writes go through writers (SQLite's is a thread): a dropped request cannot cancel half a transaction, and
//! concurrent webhooks share an fsync. Reads use a small pool. Times are epoch milliseconds. Every write of a worker
//! carries the epoch of its lease: a worker that lost it changes nothing.
//!
//! `engine` is all that knows of two databases; only `inbox::recording` and `maintenance::copy` speak to each in its
//! own way.

#[macro_use]
mod engine;

mod claim;
mod clicks;
mod deals;
mod inbox;
mod maintenance;
mod outbox;
mod packets;
mod pauses;
mod roll_ups;
mod wins;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

pub use claim::{ClaimLimit, Due, Work};
pub use clicks::{ClickEnd, ClickLease, ClickRow};
pub use deals::{DealEnd, DealLease, LastWork, NoPacket};
#[doc(hidden)]
pub use engine::statements::every_statement;
pub use engine::{DatabaseError, StoreError, StoreUrl, StoreUrlError};
pub use inbox::{EventRow, Recorded};
pub use maintenance::backlog::Backlog;
pub use maintenance::backup::Restored;
pub use maintenance::copy::Copied;
pub use maintenance::health::StoreHealth;
pub use maintenance::stats::{CompleteAfter, DecisionCounts, GapCount, SellerCount, Stats, WeekCount};
pub use outbox::deliveries::{Attempt, DeliveryState, Destination, StoredDelivery, Thread};
pub use outbox::settle::{Decision, Settled};
pub use outbox::stuck::StuckRow;
pub use outbox::{CLOSED, DeliveryEnd, DeliveryLease};
pub use packets::answers::{Act, AnswerState, GivenAnswer, StoredAct, StoredAnswer};
pub use packets::dismissals::Dismissal;
pub use packets::first_values::{FirstValueToAsk, first_value_day};
pub use packets::follows::{DueLook, Follow, FollowConfig};
pub use packets::revisions::{Cause, OpenPacket, Revision, StoredRevision};
pub use packets::writes::{Begun, Recipient, WriteEnd, WriteLease};
pub use packets::{DeliveryPayload, NewPacket, StoredPacket, StoredRecord};
pub use pauses::{Pause, SLACK};
pub use roll_ups::{RollUpEnd, RollUpLease, WeekSpan};
pub use wins::{DealRow, DealState, PacketRow, PacketSummary, WinCursor, WinFilter, WinPage, WinRow};

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
        let mut changed = self.writer.changed.clone();
        changed.mark_unchanged();
        changed
    }

    /// Transactions committed since the store was opened. Callers that come together share one.
    pub fn commits(&self) -> u64 {
        self.writer.commits.load(Ordering::Relaxed)
    }

    /// Writes that wait to be taken up: events beyond 1024 are refused, the rest waits.
    pub fn queued(&self) -> usize {
        self.writer.queue.max_capacity() - self.writer.queue.capacity()
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
