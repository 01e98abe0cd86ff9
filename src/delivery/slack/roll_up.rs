//! The week in one short message.

use jiff::civil::Date;

use super::blocks::{Block, Line, Message, Metadata, Span};
use super::escape;
use crate::delivery::excerpt;
use handoff_core::messages;
use handoff_core::packet::Week;

/// Longest line, in UTF-16 units.
const WIDTH: usize = 400;

/// Longest top-level text.
const TEXT: usize = 4_000;

/// The message of a week that ends today; `id` is what it is recognised by.
pub fn roll_up(id: &str, week: &Week, today: Date) -> Message {
    let (first, rows) = messages::roll_up::lines(week, today);
    let row = |(label, text): (&str, String)| {
        vec![Span::bold(messages::value::titled(label, "")), Span::plain(excerpt::line(&text, WIDTH))]
    };
    let lines: Vec<Line> = [vec![Span::bold(first)]].into_iter().chain(rows.into_iter().map(row)).collect();
    let block = Block::of("roll_up".to_owned(), &lines);
    Message {
        text: escape::escaped(&block.to_string(), TEXT),
        blocks: vec![block],
        metadata: Metadata::of_roll_up(id),
        unfurl_links: false,
        unfurl_media: false,
    }
}
