//! One try of one deal: hand it over, record how that ended.

use super::circuit_breaker::{Call, CallOutcome};
use super::delivery::NEVER_ENDED;
use super::{Context, is_pause};
use crate::crash_point;
use crate::failure::Failure;
use crate::handoff::Handoff;
use crate::store::{DealEnd, DealLease};
use handoff_core::packet::ReplyParams;

/// Tries once, records how it ended, and says what that tells about the CRM.
pub(super) async fn work_on_deal(context: &Context, lease: DealLease, call: &Call) -> CallOutcome {
    crash_point!("deal.claimed");
    let end = if lease.attempts < context.work.tries {
        work(context, &lease, call).await
    } else {
        DealEnd::Dead { error: NEVER_ENDED.to_owned() }
    };
    let (outcome, error, call) = describe(&end);
    let took = match &end {
        DealEnd::Revised(revision) => revision.reply.as_ref().map(ReplyParams::seconds),
        _ => None,
    };
    crash_point!("deal.before_commit");
    let finished = context.store.finish_deal(&lease, end).await;
    crash_point!("deal.after_commit");
    match finished {
        Ok(counted) => {
            context.metrics.deal(outcome);
            if let Some(took) = took.filter(|_| counted) {
                context.metrics.completed(took);
            }
            let (deal, lost_lease) = (&lease.deal, !counted);
            if outcome == "dead" {
                tracing::error!(%deal, outcome, error, lost_lease, "deal");
            } else {
                tracing::info!(%deal, outcome, error, lost_lease, "deal");
            }
        }
        Err(failed) => tracing::error!(deal = %lease.deal, error = %failed, "deal could not be recorded"),
    }
    call
}

/// The name of an end, what went wrong, and what that tells about the CRM.
fn describe(end: &DealEnd) -> (&'static str, Option<String>, CallOutcome) {
    let (outcome, error, call) = match end {
        DealEnd::Packet(_) => ("packet", None, CallOutcome::Success),
        DealEnd::Revised(_) => ("revised", None, CallOutcome::Success),
        DealEnd::Known { .. } => ("known", None, CallOutcome::Success),
        DealEnd::NoPacket { .. } => ("nothing", None, CallOutcome::Success),
        DealEnd::Retry { error, .. } => ("retry", Some(error), CallOutcome::Failure { why: error.clone() }),
        DealEnd::Dead { error } => ("dead", Some(error), CallOutcome::Ignored),
        DealEnd::Paused { reason, .. } => ("paused", Some(reason), CallOutcome::Ignored),
    };
    (outcome, error.cloned(), call)
}

async fn work(context: &Context, lease: &DealLease, call: &Call) -> DealEnd {
    let Some(account) = context.accounts.get(&lease.deal.account) else {
        // Not claimed by this process; left to one that knows the account.
        return DealEnd::Retry { at: context.soon(), error: "the account is not configured".to_owned() };
    };
    let handoff = Handoff {
        store: &context.store,
        crm: &*account.crm,
        mapping: &account.mapping(),
        clock: &context.clock,
        digest_waits: context.work.digest_waits,
        follow: &context.work.follow,
        asks: context.slack.is_interactive(),
    };
    // A little before another worker takes the deal over.
    let run = tokio::time::timeout(context.work.lease * 3 / 4, handoff.run(&lease.deal)).await;
    let failure =
        match run.unwrap_or_else(|_| Err(Failure::retry("reading the deal took as long as its lease"))) {
            Ok(end) => {
                if let DealEnd::Packet(packet) = &end {
                    for gap in packet.assessment.gaps.iter().filter(|gap| gap.counts) {
                        context.metrics.gap(&gap.gap, &gap.section);
                    }
                }
                return end;
            }
            Err(failure) => failure,
        };
    let (work, question) = (lease.deal.to_string(), account.crm.last_won(1));
    let (why, wait) = match failure {
        Failure::Retry { why, after } => (why, after),
        Failure::GiveUp { why } => return DealEnd::Dead { error: why },
        Failure::Pause { why, until } if is_pause(until, (call, &work), question).await => {
            let until = context.pause_until(until, &lease.deal.account.to_string(), &why);
            return DealEnd::Paused { until, reason: why };
        }
        Failure::Pause { why, .. } | Failure::Unknown { why } => (why, None),
    };
    match context.next_try(lease.attempts, wait) {
        Some(at) => DealEnd::Retry { at, error: why },
        None => DealEnd::Dead { error: why },
    }
}
