//! The loops of a running service: due deals and deliveries, mapping files, the purge, the catch-up sweep.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::catch_up;
use crate::clock::later;
use crate::config::StoreConfig;
use crate::crash_point;
use crate::delivery::worker::deliver;
use crate::handoff::hand_off;
use crate::scopes::{Call, Health, Pool, Rest, Scopes};
use crate::store::{Among, DealEnd, DealLease, DeliveryLease, StoreError};

/// The pause between two looks while every worker is busy.
const BUSY: Duration = Duration::from_millis(50);

/// The workers, and whom they are calling.
struct Crew {
    scopes: Arc<Scopes>,
    deals: JoinSet<()>,
    deliveries: JoinSet<()>,
}

/// Works on what is due until told to stop, then waits at most `patience` for what is in flight. What is
/// still running then is dropped; the store gives its leases back at the next start.
pub async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>, patience: Duration) {
    let mut changed = app.store.changed();
    let scopes = Scopes::new(app.work.workers, app.work.first_retry, app.work.pause);
    let mut crew = Crew { scopes, deals: JoinSet::new(), deliveries: JoinSet::new() };
    while !*stopped.borrow() {
        // Marked before looking: what is committed after the look wakes the wait below.
        changed.borrow_and_update();
        claim(&app, &mut crew).await;
        let wake = next_look(&app).await;
        tokio::select! {
            _ = stopped.changed() => {}
            _ = changed.changed() => {}
            Some(_) = crew.deals.join_next() => {}
            Some(_) = crew.deliveries.join_next() => {}
            () = app.clock.sleep_until(wake) => {}
        }
    }
    let finish = async {
        while crew.deals.join_next().await.is_some() {}
        while crew.deliveries.join_next().await.is_some() {}
    };
    if tokio::time::timeout(patience, finish).await.is_err() {
        tracing::warn!("work was still in flight at shutdown; the next start takes it over");
    }
}

/// Takes what is due: everybody's share of the free workers first, then one piece of work of each scope that
/// comes out of a pause.
async fn claim(app: &Arc<App>, crew: &mut Crew) {
    let pauses = match app.store.pauses().await {
        Ok(pauses) => pauses,
        Err(error) => {
            tracing::error!(%error, "pauses cannot be read; no work is claimed");
            return;
        }
    };
    for pool in [Pool::Deals, Pool::Deliveries] {
        loop {
            let plan = crew.scopes.plan(pool, &pauses, app.clock.now());
            let most = crew.free(app, pool).min(plan.most);
            let claimed = crew.take(app, pool, most, Among::without(&plan.without)).await;
            if claimed == 0 || claimed < most {
                break;
            }
        }
        for probe in crew.scopes.plan(pool, &pauses, app.clock.now()).probes {
            let one = crew.free(app, pool).min(1);
            crew.take(app, pool, one, Among::only(&probe)).await;
        }
    }
}

impl Crew {
    fn free(&self, app: &App, pool: Pool) -> u32 {
        let busy = match pool {
            Pool::Deals => self.deals.len(),
            Pool::Deliveries => self.deliveries.len(),
        };
        u32::try_from(app.work.workers.saturating_sub(busy)).unwrap_or(u32::MAX)
    }

    /// Claims and begins up to `most` pieces of work; says how many.
    async fn take(&mut self, app: &Arc<App>, pool: Pool, most: u32, among: Among) -> u32 {
        if most == 0 {
            return 0;
        }
        let claimed = match pool {
            Pool::Deals => app
                .store
                .claim_deals_among(most, app.work.lease, among)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_deal(app, lease)).count()),
            Pool::Deliveries => app
                .store
                .claim_deliveries_among(most, app.work.lease, among)
                .await
                .map(|leases| leases.into_iter().map(|lease| self.begin_delivery(app, lease)).count()),
        };
        match claimed {
            Ok(count) => u32::try_from(count).unwrap_or(u32::MAX),
            Err(error) => {
                tracing::error!(%error, ?pool, "due work cannot be claimed");
                0
            }
        }
    }

    fn begin_deal(&mut self, app: &Arc<App>, lease: DealLease) {
        let call = self.scopes.begin(Pool::Deals, &lease.deal.account.to_string());
        let app = app.clone();
        self.deals.spawn(async move {
            let (work, health) = (lease.deal.to_string(), work_on_deal(&app, lease).await);
            settle(&app, &call, &work, &health).await;
        });
    }

    fn begin_delivery(&mut self, app: &Arc<App>, lease: DeliveryLease) {
        let call = self.scopes.begin(Pool::Deliveries, &lease.scope());
        let app = app.clone();
        self.deliveries.spawn(async move {
            crash_point!("delivery.claimed");
            match deliver(&app, &lease).await {
                Ok(health) => settle(&app, &call, &lease.packet_id, &health).await,
                Err(error) => {
                    tracing::error!(%error, packet = lease.packet_id, "delivery could not be recorded");
                }
            }
        });
    }
}

