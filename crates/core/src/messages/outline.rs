//! The packet as lines of text for a terminal, every entry with the field it came from.

use jiff::civil::Date;

use crate::messages;
use crate::messages::due_note::{due_notes, with_due_note};
use crate::packet::{Gap, Packet, PacketStatus, Person, Section, SectionName, SectionStatus};

/// One line, and what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Indentation and mark; further rows of the line are indented as far.
    pub mark: &'static str,
    /// The line; entries may hold line breaks.
    pub text: String,
}

impl Packet {
    /// Deal, state, importance, sections, gaps and review.
    pub fn outline(&self) -> Vec<Line> {
        let mut lines = self.head();
        for (name, section) in &self.sections {
            lines.extend(self::section(*name, section, self.today()));
        }
        if !self.gaps.is_empty() {
            lines.push(line("", messages::packet::gaps()));
        }
        lines.extend(self.gaps.iter().flat_map(gap));
        if self.review.due {
            lines.push(line("", messages::review::titled(self.review.day)));
            lines.extend(self.review.agenda.iter().flat_map(|point| {
                [line("  • ", point.point.as_str()), line("      ", point.answer.as_str())]
            }));
        }
        lines
    }

    fn head(&self) -> Vec<Line> {
        let amount = self.deal.amount.as_deref();
        let amount = amount.map(|amount| messages::headline::amount(amount, self.deal.currency.as_deref()));
        let amount = amount.as_deref().unwrap_or(messages::packet::no_amount());
        let owner = self.owner.name.as_deref().unwrap_or(messages::packet::nobody());
        let state = match self.status {
            PacketStatus::Complete => messages::packet::complete,
            PacketStatus::Incomplete => messages::packet::incomplete,
        };
        let mut lines = vec![
            line("", messages::packet::value(&self.deal.name, amount)),
            line("", state(&messages::packet::filled_of_six(self.filled), owner)),
        ];
        if self.important.is {
            lines.push(line("", messages::packet::important(&self.important.in_words())));
        }
        lines.extend(
            self.important.unreadable.iter().map(|what| line("", messages::packet::perhaps_important(what))),
        );
        lines
    }
}

fn section(name: SectionName, section: &Section, today: Date) -> Vec<Line> {
    let mark = match section.status {
        SectionStatus::Filled => "✓ ",
        SectionStatus::Weak => "~ ",
        SectionStatus::Missing => "✗ ",
    };
    let mut lines = vec![line(mark, name.title())];
    for (entry, note) in section.entries.iter().zip(due_notes(&section.entries, today)) {
        let proposed = entry.proposed_due().map(|day| messages::packet::no_day(Some(day), today));
        let note = [note, proposed].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let note = Some(note).filter(|note| !note.is_empty());
        let text = with_due_note(entry.text.clone(), note);
        lines.push(line("    ", format!("{text}  [{}]", entry.origin)));
    }
    lines.extend(section.people.iter().map(person));
    if section.entries.is_empty() && section.people.is_empty() {
        lines.push(line("    ", messages::packet::not_answered()));
    }
    lines
}

fn person(person: &Person) -> Line {
    let text = messages::packet::person(&person.name, person.title.as_deref(), "");
    let text = messages::value::titled(&text, &messages::role::list(&person.roles));
    line("    ", format!("{text}  [{}]", person.source.as_str()))
}

fn gap(gap: &Gap) -> [Line; 2] {
    let question = messages::task::question(gap.section.title(), &gap.question());
    let question = if gap.counts() { question } else { messages::packet::hint(&question) };
    [line("  ? ", question), line("      ", format!("{} · {}", gap.id(), gap.evidence()))]
}

fn line(mark: &'static str, text: impl Into<String>) -> Line {
    Line { mark, text: text.into() }
}
