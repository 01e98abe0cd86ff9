//! Which account, or Slack, may be called by how many workers at once.
//!
//! A destination that hangs costs each call its whole time limit. Two things keep that from holding up the
//! others: one scope never has all workers, and after several different pieces of work have failed in a row its
//! work rests for a while, each time longer, until a single one has found it well again. What rests costs no tries.
//!
//! The rest is a pause in the store, so every replica keeps it and everybody can see it; what is counted here is
//! one process's own, and forgotten with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::retry;
use crate::clock::later;
use crate::store::Work;

/// Different pieces of work that have to fail in a row, with no success between them. One deal that the CRM
/// chokes on never gets there, and too little work to fill the workers does not need to.
const BREAKS_AT: usize = 4;

/// How work of a scope ended, as far as the scope is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It did what it was asked.
    Answers,
    /// No answer, half of one, or one that says "not now".
    Fails {
        /// What went wrong.
        why: String,
    },
    /// A refusal, which is about this piece of work, or has a pause of its own.
    Refuses,
}

/// A scope gets no calls for a while.
#[derive(Debug, PartialEq, Eq)]
pub struct Rest {
    /// When one call may try again.
    pub until: Timestamp,
    /// What went wrong.
    pub reason: String,
}

/// Counts who is being called and how that goes.
#[derive(Debug)]
pub struct Scopes {
    /// Workers for one kind of work that one scope may have.
    share: usize,
    /// The first rest, and the longest.
    rest: (Duration, Duration),
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    busy: BTreeMap<(Work, String), usize>,
    failing: BTreeMap<String, Failing>,
}

/// A scope since its last success.
#[derive(Debug, Default)]
struct Failing {
    /// Which pieces of work have failed.
    work: BTreeSet<String>,
    /// How often in a row it was sent to rest.
    rests: u32,
    until: Option<Timestamp>,
}

/// One worker's call to a scope, until it is dropped.
#[derive(Debug)]
pub struct Call {
    scopes: Arc<Scopes>,
    key: (Work, String),
}

impl Scopes {
    /// `workers` for each kind of work; rests last from `first` to `longest`.
    pub fn new(workers: usize, first: Duration, longest: Duration) -> Arc<Self> {
        // Three quarters: a lone account is hardly slowed down, and two dead ones still do not have everything
        // before their work rests.
        let share = workers.saturating_mul(3).div_ceil(4).min(workers.saturating_sub(1)).max(1);
        Arc::new(Self { share, rest: (first, longest.max(first)), seen: Mutex::default() })
    }

    /// A worker begins to call a scope.
    pub fn begin(self: &Arc<Self>, work: Work, scope: &str) -> Call {
        let key = (work, scope.to_owned());
        *self.lock().busy.entry(key.clone()).or_default() += 1;
        Call { scopes: Arc::clone(self), key }
    }

    /// How many more workers a scope may have for a kind of work. On trial, it may have one for whatever work.
    pub fn room(&self, work: Work, scope: &str, on_trial: bool) -> usize {
        let seen = self.lock();
        if on_trial {
            return usize::from(!seen.busy.keys().any(|(_, busy)| busy == scope));
        }
        let busy = seen.busy.get(&(work, scope.to_owned())).copied().unwrap_or_default();
        self.share.saturating_sub(busy)
    }

