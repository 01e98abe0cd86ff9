//! Replies in the thread of a digest, each at most once: nothing is open any more; the handoff was sent back.

use super::blocks::{Block, Line, Message, Metadata, Span};
use super::digest::{HERE, person, put};
use super::escape;
use crate::delivery::excerpt;
use crate::delivery::headline::Headline;
use handoff_core::messages;
use handoff_core::packet::{Packet, ReplyParams};
use handoff_core::record::DealRecord;

/// The longest text of a reply.
const TEXT: usize = 500;

/// Longest name, in UTF-16 units.
const NAME: usize = 80;

/// The reply to the digest of a packet that has become complete.
pub fn reply(packet: &Packet, params: &ReplyParams) -> Message {
    packet.locale.scope(|| {
        let line = vec![Span::plain(messages::reply::text(params, packet.crm.dialect().name, |name| {
            packet.title(name)
        }))];
        message(packet, line, Metadata::of_reply(&packet.packet_id))
    })
}

/// The reply to the digest of a packet that a person sent back: who, why, and a mention of the seller by Slack id.
pub fn sent_back(
    packet: &Packet,
    record: &DealRecord,
    (by, why): (&str, &str),
    seller: Option<&str>,
) -> Message {
    packet.locale.scope(|| {
        let (by, why) = (excerpt::name(by, NAME), excerpt::line(why, TEXT - 2 * NAME));
        let line = match Headline::of(packet, record, None).asked() {
            Some(name) => put(&messages::reply::sent_back(HERE, &by, &why), person(name, NAME, seller)),
            None => vec![Span::plain(messages::reply::sent_back_to_nobody(&by, &why))],
        };
        message(packet, line, Metadata::of_sent_back(&packet.packet_id))
    })
}

fn message(packet: &Packet, line: Line, metadata: Metadata) -> Message {
    let block = Block::of(format!("{}.reply", packet.packet_id), &[line]);
    Message {
        text: escape::escaped(&block.to_string(), TEXT),
        blocks: vec![block],
        metadata,
        unfurl_links: false,
        unfurl_media: false,
    }
}
