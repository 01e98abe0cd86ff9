//! A circuit breaker for each scope (an account, or Slack), with a bulkhead: how many workers may call it at once.
//!
//! A destination that hangs costs each call its whole time limit. Two things keep that from holding up the
//! others: one scope never has all workers, and after several different pieces of work have failed in a row its
//! circuit opens, each time for longer, until a single call in the half-open state succeeds. While it is open no
//! tries are used up.
//!
//! An open circuit is a pause in the store, so every replica keeps to it and `handoff list` shows it; the failures
//! counted here are one process's own, and forgotten with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::retry;
use crate::store::Work;

/// Different pieces of work that have to fail in a row, with no success between them, to open the circuit. One deal
/// that the CRM chokes on never gets there, and too little work to fill the workers does not need to.
const FAILURE_THRESHOLD: usize = 4;

/// How a piece of work ended, as far as the scope is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// It did what it was asked.
    Success,
    /// No answer, half of one, or one that says "not now".
    Failure { why: String },
    /// A refusal, which is about this piece of work, or has a pause of its own.
    Ignored,
}

/// An open circuit: the scope gets no calls for a while.
#[derive(Debug, PartialEq, Eq)]
pub struct Open {
    /// How long, until one call may try again.
    pub span: Duration,
    pub reason: String,
}

/// Counts the running calls of each scope, and its failures in a row.
#[derive(Debug)]
pub struct CircuitBreaker {
    /// Workers for one kind of work that one scope may have.
    share: usize,
    /// How long the circuit is open the first time, and at most.
    open_for: (Duration, Duration),
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<(Work, String), usize>,
    failing: BTreeMap<String, Streak>,
}

/// The failures of a scope since its last success.
#[derive(Debug, Default)]
struct Streak {
    /// Which pieces of work have failed.
    work: BTreeSet<String>,
    /// Which were refused.
    refused: BTreeSet<String>,
    /// How often in a row the circuit opened.
    opened: u32,
    until: Option<Duration>,
}

/// One worker's call to a scope, until it is dropped.
#[derive(Debug)]
pub struct Call {
    breaker: Arc<CircuitBreaker>,
    key: (Work, String),
}

impl CircuitBreaker {
    /// `workers` for each kind of work; the circuit stays open from `first` to `longest`.
    pub fn new(workers: usize, first: Duration, longest: Duration) -> Arc<Self> {
        // Three quarters: a lone account is hardly slowed down, and two dead ones still do not have everything
        // before their circuits open.
        let share = workers.saturating_mul(3).div_ceil(4).min(workers.saturating_sub(1)).max(1);
        Arc::new(Self { share, open_for: (first, longest.max(first)), state: Mutex::default() })
    }

    /// A worker begins to call a scope.
    pub fn begin(self: &Arc<Self>, work: Work, scope: &str) -> Call {
        let key = (work, scope.to_owned());
        *self.lock().running.entry(key.clone()).or_default() += 1;
        Call { breaker: Arc::clone(self), key }
    }

    /// Returns how many more workers a scope may have for a kind of work. Half-open, it may have one for whatever work.
    pub fn available(&self, work: Work, scope: &str, half_open: bool) -> usize {
        let state = self.lock();
        if half_open {
            return usize::from(!state.running.keys().any(|(_, running)| running == scope));
        }
        let running = state.running.get(&(work, scope.to_owned())).copied().unwrap_or_default();
        self.share.saturating_sub(running)
    }

    /// How many workers a scope has, for deals and deliveries together.
    pub fn running(&self, scope: &str) -> usize {
        let state = self.lock();
        state.running.iter().filter(|((_, running), _)| running == scope).map(|(_, calls)| calls).sum()
    }

    /// How many workers each scope has for a kind of work.
    pub fn workers(&self, work: Work) -> Vec<(String, usize)> {
        let state = self.lock();
        let of_work = state.running.iter().filter(|((kind, _), _)| *kind == work);
        of_work.map(|((_, scope), calls)| (scope.clone(), *calls)).collect()
    }

