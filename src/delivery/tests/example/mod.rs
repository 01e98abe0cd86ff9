//! Deals to write about, for the tests of task and digest.

mod any;
mod deals;

use jiff::Timestamp;
use jiff::civil::Date;

use handoff_core::dates::{DueDate, DueSource};
use handoff_core::messages;
use handoff_core::packet::{
    Addressee, AgendaPoint, Ask, Confidence, DealSummary, DigestParams, Entry, Fact, Gap, GapState,
    HandoffOwner, Importance, Link, MappingRef, Origin, Packet, PacketStatus, Person, Place, Review, Role,
    RoleSource, RuleId, Section, SectionName, SectionStatus, Severity, TaskParams, TaskTexts,
};
use handoff_core::record::CrmKind::Hubspot;
use handoff_core::record::{Contact, DealRecord, FieldPath, Object, User};
use handoff_core::text::locale::Locale;

pub use any::any_deal;
pub use deals::{complete_and_important, everything_missing, half_empty, hostile, huge};

/// A won deal: its packet and the record it was made from.
#[derive(Debug, Clone)]
pub struct Deal {
    pub packet: Packet,
    pub record: DealRecord,
}

impl Deal {
    /// A deal with this company and nothing else.
    pub fn won(company: &str) -> Self {
        let empty = || Section { status: SectionStatus::Missing, entries: Vec::new(), people: Vec::new() };
        let packet = Packet {
            packet_id: "pkt_3f9c1a2b4c5d".to_owned(),
            crm: Hubspot,
            account: "48210077".to_owned(),
            status: PacketStatus::Complete,
            filled: 0,
            deal: DealSummary {
                id: "301000000417".to_owned(),
                name: String::new(),
                url: None,
                amount: None,
                currency: None,
                close_date: None,
            },
            owner: HandoffOwner::default(),
            important: Importance::default(),
            sections: SectionName::REQUIRED.into_iter().map(|name| (name, empty())).collect(),
            custom_sections: Vec::new(),
            links: Vec::new(),
            gaps: Vec::new(),
            review: Review::default(),
            mapping: MappingRef { file: "mappings/hubspot.yaml".to_owned(), version: "sha256:00".to_owned() },
            as_of: "2026-11-22T08:00:00Z".parse().unwrap(),
            no_longer_won: false,
            locale: Locale::default(),
        };
        let record = DealRecord {
            company: Some(object("9001", &[("name", company)])),
            ..DealRecord::empty(Hubspot, "48210077", "301000000417")
        };
        Self { packet, record }
    }

    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.packet.deal.name);
        self
    }

    pub fn worth(mut self, amount: &str, currency: &str) -> Self {
        self.packet.deal.amount = Some(amount.to_owned());
        self.packet.deal.currency = Some(currency.to_owned());
        self
    }

    pub fn links_to(mut self, name: &str, url: &str) -> Self {
        let source = "deal.order_form_url".to_owned();
        self.packet.links.push(Link { name: name.to_owned(), url: url.to_owned(), source });
        self
    }

    pub fn closed(mut self, day: Date) -> Self {
        self.packet.deal.close_date = Some(day);
        self
    }

    pub fn sold_by(mut self, name: &str) -> Self {
        self.record.owner = Some(User(object("70000001", &[("name", name)])));
        self
    }

    /// The seller does not work there any more.
    pub fn left(mut self) -> Self {
        let seller = self.record.owner.as_mut().unwrap();
        seller.0.properties.insert("archived".to_owned(), Some("true".to_owned()));
        self
    }

    pub fn handed_to(mut self, name: &str) -> Self {
        self.packet.owner.name = Some(name.to_owned());
        self
    }

    pub fn handed_to_fallback(mut self, address: &str) -> Self {
        self.packet.owner =
            HandoffOwner { name: Some(address.to_owned()), email: Some(address.to_owned()), fallback: true };
        self
    }

    pub fn important_because(mut self, reason: &str) -> Self {
        self.packet.important.is = true;
        self.packet.important.reasons.push(reason.to_owned());
        self.packet.review.due = true;
        self
    }

    pub fn with_point(mut self, point: &str, answer: &str) -> Self {
        self.packet.review.agenda.push(AgendaPoint {
            point: point.to_owned(),
            answer: answer.to_owned(),
            to_ask: false,
        });
        self
    }

    pub fn with_point_to_ask(self, point: &str, question: &str) -> Self {
        let mut deal = self.with_point(point, question);
        deal.packet.review.agenda.iter_mut().rev().take(1).for_each(|point| point.to_ask = true);
        deal
    }

    pub fn says(self, section: SectionName, text: &str) -> Self {
        self.says_by(section, text, None)
    }

    pub fn says_by(mut self, section: SectionName, text: &str, due: Option<Date>) -> Self {
        let path = FieldPath::deal(&format!("handoff_{}", section.as_str()));
        let due = due.map(|day| DueDate { day, source: DueSource::Field });
        let entry = Entry { due, ..Entry::new(text.to_owned(), Origin::Field(path)) };
        self.fill(section).entries.push(entry);
        self
    }

    pub fn knows(mut self, name: &str, title: &str, email: &str, roles: &[Role]) -> Self {
        let contact = object(&format!("50{}", self.record.contacts.len()), &[("email", email)]);
        self.record.contacts.push(Contact { object: contact, labels: Vec::new() });
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        self.fill(SectionName::Stakeholders).people.push(Person {
            name: name.to_owned(),
            title: some(title),
            email: some(email),
            other_emails: Vec::new(),
            roles: roles.to_vec(),
            source: RoleSource::Label,
            answered: Vec::new(),
        });
        self
    }

    /// The seller is asked; what the section holds becomes weak.
    pub fn asks_seller(self, id: &str, section: SectionName, question: &str) -> Self {
        self.asks(id, section, question, Addressee::Seller, Confidence::Certain)
    }

    pub fn asks_revops(self, id: &str, section: SectionName, question: &str) -> Self {
        self.asks(id, section, question, Addressee::Revops, Confidence::Certain)
    }

    /// A rule has a doubt that belongs into the preview only.
    pub fn doubts(self, id: &str, section: SectionName, question: &str) -> Self {
        self.asks(id, section, question, Addressee::Seller, Confidence::Unsure)
    }

    fn asks(
        mut self,
        id: &str,
        section: SectionName,
        question: &str,
        addressee: Addressee,
        confidence: Confidence,
    ) -> Self {
        let (rule, person) = RuleId::parse(id).unwrap();
        let ask = if rule == RuleId::RoleMissing {
            Ask::WhoIs(Place::Company(self.record.company_name().unwrap_or_default()))
        } else if question == messages::question::section(section) {
            Ask::Section
        } else {
            Ask::Own(question.to_owned())
        };
        let (severity, fact) = (Severity::Gap, Fact::Recorded("deal.field is empty".to_owned()));
        self.packet.gaps.push(Gap {
            rule,
            role: person,
            section,
            addressee,
            severity,
            confidence,
            ask,
            fact,
            state: GapState::Open,
        });
        if confidence != Confidence::Unsure {
            self.packet.status = PacketStatus::Incomplete;
            if let Some(section) = self.packet.sections.get_mut(&section)
                && section.status == SectionStatus::Filled
            {
                section.status = SectionStatus::Weak;
            }
        }
        self.count()
    }

    fn fill(&mut self, name: SectionName) -> &mut Section {
        let section = self.packet.sections.entry(name).or_insert_with(|| Section {
            status: SectionStatus::Missing,
            entries: Vec::new(),
            people: Vec::new(),
        });
        section.status = SectionStatus::Filled;
        section
    }

    /// Brings `filled` up to date.
    pub fn count(mut self) -> Self {
        let filled = |name: &&SectionName| self.packet.sections[*name].status == SectionStatus::Filled;
        self.packet.filled = SectionName::REQUIRED.iter().filter(filled).count();
        self
    }
}

fn object(id: &str, properties: &[(&str, &str)]) -> Object {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
    Object { id: id.to_owned(), properties: properties.collect() }
}

/// The task of a deal goes to the seller, two business days later.
pub fn order() -> TaskParams {
    let due: Timestamp = "2026-11-24T16:00:00Z".parse().unwrap();
    TaskParams {
        assignee: Some("70000001".to_owned()),
        addresses: Vec::new(),
        due,
        questions: None,
        texts: TaskTexts::default(),
    }
}

/// The digest of a deal goes to one channel.
pub fn digest_params() -> DigestParams {
    DigestParams {
        channel: "C0123ABCD".to_owned(),
        earlier: Vec::new(),
        questions: None,
        important: Vec::new(),
    }
}
