//! Answers: what is asked in Slack, why, and who answered.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::packet::{Answered, Fact, Gap, RuleId, SectionName, SendBackReason, Topic};
use crate::text::evidence_text::quoted;

use super::{evidence, role, value};

super::messages! { "answer";
    by(name, day);
    not_in_crm(by);
    example_buying_reason;
    example_success_outcome;
    example_promises;
    example_risks;
    example_first_value;
    why_empty;
    why_placeholder(text);
    why_judged(text, answer);
    why_too_long;
    why_duplicate;
    why_activity(answer);
    why_conflict;
    why_bad_date(text);
    why_no_date;
    why_stale_date(day, close);
    why_outside_window(day, close);
    why_role_missing(role);
    why_unnamed(role, name);
    why_changed;
    crm_says(text);
    you_answered(text);
    keep;
    write_mine;
    changed(account, label);
    changed_by_you(account, label, name);
    choose;
    modal_title;
    modal_save;
    modal_cancel;
    modal_nothing;
    by_when;
    name;
    none_label;
    none;
    nonsense;
    nonsense_reason;
    hint(why, example);
    field(label, hint);
    both;
    no_reason;
    only(names);
    stranger;
    send_back_title;
    send_back_reason;
    send_back_text;
    missing_information;
    wrong_owner;
    not_a_handoff;
    other;
    still_empty;
    still_placeholder(text);
    still_before_close(close);
    no_option;
}

/// Who answered and when: `Tom Lindqvist in Slack, 2 Dec`.
pub fn given(answered: &Answered, today: Date) -> String {
    let day = answered.at.to_zoned(TimeZone::UTC).date();
    let by = by(&answered.name, &value::near(day, today));
    if answered.not_in_crm { not_in_crm(&by) } else { by }
}

/// Why a handoff is sent back, as it is offered and shown.
pub fn send_back_label(reason: SendBackReason) -> &'static str {
    match reason {
        SendBackReason::MissingInformation => missing_information(),
        SendBackReason::WrongOwner => wrong_owner(),
        SendBackReason::NotAHandoff => not_a_handoff(),
        SendBackReason::Other => other(),
    }
}

/// A short example of a good answer; a day and a person need none.
pub fn example(topic: Topic) -> Option<&'static str> {
    let Topic::Section(section) = topic else { return None };
    Some(match section {
        SectionName::BuyingReason => example_buying_reason(),
        SectionName::SuccessOutcome => example_success_outcome(),
        SectionName::Promises => example_promises(),
        SectionName::Risks => example_risks(),
        SectionName::FirstValue => example_first_value(),
        SectionName::Stakeholders | SectionName::Expansion | SectionName::Custom(_) => return None,
    })
}

/// Why something is asked, for the person who is asked.
pub fn why(gap: &Gap) -> String {
    match &gap.fact {
        Fact::Placeholder(_, text) => why_placeholder(&quoted(text)),
        Fact::Judged(..) if gap.rule == RuleId::Activity => why_activity(evidence::answer_names(gap.section)),
        Fact::Judged(_, text, _) => why_judged(&quoted(text), evidence::answer_names(gap.section)),
        Fact::TooLong(..) => why_too_long().to_owned(),
        Fact::Duplicate(..) => why_duplicate().to_owned(),
        Fact::Conflict(..) => why_conflict().to_owned(),
        Fact::BadDate(_, text) => why_bad_date(&quoted(text)),
        Fact::NoDate(..) => why_no_date().to_owned(),
        Fact::StaleDate(_, day, close) => why_stale_date(&value::date(*day), &value::date(*close)),
        Fact::OutsideWindow(_, day, close) => why_outside_window(&value::date(*day), &value::date(*close)),
        Fact::RoleMissing(_) => why_role_missing(gap.role.map_or("", role::title)),
        Fact::Unnamed(_, name) => why_unnamed(gap.role.map_or("", role::title), &quoted(name)),
        Fact::Empty(_) | Fact::Unmapped | Fact::Unavailable(_) => why_empty().to_owned(),
        Fact::Recorded(text) => text.clone(),
    }
}

/// Why an answer cannot stand, for the person who gave it; `None` for what does not keep it back.
pub fn objection(gap: &Gap) -> Option<String> {
    match &gap.fact {
        Fact::Empty(_) => Some(still_empty().to_owned()),
        Fact::Placeholder(_, text) => Some(still_placeholder(&quoted(text))),
        Fact::StaleDate(_, _, close) => Some(still_before_close(&value::date(*close))),
        _ => None,
    }
}
