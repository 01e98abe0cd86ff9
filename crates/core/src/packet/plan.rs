//! What a packet sets in motion: who gets the task by when, which channel the digest goes to, what both ask.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SectionName;

/// The deliveries of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPlan {
    /// The task on the deal.
    pub task: TaskParams,
    /// The digest in Slack.
    pub digest: DigestParams,
}

/// The task on the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskParams {
    /// CRM user who gets it; `None` if the plan knows no user who can work on it.
    pub assignee: Option<String>,
    /// When it is due.
    pub due: Timestamp,
    /// What it asks. `None` in a plan of an earlier version, which asks once for each gap.
    #[serde(default)]
    pub questions: Option<Questions>,
}

/// The digest in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestParams {
    /// Channel id.
    pub channel: String,
    /// What it asks. `None` in a plan of an earlier version, which asks once for each gap.
    #[serde(default)]
    pub questions: Option<Questions>,
}

/// Everything that is open, by who can answer it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    /// What the seller can answer.
    pub for_seller: Vec<Question>,
    /// What RevOps can change.
    pub for_revops: Vec<Question>,
}

/// One question, and the sections it is about, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The section, or two of them.
    pub sections: Vec<SectionName>,
    /// What is asked.
    pub text: String,
}
