//! What a seller wrote in a section, as the rules see it.

use std::collections::BTreeMap;

use crate::packet::{Entry, Origin, Section, SectionName};
use crate::record::{DealRecord, FieldPath, Reading};
use crate::text::tokens::Words;

use super::Evidence;
use super::placeholder::Placeholders;

/// The sections that are answered in words. `stakeholders` is answered by people, `expansion` is optional.
pub(super) const IN_WORDS: [SectionName; 5] = [
    SectionName::BuyingReason,
    SectionName::SuccessOutcome,
    SectionName::Promises,
    SectionName::Risks,
    SectionName::FirstValue,
];

/// Most entries of one section that are looked at; a list that long is not a handoff.
const LOOKED_AT: usize = 50;

/// An entry that a seller or an admin wrote: not what the data shows by itself, and nothing the CRM hid.
pub(super) struct Written<'a> {
    pub(super) entry: &'a Entry,
    pub(super) words: Words,
    /// It answers: it is no placeholder.
    pub(super) is_answer: bool,
}

/// What sellers wrote, by section. Read once for all rules.
pub(super) fn read<'a>(
    sections: &'a BTreeMap<SectionName, Section>,
    placeholders: &Placeholders<'_>,
) -> BTreeMap<SectionName, Vec<Written<'a>>> {
    let in_section = |name: SectionName| {
        let written = sections.get(&name).map(|section| {
            let entries = section.entries.iter().filter(|entry| entry.is_written());
            entries
                .take(LOOKED_AT)
                .map(|entry| {
                    let words = Words::of(&entry.text);
                    let is_answer = !placeholders.hold(&entry.text, &words, name);
                    Written { entry, words, is_answer }
                })
                .collect()
        });
        (name, written.unwrap_or_default())
    };
    IN_WORDS.into_iter().map(in_section).collect()
}

/// The fields that feed a section.
pub(super) fn fields<'a>(evidence: &Evidence<'a>, section: SectionName) -> &'a [FieldPath] {
    evidence.mapping.sections.get(&section).map_or(&[], |mapping| &mapping.from)
}

/// Whether the CRM cannot supply a field: unknown, hidden from our user, or sent without its value.
pub(super) fn is_unavailable(record: &DealRecord, path: &FieldPath) -> bool {
    matches!(record.read(path), Reading::Hidden(_))
}

/// Where entries came from, each once.
pub(super) fn origins(entries: &[&Entry]) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
    for entry in entries {
        if !origins.contains(&entry.origin) {
            origins.push(entry.origin.clone());
        }
    }
    origins
}
