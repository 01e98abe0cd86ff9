//! One try of one delivery: read back if the last try's outcome is unknown, say what we are about to do,
//! do it, say how it ended.
//!
//! The order of the steps is what makes "exactly one" true. The intent is committed before the call, so a
//! crash in between leaves a row that says "unknown"; an unknown row is looked up on the other side before
//! anything is sent again.

mod asks;
mod calls;
mod first_value;

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::circuit_breaker::{Call, CallOutcome};
use super::deadline::before;
use super::{Context, is_pause};
use crate::clock::Clock;
use crate::crash_point;
use crate::failure::Failure;
use crate::store::{Attempt, DeliveryEnd, DeliveryLease, Destination, StoreError};
use handoff_core::packet::Packet;
use handoff_core::record::DealRecord;

/// Read-backs in a row that must find nothing before an unknown delivery is sent again. Slack does not
/// promise that its history shows a message at once, so one look is not enough.
pub(super) const ABSENT_BEFORE_REPEATING: u32 = 2;

/// Without this scope Slack takes no message at all.
const POST_SCOPE: &str = "chat:write";

/// What is said of work whose tries were all begun and never ended.
pub(super) const NEVER_ENDED: &str = "no tries left: the service ended in the middle of the last one";

/// What the CRM or Slack has of a delivery.
struct Delivered {
    external_id: String,
    url: Option<String>,
}

