//! The mapping: which CRM fields feed which section, owned by RevOps.
//!
//! [`file`] reads it (all mistakes at once, with line and column), [`apply`] turns a deal record into the
//! sections of a packet, [`transform`] cleans one value. Applying is pure and total.

pub mod apply;
pub mod condition;
pub mod derived;
pub(crate) mod evidence;
pub mod file;
pub mod importance;
pub(crate) mod links;
pub(crate) mod list;
pub mod owner;
pub mod people;
pub(crate) mod placeholders;
pub(crate) mod write;
#[cfg(test)]
#[path = "tests/sample.rs"]
pub mod sample;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rust_decimal::Decimal;

use crate::dates::hours::{Hours, Patience};
use crate::packet::{CustomSection, Role, RoleTarget, SectionName, TaskTexts, reading_order};
use crate::record::{CrmKind, DealRecord, FieldPath, WantedFields};
use crate::text::locale::Locale;

/// A mapping that passed `check`.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The file it came from, as the configuration names it.
    pub file: String,
    /// `sha256:` and the hash of the file's bytes.
    pub version: String,
    /// Which CRM's fields it names.
    pub crm: CrmKind,
    /// Days are counted in this zone.
    pub time_zone: TimeZone,
    /// What readers are spoken to in.
    pub locale: Locale,
    /// The file of own words, if there is one: a change of it is a change of the mapping.
    pub words: Option<PathBuf>,
    /// Pipelines (HubSpot) or record types (Salesforce) whose wins get a packet; empty means all.
    pub pipelines: Vec<String>,
    /// What must hold for a win to get a packet, beside that.
    pub applies_when: Option<Observation>,
    /// How each section is filled; a section that is absent here is `unmapped`.
    pub sections: BTreeMap<SectionName, SectionMapping>,
    /// The sections that it adds to the seven, in the order of the file.
    pub custom_sections: Vec<CustomSection>,
    /// Pages that a reader can open, in the order of the file.
    pub links: Vec<LinkMapping>,
    /// How people get their roles.
    pub roles: RoleMapping,
    /// A deal is important when any of these holds.
    pub important_when: Vec<Observation>,
    /// Who takes the handoff.
    pub owner: OwnerMapping,
    /// The task on the deal.
    pub task: TaskMapping,
    /// Where the digest goes.
    pub slack: SlackMapping,
    /// What else to take for a placeholder, beside the built-in list (matched on the whole value).
    pub placeholders: Vec<String>,
    /// Our own e-mail domains: their people are colleagues, never customers.
    pub colleagues: Vec<String>,
}

/// How one section is filled.
#[derive(Debug, Clone, Default)]
pub struct SectionMapping {
    /// Fields in order; each one that holds text adds an entry.
    pub from: Vec<FieldPath>,
    /// Only the first field that holds an answer adds entries.
    pub first_filled: bool,
    /// How one value becomes entries.
    pub list: ListStyle,
    /// The question asked when the section is empty, instead of the built-in one.
    pub ask: Option<String>,
    /// Longest entry in words (default 60); longer text is cut at a sentence end and flagged.
    pub words: Option<u32>,
    /// First value only: the field with the date.
    pub due: Option<FieldPath>,
    /// First value only: the field with who does it.
    pub who: Option<FieldPath>,
    /// Entries that the data itself shows.
    pub derive: Vec<Derivation>,
    /// Whether the trained judgement looks at it.
    pub judge: Judging,
    /// What must hold for anything to be asked about it; `None`: it is always required.
    pub required_when: Option<Observation>,
    /// The deal field that a person's answer is written to.
    pub write: Option<FieldPath>,
    /// First value only: the deal field that the answered day is written to.
    pub write_due: Option<FieldPath>,
}

/// A page that a reader can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkMapping {
    /// What the reader sees of it.
    pub name: String,
    /// The field with its address.
    pub from: FieldPath,
}

