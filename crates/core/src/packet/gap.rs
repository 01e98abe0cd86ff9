//! What a packet lacks: which rule found it, the fact it saw, and what it asks. Rendered where it is shown.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Origin, Role, RoleSource, SectionName};
use crate::record::FieldPath;

/// One thing to ask one person. Its JSON holds id, question and evidence as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The rule that found it.
    pub rule: RuleId,
    /// Which role, for rules about roles.
    pub role: Option<Role>,
    /// Where.
    pub section: SectionName,
    /// Who can fill it.
    pub addressee: Addressee,
    /// Whether it makes the packet incomplete.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// What a busy person can answer in a sentence.
    pub ask: Ask,
    /// What the rule saw.
    pub fact: Fact,
    /// How far it is.
    pub state: GapState,
}

impl Gap {
    /// Counts against the packet and belongs into task and digest; everything else is for `preview`.
    pub fn counts(&self) -> bool {
        self.severity == Severity::Gap && self.confidence != Confidence::Unsure
    }

    /// The name of rule and role in JSON and on the command line: `empty`, `role_missing:sponsor`.
    pub fn id(&self) -> String {
        match self.role {
            Some(role) => format!("{}:{}", self.rule.as_str(), role.as_str()),
            None => self.rule.as_str().to_owned(),
        }
    }

    /// A gap that the seller can fill.
    pub(crate) fn for_seller(
        rule: RuleId,
        section: SectionName,
        confidence: Confidence,
        ask: Ask,
        fact: Fact,
    ) -> Self {
        let (addressee, severity) = (Addressee::Seller, Severity::Gap);
        let state = GapState::Open;
        Self { rule, role: None, section, addressee, severity, confidence, ask, fact, state }
    }

    /// A gap that RevOps can fill, once.
    pub(crate) fn for_revops(rule: RuleId, section: SectionName, ask: Ask, fact: Fact) -> Self {
        let gap = Self::for_seller(rule, section, Confidence::Certain, ask, fact);
        Self { addressee: Addressee::Revops, ..gap }
    }

    pub(crate) fn about(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    pub(crate) fn into_hint(self) -> Self {
        Self { severity: Severity::Hint, ..self }
    }
}

/// How far a gap is. One that was filled is no gap any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapState {
    /// Nobody was asked yet.
    #[default]
    Open,
    /// A person was asked in Slack.
    Asked,
    /// A person answered, and the rule still objects.
    Answered,
    /// The deal is no longer won: there is nothing to answer.
    Withdrawn,
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs)]
pub enum RuleId {
    Unmapped,
    Empty,
    Placeholder,
    Conflict,
    TooLong,
    Duplicate,
    Activity,
    Vague,
    BadDate,
    NoDate,
    StaleDate,
    OutsideWindow,
    RoleMissing,
    Unnamed,
}

impl RuleId {
    const ALL: [Self; 14] = [
        Self::Unmapped,
        Self::Empty,
        Self::Placeholder,
        Self::Conflict,
        Self::TooLong,
        Self::Duplicate,
        Self::Activity,
        Self::Vague,
        Self::BadDate,
        Self::NoDate,
        Self::StaleDate,
        Self::OutsideWindow,
        Self::RoleMissing,
        Self::Unnamed,
    ];

    /// The name used in JSON, in the store and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unmapped => "unmapped",
            Self::Empty => "empty",
            Self::Placeholder => "placeholder",
            Self::Conflict => "conflict",
            Self::TooLong => "too_long",
            Self::Duplicate => "duplicate",
            Self::Activity => "activity",
            Self::Vague => "vague",
            Self::BadDate => "bad_date",
            Self::NoDate => "no_date",
            Self::StaleDate => "stale_date",
            Self::OutsideWindow => "outside_window",
            Self::RoleMissing => "role_missing",
            Self::Unnamed => "unnamed",
        }
    }

    /// The rule and the role that a gap's id names.
    pub fn parse(id: &str) -> Option<(Self, Option<Role>)> {
        let (name, holder) = id.split_once(':').map_or((id, None), |(name, holder)| (name, Some(holder)));
        let role = match holder {
            Some(holder) => Some(Role::ALL.into_iter().find(|role| role.as_str() == holder)?),
            None => None,
        };
        Some((Self::ALL.into_iter().find(|known| known.as_str() == name)?, role))
    }
}

