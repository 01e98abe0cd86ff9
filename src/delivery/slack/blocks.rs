//! A Slack message in the few block types that a digest needs.
//!
//! CRM text goes into `rich_text` and `plain_text` only: there it is literal, so it can neither style nor
//! mention nor link. No `mrkdwn` object is ever sent.
//! <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>

use serde::Serialize;

use crate::delivery::excerpt;

/// The `event_type` of our message metadata.
pub const EVENT_TYPE: &str = "handoff_packet_posted";

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

impl Message {
    /// Text over all blocks, in UTF-16 units.
    pub fn units(&self) -> usize {
        self.blocks.iter().map(Block::units).sum()
    }
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
        Self {
            event_type: EVENT_TYPE,
            event_payload: Payload { packet_id: packet_id.to_owned(), revision: 1 },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payload {
    /// See [`handoff_core::packet::Packet::packet_id`].
    pub packet_id: String,
    /// Counts the versions of the digest; the first is 1.
    pub revision: u32,
}

/// One block. `block_id` is unique in the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    RichText {
        /// At most 255 characters.
        block_id: String,
        elements: Vec<Rich>,
    },
    Context {
        /// At most 255 characters.
        block_id: String,
        /// 1 to 10.
        elements: Vec<PlainText>,
    },
    Actions {
        /// At most 255 characters.
        block_id: String,
        /// 1 to 25.
        elements: Vec<Button>,
    },
}

impl Block {
    /// Text in this block, in UTF-16 units.
    pub fn units(&self) -> usize {
        match self {
            Self::RichText { elements, .. } => elements.iter().map(Rich::units).sum(),
            Self::Context { elements, .. } => elements.iter().map(PlainText::units).sum(),
            Self::Actions { elements, .. } => elements.iter().map(|button| button.text.units()).sum(),
        }
    }
}

/// A part of a rich text block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Rich {
    Line(Line),
    List(List),
}

impl Rich {
    fn units(&self) -> usize {
        match self {
            Self::Line(line) => line.units(),
            Self::List(list) => list.elements.iter().map(Line::units).sum(),
        }
    }
}

/// A paragraph, or one item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "rich_text_section")]
pub struct Line {
    pub elements: Vec<Span>,
}

impl Line {
    fn units(&self) -> usize {
        self.elements.iter().map(Span::units).sum()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "rich_text_list")]
pub struct List {
    style: &'static str,
    elements: Vec<Line>,
}

impl List {
    /// A bulleted list of these items.
    pub fn of(items: Vec<Line>) -> Self {
        Self { style: "bullet", elements: items }
    }

    pub fn items(&self) -> &[Line] {
        &self.elements
    }
}

/// A run of text, a mention or an emoji.
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
    },
    /// An emoji by its name.
    Emoji {
        /// The name between the colons.
        name: &'static str,
    },
}

impl Span {
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: None }
    }

    pub fn bold(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Some(Style { bold: true, italic: false }) }
    }

    /// Italic text: our own voice, where the CRM has nothing to say.
    pub fn italic(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), style: Some(Style { bold: false, italic: true }) }
    }

    fn units(&self) -> usize {
        match self {
            Self::Text { text, .. } => excerpt::units(text),
            Self::User { user_id } => excerpt::units(user_id),
            Self::Emoji { name } => excerpt::units(name),
        }
    }
}

/// How a run of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Style {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bold: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    italic: bool,
}

/// A literal text object. Slack escapes it: it must not be escaped here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "plain_text")]
pub struct PlainText {
    pub text: String,
    /// Always false, so that `:name:` stays as the CRM has it.
    pub emoji: bool,
}

impl PlainText {
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), emoji: false }
    }

    fn units(&self) -> usize {
        excerpt::units(&self.text)
    }
}

/// A button that opens a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "button")]
pub struct Button {
    /// Stable over all messages.
    pub action_id: &'static str,
    /// The label; at most 75 characters, about 30 are shown.
    pub text: PlainText,
    /// http or https, at most 3,000 characters.
    pub url: String,
}
