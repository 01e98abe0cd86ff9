//! The 15-minute live talk that important accounts get.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the talk is due, when, and what it has to settle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// True for important accounts.
    pub due: bool,
    /// The day proposed for it, in the account's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// The four points; empty when no talk is due.
    pub agenda: Vec<AgendaPoint>,
}

/// One of the four questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgendaPoint {
    /// The question.
    pub point: String,
    /// What the packet already answers, or what to ask.
    pub answer: String,
    /// The packet has no answer: `answer` says what to ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_ask: bool,
}
