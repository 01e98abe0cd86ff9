//! What people call the sections.

use std::borrow::Cow;

use crate::packet::SectionName;
use crate::record::spoken;

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
    /// The name people read. In front of a packet read [`crate::packet::Packet::title`].
    pub fn title(self) -> Cow<'static, str> {
        built_in(self).map_or_else(|| spoken(self.as_str()).into(), Cow::Borrowed)
    }
}

fn built_in(section: SectionName) -> Option<&'static str> {
    Some(match section {
        SectionName::BuyingReason => buying_reason(),
        SectionName::SuccessOutcome => success_outcome(),
        SectionName::Stakeholders => stakeholders(),
        SectionName::Promises => promises(),
        SectionName::Risks => risks(),
        SectionName::FirstValue => first_value(),
        SectionName::Expansion => expansion(),
        SectionName::Custom(_) => return None,
    })
}
