//! One try of one deal: hand it over, record how that ended.

use super::Context;
use super::circuit_breaker::CallOutcome;
use crate::crash_point;
use crate::failure::Failure;
use crate::handoff::Handoff;
use crate::store::{DealEnd, DealLease};

/// Tries once, records how it ended, and says what that tells about the CRM.
pub(super) async fn work_on_deal(context: &Context, lease: DealLease) -> CallOutcome {
    crash_point!("deal.claimed");
    let end = work(context, &lease).await;
    let (outcome, error) = describe(&end);
    let call = call_outcome(&end);
    crash_point!("deal.before_commit");
    let finished = context.store.finish_deal(&lease, end).await;
    crash_point!("deal.after_commit");
    match finished {
        Ok(counted) => {
            context.metrics.deal(outcome);
            tracing::info!(deal = %lease.deal, outcome, error, lost_lease = !counted, "deal");
        }
        Err(failed) => tracing::error!(deal = %lease.deal, error = %failed, "deal could not be recorded"),
    }
    call
}

fn call_outcome(end: &DealEnd) -> CallOutcome {
    match end {
        DealEnd::Packet(_) | DealEnd::Known { .. } | DealEnd::Nothing { .. } => CallOutcome::Success,
        DealEnd::Retry { error, .. } => CallOutcome::Failure { why: error.clone() },
        DealEnd::Dead { .. } | DealEnd::Paused { .. } => CallOutcome::Ignored,
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

async fn work(context: &Context, lease: &DealLease) -> DealEnd {
    let Some(account) = context.accounts.get(&lease.deal.account) else {
        return DealEnd::Nothing { outcome: "account not configured".to_owned() };
    };
    let handoff = Handoff {
        store: &context.store,
        crm: &*account.crm,
        mapping: &account.mapping(),
        clock: &context.clock,
        digest_waits: context.work.digest_waits,
    };
    let end = handoff.run(&lease.deal).await.unwrap_or_else(|failure| after(context, lease, failure));
    if let DealEnd::Packet(packet) = &end {
        for gap in packet.assessment.gaps.iter().filter(|gap| gap.counts) {
            context.metrics.gap(&gap.gap, &gap.section);
        }
    }
    end
}

fn after(context: &Context, lease: &DealLease, failure: Failure) -> DealEnd {
    let (why, wait) = match failure {
        Failure::Retry { why, after } => (why, after),
        Failure::Unknown { why } => (why, None),
        Failure::GiveUp { why } => return DealEnd::Dead { error: why },
        Failure::Pause { why, until } => {
            return DealEnd::Paused { until: context.pause_until(until), reason: why };
        }
    };
    match context.next_try(lease.attempts, wait) {
        Some(at) => DealEnd::Retry { at, error: why },
        None => DealEnd::Dead { error: why },
    }
}
