//! Writes answers back to the CRM: claims those that have a target, writes each, shows in its packet how that ended.
//! Nothing else of the product writes to a deal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::deadline::before;
use super::{Account, Context};
use crate::clock::later;
use crate::crash_point;
use crate::crm::{WriteOutcome, WriteRefusal};
use crate::delivery::slack::DirectMessage;
use crate::failure::Failure;
use crate::handoff::WriteBack;
use crate::store::{AnswerState, Begun, Recipient, StoreError, WriteEnd, WriteLease};
use handoff_core::record::AccountKey;

/// Answers of one account that are written at once, of different packets. An account that does not answer keeps no
/// other waiting.
const AT_ONCE: usize = 4;

/// How many more answers of each account may be begun.
type Room = BTreeMap<AccountKey, Arc<Semaphore>>;

/// How often the revision of a written answer is made if others come in between.
const REVISIONS: usize = 5;

/// When a locked record is tried again.
const LOCKED: Duration = Duration::from_hours(24);

/// Writes answers until the service stops, then waits for those that have begun.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let mut changed = context.store.changed();
    let room = |key: &AccountKey| (key.clone(), Arc::new(Semaphore::new(AT_ONCE)));
    let room: Room = context.accounts.keys().map(room).collect();
    let mut running = JoinSet::new();
    while !*stopped.borrow() {
        changed.borrow_and_update();
        let wake = begin(&context, &room, &mut running).await.unwrap_or_else(|error| {
            tracing::error!(%error, "answers cannot be written to the CRM");
            later(context.clock.now(), context.work.poll)
        });
        tokio::select! {
            () = context.woken(&mut changed, &mut stopped, wake) => {}
            Some(_) = running.join_next() => {}
        }
    }
    let finish = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(context.work.shutdown, finish).await.is_err() {
        tracing::warn!("answers were still written at shutdown; the next start takes them over");
    }
}

/// Begins what is due and has room. Returns when to look again if nothing wakes the loop.
async fn begin(
    context: &Arc<Context>,
    room: &Room,
    running: &mut JoinSet<()>,
) -> Result<Timestamp, StoreError> {
    while running.try_join_next().is_some() {}
    let now = context.clock.now();
    let mut wake = later(now, context.work.poll);
    for (account, due) in context.store.due_writes().await? {
        // Another process may know the account.
        let Some(room) = room.get(&account) else { continue };
        if due > now {
            wake = wake.min(due);
            continue;
        }
        let free = room.available_permits();
        if free == 0 {
            continue;
        }
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        for lease in context.store.claim_writes(&account, free, context.work.lease).await? {
            let Ok(permit) = Arc::clone(room).try_acquire_owned() else { continue };
            let context = Arc::clone(context);
            running.spawn(async move {
                work_on(&context, &lease).await;
                drop(permit);
            });
        }
    }
    Ok(wake)
}

/// The pause that holds back the writes of an account, and nothing else of it.
fn scope_of(account: &AccountKey) -> String {
    format!("writes:{account}")
}

/// How a try ended, before it is written down.
struct Ended {
    end: WriteEnd,
    outcome: &'static str,
}

impl Ended {
    fn of(end: WriteEnd, outcome: &'static str) -> Self {
        Self { end, outcome }
    }

    fn at(until: Timestamp, outcome: &'static str) -> Self {
        Self::of(WriteEnd::at(until), outcome)
    }

    fn refused(code: &str, why: &str) -> Self {
        Self::of(WriteEnd::done(AnswerState::Refused, Some(code.to_owned()), Some(why.to_owned())), "refused")
    }
}

async fn work_on(context: &Context, lease: &WriteLease) {
    let recorded =
        if lease.tell.is_empty() { write(context, lease).await } else { tell(context, lease).await };
    if let Err(error) = recorded {
        tracing::error!(packet = lease.packet_id, question = %lease.topic, %error, "an answer could not be recorded");
    }
}

