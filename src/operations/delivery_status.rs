//! How far a delivery is, and what the operator should do about it.

use crate::store::{DeliveryState, Destination, StoredDelivery};

/// The state in words.
pub fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Unknown | DeliveryState::Held => "unknown outcome",
        known => known.as_str(),
    }
}

/// A delivery with where it goes: `slack_digest to C0123ABCD`.
pub fn name(delivery: &StoredDelivery) -> String {
    let StoredDelivery { destination, channel, assignee, .. } = delivery;
    match (channel, assignee) {
        (Some(channel), _) => format!("{destination} to {channel}"),
        (None, Some(assignee)) => format!("{destination} for user {assignee}"),
        (None, None) => destination.to_string(),
    }
}

/// The next step, if there is one that the operator takes or should know of; `looks_back` if Slack shows what was posted,
/// which an incoming webhook never does.
pub fn advice(packet_id: &str, delivery: &StoredDelivery, looks_back: bool) -> Option<String> {
    let StoredDelivery { destination, state, next_at, .. } = delivery;
    let place = match destination {
        Destination::CrmTask => "on the deal",
        Destination::SlackDigest => "in the channel",
        Destination::SlackReply | Destination::SlackSentBack => "in the thread of the digest",
        Destination::SlackDm | Destination::SlackFallback | Destination::SlackFirstValue => {
            "in the direct messages"
        }
        Destination::SlackReminder => "below the direct message",
    };
    let replay = format!("`handoff replay {packet_id} --only {destination}`");
    let when = next_at.map(|at| format!(" at {at}")).unwrap_or_default();
    let sender = match destination {
        Destination::CrmTask => Sender::Crm,
        _ if looks_back => Sender::Bot,
        Destination::SlackDigest => Sender::Webhook,
        _ => Sender::Missing,
    };
    Some(match state {
        DeliveryState::Held => {
            let again = match sender {
                Sender::Crm | Sender::Bot => format!("or let it be looked up once more with {replay}"),
                Sender::Webhook => {
                    format!("{replay} cannot look either: like `--not-done` it posts once more")
                }
                Sender::Missing => "an incoming webhook cannot send it again: only a bot can".to_owned(),
            };
            format!(
                "{destination} is held: it may be {place}, and nobody could tell. Look there, then say \
                 `handoff settle {packet_id} {destination} --done` or `--not-done`; {again}"
            )
        }
        DeliveryState::Unknown => match sender {
            Sender::Crm | Sender::Bot => {
                format!("{destination} may be {place}: that is looked up{when}, and nothing is sent before")
            }
            Sender::Webhook | Sender::Missing => format!(
                "{destination} may be {place}: an incoming webhook cannot look, so it is held{when}, and nothing is sent"
            ),
        },
        DeliveryState::Dead => {
            let again = match (sender, destination) {
                (Sender::Crm, _) => format!("then say {replay}; it is for whom the mapping names by then"),
                (Sender::Bot, Destination::SlackDigest) => {
                    format!("then say {replay}; it goes where the mapping says by then")
                }
                (Sender::Bot, _) => format!("then say {replay}"),
                (Sender::Webhook, _) => {
                    format!("then say {replay}; it goes to the channel of the incoming webhook")
                }
                (Sender::Missing, _) => {
                    "and give [slack] a bot token: an incoming webhook cannot send it".to_owned()
                }
            };
            format!("{destination} was given up: mend what `handoff show {packet_id}` names, {again}")
        }
        DeliveryState::Waiting | DeliveryState::Leased | DeliveryState::Done => return None,
    })
}

/// What would send a delivery again, as the configuration is now.
#[derive(Clone, Copy)]
enum Sender {
    Crm,
    Bot,
    Webhook,
    /// It was a bot's, and an incoming webhook is all there is.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = "pkt_5e754abb7765";

    fn advised(destination: Destination, state: DeliveryState, looks_back: bool) -> String {
        let next_at = Some("2026-12-01T09:30:00Z".parse().unwrap());
        let delivery = StoredDelivery {
            destination,
            state,
            tries: 3,
            next_at,
            external_id: None,
            url: None,
            channel: None,
            assignee: None,
            order: "{}".to_owned(),
            attempts: Vec::new(),
        };
        advice(PACKET, &delivery, looks_back).unwrap()
    }

    #[test]
    fn advice_fits_what_sends() {
        use DeliveryState::{Dead, Held, Unknown};
        use Destination::{CrmTask, SlackDigest, SlackDm, SlackReply};
        let advised: Vec<String> = [
            (SlackDigest, Held, false),
            (SlackDigest, Unknown, false),
            (SlackDigest, Dead, false),
            (SlackDigest, Dead, true),
            (SlackReply, Dead, true),
            (SlackDm, Held, false),
            (SlackReply, Dead, false),
            (CrmTask, Held, false),
            (CrmTask, Dead, false),
        ]
        .map(|(destination, state, looks_back)| advised(destination, state, looks_back))
        .into();
        insta::assert_snapshot!(advised.join("\n"), @r"
        slack_digest is held: it may be in the channel, and nobody could tell. Look there, then say `handoff settle pkt_5e754abb7765 slack_digest --done` or `--not-done`; `handoff replay pkt_5e754abb7765 --only slack_digest` cannot look either: like `--not-done` it posts once more
        slack_digest may be in the channel: an incoming webhook cannot look, so it is held at 2026-12-01T09:30:00Z, and nothing is sent
        slack_digest was given up: mend what `handoff show pkt_5e754abb7765` names, then say `handoff replay pkt_5e754abb7765 --only slack_digest`; it goes to the channel of the incoming webhook
        slack_digest was given up: mend what `handoff show pkt_5e754abb7765` names, then say `handoff replay pkt_5e754abb7765 --only slack_digest`; it goes where the mapping says by then
        slack_reply was given up: mend what `handoff show pkt_5e754abb7765` names, then say `handoff replay pkt_5e754abb7765 --only slack_reply`
        slack_dm is held: it may be in the direct messages, and nobody could tell. Look there, then say `handoff settle pkt_5e754abb7765 slack_dm --done` or `--not-done`; an incoming webhook cannot send it again: only a bot can
        slack_reply was given up: mend what `handoff show pkt_5e754abb7765` names, and give [slack] a bot token: an incoming webhook cannot send it
        crm_task is held: it may be on the deal, and nobody could tell. Look there, then say `handoff settle pkt_5e754abb7765 crm_task --done` or `--not-done`; or let it be looked up once more with `handoff replay pkt_5e754abb7765 --only crm_task`
        crm_task was given up: mend what `handoff show pkt_5e754abb7765` names, then say `handoff replay pkt_5e754abb7765 --only crm_task`; it is for whom the mapping names by then
        ");
    }
}
