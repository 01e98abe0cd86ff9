//! A won deal as a test writes it down.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::{Evidence, Gap, assess};
use crate::mapping::{
    self, Condition, Derivation, Mapping, Observation, OwnerMapping, RoleMapping, SlackMapping, TaskMapping,
    Test,
};
use crate::packet::{self, Entry, Importance, Person, Role, Section, SectionName, SectionStatus};
use crate::record::FieldPath;
use crate::record::{Contact, CrmKind, DealRecord, Object};

/// What a real packet of `record` lacks, made through a mapping with these lines beside what each needs.
pub(super) fn gaps_through(lines: &str, record: &serde_json::Value) -> Vec<Gap> {
    let mapping = format!(
        "crm: hubspot\ntime_zone: Europe/Berlin\nowner: {{from: deal.hubspot_owner_id, fallback: revops@seller.example}}\n\
         slack: {{channel: C0123ABCD}}\n{lines}\n"
    );
    let (mapping, problems) = mapping::file::parse("mapping.yaml", &mapping);
    let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
    let record = mapping::sample::record(&record.to_string());
    let as_of = "2026-11-22T08:00:00Z".parse().unwrap();
    packet::assemble::assemble(&mapping, &record, "pkt_x", as_of).0.gaps
}

/// A HubSpot deal of Acme, closed on 20 November 2026 in Berlin. Nothing is mapped until the test says so.
pub(super) struct DealOnPaper {
    mapping: Mapping,
    record: DealRecord,
    sections: BTreeMap<SectionName, Section>,
    importance: Importance,
}