/// Whether the trained judgement looks at a section. The certain rules always do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Judging {
    #[default]
    On,
    Off,
}

/// How one value becomes entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListStyle {
    /// By the field's type: a pick list with several values is a list, everything else is one entry.
    #[default]
    Auto,
    Whole,
    /// One entry a line; leading bullets are dropped.
    Lines,
    /// One entry for each part between `;`.
    Semicolons,
}

impl ListStyle {
    /// Whether a text stays one entry.
    pub fn is_prose(self) -> bool {
        matches!(self, Self::Auto | Self::Whole)
    }
}

/// An entry that the data shows without anybody writing it.
#[derive(Debug, Clone)]
pub struct Derivation {
    pub when: Observation,
    /// What the packet says then.
    pub say: String,
}

/// What the data can show: a field, or who is on the deal (under `derive` only). A closed set, and what joins it.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A condition on a field holds.
    Field(Condition),
    /// So many people of the customer's are on the deal, colleagues not counted.
    Contacts(Limit),
    /// Nobody on the deal is recorded in this role.
    RoleMissing(Role),
    /// All of these hold.
    All(Vec<Observation>),
    /// At least one of these holds.
    Any(Vec<Observation>),
    /// This does not hold. What cannot be read does neither.
    Not(Box<Observation>),
}

/// A limit to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// This many or more.
    AtLeast(usize),
    /// This many or fewer.
    AtMost(usize),
}

/// How people get their roles. Labels win over buying roles.
#[derive(Debug, Clone, Default)]
pub struct RoleMapping {
    /// Association label (HubSpot) or contact role (Salesforce) → role; compared without case.
    pub labels: BTreeMap<String, Role>,
    /// HubSpot's `hs_buying_role` values → role.
    pub buying_roles: BTreeMap<String, Role>,
    /// Where the role of a person who is named in an answer is written to.
    pub write: Option<RoleTarget>,
    /// The word that is written there for a role: the first in the file that leads to it.
    pub written_as: BTreeMap<Role, String>,
}

/// A closed set of comparisons; it can explain its own verdict.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The field that is looked at.
    pub field: FieldPath,
    pub test: Test,
}

/// What must hold for a field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The number is this or more.
    AtLeast(Decimal),
    /// The number is this or less.
    AtMost(Decimal),
    /// The value is one of these (compared without case; for pick lists value or label).
    In(Vec<String>),
    /// The value is none of these; an empty field holds none.
    NotIn(Vec<String>),
    /// There is a value (`true`) or there is none (`false`).
    Filled(bool),
    /// The day lies more than this many days back; an empty field does not hold.
    OlderThanDays(u32),
    /// The day is the last of a calendar quarter (`true`) or is not (`false`).
    LastDayOfQuarter(bool),
}

/// Who takes the handoff.
#[derive(Debug, Clone)]
pub struct OwnerMapping {
    /// The deal field with the CRM user's id.
    pub from: FieldPath,
    /// E-mail address of the person who takes it when that field is empty or its person has left.
    pub fallback: String,
}

/// The task on the deal.
#[derive(Debug, Clone)]
pub struct TaskMapping {
    /// Business days (Monday to Friday) from the packet's day to the due day; default 2.
    pub due_in_business_days: u8,
    /// What is added to every task.
    pub texts: TaskTexts,
}

/// Where the digest goes.
#[derive(Debug, Clone)]
pub struct SlackMapping {
    pub channel: String,
    /// The first route whose condition holds wins over `channel`.
    pub routes: Vec<Route>,
    /// Where people are asked.
    pub ask: AskWay,
    /// How long an answer is waited for before there is one reminder.
    pub remind_after: Patience,
    /// When people are written to unasked.
    pub hours: Hours,
    /// E-mail addresses of people who may answer, beside the asked person and the owner.
    pub answer_by: Vec<String>,
    /// Where and when the week is summed up.
    pub roll_up: Option<RollUp>,
}

