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

use crate::clock::later;
use crate::delivery::backoff;
use crate::store::Pause;

/// Different pieces of work that have to fail in a row, with no success between them. One deal that the CRM
/// chokes on never gets there, and too little work to fill the workers does not need to.
const BREAKS_AT: usize = 4;

/// Which workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// Those that read deals.
    Deals,
    /// Those that deliver.
    Deliveries,
}

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

/// What may be claimed next.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// Scopes that get no worker now.
    pub without: Vec<String>,
    /// No more than this at once, or some scope could get more than its share.
    pub most: u32,
    /// Scopes that come out of a pause: one piece of work each finds out.
    pub probes: Vec<String>,
}

/// Counts who is being called and how that goes.
#[derive(Debug)]
pub struct Scopes {
    /// Workers of one pool that one scope may have.
    share: usize,
    /// The first rest, and the longest.
    rest: (Duration, Duration),
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    busy: BTreeMap<(Pool, String), usize>,
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
    key: (Pool, String),
}

impl Scopes {
    /// `workers` in each pool; rests last from `first` to `longest`.
    pub fn new(workers: usize, first: Duration, longest: Duration) -> Arc<Self> {
        // Three quarters: a lone account is hardly slowed down, and two dead ones still do not have everything
        // before their work rests.
        let share = workers.saturating_mul(3).div_ceil(4).min(workers.saturating_sub(1)).max(1);
        Arc::new(Self { share, rest: (first, longest.max(first)), seen: Mutex::default() })
    }

    /// A worker of a pool begins to call a scope.
    pub fn begin(self: &Arc<Self>, pool: Pool, scope: &str) -> Call {
        let key = (pool, scope.to_owned());
        *self.lock().busy.entry(key.clone()).or_default() += 1;
        Call { scopes: Arc::clone(self), key }
    }

    /// What a pool may claim. `pauses` are those of the store; one that has passed and is still there waits for
    /// a success.
    pub fn plan(&self, pool: Pool, pauses: &[Pause], now: Timestamp) -> Plan {
        let seen = self.lock();
        let passed = pauses.iter().filter(|pause| pause.until <= now).map(|pause| &pause.scope);
        let (mut without, mut probes) = (Vec::new(), Vec::new());
        for scope in passed {
            if !seen.busy.keys().any(|(_, busy)| busy == scope) {
                probes.push(scope.clone());
            }
            without.push(scope.clone());
        }
        let mut busiest = 0;
        for ((_, scope), calls) in seen.busy.iter().filter(|((at, _), _)| *at == pool) {
            if without.contains(scope) {
            } else if *calls >= self.share {
                without.push(scope.clone());
            } else {
                busiest = busiest.max(*calls);
            }
        }
        Plan { without, most: u32::try_from(self.share - busiest).unwrap_or(u32::MAX), probes }
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
        let until = later(now, backoff::delay(failing.rests, first, longest, None, 0.5));
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

    fn pause(scope: &str, until: i64) -> Pause {
        Pause { scope: scope.to_owned(), until: at(until), reason: String::new(), since: at(0) }
    }

    fn fails() -> Health {
        Health::Fails { why: "no answer in time".to_owned() }
    }

    #[test]
    fn one_scope_never_gets_all_workers() {
        let scopes = scopes();
        assert_eq!(scopes.plan(Pool::Deliveries, &[], at(0)).most, 6);
        let mut calls = vec![scopes.begin(Pool::Deliveries, "slack"), scopes.begin(Pool::Deals, "slack")];
        let plan = scopes.plan(Pool::Deliveries, &[], at(0));
        assert_eq!((plan.most, plan.without.len()), (5, 0));
        calls.extend((0..5).map(|_| scopes.begin(Pool::Deliveries, "slack")));
        let plan = scopes.plan(Pool::Deliveries, &[], at(0));
        assert_eq!((plan.most, plan.without), (6, vec!["slack".to_owned()]));
        assert!(scopes.plan(Pool::Deals, &[], at(0)).without.is_empty(), "the other pool has its own share");
        drop(calls);
        assert!(scopes.plan(Pool::Deliveries, &[], at(0)).without.is_empty());
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
        let pauses = [pause("slack", 60)];
        assert_eq!(scopes.plan(Pool::Deliveries, &pauses, at(59)).probes, Vec::<String>::new());
        let plan = scopes.plan(Pool::Deliveries, &pauses, at(60));
        assert_eq!((&plan.probes, &plan.without), (&vec!["slack".to_owned()], &vec!["slack".to_owned()]));
        let _probe = scopes.begin(Pool::Deliveries, "slack");
        let plan = scopes.plan(Pool::Deliveries, &pauses, at(60));
        assert_eq!((plan.probes.len(), plan.without), (0, vec!["slack".to_owned()]));
        assert!(scopes.plan(Pool::Deals, &pauses, at(60)).probes.is_empty(), "in whatever pool");
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
