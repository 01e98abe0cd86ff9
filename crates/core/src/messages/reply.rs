//! The reply in the thread of the digest.

use super::{section, value};
use crate::packet::ReplyParams;

super::messages! { "reply";
    complete(span, sections);
    soon;
    minutes(count);
    hours(count);
    days(count);
    sent_back(seller, name, why);
    sent_back_to_nobody(name, why);
}

/// That nothing is open any more: how long it took, and what was filled.
pub fn text(params: &ReplyParams) -> String {
    let sections: Vec<&str> = params.filled.iter().map(|section| section::title(*section)).collect();
    complete(&span(params.seconds() / 60), &value::list(&sections))
}

/// From two of a unit on in that unit: `119 minutes`, `2 hours`, `47 hours`, `2 days`.
fn span(minutes_spent: i64) -> String {
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
    use crate::packet::SectionName::{self, FirstValue, Promises, SuccessOutcome};

    #[test]
    fn the_reply_says_how_long_it_took_and_what_was_filled() {
        let won_at: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let after = |span: &str, filled: &[SectionName]| {
            let complete_at = won_at.checked_add(span.parse::<jiff::Span>().unwrap()).unwrap();
            text(&ReplyParams { won_at, complete_at, filled: filled.to_vec() })
        };
        insta::assert_snapshot!(after("59s", &[SuccessOutcome]), @"Complete, less than two minutes after the win. Answered since then: Outcome.");
        insta::assert_snapshot!(after("40m", &[SuccessOutcome]), @"Complete, 40 minutes after the win. Answered since then: Outcome.");
        insta::assert_snapshot!(after("2h 59m", &[Promises, FirstValue]), @"Complete, 2 hours after the win. Answered since then: Promised and First value.");
        insta::assert_snapshot!(after("72h", &[SuccessOutcome, Promises, FirstValue]), @"Complete, 3 days after the win. Answered since then: Outcome, Promised and First value.");
    }
}
