//! What people are asked about a packet, and what they may answer: the inputs of the modal, and the packet's own rules
//! over what is typed into them.
//!
//! Pure. The questions are unmerged: task and digest may ask two things in one sentence, here each has its input.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::assemble;
use crate::gaps;
pub use crate::mapping::people::choices;
pub use crate::mapping::write::{apply, change, holds, shown, target};
use crate::mapping::{ListStyle, Mapping, SectionMapping, list, people};
use crate::messages;
use crate::packet::{Answer, Confidence, Entry, Gap, Given, Packet, RuleId, SectionName, Target, Topic};
use crate::record::{DealRecord, FieldKind, FieldPath};
use crate::text::clean::clean;

/// Most options of a list in Slack, and the longest stored value of one.
/// <https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element>
const OPTIONS: (usize, usize) = (100, 150);

/// One input: an open question, what to show beside it, and what kind of answer it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub topic: Topic,
    pub question: String,
    /// The field that the answer is for.
    pub field: Option<FieldPath>,
    /// What people call that field.
    pub label: Option<String>,
    /// What stands there today, stand-ins included; for an answered question the answer.
    pub today: String,
    /// Why it is asked, in one line.
    pub why: String,
    /// A short example of a good answer.
    pub example: Option<&'static str>,
    pub kind: InputKind,
    /// "None" is an answer, and an explicit choice that the options do not hold.
    pub none: bool,
}

/// What kind of answer an input takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Text of several lines.
    Text,
    /// Text, and by which day it happens; the day that is known today.
    TextAndDay(Option<Date>),
    Day(Option<Date>),
    /// One or several of the field's own options: stored value and label.
    Options {
        several: bool,
        options: Vec<(String, String)>,
    },
    /// One of the contacts of the deal or its company (the CRM's id and how people call them), or a name that is not in
    /// the CRM.
    Person(Vec<(String, String)>),
    /// What stands in the CRM today, or this earlier answer, which the CRM does not hold because it was changed there.
    Either {
        answered: String,
    },
}

