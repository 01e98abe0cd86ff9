//! Follows open packets: makes their deals ready when a look is due, so that an answer in the CRM reaches digest and task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Context;

/// How often due looks are asked for; looks may be a few seconds late.
const EVERY: Duration = Duration::from_secs(5);

/// Announces due looks until the service stops.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let every = EVERY.min(context.work.follow.every).max(Duration::from_millis(100));
    loop {
        match context.store.announce_looks(context.work.follow.clone()).await {
            Ok(0) => {}
            Ok(looks) => tracing::debug!(looks, "open packets are looked at again"),
            Err(error) => tracing::error!(%error, "cannot look at open packets again"),
        }
        if !context.wait(&mut stopped, every).await {
            return;
        }
    }
}