/// Where people are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AskWay {
    /// By the digest in the channel.
    #[default]
    Channel,
    /// The person who can answer also gets a direct message.
    Dm,
}

/// Where and when the week is summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUp {
    pub channel: String,
    pub day: Weekday,
    pub at: Time,
}

/// A digest channel for some deals.
#[derive(Debug, Clone)]
pub struct Route {
    /// When it is taken.
    pub when: Observation,
    pub channel: String,
}

#[cfg(test)]
impl SlackMapping {
    /// A channel, and everything else as it is without a word of it.
    pub(crate) fn of(channel: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            routes: Vec::new(),
            ask: AskWay::default(),
            remind_after: Patience::default(),
            hours: Hours::default(),
            answer_by: Vec::new(),
            roll_up: None,
        }
    }
}

impl Mapping {
    /// Whether this mapping's `applies_to` covers the deal at an instant. A condition that cannot be judged leaves no
    /// deal out: a packet too many is seen, one too few is not.
    pub fn covers(&self, record: &DealRecord, as_of: Timestamp) -> bool {
        let now = as_of.to_zoned(self.time_zone.clone());
        let left_out = |when: &Observation| when.look(self, record, &[], &now) == derived::Seen::DoesNotHold;
        self.covers_pipeline(record) && !self.applies_when.as_ref().is_some_and(left_out)
    }

    /// Whether `applies_to` covers the deal's pipeline or record type.
    pub fn covers_pipeline(&self, record: &DealRecord) -> bool {
        let place = record.deal.get(record.crm.dialect().fields.pipeline);
        self.pipelines.is_empty() || place.is_some_and(|place| self.pipelines.iter().any(|one| one == place))
    }

    /// Whether a section must be filled for this deal. One whose condition cannot be judged must: a question too many is
    /// seen, one too few is not.
    pub fn requires(&self, name: SectionName, record: &DealRecord, now: &Zoned) -> bool {
        let condition = self.sections.get(&name).and_then(|section| section.required_when.as_ref());
        let spared = |when: &Observation| when.look(self, record, &[], now) == derived::Seen::DoesNotHold;
        !self.is_optional(name) && !condition.is_some_and(spared)
    }

    /// Whether nothing is ever asked about a section.
    pub fn is_optional(&self, name: SectionName) -> bool {
        let is_required = || self.custom_sections.iter().any(|custom| custom.id == name && custom.required);
        name == SectionName::Expansion || (name.is_custom() && !is_required())
    }

    /// The sections in the order they are read.
    pub fn section_names(&self) -> Vec<SectionName> {
        reading_order(&SectionName::ALL, &self.custom_sections)
    }

    /// Every condition on a field, wherever one stands.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.observations().flat_map(Observation::conditions)
    }

    fn observations(&self) -> impl Iterator<Item = &Observation> {
        let derived = self.sections.values().flat_map(|section| &section.derive);
        let routes = self.slack.routes.iter().map(|route| &route.when);
        let derived = derived.map(|derivation| &derivation.when);
        let required = self.sections.values().filter_map(|section| section.required_when.as_ref());
        self.applies_when.iter().chain(&self.important_when).chain(derived).chain(required).chain(routes)
    }

    /// Every field this mapping reads.
    pub fn wanted_fields(&self) -> WantedFields {
        let mut paths: Vec<FieldPath> = Vec::new();
        for section in self.sections.values() {
            paths.extend(section.from.iter().cloned());
            paths.extend(section.due.iter().cloned());
            paths.extend(section.who.iter().cloned());
            paths.extend([&section.write, &section.write_due].into_iter().flatten().cloned());
        }
        paths.extend(self.conditions().map(|condition| condition.field.clone()));
        paths.extend(self.links.iter().map(|link| link.from.clone()));
        paths.push(self.owner.from.clone());
        paths.sort();
        paths.dedup();
        WantedFields { paths, users: vec![self.owner.from.clone()] }
    }
}
