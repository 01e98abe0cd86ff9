//! What goes out: a task on the deal and a digest in Slack, once each per packet.
//!
//! [`worker`] takes outbox rows one by one; [`task`] and [`slack`] write the text of their destination from
//! our own words and the packet; [`backoff`] says when to try again. An attempt of unknown outcome is
//! read back before it is repeated.

pub mod backoff;
mod deadline;
mod excerpt;
mod headline;
mod lines;
pub mod slack;
pub mod task;
pub mod worker;

#[cfg(test)]
mod example;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a delivery goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// A task on the deal in the CRM.
    CrmTask,
    /// A message in a Slack channel.
    SlackDigest,
}

impl Destination {
    /// Both.
    pub const ALL: [Self; 2] = [Self::CrmTask, Self::SlackDigest];

    /// The name used in the store, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrmTask => "crm_task",
            Self::SlackDigest => "slack_digest",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Destination {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|destination| destination.as_str() == text).ok_or(())
    }
}
