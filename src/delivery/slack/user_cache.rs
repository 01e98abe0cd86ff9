//! Slack user ids by e-mail address, kept for a while.

use std::time::Duration;

use crate::clock::Clock;
use crate::crm::Cache;

/// How long a found user is kept.
const FOUND: Duration = Duration::from_hours(24);

/// How long it is kept that nobody has an address.
const NOT_FOUND: Duration = Duration::from_hours(1);

/// Who an e-mail address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// A user, by id.
    User(String),
    /// Nobody in this workspace.
    Nobody,
}

impl Person {
    /// The user's id.
    pub fn id(self) -> Option<String> {
        match self {
            Self::User(id) => Some(id),
            Self::Nobody => None,
        }
    }
}

/// E-mail addresses that were looked up.
pub struct UserCache(Cache<Person>);

impl UserCache {
    /// An empty cache.
    pub fn new(clock: Clock) -> Self {
        Self(Cache::new(clock))
    }

    /// Who an address belongs to, as far as that is known.
    pub fn get(&self, email: &str) -> Option<Person> {
        self.0
            .get(email, FOUND)
            .filter(|person| *person != Person::Nobody)
            .or_else(|| self.0.get(email, NOT_FOUND))
    }

    /// Keeps what a lookup found.
    pub fn put(&self, email: &str, person: Person) {
        self.0.put(email, person);
    }
}