/// What is ready to be sent.
enum Prepared<'a> {
    Call(BoxFuture<'a, Result<Delivered, Failure>>),
    /// Something else has to be delivered first.
    NotYet(&'static str),
    /// There is no place for it any more; why.
    Pointless(String),
    /// It is not the time for it; when, and why.
    Later(Timestamp, &'static str),
    /// Others write to its channel before it; when its turn comes.
    Turn(Timestamp),
}

/// What became of an edit.
enum Edit {
    Done,
    /// It shows the newest revision, but for what the other side refused.
    Partly(String),
    /// It can never be edited again.
    Frozen(String),
}

/// What a read-back found.
enum ReadBack {
    Found(Delivered),
    Absent,
    Impossible,
    Failed(Failure),
}

impl Delivered {
    fn ended(self, outcome: &'static str) -> Ended {
        let Self { external_id, url } = self;
        Ended::answered(DeliveryEnd::Done { external_id, url }, outcome)
    }
}

/// Tries once, records how it ended, and says what that tells about the other side. An error is the store's: the
/// lease runs out, and the row comes back.
pub(super) async fn deliver(
    context: &Context,
    lease: &DeliveryLease,
    call: &Call,
) -> Result<CallOutcome, StoreError> {
    let at = context.clock.now();
    let watch = Clock::stopwatch();
    let Some(ended) = attempt(context, lease, call).await? else { return Ok(CallOutcome::Ignored) };
    let duration = watch.elapsed();
    let attempt = Attempt {
        at,
        destination: lease.destination,
        outcome: ended.outcome.to_owned(),
        duration_ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
        error: ended.error.clone(),
        next_at: ended.next_at(),
    };
    let needs_a_person = matches!(ended.end, DeliveryEnd::Dead | DeliveryEnd::Held);
    let edits = lease.external_id.is_some();
    let counted = context.store.finish_delivery(lease, ended.end, attempt).await?;
    if edits && !counted {
        context.store.edit_again(lease).await?;
    }
    crash_point!("delivery.recorded");
    context.metrics.attempt(lease.destination.as_str(), ended.outcome);
    let (outcome, error, millis) = (ended.outcome, ended.error, duration.as_millis());
    let (packet, destination, lost_lease) = (&lease.packet_id, lease.destination, !counted);
    if needs_a_person {
        tracing::error!(packet, %destination, outcome, error, lost_lease, millis, "delivery");
    } else {
        tracing::info!(packet, %destination, outcome, error, lost_lease, millis, "delivery");
    }
    Ok(ended.call)
}

/// Returns `None` if there is nothing to record: the row comes back, or is another worker's now.
async fn attempt(context: &Context, lease: &DeliveryLease, call: &Call) -> Result<Option<Ended>, StoreError> {
    let Some(stored) = context.store.delivery_payload(&lease.packet_id).await? else { return Ok(None) };
    let Ok(mut packet) = serde_json::from_str::<Packet>(&stored.packet) else {
        return Ok(Some(Ended::gave_up("the stored packet cannot be read")));
    };
    if let Some(account) = context.accounts.get(&lease.account) {
        packet.locale = packet.locale.or_same(account.mapping().locale);
    }
    let record = match stored.record.kept() {
        Some(record) => serde_json::from_str(record),
        // Its day may come after the record was deleted: the packet knows enough.
        None if lease.destination == Destination::SlackFirstValue => {
            Ok(DealRecord::empty(packet.crm, &packet.account, &packet.deal.id))
        }
        None => {
            let why = "the deal record was deleted (record_days), and it is written from that";
            if lease.external_id.is_some() && !lease.unknown {
                let end = DeliveryEnd::Frozen { why: why.to_owned() };
                return Ok(Some(Ended::ignored(end, "frozen", why)));
            }
            return Ok(Some(Ended::gave_up(why)));
        }
    };
    let Ok(record) = record else {
        return Ok(Some(Ended::gave_up("the stored packet cannot be read")));
    };
    let job = Job { context, lease, call, packet: &packet, record: &record };

    if lease.attempts >= context.work.tries {
        let end = if lease.unknown { DeliveryEnd::Held } else { DeliveryEnd::Dead };
        return Ok(Some(Ended::ignored(end, "gave_up", NEVER_ENDED)));
    }
    if lease.unknown {
        match job.read_back().await {
            ReadBack::Absent if lease.absent + 1 >= ABSENT_BEFORE_REPEATING => {}
            other => return Ok(Some(job.after_read_back(other).await)),
        }
    }
    if let Some(there) = lease.external_id.as_deref().filter(|_| !lease.unknown) {
        if let Some(at) = job.turn_to_edit(there) {
            context.store.yield_delivery(lease, at).await?;
            return Ok(None);
        }
        let edited = before(&context.clock, lease.until, job.edit(there)).await;
        crash_point!("delivery.edited");
        let edited =
            edited.unwrap_or_else(|| Err(Failure::retry("the lease ran out before there was an answer")));
        return Ok(Some(job.after_edit(edited).await));
    }
    // What takes long comes before the intent. The call must have time to end with the lease.
    let begin = lease.until.checked_sub(context.work.http_timeout).unwrap_or(lease.until);
    let call = match before(&context.clock, begin, job.prepare()).await {
        Some(Ok(Prepared::Call(call))) => call,
        Some(Ok(Prepared::NotYet(why))) => {
            let end = DeliveryEnd::Postponed { at: context.soon() };
            return Ok(Some(Ended::ignored(end, "postponed", why)));
        }
        Some(Ok(Prepared::Pointless(why))) => {
            let end = DeliveryEnd::Frozen { why: why.clone() };
            return Ok(Some(Ended::ignored(end, "frozen", why)));
        }
        Some(Ok(Prepared::Later(at, why))) => {
            return Ok(Some(Ended::ignored(DeliveryEnd::Postponed { at }, "postponed", why)));
        }
        Some(Ok(Prepared::Turn(at))) => {
            context.store.yield_delivery(lease, at).await?;
            return Ok(None);
        }
        Some(Err(failure)) => return Ok(Some(job.after_send(Err(failure)).await)),
        None => {
            let end = DeliveryEnd::Postponed { at: context.soon() };
            return Ok(Some(Ended::ignored(
                end,
                "postponed",
                "look-ups and the rate limit left no time for the call",
            )));
        }
    };
    if !context.store.intend(lease).await? {
        return Ok(None);
    }
    crash_point!("delivery.intent");
    // From then on another worker may read back and send: this one must not begin a call any more.
    let sent = before(&context.clock, lease.until, call).await;
    let sent = sent.unwrap_or_else(|| Err(Failure::unknown("the lease ran out before there was an answer")));
    crash_point!("delivery.sent");
    Ok(Some(job.after_send(sent).await))
}

/// How a try ended, before it is written down.
struct Ended {
    end: DeliveryEnd,
    outcome: &'static str,
    error: Option<String>,
    call: CallOutcome,
}

impl Ended {
    fn gave_up(why: impl Into<String>) -> Self {
        Self::ignored(DeliveryEnd::Dead, "gave_up", why)
    }

    /// It says nothing about the other side.
    fn ignored(end: DeliveryEnd, outcome: &'static str, why: impl Into<String>) -> Self {
        Self { end, outcome, error: Some(why.into()), call: CallOutcome::Ignored }
    }

    fn answered(end: DeliveryEnd, outcome: &'static str) -> Self {
        Self { end, outcome, error: None, call: CallOutcome::Success }
    }

    fn failed(end: DeliveryEnd, outcome: &'static str, why: String) -> Self {
        Self { end, outcome, error: Some(why.clone()), call: CallOutcome::Failure { why } }
    }

    fn next_at(&self) -> Option<Timestamp> {
        match self.end {
            DeliveryEnd::Retry { at } | DeliveryEnd::Postponed { at } | DeliveryEnd::Unknown { at, .. } => {
                Some(at)
            }
            DeliveryEnd::Paused { until, .. } => Some(until),
            DeliveryEnd::Done { .. }
            | DeliveryEnd::Edited
            | DeliveryEnd::Frozen { .. }
            | DeliveryEnd::Held
            | DeliveryEnd::Dead => None,
        }
    }
}

/// One claimed outbox row, with the packet it delivers.
struct Job<'a> {
    context: &'a Context,
    lease: &'a DeliveryLease,
    call: &'a Call,
    packet: &'a Packet,
    record: &'a DealRecord,
}

impl Job<'_> {
    async fn after_read_back(&self, read_back: ReadBack) -> Ended {
        match read_back {
            ReadBack::Found(found) => found.ended("found"),
            ReadBack::Absent => {
                let (at, absent) = (self.context.soon(), self.lease.absent + 1);
                Ended::answered(DeliveryEnd::Unknown { at, absent }, "absent")
            }
            ReadBack::Impossible => {
                let why = "an incoming webhook cannot be read back: see whether the digest is there";
                Ended::ignored(DeliveryEnd::Held, "unknown", why)
            }
            ReadBack::Failed(Failure::Pause { why, until }) if self.is_pause(until).await => {
                self.paused(why, until)
            }
            ReadBack::Failed(Failure::GiveUp { why }) => {
                Ended::ignored(DeliveryEnd::Held, "unknown", format!("cannot read back: {why}"))
            }
            ReadBack::Failed(failure) => {
                let wait = if let Failure::Retry { after, .. } = failure { after } else { None };
                self.unknown(wait, format!("cannot read back: {failure}"))
            }
        }
    }

    async fn after_edit(&self, edited: Result<Edit, Failure>) -> Ended {
        match edited {
            Ok(Edit::Done) => Ended::answered(DeliveryEnd::Edited, "edited"),
            Ok(Edit::Partly(why)) => Ended::ignored(DeliveryEnd::Edited, "edited", why),
            Ok(Edit::Frozen(why)) => Ended::ignored(DeliveryEnd::Frozen { why: why.clone() }, "frozen", why),
            // The same edit may be made again.
            Err(Failure::Unknown { why }) => self.retry(why, None),
            Err(failure) => self.after_send(Err(failure)).await,
        }
    }

    async fn after_send(&self, sent: Result<Delivered, Failure>) -> Ended {
        match sent {
            Ok(delivered) => delivered.ended("delivered"),
            Err(Failure::Pause { why, until }) if self.is_pause(until).await => self.paused(why, until),
            Err(Failure::Retry { why, after }) => self.retry(why, after),
            Err(Failure::Pause { why, .. }) => self.retry(why, None),
            Err(Failure::GiveUp { why }) => Ended::gave_up(why),
            Err(Failure::Unknown { why }) => self.unknown(None, why),
        }
    }

    fn retry(&self, why: String, wait: Option<Duration>) -> Ended {
        match self.context.next_try(self.lease.attempts, wait) {
            Some(at) => Ended::failed(DeliveryEnd::Retry { at }, "retry", why),
            None => Ended::gave_up(format!("no tries left: {why}")),
        }
    }

    async fn is_pause(&self, until: Option<Timestamp>) -> bool {
        let question = async {
            match self.lease.destination {
                Destination::CrmTask => self.crm()?.last_won(1).await.map(drop),
                _ => match self.context.slack.identity().await? {
                    Some(bot) if bot.lacks(POST_SCOPE) => {
                        Err(Failure::Pause { why: format!("the bot lacks {POST_SCOPE}"), until: None })
                    }
                    _ => Ok(()),
                },
            }
        };
        is_pause(until, (self.call, &self.packet.packet_id), question).await
    }

    /// To be read back, or held when the tries are used up.
    fn unknown(&self, wait: Option<Duration>, why: String) -> Ended {
        let at = self.context.next_try(self.lease.attempts, wait);
        let end = at.map_or(DeliveryEnd::Held, |at| DeliveryEnd::Unknown { at, absent: 0 });
        Ended::failed(end, "unknown", why)
    }

    fn paused(&self, why: String, until: Option<Timestamp>) -> Ended {
        let until = self.context.pause_until(until, &self.lease.scope(), &why);
        Ended::ignored(DeliveryEnd::Paused { until }, "paused", why)
    }
}
