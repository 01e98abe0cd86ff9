//! The one reply in the thread of a digest: nothing is open any more.

use super::blocks::{Block, Message, Metadata, Span};
use super::escape;
use handoff_core::messages;
use handoff_core::packet::{Packet, ReplyParams};

/// The longest text of a reply.
const TEXT: usize = 500;

/// The reply to the digest of a packet.
pub fn reply(packet: &Packet, params: &ReplyParams) -> Message {
    let text = messages::reply::text(params);
    Message {
        text: escape::escaped(&text, TEXT),
        blocks: vec![Block::of(format!("{}.reply", packet.packet_id), &[vec![Span::plain(text)]])],
        metadata: Metadata::of_reply(&packet.packet_id),
        unfurl_links: false,
        unfurl_media: false,
    }
}
