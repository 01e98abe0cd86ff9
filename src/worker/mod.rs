//! The loops of a running service: due deals and deliveries, mapping files, the purge, the catch-up sweep.

pub mod catch_up;
pub mod circuit_breaker;
mod deadline;
mod deal;
mod delivery;
pub mod dispatcher;
pub mod purge;
pub mod reload;
pub mod retry;

use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;

/// Waits; false when the service stops.
async fn wait(app: &App, stopped: &mut watch::Receiver<bool>, span: Duration) -> bool {
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => false,
        () = app.clock.sleep(span) => true,
    }
}
