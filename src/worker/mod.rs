//! What the service does by itself: work on due deals, deliveries and clicks, sweep for missed wins, reload mappings, purge.
//!
//! May import `interactive`, `handoff` and what is below them, never `http`, `app` or `commands`. [`Context`] is what the loops share;
//! read [`dispatcher`] first.

pub mod catch_up;
mod circuit_breaker;
pub mod clicks;
mod deadline;
mod deal;
mod delivery;
pub mod dispatcher;
pub mod first_value;
pub mod follow;
pub mod purge;
pub mod reload;
mod retry;
pub mod roll_up;
pub mod writes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::{Clock, Entropy};
use crate::crm::{Crm, OpenDeals};
use crate::delivery::slack::SlackClient;
use crate::failure::Failure;
use crate::interactive::Clicks;
use crate::metrics::Metrics;
use crate::store::{FollowConfig, Store};
use circuit_breaker::Call;
use handoff_core::mapping::Mapping;
use handoff_core::record::AccountKey;
use reload::ReloadableMapping;

/// The least time between two looks of a loop that commits wake: those of other work wake it too.
const PACE: Duration = Duration::from_millis(20);

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
    pub slack: Arc<SlackClient>,
    /// What clicks in Slack mean.
    pub clicks: Arc<dyn Clicks>,
    /// Kept up to date by [`follow`]; the webhook routes ask it.
    pub open_deals: Arc<OpenDeals>,
    /// Workers, retries and time limits.
    pub work: WorkConfig,
    /// Where people open the operators' page.
    pub operator_url: Option<String>,
    pub metrics: Arc<Metrics>,
}

/// Whether a refusal holds back its whole scope: it says until when, other work was refused too, or so is a `question`
/// that has nothing to do with this piece of work.
async fn is_pause<T>(
    until: Option<Timestamp>,
    (call, work): (&Call, &str),
    question: impl Future<Output = Result<T, Failure>>,
) -> bool {
    until.is_some() || call.is_refused(work) || matches!(question.await, Err(Failure::Pause { .. }))
}

impl Context {
    /// Where people open a packet, if there is such a place.
    fn packet_page(&self, packet_id: &str) -> Option<String> {
        self.operator_url.as_ref().map(|url| format!("{url}/packets/{packet_id}"))
    }

    /// Waits; false when the service stops.
    async fn wait(&self, stopped: &mut watch::Receiver<bool>, span: Duration) -> bool {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => false,
            () = self.clock.sleep(span) => true,
        }
    }

    /// Waits until work was committed, `wake` has come, or the service stops.
    async fn woken(
        &self,
        changed: &mut watch::Receiver<u64>,
        stopped: &mut watch::Receiver<bool>,
        wake: Timestamp,
    ) {
        let commit = async {
            Clock::machine().sleep(PACE).await;
            let _ = changed.changed().await;
        };
        tokio::select! {
            _ = stopped.changed() => {}
            () = commit => {}
            () = self.clock.sleep_until(wake) => {}
        }
    }
}

/// Workers, retries and time limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkConfig {
    /// Deals, and as many deliveries, worked on at once.
    pub workers: usize,
    /// Processes that serve this installation together: each keeps to its part of what HubSpot and Slack allow.
    pub replicas: u32,
    /// Limit for one HTTP call. Well under `lease`.
    pub http_timeout: Duration,
    /// Delay before the second try.
    pub first_retry: Duration,
    /// The longest delay between two tries, and the longest `Retry-After` that is honoured.
    pub longest_retry: Duration,
    /// Tries before a delivery or a deal is dead. With the defaults that is about two days.
    pub tries: u32,
    /// How long a claimed row belongs to its worker.
    pub lease: Duration,
    /// How long an account stays paused after 401 or 403 before one call tries again.
    pub pause: Duration,
    /// How often to look for due work when nothing wakes the workers.
    pub poll: Duration,
    /// How long a digest waits for the first try of its task, so that it can link to it.
    pub digest_waits: Duration,
    /// How often mapping files are looked at for changes.
    pub reload: Duration,
    /// How long shutdown waits for work in flight.
    pub shutdown: Duration,
    /// How often each CRM is asked for wins that no webhook told of; `None` never asks.
    pub catch_up: Option<Duration>,
    /// How open packets are followed.
    pub follow: FollowConfig,
    /// How far back that looks. At least twice as long as `catch_up`, so that sweeps overlap.
    pub catch_up_window: Duration,
}
