//! Retries: exponential backoff with jitter, and what the configuration allows of it.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;

use super::Context;
use crate::clock::later;

/// How far jitter moves a delay, up or down.
const SPREAD: f64 = 0.2;

impl Context {
    /// When the next try is due after `attempts` earlier ones, or `None` when the tries are used up.
    pub(super) fn next_try(&self, attempts: u32, retry_after: Option<Duration>) -> Option<Timestamp> {
        if attempts + 1 >= self.work.tries {
            return None;
        }
        let (first, longest) = (self.work.first_retry, self.work.longest_retry);
        let delay = delay(attempts + 1, first, longest, retry_after, self.entropy.fraction());
        Some(later(self.clock.now(), delay))
    }

    /// When to look again for something that should have appeared at once. A call that is still on its way, of a
    /// worker that lost its lease or its life, has been answered or given up by then.
    pub(super) fn soon(&self) -> Timestamp {
        later(self.clock.now(), self.work.first_retry.max(self.work.http_timeout))
    }

    /// When a paused account may try again: as the other side said, or after the configured pause, which is for what
    /// ends only when a person acts.
    pub(super) fn pause_until(&self, until: Option<Timestamp>, scope: &str, why: &str) -> Timestamp {
        until.unwrap_or_else(|| {
            tracing::error!(scope, why, "calls are refused until a person mends that");
            later(self.clock.now(), self.work.pause)
        })
    }
}

/// The delay behind try number `attempt` (the first is 1): `first`, then double each time, moved by up to a
/// fifth either way, never longer than `longest`. A wish of the other side (`Retry-After`) is a minimum,
/// as far as `longest` allows. `jitter` is a fraction in `0.0..1.0`; 0.5 moves nothing.
pub(super) fn delay(
    attempt: u32,
    first: Duration,
    longest: Duration,
    retry_after: Option<Duration>,
    jitter: f64,
) -> Duration {
    let steps = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let doubled = ExponentialBuilder::new()
        .with_min_delay(first.min(longest))
        .with_max_delay(longest)
        .without_max_times()
        .build()
        // Past this many doublings of a nanosecond every delay is `longest`.
        .nth(steps.min(DOUBLINGS))
        .unwrap_or(longest);
    let factor = 1.0 + SPREAD * (2.0 * jitter.clamp(0.0, 1.0) - 1.0);
    let moved = Duration::try_from_secs_f64(doubled.as_secs_f64() * factor).unwrap_or(longest);
    moved.max(retry_after.unwrap_or_default()).min(longest)
}

/// 2^96 nanoseconds is longer than the longest `Duration`.
const DOUBLINGS: usize = 96;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Duration = Duration::from_secs(5);
    const LONGEST: Duration = Duration::from_hours(1);

    /// Jitter that moves nothing.
    const STILL: f64 = 0.5;

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<_> =
            (1..=12).map(|attempt| delay(attempt, FIRST, LONGEST, None, STILL).as_secs()).collect();
        assert_eq!(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    }

    #[test]
    fn jitter_moves_a_delay_by_a_fifth_at_most() {
        assert_eq!(delay(2, FIRST, LONGEST, None, 0.0), Duration::from_secs(8));
        assert_eq!(delay(2, FIRST, LONGEST, None, 1.0), Duration::from_secs(12));
    }

    #[test]
    fn a_wish_to_wait_longer_is_honoured() {
        assert_eq!(delay(1, FIRST, LONGEST, Some(Duration::from_secs(90)), STILL), Duration::from_secs(90));
    }

    #[test]
    fn a_wish_to_wait_forever_is_clamped() {
        assert_eq!(delay(1, FIRST, LONGEST, Some(Duration::from_secs(999_999)), STILL), LONGEST);
    }

    #[test]
    fn a_wish_to_come_back_sooner_changes_nothing() {
        assert_eq!(delay(3, FIRST, LONGEST, Some(Duration::from_secs(1)), STILL), Duration::from_secs(20));
    }

    fn span() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0u64..100_000).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_secs),
            Just(Duration::MAX)
        ]
    }

    proptest! {
        #[test]
        fn no_delay_is_longer_than_the_longest(
            attempt in any::<u32>(), first in span(), longest in span(),
            wish in proptest::option::of(span()), jitter in any::<f64>(),
        ) {
            prop_assert!(delay(attempt, first, longest, wish, jitter) <= longest);
        }

        #[test]
        fn no_delay_is_shorter_than_the_wish_unless_clamped(
            attempt in any::<u32>(), first in span(), longest in span(), wish in span(), jitter in 0.0..1.0f64,
        ) {
            prop_assert!(delay(attempt, first, longest, Some(wish), jitter) >= wish.min(longest));
        }

        #[test]
        fn without_jitter_a_later_try_never_waits_less(
            attempt in 1u32..200, first in span(), longest in span(),
        ) {
            let earlier = delay(attempt, first, longest, None, STILL);
            let later = delay(attempt + 1, first, longest, None, STILL);
            prop_assert!(earlier <= later);
        }
    }
}
