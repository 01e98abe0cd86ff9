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
use crate::store::{DealEnd, DealLease, StoreError};

/// The pause between two looks while every worker is busy.
const BUSY: Duration = Duration::from_millis(50);

/// Works on what is due until told to stop, then waits at most `patience` for what is in flight. What is
/// still running then is dropped; the store gives its leases back at the next start.
pub async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>, patience: Duration) {
    let mut changed = app.store.changed();
    let mut deals = JoinSet::new();
    let mut deliveries = JoinSet::new();
    while !*stopped.borrow() {
        // Marked before looking: what is committed after the look wakes the wait below.
        changed.borrow_and_update();
        claim(&app, &mut deals, &mut deliveries).await;
        let wake = next_look(&app).await;
        tokio::select! {
            _ = stopped.changed() => {}
            _ = changed.changed() => {}
            Some(_) = deals.join_next() => {}
            Some(_) = deliveries.join_next() => {}
            () = app.clock.sleep_until(wake) => {}
        }
    }
    let finish = async {
        while deals.join_next().await.is_some() {}
        while deliveries.join_next().await.is_some() {}
    };
    if tokio::time::timeout(patience, finish).await.is_err() {
        tracing::warn!("work was still in flight at shutdown; the next start takes it over");
    }
}

async fn claim(app: &Arc<App>, deals: &mut JoinSet<()>, deliveries: &mut JoinSet<()>) {
    let free = free_workers(app, deals);
    if free > 0 {
        match app.store.claim_deals(free, app.work.lease).await {
            Ok(leases) => leases.into_iter().for_each(|lease| {
                deals.spawn(work_on_deal(app.clone(), lease));
            }),
            Err(error) => tracing::error!(%error, "due deals cannot be claimed"),
        }
    }
    let free = free_workers(app, deliveries);
    if free > 0 {
        match app.store.claim_deliveries(free, app.work.lease).await {
            Ok(leases) => leases.into_iter().for_each(|lease| {
                let app = app.clone();
                deliveries.spawn(async move {
                    crash_point!("delivery.claimed");
                    if let Err(error) = deliver(&app, &lease).await {
                        tracing::error!(%error, packet = lease.packet_id, "delivery could not be recorded");
                    }
                });
            }),
            Err(error) => tracing::error!(%error, "due deliveries cannot be claimed"),
        }
    }
}

fn free_workers(app: &App, busy: &JoinSet<()>) -> u32 {
    u32::try_from(app.work.workers.saturating_sub(busy.len())).unwrap_or(u32::MAX)
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

async fn work_on_deal(app: Arc<App>, lease: DealLease) {
    crash_point!("deal.claimed");
    let end = hand_off(&app, &lease).await;
    let (outcome, error) = describe(&end);
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
