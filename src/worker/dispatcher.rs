//! The dispatcher: claims due deals and deliveries, and hands each to a worker of its own.

use std::collections::BTreeMap;
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
use crate::crm::Crm;
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

/// What a scope has when its work is due.
struct Standing {
    /// Its workers, for deals and deliveries together.
    running: usize,
    /// See [`Crm::room`].
    room: Result<usize, Duration>,
    /// Workers that it may get for this kind of work.
    workers: usize,
}

/// Returns how much of what is due may be begun now, for each scope: those first that have the fewest workers, and among
/// these what has waited longest. No worker is given to what would wait for a rate limit.
fn quotas(mut due: Vec<(&Due, Standing)>, now: Timestamp, polled: &mut Polled) -> Vec<ClaimLimit> {
    due.sort_by_key(|(_, standing)| standing.running);
    let mut quotas = Vec::new();
    for (Due { scope, at, .. }, Standing { room, workers, .. }) in due {
        match room {
            _ if *at > now => polled.wake = polled.wake.min(*at),
            // It waits for a worker that is done, and that wakes the dispatcher.
            _ if workers == 0 => polled.saturated = true,
            Err(wait) => polled.wake = polled.wake.min(later(now, wait)),
            Ok(room) => {
                let most = u32::try_from(workers.min(room)).unwrap_or(u32::MAX);
                quotas.push(ClaimLimit::of(scope, most));
            }
        }
    }
    quotas
}

/// Claims what is due for as many workers as are free, and spawns them.
pub struct Dispatcher {
    context: Arc<Context>,
    breaker: Arc<CircuitBreaker>,
    /// The configured accounts with their clients, and Slack. What waits for another account is for a process that knows
    /// it.
    scopes: BTreeMap<String, Option<Arc<dyn Crm>>>,
    deals: JoinSet<()>,
    deliveries: JoinSet<()>,
}

impl Dispatcher {
    /// Claims nothing before [`Dispatcher::run`].
    pub fn new(context: Arc<Context>) -> Self {
        let WorkConfig { workers, first_retry, pause, .. } = context.work;
        let breaker = CircuitBreaker::new(workers, first_retry, pause);
        let accounts = context.accounts.iter();
        let accounts = accounts.map(|(key, account)| (key.to_string(), Some(Arc::clone(&account.crm))));
        let scopes = accounts.chain([(SLACK.to_owned(), None)]).collect();
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
                let due = due.iter().filter(|due| due.work == work && self.scopes.contains_key(&due.scope));
                let free = self.free(work);
                let due = due.map(|due| (due, self.standing(due, free)));
                let quotas = quotas(due.collect(), now, &mut polled);
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

    fn standing(&self, due: &Due, free: usize) -> Standing {
        let running = self.breaker.running(&due.scope);
        Standing {
            running,
            room: self.room(&due.scope, running),
            workers: free.min(self.breaker.available(due.work, &due.scope, due.half_open)),
        }
    }

    /// Removes the workers that are done, all of them at once.
    fn reap(&mut self) {
        while self.deals.try_join_next().is_some() {}
        while self.deliveries.try_join_next().is_some() {}
    }

    /// How many workers a kind of work has left. Those that an account's rate limit holds up in the middle of their work
    /// do not count: the account gets no others until there is room.
    fn free(&self, work: Work) -> usize {
        let workers = self.breaker.workers(work).into_iter();
        let busy = workers.filter(|(scope, _)| self.room(scope, 0).is_ok()).map(|(_, workers)| workers);
        self.context.work.workers.saturating_sub(busy.sum())
    }

    fn room(&self, scope: &str, running: usize) -> Result<usize, Duration> {
        let crm = self.scopes.get(scope).and_then(Option::as_ref);
        crm.map_or(Ok(usize::MAX), |crm| crm.room(running))
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const SECOND: Duration = Duration::from_secs(1);

    fn due(scope: &str, at: Timestamp) -> Due {
        Due { work: Work::Deals, scope: scope.to_owned(), at, half_open: false }
    }

    /// What is claimed of these scopes, which were due one after the other, and when it is looked again.
    fn claimed(
        standings: Vec<(&str, usize, Result<usize, Duration>, usize)>,
    ) -> (Vec<(String, u32)>, Polled) {
        let due: Vec<Due> = standings.iter().map(|(scope, ..)| due(scope, NOW)).collect();
        let standings =
            standings.into_iter().map(|(_, running, room, workers)| Standing { running, room, workers });
        let mut polled = Polled { wake: NOW + 10 * SECOND, saturated: false };
        let quotas = quotas(due.iter().zip(standings).collect(), NOW, &mut polled);
        (quotas.into_iter().map(|quota| (quota.scope, quota.limit)).collect(), polled)
    }

    fn of(scope: &str, limit: u32) -> (String, u32) {
        (scope.to_owned(), limit)
    }

    #[test]
    fn who_has_the_fewest_workers_is_next_and_then_who_has_waited_longest() {
        let (claimed, polled) =
            claimed(vec![("busy", 5, Ok(9), 1), ("quiet", 0, Ok(9), 3), ("later", 0, Ok(9), 3)]);
        assert_eq!(claimed, [of("quiet", 3), of("later", 3), of("busy", 1)]);
        assert!(!polled.saturated);
    }

    #[test]
    fn what_would_wait_for_a_rate_limit_gets_no_worker() {
        let (claimed, polled) = claimed(vec![("limited", 0, Err(2 * SECOND), 6), ("quiet", 0, Ok(2), 6)]);
        assert_eq!(claimed, [of("quiet", 2)]);
        assert_eq!((polled.wake, polled.saturated), (NOW + 2 * SECOND, false));
    }

    #[test]
    fn without_a_worker_the_next_that_is_done_is_waited_for() {
        let (claimed, polled) = claimed(vec![("limited", 6, Err(SECOND), 0)]);
        assert_eq!(claimed, []);
        assert_eq!((polled.wake, polled.saturated), (NOW + 10 * SECOND, true));
    }

    #[test]
    fn what_is_due_later_wakes_the_dispatcher_then() {
        let mut polled = Polled { wake: NOW + 10 * SECOND, saturated: false };
        let later = due("later", NOW + SECOND);
        let standing = Standing { running: 0, room: Ok(1), workers: 1 };
        assert_eq!(quotas(vec![(&later, standing)], NOW, &mut polled), []);
        assert_eq!(polled.wake, NOW + SECOND);
    }
}