/// What a rule saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// No field feeds the section.
    Unmapped,
    /// The CRM does not supply these fields.
    Unavailable(Vec<FieldPath>),
    /// These fields hold no text.
    Empty(Vec<FieldPath>),
    /// The field holds a stand-in and nothing else.
    Placeholder(Origin, String),
    /// The text is no answer, by the judgement of a model; these of its words weighed most.
    Judged(Origin, String, Vec<String>),
    /// The texts exceed the section's budget of words.
    TooLong(Vec<Origin>, u32),
    /// The text repeats one of an earlier section.
    Duplicate(Origin, Origin, SectionName),
    /// One entry says "none", another something else.
    Conflict(Origin, Origin),
    /// The date field holds text that is no day.
    BadDate(FieldPath, String),
    /// Neither the date field, if there is one, nor the text names a day.
    NoDate(Option<FieldPath>, Origin),
    /// The day lies before the close.
    StaleDate(Origin, Date, Date),
    /// The day lies too far behind the close.
    OutsideWindow(Origin, Date, Date),
    /// None of so many people has the role.
    RoleMissing(usize),
    /// The role is held by a team or a mailbox.
    Unnamed(RoleSource, String),
    /// What a stored packet says.
    Recorded(String),
}

impl Fact {
    /// The field of the record that an answer belongs into, or holds what the rule saw.
    pub(crate) fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Empty(fields) => fields.first(),
            Self::BadDate(field, _) | Self::NoDate(Some(field), _) => Some(field),
            Self::Placeholder(origin, _)
            | Self::Judged(origin, _, _)
            | Self::Duplicate(origin, _, _)
            | Self::Conflict(origin, _)
            | Self::NoDate(None, origin)
            | Self::StaleDate(origin, _, _)
            | Self::OutsideWindow(origin, _, _) => origin.field(),
            Self::TooLong(origins, _) => origins.first()?.field(),
            Self::Unmapped
            | Self::Unavailable(_)
            | Self::RoleMissing(_)
            | Self::Unnamed(_, _)
            | Self::Recorded(_) => None,
        }
    }
}

/// What a gap asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The section's answer, in the mapping's own words.
    Own(String),
    /// The section's answer.
    Section,
    /// The section's answer, shorter.
    Shorter,
    /// What the customer does.
    Activity,
    /// Which of two entries holds.
    WhichHolds,
    /// Which day the date field means.
    WhichDay,
    /// A day; the end of the window is proposed, if it is known.
    ByWhen(Option<Date>),
    /// A day within the window.
    ByWhenAtTheLatest(Option<Date>),
    /// Something that happens earlier.
    Earlier(Date),
    /// Who has the role.
    WhoIs(Place),
    /// Which person is behind a team or mailbox.
    WhichPerson(Place, String),
    /// Which field should feed the section.
    WhichField,
    /// Whether these fields exist and can be read.
    Readable(Vec<FieldPath>),
    /// What a stored packet asks.
    Recorded(String),
}

/// Where a person is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this company.
    Company(String),
    /// On this deal, which has no company.
    Deal(String),
    /// At the customer, whose name is not known.
    Customer,
}

/// Who can fill a gap. Never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// The seller, for this deal.
    Seller,
    /// RevOps, once, in the mapping.
    Revops,
}

impl Addressee {
    /// The name used in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Revops => "revops",
        }
    }
}

/// Whether a gap makes the packet incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Gap,
    /// It is worth a look.
    Hint,
}

/// How sure a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Structure says so.
    Certain,
    /// Almost always right.
    Likely,
    /// A guess about prose: stays out of task and digest, shows in `preview`.
    Unsure,
}

impl Confidence {
    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Unsure => "unsure",
        }
    }
}
