//! What every part of a running service shares. Wiring only: the work is elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, Entropy, later};
use crate::config::WorkConfig;
use crate::crm::{Crm, hubspot, salesforce};
use crate::delivery::slack::SlackClient;
use crate::http::{Bodies, Seldom};
use crate::mapping::Mapping;
use crate::metrics::{BacklogLabels, Metrics, PauseLabels};
use crate::record::AccountKey;
use crate::store::Store;
use crate::worker::reload::{LiveMapping, Refusal, Reload};
use crate::worker::retry;

/// One running service.
pub struct App {
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The durable state.
    pub store: Store,
    /// How much of webhooks' bodies is held, and for how long.
    pub bodies: Bodies,
    /// How long a webhook waits for its commit before its sender is told to come back.
    pub answer_within: Duration,
    /// Keeps the log short while webhooks cannot be stored.
    pub overload: Seldom,
    /// Who may send HubSpot webhooks.
    pub hubspot: hubspot::Receiver,
    /// Who may send Salesforce webhooks.
    pub salesforce: salesforce::Receiver,
    /// Where digests go.
    pub slack: SlackClient,
    /// Workers, retries and time limits.
    pub work: WorkConfig,
    /// What `/metrics` says.
    pub metrics: Metrics,
    /// Every portal and org, with its mapping.
    pub accounts: BTreeMap<AccountKey, Account>,
}

/// One portal or org.
pub struct Account {
    /// Talks to it.
    pub crm: Arc<dyn Crm>,
    /// Its mapping, replaced while the service runs.
    pub live: Arc<LiveMapping>,
}

impl Account {
    /// The mapping that is running.
    pub fn mapping(&self) -> Arc<Mapping> {
        self.live.current()
    }
}

impl App {
    /// The account, if it is configured.
    pub fn account(&self, key: &AccountKey) -> Option<&Account> {
        self.accounts.get(key)
    }

    /// When the next try is due after `attempts` earlier ones, or `None` when the tries are used up.
    pub fn next_try(&self, attempts: u32, retry_after: Option<Duration>) -> Option<Timestamp> {
        if attempts + 1 >= self.work.tries {
            return None;
        }
        let jitter = self.entropy.fraction();
        let delay =
            retry::delay(attempts + 1, self.work.first_retry, self.work.longest_retry, retry_after, jitter);
        Some(later(self.clock.now(), delay))
    }

    /// When to look again for something that should have appeared at once. A call that is still on its way, of a
    /// worker that lost its lease or its life, has been answered or given up by then.
    pub fn soon(&self) -> Timestamp {
        later(self.clock.now(), self.work.first_retry.max(self.work.http_timeout))
    }

    /// When a paused account may try again: as the other side said, or after the configured pause.
    pub fn pause_until(&self, until: Option<Timestamp>) -> Timestamp {
        until.unwrap_or_else(|| later(self.clock.now(), self.work.pause))
    }

    /// Every mapping file, with the accounts whose packets it makes.
    pub fn mappings(&self) -> Vec<(&LiveMapping, Vec<String>)> {
        let mut files: Vec<(&LiveMapping, Vec<String>)> = Vec::new();
        for (account, Account { live, .. }) in &self.accounts {
            match files.iter_mut().find(|(file, _)| std::ptr::eq(*file, &raw const **live)) {
                Some((_, accounts)) => accounts.push(account.to_string()),
                None => files.push((live.as_ref(), vec![account.to_string()])),
            }
        }
        files
    }

    /// The mapping files whose newest version does not run, with the accounts that go on with the one before.
    pub fn refused_mappings(&self) -> Vec<(&LiveMapping, Refusal, Vec<String>)> {
        let refused =
            |(live, accounts): (_, _)| LiveMapping::refused(live).map(|refusal| (live, refusal, accounts));
        self.mappings().into_iter().filter_map(refused).collect()
    }

    /// Reads every mapping file again; a file with problems changes nothing but the log.
    pub fn reload_mappings(&self) {
        for (live, accounts) in self.mappings() {
            let (file, accounts) = (live.path().display(), accounts.join(", "));
            match live.reread() {
                Reload::Unchanged => {}
                Reload::Loaded { old, new } => {
                    self.metrics.reload("loaded");
                    tracing::info!(%file, old, new, accounts, "mapping loaded");
                }
                Reload::Refused { running, refused, problems } => {
                    self.metrics.reload("refused");
                    tracing::error!(%file, running, refused, accounts, "mapping refused, the old one runs on:\n{problems}");
                }
            }
        }
    }

    fn set_backlog(&self, kind: &'static str, state: &'static str, count: u64) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.backlog.get_or_create(&BacklogLabels { kind, state }).set(count);
    }

    /// Brings the gauges up to date; called when somebody asks for them.
    pub async fn measure_backlog(&self) {
        match self.store.backlog().await {
            Ok(backlog) => {
                self.metrics.backlog.clear();
                self.set_backlog("deal", "waiting", backlog.deals_waiting);
                self.set_backlog("deal", "dead", backlog.deals_dead);
                for (destination, state, count) in backlog.deliveries {
                    self.set_backlog(destination.as_str(), state.as_str(), count);
                }
                let now = self.clock.now();
                let age = backlog.oldest_undelivered.map_or(0, |oldest| now.duration_since(oldest).as_secs());
                self.metrics.oldest_undelivered_seconds.set(age);
                let age = backlog.oldest_deal.map_or(0, |oldest| now.duration_since(oldest).as_secs());
                self.metrics.oldest_waiting_deal_seconds.set(age);
                self.metrics.store_up.set(1);
            }
            Err(error) => {
                self.metrics.store_up.set(0);
                tracing::warn!(%error, "the backlog cannot be measured");
            }
        }
        self.metrics.set_store_commits(self.store.commits());
        self.metrics.store_queue.set(i64::try_from(self.store.queued()).unwrap_or(i64::MAX));
        self.metrics.refused_mappings.set(i64::try_from(self.refused_mappings().len()).unwrap_or(i64::MAX));
        if let Ok(pauses) = self.store.pauses().await {
            self.metrics.paused.clear();
            for pause in pauses {
                self.metrics.paused.get_or_create(&PauseLabels { scope: pause.scope }).set(1);
            }
        }
    }
}
