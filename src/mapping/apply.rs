//! Turns a deal record into the sections of a packet. Every entry knows the field it came from.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::crm::DealRecord;
use crate::packet::{Entry, Section, SectionName, SectionStatus, deal};

use super::condition::{Verdict, short_name};
use super::transform::clean_line;
use super::{Derivation, FieldPath, Mapping, SectionMapping, dates, excerpt, field, relative, value};

/// Entries of one section; more than this is no handoff. The last one is then marked as an excerpt.
const MOST_ENTRIES: usize = 20;

/// Words of a value that a derived entry shows as its evidence.
const EVIDENCE_WORDS: u32 = 12;

/// The sections that `mapping` makes of `record`: all required ones, and `expansion` if it has something
/// to say. People and statuses are not set yet.
pub fn sections(mapping: &Mapping, record: &DealRecord) -> BTreeMap<SectionName, Section> {
    let mut sections = BTreeMap::new();
    for name in SectionName::ALL {
        let mut entries = Vec::new();
        if let Some(section) = mapping.sections.get(&name) {
            entries = written(mapping, record, section);
            if name == SectionName::FirstValue {
                set_due(mapping, record, section, &mut entries);
            }
            entries.extend(derived(mapping, record, section));
            entries = at_most(entries);
        }
        if name != SectionName::Expansion || !entries.is_empty() {
            let section = Section { status: SectionStatus::Missing, entries, people: Vec::new() };
            sections.insert(name, section);
        }
    }
    sections
}

/// What people wrote, field by field. The same text twice in one section is said once.
fn written(mapping: &Mapping, record: &DealRecord, section: &SectionMapping) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for path in &section.from {
        for value in field::read(record, path).values() {
            for text in value::texts(mapping, record, path, value, section.list) {
                let entry = entry(&text, path, section);
                if !entry.text.is_empty() && entries.iter().all(|earlier| earlier.text != entry.text) {
                    entries.push(entry);
                }
                if entries.len() > MOST_ENTRIES {
                    return entries;
                }
            }
        }
    }
    entries
}

/// What the data shows by itself, with its evidence.
fn derived(mapping: &Mapping, record: &DealRecord, section: &SectionMapping) -> Vec<Entry> {
    let entry = |derivation: &Derivation| {
        let path = &derivation.when.field;
        let Verdict::Holds { value, .. } = derivation.when.judge(record) else { return None };
        let shown = match value {
            Some(value) => {
                excerpt::within(&clean_line(&value::words(mapping, record, path, &value)), EVIDENCE_WORDS).0
            }
            None => "empty".to_owned(),
        };
        let label = field::info(record, path).map(|info| clean_line(&info.label));
        let label = label.filter(|label| !label.is_empty()).unwrap_or_else(|| clean_line(short_name(path)));
        let say = clean_line(&derivation.say);
        Some(entry(&format!("{} ({label}: {shown})", say.trim_end_matches('.')), path, section))
    };
    section.derive.iter().filter_map(entry).collect()
}

fn entry(text: &str, path: &FieldPath, section: &SectionMapping) -> Entry {
    let (text, excerpt) = excerpt::within(text, section.words.unwrap_or(excerpt::DEFAULT_WORDS));
    Entry { text, source: path.to_string(), due: None, excerpt }
}

/// By when: the section's date field for all entries. Where that field is empty, an entry that says
/// "within 21 days" is due that long after the close.
fn set_due(mapping: &Mapping, record: &DealRecord, section: &SectionMapping, entries: &mut [Entry]) {
    let close = deal::close_date(record, &mapping.time_zone);
    let stored = section.due.as_ref().map_or(field::Reading::Empty, |path| field::read(record, path));
    let is_empty = stored == field::Reading::Empty;
    let kind = section.due.as_ref().and_then(|path| field::info(record, path)).map(|info| info.kind);
    let day = |value: &str| -> Option<Date> {
        dates::day(value, kind, &mapping.time_zone).or_else(|| relative::day(value, close?))
    };
    let due = stored.values().into_iter().find_map(day);
    for entry in entries {
        entry.due = if is_empty { close.and_then(|close| relative::day(&entry.text, close)) } else { due };
    }
}

