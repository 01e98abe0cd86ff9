//! About one post a second for each channel, which is what Slack allows.
//! <https://docs.slack.dev/apis/web-api/rate-limits>

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, later};

/// Time between two posts to one channel.
const GAP: Duration = Duration::from_secs(1);

/// Hands out turns, when they come up.
pub struct Pace {
    clock: Clock,
    gap: Duration,
    next: Mutex<HashMap<String, Timestamp>>,
}

impl Pace {
    /// A pace that nobody has used yet. So many processes post side by side without knowing of each other: each
    /// takes its part of the turns.
    pub fn new(clock: Clock, replicas: u32) -> Self {
        Self { clock, gap: GAP * replicas.max(1), next: Mutex::default() }
    }

    /// Waits for a free turn in the channel. Whoever gives up waiting takes nothing from the others.
    pub async fn turn(&self, channel: &str) {
        while let Some(free_at) = self.take_or_wait(channel) {
            self.clock.sleep_until(free_at).await;
        }
    }

    /// Takes the turn, or says when one may be free.
    fn take_or_wait(&self, channel: &str) -> Option<Timestamp> {
        let now = self.clock.now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.retain(|_, at| *at > now);
        let taken = next.get(channel).copied();
        if taken.is_none() {
            next.insert(channel.to_owned(), later(now, self.gap));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_to_one_channel_are_a_second_apart() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let pace = Pace::new(clock.clone(), 1);
        let free_at = |channel| pace.take_or_wait(channel).map(Timestamp::as_second);
        assert_eq!(
            [free_at("C1"), free_at("C1"), free_at("C2"), free_at("C1")],
            [None, Some(1), None, Some(1)]
        );
        clock.advance(Duration::from_secs(1));
        assert_eq!([free_at("C1"), free_at("C1")], [None, Some(2)]);
        clock.advance(Duration::from_secs(10));
        assert_eq!(free_at("C1"), None);
        assert_eq!(pace.next.lock().unwrap().len(), 1);
    }

    #[test]
    fn three_replicas_together_post_to_one_channel_about_once_a_second() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let replicas = [(); 3].map(|()| Pace::new(clock.clone(), 3));
        let mut posted = 0;
        for _ in 0..60 {
            posted += replicas.iter().filter(|pace| pace.take_or_wait("C1").is_none()).count();
            clock.advance(GAP);
        }
        assert_eq!(posted, 60);
    }
}
