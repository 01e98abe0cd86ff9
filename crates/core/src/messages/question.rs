//! What is asked.

use jiff::civil::Date;

use crate::packet::{Role, SectionName};

use super::{role, value};

super::messages! { "question";
    buying_reason;
    success_outcome;
    stakeholders;
    promises;
    risks;
    first_value;
    expansion;
    custom;
    promises_and_risks;
    sponsor(place);
    operator(place);
    evaluator(place);
    blocker(place);
    executive_backer(place);
    roles(roles, place);
    unnamed(place, name);
    place_company(company);
    place_deal(deal);
    place_customer;
    too_long_buying_reason;
    too_long_success_outcome;
    too_long_stakeholders;
    too_long_promises;
    too_long_risks;
    too_long_first_value;
    too_long_expansion;
    too_long_custom;
    activity;
    activity_by_when;
    conflict_promises;
    conflict_risks;
    by_which_day;
    by_which_day_or(day);
    by_which_day_until(day);
    bad_date;
    earlier(day);
    unmapped(section);
    unavailable(fields);
}

/// The question for a section that has no usable answer.
pub fn section(section: SectionName) -> &'static str {
    match section {
        SectionName::BuyingReason => buying_reason(),
        SectionName::SuccessOutcome => success_outcome(),
        SectionName::Stakeholders => stakeholders(),
        SectionName::Promises => promises(),
        SectionName::Risks => risks(),
        SectionName::FirstValue => first_value(),
        SectionName::Expansion => expansion(),
        SectionName::Custom(_) => custom(),
    }
}

/// The question for a section whose text nobody will read to its end.
pub fn too_long(section: SectionName) -> &'static str {
    match section {
        SectionName::BuyingReason => too_long_buying_reason(),
        SectionName::SuccessOutcome => too_long_success_outcome(),
        SectionName::Stakeholders => too_long_stakeholders(),
        SectionName::Promises => too_long_promises(),
        SectionName::Risks => too_long_risks(),
        SectionName::FirstValue => too_long_first_value(),
        SectionName::Expansion => too_long_expansion(),
        SectionName::Custom(_) => too_long_custom(),
    }
}

/// Who has a role, at a place in the words of [`place`].
pub fn who_is(role: Role, place: &str) -> String {
    match role {
        Role::Sponsor => sponsor(place),
        Role::Operator => operator(place),
        Role::Evaluator => evaluator(place),
        Role::Blocker => blocker(place),
        Role::ExecutiveBacker => executive_backer(place),
    }
}

/// Who has several roles, asked at once.
pub fn who_are(roles: &[Role], place: &str) -> String {
    let sought: Vec<&str> = roles.iter().map(|role| role::sought(*role)).collect();
    self::roles(&value::list(&sought), place)
}

/// By when, where the packet proposes the end of the window after the close.
pub fn by_when(proposed: Option<Date>) -> String {
    proposed.map_or_else(|| by_which_day().to_owned(), |day| by_which_day_or(&value::date(day)))
}

/// By when, where a day is given that cannot be.
pub fn by_when_at_the_latest(end: Option<Date>) -> String {
    end.map_or_else(|| by_which_day().to_owned(), |day| by_which_day_until(&value::date(day)))
}
