//! One line of a section, where it came from, and by when it is due.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answered;
use crate::dates::{DueDate, DueSource};
use crate::record::FieldPath;

/// One line of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "EntryJson", from = "EntryJson")]
pub struct Entry {
    /// Clean, short, plain text. Never markup.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
    /// First value only: who on their side does it.
    pub who: Option<String>,
    /// First value only: by when.
    pub due: Option<DueDate>,
    /// What the date field says, if that is no plain day: `within 21 days`, `mid December`.
    pub due_words: Option<String>,
    /// Who gave the day, if that was an answer.
    pub due_by: Option<Answered>,
    /// The text was longer than the section's budget.
    pub excerpt: bool,
    /// Quoted mail, or the line of a phone, was left out of the text.
    pub mail_cut: bool,
}

impl Entry {
    /// A whole text without anything behind it.
    pub fn new(text: String, origin: Origin) -> Self {
        Self {
            text,
            origin,
            who: None,
            due: None,
            due_words: None,
            due_by: None,
            excerpt: false,
            mail_cut: false,
        }
    }

    /// The day that a person gave, in a field or in the text.
    pub fn given_due(&self) -> Option<Date> {
        self.due.filter(|due| due.source != DueSource::Proposed).map(|due| due.day)
    }

    /// The day that counts as long as no person gives one.
    pub fn proposed_due(&self) -> Option<Date> {
        self.due.filter(|due| due.source == DueSource::Proposed).map(|due| due.day)
    }

    /// Whether a person wrote it, and the data does not merely show it.
    pub fn is_written(&self) -> bool {
        matches!(self.origin, Origin::Field(_) | Origin::Answer(..))
    }

    /// Who gave its text or its day, if that was an answer.
    pub fn answered(&self) -> Option<&Answered> {
        match &self.origin {
            Origin::Answer(by, _) => Some(by),
            Origin::Field(_) | Origin::Derived(_) => self.due_by.as_ref(),
        }
    }
}

/// Where an entry came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A person wrote it in this field.
    Field(FieldPath),
    /// The data shows it: the value of this field, or without one the people on the deal.
    Derived(Option<FieldPath>),
    /// A person answered; the field is the one that would hold the answer.
    Answer(Answered, Option<FieldPath>),
}

impl Origin {
    /// The field it came from.
    pub fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Field(path) | Self::Derived(Some(path)) | Self::Answer(_, Some(path)) => Some(path),
            Self::Derived(None) | Self::Answer(_, None) => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.field()) {
            (Self::Answer(by, _), _) => f.write_str(&by.source()),
            (_, Some(path)) => path.fmt(f),
            (_, None) => f.write_str("contacts"),
        }
    }
}

/// One line of a section.
// JSON does not tell a written entry from one that a field shows, nor where a given day came from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Entry")]
struct EntryJson {
    /// Clean, short, plain text. Never markup.
    text: String,
    /// The field it came from: `deal.handoff_why_now`; or who answered: `slack:U0123`.
    source: String,
    /// The name of who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_by: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    /// The CRM does not get the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_in_crm: bool,
    /// First value only: who on their side does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// First value only: by when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Date>,
    /// What the date field says, if that is no plain day: `within 21 days`, `mid December`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_words: Option<String>,
    /// First value only: the day that counts unless somebody gives one. Never together with `due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proposed_due: Option<Date>,
    /// First value only: who answered with the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_answered: Option<Answered>,
    /// The text was longer than the section's budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    excerpt: bool,
    /// Quoted mail, or the line of a phone, was left out of the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mail_cut: bool,
}

impl From<Entry> for EntryJson {
    fn from(entry: Entry) -> Self {
        let (due, proposed_due) = (entry.given_due(), entry.proposed_due());
        let Entry { text, origin, who, due_words, due_by: due_answered, excerpt, mail_cut, .. } = entry;
        let source = origin.to_string();
        let (answered_by, answered_at, not_in_crm) = match origin {
            Origin::Answer(by, _) => (Some(by.name), Some(by.at), by.not_in_crm),
            Origin::Field(_) | Origin::Derived(_) => (None, None, false),
        };
        Self {
            text,
            source,
            answered_by,
            answered_at,
            not_in_crm,
            who,
            due,
            due_words,
            proposed_due,
            due_answered,
            excerpt,
            mail_cut,
        }
    }
}

impl From<EntryJson> for Entry {
    fn from(json: EntryJson) -> Self {
        let EntryJson {
            text, source, who, due, due_words, proposed_due, excerpt, mail_cut, not_in_crm, ..
        } = json;
        let answered = source.strip_prefix("slack:").zip(json.answered_by).zip(json.answered_at);
        let origin = match answered {
            Some(((user, name), at)) => {
                let user = user.to_owned();
                Origin::Answer(Answered { user, name, at, not_in_crm }, None)
            }
            None => source.parse().map_or(Origin::Derived(None), Origin::Field),
        };
        let given = due.map(|day| DueDate { day, source: DueSource::Field });
        let proposed = proposed_due.map(|day| DueDate { day, source: DueSource::Proposed });
        let (due, due_by) = (given.or(proposed), json.due_answered);
        Self { text, origin, who, due, due_words, due_by, excerpt, mail_cut }
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        EntryJson::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        EntryJson::json_schema(generator)
    }
}
