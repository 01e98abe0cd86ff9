//! A won deal as a test writes it down.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::{Evidence, assess};
use crate::assemble;
use crate::mapping::{
    self, Condition, Derivation, Judging, Mapping, Observation, OwnerMapping, RoleMapping, SlackMapping,
    TaskMapping, Test, apply, people,
};
use crate::packet::{Gap, Importance, Role, SectionName, TaskTexts};
use crate::record::{Contact, DealRecord, FieldInfo, FieldKind, FieldPath, Object};

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
    assemble::assemble(&mapping, &record, "pkt_x", as_of).0.gaps
}

/// A HubSpot deal of Acme, closed on 20 November 2026 in Berlin. Nothing is mapped until the test says so. Sections
/// are made by the mapping, as those of a real packet are.
pub(super) struct DealOnPaper {
    mapping: Mapping,
    record: DealRecord,
    importance: Importance,
}

impl DealOnPaper {
    pub(super) fn new() -> Self {
        let labels = Role::ALL.map(|role| (role.as_str().to_owned(), role)).into();
        let mut deal = Self {
            mapping: Mapping {
                custom_sections: Vec::new(),
                file: "mappings/hubspot.yaml".to_owned(),
                version: "sha256:0".to_owned(),
                crm: "hubspot".parse().unwrap(),
                time_zone: TimeZone::get("Europe/Berlin").unwrap(),
                locale: crate::text::locale::Locale::default(),
                words: None,
                pipelines: Vec::new(),
                applies_when: None,
                sections: BTreeMap::new(),
                links: Vec::new(),
                roles: RoleMapping { labels, ..RoleMapping::default() },
                important_when: Vec::new(),
                owner: OwnerMapping {
                    from: FieldPath::deal("hubspot_owner_id"),
                    fallback: "revops@seller.example".to_owned(),
                },
                task: TaskMapping { due_in_business_days: 2, texts: TaskTexts::default() },
                slack: SlackMapping::of("C0123ABCD"),
                placeholders: Vec::new(),
                colleagues: Vec::new(),
            },
            record: serde_json::from_str(r#"{"crm":"hubspot","account":"48210077","deal":{"id":"1"}}"#)
                .unwrap(),
            importance: Importance::default(),
        };
        deal.record.company = Some(Object::default());
        deal.company("Acme").closes("2026-11-20T12:00:00Z")
    }

    /// All six sections answered, all four roles named.
    pub(super) fn complete() -> Self {
        Self::new()
            .writes(
                SectionName::BuyingReason,
                "Forecast visibility poor, the board does not trust the numbers",
            )
            .writes(SectionName::SuccessOutcome, "Forecast error below 10 % in Q1")
            .writes(SectionName::Promises, "Guided field mapping; first dashboard template")
            .writes(SectionName::Risks, "CRM field quality is messy")
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

    /// One more field feeds the section and holds this text.
    pub(super) fn writes(mut self, section: SectionName, text: &str) -> Self {
        let path = self.field(section);
        self.holds(&path, text)
    }

    /// One more field feeds the section: a pick list with these values ticked.
    pub(super) fn ticks(mut self, section: SectionName, texts: &[&str]) -> Self {
        let path = self.field(section);
        let options = texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
        let info = FieldInfo { kind: FieldKind::Choices, label: String::new(), options };
        self.record.fields.insert(path.to_string(), info);
        self.holds(&path, &texts.join(";"))
    }

    /// One more field feeds the section, with this text and more after it than the section's budget of words.
    pub(super) fn writes_too_much(self, section: SectionName, text: &str) -> Self {
        self.writes(section, &format!("{text} {}", "and so on ".repeat(30)))
    }

    /// An entry that the data itself shows.
    pub(super) fn derives(mut self, section: SectionName, say: &str) -> Self {
        let field = FieldPath::deal("num_associated_contacts");
        let when = Observation::Field(Condition { field: field.clone(), test: Test::AtMost(Decimal::ONE) });
        let derivation = Derivation { when, say: say.to_owned() };
        self.mapping.sections.entry(section).or_default().derive.push(derivation);
        self.holds(&field, "1")
    }

    /// One more field feeds the section, but the CRM does not know it or hides it.
    pub(super) fn maps_hidden(mut self, section: SectionName) -> Self {
        let path = self.field(section);
        self.record.unavailable.push(path.to_string());
        self
    }

    /// The date field of first value holds this.
    pub(super) fn due(mut self, value: &str) -> Self {
        let path = FieldPath::deal("handoff_first_value_date");
        let section = self.mapping.sections.entry(SectionName::FirstValue).or_default();
        section.due = Some(path.clone());
        self.holds(&path, value)
    }

    pub(super) fn asks(mut self, section: SectionName, question: &str) -> Self {
        self.mapping.sections.entry(section).or_default().ask = Some(question.to_owned());
        self
    }

    /// The mapping says `judge: off` of the section.
    pub(super) fn unjudged(mut self, section: SectionName) -> Self {
        self.mapping.sections.entry(section).or_default().judge = Judging::Off;
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

    pub(super) fn won(mut self, instant: &str) -> Self {
        self.record.deal.properties.insert("hs_closed_won_date".to_owned(), Some(instant.to_owned()));
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
        let mut contact = Contact::default();
        contact.object.properties.insert("name".to_owned(), Some(name.to_owned()));
        contact.object.properties.insert("email".to_owned(), Some(email.to_owned()));
        contact.labels = roles.iter().map(|role| role.as_str().to_owned()).collect();
        self.record.contacts.push(contact);
        self
    }

    pub(super) fn with_evidence<T>(&self, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let people = people::people(&self.mapping, &self.record, &[]);
        let now = now.to_zoned(self.mapping.time_zone.clone());
        let sections = apply::sections(&self.mapping, &self.record, people, &[], &now);
        look(&Evidence::new(&self.mapping, &self.record, &sections, &self.importance))
    }

    pub(super) fn gaps(&self) -> Vec<Gap> {
        self.with_evidence(assess)
    }

    pub(super) fn gap(&self, id: &str) -> Option<Gap> {
        self.gaps().into_iter().find(|gap| gap.id() == id)
    }

    /// `section id` of every gap, with what keeps it from counting.
    pub(super) fn ids(&self) -> Vec<String> {
        let mark = |gap: &Gap| if gap.counts() { "" } else { " (does not count)" };
        self.gaps().iter().map(|gap| format!("{} {}{}", gap.section.as_str(), gap.id(), mark(gap))).collect()
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

    fn holds(mut self, path: &FieldPath, text: &str) -> Self {
        self.record.deal.properties.insert(path.name.clone(), Some(text.to_owned()));
        self
    }
}