impl DealOnPaper {
    pub(super) fn new() -> Self {
        let mut deal = Self {
            mapping: Mapping {
                file: "mappings/hubspot.yaml".to_owned(),
                version: "sha256:0".to_owned(),
                crm: CrmKind::Hubspot,
                time_zone: TimeZone::get("Europe/Berlin").unwrap(),
                pipelines: Vec::new(),
                sections: BTreeMap::new(),
                roles: RoleMapping::default(),
                important_when: Vec::new(),
                owner: OwnerMapping {
                    from: FieldPath::deal("hubspot_owner_id"),
                    fallback: "revops@example.com".to_owned(),
                },
                task: TaskMapping { due_in_business_days: 2 },
                slack: SlackMapping { channel: "C0123ABCD".to_owned(), routes: Vec::new() },
                placeholders: Vec::new(),
                colleagues: Vec::new(),
            },
            record: serde_json::from_str(r#"{"crm":"hubspot","account":"48210077","deal":{"id":"1"}}"#)
                .unwrap(),
            sections: BTreeMap::new(),
            importance: Importance::default(),
        };
        deal.record.company = Some(Object::default());
        deal.company("Acme").closes("2026-11-20T12:00:00Z")
    }

    /// All six sections answered, all four roles named.
    pub(super) fn complete() -> Self {
        Self::new()
            .writes(SectionName::BuyingReason, "Forecast visibility poor")
            .writes(SectionName::SuccessOutcome, "Forecast error below 10 % in Q1")
            .writes(SectionName::Promises, "Field mapping and first template")
            .writes(SectionName::Risks, "Field quality")
            .writes(SectionName::FirstValue, "VP Sales uses the dashboard in the weekly call within 21 days")
            .person("Sarah Lind", "sarah@acme.test", &[Role::Sponsor])
            .person("Tom Berg", "tom@acme.test", &[Role::Operator, Role::Evaluator])
            .person("Ina Kurz", "ina@acme.test", &[Role::Blocker])
    }

    /// One field feeds the section and holds nothing.
    pub(super) fn maps(mut self, section: SectionName) -> Self {
        self.field(section);
        self
    }

    /// One more field feeds the section and holds this text, which the mapping passed on as one entry.
    pub(super) fn writes(mut self, section: SectionName, text: &str) -> Self {
        let path = self.field(section);
        self.record.deal.properties.insert(path.name.clone(), Some(text.to_owned()));
        self.entry(section, text, &path.to_string());
        self
    }

    /// The last field of the section holds several entries, one for each text.
    pub(super) fn ticks(mut self, section: SectionName, texts: &[&str]) -> Self {
        let path = self.field(section);
        self.record.deal.properties.insert(path.name.clone(), Some(texts.join(";")));
        for text in texts {
            self.entry(section, text, &path.to_string());
        }
        self
    }

    /// The section's text is too long and was cut.
    pub(super) fn writes_too_much(self, section: SectionName, text: &str) -> Self {
        let mut deal = self.writes(section, text);
        let entries = &mut deal.sections.get_mut(&section).unwrap().entries;
        entries.last_mut().unwrap().excerpt = true;
        deal
    }

    /// An entry that the data itself shows.
    pub(super) fn derives(mut self, section: SectionName, say: &str) -> Self {
        let field = FieldPath::deal("num_associated_contacts");
        self.entry(section, &format!("{} (Contacts: 1)", say.trim_end_matches('.')), &field.to_string());
        let when = Observation::Field(Condition { field, test: Test::AtMost(Decimal::ONE) });
        let derivation = Derivation { when, say: say.to_owned() };
        self.mapping.sections.entry(section).or_default().derive.push(derivation);
        self
    }

    /// One more field feeds the section, but the CRM does not know it or hides it.
    pub(super) fn maps_hidden(mut self, section: SectionName) -> Self {
        let path = self.field(section);
        self.record.unavailable.push(path.to_string());
        self
    }

    /// The date field of first value holds this.
    pub(super) fn due(mut self, value: &str) -> Self {
        let section = self.mapping.sections.entry(SectionName::FirstValue).or_default();
        section.due = Some(FieldPath::deal("handoff_first_value_date"));
        let value = Some(value.to_owned());
        self.record.deal.properties.insert("handoff_first_value_date".to_owned(), value);
        self
    }

    pub(super) fn asks(mut self, section: SectionName, question: &str) -> Self {
        self.mapping.sections.entry(section).or_default().ask = Some(question.to_owned());
        self
    }

    pub(super) fn also_takes_for_placeholder(mut self, text: &str) -> Self {
        self.mapping.placeholders.push(text.to_owned());
        self
    }

    pub(super) fn closes(mut self, instant: &str) -> Self {
        self.record.deal.properties.insert("closedate".to_owned(), Some(instant.to_owned()));
        self
    }

    pub(super) fn in_time_zone(mut self, zone: &str) -> Self {
        self.mapping.time_zone = TimeZone::get(zone).unwrap();
        self
    }

    pub(super) fn company(mut self, name: &str) -> Self {
        let company = self.record.company.get_or_insert_default();
        company.properties.insert("name".to_owned(), Some(name.to_owned()));
        self
    }

    pub(super) fn sold_to_a_person(mut self) -> Self {
        let company = self.record.company.get_or_insert_default();
        company.properties.insert("IsPersonAccount".to_owned(), Some("true".to_owned()));
        self
    }

    pub(super) fn without_company(mut self) -> Self {
        self.record.company = None;
        self
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.record.deal.properties.insert("dealname".to_owned(), Some(name.to_owned()));
        self
    }

    pub(super) fn important(mut self) -> Self {
        self.importance.is = true;
        self
    }

    pub(super) fn person(mut self, name: &str, email: &str, roles: &[Role]) -> Self {
        let person = Person {
            name: name.to_owned(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            roles: roles.to_vec(),
            source: "contacts.label".to_owned(),
            ..Person::default()
        };
        let mut contact = Contact::default();
        contact.object.properties.insert("name".to_owned(), Some(name.to_owned()));
        self.record.contacts.push(contact);
        self.section(SectionName::Stakeholders).people.push(person);
        self
    }

    pub(super) fn with_evidence<T>(&self, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        look(&Evidence::new(&self.mapping, &self.record, &self.sections, &self.importance))
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        self.with_evidence(assess)
    }

    pub(super) fn gap(&self, id: &str) -> Option<Gap> {
        self.gaps().into_iter().find(|gap| gap.id == id)
    }

    pub(super) fn record(&self) -> &DealRecord {
        &self.record
    }

    /// `section id` of every gap, with what keeps it from counting.
    pub(super) fn ids(&self) -> Vec<String> {
        let mark = |gap: &Gap| if gap.counts() { "" } else { " (does not count)" };
        self.gaps().iter().map(|gap| format!("{} {}{}", gap.section.as_str(), gap.id, mark(gap))).collect()
    }

    fn field(&mut self, section: SectionName) -> FieldPath {
        let from = &mut self.mapping.sections.entry(section).or_default().from;
        let name = match from.len() {
            0 => format!("handoff_{}", section.as_str()),
            more => format!("handoff_{}_{}", section.as_str(), more + 1),
        };
        from.push(FieldPath::deal(&name));
        FieldPath::deal(&name)
    }

    fn entry(&mut self, section: SectionName, text: &str, source: &str) {
        let (text, source) = (text.to_owned(), source.to_owned());
        self.section(section).entries.push(Entry { text, source, ..Entry::default() });
    }

    fn section(&mut self, section: SectionName) -> &mut Section {
        let empty = Section { status: SectionStatus::Missing, entries: Vec::new(), people: Vec::new() };
        self.sections.entry(section).or_insert(empty)
    }
}
