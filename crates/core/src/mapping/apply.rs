//! Turns a deal record into the sections of a packet. Every entry knows the field it came from.

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::civil::Date;

use crate::dates::{DueDate, DueSource, written};
use crate::messages;
use crate::packet::{
    Answer, Entry, Given, MOST_ENTRIES, Origin, Person, Section, SectionName, SectionStatus, Topic,
};
use crate::record::{DealRecord, Reading};
use crate::text::clean::clean_line;
use crate::text::tokens::Words;
use crate::text::{email_tail, excerpt};

use super::placeholders::Placeholders;
use super::{Derivation, Mapping, SectionMapping, list};

/// The sections that `mapping` makes of `record`: all that may be asked about, and an optional one if it
/// has something to say. `people` are the customer's people on the deal. An answer stands in place of what its fields hold.
/// Statuses are not set yet.
pub fn sections(
    mapping: &Mapping,
    record: &DealRecord,
    people: Vec<Person>,
    answers: &[Answer],
    now: &Zoned,
) -> BTreeMap<SectionName, Section> {
    let mut sections = BTreeMap::new();
    for name in mapping.section_names() {
        let mut entries = Vec::new();
        if let Some(section) = mapping.sections.get(&name) {
            let answer = answers.iter().find(|answer| answer.topic == Topic::Section(name));
            entries = match answer {
                Some(answer) => answered(record, section, answer),
                None => written(mapping, record, name, section),
            };
            if name == SectionName::FirstValue {
                set_due(mapping, record, section, &mut entries);
                set_who(mapping, record, section, &mut entries);
                set_answered_day(answers, &mut entries);
            }
            entries.extend(derived(mapping, record, section, &people, now));
            entries = at_most(entries);
        }
        if !mapping.is_optional(name) || !entries.is_empty() {
            let section = Section { status: SectionStatus::Missing, entries, people: Vec::new() };
            sections.insert(name, section);
        }
    }
    if let Some(stakeholders) = sections.get_mut(&SectionName::Stakeholders) {
        stakeholders.people = people;
    }
    sections
}

/// What people wrote, field by field. The same text twice in one section is said once. With `first_filled` the first field
/// that answers speaks alone.
fn written(
    mapping: &Mapping,
    record: &DealRecord,
    name: SectionName,
    section: &SectionMapping,
) -> Vec<Entry> {
    let placeholders = section.first_filled.then(|| Placeholders::of(mapping));
    let mut entries: Vec<Entry> = Vec::new();
    for path in &section.from {
        let earlier = entries.len();
        for value in record.read(path).values() {
            for text in list::texts(mapping, record, path, value, section.list) {
                let (text, left_out) =
                    if section.list.is_prose() { email_tail::split(&text) } else { (text, String::new()) };
                let mut entry = entry(&text, Origin::Field(path.clone()), section);
                entry.mail_cut = !left_out.is_empty();
                push_once(entry, &mut entries);
                if entries.len() > MOST_ENTRIES {
                    return entries;
                }
            }
        }
        let answers =
            |entry: &Entry| placeholders.as_ref().is_some_and(|one| one.is_answer(name, &entry.text));
        if entries[earlier..].iter().any(answers) {
            return entries.split_off(earlier);
        }
    }
    entries
}

/// What a person answered, cleaned and cut like what a field holds.
fn answered(record: &DealRecord, section: &SectionMapping, answer: &Answer) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for text in list::answered(record, answer, section.list) {
        let origin = Origin::Answer(answer.by(), answer.field.clone());
        push_once(entry(&text, origin, section), &mut entries);
    }
    entries
}

fn push_once(entry: Entry, entries: &mut Vec<Entry>) {
    if !entry.text.is_empty() && entries.iter().all(|earlier| earlier.text != entry.text) {
        entries.push(entry);
    }
}

