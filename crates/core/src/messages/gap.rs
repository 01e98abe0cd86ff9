//! A gap in words: what it asks and what its rule saw. Its JSON holds both as text.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::packet::{
    Addressee, Ask, Confidence, Fact, Gap, GapState, Origin, Place, RuleId, SectionName, Severity,
};
use crate::record::FieldPath;
use crate::text::evidence_text::quoted;

use super::{evidence, question, role};

impl Gap {
    /// What is asked: a question that a busy person can answer in a sentence.
    pub fn question(&self) -> Cow<'_, str> {
        let text = match (&self.ask, self.role) {
            (Ask::Own(text) | Ask::Recorded(text), _) => return text.as_str().into(),
            (Ask::Section, _) => return question::section(self.section).into(),
            (Ask::Shorter, _) => return question::too_long(self.section).into(),
            (Ask::Activity, _) => return question::activity().into(),
            (Ask::WhichHolds, _) if self.section == SectionName::Promises => {
                return question::conflict_promises().into();
            }
            (Ask::WhichHolds, _) => return question::conflict_risks().into(),
            (Ask::WhichDay, _) => return question::bad_date().into(),
            (Ask::ByWhen(proposed), _) => question::by_when(*proposed),
            (Ask::ByWhenAtTheLatest(end), _) => question::by_when_at_the_latest(*end),
            (Ask::Earlier(end), _) => question::earlier(&super::value::date(*end)),
            (Ask::WhoIs(place), Some(role)) => question::who_is(role, &self::place(place)),
            (Ask::WhoIs(_), None) => return question::stakeholders().into(),
            (Ask::WhichPerson(place, name), _) => question::unnamed(&self::place(place), &quoted(name)),
            (Ask::WhichField, _) => question::unmapped(self.section.as_str()),
            (Ask::Readable(fields), _) => question::unavailable(&list(fields)),
        };
        text.into()
    }

    /// What the rule saw, naming the field.
    pub fn evidence(&self) -> Cow<'_, str> {
        let text = match &self.fact {
            Fact::Recorded(text) => return text.as_str().into(),
            Fact::Unmapped => evidence::unmapped(self.section.as_str()),
            Fact::Unavailable(fields) if fields.len() == 1 => evidence::unavailable_one(&list(fields)),
            Fact::Unavailable(fields) => evidence::unavailable(&list(fields)),
            Fact::Empty(fields) if fields.len() == 1 => evidence::empty_one(&list(fields)),
            Fact::Empty(fields) => evidence::empty(&list(fields)),
            Fact::Placeholder(origin, text) => evidence::placeholder(&origin.to_string(), &quoted(text)),
            Fact::Judged(origin, text, words) => {
                evidence::judged(self.rule, self.section, &origin.to_string(), &quoted(text), words)
            }
            Fact::TooLong(origins, words) => evidence::longer_than(&names(origins), *words),
            Fact::Duplicate(origin, earlier, section) => {
                evidence::duplicate(&origin.to_string(), &earlier.to_string(), section.as_str())
            }
            Fact::Conflict(none, other) if none == other => evidence::conflict_one(&none.to_string()),
            Fact::Conflict(none, other) => evidence::conflict(&none.to_string(), &other.to_string()),
            Fact::BadDate(field, value) => evidence::bad_date(&field.to_string(), &quoted(value)),
            Fact::NoDate(Some(field), text) => evidence::no_date(&field.to_string(), &text.to_string()),
            Fact::NoDate(None, text) => evidence::no_date_in_text(&text.to_string()),
            Fact::StaleDate(origin, day, close) => {
                evidence::stale_date(&origin.to_string(), &day.to_string(), &close.to_string())
            }
            Fact::OutsideWindow(origin, day, close) => evidence::beyond(&origin.to_string(), *day, *close),
            Fact::RoleMissing(contacts) => match self.role {
                Some(role) => evidence::nobody_is(role, *contacts),
                None => evidence::no_contacts().to_owned(),
            },
            Fact::Unnamed(source, name) => {
                evidence::unnamed(source.as_str(), self.role.map_or("", role::title), &quoted(name))
            }
        };
        text.into()
    }
}

/// A place inside a question: `at Acme`; without a company `on the deal "Acme renewal"`.
pub fn place(place: &Place) -> String {
    match place {
        Place::Company(company) => question::place_company(company),
        Place::Deal(deal) => question::place_deal(deal),
        Place::Customer => question::place_customer().to_owned(),
    }
}

fn list(fields: &[FieldPath]) -> String {
    evidence::fields(&fields.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn names(origins: &[Origin]) -> Vec<String> {
    origins.iter().map(ToString::to_string).collect()
}

/// One thing to ask one person.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Gap")]
struct GapJson<'a> {
    /// The rule: `empty`, or with a role `role_missing:sponsor`.
    id: String,
    /// Where.
    section: SectionName,
    /// Who can fill it.
    #[serde(rename = "for")]
    addressee: Addressee,
    /// Whether it makes the packet incomplete.
    severity: Severity,
    /// How sure the rule is.
    confidence: Confidence,
    /// A question that a busy person can answer in a sentence.
    question: Cow<'a, str>,
    /// What the rule saw, naming the field.
    evidence: Cow<'a, str>,
    /// How far it is.
    #[serde(default)]
    state: GapState,
}

impl Serialize for Gap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { section, addressee, severity, confidence, state, .. } = *self;
        let (id, question, evidence) = (self.id(), self.question(), self.evidence());
        GapJson { id, section, addressee, severity, confidence, question, evidence, state }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Gap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let GapJson { id, section, addressee, severity, confidence, question, evidence, state } =
            GapJson::deserialize(deserializer)?;
        let parsed = RuleId::parse(&id);
        let parsed = parsed.ok_or_else(|| D::Error::custom(format!("there is no rule {id}")))?;
        let (ask, fact) = (Ask::Recorded(question.into_owned()), Fact::Recorded(evidence.into_owned()));
        Ok(Self {
            rule: parsed.0,
            role: parsed.1,
            section,
            addressee,
            severity,
            confidence,
            ask,
            fact,
            state,
        })
    }
}

impl JsonSchema for Gap {
    fn schema_name() -> Cow<'static, str> {
        GapJson::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        GapJson::json_schema(generator)
    }
}
