//! Pauses: accounts, and Slack, that must not be called for a while.

use jiff::Timestamp;
use serde::Serialize;

use super::moment::from_millis;
use super::writer::{Command, Tx};
use super::{Store, StoreError};
use crate::crm::AccountKey;
use crate::delivery::Destination;

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
        self.writer.run(SetPause { scope, until, reason }).await
    }

    /// Every pause that no success has ended yet, the oldest first.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let rows: Vec<(String, i64, String, i64)> =
            sqlx::query_as(ALL_PAUSES).fetch_all(&self.readers).await?;
        Ok(rows
            .into_iter()
            .map(|(scope, until, reason, since)| Pause {
                scope,
                until: from_millis(until),
                reason,
                since: from_millis(since),
            })
            .collect())
    }

    /// Ends a pause now; false if there was none.
    pub async fn lift_pause(&self, scope: &str) -> Result<bool, StoreError> {
        self.writer.run(LiftPause { scope: scope.to_owned() }).await
    }
}

/// Which pause holds a delivery back.
pub(super) fn scope_of(destination: Destination, account: &AccountKey) -> String {
    match destination {
        Destination::CrmTask => account.to_string(),
        Destination::SlackDigest => SLACK.to_owned(),
    }
}

/// Part of a larger transaction: a call failed in a way that holds back its whole scope.
pub(super) async fn pause(tx: &mut Tx<'_>, scope: &str, until: Timestamp, reason: &str) -> sqlx::Result<()> {
    let upsert = sqlx::query(PAUSE).bind(scope).bind(until.as_millisecond()).bind(reason).bind(tx.now);
    upsert.execute(&mut *tx.conn).await?;
    // Workers that sleep until the held row was due have to wait for something else now.
    tx.wakes = true;
    Ok(())
}

/// Part of a larger transaction: a call to this scope has succeeded.
pub(super) async fn forget_passed(tx: &mut Tx<'_>, scope: &str) -> sqlx::Result<()> {
    sqlx::query(FORGET_PASSED).bind(scope).bind(tx.now).execute(&mut *tx.conn).await?;
    Ok(())
}

struct SetPause {
    scope: String,
    until: Timestamp,
    reason: String,
}

impl Command for SetPause {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<()> {
        pause(tx, &self.scope, self.until, &self.reason).await
    }
}

struct LiftPause {
    scope: String,
}

impl Command for LiftPause {
    type Output = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<bool> {
        let lifted = sqlx::query(LIFT).bind(&self.scope).execute(&mut *tx.conn).await?.rows_affected() > 0;
        tx.wakes |= lifted;
        Ok(lifted)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture, MINUTE, account};
    use super::{Pause, SLACK};

    #[tokio::test]
    async fn the_longer_pause_wins_and_keeps_its_beginning() {
        let fixture = Fixture::new().await;
        let (since, until) = (fixture.now(), fixture.after(DAY));
        fixture.store.pause(SLACK, until, "daily limit").await.unwrap();
        fixture.clock.advance(MINUTE);
        fixture.store.pause(SLACK, fixture.after(MINUTE), "401").await.unwrap();
        let pause =
            |until, reason: &str| Pause { scope: SLACK.to_owned(), until, reason: reason.to_owned(), since };
        assert_eq!(fixture.store.pauses().await.unwrap(), [pause(until, "daily limit")]);
        let longer = fixture.after(2 * DAY);
        fixture.store.pause(SLACK, longer, "401").await.unwrap();
        assert_eq!(fixture.store.pauses().await.unwrap(), [pause(longer, "401")]);
    }

    #[tokio::test]
    async fn lifting_a_pause_wakes_the_workers() {
        let fixture = Fixture::new().await;
        let scope = account().to_string();
        fixture.store.pause(&scope, fixture.after(DAY), "401").await.unwrap();
        fixture.hears("1", "a").await;
        assert_eq!(fixture.claims_deals().await, []);
        let changed = fixture.store.changed();
        assert!(fixture.store.lift_pause(&scope).await.unwrap());
        assert!(changed.has_changed().unwrap());
        assert!(!fixture.store.lift_pause(&scope).await.unwrap());
        assert_eq!(fixture.claims_deal().await.deal.deal, "1");
    }
}
