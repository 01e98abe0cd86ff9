//! What people and workers ask about deliveries: how far they are, where the thing is, what was tried.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::Store;
use crate::store::engine::{DatabaseError, Readers, StoreError, from_millis, query};
use handoff_core::packet::{DigestParams, TaskParams};

statements! {
    OF_PACKET = "
        SELECT packet_id, destination, state, attempts, due_at, unknown, external_id, url, order_json
        FROM deliveries WHERE packet_id = $1 ORDER BY destination";
    OF_PACKETS = ["
        SELECT d.packet_id, d.destination, d.state, d.attempts, d.due_at, d.unknown, d.external_id, d.url, d.order_json
        FROM deliveries d WHERE d.packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e) ORDER BY d.destination"];
    /// By epoch: it orders the tries whatever the clocks of those who made them.
    ATTEMPTS = "
        SELECT began_at, destination, outcome, duration_ms, error, next_at
        FROM attempts WHERE packet_id = $1 ORDER BY destination, epoch";
    ASKED_AT = "
        SELECT MIN(CASE WHEN destination = $2 THEN began_at END), MIN(CASE WHEN destination = $3 THEN began_at END)
        FROM attempts WHERE packet_id = $1 AND outcome IN ('delivered', 'found')";
    PLACE = "SELECT state, external_id, frozen FROM deliveries WHERE packet_id = $1 AND destination = $2";
    FROZEN = "SELECT frozen FROM deliveries WHERE packet_id = $1 AND destination = $2 AND frozen IS NOT NULL";
    EXTERNAL = "
        SELECT COALESCE(external_id, url), url FROM deliveries
        WHERE packet_id = $1 AND destination = $2 AND (external_id IS NOT NULL OR url IS NOT NULL)";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// A task on the deal in the CRM.
    CrmTask,
    /// A message in a Slack channel.
    SlackDigest,
    /// A reply in the thread of that message.
    SlackReply,
    /// A reply in the thread of the digest: the handoff was sent back.
    SlackSentBack,
    /// A direct message to the person who can answer.
    SlackDm,
    /// A reply in the thread of that message: the one reminder.
    SlackReminder,
    /// A direct message to the fallback, when no answer came.
    SlackFallback,
    /// A direct message to the owner, on the day of first value.
    SlackFirstValue,
}

impl Destination {
    pub const ALL: [Self; 8] = [
        Self::CrmTask,
        Self::SlackDigest,
        Self::SlackReply,
        Self::SlackSentBack,
        Self::SlackDm,
        Self::SlackReminder,
        Self::SlackFallback,
        Self::SlackFirstValue,
    ];

    /// The name used in the store, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrmTask => "crm_task",
            Self::SlackDigest => "slack_digest",
            Self::SlackReply => "slack_reply",
            Self::SlackSentBack => "slack_sent_back",
            Self::SlackDm => "slack_dm",
            Self::SlackReminder => "slack_reminder",
            Self::SlackFallback => "slack_fallback",
            Self::SlackFirstValue => "slack_first_value",
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

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Due now or later.
    Waiting,
    Leased,
    /// A try ended in a way nobody knows; it will be read back.
    Unknown,
    /// It may be there and cannot be read back: an operator decides.
    Held,
    Done,
    /// Given up until somebody replays it.
    Dead,
}

impl DeliveryState {
    /// The name used in JSON, metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }

    pub(in crate::store) fn of_row(state: &str, unknown: bool) -> Self {
        match state {
            "leased" => Self::Leased,
            "held" => Self::Held,
            "done" => Self::Done,
            "dead" => Self::Dead,
            _ if unknown => Self::Unknown,
            _ => Self::Waiting,
        }
    }
}

/// One try of a delivery, appended and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    pub at: Timestamp,
    pub destination: Destination,
    /// `delivered`, `found` (by read-back), `absent`, `retry`, `unknown`, `gave_up`, `paused`, `settled` (by an
    /// operator).
    pub outcome: String,
    pub duration_ms: i64,
    /// What went wrong, or what the operator decided.
    pub error: Option<String>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
}

/// One delivery of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredDelivery {
    pub destination: Destination,
    pub state: DeliveryState,
    /// Tries since it was made or replayed.
    pub tries: u32,
    /// When it may next be worked on (while leased: when the lease ends).
    pub next_at: Option<Timestamp>,
    /// The other side's id of it (task id; Slack `channel/ts`).
    pub external_id: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// The channel of a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who gets a task: the CRM's id of the user, or the address by which the user is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Its parameters as JSON, as they were planned.
    #[serde(skip)]
    pub order: String,
    /// Every try, oldest first. Empty in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// The thread of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thread {
    Of {
        channel: String,
        ts: String,
    },
    /// The message is still to be posted, or edited.
    NotYet,
    /// There is no such message, or it can never be edited again.
    None,
}

