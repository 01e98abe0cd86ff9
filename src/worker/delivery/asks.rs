//! The direct messages that ask people: one to who can answer, one reminder below it, one to the fallback.

use super::{Delivered, Job, Prepared};
use crate::delivery::slack::{self, DirectMessage, Metadata};
use crate::failure::Failure;
use crate::store::{Destination, Thread};
use handoff_core::packet::AskParams;

/// Why no message is sent any more.
const ANSWERED: &str = "nothing is open any more";

impl Job<'_> {
    /// A message to one person; nothing if there is nothing to ask, or the person cannot be reached or was asked before.
    pub(super) async fn prepare_ask(&self) -> Result<Prepared<'_>, Failure> {
        if let Some(not_now) = self.unasked() {
            return Ok(not_now);
        }
        let AskParams { address, .. } = self.params()?;
        let channel = match self.conversation(&address).await? {
            Ok(channel) => channel,
            Err(why) => return Ok(Prepared::Pointless(why)),
        };
        if self.lease.destination == Destination::SlackFallback
            && matches!(self.thread_of(Destination::SlackDm).await?, Thread::Of { channel: asked, .. } if asked == channel)
        {
            return Ok(Prepared::Pointless("they were asked already".to_owned()));
        }
        Ok(self.post(channel, slack::ask(self.packet, self.record)))
    }

    /// The one reminder, below the message to who can answer.
    pub(super) async fn prepare_reminder(&self) -> Result<Prepared<'_>, Failure> {
        if let Some(not_now) = self.unasked() {
            return Ok(not_now);
        }
        self.post_in(Destination::SlackDm, slack::reminder(self.packet, self.record)).await
    }

    pub(super) async fn find_ask(&self) -> Result<Option<Delivered>, Failure> {
        let AskParams { address, .. } = self.params()?;
        self.find_direct(&address, &Metadata::of(&self.packet.packet_id)).await
    }

    /// Looks for a direct message to a person.
    pub(super) async fn find_direct(
        &self,
        address: &str,
        marker: &Metadata,
    ) -> Result<Option<Delivered>, Failure> {
        let Ok(channel) = self.conversation(address).await? else { return Ok(None) };
        let since = self.lease.intended_at.unwrap_or(self.packet.as_of);
        let found = self.context.slack.find_posted(&channel, false, marker, since).await?;
        Ok(self.found(found).await)
    }

    /// Why a person is not written to now: nothing is open, or it is not within working hours.
    fn unasked(&self) -> Option<Prepared<'_>> {
        if slack::unanswered(self.packet) == 0 {
            return Some(Prepared::Pointless(ANSWERED.to_owned()));
        }
        self.outside_hours()
    }

    /// When people may be written to again, if not now.
    pub(super) fn outside_hours(&self) -> Option<Prepared<'_>> {
        let mapping = self.context.accounts.get(&self.lease.account)?.mapping();
        let now = self.context.clock.now().to_zoned(mapping.time_zone.clone());
        let opening = mapping.slack.hours.next_opening(&now);
        (opening > now).then(|| Prepared::Later(opening.timestamp(), "outside of working hours"))
    }

    /// The conversation with who is asked, or why there is none.
    pub(super) async fn conversation(&self, address: &str) -> Result<Result<String, String>, Failure> {
        let Some(user) = self.context.slack.user_by_email(address).await? else {
            return Ok(Err("no member of the workspace has the address of who is asked".to_owned()));
        };
        Ok(match self.context.slack.open_dm(&user).await? {
            DirectMessage::Channel(channel) => Ok(channel),
            DirectMessage::Unreachable { code } => Err(format!("{code}: {}", slack::remedy(&code))),
        })
    }
}