fn at_most(mut entries: Vec<Entry>) -> Vec<Entry> {
    if entries.len() > MOST_ENTRIES {
        entries.truncate(MOST_ENTRIES);
        if let Some(last) = entries.last_mut() {
            last.excerpt = true;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::crm::DealRecord;
    use crate::mapping::{Condition, ListStyle, Test, sample};

    fn record(deal: &str) -> DealRecord {
        sample::record(&format!(
            r#"{{"crm":"hubspot","account":1,"deal":{{"id":7,"closedate":"2026-11-20T15:04:05Z",{deal}}},
                "line_items":[{{"id":1,"name":"Seats"}},{{"id":2,"name":"Support"}},{{"id":3,"name":"Seats"}}],
                "fields":{{"deal.num_associated_contacts":{{"kind":"number","label":"Number of contacts"}}}}}}"#
        ))
    }

    fn section(from: &[FieldPath]) -> SectionMapping {
        SectionMapping { from: from.to_vec(), ..SectionMapping::default() }
    }

    fn apply(name: SectionName, section: SectionMapping, record: &DealRecord) -> Vec<Entry> {
        let mut mapping = sample::mapping();
        mapping.sections = BTreeMap::from([(name, section)]);
        sections(&mapping, record).remove(&name).map(|section| section.entries).unwrap_or_default()
    }

    fn shown(entries: &[Entry]) -> Vec<String> {
        entries.iter().map(|entry| format!("{} [{}]", entry.text, entry.source)).collect()
    }

    #[test]
    fn every_entry_names_its_field_in_the_order_of_the_mapping() {
        let items = FieldPath { object: super::super::FieldObject::LineItems, name: "name".to_owned() };
        let from = [FieldPath::deal("b"), FieldPath::deal("a"), FieldPath::deal("secret"), items];
        let entries =
            apply(SectionName::Promises, section(&from), &record(r#""a":"A","b":"B","secret":"REDACTED""#));
        assert_eq!(
            shown(&entries),
            ["B [deal.b]", "A [deal.a]", "Seats [line_items.name]", "Support [line_items.name]"]
        );
    }

    #[test]
    fn required_sections_are_always_there_and_expansion_only_with_something_to_say() {
        let mapping = sample::mapping();
        let names: Vec<SectionName> = sections(&mapping, &record(r#""x":"""#)).into_keys().collect();
        assert_eq!(names, SectionName::REQUIRED);
        let some =
            apply(SectionName::Expansion, section(&[FieldPath::deal("x")]), &record(r#""x":"EMEA next""#));
        assert_eq!(shown(&some), ["EMEA next [deal.x]"]);
    }

    #[test]
    fn what_the_data_shows_comes_with_its_evidence() {
        let derive = |field: &str, test, say: &str| Derivation {
            when: Condition { field: FieldPath::deal(field), test },
            say: say.to_owned(),
        };
        let risks = SectionMapping {
            from: vec![FieldPath::deal("risks")],
            derive: vec![
                derive("num_associated_contacts", Test::AtMost(1.into()), "Only one contact on the deal."),
                derive("competitor", Test::Filled(true), "Competitor in the deal"),
                derive("exec", Test::Filled(false), "No executive named"),
                derive("amount", Test::AtLeast(1_000_000.into()), "Large"),
            ],
            ..SectionMapping::default()
        };
        let deal = r#""risks":"Field quality","num_associated_contacts":"1","competitor":"<b>Acme</b>","amount":"5""#;
        assert_eq!(
            shown(&apply(SectionName::Risks, risks, &record(deal))),
            [
                "Field quality [deal.risks]",
                "Only one contact on the deal (Number of contacts: 1) [deal.num_associated_contacts]",
                "Competitor in the deal (competitor: Acme) [deal.competitor]",
                "No executive named (exec: empty) [deal.exec]",
            ]
        );
    }

    #[test]
    fn first_value_is_due_by_its_field_or_by_its_words() {
        let first_value = SectionMapping {
            from: vec![FieldPath::deal("first_value")],
            due: Some(FieldPath::deal("due")),
            ..SectionMapping::default()
        };
        for (deal, due) in [
            (r#""first_value":"Dashboard used","due":"2026-12-11""#, Some(date(2026, 12, 11))),
            (r#""first_value":"Dashboard used within 14 days","due":"2026-12-11""#, Some(date(2026, 12, 11))),
            (r#""first_value":"Dashboard used within 21 days""#, Some(date(2026, 12, 11))),
            (r#""first_value":"Dashboard used","due":"within 21 days""#, Some(date(2026, 12, 11))),
            (r#""first_value":"Dashboard used within 21 days","due":"mid december""#, None),
            (r#""first_value":"Dashboard used within 21 days","due":"REDACTED""#, None),
            (r#""first_value":"Dashboard used""#, None),
        ] {
            let entries = apply(SectionName::FirstValue, first_value.clone(), &record(deal));
            assert_eq!(entries.first().map(|entry| entry.due), Some(due), "{deal}");
        }
    }

    #[test]
    fn long_texts_and_long_lists_are_cut_and_say_so() {
        let short = SectionMapping { words: Some(3), ..section(&[FieldPath::deal("a")]) };
        let entries = apply(SectionName::Promises, short, &record(r#""a":"One two. Three four five.""#));
        assert_eq!(shown(&entries), ["One two. [deal.a]"]);
        assert!(entries.iter().all(|entry| entry.excerpt));

        let lines = SectionMapping { list: ListStyle::Lines, ..section(&[FieldPath::deal("a")]) };
        let many = (0..500).map(|n| format!("promise {n}")).collect::<Vec<_>>().join("\\n");
        let entries = apply(SectionName::Promises, lines, &record(&format!(r#""a":"{many}""#)));
        assert_eq!(entries.len(), MOST_ENTRIES);
        let excerpts: Vec<&str> =
            entries.iter().filter(|entry| entry.excerpt).map(|e| e.text.as_str()).collect();
        assert_eq!(excerpts, ["promise 19"]);
    }
}
