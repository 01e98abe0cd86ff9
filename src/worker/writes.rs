//! Writes answers back to the CRM: claims those that have a target, writes each, shows in its packet how that ended.
//! Nothing else of the product writes to a deal.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;

use super::deadline::before;
use super::{Account, Context};
use crate::clock::later;
use crate::crash_point;
use crate::crm::{WriteOutcome, WriteRefusal};
use crate::delivery::slack::{DirectMessage, Message};
use crate::failure::Failure;
use crate::handoff::WriteBack;
use crate::store::{AnswerState, Begun, StoreError, WriteEnd, WriteLease};
use handoff_core::record::AccountKey;

/// Answers that are written at once, of different packets.
const AT_ONCE: u32 = 4;

/// How often the revision of a written answer is made if others come in between.
const REVISIONS: usize = 5;

/// When a locked record is tried again.
const LOCKED: Duration = Duration::from_hours(24);

/// Writes answers until the service stops.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let mut changed = context.store.changed();
    while !*stopped.borrow() {
        changed.borrow_and_update();
        let wake = match round(&context).await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(%error, "answers cannot be written to the CRM");
                later(context.clock.now(), context.work.poll)
            }
        };
        context.woken(&mut changed, &mut stopped, wake).await;
    }
}

/// Writes what is due. Returns when to look again if nothing wakes the loop.
async fn round(context: &Context) -> Result<Timestamp, StoreError> {
    loop {
        let now = context.clock.now();
        let wake = later(now, context.work.poll);
        match context.store.due_write().await? {
            Some(due) if due <= now => {}
            due => return Ok(due.map_or(wake, |due| due.min(wake))),
        }
        let claimed = context.store.claim_writes(AT_ONCE, context.work.lease).await?;
        if claimed.is_empty() {
            return Ok(wake);
        }
        let written = claimed.iter().map(|lease| work_on(context, lease));
        join_all(written).await.into_iter().collect::<Result<(), _>>()?;
    }
}

/// The pause that holds back the writes of an account, and nothing else of it.
fn scope_of(account: &AccountKey) -> String {
    format!("writes:{account}")
}

/// How a try ended, before it is written down.
struct Ended {
    end: WriteEnd,
    outcome: &'static str,
    /// Direct messages about a conflict: to a Slack user id or an e-mail address.
    tell: Vec<(Recipient, Message)>,
}

enum Recipient {
    User(String),
    Address(String),
}

impl Ended {
    fn of(end: WriteEnd, outcome: &'static str) -> Self {
        Self { end, outcome, tell: Vec::new() }
    }

    fn at(until: Timestamp, outcome: &'static str) -> Self {
        Self::of(WriteEnd::at(until), outcome)
    }

    fn refused(code: &str, why: &str) -> Self {
        Self::of(WriteEnd::done(AnswerState::Refused, Some(code.to_owned()), Some(why.to_owned())), "refused")
    }
}

async fn work_on(context: &Context, lease: &WriteLease) -> Result<(), StoreError> {
    let ended = match attempt(context, lease).await {
        Ok(ended) => ended,
        Err(failure) => Some(after_failure(context, lease, &failure)),
    };
    let Some(Ended { end, outcome, tell }) = ended else { return Ok(()) };
    let code = end.code.clone().unwrap_or_default();
    let lost_lease = !context.store.finish_write(lease, end).await?;
    crash_point!("write.recorded");
    context.metrics.answer_write(outcome, &code);
    let (packet, question) = (&lease.packet_id, lease.topic);
    tracing::info!(packet, %question, outcome, code, lost_lease, "answer to the CRM");
    // After it is recorded, so that it is told once; the packet shows it in any case.
    for (recipient, message) in tell.into_iter().filter(|_| !lost_lease) {
        if let Err(failure) = send(context, recipient, &message).await {
            tracing::warn!(packet, %question, %failure, "a conflict could not be told");
        }
    }
    Ok(())
}

async fn send(context: &Context, recipient: Recipient, message: &Message) -> Result<(), Failure> {
    let user = match recipient {
        Recipient::User(user) => Some(user),
        Recipient::Address(address) => context.slack.user_by_email(&address).await?,
    };
    let Some(user) = user else { return Ok(()) };
    match context.slack.open_dm(&user).await? {
        DirectMessage::Channel(channel) => context.slack.post(&channel, message).await.map(drop),
        DirectMessage::Unreachable { code } => Err(Failure::give_up(format!("Slack: {code}"))),
    }
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
    let mut tell = Vec::new();
    if let WriteOutcome::Conflict { written_by, .. } = &outcome {
        let (to_both, by) = (work.conflict(), work.answer.by.user.clone());
        tell.push((Recipient::User(by), to_both.0));
        tell.extend(written_by.clone().map(|address| (Recipient::Address(address), to_both.1)));
    }
    show(context, lease, work, account, &outcome).await?;
    crash_point!("write.shown");
    let ended = match outcome {
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
        WriteOutcome::Conflict { theirs, .. } => {
            let theirs = WriteRefusal::new("conflict", &theirs).words;
            Ended::of(WriteEnd::done(AnswerState::Conflict, None, Some(theirs)), "conflict")
        }
    };
    Ok(Some(Ended { tell, ..ended }))
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
