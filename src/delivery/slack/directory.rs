//! Who has which Slack user id, remembered for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, later};

/// How long a found person is remembered.
const FOUND: Duration = Duration::from_hours(24);

/// How long it is remembered that there is no such person.
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
pub struct Directory {
    clock: Clock,
    known: Mutex<HashMap<String, Known>>,
}

struct Known {
    person: Person,
    until: Timestamp,
}

impl Directory {
    /// An empty directory.
    pub fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::default() }
    }

    /// Who an address belongs to, as far as that is remembered.
    pub fn recall(&self, email: &str) -> Option<Person> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(email).filter(|known| known.until > self.clock.now()).map(|known| known.person.clone())
    }

    /// Remembers a person for a day, or for an hour that there is none.
    pub fn remember(&self, email: String, person: Person) {
        let now = self.clock.now();
        let until = later(now, if person == Person::Nobody { NOT_FOUND } else { FOUND });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.until > now);
        known.insert(email, Known { person, until });
    }
}
