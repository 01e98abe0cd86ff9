//! The direct message that asks the owner on the day of first value whether it happened.

use jiff::civil::Date;

use super::action;
use super::blocks::{Block, Button, Line, Message, Metadata, Span};
use super::escape;
use crate::delivery::excerpt;
use crate::delivery::headline::Headline;
use crate::delivery::lines::BETWEEN;
use handoff_core::messages;
use handoff_core::packet::{Packet, SectionName};
use handoff_core::record::DealRecord;

/// Longest line, in UTF-16 units.
const WIDTH: usize = 200;

/// Longest top-level text.
const TEXT: usize = 1_000;

/// How far the question is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstValue {
    /// It waits for an answer.
    Asked,
    /// It is due on another day, and asked again then.
    Later(Date),
    /// What a person said, in words.
    Decided(String),
}

/// The message that asks about first value on this day, or says what came of it.
pub fn first_value(packet: &Packet, record: &DealRecord, day: Date, state: &FirstValue) -> Message {
    packet.locale.scope(|| {
        let account = Headline::of(packet, record, None).account;
        let first = match state {
            _ if packet.no_longer_won => messages::ask::withdrawn(&account),
            FirstValue::Asked => messages::first_value::ask(&account),
            FirstValue::Later(day) => messages::first_value::due_later(&account, *day, packet.today()),
            FirstValue::Decided(said) => format!("{account}{BETWEEN}{said}"),
        };
        let mut lines: Vec<Line> = vec![vec![Span::plain(first)]];
        let section = packet.sections.get(&SectionName::FirstValue);
        let what = section.and_then(|section| section.entries.first()).map(|entry| entry.text.as_str());
        lines.extend(what.map(|what| vec![Span::plain(excerpt::line(what, WIDTH))]));
        if let Some(url) = packet.deal.url.as_deref().and_then(escape::link) {
            lines.push(vec![Span::Link { url, text: excerpt::name(&packet.deal.name, WIDTH) }]);
        }
        let block = Block::of(format!("{}.first_value", packet.packet_id), &lines);
        let text = escape::escaped(&block.to_string(), TEXT);
        let button = |action: &str, label: &str| Button::new(action, label.to_owned(), &packet.packet_id);
        let is_asked = *state == FirstValue::Asked && !packet.no_longer_won;
        let buttons = is_asked.then(|| Block::Actions {
            block_id: format!("{}.buttons", packet.packet_id),
            elements: vec![
                button(action::REACHED, messages::first_value::yes()),
                button(action::NOT_YET, messages::first_value::not_yet()),
                button(action::MISSED, messages::first_value::no()),
            ],
        });
        Message {
            text,
            blocks: [Some(block), buttons].into_iter().flatten().collect(),
            metadata: Metadata::of_first_value(&packet.packet_id, day),
            unfurl_links: false,
            unfurl_media: false,
        }
    })
}
