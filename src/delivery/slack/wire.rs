//! What Slack's methods take and answer, as JSON. <https://docs.slack.dev/reference/methods>

use serde::{Deserialize, Serialize};

use super::blocks::{Block, Message, Metadata};

#[derive(Serialize)]
pub(super) struct Post<'a> {
    pub(super) channel: &'a str,
    /// The message in whose thread it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_ts: Option<&'a str>,
    #[serde(flatten)]
    pub(super) message: &'a Message,
}

/// What of a message is replaced. Metadata that is not sent stays.
#[derive(Serialize)]
pub(super) struct Edit<'a> {
    pub(super) channel: &'a str,
    pub(super) ts: &'a str,
    pub(super) text: &'a str,
    pub(super) blocks: &'a [Block],
}

/// A message without metadata, which incoming webhooks do not keep.
#[derive(Serialize)]
pub(super) struct WebhookPost<'a> {
    pub(super) text: &'a str,
    pub(super) blocks: &'a [Block],
    pub(super) unfurl_links: bool,
    pub(super) unfurl_media: bool,
}

impl<'a> WebhookPost<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        let Message { text, blocks, unfurl_links, unfurl_media, metadata: _ } = message;
        Self { text, blocks, unfurl_links: *unfurl_links, unfurl_media: *unfurl_media }
    }
}

#[derive(Deserialize)]
pub(super) struct PostAnswer {
    pub(super) channel: String,
    pub(super) ts: String,
}

#[derive(Deserialize)]
pub(super) struct History {
    #[serde(default)]
    pub(super) messages: Vec<HistoryMessage>,
    pub(super) response_metadata: Option<NextPage>,
}

#[derive(Deserialize)]
pub(super) struct NextPage {
    pub(super) next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct HistoryMessage {
    pub(super) ts: String,
    /// Other apps put what they like here.
    pub(super) metadata: Option<serde_json::Value>,
}

impl HistoryMessage {
    /// Whether it is ours, of this kind, and about this packet.
    pub(super) fn announces(&self, ours: &Metadata) -> bool {
        let Some(metadata) = &self.metadata else { return false };
        let says = |pointer: &str, expected: &str| {
            metadata.pointer(pointer).and_then(serde_json::Value::as_str) == Some(expected)
        };
        says("/event_type", ours.event_type)
            && says("/event_payload/packet_id", &ours.event_payload.packet_id)
    }
}

#[derive(Deserialize)]
pub(super) struct Lookup {
    pub(super) user: LookupUser,
}

#[derive(Deserialize)]
pub(super) struct LookupUser {
    pub(super) id: String,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) is_bot: bool,
}

#[derive(Deserialize)]
pub(super) struct WhoAmI {
    pub(super) team: String,
    #[serde(default)]
    pub(super) team_id: String,
    pub(super) user: String,
}

#[derive(Deserialize)]
pub(super) struct Permalink {
    pub(super) permalink: String,
}
