//! Judges whether a text answers the question of its packet section: certain rules first (`rules`), then a linear
//! model over hashed features (`features`, `model`). Deterministic and offline; weights and word lists are data of
//! this crate, and the same corpus trains the same bytes (`training`). Imports nothing of the product. The type to
//! read first is [`Judgement`].
//!
//! ```text
//! cargo run --release -p handoff-judgement --bin train    # corpus/ → src/model.bin, about ten seconds
//! cargo run --release -p handoff-judgement --bin report   # cross-validated figures, misses, false alarms, speed
//! ```

pub mod corpus;
mod features;
mod lexer;
mod lexicon;
mod model;
mod rule_words;
mod rules;
mod tokens;
mod training;
pub mod validation;

pub use model::{Certainty, Judgement, Label, SURE, UNSURE, judge};

/// The bytes of a model that is trained on all lines; its probabilities are fitted on texts it did not see.
pub fn trained(lines: &[corpus::Line], beside: &[corpus::Line]) -> Vec<u8> {
    let (slope, offset) = validation::fit(&validation::cross_validate(lines, beside, ALIKE));
    let samples: Vec<_> = lines.iter().chain(beside).map(training::Sample::of).collect();
    model::Model { slope, offset, ..training::train(&samples) }.bytes()
}

/// See [`validation::cross_validate`]: strict enough to leave out paraphrases that keep the phrases.
pub const ALIKE: usize = 25;

/// A section of the packet that is written in prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Why they chose us, and why now.
    BuyingReason,
    /// The result they want first.
    SuccessOutcome,
    /// What sales committed to.
    Promises,
    /// What could slow adoption.
    Risks,
    /// What the customer does in the first 30 days.
    FirstValue,
    /// What could be sold later.
    Expansion,
}

impl Section {
    /// All sections, in packet order.
    pub const ALL: [Self; 6] = [
        Self::BuyingReason,
        Self::SuccessOutcome,
        Self::Promises,
        Self::Risks,
        Self::FirstValue,
        Self::Expansion,
    ];

    /// The name in files and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuyingReason => "buying_reason",
            Self::SuccessOutcome => "success_outcome",
            Self::Promises => "promises",
            Self::Risks => "risks",
            Self::FirstValue => "first_value",
            Self::Expansion => "expansion",
        }
    }

    /// The section with a name of files and JSON.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certainty(section: Section, text: &str) -> Certainty {
        judge(section, text).certainty()
    }

    #[test]
    fn the_bad_handoff_is_asked_about_in_one_field_or_spread_over_several() {
        assert_eq!(
            certainty(Section::BuyingReason, "Excited account. They need reporting. Main contact is Sarah."),
            Certainty::Sure
        );
        assert_eq!(certainty(Section::BuyingReason, "Excited account."), Certainty::Sure);
        assert_eq!(certainty(Section::SuccessOutcome, "They need reporting."), Certainty::Sure);
        assert_eq!(certainty(Section::FirstValue, "Main contact is Sarah."), Certainty::Sure);
    }

    #[test]
    fn the_good_handoff_is_silent() {
        for (section, text) in [
            (
                Section::BuyingReason,
                "Forecast visibility is poor and leadership does not trust current reporting",
            ),
            (Section::SuccessOutcome, "Forecast error below 10 % by the end of Q1, from 24 % today"),
            (Section::FirstValue, "VP Sales uses the new forecast dashboard in the weekly call"),
            (Section::Promises, "Guided field mapping; first dashboard template"),
            (Section::Risks, "CRM field quality is messy"),
            (Section::Expansion, "Sales leadership wants scorecards after reporting stabilises"),
        ] {
            assert_eq!(certainty(section, text), Certainty::Ok, "{text}: {:?}", judge(section, text));
        }
    }

    #[test]
    fn none_is_an_answer_about_promises_risks_and_expansion() {
        let texts = [
            "none",
            "None.",
            "no promises",
            "no risks",
            "Nothing outside the contract",
            "No known risks so far",
            "keine",
            "Keine Zusagen",
            "keine Risiken bekannt",
            "aucun",
            "Aucune promesse",
            "rien à signaler",
            "ninguna",
            "sin riesgos",
            "ningún compromiso",
            "nenhuma",
            "sem riscos",
            "s/ riscos",
            "geen",
            "geen toezeggingen",
            "geen risico's",
        ];
        for text in texts {
            for section in [Section::Promises, Section::Risks, Section::Expansion] {
                assert_eq!(judge(section, text).label, Label::Ok, "{text}");
            }
        }
        for text in ["none", "keine", "rien", "nada", "nenhum", "geen"] {
            assert_eq!(certainty(Section::SuccessOutcome, text), Certainty::Sure, "{text}");
        }
    }

    #[test]
    fn a_sign_of_substance_alone_is_no_answer() {
        for text in
            ["1", "12", "#12", "v2", "abc123", "Great team, talk to Sarah", "deadline driven", "2027-01-15"]
        {
            assert_eq!(
                certainty(Section::BuyingReason, text),
                Certainty::Sure,
                "{text}: {:?}",
                judge(Section::BuyingReason, text)
            );
        }
    }
}
