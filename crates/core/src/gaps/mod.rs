//! What the CRM could not fill, or filled too weakly. Rules flag and ask; they never block and never rewrite.
//!
//! One file per family of rules; [`RULES`] lists them all, in the order they speak.

mod answer;
mod conflict;
mod dates;
mod duplicate;
mod empty;
mod grouped;
mod judged;
mod length;
mod placeholder;
mod questions;
mod roles;
mod verdict;

#[cfg(test)]
#[path = "tests/deal_on_paper.rs"]
mod deal_on_paper;

#[cfg(test)]
#[path = "tests/custom_sections.rs"]
mod custom_sections;

pub use grouped::questions;
pub use verdict::{Finding, Outcome, Verdict, verdicts};

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::judgement::rules::{self, Certain, none_is_an_answer};
use crate::judgement::{self, Certainty, Judgement};
use crate::mapping::{Judging, Mapping};
use crate::packet::{Confidence, Gap, Importance, RuleId, Section, SectionName};
use crate::record::{DealRecord, FieldKind};
use crate::text::tokens::Words;

use crate::mapping::placeholders::Placeholders;
use answer::Written;
use dates::Timing;

/// Everything a rule may look at.
pub struct Evidence<'a> {
    pub mapping: &'a Mapping,
    /// What the CRM returned.
    pub record: &'a DealRecord,
    /// What the mapping made of it; section statuses are not set yet.
    pub sections: &'a BTreeMap<SectionName, Section>,
    /// Whether the account is important.
    pub importance: &'a Importance,
    placeholders: Placeholders<'a>,
    written: BTreeMap<SectionName, Vec<Written<'a>>>,
    /// What the trained judgement has to say against the answers of a section.
    judged: BTreeMap<SectionName, Judgement>,
    timing: Timing,
}

impl<'a> Evidence<'a> {
    /// Reads what several rules look at once for all of them.
    pub fn new(
        mapping: &'a Mapping,
        record: &'a DealRecord,
        sections: &'a BTreeMap<SectionName, Section>,
        importance: &'a Importance,
    ) -> Self {
        let placeholders = Placeholders::of(mapping);
        let written = answer::read(&mapping.custom_sections, sections, &placeholders);
        let judged = judge(mapping, record, &written);
        let timing = Timing::default();
        let evidence = Self { mapping, record, sections, importance, placeholders, written, judged, timing };
        Self { timing: Timing::of(&evidence), ..evidence }
    }

    /// The sections that are answered in words. The custom ones come last, so that none changes what the rules say of a
    /// built-in one.
    fn in_words(&self) -> impl Iterator<Item = SectionName> + use<'a> {
        let custom = self.mapping.custom_sections.iter().map(|custom| custom.id);
        answer::IN_WORDS.into_iter().chain(custom)
    }

    /// What the seller wrote in a section; nothing in one that is not answered in words.
    fn written(&self, section: SectionName) -> &[Written<'a>] {
        self.written.get(&section).map_or(&[], Vec::as_slice)
    }

    /// The entries that answer: written, and no placeholder.
    fn given(&self, section: SectionName) -> impl Iterator<Item = &Written<'a>> + Clone {
        self.written(section).iter().filter(|written| written.is_answer())
    }

    /// The texts that answer a section.
    pub fn answers(&self, section: SectionName) -> impl Iterator<Item = &str> {
        self.given(section).map(|given| given.entry.text.as_str())
    }

    /// The placeholders that the packet does not show: section and text.
    pub fn hidden(&self) -> Vec<(SectionName, String)> {
        let of = |(name, written): (&SectionName, &'_ Vec<Written<'a>>)| {
            let name = *name;
            answer::hidden(written).map(move |text| (name, text)).collect::<Vec<_>>()
        };
        self.written.iter().flat_map(of).collect()
    }
}

