//! A log throttle: one line in ten seconds instead of one for every refused webhook, because overload must not fill
//! the disk that it is about.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;

/// The shortest time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one of many equal messages through per interval, and counts the others.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<Last>);

#[derive(Debug, Default)]
struct Last {
    next: Option<Timestamp>,
    silent: u64,
}

impl LogThrottle {
    /// Returns how many messages were suppressed since the last one, or `None` if this one is suppressed, too.
    pub fn due(&self, now: Timestamp) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.next.is_some_and(|next| now < next) {
            last.silent += 1;
            return None;
        }
        last.next = Some(later(now, INTERVAL));
        Some(std::mem::take(&mut last.silent))
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
        for _ in 0..25_000 {
            lines.extend(throttle.due(now));
            now = later(now, Duration::from_millis(1));
        }
        assert_eq!(lines, [0, 9_999, 9_999]);
    }
}
