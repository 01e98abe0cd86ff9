//! Slack: the digest's text and blocks, and the client that posts it.
//!
//! [`digest`] writes a message from a packet, [`reply`] the one in its thread; [`blocks`] is Slack's format for them.
//! [`client`] posts and reads back, [`thread`] in a thread; [`interactive`] opens modals and direct messages; [`answer`]
//! says what Slack's answers mean; [`workspace`] looks whether a digest could be posted, and whom it could mention.

pub mod action;
pub mod answer;
mod ask;
pub mod blocks;
pub mod client;
pub mod digest;
mod escape;
mod first_value;
pub mod interactive;
pub mod reply;
mod roll_up;
mod thread;
mod wire;
pub mod workspace;

pub use ask::{ask, conflict, reminder, unanswered};
pub use blocks::{Message, Metadata};
pub use client::{Auth, Identity, Posted, Settings, SlackClient};
pub use digest::{Decisions, Links, Mentions, digest};
pub use first_value::{FirstValue, first_value};
pub use interactive::{CLICK_SCOPES, DirectMessage, Interactive, Member, View, remedy};
pub use reply::{reply, sent_back};
pub use roll_up::roll_up;