async fn write(context: &Context, lease: &WriteLease) -> Result<(), StoreError> {
    let ended = match attempt(context, lease).await {
        Ok(ended) => ended,
        Err(failure) => Some(after_failure(context, lease, &failure)),
    };
    let Some(Ended { end, outcome }) = ended else { return Ok(()) };
    let code = end.code.clone().unwrap_or_default();
    let lost_lease = !context.store.finish_write(lease, end).await?;
    crash_point!("write.recorded");
    context.metrics.answer_write(outcome, &code);
    let (packet, question) = (&lease.packet_id, lease.topic);
    tracing::info!(packet, %question, outcome, code, lost_lease, "answer to the CRM");
    Ok(())
}

/// Tells people of a conflict, one after the other. Who was told by a try that was cut off is not told again.
async fn tell(context: &Context, lease: &WriteLease) -> Result<(), StoreError> {
    let mut left = lease.tell.as_slice();
    let mut again = None;
    while let Some((recipient, others)) = left.split_first() {
        if let Err(failure) = told(context, lease, recipient).await {
            let packet = &lease.packet_id;
            tracing::warn!(packet, question = %lease.topic, %failure, "a conflict could not be told");
            again = match failure {
                Failure::GiveUp { .. } => None,
                Failure::Pause { until, .. } => {
                    until.or_else(|| Some(later(context.clock.now(), context.work.pause)))
                }
                Failure::Retry { after, .. } => context.next_try(lease.attempts, after),
                Failure::Unknown { .. } => context.next_try(lease.attempts, None),
            };
        }
        if again.is_some() {
            break;
        }
        left = others;
    }
    crash_point!("write.told");
    context.store.tell_later(lease, left, again).await.map(drop)
}

/// Sends one direct message about a conflict, unless an earlier try has.
async fn told(context: &Context, lease: &WriteLease, recipient: &Recipient) -> Result<(), Failure> {
    let mapping_of = |key: &AccountKey| context.accounts.get(key).map(Account::mapping);
    let Some((work, _)) = WriteBack::of(&context.store, lease, mapping_of).await? else { return Ok(()) };
    let (answered, overtaken) = work.conflict(&lease.click);
    let (user, message) = match recipient {
        Recipient::Answered(user) => (Some(user.clone()), answered),
        Recipient::Overtaken(address) => {
            let user = context.slack.user_by_email(address).await?;
            (user.filter(|user| *user != work.answer.by.user), overtaken)
        }
    };
    let Some(user) = user else { return Ok(()) };
    let channel = match context.slack.open_dm(&user).await? {
        DirectMessage::Channel(channel) => channel,
        DirectMessage::Unreachable { code } => return Err(Failure::give_up(format!("Slack: {code}"))),
    };
    // The claim of the first try counts.
    let since = work.answer.by.at;
    if lease.attempts > 1
        && context.slack.find_posted(&channel, false, &message.metadata, since).await?.is_some()
    {
        return Ok(());
    }
    context.slack.acquire(&channel).await;
    context.slack.post(&channel, &message).await.map(drop)
}