/// Sends a scope to rest after one failure too many. Whoever holds the call back until then keeps a second
/// probe from starting.
async fn settle(app: &App, call: &Call, work: &str, health: &Health) {
    let Some(Rest { until, reason }) = call.ended(work, health, app.clock.now()) else { return };
    let scope = call.scope();
    tracing::warn!(scope, %until, reason, "calls rest");
    if let Err(error) = app.store.pause(scope, until, &reason).await {
        tracing::error!(scope, %error, "the rest could not be recorded");
    }
}

/// When to look again if nothing wakes us: at the next due time, at the latest after the poll interval.
async fn next_look(app: &App) -> jiff::Timestamp {
    let now = app.clock.now();
    let poll = later(now, app.work.poll);
    match app.store.next_due().await {
        // What is due already waits for a free worker, and that wakes us: do not spin until then.
        Ok(Some(due)) if due <= now => later(now, BUSY).min(poll),
        Ok(Some(due)) => due.min(poll),
        _ => poll,
    }
}

async fn work_on_deal(app: &App, lease: DealLease) -> Health {
    crash_point!("deal.claimed");
    let end = hand_off(app, &lease).await;
    let (outcome, error) = describe(&end);
    let health = health(&end);
    crash_point!("deal.before_commit");
    let finished = app.store.finish_deal(&lease, end).await;
    crash_point!("deal.after_commit");
    match finished {
        Ok(counted) => {
            app.metrics.deal(outcome);
            tracing::info!(deal = %lease.deal, outcome, error, lost_lease = !counted, "deal");
        }
        Err(failed) => tracing::error!(deal = %lease.deal, error = %failed, "deal could not be recorded"),
    }
    health
}

fn health(end: &DealEnd) -> Health {
    match end {
        DealEnd::Packet(_) | DealEnd::Known { .. } | DealEnd::Nothing { .. } => Health::Answers,
        DealEnd::Retry { error, .. } => Health::Fails { why: error.clone() },
        DealEnd::Dead { .. } | DealEnd::Paused { .. } => Health::Refuses,
    }
}

fn describe(end: &DealEnd) -> (&'static str, Option<String>) {
    match end {
        DealEnd::Packet(_) => ("packet", None),
        DealEnd::Known { .. } => ("known", None),
        DealEnd::Nothing { .. } => ("nothing", None),
        DealEnd::Retry { error, .. } => ("retry", Some(error.clone())),
        DealEnd::Dead { error } => ("dead", Some(error.clone())),
        DealEnd::Paused { reason, .. } => ("paused", Some(reason.clone())),
    }
}

/// Looks at the mapping files now and then.
pub async fn reload(app: Arc<App>, mut stopped: watch::Receiver<bool>, every: Duration) {
    while wait(&app, &mut stopped, every).await {
        app.reload_mappings();
    }
}

/// Deletes what is older than it may become, once an hour.
pub async fn purge(app: Arc<App>, mut stopped: watch::Receiver<bool>, kept: StoreConfig) {
    while wait(&app, &mut stopped, Duration::from_hours(1)).await {
        let before = |days: u32| {
            let span = Duration::from_hours(24 * u64::from(days));
            app.clock.now().checked_sub(span).unwrap_or(jiff::Timestamp::MIN)
        };
        tell_purged("packets and events", app.store.purge(before(kept.retention_days)).await);
        tell_purged("deal records", app.store.purge_records(before(kept.record_days)).await);
    }
}

fn tell_purged(what: &str, purged: Result<u64, StoreError>) {
    match purged {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "purged {what}"),
        Err(error) => tracing::warn!(%error, "{what} cannot be purged"),
    }
}

/// Looks for wins that no webhook told of, at once and then again and again.
pub async fn catch_up(app: Arc<App>, mut stopped: watch::Receiver<bool>, every: Duration) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            swept = catch_up::sweep(&app) => {
                if let Err(error) = swept {
                    tracing::error!(%error, "cannot look for wins that no webhook told of");
                }
            }
        }
        if !wait(&app, &mut stopped, every).await {
            return;
        }
    }
}

/// Waits; false when the service stops.
async fn wait(app: &App, stopped: &mut watch::Receiver<bool>, span: Duration) -> bool {
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => false,
        () = app.clock.sleep(span) => true,
    }
}
