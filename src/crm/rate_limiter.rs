//! Rate limiting: so many calls in any span of a window for each key, and none while the other side asks for quiet.
//!
//! HubSpot counts the calls of an account, <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>;
//! Slack counts the posts to each channel, <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Sliding-window limiter, shared by all calls that count together.
pub struct RateLimiter {
    clock: Clock,
    calls_per_window: usize,
    window: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By key, when the calls of the last window started, oldest first; by [`Clock::elapsed`].
    started: HashMap<String, VecDeque<Duration>>,
    quiet_until: Option<Duration>,
    /// By key, the last turn that was promised.
    promised: HashMap<String, Duration>,
}

impl RateLimiter {
    /// Allows so many calls for each key in any span of `window`.
    pub fn new(calls: u32, window: Duration, clock: Clock) -> Self {
        let calls_per_window = usize::try_from(calls).unwrap_or(usize::MAX).max(1);
        Self { clock, calls_per_window, window, state: Mutex::default() }
    }

    /// Waits until one more call for this key may start. A caller that gives up waiting takes nothing from the
    /// others. Returns the remaining time when the other side asked for more quiet than one window: that is too
    /// long to sit on a lease.
    pub async fn acquire(&self, key: &str) -> Result<(), Duration> {
        loop {
            let now = self.clock.elapsed();
            let Some(free_at) = self.try_acquire(key, now) else { return Ok(()) };
            let wait = free_at.saturating_sub(now);
            if wait > self.window {
                return Err(wait);
            }
            self.clock.sleep(wait).await;
        }
    }

    /// Starts a call for this key, or promises a turn: returns how long until then. Each promise is a window behind the one
    /// before it, so that callers who come back when they were told find few others.
    pub fn turn(&self, key: &str) -> Result<(), Duration> {
        let now = self.clock.elapsed();
        let Some(free_at) = self.try_acquire(key, now) else { return Ok(()) };
        let promised = &mut self.state().promised;
        promised.retain(|_, turn| *turn > now);
        let last = promised.get(key).copied();
        let turn = last.map_or(free_at, |last| free_at.max(last + self.window));
        promised.insert(key.to_owned(), turn);
        Err(turn.saturating_sub(now))
    }

    /// How many calls for this key may start now, or, if fewer than `wanted`, how long until so many may.
    pub fn room(&self, key: &str, wanted: usize) -> Result<usize, Duration> {
        let now = self.clock.elapsed();
        let state = self.state();
        let started =
            state.started.get(key).into_iter().flatten().filter(|start| **start + self.window > now);
        let started: Vec<Duration> = started.copied().collect();
        let quiet = state.quiet_until.filter(|until| *until > now);
        let free = self.calls_per_window.saturating_sub(started.len());
        let lacking = wanted.min(self.calls_per_window).saturating_sub(free);
        let free_at =
            lacking.checked_sub(1).and_then(|last| started.get(last)).map(|start| *start + self.window);
        match quiet.max(free_at) {
            Some(at) => Err(at.saturating_sub(now)),
            None => Ok(free),
        }
    }

    /// Holds all calls for `span` from now; a shorter wish does not cut a longer one.
    pub fn quiet_for(&self, span: Duration) {
        let until = self.clock.elapsed().saturating_add(span);
        let mut state = self.state();
        state.quiet_until = state.quiet_until.max(Some(until));
    }

