//! The purge: deletes packets, events and deal records that are older than they may become.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Context;
use crate::store::{StoreConfig, StoreError};

/// Deletes what is older than it may become, once an hour.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>, kept: StoreConfig) {
    while context.wait(&mut stopped, Duration::from_hours(1)).await {
        let before = |days: u32| {
            let span = Duration::from_hours(24 * u64::from(days));
            context.clock.now().checked_sub(span).unwrap_or(jiff::Timestamp::MIN)
        };
        tell_purged("packets and events", context.store.purge(before(kept.retention_days)).await);
        tell_purged("clicks", context.store.purge_clicks(before(kept.retention_days)).await);
        tell_purged("deal records", context.store.purge_records(before(kept.record_days)).await);
    }
}

fn tell_purged(what: &str, purged: Result<u64, StoreError>) {
    match purged {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "purged {what}"),
        Err(error) => tracing::warn!(%error, "{what} cannot be purged"),
    }
}