    /// How a piece of work ended; the rest that follows, if that was one failure too many.
    pub fn ended(&self, scope: &str, work: &str, health: &Health, now: Timestamp) -> Option<Rest> {
        let mut seen = self.lock();
        let why = match health {
            Health::Answers => {
                seen.failing.remove(scope);
                return None;
            }
            Health::Refuses => return None,
            Health::Fails { why } => why,
        };
        let failing = seen.failing.entry(scope.to_owned()).or_default();
        if failing.until.is_some_and(|until| now < until) {
            // Begun before the rest; it says nothing new.
            return None;
        }
        failing.work.insert(work.to_owned());
        if failing.rests == 0 && failing.work.len() < BREAKS_AT {
            return None;
        }
        failing.work.clear();
        failing.rests = failing.rests.saturating_add(1);
        let (first, longest) = self.rest;
        let until = later(now, retry::delay(failing.rests, first, longest, None, 0.5));
        failing.until = Some(until);
        Some(Rest { until, reason: format!("several calls in a row failed, the last: {why}") })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// Who is called.
    pub fn scope(&self) -> &str {
        &self.key.1
    }

    /// See [`Scopes::ended`].
    pub fn ended(&self, work: &str, health: &Health, now: Timestamp) -> Option<Rest> {
        self.scopes.ended(self.scope(), work, health, now)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut seen = self.scopes.lock();
        if let Some(calls) = seen.busy.get_mut(&self.key) {
            *calls -= 1;
            if *calls == 0 {
                seen.busy.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const LONGEST: Duration = Duration::from_mins(15);

    fn scopes() -> Arc<Scopes> {
        Scopes::new(8, FIRST, LONGEST)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn fails() -> Health {
        Health::Fails { why: "no answer in time".to_owned() }
    }

    #[test]
    fn one_scope_never_gets_all_workers() {
        let scopes = scopes();
        let room = |work| scopes.room(work, "slack", false);
        assert_eq!(room(Work::Deliveries), 6);
        let mut calls = vec![scopes.begin(Work::Deliveries, "slack"), scopes.begin(Work::Deals, "slack")];
        assert_eq!(
            (room(Work::Deliveries), room(Work::Deals)),
            (5, 5),
            "each kind of work has its own share"
        );
        calls.extend((0..5).map(|_| scopes.begin(Work::Deliveries, "slack")));
        assert_eq!((room(Work::Deliveries), scopes.room(Work::Deliveries, "hubspot:1", false)), (0, 6));
        drop(calls);
        assert_eq!(room(Work::Deliveries), 6);
    }

    #[test]
    fn every_number_of_workers_leaves_one_for_the_others_but_a_single_one() {
        for workers in 1..=64 {
            let share = Scopes::new(workers, FIRST, LONGEST).share;
            assert!(share >= 1 && (share < workers || workers == 1), "{workers} workers, share {share}");
        }
    }

    #[test]
    fn after_a_pause_one_call_finds_out() {
        let scopes = scopes();
        let room = |work| scopes.room(work, "slack", true);
        assert_eq!(room(Work::Deliveries), 1);
        let call = scopes.begin(Work::Deliveries, "slack");
        assert_eq!((room(Work::Deliveries), room(Work::Deals)), (0, 0), "for whatever work");
        drop(call);
        assert_eq!(room(Work::Deals), 1);
    }

    #[test]
    fn a_scope_rests_after_four_pieces_of_work_in_a_row_and_longer_every_time() {
        let scopes = scopes();
        let fails = |work: &str, now| scopes.ended("slack", work, &fails(), now).map(|rest| rest.until);
        assert_eq!(["a", "b", "c", "a", "b"].map(|work| fails(work, at(0))), [None; 5], "three, twice");
        let until = fails("d", at(0)).unwrap();
        assert!(until > at(0));
        assert_eq!(fails("e", at(1)), None, "begun before the rest");
        let mut rests = vec![until.duration_since(at(0))];
        let mut now = until;
        for _ in 0..12 {
            let next = fails("a", now).expect("one failed probe is enough");
            rests.push(next.duration_since(now));
            now = next;
        }
        assert!(rests.is_sorted() && rests[0] < rests[3], "{rests:?}");
        assert!(rests.iter().all(|rest| Duration::try_from(*rest).unwrap() <= LONGEST), "{rests:?}");
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let scopes = scopes();
        for round in 0..5 {
            for work in ["a", "b", "c"] {
                assert_eq!(scopes.ended("slack", work, &fails(), at(round)), None);
            }
            scopes.ended("slack", "d", &Health::Answers, at(round));
        }
    }

    #[test]
    fn one_piece_of_work_that_keeps_failing_rests_alone() {
        let scopes = scopes();
        for second in 0..100 {
            assert_eq!(scopes.ended("slack", "a", &fails(), at(second)), None);
        }
    }
}
