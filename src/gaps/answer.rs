//! What a seller wrote in a section, as the rules see it.

use crate::crm::DealRecord;
use crate::mapping::{Derivation, FieldObject, FieldPath, SectionMapping};
use crate::packet::{Entry, SectionName};
use crate::words;

use super::quote::is_blank;
use super::{Evidence, placeholder};

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

/// The entries that somebody wrote: not what the data shows by itself, and nothing the CRM hid.
pub(super) fn written<'a>(
    evidence: &Evidence<'a>,
    section: SectionName,
) -> impl Iterator<Item = &'a Entry> + use<'a> {
    let mapping = evidence.mapping.sections.get(&section);
    let entries = evidence.sections.get(&section).map_or(&[][..], |section| &section.entries);
    entries
        .iter()
        .filter(move |entry| mapping.is_some_and(|mapping| is_from(mapping, entry)))
        .filter(|entry| !is_blank(&entry.text) && entry.text.trim() != REDACTED)
        .take(LOOKED_AT)
}

/// The entries that answer: written, and no placeholder.
pub(super) fn given<'a>(evidence: &Evidence<'a>, section: SectionName) -> Vec<&'a Entry> {
    written(evidence, section)
        .filter(|entry| !placeholder::is_placeholder(&entry.text, section, evidence.mapping))
        .collect()
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
    words::evidence::fields(&names)
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
    let say = derivation.said();
    !say.is_empty() && entry.source == derivation.when.source() && entry.text.starts_with(&say)
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
            written(evidence, SectionName::Risks).map(|e| e.text.clone()).collect()
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
