//! The packet as lines of text for operators, every entry with the field it came from.

use std::fmt;

use jiff::civil::Date;

use crate::messages;
use crate::messages::due_note::{due_notes, with_due_note};
use crate::packet::{Gap, Link, Packet, PacketStatus, Person, Section, SectionStatus};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// The line; entries may hold line breaks.
    pub text: String,
    /// The field it came from, or who answered.
    pub source: Option<String>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Deal, state and importance.
    Head,
    /// The title of a section.
    Section(SectionStatus),
    /// One entry or person of a section.
    Entry,
    /// The title of what follows the sections.
    Title,
    Gap,
    /// The id of a gap, and what its rule saw.
    Evidence,
    /// One point of the review's agenda.
    Point,
    /// What is known about it.
    PointAnswer,
}

impl LineKind {
    /// Indentation and mark in a terminal; further rows of the line are indented as far.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Head | Self::Title => "",
            Self::Section(SectionStatus::Filled) => "✓ ",
            Self::Section(SectionStatus::Weak) => "~ ",
            Self::Section(SectionStatus::Missing) => "✗ ",
            Self::Entry => "    ",
            Self::Gap => "  ? ",
            Self::Point => "  • ",
            Self::Evidence | Self::PointAnswer => "      ",
        }
    }
}

impl fmt::Display for Line {
    /// The text, and its source in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.source.iter().try_for_each(|source| write!(f, "  [{source}]"))
    }
}

impl Packet {
    /// Deal, state, importance, sections, gaps and review.
    pub fn outline(&self) -> Vec<Line> {
        self.locale.scope(|| {
            let mut lines = self.head();
            for (name, section) in self.in_reading_order() {
                lines.extend(self::section(&self.title(name), section, self.today()));
            }
            if !self.links.is_empty() {
                lines.push(line(LineKind::Title, messages::packet::links()));
            }
            lines.extend(self.links.iter().map(|Link { name, url, source }| Line {
                source: Some(source.clone()),
                ..line(LineKind::Entry, messages::packet::link(name, url))
            }));
            if !self.gaps.is_empty() {
                lines.push(line(LineKind::Title, messages::packet::gaps()));
            }
            lines.extend(self.gaps.iter().flat_map(|one| gap(one, &self.title(one.section))));
            if self.review.due {
                lines.push(line(LineKind::Title, messages::review::titled(self.review.day)));
                lines.extend(self.review.agenda.iter().flat_map(|point| {
                    let answer = line(LineKind::PointAnswer, point.answer.as_str());
                    [line(LineKind::Point, point.point.as_str()), answer]
                }));
            }
            lines
        })
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
            line(LineKind::Head, messages::packet::value(&self.deal.name, amount)),
            line(LineKind::Head, state(&messages::packet::filled_of_required(self), owner)),
        ];
        if self.important.is {
            lines.push(line(LineKind::Head, messages::packet::important(&self.important.in_words())));
        }
        let perhaps = |what: &String| line(LineKind::Head, messages::packet::perhaps_important(what));
        lines.extend(self.important.unreadable.iter().map(perhaps));
        lines
    }
}

fn section(title: &str, section: &Section, today: Date) -> Vec<Line> {
    let mut lines = vec![line(LineKind::Section(section.status), title)];
    for (entry, note) in section.entries.iter().zip(due_notes(&section.entries, today)) {
        let proposed = entry.proposed_due().map(|day| messages::packet::no_day(Some(day), today));
        let note = [note, proposed].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let note = Some(note).filter(|note| !note.is_empty());
        let text = with_due_note(entry.text.clone(), note);
        lines.push(Line { source: Some(entry.origin.to_string()), ..line(LineKind::Entry, text) });
    }
    lines.extend(section.people.iter().map(person));
    if section.is_empty() {
        lines.push(line(LineKind::Entry, messages::packet::not_answered()));
    }
    lines
}

fn person(person: &Person) -> Line {
    let text = messages::packet::person(&person.name, person.title.as_deref(), "");
    let text = messages::value::titled(&text, &messages::role::list(&person.roles));
    Line { source: Some(person.source.as_str().to_owned()), ..line(LineKind::Entry, text) }
}

fn gap(gap: &Gap, title: &str) -> [Line; 2] {
    let question = messages::task::question(title, &gap.question());
    let question = if gap.counts() { question } else { messages::packet::hint(&question) };
    [line(LineKind::Gap, question), line(LineKind::Evidence, format!("{} · {}", gap.id(), gap.evidence()))]
}

fn line(kind: LineKind, text: impl Into<String>) -> Line {
    Line { kind, text: text.into(), source: None }
}
