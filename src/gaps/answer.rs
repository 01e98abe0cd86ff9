//! What a seller wrote in a section, as the rules see it.

use std::collections::BTreeMap;

use crate::mapping::{Derivation, Mapping, SectionMapping};
use crate::messages;
use crate::packet::{Entry, Section, SectionName};
use crate::record::DealRecord;
use crate::record::{FieldObject, FieldPath};

use super::Evidence;
use super::placeholder::Placeholders;
use crate::text::tokens::Words;

/// The sections that are answered in words. `stakeholders` is answered by people, `expansion` is optional.
pub(super) const IN_WORDS: [SectionName; 5] = [
    SectionName::BuyingReason,
    SectionName::SuccessOutcome,
    SectionName::Promises,
    SectionName::Risks,
    SectionName::FirstValue,
];

/// What HubSpot sends in place of the value of a sensitive property.
const REDACTED: &str = "REDACTED";

/// Most entries of one section that are looked at; a list that long is not a handoff.
const LOOKED_AT: usize = 50;

/// An entry that somebody wrote: not what the data shows by itself, and nothing the CRM hid.
pub(super) struct Written<'a> {
    pub(super) entry: &'a Entry,
    pub(super) words: Words,
    /// It answers: it is no placeholder.
    pub(super) is_answer: bool,
}

/// What somebody wrote, by section. Read once for all rules.
pub(super) fn read<'a>(
    mapping: &'a Mapping,
    sections: &'a BTreeMap<SectionName, Section>,
    placeholders: &Placeholders<'_>,
) -> BTreeMap<SectionName, Vec<Written<'a>>> {
    let in_section = |name: SectionName| {
        let written = mapping.sections.get(&name).zip(sections.get(&name)).map(|(mapping, section)| {
            let entries = section.entries.iter().filter(|entry| is_from(mapping, entry));
            let seen = entries.filter(|entry| entry.text != REDACTED);
            seen.take(LOOKED_AT)
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

/// The raw values of a field; several for a field of the line items.
pub(super) fn raw<'a>(record: &'a DealRecord, path: &FieldPath) -> Vec<&'a str> {
    let object = match path.object {
        FieldObject::Deal => Some(&record.deal),
        FieldObject::Company => record.company.as_ref(),
        FieldObject::Owner => record.owner.as_ref().map(|owner| &owner.0),
        FieldObject::LineItems => {
            return record.line_items.iter().filter_map(|item| item.get(&path.name)).collect();
        }
    };
    object.and_then(|object| object.get(&path.name)).into_iter().collect()
}

/// Whether the CRM cannot supply a field: unknown, hidden from our user, or sent without its value.
pub(super) fn is_unavailable(record: &DealRecord, path: &FieldPath) -> bool {
    record.unavailable.iter().any(|unavailable| is_path(unavailable, path))
        || raw(record, path).iter().any(|value| value.trim() == REDACTED)
}

/// `deal.a`, `deal.a and deal.b`, `deal.a, deal.b and deal.c`.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    messages::evidence::fields(&names)
}

/// The fields that entries came from, each once.
pub(super) fn sources(entries: &[&Entry]) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for entry in entries {
        if !sources.contains(&entry.source) {
            sources.push(entry.source.clone());
        }
    }
    sources
}

fn is_from(mapping: &SectionMapping, entry: &Entry) -> bool {
    mapping.from.iter().any(|path| is_path(&entry.source, path))
        && !mapping.derive.iter().any(|derivation| is_derived(derivation, entry))
}

fn is_derived(derivation: &Derivation, entry: &Entry) -> bool {
    if entry.source != derivation.when.source() {
        return false;
    }
    let say = derivation.said();
    !say.is_empty() && entry.text.starts_with(&say)
}

fn is_path(written: &str, path: &FieldPath) -> bool {
    written.split_once('.') == Some((path.object.as_str(), path.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    #[test]
    fn what_the_data_shows_was_not_written_by_anybody() {
        let deal = DealOnPaper::new()
            .derives(SectionName::Risks, "Only one contact on the deal")
            .writes(SectionName::Risks, "SSO is late");
        let texts: Vec<String> = deal.with_evidence(|evidence| {
            evidence.written(SectionName::Risks).iter().map(|one| one.entry.text.clone()).collect()
        });
        assert_eq!(texts, ["SSO is late"]);
    }

    #[test]
    fn a_derived_entry_is_recognised_although_its_full_stop_went() {
        let deal =
            DealOnPaper::new().maps(SectionName::Risks).derives(SectionName::Risks, "Only one contact.");
        assert!(deal.gap("empty").is_some());
    }
}
