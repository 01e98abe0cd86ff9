//! What a person answered to a question of a packet, and which question that is.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Addressee, Gap, Role, RuleId, SectionName};
use crate::record::FieldPath;

/// Who answered, and when. Authority comes from the platform, never from the answer itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answered {
    /// Slack user id: `U0123`.
    pub user: String,
    /// Their name in Slack.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// The CRM does not get it: it has no field for it, or refused it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_in_crm: bool,
}

impl Answered {
    /// The provenance in JSON: `slack:U0123`.
    pub fn source(&self) -> String {
        format!("slack:{}", self.user)
    }
}

/// What an answer is about: everything that one input of the modal asks for. Several gaps may be about the same.
/// Its text (`promises`, `first_value_due`, `stakeholders.sponsor`) stands in block ids and in the store: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The section's answer in words.
    Section(SectionName),
    /// The day of first value.
    Day,
    /// The person in a role.
    Role(Role),
}

impl Topic {
    /// What the seller is asked by a gap; `None` for what is RevOps' job.
    pub fn of(gap: &Gap) -> Option<Self> {
        use RuleId::{BadDate, NoDate, OutsideWindow, StaleDate};
        if gap.addressee != Addressee::Seller {
            return None;
        }
        Some(match (gap.role, gap.rule) {
            (Some(role), _) => Self::Role(role),
            (None, BadDate | NoDate | StaleDate | OutsideWindow) => Self::Day,
            (None, _) => Self::Section(gap.section),
        })
    }

    /// Where the answer is shown.
    pub fn section(self) -> SectionName {
        match self {
            Self::Section(section) => section,
            Self::Day => SectionName::FirstValue,
            Self::Role(_) => SectionName::Stakeholders,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section(section) => f.write_str(section.as_str()),
            Self::Day => f.write_str("first_value_due"),
            Self::Role(role) => write!(f, "stakeholders.{}", role.as_str()),
        }
    }
}

impl FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut others = [Self::Day].into_iter().chain(Role::ALL.map(Self::Role));
        let other = others.find(|topic| topic.to_string() == text);
        other.map_or_else(|| text.parse().map(Self::Section), Ok)
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::invalid_value(Unexpected::Str(&text), &"topic"))
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub topic: Topic,
    pub given: Given,
    pub by: Answered,
    /// The CRM field that the answer was given for, by which a pick list's values are read.
    #[serde(default)]
    pub field: Option<FieldPath>,
    /// Where it may be written to: what that the mapping named when it was given.
    #[serde(default)]
    pub target: Option<Target>,
    /// How a contact is called who was not on the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The CRM refused it, or holds something else that stays.
    #[serde(default)]
    pub refused: bool,
}

impl Answer {
    /// Who answered, as the packet says it.
    pub(crate) fn by(&self) -> Answered {
        Answered { not_in_crm: self.target.is_none() || self.refused, ..self.by.clone() }
    }
}

/// Where an answer may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A field of the deal.
    Field(FieldPath),
    /// The contact's role, kept like this.
    Role(RoleTarget),
}

/// Where a CRM keeps the role of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleTarget {
    /// The association label of deal and contact (HubSpot).
    Labels,
    /// The contact's own buying role (HubSpot).
    BuyingRoles,
    /// The contact role of the opportunity (Salesforce).
    Roles,
}

impl RoleTarget {
    /// All of them, by the word of a mapping.
    pub const ALL: [(&'static str, Self); 3] =
        [("labels", Self::Labels), ("buying_roles", Self::BuyingRoles), ("roles", Self::Roles)];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(path) => path.fmt(f),
            Self::Role(role) => {
                let word =
                    RoleTarget::ALL.iter().find(|(_, target)| target == role).map_or("", |(word, _)| *word);
                write!(f, "roles.{word}")
            }
        }
    }
}

impl FromStr for Target {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let role = text.strip_prefix("roles.").and_then(|text| {
            RoleTarget::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, role)| Self::Role(role))
        });
        role.map_or_else(|| text.parse().map(Self::Field), Ok)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::invalid_value(Unexpected::Str(&text), &"target"))
    }
}

/// What was given as an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// As it was typed.
    Text(String),
    /// Stored values of the field's pick list.
    Options(Vec<String>),
    Day(Date),
    /// A contact of the deal or of its company, by the CRM's id.
    Contact(String),
    /// A person who is not in the CRM, by name.
    Person(String),
    /// The question makes no sense; why.
    Nonsense(String),
}
