//! The inbox: accepted events, once each, and the deals they announce.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tokio::sync::oneshot;

use super::moment::from_millis;
use super::writer::Tx;
use super::{EventRow, Recorded, Store, StoreError};
use crate::crm::Event;

statements! {
    /// All events of a batch at once: crossing into SQLite costs more than the insert.
    INSERT_EVENTS = "
        INSERT INTO inbox (dedupe, deal, kind, provider_id, occurred_at, verification, received_at, turn, settled)
        SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4, e.value ->> 5, $2,
            COALESCE((SELECT d.want FROM deals d WHERE d.deal = e.value ->> 1), 0) + 1, 0
        FROM json_each($1) e WHERE true
        ON CONFLICT (dedupe) DO NOTHING
        RETURNING dedupe";
    /// A deal that waits for a retry keeps its time: an event does not defeat the backoff.
    ANNOUNCE_DEALS = "
        INSERT INTO deals (deal, account, state, want, attempts, due_at, epoch, heard_at)
        SELECT e.value ->> 0, e.value ->> 1, 'ready', 1, 0, $2, 0, $2
        FROM json_each($1) e WHERE true
        ON CONFLICT (deal) DO UPDATE SET
            want = deals.want + 1,
            heard_at = excluded.heard_at,
            attempts = CASE WHEN deals.state IN ('idle', 'dead') THEN 0 ELSE deals.attempts END,
            due_at = CASE WHEN deals.state IN ('idle', 'dead') THEN excluded.due_at ELSE deals.due_at END,
            state = CASE WHEN deals.state IN ('idle', 'dead') THEN 'ready' ELSE deals.state END";
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
        let rows: Vec<Row> = sqlx::query_as(LATEST_EVENTS).bind(limit).fetch_all(&self.readers).await?;
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
struct Row<'a>(&'a str, String, &'static str, &'a str, Option<i64>, &'a str);

/// Records the events of several calls with two statements.
pub(super) async fn insert(tx: &mut Tx<'_>, calls: &mut [&mut RecordCall]) -> sqlx::Result<()> {
    let mut first_by_key: HashMap<&str, (usize, &Event)> = HashMap::new();
    let mut rows = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        for event in &call.events {
            if first_by_key.contains_key(event.dedupe_key.as_str()) {
                continue;
            }
            first_by_key.insert(&event.dedupe_key, (index, event));
            rows.push(Row(
                &event.dedupe_key,
                event.deal.to_string(),
                event.kind.as_str(),
                &event.provider_id,
                event.occurred_at.map(jiff::Timestamp::as_millisecond),
                &event.verification,
            ));
        }
    }
    let new_keys: Vec<String> =
        sqlx::query_scalar(INSERT_EVENTS).bind(json(&rows)?).bind(tx.now).fetch_all(&mut *tx.conn).await?;

    let mut new_by_call = vec![0; calls.len()];
    // Sorted, so that two transactions which announce the same deals lock them in the same order.
    let mut deals = BTreeMap::new();
    for key in &new_keys {
        if let Some((index, event)) = first_by_key.get(key.as_str()) {
            new_by_call[*index] += 1;
            deals.insert(event.deal.to_string(), event.deal.account.to_string());
        }
    }
    for (call, new) in calls.iter_mut().zip(new_by_call) {
        call.recorded = Recorded { new, repeated: call.events.len() - new };
    }
    if !deals.is_empty() {
        let deals: Vec<(String, String)> = deals.into_iter().collect();
        sqlx::query(ANNOUNCE_DEALS).bind(json(&deals)?).bind(tx.now).execute(&mut *tx.conn).await?;
        tx.wakes = true;
    }
    Ok(())
}

fn json<T: Serialize>(rows: &T) -> sqlx::Result<String> {
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
    let update = sqlx::query(SETTLE_EVENTS).bind(deal).bind(turn).bind(outcome).bind(i64::from(settled));
    update.execute(&mut *tx.conn).await?;
    Ok(())
}

/// Forgets the outcome of events that a replay will settle anew.
pub(super) async fn reopen(tx: &mut Tx<'_>, deal: &str) -> sqlx::Result<()> {
    sqlx::query(REOPEN_EVENTS).bind(deal).execute(&mut *tx.conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Recorded;
    use super::super::fixture::{Fixture, event};

    #[tokio::test]
    async fn a_redelivered_event_is_recorded_once() {
        let fixture = Fixture::new().await;
        let batch = vec![event("1", "a"), event("2", "b")];
        let first = fixture.store.record(batch.clone()).await.unwrap();
        assert_eq!(first, Recorded { new: 2, repeated: 0 });
        let again = fixture.store.record(batch).await.unwrap();
        assert_eq!(again, Recorded { new: 0, repeated: 2 });
        assert_eq!(fixture.outcomes().await.len(), 2);
        let wants: Vec<i64> = fixture.claims_deals().await.into_iter().map(|lease| lease.want).collect();
        assert_eq!(wants, [1, 1], "only new events announce their deal");
    }

    #[tokio::test]
    async fn an_event_twice_in_one_batch_is_recorded_once() {
        let fixture = Fixture::new().await;
        let batch = vec![event("1", "a"), event("1", "b"), event("1", "a")];
        assert_eq!(fixture.store.record(batch).await.unwrap(), Recorded { new: 2, repeated: 1 });
    }

    #[tokio::test]
    async fn an_empty_batch_needs_no_transaction() {
        let fixture = Fixture::new().await;
        let before = fixture.store.commits();
        assert_eq!(fixture.store.record(Vec::new()).await.unwrap(), Recorded::default());
        assert_eq!(fixture.store.commits(), before);
    }

    #[tokio::test]
    async fn what_was_sent_comes_back_as_it_was() {
        let fixture = Fixture::new().await;
        let mut sent = event("1", "nul \0 quote \" ' \\ \u{1f4a5} {{x}} <!channel>\n");
        sent.provider_id = "'); DROP TABLE inbox; --".to_owned();
        fixture.store.record(vec![sent.clone()]).await.unwrap();
        assert_eq!(fixture.store.record(vec![sent]).await.unwrap().repeated, 1);

        let events = fixture.store.events(10).await.unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&events).unwrap(), @r#"
        [
          {
            "id": 1,
            "deal": "hubspot:48210077:1",
            "kind": "stage_changed",
            "provider_id": "'); DROP TABLE inbox; --",
            "verification": "signed(hubspot-v3, key 1)",
            "received_at": "2026-11-22T08:00:00Z",
            "outcome": "waiting"
          }
        ]
        "#);
    }

    #[tokio::test]
    async fn keys_that_differ_behind_a_nul_are_different_events() {
        let fixture = Fixture::new().await;
        let batch = vec![event("1", "a\0b"), event("1", "a\0c"), event("1", "a")];
        assert_eq!(fixture.store.record(batch.clone()).await.unwrap(), Recorded { new: 3, repeated: 0 });
        assert_eq!(fixture.store.record(batch).await.unwrap(), Recorded { new: 0, repeated: 3 });
    }

    #[tokio::test]
    async fn the_latest_events_come_first() {
        let fixture = Fixture::new().await;
        for key in ["a", "b", "c"] {
            fixture.hears("1", key).await;
        }
        let ids: Vec<i64> =
            fixture.store.events(2).await.unwrap().into_iter().map(|event| event.id).collect();
        assert_eq!(ids, [3, 2]);
    }
}