/// What the data shows by itself, with its evidence.
fn derived(
    mapping: &Mapping,
    record: &DealRecord,
    section: &SectionMapping,
    people: &[Person],
    now: &Zoned,
) -> Vec<Entry> {
    let entry = |derivation: &Derivation| {
        let fact = derivation.when.look(mapping, record, people, now).fact()?;
        let text = messages::fact::shows(&derivation.said(), &fact);
        Some(entry(&text, derivation.when.origin(), section))
    };
    section.derive.iter().filter_map(entry).collect()
}

impl Derivation {
    /// What an entry of this begins with.
    pub(crate) fn said(&self) -> String {
        clean_line(&self.say).trim_end_matches('.').to_owned()
    }
}

fn entry(text: &str, origin: Origin, section: &SectionMapping) -> Entry {
    let (text, excerpt) = excerpt::within(text, section.words.unwrap_or(excerpt::DEFAULT_WORDS));
    Entry { excerpt, ..Entry::new(text, origin) }
}

/// By when: the section's date field for all entries. Where that field is empty, an entry that says
/// "within 21 days" is due that long after the close.
fn set_due(mapping: &Mapping, record: &DealRecord, section: &SectionMapping, entries: &mut [Entry]) {
    let zone = &mapping.time_zone;
    let close = record.close_date(zone);
    let counted = |text: &str| written::read(text, &Words::of(text), close).deadline;
    let due = |day: Option<Date>, source| day.map(|day| DueDate { day, source });
    let Some(path) = section.due.as_ref().filter(|path| record.read(path) != Reading::Empty) else {
        for entry in entries {
            entry.due = due(counted(&entry.text), DueSource::Text);
        }
        return;
    };
    let Some(value) = record.read(path).values().first().copied() else { return };
    let stated = record.day(path, value, zone);
    // Words such as "mid December" are shown whether or not a day can be counted from them.
    let words = stated.is_none().then(|| clean_line(value));
    let due = due(stated.or_else(|| counted(value)), DueSource::Field);
    for entry in entries {
        entry.due = due;
        entry.due_words.clone_from(&words);
    }
}

/// The day that a person answered wins over the one of the field or the text.
fn set_answered_day(answers: &[Answer], entries: &mut [Entry]) {
    for answer in answers.iter().filter(|answer| answer.topic == Topic::Day) {
        let Given::Day(day) = answer.given else { continue };
        for entry in entries.iter_mut() {
            entry.due = Some(DueDate { day, source: DueSource::Field });
            (entry.due_words, entry.due_by) = (None, Some(answer.by()));
        }
    }
}

