//! The inbox: accepted events, once each, and the deals they announce.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tokio::sync::oneshot;

use super::moment::from_millis;
use super::query::{clean, query};
use super::writer::Tx;
use super::{EventRow, Recorded, Store, StoreError};
use crate::crm::Event;

statements! {
    /// All events of a batch at once: crossing into the database costs more than the insert.
    INSERT_EVENTS = ["
        INSERT INTO inbox (dedupe, deal, kind, provider_id, occurred_at, verification, received_at, turn, settled)
        SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, CAST(e.value ->> 4 AS BIGINT),
            e.value ->> 5, $2, COALESCE((SELECT d.want FROM deals d WHERE d.deal = e.value ->> 1), 0) + 1, 0
        FROM ", each_row, " e WHERE true
        ON CONFLICT (dedupe) DO NOTHING
        RETURNING dedupe, turn"];
    /// A deal that waits for a retry keeps its time: an event does not defeat the backoff.
    ANNOUNCE_DEALS = ["
        INSERT INTO deals (deal, account, state, want, attempts, due_at, epoch, heard_at)
        SELECT e.value ->> 0, e.value ->> 1, 'ready', 1, 0, $2, 0, $2
        FROM ", each_row, " e WHERE true
        ON CONFLICT (deal) DO UPDATE SET
            want = deals.want + 1,
            heard_at = excluded.heard_at,
            attempts = CASE WHEN deals.state IN ('idle', 'dead') THEN 0 ELSE deals.attempts END,
            due_at = CASE WHEN deals.state IN ('idle', 'dead') THEN excluded.due_at ELSE deals.due_at END,
            state = CASE WHEN deals.state IN ('idle', 'dead') THEN 'ready' ELSE deals.state END ",
        returning_want];
    CORRECT_TURNS = ["
        UPDATE inbox SET turn = CAST(e.value ->> 1 AS BIGINT)
        FROM ", each_row, " e WHERE inbox.dedupe = e.value ->> 0"];
    LATEST_EVENTS = "
        SELECT id, deal, kind, provider_id, verification, received_at, COALESCE(outcome, 'waiting')
        FROM inbox ORDER BY id DESC LIMIT $1";
    /// Everything a deal's work has dealt with: what was announced up to the claim.
    SETTLE_EVENTS = "
        UPDATE inbox SET outcome = $3, settled = $4 WHERE settled = 0 AND deal = $1 AND turn <= $2";
    REOPEN_EVENTS = "UPDATE inbox SET outcome = NULL WHERE settled = 0 AND deal = $1";
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
        type Row = (i64, String, String, String, String, i64, String);
        let rows: Vec<Row> = self.readers.all(query(LATEST_EVENTS).bind(limit)).await?;
        Ok(rows
            .into_iter()
            .map(|(id, deal, kind, provider_id, verification, received_at, outcome)| EventRow {
                id,
                deal,
                kind,
                provider_id,
                verification,
                received_at: from_millis(received_at),
                outcome,
            })
            .collect())
    }
}

/// One call of [`Store::record`], and who waits for it.
pub(super) struct RecordCall {
    events: Vec<Event>,
    recorded: Recorded,
    reply: oneshot::Sender<Result<Recorded, StoreError>>,
}

impl RecordCall {
    pub fn new(events: Vec<Event>, reply: oneshot::Sender<Result<Recorded, StoreError>>) -> Self {
        Self { events, recorded: Recorded::default(), reply }
    }

    pub fn answer(self, committed: Result<(), StoreError>) {
        // Nobody may be waiting any more; the events are recorded all the same.
        let _ = self.reply.send(committed.map(|()| self.recorded));
    }
}

/// One event as a JSON array, in the order [`INSERT_EVENTS`] reads it.
#[derive(Serialize)]
struct Row<'a>(&'a str, String, &'static str, String, Option<i64>, String);

/// Records the events of several calls with two statements.
pub(super) async fn insert(tx: &mut Tx<'_>, calls: &mut [&mut RecordCall]) -> sqlx::Result<()> {
    let mut first_by_key: HashMap<String, (usize, &Event)> = HashMap::new();
    let mut keys = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        for event in &call.events {
            let key = distinct(&event.dedupe_key);
            if let Entry::Vacant(first) = first_by_key.entry(key.clone()) {
                first.insert((index, event));
                keys.push(key);
            }
        }
    }
    if tx.conn.is_shared() {
        // Two transactions that get the same events wait for each other's keys in the same order.
        keys.sort_unstable();
    }
    let rows: Vec<Row<'_>> =
        keys.iter().filter_map(|key| first_by_key.get(key).map(|(_, event)| row(key, event))).collect();
    let new: Vec<(String, i64)> = tx.conn.all(query(INSERT_EVENTS).bind(json(&rows)?).bind(tx.now)).await?;

    let mut new_by_call = vec![0; calls.len()];
    // Sorted for the same reason.
    let mut deals = BTreeMap::new();
    for (key, _) in &new {
        if let Some((index, event)) = first_by_key.get(key) {
            new_by_call[*index] += 1;
            deals.insert(clean(event.deal.to_string()), clean(event.deal.account.to_string()));
        }
    }
    if !deals.is_empty() {
        announce(tx, deals, &new, &first_by_key).await?;
    }
    for (call, new) in calls.iter_mut().zip(new_by_call) {
        call.recorded = Recorded { new, repeated: call.events.len() - new };
    }
    Ok(())
}

