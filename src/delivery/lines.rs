//! What a packet says, section by section, the same in task and digest. Where an answer is missing or weak, that is
//! said once, in its place.

use std::borrow::Cow;

use crate::delivery::excerpt;
use handoff_core::dates::names_time;
use handoff_core::gaps;
use handoff_core::messages;
use handoff_core::messages::due_note::{due_notes, with_due_note};
use handoff_core::packet::{
    Entry, Gap, Packet, Person, Questions, Role, RuleId, SectionName, reading_order, required,
};
use handoff_core::text::greeting::is_greeting;

/// The built-in sections in the order they are read.
const READ: [SectionName; 7] = [
    SectionName::BuyingReason,
    SectionName::SuccessOutcome,
    SectionName::FirstValue,
    SectionName::Stakeholders,
    SectionName::Promises,
    SectionName::Risks,
    SectionName::Expansion,
];

/// The sections in the order they are read.
pub(super) fn read(packet: &Packet) -> Vec<SectionName> {
    reading_order(&READ, &packet.custom_sections)
}

/// Longest name, job title or address of a person, in UTF-16 units.
const PERSON: usize = 60;

/// Units that what may be shortened keeps in any line.
const SHORTEST: usize = 20;

/// The share of a line that is neither first nor last to give way.
const PLAIN: usize = 100;

/// What stands between two facts of one line.
pub(super) const BETWEEN: &str = " · ";

/// What is said under one label.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub label: Cow<'static, str>,
    pub facts: Vec<Fact>,
    /// What stands behind all facts and is never shortened, such as what is still open.
    pub open: Option<String>,
    /// The seller is asked again for all of it.
    pub asked_again: bool,
    /// Room where not every line finds all it asks for, in percent of a plain line's.
    pub share: usize,
}

/// One text, and a remark behind it that is never shortened.
#[derive(Clone, Default)]
pub(super) struct Fact {
    pub text: String,
    /// What is said of it where not everything finds room: a person without their title.
    pub short: Option<String>,
    pub note: Option<String>,
}

impl Fact {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Line {
    /// Everything on one line of at most `max` UTF-16 units, as long as what is never shortened leaves room for it. Its
    /// texts are lines themselves.
    pub(super) fn joined(&self, max: usize) -> String {
        let (line, is_whole) = self.with_texts(max, |fact| &fact.text);
        if is_whole {
            return line;
        }
        let mut kept = self.clone();
        if self.label == SectionName::Promises.title() {
            kept.facts.sort_by_key(|fact| !names_time(&fact.text));
        }
        kept.with_texts(max, |fact| fact.short.as_ref().unwrap_or(&fact.text)).0
    }

