//! A Slack message in the one block type that a digest needs, and how it reads without Slack.
//!
//! CRM text goes into `rich_text` only: there it is literal, so it can neither style nor mention nor link. No `mrkdwn`
//! object is ever sent.
//! <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>

use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

/// The `event_type` of our message metadata.
const POSTED: &str = "handoff_packet_posted";

/// The `event_type` of replies in the thread of a message: nothing is open any more, or the reminder; sent back.
const COMPLETE: &str = "handoff_packet_complete";
const SENT_BACK: &str = "handoff_packet_sent_back";

/// The `event_type` of the message that asks whether first value was reached.
const FIRST_VALUE: &str = "handoff_first_value";

/// The `event_type` of the message that an answer and the CRM differ.
const CONFLICT: &str = "handoff_conflict";

/// The `event_type` of the weekly message.
const ROLL_UP: &str = "handoff_roll_up";

/// One message, as `chat.postMessage` takes it beside the channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// What notifications show and screen readers read; at most 4,000 characters, `&`, `<`, `>` escaped.
    pub text: String,
    /// At most 50.
    pub blocks: Vec<Block>,
    /// Visible to every app and member of the workspace: ids only.
    pub metadata: Metadata,
    /// Always false: a link must not grow a preview.
    pub unfurl_links: bool,
    pub unfurl_media: bool,
}

/// What a read-back recognises the message by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    pub event_type: &'static str,
    pub event_payload: Payload,
}

impl Metadata {
    /// The metadata of a packet's first digest.
    pub fn of(packet_id: &str) -> Self {
        Self { event_type: POSTED, event_payload: Payload { packet_id: packet_id.to_owned(), revision: 1 } }
    }

    /// The metadata of the reply in its thread that nothing is open any more.
    pub fn of_reply(packet_id: &str) -> Self {
        Self { event_type: COMPLETE, ..Self::of(packet_id) }
    }

    /// The metadata of the reply in its thread that the handoff was sent back.
    pub fn of_sent_back(packet_id: &str) -> Self {
        Self { event_type: SENT_BACK, ..Self::of(packet_id) }
    }

    /// The metadata of the message that asks whether first value was reached on a day.
    pub fn of_first_value(packet_id: &str, day: Date) -> Self {
        Self { event_type: FIRST_VALUE, ..Self::of(&format!("{packet_id}:{day}")) }
    }

    /// The metadata of the message about the conflict of an answer.
    pub fn of_conflict(packet_id: &str, which: &str) -> Self {
        Self { event_type: CONFLICT, ..Self::of(&format!("{packet_id}:{which}")) }
    }

    /// The metadata of the weekly message with this id.
    pub fn of_roll_up(id: &str) -> Self {
        Self { event_type: ROLL_UP, ..Self::of(id) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// See [`handoff_core::packet::Packet::packet_id`]; with more behind it where one packet has several
    /// such messages. A weekly message has an id of its own.
    pub packet_id: String,
    /// Counts the versions of the digest; the first is 1.
    pub revision: u32,
}

/// One block; its id has at most 255 characters and is unique in the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Lines.
    RichText { block_id: String, elements: [Text; 1] },
    /// Buttons, at least one. <https://docs.slack.dev/reference/block-kit/blocks/actions-block>
    Actions { block_id: String, elements: Vec<Button> },
}

/// A button, which Slack tells us of when it is pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "button")]
pub struct Button {
    action_id: String,
    text: PlainText,
    /// Passes through the person's client: an id, never authority.
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "plain_text")]
struct PlainText {
    text: String,
}

impl Button {
    /// A button with a label of at most 75 characters.
    pub fn new(action_id: &str, label: String, value: &str) -> Self {
        Self { action_id: action_id.to_owned(), text: PlainText { text: label }, value: value.to_owned() }
    }
}

impl Block {
    /// These lines, one below the other.
    pub fn of(block_id: String, lines: &[Line]) -> Self {
        let elements = lines.join(&Span::plain("\n"));
        Self::RichText { block_id, elements: [Text { elements }] }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "rich_text_section")]
pub struct Text {
    elements: Vec<Span>,
}

/// One line of a block.
pub type Line = Vec<Span>;

/// A run of text, a mention or a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Span {
    /// Literal text; never empty.
    Text {
        text: String,
        /// How it looks, if not plain.
        #[serde(skip_serializing_if = "Option::is_none")]
        style: Option<Style>,
    },
    /// Mentions a person, and notifies them.
    User {
        /// Their id in the workspace.
        user_id: String,
        /// What is read where Slack does not show it.
        #[serde(skip)]
        name: String,
    },
    /// Text that opens an address; http or https, at most 3,000 characters.
    Link { url: String, text: String },
}

impl Span {
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: None }
    }

    pub fn bold(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Some(Style { bold: true }) }
    }
}

/// How a run of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Style {
    bold: bool,
}

impl fmt::Display for Message {
    /// The blocks from top to bottom, as a reader in Slack sees them, without styles and addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = |block: &&Block| matches!(block, Block::RichText { .. });
        self.blocks.iter().filter(read).try_for_each(|block| writeln!(f, "{block}"))
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::RichText { elements, .. } = self else { return Ok(()) };
        elements.iter().flat_map(|text| &text.elements).try_for_each(|span| match span {
            Span::Text { text, .. } | Span::User { name: text, .. } | Span::Link { text, .. } => {
                f.write_str(text)
            }
        })
    }
}