/// Tries once, as far as possible: `None` if the lease was lost, or the answer is not written any more.
async fn attempt(context: &Context, lease: &WriteLease) -> Result<Option<Ended>, Failure> {
    let gone = |why| Ok(Some(Ended::refused("gone", why)));
    let mapping_of = |key: &AccountKey| context.accounts.get(key).map(Account::mapping);
    let Some((work, key)) = WriteBack::of(&context.store, lease, mapping_of).await? else {
        return gone("the packet, its deal record or its account is not there any more");
    };
    let Some(account) = context.accounts.get(&key) else { return gone("the account is not configured") };
    let Some(write) = work.write.clone() else {
        return gone("the mapping does not say how it is written");
    };
    let (now, scope) = (context.clock.now(), scope_of(&key));
    let pauses = context.store.pauses().await?;
    let account_scope = key.to_string();
    let held = pauses.iter().filter(|pause| pause.scope == scope || pause.scope == account_scope);
    if let Some(until) = held.map(|pause| pause.until).max().filter(|until| *until > now) {
        return Ok(Some(Ended::at(until, "paused")));
    }
    match context.store.begin_write(lease).await? {
        Begun::Yes => {}
        Begun::No => return Ok(None),
        Begun::TooMany => {
            context.metrics.answer_write("stopped", "too_many");
            tracing::error!(
                packet = lease.packet_id,
                question = %lease.topic,
                "more than ten answers of a packet were to be written within an hour: this one is not"
            );
            return Ok(None);
        }
    }
    crash_point!("write.begun");
    let written = before(&context.clock, lease.until, account.crm.write(&write)).await;
    crash_point!("write.sent");
    let outcome =
        written.unwrap_or_else(|| Err(Failure::unknown("the lease ran out before there was an answer")))?;
    if let WriteOutcome::NotAllowed { why } = &outcome {
        let until = context.pause_until(None, &scope, why);
        context.store.pause(&scope, until, why).await?;
        return Ok(Some(Ended::at(until, "not_allowed")));
    }
    if pauses.iter().any(|pause| pause.scope == scope) {
        context.store.lift_pause(&scope).await?;
    }
    let by = work.answer.by.user.clone();
    show(context, lease, work, account, &outcome).await?;
    crash_point!("write.shown");
    Ok(Some(match outcome {
        WriteOutcome::Written | WriteOutcome::NotAllowed { .. } => {
            Ended::of(WriteEnd::done(AnswerState::Written, None, None), "written")
        }
        WriteOutcome::Refused(WriteRefusal { code, words, is_locked }) => {
            let mut refused = Ended::refused(&code, &words);
            if is_locked {
                (refused.end.next, refused.end.is_try) = (Some(later(now, LOCKED)), false);
            }
            refused
        }
        WriteOutcome::Conflict { theirs, written_by } => {
            let theirs = WriteRefusal::new("conflict", &theirs).words;
            let overtaken = written_by.map(Recipient::Overtaken);
            let tell = [Recipient::Answered(by)].into_iter().chain(overtaken).collect();
            let end = WriteEnd { tell, ..WriteEnd::done(AnswerState::Conflict, None, Some(theirs)) };
            Ended::of(end, "conflict")
        }
    }))
}

/// Makes the packet's revision that shows how a write ended. The answer's own revision may be made at the same time.
async fn show(
    context: &Context,
    lease: &WriteLease,
    mut work: WriteBack,
    account: &Account,
    outcome: &WriteOutcome,
) -> Result<(), Failure> {
    for _ in 0..REVISIONS {
        let now = context.clock.now();
        let Some(revision) = work.revision(&context.store, &account.mapping(), outcome, now).await? else {
            return Ok(());
        };
        if context.store.revise(revision).await? {
            return Ok(());
        }
        let Some((newer, _)) = WriteBack::of(&context.store, lease, |_| Some(account.mapping())).await?
        else {
            return Ok(());
        };
        work = newer;
    }
    Err(Failure::retry("the packet got other revisions at the same time"))
}

fn after_failure(context: &Context, lease: &WriteLease, failure: &Failure) -> Ended {
    tracing::warn!(packet = lease.packet_id, question = %lease.topic, %failure, "an answer is not in the CRM yet");
    let after = if let Failure::Retry { after, .. } = failure { *after } else { None };
    let next = match failure {
        Failure::GiveUp { .. } => None,
        Failure::Pause { until, .. } => {
            let until = until.unwrap_or_else(|| later(context.clock.now(), context.work.pause));
            return Ended::at(until, "paused");
        }
        Failure::Retry { .. } | Failure::Unknown { .. } => context.next_try(lease.attempts, after),
    };
    match next {
        Some(at) => Ended::of(WriteEnd { is_try: true, ..WriteEnd::at(at) }, "retry"),
        None => Ended::refused("failed", failure.why()),
    }
}
