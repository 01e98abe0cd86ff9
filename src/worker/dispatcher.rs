//! The dispatcher: claims due deals and deliveries, and hands each to a worker of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Context;
use super::circuit_breaker::{Call, CallOutcome, CircuitBreaker, Open};
use super::deal::work_on_deal;
use super::delivery::deliver;
use crate::clock::{Clock, later};
use crate::crash_point;
use crate::store::{ClaimLimit, DealLease, DeliveryLease, Due, Work};

/// The pause before the next look after work that was due could not be claimed.
const RACED: Duration = Duration::from_millis(50);

/// The pause before commits are listened to again while work waits for workers: what more of it arrives waits too,
/// and to look at every commit of a flood would cost more than the commits.
const FULL: Duration = Duration::from_millis(20);

/// What a look has found.
struct Seen {
    /// When to look again if nothing wakes us.
    wake: jiff::Timestamp,
    /// Something is due and has no worker.
    full: bool,
}

/// The workers, and whom they are calling.
struct Crew {
    breaker: Arc<CircuitBreaker>,
    deals: JoinSet<()>,
    deliveries: JoinSet<()>,
}

/// Works on what is due until told to stop, then waits at most `shutdown` for what is in flight. What is
/// still running then is dropped; the store gives its leases back at the next start.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let mut changed = context.store.changed();
    let breaker = CircuitBreaker::new(context.work.workers, context.work.first_retry, context.work.pause);
    let mut crew = Crew { breaker, deals: JoinSet::new(), deliveries: JoinSet::new() };
    while !*stopped.borrow() {
        // Marked before looking: what is committed after the look wakes the wait below.
        changed.borrow_and_update();
        let Seen { wake, full } = crew.look(&context).await;
        let commit = async {
            if full {
                // Our own pace, not a time that anybody waits for.
                Clock::machine().sleep(FULL).await;
            }
            let _ = changed.changed().await;
        };
        tokio::select! {
            _ = stopped.changed() => {}
            () = commit => {}
            Some(_) = crew.deals.join_next() => {}
            Some(_) = crew.deliveries.join_next() => {}
            () = context.clock.sleep_until(wake) => {}
        }
    }
    let finish = async {
        while crew.deals.join_next().await.is_some() {}
        while crew.deliveries.join_next().await.is_some() {}
    };
    if tokio::time::timeout(context.work.shutdown, finish).await.is_err() {
        tracing::warn!("work was still in flight at shutdown; the next start takes it over");
    }
}

impl Crew {
    /// Takes what is due and has a worker, until there is no more of it. The next look is when something becomes
    /// due, at the latest after the poll interval.
    async fn look(&mut self, context: &Arc<Context>) -> Seen {
        loop {
            self.dismiss();
            let due = match context.store.due().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::error!(%error, "what is due cannot be read; no work is claimed");
                    return Seen { wake: later(context.clock.now(), context.work.poll), full: false };
                }
            };
            let now = context.clock.now();
            let mut seen = Seen { wake: later(now, context.work.poll), full: false };
            let mut claimed = 0;
            for work in [Work::Deals, Work::Deliveries] {
                let due = due.iter().filter(|due| due.work == work);
                let portions = self.portions(context, due, now, &mut seen);
                if portions.is_empty() {
                    continue;
                }
                let begun = self.take(context, work, portions).await;
                claimed += begun;
                if begun == 0 {
                    // Somebody else was faster, or has it half in hand.
                    seen.wake = seen.wake.min(later(now, RACED));
                }
            }
            if claimed == 0 {
                return seen;
            }
        }
    }

    /// How much of what is due may be begun now, for each scope.
    fn portions<'d>(
        &self,
        context: &Context,
        due: impl Iterator<Item = &'d Due>,
        now: jiff::Timestamp,
        seen: &mut Seen,
    ) -> Vec<ClaimLimit> {
        let mut portions = Vec::new();
        for Due { work, scope, at, half_open } in due {
            if *at > now {
                seen.wake = seen.wake.min(*at);
                continue;
            }
            let most = self.free(context, *work).min(self.breaker.available(*work, scope, *half_open));
            if most == 0 {
                // It waits for a worker that is done, and that wakes us.
                seen.full = true;
            } else {
                portions.push(ClaimLimit::of(scope, u32::try_from(most).unwrap_or(u32::MAX)));
            }
        }
        portions
    }

    /// Workers that are done are free, all of them at once.
    fn dismiss(&mut self) {
        while self.deals.try_join_next().is_some() {}
        while self.deliveries.try_join_next().is_some() {}
    }

    fn free(&self, context: &Context, work: Work) -> usize {
        let busy = match work {
            Work::Deals => self.deals.len(),
            Work::Deliveries => self.deliveries.len(),
        };
        context.work.workers.saturating_sub(busy)
    }

    /// Claims and begins as much as there are free workers for; says how much that was.
    async fn take(&mut self, context: &Arc<Context>, work: Work, portions: Vec<ClaimLimit>) -> usize {
        let free = u32::try_from(self.free(context, work)).unwrap_or(u32::MAX);
        let lease = context.work.lease;
        let claimed = match work {
            Work::Deals => context
                .store
                .claim_deals(portions, free, lease)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_deal(context, lease)).count()),
            Work::Deliveries => context
                .store
                .claim_deliveries(portions, free, lease)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_delivery(context, lease)).count()),
        };
        claimed.unwrap_or_else(|error| {
            tracing::error!(%error, ?work, "due work cannot be claimed");
            0
        })
    }

    fn begin_deal(&mut self, context: &Arc<Context>, lease: DealLease) {
        let call = self.breaker.begin(Work::Deals, &lease.deal.account.to_string());
        let context = context.clone();
        self.deals.spawn(async move {
            let (work, outcome) = (lease.deal.to_string(), work_on_deal(&context, lease).await);
            record(&context, &call, &work, &outcome).await;
        });
    }

    fn begin_delivery(&mut self, context: &Arc<Context>, lease: DeliveryLease) {
        let call = self.breaker.begin(Work::Deliveries, &lease.scope());
        let context = context.clone();
        self.deliveries.spawn(async move {
            crash_point!("delivery.claimed");
            match deliver(&context, &lease).await {
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
    let Some(Open { until, reason }) = call.record(work, outcome, context.clock.now()) else { return };
    let scope = call.scope();
    tracing::warn!(scope, %until, reason, "calls rest");
    if let Err(error) = context.store.pause(scope, until, &reason).await {
        tracing::error!(scope, %error, "the rest could not be recorded");
    }
}
