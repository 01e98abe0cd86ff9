//! Taking up what is due: for as many scopes as have something, in one transaction, because each would cost a sync
//! of the disk.

use crate::store::engine::{DatabaseError, DecodeRow, Statement, Tx, millis_after, query};
use std::time::Duration;

/// At most how many due rows may be claimed for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLimit {
    /// See [`super::Due::scope`].
    pub scope: String,
    /// Rows, at most.
    pub limit: u32,
}

impl ClaimLimit {
    /// Up to `limit` rows of a scope.
    pub fn of(scope: impl Into<String>, limit: u32) -> Self {
        Self { scope: scope.into(), limit }
    }
}

/// What somebody wants to work on.
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