impl Store {
    /// Where the thing that was delivered is: its id on the other side, and its address.
    pub async fn external(
        &self,
        packet_id: &str,
        destination: Destination,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        let query = query(EXTERNAL).bind(packet_id).bind(destination.as_str());
        Ok(self.readers.optional(query).await?)
    }

    /// When a packet's questions were asked: in a direct message, else by the digest.
    pub async fn asked_at(&self, packet_id: &str) -> Result<Option<Timestamp>, StoreError> {
        let [dm, digest] = [Destination::SlackDm, Destination::SlackDigest].map(Destination::as_str);
        let asked = query(ASKED_AT).bind(packet_id).bind(dm).bind(digest);
        let (dm, digest): (Option<i64>, Option<i64>) = self.readers.one(asked).await?;
        Ok(dm.or(digest).map(from_millis))
    }

    /// Where a message is that shows its newest revision, in whose thread something can be said.
    pub async fn thread(&self, packet_id: &str, destination: Destination) -> Result<Thread, StoreError> {
        let query = query(PLACE).bind(packet_id).bind(destination.as_str());
        let found: Option<(String, Option<String>, Option<String>)> = self.readers.optional(query).await?;
        Ok(match found {
            Some((state, ..)) if state == "waiting" || state == "leased" => Thread::NotYet,
            // The id of what an incoming webhook posted names no message.
            Some((_, Some(id), None)) => match id.split_once('/') {
                Some((channel, ts)) => Thread::Of { channel: channel.to_owned(), ts: ts.to_owned() },
                None => Thread::None,
            },
            _ => Thread::None,
        })
    }

    /// Why a delivery can never be edited again; `None` while it can.
    pub async fn frozen(
        &self,
        packet_id: &str,
        destination: Destination,
    ) -> Result<Option<String>, StoreError> {
        let query = query(FROZEN).bind(packet_id).bind(destination.as_str());
        let found: Option<(String,)> = self.readers.optional(query).await?;
        Ok(found.map(|(why,)| why))
    }
}

/// Packet, destination, state, attempts, due at, unknown, external id, URL, order.
type DeliveryRow = (String, String, String, i64, Option<i64>, i64, Option<String>, Option<String>, String);

/// The deliveries of one packet with every attempt.
pub(in crate::store) async fn of_packet(
    readers: &Readers,
    packet_id: &str,
) -> Result<Vec<StoredDelivery>, DatabaseError> {
    type AttemptRow = (i64, String, String, i64, Option<String>, Option<i64>);

    let rows: Vec<DeliveryRow> = readers.all(query(OF_PACKET).bind(packet_id)).await?;
    let mut deliveries: Vec<StoredDelivery> = rows.into_iter().filter_map(read_delivery).collect();
    let attempts: Vec<AttemptRow> = readers.all(query(ATTEMPTS).bind(packet_id)).await?;
    for (at, destination, outcome, duration_ms, error, next_at) in attempts {
        let of_same = |delivery: &&mut StoredDelivery| delivery.destination.as_str() == destination;
        if let Some(delivery) = deliveries.iter_mut().find(of_same) {
            let (at, next_at, destination) =
                (from_millis(at), next_at.map(from_millis), delivery.destination);
            delivery.attempts.push(Attempt { at, destination, outcome, duration_ms, error, next_at });
        }
    }
    Ok(deliveries)
}

/// The deliveries of packets by packet id, without attempts. `ids` is a JSON array of rows.
pub(in crate::store) async fn of_packets(
    readers: &Readers,
    ids: &str,
) -> Result<HashMap<String, Vec<StoredDelivery>>, DatabaseError> {
    let rows: Vec<DeliveryRow> = readers.all(query(OF_PACKETS).bind(ids)).await?;
    let mut by_packet: HashMap<String, Vec<StoredDelivery>> = HashMap::new();
    for row in rows {
        by_packet.entry(row.0.clone()).or_default().extend(read_delivery(row));
    }
    Ok(by_packet)
}

/// `None` for a destination that only a newer program knows.
fn read_delivery(row: DeliveryRow) -> Option<StoredDelivery> {
    let (_, destination, state, attempts, due_at, unknown, external_id, url, order) = row;
    let (task, digest) =
        (serde_json::from_str::<TaskParams>(&order), serde_json::from_str::<DigestParams>(&order));
    Some(StoredDelivery {
        destination: destination.parse().ok()?,
        state: DeliveryState::of_row(&state, unknown != 0),
        tries: attempts.try_into().unwrap_or(u32::MAX),
        next_at: due_at.map(from_millis),
        external_id,
        url,
        channel: digest.ok().map(|digest| digest.channel),
        assignee: task.ok().and_then(|task| task.known_assignee().map(ToOwned::to_owned)),
        order,
        attempts: Vec::new(),
    })
}
