//! What is asked when a section has no usable answer.

use crate::packet::{Ask, SectionName};

use super::Evidence;

/// Asks for the section's answer: in the mapping's own words, or in the built-in ones.
pub(super) fn ask_for(evidence: &Evidence<'_>, section: SectionName) -> Ask {
    own_question(evidence, section).map_or(Ask::Section, |own| Ask::Own(own.to_owned()))
}

/// The mapping's own question for the section.
pub(super) fn own_question<'a>(evidence: &Evidence<'a>, section: SectionName) -> Option<&'a str> {
    let ask = evidence.mapping.sections.get(&section)?.ask.as_deref()?.trim();
    (!ask.is_empty()).then_some(ask)
}
