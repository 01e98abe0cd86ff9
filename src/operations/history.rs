//! What changed in a packet, when, and through what.

use jiff::Timestamp;

use crate::store::{StoredAct, StoredRevision};
use handoff_core::messages;
use handoff_core::packet::Packet;
use handoff_core::workbench::compare;

/// One step of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryEntry {
    /// It was made, or replaced by its next revision.
    Revision {
        number: i64,
        at: Timestamp,
        through: String,
        /// What a reader sees differently, a line each.
        changes: Vec<String>,
    },
    /// A person decided something.
    Decision {
        at: Timestamp,
        /// What, who and when.
        what: String,
        /// The day that was named, and why.
        notes: Vec<String>,
    },
}

/// Revisions and decisions in the order in which they happened. One that another version of the program wrote, and this
/// one cannot read, hides no other.
pub fn history(revisions: &[StoredRevision], acts: &[StoredAct]) -> Vec<HistoryEntry> {
    let mut acts = acts.iter().peekable();
    let mut before: Option<Packet> = None;
    let mut entries = Vec::new();
    for StoredRevision { revision, at, cause, packet } in revisions {
        while let Some(act) = acts.next_if(|act| act.at < *at) {
            entries.push(HistoryEntry::of(act));
        }
        let packet: Option<Packet> = serde_json::from_str(packet).ok();
        let changes = match (&before, &packet) {
            (Some(before), Some(packet)) => {
                compare::revisions(before, packet).into_iter().map(|change| change.to_string()).collect()
            }
            (_, None) => vec!["cannot be read by this version of the program".to_owned()],
            (None, Some(_)) => Vec::new(),
        };
        entries.push(HistoryEntry::Revision { number: *revision, at: *at, through: through(cause), changes });
        before = packet;
    }
    entries.extend(acts.map(HistoryEntry::of));
    entries
}

fn through(cause: &str) -> String {
    match cause {
        "won" => "the deal was won",
        "crm" => "the CRM changed",
        "mapping" => "the mapping changed",
        "answer" => "a person answered",
        "no_longer_won" => "the deal is no longer won",
        other => other,
    }
    .to_owned()
}

impl HistoryEntry {
    /// What a person decided, with day and reason.
    pub fn of(act: &StoredAct) -> Self {
        let what = format!("{}: {} ({}), {}", act.act.as_str(), act.name, act.user, act.at);
        let why = Some(messages::digest::why(act.reason, &act.detail)).filter(|why| !why.is_empty());
        let day = act.day.map(|day| day.to_string());
        Self::Decision { at: act.at, what, notes: [day, why].into_iter().flatten().collect() }
    }
}
