//! What a CRM told us a while ago and rarely changes: stages, users, field metadata.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// What was fetched longer ago is of no use to anybody: a colleague who left long ago takes no memory.
const LONGEST: Duration = Duration::from_hours(24);

/// Values by key, each with the time it was fetched, by [`Clock::elapsed`].
pub(crate) struct Cache<V> {
    clock: Clock,
    kept: Mutex<HashMap<String, (Duration, V)>>,
}

impl<V: Clone> Cache<V> {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// The value, if it was put less than `max_age` ago.
    pub(crate) fn get(&self, key: &str, max_age: Duration) -> Option<V> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, value) = kept.get(key)?;
        (self.clock.elapsed() < *since + max_age).then(|| value.clone())
    }

    pub(crate) fn put(&self, key: &str, value: V) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        kept.retain(|_, (since, _)| now < *since + LONGEST);
        kept.insert(key.to_owned(), (now, value));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn values_that_nobody_fetches_any_more_are_forgotten() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let cache = Cache::new(clock.clone());
        for hour in 0..1_000 {
            cache.put(&hour.to_string(), hour);
            clock.advance(Duration::from_hours(1));
        }
        assert_eq!(cache.kept.lock().unwrap().len(), 24);
    }

    #[test]
    fn a_value_is_kept_until_its_age_is_reached() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let cache = Cache::new(clock.clone());
        let hour = Duration::from_hours(1);
        assert_eq!(cache.get("a", hour), None);
        cache.put("a", 1);
        clock.advance(Duration::from_mins(59));
        assert_eq!(cache.get("a", hour), Some(1));
        assert_eq!(cache.get("a", Duration::from_mins(10)), None);
        clock.advance(Duration::from_mins(1));
        assert_eq!(cache.get("a", hour), None);
        cache.put("a", 2);
        assert_eq!(cache.get("a", hour), Some(2));
    }
}