/// Who does it, from the section's own field. Not repeated where the entry names them.
fn set_who(mapping: &Mapping, record: &DealRecord, section: &SectionMapping, entries: &mut [Entry]) {
    let Some(path) = &section.who else { return };
    let Some(value) = record.read(path).values().first().copied() else { return };
    let who = clean_line(&messages::value::shown(&record.value(path, value, &mapping.time_zone)));
    if who.is_empty() {
        return;
    }
    for entry in entries.iter_mut().filter(|entry| !entry.text.contains(&who)) {
        entry.who = Some(who.clone());
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
    use crate::mapping::{Condition, Limit, ListStyle, Observation, Test, sample};
    use crate::packet::Role;
    use crate::record::DealRecord;
    use crate::record::FieldPath;

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
        sections(&mapping, record, Vec::new(), &[], &sample::now())
            .remove(&name)
            .map(|section| section.entries)
            .unwrap_or_default()
    }

    fn shown(entries: &[Entry]) -> Vec<String> {
        entries.iter().map(|entry| format!("{} [{}]", entry.text, entry.origin)).collect()
    }

    #[test]
    fn the_first_field_that_answers_speaks_alone() {
        let first = |name, deal: &str| {
            let from = ["a", "b", "c"].map(FieldPath::deal);
            let section = SectionMapping { first_filled: true, ..section(&from) };
            shown(&apply(name, section, &record(deal)))
        };
        let reason = SectionName::BuyingReason;
        assert_eq!(
            first(reason, r#""a":"Their planner retires","b":"Audit in May""#),
            ["Their planner retires [deal.a]"]
        );
        assert_eq!(
            first(reason, r#""a":"TBD","b":"see call notes","c":"Audit in May""#),
            ["Audit in May [deal.c]"]
        );
        assert_eq!(first(reason, r#""a":"","b":"<p> </p>","c":"Audit in May""#), ["Audit in May [deal.c]"]);
        assert_eq!(first(reason, r#""a":"ask the AE","b":"n/a""#), ["ask the AE [deal.a]", "n/a [deal.b]"]);
        assert_eq!(
            first(SectionName::Risks, r#""a":"None","b":"Few admins""#),
            ["None [deal.a]"],
            "that is an answer"
        );
    }

    #[test]
    fn every_entry_names_its_field_in_the_order_of_the_mapping() {
        let items = FieldPath { object: crate::record::FieldObject::LineItems, name: "name".to_owned() };
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
        let names: Vec<SectionName> =
            sections(&mapping, &record(r#""x":"""#), Vec::new(), &[], &sample::now()).into_keys().collect();
        assert_eq!(names, SectionName::REQUIRED);
        let some =
            apply(SectionName::Expansion, section(&[FieldPath::deal("x")]), &record(r#""x":"EMEA next""#));
        assert_eq!(shown(&some), ["EMEA next [deal.x]"]);
    }

    #[test]
    fn what_the_data_shows_comes_with_its_evidence() {
        let derive = |field: &str, test, say: &str| Derivation {
            when: Observation::Field(Condition { field: FieldPath::deal(field), test }),
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
                "Competitor in the deal (Competitor: Acme) [deal.competitor]",
                "No executive named (Exec: empty) [deal.exec]",
            ]
        );
    }

    #[test]
    fn a_deal_shows_its_risks_with_the_numbers() {
        let field = |name: &str, test| Observation::Field(Condition { field: FieldPath::deal(name), test });
        let derive = |when, say: &str| Derivation { when, say: say.to_owned() };
        let risks = SectionMapping {
            derive: vec![
                derive(Observation::Contacts(Limit::AtMost(1)), "Only one contact on the deal"),
                derive(Observation::Contacts(Limit::AtLeast(20)), "A crowd"),
                derive(Observation::RoleMissing(Role::ExecutiveBacker), "No executive behind it"),
                derive(field("discount", Test::AtLeast(20.into())), "Large discount"),
                derive(field("PushCount", Test::AtLeast(2.into())), "Close date moved more than once"),
                derive(
                    field("closedate", Test::LastDayOfQuarter(true)),
                    "Closed on the last day of a quarter",
                ),
                derive(field("competitor__c", Test::Filled(true)), "A competitor was in the deal"),
                derive(
                    field("notes_last_contacted", Test::OlderThanDays(14)),
                    "Nobody has been in touch for two weeks",
                ),
            ],
            ..SectionMapping::default()
        };
        let deal = record(
            r#""discount":"22.50","PushCount":3,"closedate":"2026-09-30T21:30:00Z","competitor__c":"Globex;Initech",
               "notes_last_contacted":"2026-11-02T23:30:00Z""#,
        );
        let mut mapping = sample::mapping();
        mapping.sections = BTreeMap::from([(SectionName::Risks, risks)]);
        let seen = |people: Vec<Person>| {
            shown(&sections(&mapping, &deal, people, &[], &sample::now())[&SectionName::Risks].entries)
                .join("\n")
        };
        let sarah = Person { name: "Sarah Lind".to_owned(), roles: vec![Role::Sponsor], ..Person::default() };
        insta::assert_snapshot!(seen(vec![sarah.clone()]), @r"
        Only one contact on the deal (1 contact: Sarah Lind) [contacts]
        No executive behind it (1 contact, no executive backer) [contacts]
        Large discount (Discount: 22.50) [deal.discount]
        Close date moved more than once (Push Count: 3) [deal.PushCount]
        Closed on the last day of a quarter (Close date: 30 Sep 2026) [deal.closedate]
        A competitor was in the deal (Competitor: Globex, Initech) [deal.competitor__c]
        Nobody has been in touch for two weeks (Notes last contacted: 3 Nov 2026, 19 days ago) [deal.notes_last_contacted]
        ");
        let backer = Person { roles: vec![Role::ExecutiveBacker], ..sarah.clone() };
        assert!(!seen(vec![sarah, backer]).contains("[contacts]"));
        assert!(seen(Vec::new()).starts_with(
            "Only one contact on the deal (no contacts) [contacts]\n\
             No executive behind it (no contacts, no executive backer) [contacts]\n"
        ));
    }

    #[test]
    fn mail_is_left_out_of_one_text_with_a_mark_and_never_of_a_list() {
        let quote = r"Asked her\n\nOn 12 Nov 2026, Sarah wrote:\n> SSO\nSent from my iPhone";
        let tried = |text: &str, list| {
            let section = SectionMapping { list, ..section(&[FieldPath::deal("a")]) };
            let entries = apply(SectionName::Promises, section, &record(&format!(r#""a":"{text}""#)));
            entries.into_iter().map(|entry| (entry.text, entry.mail_cut)).collect::<Vec<_>>()
        };
        let kept = |text: &str| (text.to_owned(), false);
        assert_eq!(tried(quote, ListStyle::Auto), [("Asked her".to_owned(), true)]);
        assert_eq!(tried(quote, ListStyle::Whole), [("Asked her".to_owned(), true)]);
        assert_eq!(tried(quote, ListStyle::Lines).len(), 4);
        assert_eq!(tried(quote, ListStyle::Semicolons).len(), 1);
        assert_eq!(
            tried(r"SSO before 1 March\n--\nTwo free seats until June", ListStyle::Lines),
            [kept("SSO before 1 March"), kept("Two free seats until June")]
        );
        for text in [
            "SSO before 1 March\n--\nTwo free seats until June",
            "SSO before 1 March\nBest regards\nTwo free seats until June",
        ] {
            assert_eq!(tried(&text.replace('\n', r"\n"), ListStyle::Auto), [kept(text)]);
        }
    }

    #[test]
    fn first_value_says_who_from_its_own_field() {
        let first_value = SectionMapping {
            from: vec![FieldPath::deal("first_value")],
            who: Some(FieldPath::deal("who")),
            ..SectionMapping::default()
        };
        let who = |deal: &str| {
            let entries = apply(SectionName::FirstValue, first_value.clone(), &record(deal));
            entries.into_iter().map(|entry| entry.who).collect::<Vec<_>>()
        };
        assert_eq!(
            who(r#""first_value":"Plans a week","who":" Jonas\nPetrov ""#),
            [Some("Jonas Petrov".to_owned())]
        );
        assert_eq!(who(r#""first_value":"Jonas Petrov plans a week","who":"Jonas Petrov""#), [None]);
        assert_eq!(who(r#""first_value":"Plans a week","who":"REDACTED""#), [None]);
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
            assert_eq!(entries.first().map(Entry::given_due), Some(due), "{deal}");
        }
        let words = |deal: &str| {
            apply(SectionName::FirstValue, first_value.clone(), &record(deal)).remove(0).due_words
        };
        assert_eq!(
            words(r#""first_value":"Dashboard used","due":" within  21 days""#).as_deref(),
            Some("within 21 days")
        );
        assert_eq!(
            words(r#""first_value":"Dashboard used","due":"mid December""#).as_deref(),
            Some("mid December")
        );
        assert_eq!(words(r#""first_value":"Dashboard used within 21 days""#), None);
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
