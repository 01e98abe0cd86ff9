//! What is stuck, by cause: one thing to mend, and then everything that it stopped is sent again at once.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{OperationError, Operations};
use crate::store::StuckRow;
use handoff_core::record::DealKey;

/// The longest cause, in characters.
const LONGEST: usize = 200;

/// A word with so many digits names one deal, call or instant, and no cause.
const DIGITS: usize = 5;

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

impl StuckGroup {
    /// Whether [`Operations::replay_group`] does something about it.
    pub fn can_be_replayed(&self) -> bool {
        self.state != "refused"
    }
}

impl Operations {
    /// What is stuck, the largest group first.
    pub async fn stuck(&self) -> Result<Vec<StuckGroup>, OperationError> {
        let mut groups: BTreeMap<String, StuckGroup> = BTreeMap::new();
        for StuckRow { id, what, scope, state, error } in self.store.stuck().await? {
            let cause = cause(error.as_deref());
            let name = hex::encode(Sha256::digest(format!("{what}\n{scope}\n{state}\n{cause}")));
            let name = name.get(..12).unwrap_or_default().to_owned();
            let empty = || StuckGroup { group: name.clone(), what, scope, state, cause, ids: Vec::new() };
            let group = groups.entry(name.clone()).or_insert_with(empty);
            if !group.ids.contains(&id) {
                group.ids.push(id);
            }
        }
        let mut groups: Vec<StuckGroup> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.ids.len()));
        Ok(groups)
    }

    /// Sends again, or looks again at, everything in a group, as `handoff replay` does for one; returns how many. What
    /// moved on in the meantime is passed over.
    ///
    /// # Errors
    ///
    /// Nothing is stuck for this cause any more.
    pub async fn replay_group(&self, name: &str, by: Option<&str>) -> Result<usize, OperationError> {
        let groups = self.stuck().await?;
        let group = groups.into_iter().find(|group| group.group == name && group.can_be_replayed());
        let group = group
            .ok_or_else(|| OperationError::NotFound("nothing is stuck for this cause any more".to_owned()))?;
        let mut replayed = 0;
        for id in &group.ids {
            if let Ok(destination) = group.what.parse() {
                let Some(stored) = self.store.packet(id).await? else { continue };
                match self.replay(&stored, Some(destination), by).await {
                    Ok(count) => replayed += count,
                    Err(OperationError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            } else if let Ok(deal) = id.parse::<DealKey>() {
                replayed += usize::from(self.store.replay_deal(&deal).await?);
            }
        }
        Ok(replayed)
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
