//! Fields that no section reads and that sound like one: by the words of their name and label.

use std::collections::BTreeSet;

use crate::mapping::Mapping;
use crate::packet::SectionName;
use crate::record::{AccountMetadata, CrmObject, FieldKind, FieldMetadata};
use crate::record::{FieldObject, FieldPath};

/// Fields that are looked at in one account, the deal's first: each makes every read of a deal larger.
const MOST: usize = 60;

/// A field that a section might read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The field.
    pub path: FieldPath,
    /// What people call it.
    pub label: String,
    /// The section it sounds like.
    pub section: SectionName,
    /// `due` for a date of first value.
    pub key: Option<&'static str>,
}

/// Words, or how words begin, in English and in German; the first section that one of its words is found for.
/// A hyphen at the end stands for any ending.
const WORDS: [(SectionName, &[&str]); 6] = [
    (
        SectionName::FirstValue,
        &[
            "first value",
            "first win",
            "quick win",
            "go live",
            "golive",
            "launch",
            "milestone",
            "kickoff",
            "kick off",
            "implementation date",
            "onboarding goal",
            "time to value",
            "erster nutzen",
            "inbetriebnahme",
            "meilenstein-",
        ],
    ),
    (
        SectionName::Promises,
        &[
            "promise-",
            "commitment-",
            "committed",
            "concession-",
            "side letter",
            "special terms",
            "agreed",
            "scope",
            "next step-",
            "zusage-",
            "zugesagt-",
            "vereinbart-",
            "nebenabrede-",
        ],
    ),
    (
        SectionName::Risks,
        &[
            "risk-",
            "concern-",
            "objection-",
            "blocker-",
            "threat-",
            "competitor-",
            "red flag-",
            "risiko",
            "risiken",
            "bedenken",
            "wettbewerb-",
        ],
    ),
    (
        SectionName::SuccessOutcome,
        &[
            "success",
            "outcome-",
            "objective-",
            "goal-",
            "metric-",
            "kpi-",
            "desired result-",
            "expected result-",
            "business case",
            "value driver-",
            "roi",
            "ziel",
            "ziele",
            "erfolg-",
            "ergebnis-",
            "kennzahl-",
        ],
    ),
    (
        SectionName::BuyingReason,
        &[
            "why",
            "reason-",
            "pain",
            "pains",
            "pain point-",
            "problem-",
            "challenge-",
            "trigger-",
            "compelling event",
            "motivation",
            "use case-",
            "driver-",
            "description",
            "grund",
            "gründe",
            "warum",
            "anlass",
            "herausforderung-",
        ],
    ),
    (
        SectionName::Expansion,
        &[
            "expansion",
            "upsell-",
            "cross sell-",
            "growth potential",
            "future need-",
            "roadmap",
            "phase 2",
            "ausbau",
            "erweiterung-",
        ],
    ),
];

/// Words of fields that are about something else.
const NOT: [&str; 9] = [
    "lost",
    "disqualif-",
    "churn-",
    "closed lost",
    "loss",
    "unqualified",
    "verloren-",
    "analytics",
    "probability",
];

/// Fields of deal and company that `mapping` does not read and that sound like a section.
pub fn candidates(account: &AccountMetadata, mapping: &Mapping) -> Vec<Candidate> {
    let read: BTreeSet<FieldPath> = mapping.wanted_fields().paths.into_iter().collect();
    let mut found = Vec::new();
    for (object, part) in [(CrmObject::Deal, FieldObject::Deal), (CrmObject::Company, FieldObject::Company)] {
        let fields = account.fields(object).unwrap_or_default();
        let usable = |field: &&FieldMetadata| !field.archived && !field.calculated && field.needs.is_empty();
        for field in fields.iter().filter(usable) {
            let path = FieldPath { object: part, name: field.name.clone() };
            let same = |known: &FieldPath| {
                known.object == path.object && known.name.eq_ignore_ascii_case(&path.name)
            };
            if read.iter().any(same) {
                continue;
            }
            if let Some((section, key)) = sounds_like(&field.name, &field.label, field.kind) {
                found.push(Candidate { path, label: field.label.clone(), section, key });
            }
        }
    }
    found.truncate(MOST);
    found
}

