//! The packet: six sections, and what is wrong with them. Its JSON is an outside contract.

mod answer;
mod assessment;
mod change;
mod decision;
mod entry;
mod gap;
mod link;
mod person;
mod plan;
mod review;
mod section;
mod template;
mod week;

pub use answer::{Answer, Answered, Given, RoleTarget, Target, Topic};
pub use assessment::{Assessment, Names, RaisedGap, Seller};
pub use change::{Change, FieldChange, RoleChange, Shown};
pub use decision::SendBackReason;
pub use entry::{Entry, Origin};
pub use gap::{Addressee, Ask, Confidence, Fact, Gap, GapState, Place, RuleId, Severity};
pub use link::Link;
pub use person::{AnsweredRole, Person, RoleSource};
pub use plan::{
    AskParams, AskPlan, DeliveryPlan, DigestParams, FirstValueParams, Question, Questions, ReplyParams,
    TaskParams,
};
pub use review::{AgendaPoint, Review};
pub(crate) use section::LONGEST_ID;
pub use section::{CustomSection, SectionName, reading_order, required};
pub use template::{Placeholder, TaskTexts, Template};
pub use week::Week;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::record::{CrmKind, WinKey};
use crate::text::locale::{Language, Locale};

/// Most entries of one section; a longer list is no handoff, and its last entry is marked as an excerpt.
pub const MOST_ENTRIES: usize = 20;

/// What a person on the customer's side is to the deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Wants it and pays for it.
    Sponsor,
    /// Will work with it.
    Operator,
    /// Judged whether it is good.
    Evaluator,
    /// Could stop it.
    Blocker,
    /// Stands behind the sponsor; asked for on important accounts only.
    ExecutiveBacker,
}

impl Role {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 5] =
        [Self::Sponsor, Self::Operator, Self::Evaluator, Self::Blocker, Self::ExecutiveBacker];

    /// The name used in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sponsor => "sponsor",
            Self::Operator => "operator",
            Self::Evaluator => "evaluator",
            Self::Blocker => "blocker",
            Self::ExecutiveBacker => "executive_backer",
        }
    }
}

/// The id of a win's packet: `pkt_` and the first 12 hex digits of the SHA-256 of the win key's text. The
/// same win always has the same id.
pub fn packet_id(win: &WinKey) -> String {
    let digits = hex::encode(Sha256::digest(win.to_string()));
    format!("pkt_{}", digits.get(..12).unwrap_or(&digits))
}

/// Everything customer success gets about one win. Its JSON holds questions and evidence in its own language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Packet {
    /// `pkt_` and 12 hex digits of the hash of the win key: the same win always has the same id.
    pub packet_id: String,
    /// Which CRM.
    pub crm: CrmKind,
    /// Portal or organisation id.
    pub account: String,
    /// Incomplete as soon as one gap is more than a hint.
    pub status: PacketStatus,
    /// How many of the required sections are filled: of the six and the mapping's own, unless its `required_when` spares the
    /// deal some.
    pub filled: usize,
    /// The deal in short.
    pub deal: DealSummary,
    /// Who takes the handoff.
    pub owner: HandoffOwner,
    /// Whether the account is important, and every reason why.
    pub important: Importance,
    /// The sections; every one that this deal requires is present.
    pub sections: BTreeMap<SectionName, Section>,
    /// The sections that the mapping adds, in its order; also those that say nothing of this deal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_sections: Vec<CustomSection>,
    /// Pages that the mapping names, in its order; those whose field holds an address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What the CRM could not fill, or filled too weakly, in section order.
    pub gaps: Vec<Gap>,
    /// The 15-minute talk.
    pub review: Review,
    /// What made this packet.
    pub mapping: MappingRef,
    /// The language that its readers are spoken to in: the mapping's. Absent where it is English.
    #[serde(default, rename = "language", skip_serializing_if = "Locale::is_english")]
    #[schemars(with = "Language")]
    pub locale: Locale,
    /// The instant the packet speaks of.
    pub as_of: Timestamp,
    /// The deal was reopened or lost after the packet was made: its questions are withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_longer_won: bool,
}

impl Serialize for Packet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.locale.scope(|| Self::serialize(self, serializer))
    }
}

impl<'de> Deserialize<'de> for Packet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl Packet {
    /// Whether a reader sees the same in both: everything but the instant and the mapping they were made by. One that
    /// was read from JSON holds rendered texts, so both are compared as JSON.
    pub fn reads_like(&self, other: &Self) -> bool {
        let read = |packet: &Self| {
            let mut json = serde_json::to_value(packet).unwrap_or_default();
            for unseen in ["as_of", "mapping"] {
                json[unseen] = serde_json::Value::Null;
            }
            json
        };
        read(self) == read(other)
    }

    /// The sections that are there, in the order they are read.
    pub fn in_reading_order(&self) -> impl Iterator<Item = (SectionName, &Section)> {
        let order = reading_order(&SectionName::ALL, &self.custom_sections).into_iter();
        order.filter_map(|name| Some((name, self.sections.get(&name)?)))
    }

    /// What people call a section.
    pub fn title(&self, name: SectionName) -> Cow<'static, str> {
        let custom = self.custom_sections.iter().find(|custom| custom.id == name);
        custom.map_or_else(|| name.title(), |custom| custom.title.clone().into())
    }

    /// How many sections [`Packet::filled`] is of. What is not required and says nothing is not there.
    pub fn required(&self) -> usize {
        required(&self.custom_sections).filter(|name| self.sections.contains_key(name)).count()
    }

    /// Whether something is still to be answered.
    pub fn is_open(&self) -> bool {
        self.status == PacketStatus::Incomplete && !self.no_longer_won
    }
}

impl Packet {
    /// The day it speaks of.
    pub fn today(&self) -> Date {
        self.as_of.to_zoned(TimeZone::UTC).date()
    }
}

/// Whether anything is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PacketStatus {
    /// Nothing to ask.
    Complete,
    /// Somebody has to fill something.
    Incomplete,
}

/// The deal in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DealSummary {
    /// The CRM's id.
    pub id: String,
    /// What sales called it.
    pub name: String,
    /// Where a person opens it.
    pub url: Option<String>,
    /// The amount's digits, as the CRM has them.
    pub amount: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Close date in the account's time zone.
    pub close_date: Option<Date>,
}

/// Who takes the handoff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoffOwner {
    /// Their name; for a fallback, the address.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// True when the CRM named nobody who still works there.
    pub fallback: bool,
}

/// Whether the account is important.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Importance {
    /// Any reason holds.
    pub is: bool,
    /// Every reason that holds, in words that name the field: `amount 54000 ≥ 50000`.
    pub reasons: Vec<String>,
    /// The same as people say it: `Amount: 54,000 EUR`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// Conditions whose field could not be read, in words; not the same as "no".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

impl Importance {
    /// Why it is important, as people say it.
    pub fn in_words(&self) -> String {
        if self.facts.is_empty() { self.reasons.join("; ") } else { self.facts.join("; ") }
    }
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Section {
    /// How good it is.
    pub status: SectionStatus,
    /// Its lines.
    pub entries: Vec<Entry>,
    /// People; for `stakeholders` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

impl Section {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.people.is_empty()
    }
}

/// How good a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SectionStatus {
    /// It answers its question.
    Filled,
    /// It is shown, but something about it is flagged.
    Weak,
    /// There is nothing to show.
    Missing,
}

/// Which mapping made a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MappingRef {
    /// The file.
    pub file: String,
    /// `sha256:` and the hash of its bytes.
    pub version: String,
}
