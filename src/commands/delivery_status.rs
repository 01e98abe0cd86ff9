//! How far a delivery is, and what somebody should do about it.

use crate::store::{DeliveryState, Destination, StoredDelivery};

/// The state in words.
pub(super) fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Unknown | DeliveryState::Held => "unknown outcome",
        known => known.as_str(),
    }
}

/// The next step, if there is one that a person takes or should know of.
pub(super) fn advice(packet_id: &str, delivery: &StoredDelivery) -> Option<String> {
    let StoredDelivery { destination, state, next_at, .. } = delivery;
    let place = match destination {
        Destination::CrmTask => "on the deal",
        Destination::SlackDigest => "in the channel",
    };
    Some(match state {
        DeliveryState::Held => format!(
            "{destination} is held: it may be {place}, and nobody could tell. Look there, then say \
             `handoff settle {packet_id} {destination} --done` or `--not-done`; or let it be looked up once more \
             with `handoff replay {packet_id} --only {destination}`"
        ),
        DeliveryState::Unknown => {
            let when = next_at.map(|at| format!(" at {at}")).unwrap_or_default();
            format!("{destination} may be {place}: that is looked up{when}, and nothing is sent before")
        }
        DeliveryState::Dead => format!(
            "{destination} was given up: mend what `handoff show {packet_id}` names, then say \
             `handoff replay {packet_id} --only {destination}`"
        ),
        DeliveryState::Waiting | DeliveryState::Leased | DeliveryState::Done => return None,
    })
}
