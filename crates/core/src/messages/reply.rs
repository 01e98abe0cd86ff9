//! The reply in the thread of the digest.

use std::borrow::Cow;

use super::value;
use crate::packet::{ReplyParams, SectionName};

super::messages! { "reply";
    complete(span, sections);
    unanswered(span);
    soon;
    minutes(count);
    hours(count);
    days(count);
    by(section, names);
    in_crm(section, crm);
    sent_back(seller, name, why);
    sent_back_to_nobody(name, why);
}

/// That nothing is open any more: how long it took, what was filled, and by whom if any of it was answered in Slack. A
/// section is called what `title` says.
pub fn text(params: &ReplyParams, crm: &str, title: impl Fn(SectionName) -> Cow<'static, str>) -> String {
    let said = |section: &SectionName| {
        let title = title(*section);
        match params.by.get(section) {
            Some(names) => by(&title, &value::list(&names.iter().map(String::as_str).collect::<Vec<_>>())),
            None if params.by.is_empty() => title.into_owned(),
            None => in_crm(&title, crm),
        }
    };
    let sections: Vec<String> = params.filled.iter().map(said).collect();
    let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
    let span = span(params.seconds() / 60);
    if sections.is_empty() { unanswered(&span) } else { complete(&span, &value::list(&sections)) }
}

/// From two of a unit on in that unit: `119 minutes`, `2 hours`, `47 hours`, `2 days`.
pub(super) fn span(minutes_spent: i64) -> String {
    let count = |unit: i64| (minutes_spent / unit).to_string();
    match minutes_spent {
        ..2 => soon().to_owned(),
        2..120 => minutes(&count(1)),
        120..2880 => hours(&count(60)),
        _ => days(&count(1440)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use std::collections::BTreeMap;

    use crate::packet::SectionName::{FirstValue, Promises, Risks, SuccessOutcome};

    #[test]
    fn the_reply_says_how_long_it_took_and_what_was_filled() {
        let won_at: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let after = |span: &str, filled: &[SectionName]| {
            let complete_at = won_at.checked_add(span.parse::<jiff::Span>().unwrap()).unwrap();
            let by = BTreeMap::new();
            text(
                &ReplyParams { won_at, complete_at, filled: filled.to_vec(), by },
                "HubSpot",
                SectionName::title,
            )
        };
        let by = BTreeMap::from([(SuccessOutcome, vec!["Tom Lindqvist".to_owned()])]);
        let (filled, complete_at) = (vec![SuccessOutcome, Risks], won_at);
        let answered = text(&ReplyParams { won_at, complete_at, filled, by }, "HubSpot", SectionName::title);
        insta::assert_snapshot!(answered, @"Complete, less than two minutes after the win. Answered since then: Outcome by Tom Lindqvist and Risk in HubSpot.");
        insta::assert_snapshot!(after("59s", &[SuccessOutcome]), @"Complete, less than two minutes after the win. Answered since then: Outcome.");
        insta::assert_snapshot!(after("40m", &[SuccessOutcome]), @"Complete, 40 minutes after the win. Answered since then: Outcome.");
        insta::assert_snapshot!(after("2h 59m", &[Promises, FirstValue]), @"Complete, 2 hours after the win. Answered since then: Promised and First value.");
        insta::assert_snapshot!(after("72h", &[SuccessOutcome, Promises, FirstValue]), @"Complete, 3 days after the win. Answered since then: Outcome, Promised and First value.");
    }
}
