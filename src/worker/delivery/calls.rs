//! The calls of a delivery: what is on the other side, what is created there, what is edited.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Delivered, Edit, Job, Prepared, ReadBack};
use crate::clock::later;
use crate::crm::{Crm, TaskEdit};
use crate::delivery::slack::{self, Metadata};
use crate::delivery::task;
use crate::failure::Failure;
use crate::store::{Act, CLOSED, Destination, StoredAct, Thread};
use handoff_core::messages;
use handoff_core::packet::{DigestParams, PacketStatus, TaskParams};
use handoff_core::record::User;

impl Job<'_> {
    pub(super) async fn read_back(&self) -> ReadBack {
        let found = match self.lease.destination {
            Destination::CrmTask => self.find_task().await,
            _ if !self.context.slack.can_read_back() => return ReadBack::Impossible,
            Destination::SlackDigest => self.find_digest().await,
            Destination::SlackReply => self.find_in(Destination::SlackDigest, Metadata::of_reply).await,
            Destination::SlackSentBack => {
                self.find_in(Destination::SlackDigest, Metadata::of_sent_back).await
            }
            Destination::SlackDm | Destination::SlackFallback => self.find_ask().await,
            Destination::SlackFirstValue => self.find_first_value().await,
            Destination::SlackReminder => self.find_in(Destination::SlackDm, Metadata::of_reply).await,
        };
        match found {
            Ok(Some(delivered)) => ReadBack::Found(delivered),
            Ok(None) => ReadBack::Absent,
            Err(failure) => ReadBack::Failed(failure),
        }
    }

    /// Gets everything ready that takes long, the turn at the rate limit last. Returns the call that remains.
    pub(super) async fn prepare(&self) -> Result<Prepared<'_>, Failure> {
        match self.lease.destination {
            Destination::CrmTask => self.prepare_task().await,
            Destination::SlackDigest => {
                let params: DigestParams = self.params()?;
                let message = self.digest(&params).await?;
                Ok(self.post(params.channel, message))
            }
            Destination::SlackReply => {
                let message = slack::reply(self.packet, &self.params()?);
                self.post_in(Destination::SlackDigest, message).await
            }
            Destination::SlackSentBack => match self.sent_back().await? {
                Some(message) => self.post_in(Destination::SlackDigest, message).await,
                None => Ok(Prepared::Pointless("nothing was sent back".to_owned())),
            },
            Destination::SlackDm | Destination::SlackFallback => self.prepare_ask().await,
            Destination::SlackReminder => self.prepare_reminder().await,
            Destination::SlackFirstValue => self.prepare_first_value().await,
        }
    }

    async fn prepare_task(&self) -> Result<Prepared<'_>, Failure> {
        let (crm, mut params): (_, TaskParams) = (self.crm()?, self.params()?);
        if params.assignee.is_none() {
            params.assignee = known_user(crm, &params.addresses).await?;
        }
        let draft = task::draft(self.packet, self.record, &params);
        crm.prepare_write().await?;
        let create = async move {
            let task = crm.create_task(&draft).await?;
            Ok(Delivered { external_id: task.id, url: Some(task.url) })
        };
        Ok(Prepared::Call(create.boxed()))
    }

    /// When the channel gets another message, if that is not now.
    fn turn(&self, channel: &str) -> Option<Timestamp> {
        let wait = self.context.slack.turn(channel).err()?;
        Some(later(self.context.clock.now(), wait))
    }

    /// The same for the channel of a message that is to be edited.
    pub(super) fn turn_to_edit(&self, there: &str) -> Option<Timestamp> {
        match self.lease.destination {
            Destination::CrmTask | Destination::SlackReply | Destination::SlackReminder => None,
            _ => self.turn(there.split_once('/')?.0),
        }
    }

    /// A message to a channel, if it is the channel's turn.
    pub(super) fn post(&self, channel: String, message: slack::Message) -> Prepared<'_> {
        if let Some(at) = self.turn(&channel) {
            return Prepared::Turn(at);
        }
        let slack = &self.context.slack;
        let post = async move {
            let posted = slack.post(&channel, &message).await?;
            Ok(self.posted(&posted).await)
        };
        Prepared::Call(post.boxed())
    }

    /// A message in the thread of another delivery of the packet.
    pub(super) async fn post_in(
        &self,
        parent: Destination,
        message: slack::Message,
    ) -> Result<Prepared<'_>, Failure> {
        let (channel, ts) = match self.thread_of(parent).await? {
            Thread::Of { channel, ts } => (channel, ts),
            Thread::NotYet => return Ok(Prepared::NotYet("the message that it replies to comes first")),
            Thread::None => return Ok(Prepared::Pointless("there is no message to reply to".to_owned())),
        };
        if let Some(at) = self.turn(&channel) {
            return Ok(Prepared::Turn(at));
        }
        let slack = &self.context.slack;
        let post = async move {
            let posted = slack.reply(&channel, &ts, &message).await?;
            Ok(self.posted(&posted).await)
        };
        Ok(Prepared::Call(post.boxed()))
    }

    pub(super) fn crm(&self) -> Result<&dyn Crm, Failure> {
        let account = self.context.accounts.get(&self.lease.account);
        let account = account.ok_or_else(|| Failure::give_up("the account is not configured any more"))?;
        Ok(&*account.crm)
    }

    async fn find_task(&self) -> Result<Option<Delivered>, Failure> {
        let marker = task::marker(&self.packet.packet_id);
        let found = self.crm()?.find_task(&self.record.deal.id, &marker).await?;
        Ok(found.map(|task| Delivered { external_id: task.id, url: Some(task.url) }))
    }

    pub(super) async fn thread_of(&self, parent: Destination) -> Result<Thread, Failure> {
        Ok(self.context.store.thread(&self.packet.packet_id, parent).await?)
    }

    /// Looks for the reply in the thread of another delivery of the packet.
    async fn find_in(
        &self,
        parent: Destination,
        marker: fn(&str) -> Metadata,
    ) -> Result<Option<Delivered>, Failure> {
        let Thread::Of { channel, ts } = self.thread_of(parent).await? else { return Ok(None) };
        let marker = marker(&self.packet.packet_id);
        let found = self.context.slack.find_reply(&channel, &ts, &marker).await?;
        Ok(self.found(found).await)
    }

    pub(super) async fn found(&self, posted: Option<slack::Posted>) -> Option<Delivered> {
        Some(self.posted(&posted?).await)
    }

    /// Looks in every channel that it may be in: the routes may have changed since an operator replayed it, or since a
    /// database that was lost posted it.
    async fn find_digest(&self) -> Result<Option<Delivered>, Failure> {
        let DigestParams { channel: meant, earlier: mut channels, .. } = self.params()?;
        let since = self.lease.intended_at.unwrap_or(self.packet.as_of);
        channels.push(meant.clone());
        if let Some(account) = self.context.accounts.get(&self.lease.account) {
            let mapping = account.mapping();
            channels.push(mapping.slack.channel.clone());
            for route in &mapping.slack.routes {
                channels.push(route.channel.clone());
            }
        }
        let marker = Metadata::of(&self.packet.packet_id);
        for (index, channel) in channels.iter().enumerate() {
            let (slack, perhaps) = (&self.context.slack, *channel != meant);
            if !channels[..index].contains(channel)
                && let Some(posted) = slack.find_posted(channel, perhaps, &marker, since).await?
            {
                return Ok(Some(self.posted(&posted).await));
            }
        }
        Ok(None)
    }

    /// Brings what is on the other side up to the newest revision. May be repeated.
    pub(super) async fn edit(&self, there: &str) -> Result<Edit, Failure> {
        match self.lease.destination {
            Destination::CrmTask => self.edit_task(there).await,
            Destination::SlackDigest => {
                let message = self.digest(&self.params()?).await?;
                self.edit_message(there, &message).await
            }
            // It says what happened, once.
            Destination::SlackReply | Destination::SlackReminder => Ok(Edit::Done),
            // The seller is mentioned once; a later reason stands in its place.
            Destination::SlackSentBack => match self.sent_back().await? {
                Some(message) => self.edit_message(there, &message).await,
                None => Ok(Edit::Done),
            },
            Destination::SlackDm | Destination::SlackFallback => {
                self.edit_message(there, &slack::ask(self.packet, self.record)).await
            }
            Destination::SlackFirstValue => self.edit_first_value(there).await,
        }
    }

    async fn edit_task(&self, task: &str) -> Result<Edit, Failure> {
        let (crm, params): (_, TaskParams) = (self.crm()?, self.params()?);
        let draft = task::draft(self.packet, self.record, &params);
        let open = self.packet.is_open();
        Ok(match crm.edit_task(task, &draft, !open).await? {
            TaskEdit::Closed if open => Edit::Frozen(CLOSED.to_owned()),
            TaskEdit::Edited | TaskEdit::Closed => Edit::Done,
            TaskEdit::NotCompleted { why } => Edit::Partly(why),
            TaskEdit::Deleted => Edit::Frozen("deleted".to_owned()),
        })
    }

    pub(super) async fn edit_message(&self, there: &str, message: &slack::Message) -> Result<Edit, Failure> {
        // An incoming webhook told no id.
        let edited = match there.split_once('/') {
            Some((channel, ts)) => self.context.slack.edit(channel, ts, message).await?,
            None => false,
        };
        let frozen = || Edit::Frozen("this message can no longer be edited".to_owned());
        Ok(if edited { Edit::Done } else { frozen() })
    }

    /// The digest, with whom it mentions looked up.
    async fn digest(&self, params: &DigestParams) -> Result<slack::Message, Failure> {
        // Only who is asked for something is mentioned beside the owner.
        let seller = self.seller().filter(|_| self.packet.status == PacketStatus::Incomplete);
        let mentions = slack::Mentions {
            owner: self.user_by_email(self.packet.owner.email.as_deref()).await,
            seller: self.user_by_email(seller).await,
        };
        let task = self.context.store.external(&self.packet.packet_id, Destination::CrmTask).await;
        let frozen = self.context.store.frozen(&self.packet.packet_id, Destination::CrmTask).await?;
        let decided = self.decided().await?;
        let links = slack::Links {
            deal: self.packet.deal.url.clone(),
            task: task?.and_then(|(_, url)| url),
            packet: self.context.packet_page(&self.packet.packet_id),
            task_closed: frozen.as_deref() == Some(CLOSED),
            ..decided
        };
        Ok(slack::digest(self.packet, self.record, params, &links, &mentions))
    }

    /// The reply that says why the handoff was sent back, the latest time.
    async fn sent_back(&self) -> Result<Option<slack::Message>, Failure> {
        let acts = self.context.store.acts(&self.packet.packet_id).await?;
        let Some(act) = acts.iter().rfind(|one| one.act == Act::SentBack) else { return Ok(None) };
        let seller = self.user_by_email(self.seller()).await;
        let why = self.packet.locale.scope(|| messages::digest::why(act.reason, &act.detail));
        Ok(Some(slack::sent_back(self.packet, self.record, (&act.name, &why), seller.as_deref())))
    }

    /// The address of the seller, if they still work there.
    fn seller(&self) -> Option<&str> {
        self.record.owner.as_ref().filter(|seller| seller.is_active()).and_then(User::email)
    }

    /// What people decided about the packet, as the digest says it.
    async fn decided(&self) -> Result<slack::Links, Failure> {
        let acts = self.context.store.acts(&self.packet.packet_id).await?;
        let has = |act: Act| acts.iter().any(|one| one.act == act);
        let today = self.packet.today();
        let said = |one: &StoredAct| {
            self.packet.locale.scope(|| {
                let day = messages::value::near(day_of(one), today);
                match one.act {
                    Act::Accepted => messages::digest::accepted(&one.name, &day),
                    Act::SentBack => {
                        let why = messages::digest::why(one.reason, &one.detail);
                        messages::digest::sent_back(&one.name, &day, &why)
                    }
                    Act::ReviewHeld => messages::digest::review_was_held(&day),
                    Act::Reached | Act::NotYet | Act::Missed => self.said_of_first_value(one),
                }
            })
        };
        let taken = acts.iter().rfind(|one| matches!(one.act, Act::Accepted | Act::SentBack));
        let held = acts.iter().rfind(|one| one.act == Act::ReviewHeld);
        let first_value = acts.iter().rfind(|one| one.act.is_about_first_value());
        let decided: Vec<String> = taken.into_iter().chain(held).chain(first_value).map(said).collect();
        let decisions = slack::Decisions { accepted: has(Act::Accepted), reviewed: has(Act::ReviewHeld) };
        Ok(slack::Links {
            decided: (!decided.is_empty()).then(|| decided.join(" · ")),
            buttons: self.context.slack.is_interactive().then_some(decisions),
            ..slack::Links::default()
        })
    }

    async fn user_by_email(&self, email: Option<&str>) -> Option<String> {
        self.context.slack.user_by_email(email?).await.ok().flatten()
    }

    pub(super) async fn posted(&self, posted: &slack::Posted) -> Delivered {
        let slack::Posted { channel, ts } = posted;
        // An incoming webhook tells no id: the channel is all there is to remember.
        let Some(ts) = ts else {
            return Delivered { external_id: channel.clone(), url: None };
        };
        let url = self.context.slack.permalink(channel, ts).await;
        Delivered { external_id: format!("{channel}/{ts}"), url }
    }

    pub(super) fn params<T: serde::de::DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.lease.order)
            .map_err(|error| Failure::give_up(format!("the stored order cannot be read: {error}")))
    }
}

/// The day on which a person decided.
pub(super) fn day_of(act: &StoredAct) -> Date {
    act.at.to_zoned(TimeZone::UTC).date()
}

/// The id of the first active CRM user with one of these addresses. A refused question leaves the task unassigned: it
/// is worth more than none.
async fn known_user(crm: &dyn Crm, addresses: &[String]) -> Result<Option<String>, Failure> {
    for address in addresses {
        match crm.user_by_email(address).await {
            Ok(Some(user)) => return Ok(Some(user.id().to_owned())),
            Ok(None) => {}
            Err(failure @ Failure::Retry { .. }) => return Err(failure),
            Err(refused) => {
                tracing::warn!(account = %crm.account(), why = refused.why(), "no user can be looked up by address");
            }
        }
    }
    Ok(None)
}