/// Judges the answers of each section, those of one field together, unless one of them says that there are none. The best
/// answer counts.
fn judge(
    mapping: &Mapping,
    record: &DealRecord,
    written: &BTreeMap<SectionName, Vec<Written<'_>>>,
) -> BTreeMap<SectionName, Judgement> {
    let is_off = |name: &SectionName| mapping.sections.get(name).is_some_and(|one| one.judge == Judging::Off);
    // What RevOps offers to pick from, and what a number or a switch says, is an answer about promises and risks.
    let answers_by_type = |answer: &Written<'_>| {
        let kind = answer.entry.origin.field().and_then(|path| record.kind(path));
        !matches!(kind, None | Some(FieldKind::Text | FieldKind::Html))
    };
    let judged = |(name, written): (&SectionName, &Vec<Written<'_>>)| {
        let answers: Vec<&Written<'_>> = written.iter().filter(|written| written.is_answer()).collect();
        let is_settled = |answer: &&Written<'_>| {
            answer.certain.is_some() || (none_is_an_answer(*name) && answers_by_type(answer))
        };
        // The model was trained for the built-in sections.
        let is_unknown = *name == SectionName::Expansion || name.is_custom();
        if is_unknown || is_off(name) || answers.iter().any(is_settled) {
            return None;
        }
        let judge = |field: &[&Written<'_>]| {
            let texts: Vec<&str> = field.iter().map(|answer| answer.entry.text.as_str()).collect();
            judgement::judge(*name, &texts.join("\n"))
        };
        let fields = answers.chunk_by(|one, next| one.entry.origin == next.entry.origin);
        let best = fields
            .map(judge)
            .min_by(|one, other| one.probability_not_ok.total_cmp(&other.probability_not_ok))?;
        (best.certainty() != Certainty::Ok).then_some((*name, best))
    };
    written.iter().filter_map(judged).collect()
}

/// One rule, as data.
pub struct Rule {
    pub id: RuleId,
    /// What it catches, in a sentence.
    pub catches: &'static str,
    /// What it must leave alone, by example.
    pub leaves_alone: &'static str,
    /// How sure it is as a rule; a single gap may be less so.
    pub confidence: Confidence,
    /// What it asks, by example.
    pub question: &'static str,
    /// What kind of answer it asks for.
    pub expects: Expects,
    /// The built-in sections it judges, and what must be there to judge.
    pub applies_to: (&'static [SectionName], Requires),
    pub check: fn(&Evidence<'_>) -> Vec<Gap>,
}

/// What kind of answer a rule asks for. Of several rules that ask one person for the same thing in one
/// section, only the first speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expects {
    /// The section's answer itself.
    Answer,
    Day,
    /// Which of two entries holds.
    Choice,
    /// A person; one for each role.
    Person,
    Field,
}

/// What a rule needs of a section before it can judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requires {
    /// Nothing: it judges an empty section as well.
    Nothing,
    /// Something that the seller wrote.
    Text,
    /// Something that answers: written, and no placeholder.
    Answer,
}

/// The rules that judge a custom section: the certain ones about text.
const OF_CUSTOM: [RuleId; 5] =
    [RuleId::Unmapped, RuleId::Empty, RuleId::Placeholder, RuleId::TooLong, RuleId::Duplicate];

/// Every rule, in the order they speak.
pub const RULES: &[Rule] = &[
    empty::UNMAPPED,
    empty::EMPTY,
    placeholder::RULE,
    conflict::RULE,
    length::RULE,
    duplicate::RULE,
    judged::ACTIVITY,
    judged::VAGUE,
    dates::BAD_DATE,
    dates::NO_DATE,
    dates::STALE_DATE,
    dates::OUTSIDE_WINDOW,
    roles::MISSING,
    roles::UNNAMED,
];

/// What a packet lacks, in section order. At most one gap asks one person for one thing in one section; one
/// that counts comes before one that does not.
pub fn assess(evidence: &Evidence<'_>) -> Vec<Gap> {
    let mut gaps: Vec<(Expects, Gap)> = Vec::new();
    for rule in RULES {
        for gap in (rule.check)(evidence) {
            let twin = gaps.iter_mut().find(|(expects, other)| {
                (*expects, other.section, other.addressee) == (rule.expects, gap.section, gap.addressee)
                    && (rule.expects != Expects::Person || other.role == gap.role)
            });
            match twin {
                None => gaps.push((rule.expects, gap)),
                Some((_, twin)) if gap.counts() && !twin.counts() => *twin = gap,
                Some(_) => {}
            }
        }
    }
    let mut gaps: Vec<Gap> = gaps.into_iter().map(|(_, gap)| gap).collect();
    let order = evidence.mapping.section_names();
    gaps.sort_by_key(|gap| order.iter().position(|name| *name == gap.section));
    gaps
}

