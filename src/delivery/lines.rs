//! Entries and people of a packet, one line each, the same in task and digest.

use std::collections::HashMap;

use crate::delivery::excerpt;
use handoff_core::messages;
use handoff_core::messages::due_note::{due_notes, with_due_note};
use handoff_core::packet::{Entry, Person};

/// Longest name, job title or address of a person, in UTF-16 units.
const PERSON: usize = 60;

/// Entries with what stands behind them, each text fitted by `fit`; those with nothing to read are left out.
pub(super) fn entries(entries: &[Entry], mut fit: impl FnMut(&str) -> String) -> Vec<String> {
    let lines = entries.iter().zip(due_notes(entries)).map(|(entry, note)| {
        let note = note.map(|note| excerpt::name(&note, PERSON * 2));
        with_due_note(fit(&entry.text), note.filter(|note| !note.is_empty()))
    });
    lines.filter(|line| !line.is_empty()).collect()
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

/// People by name, with title and roles; with an address only where two share a name.
pub(super) fn people(people: &[Person]) -> Vec<String> {
    let mut names: HashMap<String, usize> = HashMap::new();
    for person in people {
        *names.entry(person.name.to_lowercase()).or_default() += 1;
    }
    let shares = |person: &Person| names.get(&person.name.to_lowercase()).is_some_and(|count| *count > 1);
    people
        .iter()
        .filter_map(|person| described(person, person.email.iter().filter(|_| shares(person))))
        .collect()
}

/// People with all their addresses.
pub(super) fn people_with_addresses(people: &[Person]) -> Vec<String> {
    let described = |person: &Person| described(person, person.email.iter().chain(&person.other_emails));
    people.iter().filter_map(described).collect()
}

/// One person; nothing if the name holds nothing visible.
fn described<'a>(person: &Person, emails: impl Iterator<Item = &'a String>) -> Option<String> {
    let name = excerpt::name(&person.name, PERSON);
    // Somebody without a name goes by their address; it is not repeated.
    let more =
        |text: &str| Some(excerpt::name(text, PERSON)).filter(|text| !text.is_empty() && *text != name);
    let title = person.title.as_deref().and_then(more);
    let emails: Vec<String> = emails.filter_map(|email| more(email)).collect();
    let shown = messages::packet::person(&name, title.as_deref(), &emails.join(", "), &person.roles);
    (!name.is_empty()).then_some(shown)
}