/// What a packet asks people for, each once, in section order: as many as its modal has questions.
pub fn topics(packet: &Packet) -> Vec<Topic> {
    let mut topics = Vec::new();
    let gaps = packet.gaps.iter().filter(|gap| gap.counts() && !packet.no_longer_won);
    for topic in gaps.filter_map(Topic::of) {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics
}

/// The inputs of a packet that was just made of `record` (one that was read from JSON knows too little), in section order.
/// Where an answer is in conflict with the CRM, its input offers both, whether or not the question is still open.
pub fn inputs(mapping: &Mapping, record: &DealRecord, packet: &Packet, conflicts: &[Answer]) -> Vec<Input> {
    mapping.locale.scope(|| {
        let first = |topic: Topic| {
            let gap = packet.gaps.iter().find(|gap| gap.counts() && Topic::of(gap) == Some(topic))?;
            Some(input(mapping, record, packet, gap, topic))
        };
        let mut inputs: Vec<Input> = topics(packet).into_iter().filter_map(first).collect();
        for either in conflicts.iter().filter_map(|answer| either(mapping, record, answer)) {
            match inputs.iter_mut().find(|input| input.topic == either.topic) {
                Some(input) => *input = either,
                None => inputs.push(either),
            }
        }
        inputs
    })
}

fn either(mapping: &Mapping, record: &DealRecord, answer: &Answer) -> Option<Input> {
    let Some(Target::Field(field)) = &answer.target else { return None };
    let answered = match &answer.given {
        Given::Day(day) => messages::value::date(*day),
        _ => list::answered(record, answer, ListStyle::Whole).join("\n"),
    };
    let own = mapping.sections.get(&answer.topic.section()).and_then(|section| section.ask.clone());
    let question = match answer.topic {
        Topic::Day => messages::question::by_which_day().to_owned(),
        topic => own.unwrap_or_else(|| messages::question::section(topic.section()).to_owned()),
    };
    Some(Input {
        topic: answer.topic,
        question,
        field: Some(field.clone()),
        label: Some(record.label(field)),
        today: held(mapping, record, field),
        why: messages::answer::why_changed().to_owned(),
        example: None,
        kind: InputKind::Either { answered },
        none: false,
    })
}

fn input(mapping: &Mapping, record: &DealRecord, packet: &Packet, gap: &Gap, topic: Topic) -> Input {
    let nothing = SectionMapping::default();
    let section = mapping.sections.get(&gap.section).unwrap_or(&nothing);
    let entries =
        packet.sections.get(&gap.section).map(|section| section.entries.as_slice()).unwrap_or_default();
    let day = entries.iter().find_map(Entry::given_due);
    let field = match topic {
        Topic::Section(_) => section.write.as_ref().or(gap.fact.field()).or(section.from.first()),
        Topic::Day => section.write_due.as_ref().or(section.due.as_ref()),
        Topic::Role(_) => None,
    };
    let kind = match topic {
        Topic::Role(_) => InputKind::Person(people::choices(mapping, record)),
        Topic::Day => InputKind::Day(day),
        Topic::Section(name) => {
            let asks_day = |gap: &Gap| gap.counts() && Topic::of(gap) == Some(Topic::Day);
            let with_day = name == SectionName::FirstValue && !packet.gaps.iter().any(asks_day);
            field.and_then(|field| options(record, field)).unwrap_or(if with_day {
                InputKind::TextAndDay(day)
            } else {
                InputKind::Text
            })
        }
    };
    let has_none = matches!(&kind, InputKind::Options { options, .. } if options.iter().any(|(_, label)| gaps::says_none(label)));
    let none =
        matches!(topic, Topic::Section(SectionName::Promises | SectionName::Risks | SectionName::Custom(_)))
            && !has_none;
    let answered = entries.iter().filter(|entry| matches!(entry.origin, crate::packet::Origin::Answer(..)));
    let answered: Vec<&str> = answered.map(|entry| entry.text.as_str()).collect();
    let today = if answered.is_empty() { field.map(|field| held(mapping, record, field)) } else { None };
    Input {
        topic,
        question: gap.question().into_owned(),
        label: field.map(|field| record.label(field)),
        today: today.unwrap_or_else(|| answered.join("\n")),
        field: field.cloned(),
        why: messages::answer::why(gap),
        example: messages::answer::example(topic),
        kind,
        none,
    }
}

/// What a field holds, as its text.
fn held(mapping: &Mapping, record: &DealRecord, field: &FieldPath) -> String {
    let values = record.read(field).values();
    let shown = |raw: &str| messages::value::shown(&record.value(field, raw, &mapping.time_zone));
    values.into_iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// The options of a pick list, as long as Slack has room for them.
fn options(record: &DealRecord, field: &FieldPath) -> Option<InputKind> {
    let info = record.info(field)?;
    let several = match info.kind {
        FieldKind::Choices => true,
        FieldKind::Choice => false,
        _ => return None,
    };
    let fits = info.options.len() <= OPTIONS.0 && info.options.keys().all(|value| value.len() <= OPTIONS.1);
    let options = info.options.iter().map(|(value, label)| (value.clone(), label.clone())).collect();
    (fits && !info.options.is_empty()).then_some(InputKind::Options { several, options })
}

/// Whether a pick list has what is given for it; "None" needs no option.
fn is_an_option(record: &DealRecord, answer: &Answer) -> bool {
    let info = answer.field.as_ref().and_then(|field| record.info(field));
    let Some(info) = info.filter(|info| !info.options.is_empty()) else { return true };
    match &answer.given {
        Given::Options(values) => values.iter().all(|value| info.options.contains_key(value)),
        Given::Text(text) if matches!(info.kind, FieldKind::Choice | FieldKind::Choices) => {
            info.option(text).is_some() || gaps::says_none(text)
        }
        _ => true,
    }
}

/// Why the last of `answers` cannot stand, by the packet's own rules as of one instant: it is a stand-in, holds nothing
/// that can be read, is none of a pick list's options, or names a day before the close. What a rule is not certain of
/// never keeps an answer back.
pub fn objection(
    mapping: &Mapping,
    record: &DealRecord,
    as_of: Timestamp,
    answers: &[Answer],
) -> Option<String> {
    mapping.locale.scope(|| {
        let answer = answers.last()?;
        if let Given::Text(text) | Given::Person(text) = &answer.given
            && clean(text).is_empty()
        {
            return Some(messages::answer::still_empty().to_owned());
        }
        if !is_an_option(record, answer) {
            return Some(messages::answer::no_option().to_owned());
        }
        let mapped = assemble::map_answered(mapping, record, as_of, answers);
        let (packet, _) = assemble::assess(mapped, "");
        let is_certain = |gap: &&Gap| {
            use RuleId::{Empty, Placeholder, StaleDate};
            Topic::of(gap) == Some(answer.topic)
                && gap.counts()
                && gap.confidence == Confidence::Certain
                && matches!(gap.rule, Empty | Placeholder | StaleDate)
        };
        packet.gaps.iter().find(is_certain).and_then(messages::answer::objection)
    })
}

#[cfg(test)]
mod tests;