/// The day that counts for first value as long as nobody gives one: day 30 after the close. `None` where a
/// day is given, in whatever form, or the close is not known.
pub fn proposed_due(evidence: &Evidence<'_>) -> Option<Date> {
    if evidence.timing.is_missing() { evidence.timing.window_end() } else { None }
}

/// Whether a text is more than a stand-in where an answer to `section` should be: not `TBD`, not "see call notes".
pub fn is_answer(text: &str, section: SectionName, mapping: &Mapping) -> bool {
    let certain = Placeholders::of(mapping).certain(section, text, &Words::of(text));
    !matches!(certain, Some(Certain::StandIn | Certain::Pointer))
}

/// Whether a text says "there are none", in one of the languages we know.
pub fn says_none(text: &str) -> bool {
    rules::says_none(&Words::of(text))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::deal_on_paper::DealOnPaper;
    use super::*;
    use crate::packet::Role;

    #[test]
    fn every_rule_says_what_it_does() {
        for rule in RULES {
            for text in [rule.catches, rule.leaves_alone, rule.question] {
                assert!(!text.trim().is_empty(), "{:?}", rule.id);
            }
        }
    }

    #[test]
    fn every_rule_has_an_id_of_its_own() {
        let ids: HashSet<RuleId> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
    }

    #[test]
    fn a_complete_handoff_is_silent() {
        assert_eq!(DealOnPaper::complete().ids(), [""; 0]);
    }

    #[test]
    fn a_bad_handoff_is_asked_about_in_section_order() {
        let deal = DealOnPaper::new()
            .writes(SectionName::BuyingReason, "Excited account.")
            .writes(SectionName::SuccessOutcome, "They need reporting.")
            .maps(SectionName::Promises)
            .writes(SectionName::Risks, "see call notes")
            .writes(SectionName::FirstValue, "Kickoff call")
            .person("Sarah", "sarah@acme.test", &[]);
        insta::assert_snapshot!(deal.ids().join("\n"), @r"
        buying_reason vague
        success_outcome vague
        stakeholders role_missing:sponsor
        stakeholders role_missing:operator
        stakeholders role_missing:evaluator
        stakeholders role_missing:blocker
        promises empty
        risks placeholder
        first_value activity
        first_value no_date
        ");
    }

    /// What the seller is asked about this, where nothing else is on the deal.
    fn asked(texts: &[(SectionName, &str)]) -> Vec<String> {
        let mut deal = DealOnPaper::new().person("Sarah", "sarah@acme.test", &[]);
        for section in answer::IN_WORDS {
            let text = texts.iter().find(|(name, _)| *name == section).map_or("", |(_, text)| text);
            deal = deal.writes(section, text);
        }
        questions(&deal.gaps()).for_seller.into_iter().map(|question| question.text).collect()
    }

    #[test]
    fn a_bad_handoff_asks_five_questions_at_most_in_one_field_or_over_three() {
        use SectionName::{BuyingReason, FirstValue, SuccessOutcome};
        let one = asked(&[(BuyingReason, "Excited account. They need reporting. Main contact is Sarah.")]);
        let three = asked(&[
            (BuyingReason, "Excited account."),
            (SuccessOutcome, "They need reporting."),
            (FirstValue, "Main contact is Sarah."),
        ]);
        for asked in [one, three] {
            assert!(asked.contains(&"Why did they choose us, and why now?".to_owned()), "{asked:?}");
            assert_eq!(asked.len(), 5, "{asked:?}");
        }
    }

    #[test]
    fn a_good_handoff_is_silent() {
        let deal = DealOnPaper::new()
            .writes(
                SectionName::BuyingReason,
                "Forecast visibility is poor and leadership does not trust current reporting",
            )
            .writes(
                SectionName::SuccessOutcome,
                "Forecast error below 10 % by the end of Q1, from 24 % today",
            )
            .writes(SectionName::Promises, "Guided field mapping; first dashboard template")
            .writes(SectionName::Risks, "CRM field quality is messy")
            .writes(SectionName::FirstValue, "VP Sales uses the new forecast dashboard in the weekly call")
            .writes(SectionName::Expansion, "Sales leadership wants scorecards after reporting stabilises")
            .due("2026-12-11")
            .person("Sarah Lind", "sarah@acme.test", &[Role::Sponsor, Role::Operator])
            .person("Tom Berg", "tom@acme.test", &[Role::Evaluator, Role::Blocker]);
        assert_eq!(deal.ids(), [""; 0]);
    }

    #[test]
    fn one_section_is_asked_for_its_answer_only_once() {
        let deal = DealOnPaper::new()
            .writes(SectionName::BuyingReason, "TBD")
            .writes(SectionName::SuccessOutcome, "TBD")
            .writes_too_much(SectionName::Promises, "Good support and training…")
            .writes(SectionName::FirstValue, "Training")
            .maps(SectionName::Risks)
            .due("2026-12-11");
        let asked: Vec<SectionName> = deal
            .gaps()
            .iter()
            .filter(|gap| gap.section != SectionName::Stakeholders)
            .map(|gap| gap.section)
            .collect();
        let different: HashSet<SectionName> = asked.iter().copied().collect();
        assert_eq!(asked.len(), different.len(), "{:?}", deal.ids());
    }

    #[test]
    fn an_empty_first_value_is_not_also_asked_for_a_day() {
        let deal = DealOnPaper::complete().maps(SectionName::Expansion);
        assert_eq!(deal.ids(), [""; 0]);
        let ids = DealOnPaper::new().maps(SectionName::FirstValue).ids();
        assert!(
            ids.contains(&"first_value empty".to_owned()) && !ids.contains(&"first_value no_date".to_owned())
        );
    }

    #[test]
    fn the_expansion_is_never_asked_for() {
        for text in ["", "TBD", "Great fit", "None"] {
            let deal = DealOnPaper::complete().writes_too_much(SectionName::Expansion, text);
            assert_eq!(deal.ids(), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_gap_keeps_the_agreed_shape() {
        let deal = DealOnPaper::new().maps(SectionName::Promises);
        let gap = deal.gaps().into_iter().find(|gap| gap.section == SectionName::Promises).unwrap();
        insta::assert_snapshot!(serde_json::to_string(&gap).unwrap(), @r#"{"id":"empty","section":"promises","for":"seller","severity":"gap","confidence":"certain","question":"What did we promise them, said or implied? \"None\" is an answer.","evidence":"deal.handoff_promises is empty","state":"open"}"#);
    }

    /// Texts that hit words, dates and pointers more often than noise does.
    fn crm_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[0-9]{1,5}[./-][0-9]{1,3}[./-]?[0-9]{0,5}",
            "(ask|see|within|by|in|bis|frag) [A-Za-z0-9]{1,6} (days|weeks|Mai|may|Notizen|fragen)?",
            Just("none; TBD\nnone".to_owned()),
            "\\PC{0,300}",
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.join(" "))
    }

    proptest! {
        #[test]
        fn no_text_makes_a_rule_panic_or_talk_without_end(
            texts in proptest::collection::vec(crm_text(), 5),
            due in crm_text(),
            close in prop_oneof![crm_text(), Just("2026-11-20".to_owned()), Just("9999-12-31".to_owned())],
            people in proptest::collection::vec((crm_text(), crm_text()), 0..4),
            company in crm_text(),
        ) {
            let mut deal = DealOnPaper::new().important().company(&company).closes(&close).due(&due);
            for (section, text) in answer::IN_WORDS.into_iter().zip(&texts) {
                deal = deal.writes(section, text).ticks(section, &[text, "None", text]);
            }
            for (name, email) in &people {
                deal = deal.person(name, email, &[Role::Sponsor, Role::Blocker]);
            }
            let gaps = deal.gaps();
            prop_assert!(gaps.len() <= 30);
            prop_assert!(gaps.is_sorted_by_key(|gap| gap.section));
            for gap in &gaps {
                prop_assert!(gap.question().chars().count() <= 200, "{}", gap.question());
                prop_assert!(gap.evidence().chars().count() <= 300, "{}", gap.evidence());
                prop_assert!(!(gap.question().contains('\n') || gap.evidence().contains('\n')));
            }
        }
    }

    #[test]
    fn a_pasted_book_is_assessed_at_once() {
        let book = "See the notes from 12 May, none; within 30 days ask Peter. ".repeat(20_000);
        let lines: Vec<&str> = book.split(". ").collect();
        let mut deal = DealOnPaper::new();
        for section in answer::IN_WORDS {
            deal = deal.writes(section, &book).ticks(section, &lines);
        }
        assert!(deal.gaps().len() < 30);
    }
}
