//! The sections of a packet by name.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The sections of a packet, in the order they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SectionName {
    /// Why did they choose us, and why now?
    BuyingReason,
    /// What specific result do they want first?
    SuccessOutcome,
    /// Who is sponsor, operator, evaluator, likely blocker?
    Stakeholders,
    /// What did sales commit to?
    Promises,
    /// What could slow adoption?
    Risks,
    /// What happens in the first 30 days that proves the deal was smart?
    FirstValue,
    /// What could come later. Optional: it never counts as missing.
    Expansion,
}

impl SectionName {
    /// The six that a complete packet needs.
    pub const REQUIRED: [Self; 6] = [
        Self::BuyingReason,
        Self::SuccessOutcome,
        Self::Stakeholders,
        Self::Promises,
        Self::Risks,
        Self::FirstValue,
    ];

    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BuyingReason,
        Self::SuccessOutcome,
        Self::Stakeholders,
        Self::Promises,
        Self::Risks,
        Self::FirstValue,
        Self::Expansion,
    ];

    /// The name used in code, files and JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::BuyingReason => "buying_reason",
            Self::SuccessOutcome => "success_outcome",
            Self::Stakeholders => "stakeholders",
            Self::Promises => "promises",
            Self::Risks => "risks",
            Self::FirstValue => "first_value",
            Self::Expansion => "expansion",
        }
    }
}

impl FromStr for SectionName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(())
    }
}
