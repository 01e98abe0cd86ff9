//! What is asked when a section has no usable answer.

use crate::packet::SectionName;

use super::Evidence;

/// The mapping's own question for the section, or the built-in one.
pub(super) fn question_for(evidence: &Evidence<'_>, section: SectionName) -> String {
    evidence
        .mapping
        .sections
        .get(&section)
        .and_then(|mapping| mapping.ask.as_deref())
        .map(str::trim)
        .filter(|ask| !ask.is_empty())
        .unwrap_or_else(|| default_question(section))
        .to_owned()
}

/// The built-in question, asked when a mapping has no `ask` for the section.
pub fn default_question(section: SectionName) -> &'static str {
    match section {
        SectionName::BuyingReason => "Why did they choose us, and why now?",
        SectionName::SuccessOutcome => "Which result do they want first, and how will they measure it?",
        SectionName::Stakeholders => "Who is sponsor, operator, evaluator and likely blocker?",
        SectionName::Promises => "What did we promise them, said or implied? \"None\" is an answer.",
        SectionName::Risks => "What could slow them down early on? \"None\" is an answer.",
        SectionName::FirstValue => "Who on their side does what, by when, to see the first value?",
        SectionName::Expansion => "What could they need next?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    #[test]
    fn the_mapping_decides_what_is_asked() {
        let deal = DealOnPaper::new().asks(SectionName::BuyingReason, " What forced the date? ");
        let question = deal.with_evidence(|evidence| question_for(evidence, SectionName::BuyingReason));
        assert_eq!(question, "What forced the date?");
    }

    #[test]
    fn a_blank_question_in_the_mapping_is_none() {
        let deal = DealOnPaper::new().asks(SectionName::Risks, "  ");
        let question = deal.with_evidence(|evidence| question_for(evidence, SectionName::Risks));
        assert_eq!(question, default_question(SectionName::Risks));
    }

    #[test]
    fn every_built_in_question_is_one_short_line() {
        for section in SectionName::ALL {
            let question = default_question(section);
            assert!(question.contains('?') && question.chars().count() <= 80, "{question}");
        }
    }
}
