//! What is stuck, by cause: one thing to mend, and then everything that it stopped is sent again at once.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{OperationError, Operations};
use crate::store::StuckRow;
use handoff_core::record::DealKey;

/// The longest cause, in characters.
const LONGEST: usize = 200;

/// A word with so many digits names one deal, call or instant, and no cause.
const DIGITS: usize = 5;

/// Packets of a group that are replayed at once, so that their commits share the waits for the disk.
const AT_ONCE: usize = 64;

/// Everything that one cause stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StuckGroup {
    /// The name of the group: a hash of what follows but the ids.
    pub group: String,
    /// `deal`, `answer`, or the name of a destination.
    pub what: String,
    /// The account or `slack`; empty for answers.
    pub scope: String,
    /// `dead`, `held` or `refused`.
    pub state: String,
    pub cause: String,
    /// Packets, or keys of deals, newest first.
    pub ids: Vec<String>,
}

/// What became of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Packets and deals that are tried again.
    pub again: usize,
    /// Those that moved on in the meantime, or cannot be sent again.
    pub passed_over: usize,
}

impl StuckGroup {
    fn of((about, mut ids): ([String; 4], Vec<String>)) -> Self {
        let group = hex::encode(Sha256::digest(about.join("\n"))).chars().take(12).collect();
        // Several answers may be of one packet.
        let mut seen = HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        let [what, scope, state, cause] = about;
        Self { group, what, scope, state, cause, ids }
    }

    /// Whether [`Operations::replay_group`] does something about it.
    pub fn can_be_replayed(&self) -> bool {
        self.state != "refused"
    }
}

impl Operations {
    /// What is stuck, the largest group first.
    pub async fn stuck(&self) -> Result<Vec<StuckGroup>, OperationError> {
        let mut groups: BTreeMap<[String; 4], Vec<String>> = BTreeMap::new();
        for StuckRow { id, what, scope, state, error } in self.store.stuck().await? {
            groups.entry([what, scope, state, cause(error.as_deref())]).or_default().push(id);
        }
        let mut groups: Vec<StuckGroup> = groups.into_iter().map(StuckGroup::of).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.ids.len()));
        Ok(groups)
    }

    /// Sends again, or looks again at, everything in a group, as `handoff replay` does for one. What moved on in the
    /// meantime is passed over, and so is what cannot be sent again: it stops nothing else.
    ///
    /// # Errors
    ///
    /// Nothing is stuck for this cause any more, or the store does not answer.
    pub async fn replay_group(&self, name: &str, by: Option<&str>) -> Result<Replayed, OperationError> {
        let groups = self.stuck().await?;
        let group = groups.into_iter().find(|group| group.group == name && group.can_be_replayed());
        let group = group
            .ok_or_else(|| OperationError::NotFound("nothing is stuck for this cause any more".to_owned()))?;
        let StuckGroup { what, ids, .. } = group;
        let what = &what;
        let ends = stream::iter(ids).map(|id| async move { self.replay_one(what, &id, by).await });
        let mut ends = ends.buffer_unordered(AT_ONCE);
        let mut replayed = Replayed::default();
        while let Some(end) = ends.next().await {
            match end {
                Ok(true) => replayed.again += 1,
                Ok(false) | Err(OperationError::NotFound(_) | OperationError::Refused(_)) => {
                    replayed.passed_over += 1;
                }
                Err(error @ OperationError::Unreadable(_)) => {
                    tracing::warn!(%error, what, "passed over what cannot be sent again");
                    replayed.passed_over += 1;
                }
                Err(error @ OperationError::Store(_)) => return Err(error),
            }
        }
        Ok(replayed)
    }

    async fn replay_one(&self, what: &str, id: &str, by: Option<&str>) -> Result<bool, OperationError> {
        if let Ok(destination) = what.parse() {
            let Some(stored) = self.store.packet(id).await? else { return Ok(false) };
            return Ok(self.replay(&stored, Some(destination), by).await? > 0);
        }
        let Ok(deal) = id.parse::<DealKey>() else { return Ok(false) };
        Ok(self.store.replay_deal(&deal).await?)
    }
}

/// What an error says, without what is different each time.
fn cause(error: Option<&str>) -> String {
    let words = error.unwrap_or("no reason was recorded").split_whitespace();
    let named = words.map(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits >= DIGITS { "…" } else { word }
    });
    named.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_what_several_errors_have_in_common() {
        assert_eq!(
            cause(Some("400: no task on 301000000417 \n at 2026-11-20T08:00:00Z")),
            "400: no task on … at …"
        );
        assert_eq!(cause(Some("channel_not_found")), "channel_not_found");
        assert_eq!(cause(None), "no reason was recorded");
    }
}
