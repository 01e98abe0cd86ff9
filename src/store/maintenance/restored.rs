//! What a database must know that was brought back from an older copy: what may have happened since.
//!
//! The other side knows more than such a database. A delivery that it believes to be new may be there, so it is
//! looked for, like one whose answer was lost, before it is sent. The same win has the same packet id and the
//! same marker, so it is found.

use std::time::Duration;

use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, StoreError, Tx, millis_after, query};

/// How far the CRM's clock, which dates wins, may be behind ours.
const SKEW: Duration = Duration::from_mins(10);

statements! {
    /// The lease of a copy belongs to nobody.
    DOUBT_DELIVERIES = "
        UPDATE deliveries SET unknown = 1, absent = 0, intended_at = COALESCE(intended_at, created_at),
            due_at = CASE WHEN state IN ('leased', 'waiting') THEN CAST($1 AS BIGINT) ELSE due_at END,
            state = CASE WHEN state = 'leased' THEN 'waiting' ELSE state END
        WHERE state <> 'done'";
    MARK = "
        INSERT INTO marks (name, until) VALUES ('restored', $1)
        ON CONFLICT (name) DO UPDATE SET until = excluded.until";
    /// Also before this database was created: the one before it may have been lost. Salesforce dates wins to the second.
    WON_BEFORE = "
        SELECT until FROM marks WHERE name = 'restored' AND until >= $1
        UNION ALL SELECT applied_at FROM schema_versions WHERE version = 1 AND applied_at / 1000 > $1 / 1000";
}

impl Store {
    /// Says that this database was brought back from an older copy. From now on every delivery that is not done,
    /// and every one of a win from before this instant, is read back before it is sent.
    pub async fn mark_restored(&self) -> Result<(), StoreError> {
        self.writer.run(MarkRestored).await
    }
}

/// Whether a packet of a win from then may have been delivered before this database was created, or brought back.
pub(in crate::store) async fn may_be_delivered(tx: &mut Tx<'_>, won_at: i64) -> Result<bool, DatabaseError> {
    let marked: Option<(i64,)> = tx.conn.optional(query(WON_BEFORE).bind(won_at)).await?;
    Ok(marked.is_some())
}

struct MarkRestored;

impl Command<()> for MarkRestored {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        tx.conn.execute(query(DOUBT_DELIVERIES).bind(tx.now)).await?;
        tx.conn.execute(query(MARK).bind(millis_after(tx.now, SKEW))).await?;
        tx.notify = true;
        Ok(())
    }
}
