//! Pauses: accounts, and Slack, that must not be called for a while.

use jiff::Timestamp;
use serde::Serialize;

use super::engine::{DatabaseError, Execute, Query, StoreError, Tx, Value, from_millis, query};
use crate::store::{Destination, Store};
use handoff_core::record::AccountKey;

/// The scope of a pause that holds every digest.
pub const SLACK: &str = "slack";

statements! {
    /// The longer pause wins: two workers may fail at once for different reasons.
    PAUSE = "
        INSERT INTO pauses (scope, until, reason, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (scope) DO UPDATE SET
            reason = CASE WHEN excluded.until > pauses.until THEN excluded.reason ELSE pauses.reason END,
            until = CASE WHEN excluded.until > pauses.until THEN excluded.until ELSE pauses.until END";
    ALL_PAUSES = "SELECT scope, until, reason, since FROM pauses ORDER BY since, scope";
    LIFT = "DELETE FROM pauses WHERE scope = $1";
    FORGET_PASSED = "DELETE FROM pauses WHERE scope = $1 AND until <= $2";
}

/// An account, or Slack, that is not called for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// `hubspot:48210077`, or `slack`.
    pub scope: String,
    /// When calls may be tried again. A pause that has passed holds nothing back; it stays listed until a
    /// call has succeeded.
    pub until: Timestamp,
    /// What went wrong, and what to change.
    pub reason: String,
    /// When the first of the failures without a success in between happened.
    pub since: Timestamp,
}

impl Store {
    /// Holds back all work of a scope (an account key as text, or [`SLACK`]) until then.
    pub async fn pause(&self, scope: &str, until: Timestamp, reason: &str) -> Result<(), StoreError> {
        let (scope, reason) = (scope.to_owned(), reason.to_owned());
        let statement = move |now| upsert(scope.clone(), until, reason.clone(), now);
        self.writer.run(Execute { statement, notify: true }).await?;
        Ok(())
    }

    /// Every pause that no success has ended yet, the oldest first.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let rows: Vec<(String, i64, String, i64)> = self.readers.all(query(ALL_PAUSES)).await?;
        let pauses = rows.into_iter().map(|(scope, until, reason, since)| {
            let (until, since) = (from_millis(until), from_millis(since));
            Pause { scope, until, reason, since }
        });
        Ok(pauses.collect())
    }

    /// Ends a pause now; false if there was none.
    pub async fn lift_pause(&self, scope: &str) -> Result<bool, StoreError> {
        let scope = scope.to_owned();
        let statement = move |_| query(LIFT).bind(scope.clone());
        Ok(self.writer.run(Execute { statement, notify: true }).await? > 0)
    }
}

/// Which pause holds a delivery back.
pub(super) fn scope_of(destination: Destination, account: &AccountKey) -> String {
    match destination {
        Destination::CrmTask => account.to_string(),
        _ => SLACK.to_owned(),
    }
}

/// Part of a larger transaction: a call failed in a way that holds back its whole scope.
pub(super) async fn pause(
    tx: &mut Tx<'_>,
    scope: &str,
    until: Timestamp,
    reason: &str,
) -> Result<(), DatabaseError> {
    tx.conn.execute(upsert(scope, until, reason, tx.now)).await?;
    // Workers that sleep until the held row was due have to wait for something else now.
    tx.notify = true;
    Ok(())
}

/// Part of a larger transaction: a call to this scope has succeeded.
pub(super) async fn forget_passed(tx: &mut Tx<'_>, scope: &str) -> Result<(), DatabaseError> {
    tx.conn.execute(query(FORGET_PASSED).bind(scope).bind(tx.now)).await?;
    Ok(())
}

fn upsert<'v>(
    scope: impl Into<Value<'v>>,
    until: Timestamp,
    reason: impl Into<Value<'v>>,
    now: i64,
) -> Query<'v> {
    query(PAUSE).bind(scope).bind(until.as_millisecond()).bind(reason).bind(now)
}
