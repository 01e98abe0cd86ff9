//! When something is due and for whom, and claiming it. Each scope has a queue of its own: one that must not be called,
//! however much waits for it, costs the others nothing. What several scopes have due is claimed in one transaction,
//! because each would cost a sync of the disk.

use std::time::Duration;

use jiff::Timestamp;

use super::Store;
use super::engine::{DatabaseError, DecodeRow, Statement, StoreError, Tx, from_millis, millis_after, query};

statements! {
    /// One step through the index for each account, however many rows it has.
    DUE_DEALS = "
        WITH RECURSIVE scopes (scope) AS (
            SELECT MIN(d.account) FROM deals d WHERE d.state <> 'idle'
            UNION ALL
            SELECT (SELECT MIN(d.account) FROM deals d WHERE d.state <> 'idle' AND d.account > s.scope)
            FROM scopes s WHERE s.scope IS NOT NULL)
        SELECT s.scope, p.until, (SELECT MIN(first.due_at) FROM (
            SELECT MIN(d.due_at) AS due_at FROM deals d
            WHERE d.state <> 'idle' AND d.account = s.scope AND d.look = 0 AND d.due_at IS NOT NULL
            UNION ALL
            SELECT MIN(d.due_at) FROM deals d
            WHERE d.state <> 'idle' AND d.account = s.scope AND d.look = 1 AND d.due_at IS NOT NULL) first)
        FROM scopes s LEFT JOIN pauses p ON p.scope = s.scope WHERE s.scope IS NOT NULL";
    DUE_DELIVERIES = "
        WITH RECURSIVE scopes (scope) AS (
            SELECT MIN(d.scope) FROM deliveries d WHERE d.state <> 'done'
            UNION ALL
            SELECT (SELECT MIN(d.scope) FROM deliveries d WHERE d.state <> 'done' AND d.scope > s.scope)
            FROM scopes s WHERE s.scope IS NOT NULL)
        SELECT s.scope, p.until, (SELECT MIN(d.due_at) FROM deliveries d
            WHERE d.state <> 'done' AND d.scope = s.scope AND d.due_at IS NOT NULL)
        FROM scopes s LEFT JOIN pauses p ON p.scope = s.scope WHERE s.scope IS NOT NULL";
}

/// What kind of work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Deals to read and to assess.
    Deals,
    /// Tasks and digests to deliver.
    Deliveries,
}

/// Work that waits for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub work: Work,
    /// An account key as text, or [`super::SLACK`].
    pub scope: String,
    /// When the first of it may be claimed: no earlier than a pause of the scope ends. May be in the past.
    pub at: Timestamp,
    /// The scope was paused, and nothing has succeeded there since.
    pub half_open: bool,
}

impl Store {
    /// Returns for each queue, a scope and a kind of work, when its first row may be claimed; the earliest first. A
    /// queue that is absent has no open work until the next notification.
    pub async fn due(&self) -> Result<Vec<Due>, StoreError> {
        let mut every = Vec::new();
        for (work, sql) in [(Work::Deals, DUE_DEALS), (Work::Deliveries, DUE_DELIVERIES)] {
            let rows: Vec<(String, Option<i64>, Option<i64>)> = self.readers.all(query(sql)).await?;
            every.extend(rows.into_iter().filter_map(|(scope, paused_until, due_at)| {
                let at = from_millis(due_at?.max(paused_until.unwrap_or(i64::MIN)));
                Some(Due { work, scope, at, half_open: paused_until.is_some() })
            }));
        }
        every.sort_by_key(|due| due.at);
        Ok(every)
    }
}

/// At most how many due rows may be claimed for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLimit {
    /// See [`Due::scope`].
    pub scope: String,
    pub limit: u32,
}

impl ClaimLimit {
    /// Up to `limit` rows of a scope.
    pub fn of(scope: impl Into<String>, limit: u32) -> Self {
        Self { scope: scope.into(), limit }
    }
}

/// A claim of one worker process.
pub(super) struct Claim {
    /// Whose rows, in this order.
    pub limits: Vec<ClaimLimit>,
    /// Rows of all scopes together, at most.
    pub limit: u32,
    /// How long they are ours.
    pub lease: Duration,
}

impl Claim {
    /// Runs a statement for each scope, with the scope, the instant, the end of the lease and the number of rows as
    /// `$1` to `$4`. Nothing is read for a scope once there is enough.
    pub async fn rows<T: DecodeRow>(
        &self,
        tx: &mut Tx<'_>,
        claim: Statement,
    ) -> Result<Vec<T>, DatabaseError> {
        let mut rows = Vec::new();
        for ClaimLimit { scope, limit } in &self.limits {
            let taken = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let left = self.limit.saturating_sub(taken).min(*limit);
            if left > 0 {
                let claim = query(claim).bind(scope).bind(tx.now).bind(self.until(tx)).bind(left);
                rows.append(&mut tx.conn.all(claim).await?);
            }
        }
        Ok(rows)
    }

    /// When the lease ends, in epoch milliseconds.
    pub fn until(&self, tx: &Tx<'_>) -> i64 {
        millis_after(tx.now, self.lease)
    }
}
