//! What is said in the thread of a message, and looked for there.

use super::answer::Access;
use super::blocks::{Message, Metadata};
use super::client::{Auth, Posted, SlackClient};
use super::wire::{History, Post};
use crate::failure::Failure;

/// Newest messages of a thread that a read-back looks at.
const REPLIES: &str = "200";

impl SlackClient {
    /// Posts a message in the thread of another.
    ///
    /// [`Failure::Unknown`] if the message may be there although the call failed.
    pub async fn reply(&self, channel: &str, thread: &str, message: &Message) -> Result<Posted, Failure> {
        let Auth::Bot(token) = &self.auth else {
            return Err(Failure::give_up("Slack: an incoming webhook posts no replies"));
        };
        self.post_as(token, &Post { channel, thread_ts: Some(thread), message }).await
    }

    /// Looks for a reply in a thread by its metadata. `None` if it is not there, or the thread is not.
    /// <https://docs.slack.dev/reference/methods/conversations.replies>
    pub async fn find_reply(
        &self,
        channel: &str,
        thread: &str,
        marker: &Metadata,
    ) -> Result<Option<Posted>, Failure> {
        let method = "conversations.replies";
        let query =
            [("channel", channel), ("ts", thread), ("limit", REPLIES), ("include_all_metadata", "true")];
        let Some(answer) = self.ask(method, &query).await else { return Ok(None) };
        let answer = answer?;
        if answer.refusal().as_deref() == Some("thread_not_found") {
            return Ok(None);
        }
        let page: History = answer.web_api(method, Access::Read)?;
        let found = page.messages.into_iter().find(|message| message.announces(marker));
        Ok(found.map(|found| Posted { channel: channel.to_owned(), ts: Some(found.ts) }))
    }
}
