//! Applies what people did in Slack: claims stored clicks, oldest first, and gives each its effect.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Context;
use super::delivery::NEVER_ENDED;
use crate::clock::later;
use crate::crash_point;
use crate::failure::Failure;
use crate::interactive::Click;
use crate::store::{ClickEnd, ClickLease};

/// Clicks that are worked on at once.
const AT_ONCE: usize = 4;

/// Works on clicks until the service stops, then waits for those that have begun.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let mut changed = context.store.changed();
    let mut running = JoinSet::new();
    while !*stopped.borrow() {
        changed.borrow_and_update();
        let wake = begin(&context, &mut running).await;
        tokio::select! {
            () = context.woken(&mut changed, &mut stopped, wake) => {}
            Some(_) = running.join_next() => {}
        }
    }
    let finish = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(context.work.shutdown, finish).await.is_err() {
        tracing::warn!("clicks were still worked on at shutdown; the next start takes them over");
    }
}

/// Begins what is due and has room. Returns when to look again if nothing wakes the loop.
async fn begin(context: &Arc<Context>, running: &mut JoinSet<()>) -> Timestamp {
    while running.try_join_next().is_some() {}
    let now = context.clock.now();
    let wake = later(now, context.work.poll);
    let room = u32::try_from(AT_ONCE.saturating_sub(running.len())).unwrap_or_default();
    let claimed = async {
        match context.store.due_click().await? {
            Some(due) if due <= now && room > 0 => {
                context.store.claim_clicks(room, context.work.lease).await.map(Ok)
            }
            due => Ok(Err(due.filter(|due| *due > now).map_or(wake, |due| due.min(wake)))),
        }
    };
    match claimed.await {
        Ok(Ok(leases)) => {
            for lease in leases {
                let context = Arc::clone(context);
                running.spawn(async move { work_on(&context, lease).await });
            }
            wake
        }
        Ok(Err(wake)) => wake,
        Err(error) => {
            tracing::error!(%error, "clicks that wait cannot be claimed");
            wake
        }
    }
}

async fn work_on(context: &Context, lease: ClickLease) {
    let end = if lease.attempts < context.work.tries {
        apply(context, &lease).await
    } else {
        ClickEnd::Dead { error: NEVER_ENDED.to_owned() }
    };
    crash_point!("click.applied");
    let (word, error) = match &end {
        ClickEnd::Done { outcome } => (outcome.clone(), None),
        ClickEnd::Retry { error, .. } => ("retry".to_owned(), Some(error.clone())),
        ClickEnd::Dead { error } => ("dead".to_owned(), Some(error.clone())),
    };
    match context.store.finish_click(&lease, end).await {
        Ok(counted) => {
            context.metrics.click(&word);
            let (click, lost_lease) = (&lease.id, !counted);
            if word == "dead" {
                tracing::error!(click, outcome = word, error, lost_lease, "click");
            } else {
                tracing::info!(click, outcome = word, error, lost_lease, "click");
            }
        }
        Err(error) => tracing::error!(click = lease.id, %error, "a click could not be recorded"),
    }
}

async fn apply(context: &Context, lease: &ClickLease) -> ClickEnd {
    let Ok(interaction) = serde_json::from_str(&lease.click) else {
        return ClickEnd::Dead { error: "the stored click cannot be read".to_owned() };
    };
    let click = Click { id: lease.id.clone(), received_at: lease.received_at, interaction };
    // A little before another worker takes the click over.
    let applied = tokio::time::timeout(context.work.lease * 3 / 4, context.clicks.apply(&click)).await;
    let failure = match applied {
        Ok(Ok(outcome)) => return ClickEnd::Done { outcome },
        Ok(Err(failure)) => failure,
        Err(_) => Failure::retry("applying the click took as long as its lease"),
    };
    let wait = if let Failure::Retry { after, .. } = failure { after } else { None };
    let next = match failure {
        Failure::GiveUp { .. } => None,
        _ => context.next_try(lease.attempts, wait),
    };
    let error = failure.why().to_owned();
    match next {
        Some(at) => ClickEnd::Retry { at, error },
        None => ClickEnd::Dead { error },
    }
}
