//! Fields as a mapping names them.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field as a mapping names it: `deal.handoff_why_now`, `company.domain`, `owner.email`,
/// `line_items.name`. Behind the first dot the CRM's own name, which may hold dots itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    /// Which object of the record.
    pub object: FieldObject,
    /// The CRM's name of the field.
    pub name: String,
}

/// An object of the deal record that a mapping may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldObject {
    /// The deal or opportunity.
    Deal,
    /// The primary company or account.
    Company,
    Owner,
    /// What was sold; the field of every line item.
    LineItems,
}

impl FieldObject {
    /// All of them, as a mapping spells them.
    pub const ALL: [(&'static str, Self); 4] = [
        ("deal", Self::Deal),
        ("company", Self::Company),
        ("owner", Self::Owner),
        ("line_items", Self::LineItems),
    ];

    /// As a mapping spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Company => "company",
            Self::Owner => "owner",
            Self::LineItems => "line_items",
        }
    }
}

impl FieldPath {
    /// A field of the deal.
    pub fn deal(name: &str) -> Self {
        Self { object: FieldObject::Deal, name: name.to_owned() }
    }

    /// As a mapping spells it: `deal.amount`.
    pub fn written(&self) -> String {
        [self.object.as_str(), ".", &self.name].concat()
    }

    /// The last segment of the name, as people say it: `amount` for `deal.amount`.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

impl FromStr for FieldPath {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (object, name) = text.split_once('.').ok_or(())?;
        let (_, object) = FieldObject::ALL.into_iter().find(|(word, _)| *word == object).ok_or(())?;
        Ok(Self { object, name: name.to_owned() })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written())
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom(format!("{text} is no field")))
    }
}

/// The fields a mapping reads, so that a deal is fetched with exactly those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedFields {
    /// Every path the mapping names, sorted, without duplicates.
    pub paths: Vec<FieldPath>,
    /// Deal fields that hold a CRM user's id whose name and e-mail are needed (the handoff owner).
    pub users: Vec<FieldPath>,
}

impl WantedFields {
    /// These fields and the others, each once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        self.users.extend(other.users);
        for list in [&mut self.paths, &mut self.users] {
            list.sort();
            list.dedup();
        }
        self
    }
}
