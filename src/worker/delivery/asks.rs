//! The direct messages that ask people: one to who can answer, one reminder below it, one to the fallback.

use futures_util::FutureExt as _;

use super::Job;
use super::calls::{Delivered, Edit, Prepared};
use crate::delivery::slack::{self, DirectMessage};
use crate::failure::Failure;
use crate::store::{Destination, Thread};
use handoff_core::packet::AskParams;

/// Why nobody is asked any more.
const ANSWERED: &str = "nothing is open any more";

impl Job<'_> {
    /// A message to one person; nothing if there is nothing to ask, or the person cannot be reached or was asked before.
    pub(super) async fn prepare_ask(&self) -> Result<Prepared<'_>, Failure> {
        if let Some(not_now) = self.unasked() {
            return Ok(not_now);
        }
        let channel = match self.conversation().await? {
            Ok(channel) => channel,
            Err(why) => return Ok(Prepared::Pointless(why)),
        };
        if self.lease.destination == Destination::SlackFallback
            && matches!(self.asked().await?, Thread::Of { channel: asked, .. } if asked == channel)
        {
            return Ok(Prepared::Pointless("they were asked already".to_owned()));
        }
        let message = slack::ask(self.packet, self.record);
        let slack = &self.context.slack;
        slack.acquire(&channel).await;
        let post = async move {
            let posted = slack.post(&channel, &message).await?;
            Ok(self.posted(&posted).await)
        };
        Ok(Prepared::Call(post.boxed()))
    }

    /// The one reminder, below the message to who can answer.
    pub(super) async fn prepare_reminder(&self) -> Result<Prepared<'_>, Failure> {
        if let Some(not_now) = self.unasked() {
            return Ok(not_now);
        }
        let (channel, ts) = match self.asked().await? {
            Thread::Of { channel, ts } => (channel, ts),
            Thread::NotYet => return Ok(Prepared::NotYet("the message is not there yet")),
            Thread::None => return Ok(Prepared::Pointless("there is no message to reply to".to_owned())),
        };
        let message = slack::reminder(self.packet, self.record);
        let slack = &self.context.slack;
        slack.acquire(&channel).await;
        let post = async move {
            let posted = slack.reply(&channel, &ts, &message).await?;
            Ok(self.posted(&posted).await)
        };
        Ok(Prepared::Call(post.boxed()))
    }

    pub(super) async fn find_ask(&self) -> Result<Option<Delivered>, Failure> {
        let Ok(channel) = self.conversation().await? else { return Ok(None) };
        let since = self.lease.intended_at.unwrap_or(self.packet.as_of);
        let found = self.context.slack.find_posted(&channel, false, &self.packet.packet_id, since).await?;
        match found {
            Some(posted) => Ok(Some(self.posted(&posted).await)),
            None => Ok(None),
        }
    }

    pub(super) async fn find_reminder(&self) -> Result<Option<Delivered>, Failure> {
        let Thread::Of { channel, ts } = self.asked().await? else { return Ok(None) };
        match self.context.slack.find_reply(&channel, &ts, &self.packet.packet_id).await? {
            Some(posted) => Ok(Some(self.posted(&posted).await)),
            None => Ok(None),
        }
    }

    pub(super) async fn edit_ask(&self, there: &str) -> Result<Edit, Failure> {
        let frozen = || Edit::Frozen("this message can no longer be edited".to_owned());
        let Some((channel, ts)) = there.split_once('/') else { return Ok(frozen()) };
        let message = slack::ask(self.packet, self.record);
        self.context.slack.acquire(channel).await;
        Ok(if self.context.slack.edit(channel, ts, &message).await? { Edit::Done } else { frozen() })
    }

    /// Why a person is not written to now: nothing is open, or it is not within working hours.
    fn unasked(&self) -> Option<Prepared<'_>> {
        if slack::unanswered(self.packet) == 0 {
            return Some(Prepared::Pointless(ANSWERED.to_owned()));
        }
        let mapping = self.context.accounts.get(&self.lease.account)?.mapping();
        let now = self.context.clock.now().to_zoned(mapping.time_zone.clone());
        let opening = mapping.slack.hours.next_opening(&now);
        (opening > now).then(|| Prepared::Later(opening.timestamp(), "outside of working hours"))
    }

    /// The conversation with who is asked, or why there is none.
    async fn conversation(&self) -> Result<Result<String, String>, Failure> {
        let AskParams { address } = self.params()?;
        let Some(user) = self.context.slack.user_by_email(&address).await else {
            return Ok(Err("no member of the workspace has the address of who is asked".to_owned()));
        };
        Ok(match self.context.slack.open_dm(&user).await? {
            DirectMessage::Channel(channel) => Ok(channel),
            DirectMessage::Unreachable { code } if code == "messages_tab_disabled" => Err(format!(
                "{code}: switch the Messages tab on under App Home in the settings of the Slack app"
            )),
            DirectMessage::Unreachable { code } => Err(format!("{code}: the person cannot be written to")),
        })
    }

    async fn asked(&self) -> Result<Thread, Failure> {
        Ok(self.context.store.thread(&self.packet.packet_id, Destination::SlackDm).await?)
    }
}