    fn with_texts(&self, max: usize, text: impl Fn(&Fact) -> &String) -> (String, bool) {
        let asked = self.asked_again.then(messages::packet::asked_again);
        let (asked_of_one, asked_of_all) = if self.facts.len() == 1 { (asked, None) } else { (None, asked) };
        let mut tail = self.open.clone().unwrap_or_default();
        if !tail.is_empty() && !self.facts.is_empty() {
            tail.insert_str(0, BETWEEN);
        }
        let tail = asked_of_all.map_or_else(|| tail.clone(), |asked| messages::packet::remark(&tail, asked));
        let room = max.saturating_sub(excerpt::units(&tail)).max(SHORTEST);
        let more = |left: usize| format!("{BETWEEN}{}", messages::packet::and_more(left));
        let (mut line, mut is_whole) = (String::new(), true);
        for (at, fact) in self.facts.iter().enumerate() {
            let note: Vec<&str> = fact.note.as_deref().into_iter().chain(asked_of_one).collect();
            let note = (!note.is_empty()).then(|| note.join(", "));
            let left = self.facts.len() - at;
            let reserved = if left > 1 { excerpt::units(&more(left - 1)) } else { 0 };
            let before = if at == 0 { "" } else { BETWEEN };
            let used = excerpt::units(&line) + excerpt::units(before) + reserved;
            let whole = with_note(text(fact), note.as_deref(), usize::MAX, excerpt::sentences);
            if used + excerpt::units(&whole) <= room {
                line.extend([before, &whole]);
                continue;
            }
            is_whole = false;
            if at > 0 {
                line += &more(left);
                break;
            }
            line = with_note(text(fact), note.as_deref(), room.saturating_sub(used), excerpt::sentences);
        }
        (line + &tail, is_whole)
    }
}

/// The text as `fit` shortens it to the units that its note leaves of `max`, and the note.
pub(super) fn with_note(
    text: &str,
    note: Option<&str>,
    max: usize,
    fit: impl Fn(&str, usize) -> String,
) -> String {
    let beside = note.map_or(0, |note| excerpt::units(note) + " ()".len());
    with_due_note(fit(text, max.saturating_sub(beside).max(SHORTEST)), note.map(ToOwned::to_owned))
}

/// What a section says that is answered in words; `None` for an optional one that says nothing.
pub(super) fn section(packet: &Packet, questions: &Questions, name: SectionName) -> Option<Line> {
    use RuleId::{
        Activity, BadDate, Conflict, Duplicate, NoDate, OutsideWindow, Placeholder, StaleDate, TooLong, Vague,
    };
    let entries = packet.sections.get(&name)?.entries.as_slice();
    let is_open = |rules: &[RuleId]| open(packet, name).any(|gap| rules.contains(&gap.rule));
    let stand_in = questions.stand_ins.get(&name).filter(|_| is_open(&[Placeholder]));
    let (written, derived): (Vec<Entry>, Vec<Entry>) = entries.iter().cloned().partition(Entry::is_written);
    let share = match name {
        SectionName::Promises => 170,
        SectionName::FirstValue | SectionName::SuccessOutcome => 130,
        SectionName::Expansion => 70,
        _ => PLAIN,
    };
    let mut line = Line { label: packet.title(name), share, ..Line::default() };
    let (undated, misdated) = (is_open(&[NoDate]), is_open(&[BadDate]));
    if undated {
        let proposed = written.iter().find_map(Entry::proposed_due);
        line.open = Some(messages::packet::no_day(proposed, packet.today()));
    } else if misdated {
        line.open =
            written.iter().find_map(|entry| entry.due_words.as_deref()).map(messages::packet::no_date_but);
    }
    // A stand-in is quoted where the answer would be, and shown nowhere else.
    if stand_in.is_none() {
        let entry = |entry: Entry| if misdated { Entry { due_words: None, ..entry } } else { entry };
        let written: Vec<Entry> = written.into_iter().map(entry).collect();
        line.facts = facts(&written, due_notes(&written, packet.today()));
        if line.facts.len() > 1 {
            line.facts.retain(|fact| !is_greeting(&fact.text));
        }
    }
    let asked_again = [Placeholder, Vague, Duplicate, Activity, Conflict, TooLong, StaleDate, OutsideWindow];
    line.asked_again = !line.facts.is_empty() && is_open(&asked_again);
    if line.facts.is_empty() && required(&packet.custom_sections).any(|one| one == name) {
        let stand_in = stand_in.map(|text| excerpt::name(&excerpt::joined(text, PERSON), PERSON));
        line.facts.push(Fact::plain(messages::packet::missing(stand_in.as_deref())));
    } else if let [only] = line.facts.as_mut_slice() {
        let contradicted = !derived.is_empty() && gaps::says_none(&only.text);
        let seller_says = contradicted.then(|| messages::packet::seller_says().to_owned());
        only.note = only.note.take().or(seller_says);
    }
    line.facts.extend(facts(&derived, vec![None; derived.len()]));
    (!line.facts.is_empty()).then_some(line)
}

fn facts(entries: &[Entry], notes: Vec<Option<String>>) -> Vec<Fact> {
    let fact = |(entry, note): (&Entry, Option<String>)| {
        let note = note.map(|note| excerpt::name(&note, PERSON * 2)).filter(|note| !note.is_empty());
        let text = excerpt::lines(&entry.text, usize::MAX);
        // What the data shows by itself says first what it means.
        let short = text.split_once(" (").filter(|_| !entry.is_written()).map(|(said, _)| said.to_owned());
        (!text.is_empty()).then_some(Fact { text, short, note })
    };
    entries.iter().zip(notes).filter_map(fact).collect()
}

/// Sponsor and backer, then everybody else; one line if no one is known.
pub(super) fn people(packet: &Packet) -> Vec<Line> {
    let Some(section) = packet.sections.get(&SectionName::Stakeholders) else { return Vec::new() };
    let has = |role: Role| move |person: &&Person| person.roles.contains(&role);
    let missing = missing_roles(packet);
    let notes = facts(&section.entries, vec![None; section.entries.len()]);
    if section.people.is_empty() && notes.is_empty() {
        let facts = vec![Fact::plain(messages::packet::not_known())];
        return vec![Line {
            label: SectionName::Stakeholders.title(),
            facts,
            share: PLAIN,
            ..Line::default()
        }];
    }
    let describe = |person: &Person, roles: &[Role], word: fn(&str) -> String| {
        let roles: Vec<Role> = person.roles.iter().copied().filter(|role| !roles.contains(role)).collect();
        let mailbox = is_mailbox(packet, person).then(|| messages::packet::person_not_known().to_owned());
        let shares = section.people.iter().filter(|other| same_name(person, other)).count() > 1;
        let also =
            (!roles.is_empty() || person.roles.is_empty()).then(|| word(&messages::role::list(&roles)));
        let email = person.email.as_ref().filter(|_| shares).map(|email| excerpt::name(email, PERSON));
        let answered = person.answered.first();
        let answered = answered.map(|role| messages::answer::given(&role.by, packet.today()));
        let note = [also, mailbox, email].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let note = [Some(excerpt::name(&note, PERSON)).filter(|note| !note.is_empty()), answered];
        let note = note.into_iter().flatten().map(|note| excerpt::name(&note, PERSON)).collect::<Vec<_>>();
        let note = (!note.is_empty()).then(|| note.join(", "));
        let short = Some(excerpt::name(&person.name, PERSON));
        Some(Fact { text: named(person, "")?, short, note })
    };
    let sponsors = section.people.iter().filter(has(Role::Sponsor));
    let sponsors = sponsors.filter_map(|person| describe(person, &[Role::Sponsor], messages::packet::also));
    let mut sponsor = Line {
        label: messages::packet::sponsor().into(),
        facts: sponsors.collect(),
        share: 110,
        ..Line::default()
    };
    if sponsor.facts.is_empty() && missing.contains(&Role::Sponsor) {
        sponsor.facts.push(Fact::plain(messages::packet::not_known()));
    }
    let backers = section.people.iter().filter(has(Role::ExecutiveBacker));
    let backer = backers.filter(|person| !has(Role::Sponsor)(person)).find_map(|person| named(person, ""));
    sponsor.open = match backer {
        Some(name) => Some(messages::packet::backed_by(&name)),
        None => {
            missing.contains(&Role::ExecutiveBacker).then(|| not_known(&[Role::ExecutiveBacker])).flatten()
        }
    };
    let rest = section
        .people
        .iter()
        .filter(|person| person.roles.is_empty() || person.roles.iter().any(|role| !APART.contains(role)));
    let rest = rest.filter(|person| !has(Role::Sponsor)(person));
    let rest = rest.filter_map(|person| describe(person, &APART, str::to_owned));
    let missing: Vec<Role> = missing.into_iter().filter(|role| !APART.contains(role)).collect();
    let others = Line {
        label: messages::packet::others().into(),
        facts: rest.chain(notes).collect(),
        open: not_known(&missing),
        share: PLAIN,
        ..Line::default()
    };
    let says = |line: &Line| !line.facts.is_empty() || line.open.is_some();
    [sponsor, others].into_iter().filter(says).collect()
}

/// The roles that share the first line about people.
const APART: [Role; 2] = [Role::Sponsor, Role::ExecutiveBacker];

fn missing_roles(packet: &Packet) -> Vec<Role> {
    let missing = open(packet, SectionName::Stakeholders).filter(|gap| gap.rule == RuleId::RoleMissing);
    missing.filter_map(|gap| gap.role).collect()
}

fn not_known(roles: &[Role]) -> Option<String> {
    let names: Vec<&str> = roles.iter().map(|role| messages::role::sought(*role)).collect();
    (!roles.is_empty()).then(|| messages::packet::roles_not_known(&messages::value::list(&names)))
}

/// Whether the rules took a person's name for a team's or a mailbox.
fn is_mailbox(packet: &Packet, person: &Person) -> bool {
    let mut unnamed = open(packet, SectionName::Stakeholders).filter(|gap| gap.rule == RuleId::Unnamed);
    unnamed.any(|gap| gap.role.is_some_and(|role| person.roles.contains(&role)))
}

fn same_name(one: &Person, other: &Person) -> bool {
    one.name.to_lowercase() == other.name.to_lowercase()
}

/// Everybody, role first, with all their addresses.
pub(super) fn everybody(packet: &Packet) -> Line {
    let Some(section) = packet.sections.get(&SectionName::Stakeholders) else { return Line::default() };
    let described = |person: &Person| {
        let emails = person.email.iter().chain(&person.other_emails);
        let emails = emails.map(|email| excerpt::name(email, PERSON)).filter(|email| *email != person.name);
        let named = named(person, &emails.collect::<Vec<_>>().join(", "))?;
        let roles = messages::value::capitalised(&messages::role::list(&person.roles));
        Some(Fact::plain(messages::value::titled(&roles, &named)))
    };
    let notes = facts(&section.entries, vec![None; section.entries.len()]);
    let mut facts: Vec<Fact> = section.people.iter().filter_map(described).chain(notes).collect();
    if facts.is_empty() {
        facts.push(Fact::plain(messages::packet::not_known()));
        return Line { facts, ..Line::default() };
    }
    Line { facts, open: not_known(&missing_roles(packet)), ..Line::default() }
}

/// A person with job title and perhaps addresses; nothing if the name holds nothing visible.
fn named(person: &Person, emails: &str) -> Option<String> {
    let name = excerpt::name(&person.name, PERSON);
    let title = person.title.as_deref().map(|title| excerpt::name(title, PERSON));
    let title = title.filter(|title| !title.is_empty() && *title != name);
    (!name.is_empty()).then(|| messages::packet::person(&name, title.as_deref(), emails))
}

/// The first `max` lines, and how many there are beyond.
pub(super) fn capped(mut lines: Vec<String>, max: usize) -> Vec<String> {
    let left = lines.len().saturating_sub(max);
    if left > 0 {
        lines.truncate(max);
        lines.push(messages::packet::and_more(left));
    }
    lines
}

fn open(packet: &Packet, name: SectionName) -> impl Iterator<Item = &Gap> {
    packet.gaps.iter().filter(move |gap| gap.section == name && gap.counts())
}
