//! The inbox: accepted events, once each, and what became of them; and what was refused.

pub mod recording;

use jiff::Timestamp;
use serde::Serialize;

use crate::store::Store;
use crate::store::engine::{DatabaseError, Execute, Query, Statement, StoreError, Tx, from_millis, query};
use handoff_core::record::Event;

statements! {
    LATEST_EVENTS = "
        SELECT id, deal, kind, provider_id, verification, received_at, COALESCE(outcome, 'waiting')
        FROM inbox ORDER BY id DESC LIMIT $1";
    /// A row for each route, reason and day: no stranger fills the disk.
    NOTE_REFUSAL = "
        INSERT INTO refusals (day, route, reason, sender, detail, times, last_at)
        VALUES ($1 / 86400000, $2, $3, $4, $5, $6, $1)
        ON CONFLICT (route, reason, day) DO UPDATE SET sender = excluded.sender, detail = excluded.detail,
            times = refusals.times + excluded.times, last_at = excluded.last_at";
    LATEST_REFUSALS = "
        SELECT CAST(0 AS BIGINT), route, 'refused', sender, reason || ' x ' || times, last_at, detail
        FROM refusals ORDER BY last_at DESC, route, reason LIMIT $1";
    /// Everything a deal's work has dealt with: what was announced up to the claim.
    SET_OUTCOME = "
        UPDATE inbox SET outcome = $3, settled = $4 WHERE settled = 0 AND deal = $1 AND turn <= $2";
    REOPEN_EVENTS = "UPDATE inbox SET outcome = NULL WHERE settled = 0 AND deal = $1";
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// Number of the event in the inbox.
    pub id: i64,
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    pub kind: String,
    pub provider_id: String,
    /// How the sender was proved.
    pub verification: String,
    pub received_at: Timestamp,
    /// What became of it: `waiting`, `packet pkt_…`, `not won: …`, `dead: …`.
    pub outcome: String,
}

impl Store {
    /// Puts events into the inbox and makes the deals of the new ones ready. Returns after the COMMIT: what
    /// it counts as new or repeated survives a crash. Concurrent calls share a transaction.
    pub async fn record(&self, events: Vec<Event>) -> Result<Recorded, StoreError> {
        if events.is_empty() {
            return Ok(Recorded::default());
        }
        self.writer.record(events).await
    }

    /// The latest events, newest first.
    pub async fn events(&self, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.event_rows(LATEST_EVENTS, limit).await
    }

    /// The latest refused webhooks, those of one day for the same reason together: their route in place of a deal, where
    /// the last came from, why it was refused, and nothing of what it said.
    pub async fn refusals(&self, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.event_rows(LATEST_REFUSALS, limit).await
    }

    /// Writes down that a webhook was refused, and so many before it: route, reason, sender and detail.
    pub async fn note_refusal(&self, about: [String; 4], times: i64) -> Result<(), StoreError> {
        let statement = move |now: i64| {
            about.clone().into_iter().fold(query(NOTE_REFUSAL).bind(now), Query::bind).bind(times)
        };
        self.writer.run(Execute { statement, notify: false }).await?;
        Ok(())
    }

    async fn event_rows(&self, latest: Statement, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        type EventColumns = (i64, String, String, String, String, i64, String);
        let rows: Vec<EventColumns> = self.readers.all(query(latest).bind(limit)).await?;
        let event = |(id, deal, kind, provider_id, verification, received_at, outcome)| {
            let received_at = from_millis(received_at);
            EventRow { id, deal, kind, provider_id, verification, received_at, outcome }
        };
        Ok(rows.into_iter().map(event).collect())
    }
}

/// Writes what became of the events of a deal that were announced up to `turn`. Events of a dead deal stay
/// open: a replay may still change their outcome.
pub(in crate::store) async fn set_outcome(
    tx: &mut Tx<'_>,
    deal: &str,
    turn: i64,
    outcome: &str,
    is_final: bool,
) -> Result<(), DatabaseError> {
    tx.conn.execute(query(SET_OUTCOME).bind(deal).bind(turn).bind(outcome).bind(is_final)).await?;
    Ok(())
}

/// Forgets the outcome of events that a replay will decide anew.
pub(in crate::store) async fn reopen(tx: &mut Tx<'_>, deal: &str) -> Result<(), DatabaseError> {
    tx.conn.execute(query(REOPEN_EVENTS).bind(deal)).await?;
    Ok(())
}
