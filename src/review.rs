//! The 15-minute live talk that important accounts get, and its four questions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gaps::Gap;
use crate::mapping::Mapping;
use crate::packet::{Entry, Section, SectionName};

/// Risks that one answer names.
const MOST_RISKS: usize = 3;

/// Whether the talk is due, and what it has to settle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// True for important accounts.
    pub due: bool,
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
}

/// The review of an important account: each question with what people wrote about it, or whom to ask.
/// What the data shows by itself is no answer: it is not what the buyer felt. `seller` is their name.
pub fn review(
    important: bool,
    mapping: &Mapping,
    sections: &BTreeMap<SectionName, Section>,
    gaps: &[Gap],
    seller: Option<&str>,
) -> Review {
    if !important {
        return Review::default();
    }
    let told = |name| answers(name, mapping, sections, gaps);
    let first = |names: &[SectionName]| names.iter().find_map(|name| told(*name).into_iter().next());
    let risks = told(SectionName::Risks).into_iter().take(MOST_RISKS).collect::<Vec<_>>().join("; ");
    let agenda = [
        ("What mattered most in the sale?", first(&[SectionName::BuyingReason])),
        ("Where did the buyer feel risk?", Some(risks).filter(|risks| !risks.is_empty())),
        ("What must happen first?", first(&[SectionName::Promises, SectionName::FirstValue])),
        (
            "What would feel like a win by day 30?",
            first(&[SectionName::SuccessOutcome, SectionName::FirstValue]),
        ),
    ];
    let point = |(point, answer): (&str, Option<String>)| AgendaPoint {
        point: point.to_owned(),
        answer: answer.unwrap_or_else(|| format!("Not in the CRM: ask {}.", seller.unwrap_or("the seller"))),
    };
    Review { due: true, agenda: agenda.map(point).into() }
}

/// What a section answers, each on one line. A stand-in such as "TBD" answers nothing.
fn answers(
    name: SectionName,
    mapping: &Mapping,
    sections: &BTreeMap<SectionName, Section>,
    gaps: &[Gap],
) -> Vec<String> {
    let written = |entry: &Entry| {
        mapping
            .sections
            .get(&name)
            .is_some_and(|section| section.from.iter().any(|path| path.to_string() == entry.source))
    };
    let stands_in = |entry: &Entry| {
        gaps.iter().any(|gap| {
            gap.section == name
                && gap.id == "placeholder"
                && gap.counts()
                && names(&gap.evidence, &entry.source)
        })
    };
    let entries = sections.get(&name).map(|section| section.entries.as_slice()).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| written(entry) && !stands_in(entry))
        .map(|entry| one_line(&entry.text))
        .collect()
}

/// True if `evidence` holds `source` as a whole name, not as the beginning of a longer one.
fn names(evidence: &str, source: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    evidence.match_indices(source).any(|(at, _)| {
        let before = evidence.get(..at).and_then(|before| before.chars().next_back());
        let after = evidence.get(at + source.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

fn one_line(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().map(|line| line.trim_start_matches("• ").trim()).filter(|line| !line.is_empty())
    {
        if joined.ends_with(['.', '!', '?', ':', ';', ',']) {
            joined.push(' ');
        } else if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(line);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::{Addressee, Confidence, Severity};
    use crate::mapping::{FieldPath, sample};
    use crate::packet::SectionStatus;

    fn sections(texts: &[(SectionName, &[&str])]) -> BTreeMap<SectionName, Section> {
        let entry = |(name, at, text): (SectionName, usize, &&str)| Entry {
            text: (**text).to_owned(),
            source: format!("deal.{}_{at}", name.as_str()),
            due: None,
            excerpt: false,
        };
        let section = |(name, texts): &(SectionName, &[&str])| {
            let entries = texts.iter().enumerate().map(|(at, text)| entry((*name, at, text))).collect();
            (*name, Section { status: SectionStatus::Filled, entries, people: Vec::new() })
        };
        texts.iter().map(section).collect()
    }

    /// Reads the sections' fields in the order of [`sections`].
    fn mapping() -> Mapping {
        let mut mapping = sample::mapping();
        for (name, section) in &mut mapping.sections {
            section.from = (0..4).map(|at| FieldPath::deal(&format!("{}_{at}", name.as_str()))).collect();
        }
        mapping
    }

    fn answers(sections: &BTreeMap<SectionName, Section>, gaps: &[Gap], seller: Option<&str>) -> Vec<String> {
        review(true, &mapping(), sections, gaps, seller)
            .agenda
            .into_iter()
            .map(|point| point.answer)
            .collect()
    }

    fn placeholder(section: SectionName, evidence: &str) -> Gap {
        Gap {
            id: "placeholder".to_owned(),
            section,
            addressee: Addressee::Seller,
            severity: Severity::Gap,
            confidence: Confidence::Certain,
            question: "?".to_owned(),
            evidence: evidence.to_owned(),
        }
    }

    #[test]
    fn only_important_accounts_are_reviewed() {
        let full = sections(&[(SectionName::Risks, &["Field quality"])]);
        assert_eq!(review(false, &mapping(), &full, &[], None), Review::default());
    }

    #[test]
    fn the_packet_answers_what_it_can() {
        use SectionName::{BuyingReason, FirstValue, Promises, Risks, SuccessOutcome};
        let full = sections(&[
            (BuyingReason, &["Forecast visibility was poor", "second"]),
            (Risks, &["One", "Two", "Three", "Four"]),
            (Promises, &["We do:\n• Field mapping\n• First template"]),
            (SuccessOutcome, &["Forecast within 5 %"]),
            (FirstValue, &["Dashboard in the weekly call"]),
        ]);
        let shown: Vec<String> = review(true, &mapping(), &full, &[], None)
            .agenda
            .into_iter()
            .map(|point| format!("{} {}", point.point, point.answer))
            .collect();
        assert_eq!(
            shown,
            [
                "What mattered most in the sale? Forecast visibility was poor",
                "Where did the buyer feel risk? One; Two; Three",
                "What must happen first? We do: Field mapping; First template",
                "What would feel like a win by day 30? Forecast within 5 %",
            ]
        );
        let only_first_value = sections(&[(FirstValue, &["Dashboard in the weekly call"])]);
        assert_eq!(
            answers(&only_first_value, &[], Some("Tom Weber")),
            [
                "Not in the CRM: ask Tom Weber.",
                "Not in the CRM: ask Tom Weber.",
                "Dashboard in the weekly call",
                "Dashboard in the weekly call",
            ]
        );
    }

    #[test]
    fn what_the_data_shows_is_not_what_the_buyer_felt() {
        let mut some = sections(&[(SectionName::Risks, &["Only one contact on the deal", "Field quality"])]);
        for section in some.values_mut() {
            section.entries[0].source = "deal.num_associated_contacts".to_owned();
        }
        assert_eq!(answers(&some, &[], None)[1], "Field quality");
    }

    #[test]
    fn a_stand_in_answers_nothing() {
        let some =
            sections(&[(SectionName::BuyingReason, &["TBD", "New board"]), (SectionName::Risks, &["n/a"])]);
        let gaps = [
            placeholder(SectionName::BuyingReason, "deal.buying_reason_0 is \"TBD\""),
            placeholder(SectionName::Risks, "deal.risks_0 is \"n/a\""),
        ];
        let ask = "Not in the CRM: ask the seller.";
        assert_eq!(answers(&some, &gaps, None), ["New board", ask, ask, ask]);

        let longer_name = [placeholder(SectionName::Risks, "deal.risks_00 is \"n/a\"")];
        assert_eq!(answers(&some, &longer_name, None)[1], "n/a");
    }
}
