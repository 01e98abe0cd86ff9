//! The direct message that asks a person, and the reminder below it.

use super::action;
use super::blocks::{Block, Button, Line, Message, Metadata, Span};
use super::escape;
use crate::delivery::excerpt;
use crate::delivery::headline::Headline;
use handoff_core::answers;
use handoff_core::messages;
use handoff_core::packet::{GapState, Packet, Topic};
use handoff_core::record::DealRecord;

/// Most questions that are listed; the modal has all of them.
const QUESTIONS: usize = 8;

/// Longest question, in UTF-16 units.
const WIDTH: usize = 200;

/// Longest top-level text.
const TEXT: usize = 4_000;

/// Questions without an answer: an answer to which a rule objects is not asked for again.
pub fn unanswered(packet: &Packet) -> usize {
    let topics = answers::topics(packet).into_iter();
    let is_open = |topic: &Topic| {
        packet
            .gaps
            .iter()
            .any(|gap| gap.counts() && Topic::of(gap) == Some(*topic) && gap.state != GapState::Answered)
    };
    topics.filter(is_open).count()
}

/// All questions of a packet to one person, with the button that opens them; once nothing is open, that it is done.
pub fn ask(packet: &Packet, record: &DealRecord) -> Message {
    packet.locale.scope(|| {
        let account = Headline::of(packet, record, None).account;
        let open = answers::topics(packet);
        let first = match open.len() {
            _ if packet.no_longer_won => messages::ask::withdrawn(&account),
            0 => messages::ask::done(&account),
            count => messages::ask::please(count, &account),
        };
        let question = |topic: &Topic| {
            let gap = packet.gaps.iter().find(|gap| gap.counts() && Topic::of(gap) == Some(*topic))?;
            let question = messages::task::question(&packet.title(topic.section()), &gap.question());
            Some(vec![Span::plain(excerpt::line(&question, WIDTH))])
        };
        let mut lines: Vec<Line> = vec![vec![Span::plain(first)]];
        lines.extend(open.iter().take(QUESTIONS).filter_map(question));
        if open.len() > QUESTIONS {
            lines.push(vec![Span::plain(messages::packet::and_more(open.len() - QUESTIONS))]);
        }
        if let Some(url) = packet.deal.url.as_deref().and_then(escape::link) {
            lines.push(vec![Span::Link { url, text: excerpt::name(&packet.deal.name, WIDTH) }]);
        }
        message(packet, &lines, (!open.is_empty()).then(|| messages::digest::answer_questions(open.len())))
    })
}

/// The one reminder, in the thread of the message.
pub fn reminder(packet: &Packet, record: &DealRecord) -> Message {
    packet.locale.scope(|| {
        let account = Headline::of(packet, record, None).account;
        let count = unanswered(packet);
        let line = vec![Span::plain(messages::ask::still_open(count, &account))];
        let button = (count > 0).then(|| messages::digest::answer_questions(count));
        Message { metadata: Metadata::of_reply(&packet.packet_id), ..message(packet, &[line], button) }
    })
}

/// That an answer and the CRM differ in a field: to the person who answered, with the button that offers both, and to
/// the one who wrote in the CRM at the same time. `which` tells the answer from others of the packet.
pub fn conflict(
    packet: &Packet,
    record: &DealRecord,
    label: &str,
    (name, which): (&str, &str),
) -> (Message, Message) {
    packet.locale.scope(|| {
        let account = Headline::of(packet, record, None).account;
        let label = excerpt::line(label, WIDTH);
        let message = |text: String, button| {
            let line = vec![Span::plain(text)];
            Message {
                metadata: Metadata::of_conflict(&packet.packet_id, which),
                ..message(packet, &[line], button)
            }
        };
        let theirs = messages::answer::changed_by_you(&account, &label, name);
        let choose = messages::answer::choose().to_owned();
        (message(messages::answer::changed(&account, &label), Some(choose)), message(theirs, None))
    })
}

fn message(packet: &Packet, lines: &[Line], button: Option<String>) -> Message {
    let block = Block::of(format!("{}.ask", packet.packet_id), lines);
    let text = escape::escaped(&block.to_string(), TEXT);
    let buttons = button.map(|label| Block::Actions {
        block_id: format!("{}.buttons", packet.packet_id),
        elements: vec![Button::new(action::ANSWER, label, &packet.packet_id)],
    });
    let blocks = [Some(block), buttons].into_iter().flatten().collect();
    let metadata = Metadata::of(&packet.packet_id);
    Message { text, blocks, metadata, unfurl_links: false, unfurl_media: false }
}
