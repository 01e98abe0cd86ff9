//! What people did in Slack. A click is stored before it is acknowledged, because Slack never sends it again, and a worker
//! applies it under a lease, as with deals.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use super::engine::{
    Command, DatabaseError, Execute, StoreError, Tx, count, from_millis, millis_after, query,
};

statements! {
    RECORD_CLICK = "
        INSERT INTO clicks (id, click, received_at, state, attempts, due_at, epoch)
        VALUES ($1, $2, $3, 'ready', 0, $3, 0) ON CONFLICT (id) DO NOTHING";
    DUE_CLICK = "SELECT MIN(due_at) FROM clicks WHERE state <> 'done' AND due_at IS NOT NULL";
    /// Ready clicks, and leased ones whose lease has run out: that was a try, too.
    CLAIM_CLICKS = ["
        WITH due AS MATERIALIZED (
            SELECT d.id FROM clicks d WHERE d.state <> 'done' AND d.due_at <= $1
            ORDER BY d.due_at LIMIT $3 ", skip_locked, ")
        UPDATE clicks SET due_at = $2, epoch = epoch + 1,
            attempts = attempts + CASE WHEN state = 'leased' THEN 1 ELSE 0 END, state = 'leased'
        WHERE id IN (SELECT due.id FROM due)
        RETURNING id, epoch, attempts, click, received_at"];
    FINISH_CLICK = "
        UPDATE clicks SET state = $3, due_at = $4, attempts = $5, outcome = $6
        WHERE id = $1 AND epoch = $2 AND state = 'leased'";
    CLICKS_SINCE = "
        SELECT id, click, received_at, state, attempts, outcome FROM clicks
        WHERE received_at >= $1 ORDER BY received_at, id";
    FORGET_CLICKS = "DELETE FROM clicks WHERE received_at < $1 AND state IN ('done', 'dead')";
    OPEN_CLICKS = "SELECT state, COUNT(*) FROM clicks WHERE state <> 'done' GROUP BY state";
}

/// The right to work on one click, until it is given back or another epoch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickLease {
    pub id: String,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    pub attempts: u32,
    /// As it was recorded.
    pub click: String,
    pub received_at: Timestamp,
}

/// How work on a click ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClickEnd {
    /// It had its effect, or has none; what became of it, beginning with a word.
    Done { outcome: String },
    /// Tried again then.
    Retry { at: Timestamp, error: String },
    /// Not tried again.
    Dead { error: String },
}

/// One click, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClickRow {
    pub id: String,
    /// As it was recorded, as JSON.
    pub click: String,
    pub received_at: Timestamp,
    /// `ready`, `leased`, `done` or `dead`.
    pub state: String,
    pub tries: i64,
    /// What became of it, or what went wrong last.
    pub outcome: Option<String>,
}

impl Store {
    /// Commits a click, as JSON, under an id that is made of what it says. False: it was recorded before.
    pub async fn record_click(&self, id: &str, click: &str) -> Result<bool, StoreError> {
        let (row, id, click) = (id.to_owned(), id.to_owned(), click.to_owned());
        let statement = move |now| query(RECORD_CLICK).bind(id.clone()).bind(click.clone()).bind(now);
        Ok(self.writer.run_on(row, Execute { statement, notify: true }).await? > 0)
    }

    /// Returns when the first click may be claimed; `None` if there is none to work on.
    pub async fn due_click(&self) -> Result<Option<Timestamp>, StoreError> {
        let (due,): (Option<i64>,) = self.readers.one(query(DUE_CLICK)).await?;
        Ok(due.map(from_millis))
    }

    /// Takes up to `limit` clicks that are due for `lease` from now, those first that have waited longest.
    pub async fn claim_clicks(&self, limit: u32, lease: Duration) -> Result<Vec<ClickLease>, StoreError> {
        self.writer.run(ClaimClicks { limit, lease }).await
    }

    /// Records how work on a click ended. False: the lease was lost and nothing changed.
    pub async fn finish_click(&self, lease: &ClickLease, end: ClickEnd) -> Result<bool, StoreError> {
        let (id, epoch, tries) = (lease.id.clone(), lease.epoch, i64::from(lease.attempts) + 1);
        let (state, due, outcome) = match end {
            ClickEnd::Done { outcome } => ("done", None, outcome),
            ClickEnd::Retry { at, error } => ("ready", Some(at.as_millisecond()), error),
            ClickEnd::Dead { error } => ("dead", None, error),
        };
        let statement = move |_| {
            let finish = query(FINISH_CLICK).bind(id.clone()).bind(epoch).bind(state).bind(due);
            finish.bind(tries).bind(outcome.clone())
        };
        let finish = Execute { statement, notify: due.is_some() };
        Ok(self.writer.run_on(lease.id.clone(), finish).await? > 0)
    }

    /// Every click received at `since` or later, oldest first.
    pub async fn clicks(&self, since: Timestamp) -> Result<Vec<ClickRow>, StoreError> {
        type Columns = (String, String, i64, String, i64, Option<String>);
        let rows: Vec<Columns> = self.readers.all(query(CLICKS_SINCE).bind(since.as_millisecond())).await?;
        let row = |(id, click, received_at, state, tries, outcome)| {
            let received_at = from_millis(received_at);
            ClickRow { id, click, received_at, state, tries, outcome }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Forgets finished clicks received before then. Says how many.
    pub async fn purge_clicks(&self, before: Timestamp) -> Result<u64, StoreError> {
        let before = before.as_millisecond();
        let statement = move |_| query(FORGET_CLICKS).bind(before);
        self.writer.run(Execute { statement, notify: false }).await
    }

    /// How many clicks wait for a worker, and how many were given up.
    pub async fn open_clicks(&self) -> Result<(u64, u64), StoreError> {
        let rows: Vec<(String, i64)> = self.readers.all(query(OPEN_CLICKS)).await?;
        let of = |dead: bool| {
            rows.iter().filter(|(state, _)| (state == "dead") == dead).map(|(_, rows)| count(*rows)).sum()
        };
        Ok((of(false), of(true)))
    }
}

struct ClaimClicks {
    limit: u32,
    lease: Duration,
}

impl Command<Vec<ClickLease>> for ClaimClicks {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<ClickLease>, DatabaseError> {
        let claim = query(CLAIM_CLICKS).bind(tx.now).bind(millis_after(tx.now, self.lease)).bind(self.limit);
        let rows: Vec<(String, i64, i64, String, i64)> = tx.conn.all(claim).await?;
        let lease = |(id, epoch, attempts, click, received_at)| ClickLease {
            id,
            epoch,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            click,
            received_at: from_millis(received_at),
        };
        let mut leases: Vec<ClickLease> = rows.into_iter().map(lease).collect();
        leases.sort_by_key(|lease| lease.received_at);
        Ok(leases)
    }
}
