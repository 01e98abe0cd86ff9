//! What a seller wrote in a section, as the rules see it.

use std::collections::BTreeMap;

use crate::judgement::rules::{self, Certain};
use crate::packet::{CustomSection, Entry, Origin, Section, SectionName};
use crate::record::{DealRecord, FieldPath, Reading};
use crate::text::tokens::Words;

use super::Evidence;
use crate::mapping::placeholders::Placeholders;

/// The built-in sections that are answered in words. `stakeholders` is answered by people, `expansion` is optional.
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
    /// What is certain of it: it stands in for an answer, or says "none".
    pub(super) certain: Option<Certain>,
}

impl Written<'_> {
    /// It answers: it is no placeholder.
    pub(super) fn is_answer(&self) -> bool {
        !matches!(self.certain, Some(Certain::StandIn | Certain::Pointer))
    }
}

/// What sellers wrote, by section. Read once for all rules.
pub(super) fn read<'a>(
    custom: &[CustomSection],
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
                    let certain = placeholders.certain(name, &entry.text, &words);
                    Written { entry, words, certain }
                })
                .collect()
        });
        (name, written.unwrap_or_default())
    };
    let custom = custom.iter().map(|custom| custom.id);
    IN_WORDS.into_iter().chain([SectionName::Expansion]).chain(custom).map(in_section).collect()
}

/// The placeholders that a packet does not show: a link is still of use, and a pointer beside an answer may be.
pub(super) fn hidden(written: &[Written<'_>]) -> impl Iterator<Item = String> {
    let has_answer = written.iter().any(Written::is_answer);
    let is_hidden = move |one: &&Written<'_>| match one.certain {
        Some(Certain::StandIn) => true,
        Some(Certain::Pointer) => !has_answer && !rules::holds_link(&one.entry.text),
        Some(Certain::SaysNone) | None => false,
    };
    written.iter().filter(is_hidden).map(|one| one.entry.text.clone())
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
