//! What is asked when a section has no usable answer.

use crate::messages;
use crate::packet::SectionName;

use super::Evidence;

/// The mapping's own question for the section, or the built-in one.
pub(super) fn question_for(evidence: &Evidence<'_>, section: SectionName) -> String {
    own_question(evidence, section).unwrap_or_else(|| default_question(section)).to_owned()
}

/// The mapping's own question for the section.
pub(super) fn own_question<'a>(evidence: &Evidence<'a>, section: SectionName) -> Option<&'a str> {
    let ask = evidence.mapping.sections.get(&section)?.ask.as_deref()?.trim();
    (!ask.is_empty()).then_some(ask)
}

/// The built-in question, asked when a mapping has no `ask` for the section.
pub fn default_question(section: SectionName) -> &'static str {
    messages::question::section(section)
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
