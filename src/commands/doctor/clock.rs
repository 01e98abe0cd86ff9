//! Whether our clock and the platforms' agree: signatures are good for five minutes only.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::DATE;

use super::{Finding, platforms};
use crate::clock::Clock;
use crate::config::Config;

const CLOCK: &str = "clock";

/// Half of what a `Date` header, in whole seconds, and a slow answer could explain many times over.
const DOUBTFUL_SECONDS: i64 = 30;

/// What webhooks may be old.
/// <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>
const BAD_SECONDS: i64 = 300;

/// Asks each platform what time it is. Any answer has a date, also a refusal; nothing is sent along.
pub(super) async fn look(config: &Config, http: &reqwest::Client) -> Vec<Finding> {
    let clock = Clock::machine();
    let mut found = Vec::new();
    for (name, url) in platforms(config) {
        let before = clock.now();
        let answer = http.head(url).timeout(config.work.http_timeout).send().await;
        let after = clock.now();
        let date = answer.as_ref().ok().and_then(|answer| answer.headers().get(DATE)?.to_str().ok());
        let Some(theirs) = date.and_then(read) else {
            let remedy = "see that this machine may call that address; the next lines say more";
            let what = if answer.is_ok() { "gives no date" } else { "does not answer" };
            found.push(Finding::doubtful(CLOCK, format!("{name} {what}"), remedy));
            continue;
        };
        found.push(judge(&name, apart(theirs, before, after)));
    }
    found
}

fn read(date: &str) -> Option<Timestamp> {
    rfc2822::parse(date).ok().map(|date| date.timestamp())
}

/// How far another clock is from ours: zero if its second may lie within the call.
fn apart(theirs: Timestamp, before: Timestamp, after: Timestamp) -> SignedDuration {
    let (earliest, latest) = (theirs, theirs.saturating_add(SignedDuration::from_secs(1)).unwrap_or(theirs));
    if latest < before {
        latest.duration_since(before)
    } else if earliest > after {
        earliest.duration_since(after)
    } else {
        SignedDuration::ZERO
    }
}

fn judge(name: &str, apart: SignedDuration) -> Finding {
    let seconds = apart.as_secs();
    let seen = match seconds {
        0 => format!("the same as {name}'s"),
        _ => format!("{} s {} {name}'s", seconds.abs(), if seconds > 0 { "behind" } else { "ahead of" }),
    };
    let remedy = "switch on time synchronisation (chrony, systemd-timesyncd): webhooks count as forged when \
                  their signature looks older or younger than five minutes";
    match seconds.abs() {
        BAD_SECONDS.. => Finding::bad(CLOCK, seen, remedy),
        DOUBTFUL_SECONDS.. => Finding::doubtful(CLOCK, seen, remedy),
        _ => Finding::good(CLOCK, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(date: &str, before: &str, after: &str) -> String {
        let apart = apart(read(date).unwrap(), before.parse().unwrap(), after.parse().unwrap());
        let finding = judge("slack", apart);
        format!("{:?}: {}", finding.verdict, finding.seen)
    }

    #[test]
    fn a_clock_that_is_off_is_told_before_signatures_fail() {
        let date = "Sun, 22 Nov 2026 08:00:00 GMT";
        let at = |before, after| told(date, before, after);
        assert_eq!(at("2026-11-22T08:00:00.2Z", "2026-11-22T08:00:00.4Z"), "Good: the same as slack's");
        assert_eq!(at("2026-11-22T07:59:58Z", "2026-11-22T08:00:08Z"), "Good: the same as slack's");
        assert_eq!(at("2026-11-22T07:59:50Z", "2026-11-22T07:59:51Z"), "Good: 9 s behind slack's");
        assert_eq!(at("2026-11-22T07:59:10Z", "2026-11-22T07:59:20Z"), "Doubtful: 40 s behind slack's");
        assert_eq!(at("2026-11-22T08:01:01Z", "2026-11-22T08:01:02Z"), "Doubtful: 60 s ahead of slack's");
        assert_eq!(at("2026-11-22T08:06:00Z", "2026-11-22T08:06:01Z"), "Bad: 359 s ahead of slack's");
        assert_eq!(read("yesterday"), None);
    }
}
