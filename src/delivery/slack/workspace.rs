//! Whether a digest could be posted and whom it could mention, found out without posting anything.
//!
//! <https://docs.slack.dev/reference/methods/conversations.info>

use serde::Deserialize;
use serde_json::Value;

use super::SlackClient;
use super::answer::{Access, Answer};
use super::client::Identity;
use crate::failure::Failure;

/// What can be done in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// A digest can be posted.
    Open,
    /// The bot was not invited.
    NotInvited,
    /// Nothing can be posted any more.
    Archived,
    /// There is none, or it is private and the bot is not in it: Slack does not tell the two apart.
    Missing,
    /// Our scopes do not let us look.
    Unseen,
}

impl Channel {
    /// What keeps digests out of a channel, and what to do about it.
    pub fn problem(&self, id: &str, team: &str) -> Option<(String, &'static str)> {
        Some(match self {
            Self::Open => return None,
            Self::NotInvited => (
                format!("the bot is not in {id}: no digest can be posted there"),
                "in that channel write: /invite @handoff (the name of your app)",
            ),
            Self::Archived => (
                format!("{id} is archived: no digest can be posted there"),
                "write another channel, or restore this one in Slack",
            ),
            Self::Missing => (
                format!("{team} has no channel {id}, or it is private and the bot is not in it"),
                "copy the id from the bottom of the channel's About; if it is private, invite the bot there",
            ),
            Self::Unseen => (
                format!("nobody can say whether digests can be posted to {id}: the bot may not look"),
                "add the bot scopes channels:read and groups:read and install the app again",
            ),
        })
    }
}

/// Whether somebody can be mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// They have an account.
    Possible,
    /// Nobody has this address.
    Nobody,
    /// Our scopes do not let us look.
    Unseen,
}

#[derive(Deserialize)]
struct Info {
    channel: InfoChannel,
}

#[derive(Deserialize)]
struct InfoChannel {
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    is_private: bool,
    #[serde(default = "yes")]
    is_member: bool,
}

fn yes() -> bool {
    true
}

impl SlackClient {
    /// What can be done in a channel. Asks about the channel, or where the bot may not, for its newest message:
    /// reading is refused for the same reasons as posting.
    pub async fn channel(&self, id: &str, bot: &Identity) -> Result<Channel, Failure> {
        if !(bot.lacks("channels:read") && bot.lacks("groups:read")) {
            let channel = self.info(id, bot).await?;
            if channel != Channel::Unseen {
                return Ok(channel);
            }
        }
        let method = "conversations.history";
        let Some(answer) = self.ask(method, &[("channel", id), ("limit", "1")]).await else {
            return Ok(Channel::Unseen);
        };
        let answer = answer?;
        match refused(&answer) {
            Some(state) => Ok(state),
            None => answer.web_api::<Value>(method, Access::Read).map(|_| Channel::Open),
        }
    }

    async fn info(&self, id: &str, bot: &Identity) -> Result<Channel, Failure> {
        let method = "conversations.info";
        let Some(answer) = self.ask(method, &[("channel", id)]).await else { return Ok(Channel::Unseen) };
        let answer = answer?;
        if let Some(state) = refused(&answer) {
            return Ok(state);
        }
        let Info { channel } = answer.web_api(method, Access::Read)?;
        let anywhere = !channel.is_private && bot.scopes.iter().any(|scope| scope == "chat:write.public");
        Ok(match (channel.is_archived, channel.is_member || anywhere) {
            (true, _) => Channel::Archived,
            (false, true) => Channel::Open,
            (false, false) => Channel::NotInvited,
        })
    }

    /// Whether the person with this address can be mentioned.
    pub async fn mention(&self, email: &str) -> Result<Mention, Failure> {
        let method = "users.lookupByEmail";
        let email = email.trim().to_lowercase();
        let Some(answer) = self.ask(method, &[("email", &email)]).await else { return Ok(Mention::Unseen) };
        let answer = answer?;
        match answer.refusal().as_deref() {
            Some("users_not_found") => Ok(Mention::Nobody),
            Some("missing_scope") => Ok(Mention::Unseen),
            _ => answer.web_api::<Value>(method, Access::Read).map(|_| Mention::Possible),
        }
    }
}

/// What a refusal says about the channel; `None` if it says nothing about it.
fn refused(answer: &Answer) -> Option<Channel> {
    match answer.refusal()?.as_str() {
        "channel_not_found" => Some(Channel::Missing),
        "not_in_channel" => Some(Channel::NotInvited),
        "is_archived" => Some(Channel::Archived),
        "missing_scope" => Some(Channel::Unseen),
        _ => None,
    }
}
