//! The reply in the thread of the digest.

use jiff::Timestamp;

use super::{section, value};
use crate::packet::ReplyParams;
use crate::record::CrmKind;

super::messages! { "reply";
    complete(span, crm, sections);
    minutes(count);
    hours(count);
    days(count);
}

/// That nothing is open any more: how long it took, and what was filled.
pub fn text(crm: CrmKind, params: &ReplyParams) -> String {
    let sections: Vec<&str> = params.filled.iter().map(|section| section::title(*section)).collect();
    complete(&span(params.won_at, params.complete_at), crm.dialect().name, &value::list(&sections))
}

/// From two of a unit on in that unit: `119 minutes`, `2 hours`, `47 hours`, `2 days`.
fn span(from: Timestamp, to: Timestamp) -> String {
    let spent = to.duration_since(from).as_mins().max(0);
    let count = |unit: i64| (spent / unit).to_string();
    match spent {
        0..120 => minutes(&count(1)),
        120..2880 => hours(&count(60)),
        _ => days(&count(1440)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::SectionName;

    #[test]
    fn the_reply_says_how_long_it_took_and_what_was_filled() {
        let won_at: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let after = |span: &str, filled: &[SectionName]| {
            let complete_at = won_at.checked_add(span.parse::<jiff::Span>().unwrap()).unwrap();
            text(CrmKind::Hubspot, &ReplyParams { won_at, complete_at, filled: filled.to_vec() })
        };
        use SectionName::{FirstValue, Promises, SuccessOutcome};
        insta::assert_snapshot!(after("40m", &[SuccessOutcome]), @"Complete, 40 minutes after the win. Filled in HubSpot since then: Outcome.");
        insta::assert_snapshot!(after("2h 59m", &[Promises, FirstValue]), @"Complete, 2 hours after the win. Filled in HubSpot since then: Promised and First value.");
        insta::assert_snapshot!(after("72h", &[SuccessOutcome, Promises, FirstValue]), @"Complete, 3 days after the win. Filled in HubSpot since then: Outcome, Promised and First value.");
    }
}
