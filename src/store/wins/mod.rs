//! The list of wins: what was handed over, and what still needs work. [`filter`] says which, and where a page begins.

mod filter;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::Store;
use super::engine::{StoreError, from_millis, json, query};
use super::outbox::deliveries::{self, DeliveryState, StoredDelivery};
use filter::Rank;
pub use filter::{WinCursor, WinFilter};
use handoff_core::packet::{Addressee, DealSummary, Packet, PacketStatus};
use handoff_core::record::DealRecord;

statements! {
    /// Deliveries with work left, and the packets they are of, of those that are wanted.
    OPEN_PACKETS = ["
        SELECT p.packet_id, p.created_at, d.state, d.unknown
        FROM deliveries d JOIN packets p ON p.packet_id = d.packet_id
        WHERE d.state <> 'done' AND ", is_wanted];
    /// Packets behind a place in the list, newest first. The index `packets_listed` holds all that is looked at.
    DONE_PACKETS = ["
        SELECT p.packet_id, p.created_at FROM packets p
        WHERE (p.created_at, p.packet_id) < ($6, $7)
            AND ", is_wanted, " ORDER BY p.created_at DESC, p.packet_id DESC LIMIT $8"];
    PACKET_ROWS = ["
        SELECT p.packet_id, w.deal, w.won_at, p.created_at, p.packet, p.record
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        WHERE p.packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    OPEN_DEALS = "
        SELECT deal, state, attempts, due_at, last_error, heard_at
        FROM deals WHERE state <> 'idle' ORDER BY heard_at DESC";
}

/// Packets that are read at once.
const CHUNK: usize = 500;

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
    /// How many sections `filled` is of.
    pub required: usize,
    pub amount: Option<String>,
    pub currency: Option<String>,
    /// Who takes the handoff; `None` if the CRM names nobody, or the seller.
    pub owner: Option<String>,
    /// Whom open questions are for: the seller by name while the deal record is kept, else `seller`, and `revops`.
    pub asked: Vec<String>,
}

impl PacketSummary {
    fn of(packet: &str, record: &str) -> Option<Self> {
        let packet: Packet = serde_json::from_str(packet).ok()?;
        let required = packet.required();
        let Packet { deal, status, filled, owner, gaps, no_longer_won, .. } = packet;
        let record = serde_json::from_str::<DealRecord>(record).ok();
        let customer = record.as_ref().and_then(DealRecord::company_name);
        let seller = record.as_ref().and_then(|record| record.owner.as_ref()?.name());
        let is_asked =
            |whom: Addressee| !no_longer_won && gaps.iter().any(|gap| gap.counts() && gap.addressee == whom);
        let owner = owner.name.filter(|name| !owner.fallback && seller.as_ref() != Some(name));
        let asked = [
            (Addressee::Seller, seller.unwrap_or_else(|| Addressee::Seller.as_str().to_owned())),
            (Addressee::Revops, Addressee::Revops.as_str().to_owned()),
        ];
        let asked = asked.into_iter().filter(|(whom, _)| is_asked(*whom)).map(|(_, name)| name).collect();
        let DealSummary { name, amount, currency, .. } = deal;
        Some(Self { name, customer, status, filled, required, amount, currency, owner, asked })
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
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WinPage {
    pub wins: Vec<WinRow>,
    /// The place of the last win, if others follow.
    pub next: Option<WinCursor>,
}

/// A win and its place; its row is still to be read if it has a packet.
struct Listed {
    place: WinCursor,
    deal: Option<DealRow>,
}

impl Listed {
    fn new(rank: Rank, at: i64, id: String, deal: Option<DealRow>) -> Self {
        Self { place: WinCursor { rank, at: Reverse(at), id: Reverse(id) }, deal }
    }
}

/// Wins with work left.
struct OpenWins {
    /// Those that are wanted, in the order of the list.
    listed: Vec<Listed>,
    /// Every packet among them, in whatever state: those are not listed as done.
    packets: HashSet<String>,
}

impl Store {
    /// Wins that are wanted: first every one that needs a person, then every one with work left, then up to `limit` that
    /// are done. Deals without a packet stand before packets, each newest first.
    pub async fn wins(&self, limit: usize, wanted: &WinFilter) -> Result<Vec<WinRow>, StoreError> {
        self.list_the_rest().await?;
        let OpenWins { mut listed, packets } = self.open_wins(wanted).await?;
        listed.extend(self.done_packets(wanted, None, limit, &packets).await?);
        self.rows(listed).await
    }

    /// Up to `limit` wins behind a place in the same list.
    pub async fn win_page(
        &self,
        wanted: &WinFilter,
        after: Option<&WinCursor>,
        limit: usize,
    ) -> Result<WinPage, StoreError> {
        self.list_the_rest().await?;
        let OpenWins { listed, packets } = self.open_wins(wanted).await?;
        let follows = |one: &Listed| after.is_none_or(|after| one.place > *after);
        let mut listed: Vec<Listed> = listed.into_iter().filter(follows).take(limit + 1).collect();
        let room = limit + 1 - listed.len();
        listed.extend(self.done_packets(wanted, after, room, &packets).await?);
        let is_more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| is_more).map(|last| last.place.clone());
        Ok(WinPage { wins: self.rows(listed).await?, next })
    }

    async fn open_wins(&self, wanted: &WinFilter) -> Result<OpenWins, StoreError> {
        type OpenDeal = (String, String, i64, Option<i64>, Option<String>, i64);

        let deals: Vec<OpenDeal> = self.readers.all(query(OPEN_DEALS)).await?;
        let deals = deals.into_iter().map(deal_row).filter(|deal| wanted.wants_deal(deal)).map(|deal| {
            let rank = if deal.state == DealState::Dead { Rank::StuckDeal } else { Rank::OpenDeal };
            Listed::new(rank, deal.heard_at.as_millisecond(), deal.deal.clone(), Some(deal))
        });
        let mut listed: Vec<Listed> = deals.collect();
        let rows: Vec<(String, i64, String, i64)> = self.readers.all(wanted.bind(OPEN_PACKETS)).await?;
        let mut open: HashMap<String, (i64, Vec<&'static str>)> = HashMap::new();
        for (packet_id, created_at, state, unknown) in rows {
            let state = DeliveryState::of_row(&state, unknown != 0).as_str();
            open.entry(packet_id).or_insert((created_at, Vec::new())).1.push(state);
        }
        let packets = open.keys().cloned().collect();
        listed.extend(open.into_iter().filter(|(_, (_, states))| wanted.wants(states)).map(
            |(packet_id, (created_at, states))| {
                let is_stuck = states.iter().any(|state| matches!(*state, "dead" | "held"));
                let rank = if is_stuck { Rank::StuckPacket } else { Rank::OpenPacket };
                Listed::new(rank, created_at, packet_id, None)
            },
        ));
        listed.sort_by(|one, other| one.place.cmp(&other.place));
        Ok(OpenWins { listed, packets })
    }

    /// Packets that are not among the open ones, newest first, up to `limit`.
    async fn done_packets(
        &self,
        wanted: &WinFilter,
        after: Option<&WinCursor>,
        limit: usize,
        open: &HashSet<String>,
    ) -> Result<Vec<Listed>, StoreError> {
        let mut found: Vec<Listed> = Vec::new();
        let after = after.filter(|after| after.rank == Rank::Done);
        let mut after = after.map_or((i64::MAX, String::new()), |after| (after.at.0, after.id.0.clone()));
        while wanted.wants_done() && found.len() < limit {
            // The open ones among them are passed over, and may all be the newest.
            let room = (limit - found.len()).saturating_add(open.len()).min(CHUNK);
            let page = wanted.bind(DONE_PACKETS).bind(after.0).bind(&after.1);
            let page = page.bind(i64::try_from(room).unwrap_or(i64::MAX));
            let page: Vec<(String, i64)> = self.readers.all(page).await?;
            let Some((packet_id, created_at)) = page.last() else { break };
            after = (*created_at, packet_id.clone());
            let done = page.into_iter().filter(|(packet_id, _)| !open.contains(packet_id));
            found.extend(
                done.map(|(packet_id, created_at)| Listed::new(Rank::Done, created_at, packet_id, None)),
            );
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The rows of listed wins, in their order. A packet that was purged just now has none.
    async fn rows(&self, listed: Vec<Listed>) -> Result<Vec<WinRow>, StoreError> {
        type Columns = (String, String, i64, i64, String, String);

        let mut rows = Vec::with_capacity(listed.len());
        let mut listed = listed.into_iter();
        loop {
            let chunk: Vec<Listed> = listed.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(rows);
            }
            let packets = chunk.iter().filter(|one| one.deal.is_none());
            let ids = json(&packets.map(|one| (&one.place.id.0,)).collect::<Vec<_>>())?;
            let found: Vec<Columns> = self.readers.all(query(PACKET_ROWS).bind(&ids)).await?;
            let mut found: HashMap<String, Columns> =
                found.into_iter().map(|row| (row.0.clone(), row)).collect();
            let mut deliveries = deliveries::of_packets(&self.readers, &ids).await?;
            rows.extend(chunk.into_iter().filter_map(|one| {
                if let Some(deal) = one.deal {
                    return Some(WinRow::Deal(deal));
                }
                let (packet_id, deal, won_at, created_at, packet, record) = found.remove(&one.place.id.0)?;
                Some(WinRow::Packet(PacketRow {
                    deliveries: deliveries.remove(&packet_id).unwrap_or_default(),
                    summary: PacketSummary::of(&packet, &record),
                    packet_id,
                    deal,
                    won_at: from_millis(won_at),
                    created_at: from_millis(created_at),
                }))
            }));
        }
    }
}

fn deal_row(
    (deal, state, attempts, due_at, error, heard_at): (String, String, i64, Option<i64>, Option<String>, i64),
) -> DealRow {
    DealRow {
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
    }
}
