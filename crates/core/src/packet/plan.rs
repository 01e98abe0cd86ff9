//! What a packet sets in motion: who gets the task by when, which channel the digest goes to, what both ask.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{SectionName, TaskTexts};
use crate::record::FieldPath;

/// The deliveries of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPlan {
    /// The task on the deal.
    pub task: TaskParams,
    /// The digest in Slack.
    pub digest: DigestParams,
    /// The direct messages, if the mapping asks by them and something is open.
    pub asks: Option<AskPlan>,
}

/// Who is asked by direct message, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskPlan {
    /// Who can answer, and when they are asked.
    pub first: (AskParams, Timestamp),
    /// When they are reminded, if at all.
    pub reminder: Option<Timestamp>,
    /// Who is asked after them, and when.
    pub fallback: Option<(AskParams, Timestamp)>,
}

/// One direct message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskParams {
    /// E-mail address of who gets it.
    pub address: String,
    /// Who is asked instead if they cannot be reached, where no message is planned to anyone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// The direct message that asks whether first value was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstValueParams {
    /// The day on which it was due.
    pub day: Date,
    /// E-mail address of the owner; empty if the CRM has none.
    pub address: String,
}

/// The task on the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskParams {
    /// CRM user who gets it; `None` if the plan knows no user who can work on it.
    pub assignee: Option<String>,
    /// Without an assignee: e-mail addresses, of which the first that an active CRM user has gets it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// When it is due.
    pub due: Timestamp,
    /// What it asks. `None` in a plan of an earlier version, which asks once for each gap.
    #[serde(default)]
    pub questions: Option<Questions>,
    /// What the mapping adds to it.
    #[serde(default, skip_serializing_if = "TaskTexts::is_empty")]
    pub texts: TaskTexts,
}

impl TaskParams {
    /// The user who gets it, or the address by which that user is looked up.
    pub fn known_assignee(&self) -> Option<&str> {
        self.assignee.as_ref().or(self.addresses.first()).map(String::as_str)
    }
}

/// The digest in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestParams {
    /// Channel id.
    pub channel: String,
    /// Channels that it was to be posted to before the mapping changed; it may be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
    /// What it asks. `None` in a plan of an earlier version, which asks once for each gap.
    #[serde(default)]
    pub questions: Option<Questions>,
    /// Why the account is important, beside the deal's amount: `Enterprise`.
    #[serde(default)]
    pub important: Vec<String>,
}

/// The one reply to the digest, when nothing is open any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyParams {
    pub won_at: Timestamp,
    /// When nothing was open any more.
    pub complete_at: Timestamp,
    /// What was asked for at first, in section order.
    pub filled: Vec<SectionName>,
    /// Who answered in Slack, by name; the CRM holds the rest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by: BTreeMap<SectionName, Vec<String>>,
}

impl ReplyParams {
    /// From the win until nothing was open.
    pub fn seconds(&self) -> i64 {
        self.complete_at.duration_since(self.won_at).as_secs()
    }
}

/// Everything that is open, by who can answer it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    /// What the seller can answer.
    pub for_seller: Vec<Question>,
    /// What RevOps can change.
    pub for_revops: Vec<Question>,
    /// What the seller typed instead of an answer, by section: `TBD`. A packet does not show it.
    #[serde(default)]
    pub stand_ins: BTreeMap<SectionName, String>,
}

/// One question, and the sections it is about, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The section, or two of them.
    pub sections: Vec<SectionName>,
    /// What is asked.
    pub text: String,
    /// Where the answer belongs; empty for people, whose roles are no fields of the deal.
    #[serde(default)]
    pub fields: Vec<FieldPath>,
}
