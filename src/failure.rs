//! How a call to a CRM or to Slack failed, named where the call is made.

use std::time::Duration;

use jiff::Timestamp;

/// A failed call, by what to do about it. The text is for the operator: it never holds a token, a
/// payload or CRM text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.why())]
pub enum Failure {
    /// Nothing happened on the other side; the same call may work later.
    Retry {
        why: String,
        /// How long the other side asked us to wait, if it said so.
        after: Option<Duration>,
    },
    /// The same call will fail again: somebody has to change something first.
    GiveUp {
        /// What went wrong, and what to change.
        why: String,
    },
    /// Every call to this account (or to Slack) will fail until `until`: hold them all.
    Pause {
        /// What went wrong, and what to change.
        why: String,
        /// When one call may try again; `None` leaves it to the configured pause.
        until: Option<Timestamp>,
    },
    /// The other side may or may not have done the work (timeout, 5xx, dropped connection).
    /// Only a write can fail like this; it must be read back before it is repeated.
    Unknown { why: String },
}

impl Failure {
    /// A transient failure without a wish for when to come back.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { why: why.into(), after: None }
    }

    pub fn give_up(why: impl Into<String>) -> Self {
        Self::GiveUp { why: why.into() }
    }

    /// A failure after which nobody knows whether the write happened.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// The text for the operator.
    pub fn why(&self) -> &str {
        match self {
            Self::Retry { why, .. }
            | Self::GiveUp { why }
            | Self::Pause { why, .. }
            | Self::Unknown { why } => why,
        }
    }
}
