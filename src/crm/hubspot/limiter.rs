//! Keeps one account's calls under a limit of HubSpot's: so many in any ten seconds (or another span), and
//! none while HubSpot asks for quiet.
//!
//! <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, later};

/// Shared by all calls of one kind to one account.
pub(super) struct Limiter {
    clock: Clock,
    calls_per_window: usize,
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the calls of the last window started, oldest first.
    started: VecDeque<Timestamp>,
    quiet_until: Option<Timestamp>,
}

impl Limiter {
    /// Allows so many calls in any span of `window`.
    pub(super) fn new(calls: u32, window: Duration, clock: Clock) -> Self {
        let calls_per_window = usize::try_from(calls).unwrap_or(usize::MAX).max(1);
        Self { clock, calls_per_window, window, state: Mutex::default() }
    }

    /// Waits until one more call may start. When HubSpot asked for more quiet than one window, the caller
    /// gets the remaining time instead: that is too long to sit on a lease.
    pub(super) async fn turn(&self) -> Result<(), Duration> {
        loop {
            let now = self.clock.now();
            let Some(free_at) = self.take_or_wait(now) else { return Ok(()) };
            let wait = Duration::try_from(free_at.duration_since(now)).unwrap_or_default();
            if wait > self.window {
                return Err(wait);
            }
            self.clock.sleep_until(free_at).await;
        }
    }

    /// Holds all calls for `span` from now; a shorter wish does not cut a longer one.
    pub(super) fn quiet_for(&self, span: Duration) {
        let until = later(self.clock.now(), span);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.quiet_until = state.quiet_until.max(Some(until));
    }

    /// Takes a place, or says when one may be free.
    fn take_or_wait(&self, now: Timestamp) -> Option<Timestamp> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.quiet_until.filter(|until| *until > now) {
            return Some(until);
        }
        state.quiet_until = None;
        while state.started.front().is_some_and(|start| later(*start, self.window) <= now) {
            state.started.pop_front();
        }
        match state.started.front() {
            Some(oldest) if state.started.len() >= self.calls_per_window => Some(later(*oldest, self.window)),
            _ => {
                state.started.push_back(now);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn limiter(calls: u32) -> (Limiter, Clock) {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        (Limiter::new(calls, WINDOW, clock.clone()), clock)
    }

    /// Whether a call may start right now; taking the turn if so.
    fn may_start(limiter: &Limiter) -> bool {
        limiter.turn().now_or_never() == Some(Ok(()))
    }

    #[test]
    fn the_call_after_the_last_allowed_one_waits_for_the_window_to_move() {
        let (limiter, clock) = limiter(2);
        assert!(may_start(&limiter));
        clock.advance(Duration::from_secs(4));
        assert!(may_start(&limiter));
        assert!(!may_start(&limiter));
        clock.advance(Duration::from_millis(5_999));
        assert!(!may_start(&limiter), "9.999 s after the first call");
        clock.advance(Duration::from_millis(1));
        assert!(may_start(&limiter), "10 s after the first call");
        assert!(!may_start(&limiter), "the second call is 6 s old");
    }

    #[tokio::test]
    async fn a_waiting_call_starts_when_the_clock_gets_there() {
        let (limiter, clock) = limiter(1);
        assert!(may_start(&limiter));
        let (turn, ()) = tokio::join!(limiter.turn(), async { clock.advance(WINDOW) });
        assert_eq!(turn, Ok(()));
    }

    #[test]
    fn never_more_than_the_limit_start_in_any_ten_seconds() {
        let (limiter, clock) = limiter(5);
        let mut starts: Vec<i64> = Vec::new();
        for _ in 0..200 {
            clock.advance(Duration::from_millis(700));
            while may_start(&limiter) {
                starts.push(clock.now_millis());
            }
        }
        for window in starts.windows(6) {
            assert!(window[5] - window[0] >= 10_000, "{window:?}");
        }
        assert!(starts.len() >= 60, "and the limit is used: {}", starts.len());
    }

    #[test]
    fn a_wish_for_quiet_holds_every_call() {
        let (limiter, clock) = limiter(100);
        limiter.quiet_for(Duration::from_secs(3));
        limiter.quiet_for(Duration::from_secs(1));
        assert!(!may_start(&limiter));
        clock.advance(Duration::from_millis(2_999));
        assert!(!may_start(&limiter));
        clock.advance(Duration::from_millis(1));
        assert!(may_start(&limiter));
    }

    #[test]
    fn a_long_quiet_is_handed_back_instead_of_waited_for() {
        let (limiter, _clock) = limiter(100);
        limiter.quiet_for(Duration::from_mins(1));
        assert_eq!(limiter.turn().now_or_never(), Some(Err(Duration::from_mins(1))));
    }
}