    /// Counts how a piece of work ended at `now`, of [`crate::clock::Clock::elapsed`]. Returns the open circuit, if that was one
    /// failure too many.
    pub fn record(&self, scope: &str, work: &str, outcome: &CallOutcome, now: Duration) -> Option<Open> {
        let mut state = self.lock();
        let why = match outcome {
            CallOutcome::Success => {
                state.failing.remove(scope);
                return None;
            }
            CallOutcome::Ignored => return None,
            CallOutcome::Failure { why } => why,
        };
        let streak = state.failing.entry(scope.to_owned()).or_default();
        if streak.until.is_some_and(|until| now < until) {
            // Begun before the circuit opened; it says nothing new.
            return None;
        }
        streak.work.insert(work.to_owned());
        if streak.opened == 0 && streak.work.len() < FAILURE_THRESHOLD {
            return None;
        }
        streak.work.clear();
        streak.opened = streak.opened.saturating_add(1);
        let (first, longest) = self.open_for;
        let span = retry::delay(streak.opened, first, longest, None, 0.5);
        streak.until = Some(now + span);
        Some(Open { span, reason: format!("several calls in a row failed, the last: {why}") })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub fn scope(&self) -> &str {
        &self.key.1
    }

    /// Notes that a piece of work was refused. True if another one was, too, with no success in between.
    pub fn is_refused(&self, work: &str) -> bool {
        let mut state = self.breaker.lock();
        let refused = &mut state.failing.entry(self.scope().to_owned()).or_default().refused;
        refused.insert(work.to_owned());
        refused.len() > 1
    }

    /// See [`CircuitBreaker::record`].
    pub fn record(&self, work: &str, outcome: &CallOutcome, now: Duration) -> Option<Open> {
        self.breaker.record(self.scope(), work, outcome, now)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.breaker.lock();
        if let Some(calls) = state.running.get_mut(&self.key) {
            *calls -= 1;
            if *calls == 0 {
                state.running.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const LONGEST: Duration = Duration::from_mins(15);

    fn breaker() -> Arc<CircuitBreaker> {
        CircuitBreaker::new(8, FIRST, LONGEST)
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    fn fails() -> CallOutcome {
        CallOutcome::Failure { why: "no answer in time".to_owned() }
    }

    #[test]
    fn one_scope_never_gets_all_workers() {
        let breaker = breaker();
        let available = |work| breaker.available(work, "slack", false);
        assert_eq!(available(Work::Deliveries), 6);
        let mut calls = vec![breaker.begin(Work::Deliveries, "slack"), breaker.begin(Work::Deals, "slack")];
        assert_eq!(
            (available(Work::Deliveries), available(Work::Deals)),
            (5, 5),
            "each kind of work has its own share"
        );
        calls.extend((0..5).map(|_| breaker.begin(Work::Deliveries, "slack")));
        assert_eq!(
            (available(Work::Deliveries), breaker.available(Work::Deliveries, "hubspot:1", false)),
            (0, 6)
        );
        drop(calls);
        assert_eq!(available(Work::Deliveries), 6);
    }

    #[test]
    fn every_number_of_workers_leaves_one_for_the_others_but_a_single_one() {
        for workers in 1..=64 {
            let share = CircuitBreaker::new(workers, FIRST, LONGEST).share;
            assert!(share >= 1 && (share < workers || workers == 1), "{workers} workers, share {share}");
        }
    }

    #[test]
    fn a_half_open_circuit_lets_one_call_through() {
        let breaker = breaker();
        let available = |work| breaker.available(work, "slack", true);
        assert_eq!(available(Work::Deliveries), 1);
        let call = breaker.begin(Work::Deliveries, "slack");
        assert_eq!((available(Work::Deliveries), available(Work::Deals)), (0, 0), "for whatever work");
        drop(call);
        assert_eq!(available(Work::Deals), 1);
    }

    #[test]
    fn the_circuit_opens_after_four_failures_in_a_row_and_longer_every_time() {
        let breaker = breaker();
        let fails =
            |work: &str, now| breaker.record("slack", work, &fails(), now).map(|open| now + open.span);
        assert_eq!(["a", "b", "c", "a", "b"].map(|work| fails(work, at(0))), [None; 5], "three, twice");
        let until = fails("d", at(0)).unwrap();
        assert!(until > at(0));
        assert_eq!(fails("e", at(1)), None, "begun before the circuit opened");
        let mut spans = vec![until];
        let mut now = until;
        for _ in 0..12 {
            let next = fails("a", now).expect("one failed probe is enough");
            spans.push(next.checked_sub(now).unwrap());
            now = next;
        }
        assert!(spans.is_sorted() && spans[0] < spans[3], "{spans:?}");
        assert!(spans.iter().all(|span| *span <= LONGEST), "{spans:?}");
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let breaker = breaker();
        for round in 0..5 {
            for work in ["a", "b", "c"] {
                assert_eq!(breaker.record("slack", work, &fails(), at(round)), None);
            }
            breaker.record("slack", "d", &CallOutcome::Success, at(round));
        }
    }

    #[test]
    fn one_piece_of_work_that_keeps_failing_never_opens_the_circuit() {
        let breaker = breaker();
        for second in 0..100 {
            assert_eq!(breaker.record("slack", "a", &fails(), at(second)), None);
        }
    }

    #[test]
    fn two_different_pieces_of_work_have_to_be_refused_in_a_row() {
        let breaker = breaker();
        let call = breaker.begin(Work::Deals, "hubspot:1");
        for _ in 0..5 {
            assert!(!call.is_refused("a"), "the same one");
        }
        assert!(!breaker.begin(Work::Deals, "hubspot:2").is_refused("b"), "another account");
        call.record("c", &CallOutcome::Success, at(0));
        assert!(!call.is_refused("b"), "after a success");
        call.record("b", &CallOutcome::Ignored, at(0));
        assert!(call.is_refused("c") && call.is_refused("b"), "until there is a success");
    }
}
