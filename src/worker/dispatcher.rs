//! The dispatcher: claims due deals and deliveries, and hands each to a worker of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::circuit_breaker::{Call, CallOutcome, CircuitBreaker, Open};
use super::deal::work_on_deal;
use super::delivery::deliver;
use super::{Context, WorkConfig};
use crate::clock::{Clock, later};
use crate::crash_point;
use crate::store::{ClaimLimit, DealLease, DeliveryLease, Due, SLACK, Work};

/// The pause before the next poll after work that was due could not be claimed.
const CLAIM_LOST_DELAY: Duration = Duration::from_millis(50);

/// The pause before commits are listened to again while work waits for workers: what more of it arrives waits too,
/// and to poll at every commit of a flood would cost more than the commits.
const SATURATED_DELAY: Duration = Duration::from_millis(20);

struct Polled {
    /// When to poll again if nothing wakes the dispatcher.
    wake: Timestamp,
    /// Something is due and has no worker.
    saturated: bool,
}

/// Claims what is due for as many workers as are free, and spawns them.
pub struct Dispatcher {
    context: Arc<Context>,
    breaker: Arc<CircuitBreaker>,
    /// The configured accounts, and Slack. What waits for another account is for a process that knows it.
    scopes: BTreeSet<String>,
    deals: JoinSet<()>,
    deliveries: JoinSet<()>,
}

impl Dispatcher {
    /// Claims nothing before [`Dispatcher::run`].
    pub fn new(context: Arc<Context>) -> Self {
        let WorkConfig { workers, first_retry, pause, .. } = context.work;
        let breaker = CircuitBreaker::new(workers, first_retry, pause);
        let accounts = context.accounts.keys().map(ToString::to_string);
        let scopes = accounts.chain([SLACK.to_owned()]).collect();
        Self { context, breaker, scopes, deals: JoinSet::new(), deliveries: JoinSet::new() }
    }

    /// Works on what is due until told to stop, then waits at most `shutdown` for what is in flight. What is
    /// still running then is dropped; the store gives its leases back at the next start.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let context = Arc::clone(&self.context);
        let mut changed = context.store.changed();
        while !*stopped.borrow() {
            // Marked before polling: what is committed after the poll wakes the wait below.
            changed.borrow_and_update();
            let Polled { wake, saturated } = self.poll().await;
            let commit = async {
                if saturated {
                    // Our own pace, not a time that anybody waits for.
                    Clock::machine().sleep(SATURATED_DELAY).await;
                }
                let _ = changed.changed().await;
            };
            tokio::select! {
                _ = stopped.changed() => {}
                () = commit => {}
                Some(_) = self.deals.join_next() => {}
                Some(_) = self.deliveries.join_next() => {}
                () = context.clock.sleep_until(wake) => {}
            }
        }
        let finish = async {
            while self.deals.join_next().await.is_some() {}
            while self.deliveries.join_next().await.is_some() {}
        };
        if tokio::time::timeout(context.work.shutdown, finish).await.is_err() {
            tracing::warn!("work was still in flight at shutdown; the next start takes it over");
        }
    }

    /// Claims what is due and has a worker, until there is no more of it. The next poll is when something becomes
    /// due, at the latest after the poll interval.
    async fn poll(&mut self) -> Polled {
        loop {
            self.reap();
            let Context { store, clock, work: config, .. } = &*self.context;
            let due = store.due().await;
            let now = clock.now();
            let mut polled = Polled { wake: later(now, config.poll), saturated: false };
            let due = match due {
                Ok(due) => due,
                Err(error) => {
                    tracing::error!(%error, "what is due cannot be read; no work is claimed");
                    return polled;
                }
            };
            let mut claimed = 0;
            for work in [Work::Deals, Work::Deliveries] {
                let due = due.iter().filter(|due| due.work == work && self.scopes.contains(&due.scope));
                let quotas = self.quotas(due, now, &mut polled);
                if quotas.is_empty() {
                    continue;
                }
                let begun = self.claim(work, quotas).await;
                claimed += begun;
                if begun == 0 {
                    // Another process was faster, or is about to commit its claim.
                    polled.wake = polled.wake.min(later(now, CLAIM_LOST_DELAY));
                }
            }
            if claimed == 0 {
                return polled;
            }
        }
    }

    /// Returns how much of what is due may be begun now, for each scope.
    fn quotas<'d>(
        &self,
        due: impl Iterator<Item = &'d Due>,
        now: Timestamp,
        polled: &mut Polled,
    ) -> Vec<ClaimLimit> {
        let mut quotas = Vec::new();
        for Due { work, scope, at, half_open } in due {
            if *at > now {
                polled.wake = polled.wake.min(*at);
                continue;
            }
            let most = self.free(*work).min(self.breaker.available(*work, scope, *half_open));
            if most == 0 {
                // It waits for a worker that is done, and that wakes the dispatcher.
                polled.saturated = true;
            } else {
                quotas.push(ClaimLimit::of(scope, u32::try_from(most).unwrap_or(u32::MAX)));
            }
        }
        quotas
    }

    /// Removes the workers that are done, all of them at once.
    fn reap(&mut self) {
        while self.deals.try_join_next().is_some() {}
        while self.deliveries.try_join_next().is_some() {}
    }

    fn free(&self, work: Work) -> usize {
        let busy = match work {
            Work::Deals => self.deals.len(),
            Work::Deliveries => self.deliveries.len(),
        };
        self.context.work.workers.saturating_sub(busy)
    }

    /// Claims and begins as much as there are free workers for. Returns how much that was.
    async fn claim(&mut self, work: Work, quotas: Vec<ClaimLimit>) -> usize {
        let free = u32::try_from(self.free(work)).unwrap_or(u32::MAX);
        let (store, lease) = (self.context.store.clone(), self.context.work.lease);
        let claimed = match work {
            Work::Deals => store
                .claim_deals(quotas, free, lease)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_deal(lease)).count()),
            Work::Deliveries => store
                .claim_deliveries(quotas, free, lease)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_delivery(lease)).count()),
        };
        claimed.unwrap_or_else(|error| {
            tracing::error!(%error, ?work, "due work cannot be claimed");
            0
        })
    }

    fn begin_deal(&mut self, lease: DealLease) {
        let call = self.breaker.begin(Work::Deals, &lease.deal.account.to_string());
        let context = Arc::clone(&self.context);
        self.deals.spawn(async move {
            let (work, outcome) = (lease.deal.to_string(), work_on_deal(&context, lease, &call).await);
            record(&context, &call, &work, &outcome).await;
        });
    }

    fn begin_delivery(&mut self, lease: DeliveryLease) {
        let call = self.breaker.begin(Work::Deliveries, &lease.scope());
        let context = Arc::clone(&self.context);
        self.deliveries.spawn(async move {
            crash_point!("delivery.claimed");
            match deliver(&context, &lease, &call).await {
                Ok(outcome) => record(&context, &call, &lease.packet_id, &outcome).await,
                Err(error) => {
                    tracing::error!(%error, packet = lease.packet_id, "delivery could not be recorded");
                }
            }
        });
    }
}

/// Pauses a scope whose circuit opens. The call is held until that is stored, so that no second probe starts.
async fn record(context: &Context, call: &Call, work: &str, outcome: &CallOutcome) {
    let Some(Open { span, reason }) = call.record(work, outcome, context.clock.elapsed()) else { return };
    let (scope, until) = (call.scope(), later(context.clock.now(), span));
    tracing::warn!(scope, %until, reason, "calls rest");
    if let Err(error) = context.store.pause(scope, until, &reason).await {
        tracing::error!(scope, %error, "the rest could not be recorded");
    }
}
