//! Times in the database are epoch milliseconds.

use std::time::Duration;

use jiff::Timestamp;

/// A stored time; one that no calendar holds becomes the end of time.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// `now + span` in milliseconds.
pub fn millis_after(now: i64, span: Duration) -> i64 {
    now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
