//! About one post a second for each channel, which is what Slack allows.
//! <https://docs.slack.dev/apis/web-api/rate-limits>

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, later};

/// Time between two posts to one channel.
const GAP: Duration = Duration::from_secs(1);

/// Hands out turns, in the order they are asked for.
pub struct Pace {
    clock: Clock,
    next: Mutex<HashMap<String, Timestamp>>,
}

impl Pace {
    /// A pace that nobody has used yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, next: Mutex::default() }
    }

    /// Waits for the channel's next free turn. A turn that is given up while waiting stays used.
    pub async fn turn(&self, channel: &str) {
        let at = self.reserve(channel);
        self.clock.sleep_until(at).await;
    }

    fn reserve(&self, channel: &str) -> Timestamp {
        let now = self.clock.now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.retain(|_, at| *at > now);
        let turn = next.get(channel).copied().unwrap_or(now);
        next.insert(channel.to_owned(), later(turn, GAP));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_to_one_channel_are_a_second_apart() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let pace = Pace::new(clock.clone());
        let turns = [pace.reserve("C1"), pace.reserve("C1"), pace.reserve("C2"), pace.reserve("C1")];
        assert_eq!(turns.map(Timestamp::as_second), [0, 1, 0, 2]);
        clock.advance(Duration::from_secs(10));
        assert_eq!(pace.reserve("C1").as_second(), 10);
        assert_eq!(pace.next.lock().unwrap().len(), 1);
    }
}
