//! Slack: the digest's text and blocks, and the client that posts it.
//!
//! [`digest`] writes a message from a packet, [`blocks`] is Slack's format for it. [`client`] posts it and reads it
//! back; [`answer`] says what Slack's answers mean; [`workspace`] looks whether it could be posted, and whom it could
//! mention.

pub mod answer;
pub mod blocks;
pub mod client;
pub mod digest;
mod escape;
mod wire;
pub mod workspace;

pub use blocks::Message;
pub use client::{Auth, Identity, Posted, Settings, SlackClient};
pub use digest::{Links, Mentions, digest};