    /// Counts a call that starts now, or returns when one may start.
    fn try_acquire(&self, key: &str, now: Duration) -> Option<Duration> {
        let mut state = self.state();
        if let Some(until) = state.quiet_until.filter(|until| *until > now) {
            return Some(until);
        }
        state.quiet_until = None;
        state.started.retain(|_, started| {
            while started.front().is_some_and(|start| *start + self.window <= now) {
                started.pop_front();
            }
            !started.is_empty()
        });
        let started = state.started.entry(key.to_owned()).or_default();
        match started.front() {
            Some(oldest) if started.len() >= self.calls_per_window => Some(*oldest + self.window),
            _ => {
                started.push_back(now);
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use jiff::Timestamp;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    fn limiter(calls: u32) -> (RateLimiter, Clock) {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        (RateLimiter::new(calls, WINDOW, clock.clone()), clock)
    }

    /// Whether a call may start right now; counting it if so.
    fn may_start(limiter: &RateLimiter) -> bool {
        limiter.acquire("").now_or_never() == Some(Ok(()))
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
        let (turn, ()) = tokio::join!(limiter.acquire(""), async { clock.advance(WINDOW) });
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
        assert_eq!(limiter.acquire("").now_or_never(), Some(Err(Duration::from_mins(1))));
    }

    #[test]
    fn posts_to_one_channel_are_a_second_apart() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let limiter = RateLimiter::new(1, Duration::from_secs(1), clock.clone());
        let free_at = |channel| limiter.try_acquire(channel, clock.elapsed()).map(|at| at.as_secs());
        assert_eq!(
            [free_at("C1"), free_at("C1"), free_at("C2"), free_at("C1")],
            [None, Some(1), None, Some(1)]
        );
        clock.advance(Duration::from_secs(1));
        assert_eq!([free_at("C1"), free_at("C1")], [None, Some(2)]);
        clock.advance(Duration::from_secs(10));
        assert_eq!(free_at("C1"), None);
        assert_eq!(limiter.state().started.len(), 1);
    }

    #[test]
    fn each_turn_that_is_promised_is_behind_the_last() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let limiter = RateLimiter::new(1, Duration::from_secs(1), clock.clone());
        let turn = |channel| limiter.turn(channel).map_err(|wait| wait.as_millis());
        assert_eq!(
            [turn("C1"), turn("C1"), turn("C1"), turn("C2")],
            [Ok(()), Err(1_000), Err(2_000), Ok(())]
        );
        clock.advance(Duration::from_secs(1));
        assert_eq!(
            [turn("C1"), turn("C1")],
            [Ok(()), Err(2_000)],
            "who was promised this one, and a newcomer"
        );
        clock.advance(Duration::from_mins(1));
        assert_eq!(
            [turn("C1"), turn("C1")],
            [Ok(()), Err(1_000)],
            "promises that nobody came for are forgotten"
        );
    }

    #[test]
    fn room_is_what_may_start_now() {
        let (limiter, clock) = limiter(5);
        let room = |wanted| limiter.room("", wanted).map_err(|wait| wait.as_secs());
        assert_eq!(room(9), Ok(5), "more than the limit is never free");
        for _ in 0..3 {
            assert!(may_start(&limiter));
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!([room(2), room(3), room(5)], [Ok(2), Err(7), Err(9)]);
        clock.advance(Duration::from_secs(7));
        assert_eq!(room(3), Ok(3));
        limiter.quiet_for(Duration::from_secs(30));
        assert_eq!(room(1), Err(30));
    }

    #[tokio::test]
    async fn a_clock_that_is_set_silences_nobody() {
        for set_to in [-3_600_000, -1, 86_400_000, -86_400_000, -1_800_000] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("shift");
            std::fs::write(&file, "0").unwrap();
            let clock = Clock::shifted_by(file.clone());
            let limiter = RateLimiter::new(1, Duration::from_millis(300), clock.clone());
            let cache = crate::crm::Cache::new(clock.clone());
            cache.put("a", 1);
            assert!(may_start(&limiter));
            let before = clock.now();
            std::fs::write(&file, set_to.to_string()).unwrap();
            while clock.now().duration_since(before).as_millis().abs_diff(set_to) > 400 {
                tokio::task::yield_now().await;
            }
            let waited = tokio::time::timeout(Duration::from_secs(5), limiter.acquire("")).await;
            assert_eq!(waited, Ok(Ok(())), "{set_to}");
            if set_to < 0 {
                assert_eq!(cache.get("a", Duration::from_millis(300)), None, "{set_to}");
            }
        }
    }
}
