//! Slack: the digest's text and blocks, and the client that posts it.
//!
//! [`digest`] writes a message from a packet, [`blocks`] is Slack's format for it. [`client`] posts it and reads it
//! back; [`interactive`] opens modals and direct messages; [`answer`] says what Slack's answers mean; [`workspace`] looks
//! whether a digest could be posted, and whom it could mention.

pub mod answer;
pub mod blocks;
pub mod client;
pub mod digest;
mod escape;
pub mod interactive;
mod wire;
pub mod workspace;

pub use blocks::Message;
pub use client::{Auth, Identity, Posted, Settings, SlackClient};
pub use digest::{Links, Mentions, digest};
pub use interactive::{DirectMessage, Interactive, Member, View};
