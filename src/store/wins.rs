//! The list of wins: what was handed over, and what still needs work.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use super::engine::{StoreError, from_millis, query};
use super::outbox::deliveries::{self, StoredDelivery};
use handoff_core::packet::{DealSummary, Packet, PacketStatus};
use handoff_core::record::DealRecord;

statements! {
    /// Packets with a delivery that is not done ($1 is 1), or all of them, older than one of them.
    PACKETS = "
        SELECT p.packet_id, w.deal, w.won_at, p.created_at, p.packet, p.record
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        WHERE (p.created_at < $2 OR (p.created_at = $2 AND p.packet_id < $3)) AND ($1 = 0
            OR EXISTS (SELECT 1 FROM deliveries d WHERE d.packet_id = p.packet_id AND d.state <> 'done'))
        ORDER BY p.created_at DESC, p.packet_id DESC LIMIT $4";
    OPEN_DEALS = "
        SELECT deal, state, attempts, due_at, last_error, heard_at
        FROM deals WHERE state <> 'idle' ORDER BY heard_at DESC";
}

/// Packets that are read at once.
const PAGE: u32 = 500;

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
    /// The packet in short; `None` if this program cannot read it.
    #[serde(flatten)]
    pub summary: Option<PacketSummary>,
    /// What became of each delivery, without attempts.
    pub deliveries: Vec<StoredDelivery>,
}

/// A packet in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PacketSummary {
    /// The deal's name.
    pub name: String,
    /// The company's name, while the deal record is kept.
    pub customer: Option<String>,
    pub status: PacketStatus,
    pub filled: usize,
    pub amount: Option<String>,
    pub currency: Option<String>,
}

impl PacketSummary {
    fn of(packet: &str, record: &str) -> Option<Self> {
        let Packet { deal, status, filled, .. } = serde_json::from_str(packet).ok()?;
        let record = serde_json::from_str::<DealRecord>(record).ok();
        let customer = record.and_then(|record| record.company_name());
        let DealSummary { name, amount, currency, .. } = deal;
        Some(Self { name, customer, status, filled, amount, currency })
    }
}

impl WinRow {
    /// `hubspot:48210077:301000000417`.
    pub fn deal(&self) -> &str {
        match self {
            Self::Deal(row) => &row.deal,
            Self::Packet(row) => &row.deal,
        }
    }

    pub fn packet_id(&self) -> Option<&str> {
        match self {
            Self::Deal(_) => None,
            Self::Packet(row) => Some(&row.packet_id),
        }
    }

    /// The state of the deal, or of each delivery.
    pub fn states(&self) -> Vec<&'static str> {
        match self {
            Self::Deal(row) => vec![row.state.as_str()],
            Self::Packet(row) => row.deliveries.iter().map(|delivery| delivery.state.as_str()).collect(),
        }
    }

    /// Whether it goes on only when a person decides.
    pub fn needs_a_person(&self) -> bool {
        self.states().iter().any(|state| matches!(*state, "dead" | "held"))
    }
}

impl Store {
    /// Wins for which `wanted` holds: first every one that needs a person, then every one with work left, then up to
    /// `limit` that are done. Deals without a packet stand before packets, each newest first.
    pub async fn wins(
        &self,
        limit: usize,
        wanted: impl Fn(&WinRow) -> bool + Send + Sync,
    ) -> Result<Vec<WinRow>, StoreError> {
        type OpenDeal = (String, String, i64, Option<i64>, Option<String>, i64);

        let open: Vec<OpenDeal> = self.readers.all(query(OPEN_DEALS)).await?;
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
        let mut wins: Vec<WinRow> = deals.filter(&wanted).collect();
        wins.extend(self.packets(true, usize::MAX, &wanted).await?);
        wins.sort_by_key(|win| !win.needs_a_person());
        // A packet whose work ends or begins between the two queries is listed once.
        let listed: HashSet<String> =
            wins.iter().filter_map(WinRow::packet_id).map(ToOwned::to_owned).collect();
        let others = |win: &WinRow| win.packet_id().is_none_or(|id| !listed.contains(id)) && wanted(win);
        wins.extend(self.packets(false, limit, others).await?);
        Ok(wins)
    }

    /// Packets with work left, or all of them, newest first, up to `limit`.
    async fn packets(
        &self,
        open: bool,
        limit: usize,
        wanted: impl Fn(&WinRow) -> bool + Send + Sync,
    ) -> Result<Vec<WinRow>, StoreError> {
        type Columns = (String, String, i64, i64, String, String);

        let (mut found, mut before) = (Vec::new(), (i64::MAX, String::new()));
        while found.len() < limit {
            let query = query(PACKETS).bind(open).bind(before.0).bind(&before.1).bind(PAGE);
            let page: Vec<Columns> = self.readers.all(query).await?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
            let mut deliveries = deliveries::of_packets(&self.readers, last.3, first.3).await?;
            before = (last.3, last.0.clone());
            let rows = page.into_iter().map(|(packet_id, deal, won_at, created_at, packet, record)| {
                WinRow::Packet(PacketRow {
                    deliveries: deliveries.remove(&packet_id).unwrap_or_default(),
                    summary: PacketSummary::of(&packet, &record),
                    packet_id,
                    deal,
                    won_at: from_millis(won_at),
                    created_at: from_millis(created_at),
                })
            });
            found.extend(rows.filter(|row| wanted(row)).take(limit - found.len()));
        }
        Ok(found)
    }
}
