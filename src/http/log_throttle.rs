//! A log throttle: one line in ten seconds for each reason instead of one for every refused webhook, because overload
//! must not fill the disk that it is about.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;

/// The shortest time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one of many messages about the same route and reason through per interval, and counts the others.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<BTreeMap<Subject, Last>>);

/// A route, and why its webhook was refused.
type Subject = (&'static str, &'static str);

#[derive(Debug, Default)]
struct Last {
    next: Option<Timestamp>,
    silent: u64,
}

impl LogThrottle {
    /// Returns how many messages were suppressed since the last one, or `None` if this one is suppressed, too.
    pub fn due(&self, subject: Subject, now: Timestamp) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.entry(subject).or_default();
        if last.holds(now) {
            last.silent += 1;
            return None;
        }
        last.next = Some(later(now, INTERVAL));
        Some(std::mem::take(&mut last.silent))
    }

    /// Whether a message would be let through now.
    pub fn is_due(&self, subject: Subject, now: Timestamp) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&subject).is_none_or(|last| !last.holds(now))
    }
}

impl Last {
    /// A clock that was set back does not hold messages for longer than an interval.
    fn holds(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| now < next && next <= later(now, INTERVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_messages_becomes_a_few_lines_that_count_it() {
        let throttle = LogThrottle::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut lines = Vec::new();
        for count in 0..25_000 {
            assert_eq!(throttle.is_due(("hubspot", "missing"), now), lines.len() * 10_000 == count);
            lines.extend(throttle.due(("hubspot", "missing"), now));
            now = later(now, Duration::from_millis(1));
        }
        assert_eq!(lines, [0, 9_999, 9_999]);
    }

    #[test]
    fn a_flood_of_one_kind_hides_no_other_and_a_clock_set_back_hides_none() {
        let throttle = LogThrottle::default();
        let now = Timestamp::UNIX_EPOCH;
        let due = |route, kind, now| throttle.due((route, kind), now);
        assert_eq!([due("hubspot", "missing", now), due("hubspot", "missing", now)], [Some(0), None]);
        assert_eq!([due("hubspot", "mismatch", now), due("salesforce", "missing", now)], [Some(0), Some(0)]);
        let earlier = Timestamp::UNIX_EPOCH - Duration::from_hours(1);
        assert_eq!(due("hubspot", "missing", earlier), Some(1));
    }
}
