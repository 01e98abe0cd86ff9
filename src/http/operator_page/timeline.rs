//! What happened to a packet, step by step, with every attempt and what it was answered.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::time;
use crate::operations::{HistoryEntry, delivery_status};
use crate::store::{Attempt, StoredAnswer, StoredPacket, StoredRevision};
use handoff_core::packet::{Packet, PacketStatus};

/// One step.
pub(super) struct Step {
    at: Timestamp,
    what: String,
    /// Its details, a line each.
    notes: Vec<String>,
    is_bad: bool,
}

impl Step {
    fn new(at: Timestamp, what: impl Into<String>) -> Self {
        Self { at, what: what.into(), notes: Vec::new(), is_bad: false }
    }
}

/// From the win to the last thing that happened.
pub(super) fn steps(
    stored: &StoredPacket,
    history: &[HistoryEntry],
    revisions: &[StoredRevision],
    answers: &[StoredAnswer],
) -> Vec<Step> {
    let mut steps = vec![Step::new(stored.won_at, "won, says the CRM")];
    steps.extend(history.iter().map(|entry| match entry {
        HistoryEntry::Revision { number: 1, at, changes, .. } => {
            Step { notes: changes.clone(), ..Step::new(*at, "read from the CRM: the packet") }
        }
        HistoryEntry::Revision { number, at, through, changes } => {
            Step { notes: changes.clone(), ..Step::new(*at, format!("revision {number}: {through}")) }
        }
        HistoryEntry::Decision { at, what, notes } => {
            Step { notes: notes.clone(), ..Step::new(*at, what.clone()) }
        }
    }));
    for delivery in &stored.deliveries {
        let name = delivery_status::name(delivery);
        steps.extend(delivery.attempts.iter().map(|attempt| tried(&name, attempt)));
    }
    steps.extend(answers.iter().map(|one| {
        let by = &one.answer.by;
        let written = match &one.answer.target {
            Some(target) => format!("{} to {target}", one.state.as_str()),
            None => "kept beside the CRM".to_owned(),
        };
        let notes = [written].into_iter().chain(one.detail.clone()).collect();
        Step { notes, ..Step::new(by.at, format!("{} answered: {}", by.name, one.answer.topic)) }
    }));
    let is_complete = |revision: &&StoredRevision| {
        serde_json::from_str::<Packet>(&revision.packet)
            .is_ok_and(|packet| packet.status == PacketStatus::Complete)
    };
    steps.extend(revisions.iter().find(is_complete).map(|revision| Step::new(revision.at, "complete")));
    steps.sort_by_key(|step| step.at);
    steps
}

fn tried(name: &str, attempt: &Attempt) -> Step {
    let Attempt { at, outcome, duration_ms, error, next_at, .. } = attempt;
    // Nothing was called where a person decided.
    let what = match outcome.as_str() {
        "settled" => format!("{name}: settled"),
        outcome => format!("{name}: {outcome} in {duration_ms} ms"),
    };
    let next = next_at.map(|next| format!("next at {next}"));
    Step {
        notes: error.clone().into_iter().chain(next).collect(),
        is_bad: matches!(outcome.as_str(), "gave_up" | "unknown"),
        ..Step::new(*at, what)
    }
}

pub(super) fn draw(steps: &[Step]) -> Markup {
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { "What happened" }
            ol.timeline {
                @for step in steps {
                    li data-bad[step.is_bad] {
                        (time(step.at)) " " strong { (step.what) }
                        @for note in &step.notes { span.sub { (note) } }
                    }
                }
            }
        }
    }
}
