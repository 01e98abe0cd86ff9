//! What the service does by itself: work on due deals and deliveries, sweep for missed wins, reload mappings, purge.
//!
//! May import `handoff` and what is below it, never `http`, `app` or `commands`. [`Context`] is what the loops share;
//! read [`dispatcher`] first.

pub mod catch_up;
mod circuit_breaker;
mod deadline;
mod deal;
mod delivery;
pub mod dispatcher;
pub mod purge;
pub mod reload;
mod retry;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Entropy};
use crate::crm::Crm;
use crate::delivery::slack::SlackClient;
use crate::metrics::Metrics;
use crate::store::Store;
use handoff_core::mapping::Mapping;
use handoff_core::record::AccountKey;
use reload::ReloadableMapping;
pub use settings::WorkConfig;

/// Every portal and org, with its mapping.
pub type Accounts = BTreeMap<AccountKey, Account>;

pub struct Account {
    pub crm: Arc<dyn Crm>,
    /// Its mapping, replaced while the service runs.
    pub reloadable: Arc<ReloadableMapping>,
}

impl Account {
    /// The mapping that is running.
    pub fn mapping(&self) -> Arc<Mapping> {
        self.reloadable.current()
    }
}

/// What every worker and every loop has.
pub struct Context {
    pub clock: Clock,
    pub entropy: Entropy,
    pub store: Store,
    /// Whom deals belong to.
    pub accounts: Arc<Accounts>,
    pub slack: SlackClient,
    /// Workers, retries and time limits.
    pub work: WorkConfig,
    pub metrics: Arc<Metrics>,
}

impl Context {
    /// Waits; false when the service stops.
    async fn wait(&self, stopped: &mut watch::Receiver<bool>, span: Duration) -> bool {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => false,
            () = self.clock.sleep(span) => true,
        }
    }
}
