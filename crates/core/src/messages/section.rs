//! What people call the sections.

use crate::packet::SectionName;

super::messages! { "section";
    buying_reason;
    success_outcome;
    stakeholders;
    promises;
    risks;
    first_value;
    expansion;
    pair(first, second);
}

impl SectionName {
    /// The name people read.
    pub fn title(self) -> &'static str {
        title(self)
    }
}

/// The name people read.
pub fn title(section: SectionName) -> &'static str {
    match section {
        SectionName::BuyingReason => buying_reason(),
        SectionName::SuccessOutcome => success_outcome(),
        SectionName::Stakeholders => stakeholders(),
        SectionName::Promises => promises(),
        SectionName::Risks => risks(),
        SectionName::FirstValue => first_value(),
        SectionName::Expansion => expansion(),
    }
}
