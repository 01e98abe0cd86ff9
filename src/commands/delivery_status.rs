//! How far a delivery is, and what somebody should do about it.

use crate::store::{DeliveryState, Destination, StoredDelivery};

/// The state in words.
pub(super) fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Unknown | DeliveryState::Held => "unknown outcome",
        known => known.as_str(),
    }
}

/// A delivery with where it goes: `slack_digest to C0123ABCD`.
pub(super) fn name(delivery: &StoredDelivery) -> String {
    let StoredDelivery { destination, channel, assignee, .. } = delivery;
    match (channel, assignee) {
        (Some(channel), _) => format!("{destination} to {channel}"),
        (None, Some(assignee)) => format!("{destination} for user {assignee}"),
        (None, None) => destination.to_string(),
    }
}

/// The next step, if there is one that a person takes or should know of; `looks_back` if Slack shows what was posted.
pub(super) fn advice(packet_id: &str, delivery: &StoredDelivery, looks_back: bool) -> Option<String> {
    let StoredDelivery { destination, state, next_at, .. } = delivery;
    let place = match destination {
        Destination::CrmTask => "on the deal",
        Destination::SlackDigest => "in the channel",
        Destination::SlackReply => "in the thread of the digest",
        Destination::SlackDm | Destination::SlackFallback => "in the direct messages",
        Destination::SlackReminder => "below the direct message",
    };
    let replay = format!("`handoff replay {packet_id} --only {destination}`");
    Some(match state {
        DeliveryState::Held => {
            let again = match destination {
                slack if *slack != Destination::CrmTask && !looks_back => {
                    format!("{replay} cannot look either: like `--not-done` it posts once more")
                }
                _ => format!("or let it be looked up once more with {replay}"),
            };
            format!(
                "{destination} is held: it may be {place}, and nobody could tell. Look there, then say \
                 `handoff settle {packet_id} {destination} --done` or `--not-done`; {again}"
            )
        }
        DeliveryState::Unknown => {
            let when = next_at.map(|at| format!(" at {at}")).unwrap_or_default();
            format!("{destination} may be {place}: that is looked up{when}, and nothing is sent before")
        }
        DeliveryState::Dead => format!(
            "{destination} was given up: mend what `handoff show {packet_id}` names, then say {replay}; it goes where \
             the mapping says by then"
        ),
        DeliveryState::Waiting | DeliveryState::Leased | DeliveryState::Done => return None,
    })
}