/// Makes the deals of new events ready. What another transaction announced since the events were inserted
/// came first, so these belong to a later turn than they were given.
async fn announce(
    tx: &mut Tx<'_>,
    deals: BTreeMap<String, String>,
    new: &[(String, i64)],
    events: &HashMap<String, (usize, &Event)>,
) -> sqlx::Result<()> {
    let deals: Vec<(String, String)> = deals.into_iter().collect();
    let announced: Vec<(String, i64)> =
        tx.conn.all(query(ANNOUNCE_DEALS).bind(json(&deals)?).bind(tx.now)).await?;
    tx.wakes = true;

    let wants: HashMap<String, i64> = announced.into_iter().collect();
    let later = new.iter().filter_map(|(key, turn)| {
        let (_, event) = events.get(key)?;
        let want = wants.get(&clean(event.deal.to_string()))?;
        (want != turn).then_some((key, *want))
    });
    let later: Vec<(&String, i64)> = later.collect();
    if !later.is_empty() {
        tx.conn.execute(query(CORRECT_TURNS).bind(json(&later)?)).await?;
    }
    Ok(())
}

fn row<'a>(key: &'a str, event: &Event) -> Row<'a> {
    Row(
        key,
        clean(event.deal.to_string()),
        event.kind.as_str(),
        clean(event.provider_id.as_str()),
        event.occurred_at.map(jiff::Timestamp::as_millisecond),
        clean(event.verification.as_str()),
    )
}

/// A key without NUL, which PostgreSQL cannot hold. Keys that differ stay different.
fn distinct(key: &str) -> String {
    if key.contains(['\0', '\\']) { key.replace('\\', "\\\\").replace('\0', "\\0") } else { key.to_owned() }
}

pub(super) fn json<T: Serialize>(rows: &T) -> sqlx::Result<String> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Writes what became of the events of a deal that were announced up to `turn`. Events of a dead deal stay
/// open: a replay may still settle them.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    deal: &str,
    turn: i64,
    outcome: &str,
    settled: bool,
) -> sqlx::Result<()> {
    tx.conn.execute(query(SETTLE_EVENTS).bind(deal).bind(turn).bind(outcome).bind(settled)).await?;
    Ok(())
}

/// Forgets the outcome of events that a replay will settle anew.
pub(super) async fn reopen(tx: &mut Tx<'_>, deal: &str) -> sqlx::Result<()> {
    tx.conn.execute(query(REOPEN_EVENTS).bind(deal)).await?;
    Ok(())
}