/// The section that a field's name or label sounds like, and the key it would stand behind.
fn sounds_like(name: &str, label: &str, kind: FieldKind) -> Option<(SectionName, Option<&'static str>)> {
    let said = format!("{} {}", words(name), words(label));
    let said = format!(" {} ", said.trim());
    if NOT.iter().any(|word| holds(&said, word)) {
        return None;
    }
    let found = |section: SectionName| {
        let (_, words) = WORDS.iter().find(|(name, _)| *name == section)?;
        words.iter().any(|word| holds(&said, word)).then_some(section)
    };
    match kind {
        FieldKind::Date | FieldKind::DateTime => {
            found(SectionName::FirstValue).map(|section| (section, Some("due")))
        }
        FieldKind::Text | FieldKind::Html | FieldKind::Choice | FieldKind::Choices => {
            WORDS.iter().find_map(|(section, _)| found(*section)).map(|section| (section, None))
        }
        FieldKind::Number | FieldKind::Money | FieldKind::Bool | FieldKind::User => None,
    }
}

/// `said` stands between blanks, and so does each of its words.
fn holds(said: &str, word: &str) -> bool {
    match word.strip_suffix('-') {
        Some(begin) => said.contains(&format!(" {begin}")),
        None => said.contains(&format!(" {word} ")),
    }
}

/// A name or label as words in small letters: `PainPoints__c` and `pain_points` are `pain points`.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 8);
    let mut after_small = false;
    for letter in text.strip_suffix("__c").unwrap_or(text).chars() {
        if after_small && letter.is_uppercase() {
            words.push(' ');
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
        if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, label: &str, kind: FieldKind) -> Option<String> {
        let (section, key) = sounds_like(name, label, kind)?;
        Some(format!("{}{}", section.as_str(), key.map(|key| format!(".{key}")).unwrap_or_default()))
    }

    #[test]
    fn a_field_goes_where_its_name_or_label_sounds_like() {
        use FieldKind::{Choice, Choices, Date, DateTime, Html, Text};
        for (name, label, kind, expected) in [
            ("pain_points", "", Text, "buying_reason"),
            ("PainPoints__c", "Pain points", Html, "buying_reason"),
            ("x17", "Why did they buy?", Text, "buying_reason"),
            ("closed_won_reason", "Closed won reason", Choice, "buying_reason"),
            ("kaufgrund", "Grund des Kaufs", Text, "buying_reason"),
            ("Success_Criteria__c", "Success criteria", Text, "success_outcome"),
            ("kpis", "KPIs", Choices, "success_outcome"),
            ("side_letter", "Side letter", Text, "promises"),
            ("NextStep", "Next Step", Text, "promises"),
            ("Zusagen__c", "Zusagen an den Kunden", Text, "promises"),
            ("MainCompetitors__c", "Main Competitor(s)", Text, "risks"),
            ("implementation_risks", "Implementation risks", Choices, "risks"),
            ("go_live_date", "Go-live date", Date, "first_value.due"),
            ("golive", "Planned go-live", DateTime, "first_value.due"),
            ("first_milestone", "First milestone", Text, "first_value"),
            ("upsell_potential", "Upsell potential", Text, "expansion"),
        ] {
            assert_eq!(section(name, label, kind).as_deref(), Some(expected), "{name} {label}");
        }
    }

    #[test]
    fn other_fields_and_other_kinds_are_left_alone() {
        use FieldKind::{Date, Money, Number, Text, User};
        for (name, label, kind) in [
            ("dealname", "Deal name", Text),
            ("closed_lost_reason", "Closed lost reason", Text),
            ("hs_analytics_source", "Original reason of traffic", Text),
            ("painting_budget", "Painting budget", Text),
            ("risk_score", "Risk score", Number),
            ("success_fee", "Success fee", Money),
            ("success_manager", "Success manager", User),
            ("closedate", "Close date", Date),
            ("contract_end", "Contract end", Date),
            ("", "", Text),
        ] {
            assert_eq!(section(name, label, kind), None, "{name}");
        }
    }
}
