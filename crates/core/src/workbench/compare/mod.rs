//! What changes from one mapping to another, in words: in the mapping itself, and for a deal.

mod mappings;
mod packets;

use std::fmt;

use serde::Serialize;

pub use mappings::{list, mappings, observation, writes};
pub use packets::{packets, revisions, roles};

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is about: a section, `roles`, `channel`.
    pub about: String,
    /// Whether something is gained, lost or different.
    pub kind: Kind,
    pub what: String,
}

/// Whether something is gained, lost or different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was not there.
    Gained,
    /// It is not there any more.
    Lost,
    /// It was something else.
    Changed,
}

impl Kind {
    /// How it is marked in a text.
    pub fn sign(self) -> char {
        match self {
            Self::Gained => '+',
            Self::Lost => '−',
            Self::Changed => '~',
        }
    }
}

impl fmt::Display for Change {
    /// `+ promises: reads deal.x`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.kind.sign(), self.about, self.what)
    }
}

#[derive(Debug, Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, about: &str, kind: Kind, what: impl Into<String>) {
        self.0.push(Change { about: about.to_owned(), kind, what: what.into() });
    }

    fn gained(&mut self, about: &str, what: impl Into<String>) {
        self.add(about, Kind::Gained, what);
    }

    fn lost(&mut self, about: &str, what: impl Into<String>) {
        self.add(about, Kind::Lost, what);
    }

    /// Says `new instead of old`, if they differ.
    fn replaced(&mut self, about: &str, old: &str, new: &str) {
        if old != new {
            self.add(about, Kind::Changed, format!("{new} instead of {old}"));
        }
    }

    /// Says what left a list and what came, and if neither, that the order is another.
    fn listed<T: PartialEq>(&mut self, about: &str, old: &[T], new: &[T], words: impl Fn(&T) -> String) {
        old.iter().filter(|one| !new.contains(one)).for_each(|one| self.lost(about, words(one)));
        new.iter().filter(|one| !old.contains(one)).for_each(|one| self.gained(about, words(one)));
        let same = old.len() == new.len() && old.iter().all(|one| new.contains(one));
        if same && old != new {
            let order = new.iter().map(words).collect::<Vec<_>>().join(", then ");
            self.add(about, Kind::Changed, format!("another order: {order}"));
        }
    }
}

#[cfg(test)]
mod tests;
