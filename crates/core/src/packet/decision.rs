//! What customer success decides about a packet.

use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Packet, SectionName};

/// Why a handoff is sent back. Its name stands in modals and in the store: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendBackReason {
    MissingInformation,
    WrongOwner,
    NotAHandoff,
    Other,
}

impl SendBackReason {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::MissingInformation, Self::WrongOwner, Self::NotAHandoff, Self::Other];

    /// The name used in modals, in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingInformation => "missing_information",
            Self::WrongOwner => "wrong_owner",
            Self::NotAHandoff => "not_a_handoff",
            Self::Other => "other",
        }
    }
}

impl FromStr for SendBackReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(())
    }
}

impl Packet {
    /// The day by which first value is to be there: the given one, or the one that counts until a person gives one. None
    /// of a deal that is no longer won.
    pub fn first_value_day(&self) -> Option<Date> {
        let section = self.sections.get(&SectionName::FirstValue).filter(|_| !self.no_longer_won)?;
        section.entries.iter().find_map(|entry| entry.due.map(|due| due.day))
    }
}
