//! The list of wins: what was handed over, and what still needs work.

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use super::engine::{StoreError, from_millis, query};
use super::outbox::deliveries::{self, StoredDelivery};

statements! {
    LATEST_PACKETS = "
        SELECT p.packet_id, w.deal, w.won_at, p.created_at, p.packet
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id ORDER BY p.created_at DESC LIMIT $1";
    OPEN_DEALS = "
        SELECT deal, state, attempts, due_at, last_error, heard_at
        FROM deals WHERE state <> 'idle' ORDER BY heard_at DESC LIMIT $1";
}

/// One line of `handoff list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WinRow {
    /// A deal that is still to be looked at, or that could not be.
    Deal(DealRow),
    /// A win that has its packet.
    Packet(PacketRow),
}

/// A deal that is still to be looked at, or that could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DealRow {
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    pub state: DealState,
    pub tries: u32,
    /// When it may next be worked on (while leased: when the lease ends).
    pub next_at: Option<Timestamp>,
    pub error: Option<String>,
    /// When the latest event about it arrived.
    pub heard_at: Timestamp,
}

/// How far a deal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DealState {
    /// It has not been read yet.
    Waiting,
    /// It could not be read; that is tried again.
    Retrying,
    Leased,
    /// Given up until somebody replays it or a new event arrives.
    Dead,
}

impl DealState {
    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Retrying => "retrying",
            Self::Leased => "leased",
            Self::Dead => "dead",
        }
    }
}

/// A win that has its packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PacketRow {
    /// See [`handoff_core::packet::Packet::packet_id`].
    pub packet_id: String,
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    pub won_at: Timestamp,
    pub created_at: Timestamp,
    /// The packet as JSON, for whoever prints its name and status.
    #[serde(skip)]
    pub packet: String,
    /// What became of each delivery, without attempts.
    pub deliveries: Vec<StoredDelivery>,
}

impl Store {
    /// Deals that still need work, then packets; each newest first, and up to `limit` of each.
    pub async fn wins(&self, limit: u32) -> Result<Vec<WinRow>, StoreError> {
        type OpenDeal = (String, String, i64, Option<i64>, Option<String>, i64);
        type Packet = (String, String, i64, i64, String);

        let open: Vec<OpenDeal> = self.readers.all(query(OPEN_DEALS).bind(limit)).await?;
        let deals = open.into_iter().map(|(deal, state, attempts, due_at, error, heard_at)| {
            WinRow::Deal(DealRow {
                deal,
                state: match state.as_str() {
                    "leased" => DealState::Leased,
                    "dead" => DealState::Dead,
                    _ if attempts > 0 => DealState::Retrying,
                    _ => DealState::Waiting,
                },
                tries: u32::try_from(attempts).unwrap_or(u32::MAX),
                next_at: due_at.map(from_millis),
                error,
                heard_at: from_millis(heard_at),
            })
        });

        let latest: Vec<Packet> = self.readers.all(query(LATEST_PACKETS).bind(limit)).await?;
        let mut deliveries = deliveries::of_latest_packets(&self.readers, limit).await?;
        let packets = latest.into_iter().map(|(packet_id, deal, won_at, created_at, packet)| {
            WinRow::Packet(PacketRow {
                deliveries: deliveries.remove(&packet_id).unwrap_or_default(),
                packet_id,
                deal,
                won_at: from_millis(won_at),
                created_at: from_millis(created_at),
                packet,
            })
        });
        Ok(deals.chain(packets).collect())
    }
}
