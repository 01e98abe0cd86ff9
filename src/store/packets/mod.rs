//! Packets, one per win, and what people and workers ask about them.

pub mod answers;
pub mod assessments;
pub mod dismissals;
pub mod first_values;
pub mod follows;
pub mod revisions;
pub mod writes;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::answers::{StoredAct, StoredAnswer};
use self::dismissals::Dismissal;
use self::follows::FollowConfig;
use self::revisions::Revision;
use crate::store::engine::{DatabaseError, StoreError, Tx, from_millis, query};
use crate::store::outbox::deliveries::{self, Destination, StoredDelivery};
use crate::store::{Store, outbox};
use handoff_core::packet::{Assessment, GapState, Packet};
use handoff_core::record::{DealKey, WinKey};

statements! {
    INSERT_WIN = "
        INSERT INTO wins (win, packet_id, deal, won_at, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (win) DO NOTHING";
    INSERT_PACKET = "
        INSERT INTO packets (packet_id, created_at, packet, record, assessed, deal, name, customer)
        VALUES ($1, $2, $3, $4, 1, $5, $6, $7)";
    PACKET_OF_WIN = "SELECT packet_id FROM wins WHERE win = $1";
    LATEST_OF_DEAL = "
        SELECT packet_id, won_at, created_at FROM wins WHERE deal = $1 ORDER BY won_at DESC LIMIT 1";
    ONE_PACKET = "
        SELECT p.packet_id, w.deal, w.won_at, p.created_at, p.packet, p.record, p.record_deleted_at, p.revision
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id WHERE p.packet_id = $1";
    PAYLOAD = "SELECT packet, record, record_deleted_at FROM packets WHERE packet_id = $1";
}

/// A packet and what it sets in motion, committed in one transaction.
#[derive(Debug, Clone)]
pub struct NewPacket {
    /// See [`handoff_core::packet::Packet::packet_id`].
    pub packet_id: String,
    pub win: WinKey,
    /// The packet as JSON.
    pub packet: String,
    /// The deal record it was made from, as JSON.
    pub record: String,
    pub assessment: Assessment,
    /// One row each: destination, its order as JSON, first due.
    pub deliveries: Vec<(Destination, String, Timestamp)>,
    /// How the deal is looked at again, and the ids of the contacts on it; `None` if nothing is open.
    pub follow: Option<(FollowConfig, Vec<String>)>,
    /// Earlier packets of the deal that are open: this is another win.
    pub withdraws: Vec<Revision>,
}

/// A packet with everything that is kept about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPacket {
    /// See [`handoff_core::packet::Packet::packet_id`].
    pub packet_id: String,
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    pub won_at: Timestamp,
    pub created_at: Timestamp,
    /// The newest revision as JSON.
    pub packet: String,
    pub revision: i64,
    /// The deal record it was made from.
    pub record: StoredRecord,
    /// Gaps that somebody says are none.
    pub dismissals: Vec<Dismissal>,
    /// What became of each delivery, with every attempt.
    pub deliveries: Vec<StoredDelivery>,
}

impl StoredPacket {
    /// The packet, and beside its keys `revision`, `won_at`, `record_deleted_at`, `deliveries` with their attempts, and
    /// `answers` and `acts` of people. A dismissed gap has the key `dismissed`.
    pub fn document(&self, answers: &[StoredAnswer], acts: &[StoredAct]) -> serde_json::Result<Value> {
        let mut whole = serde_json::to_value(serde_json::from_str::<Packet>(&self.packet)?)?;
        let asks = |one: &StoredDelivery| {
            matches!(one.destination, Destination::SlackDm | Destination::SlackFallback)
                && one.external_id.is_some()
        };
        let is_asked = self.deliveries.iter().any(asks);
        let is_withdrawn = whole["no_longer_won"] == true;
        for gap in whole["gaps"].as_array_mut().into_iter().flatten() {
            let is_open = gap["state"] == "open" && gap["for"] == "seller" && gap["severity"] == "gap";
            if is_withdrawn {
                gap["state"] = json!(GapState::Withdrawn);
            } else if is_asked && is_open {
                gap["state"] = json!(GapState::Asked);
            }
            let same = |one: &&Dismissal| gap["section"] == *one.section && gap["id"] == *one.gap;
            if let Some(one) = self.dismissals.iter().find(same) {
                gap["dismissed"] = json!({ "at": one.at, "reason": one.reason });
            }
        }
        whole["revision"] = json!(self.revision);
        whole["won_at"] = json!(self.won_at);
        whole["record_deleted_at"] = match self.record {
            StoredRecord::Kept(_) => Value::Null,
            StoredRecord::Deleted(at) => json!(at),
        };
        whole["deliveries"] = json!(self.deliveries);
        whole["answers"] = answers.iter().map(StoredAnswer::document).collect();
        whole["acts"] = json!(acts);
        Ok(whole)
    }
}

/// What a delivery worker needs to know about its packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPayload {
    /// The packet as JSON.
    pub packet: String,
    /// The deal record it was made from.
    pub record: StoredRecord,
}

/// A deal record, which may have been deleted before its packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredRecord {
    Kept(String),
    Deleted(Timestamp),
}

impl StoredRecord {
    /// The JSON, while it is there.
    pub fn kept(&self) -> Option<&str> {
        match self {
            Self::Kept(record) => Some(record),
            Self::Deleted(_) => None,
        }
    }

    fn of_row(record: String, deleted_at: Option<i64>) -> Self {
        deleted_at.map_or(Self::Kept(record), |at| Self::Deleted(from_millis(at)))
    }
}

impl Store {
    /// The packet that a win already has. Known for ever, also after the packet itself was purged.
    pub async fn packet_of_win(&self, win: &WinKey) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> =
            self.readers.optional(query(PACKET_OF_WIN).bind(win.to_string())).await?;
        Ok(found.map(|(packet_id,)| packet_id))
    }

    /// The packet of the latest win among several deals (those that were merged into one), with the instant
    /// of the win and of the packet.
    pub async fn latest_packet_of(
        &self,
        deals: &[DealKey],
    ) -> Result<Option<(String, Timestamp, Timestamp)>, StoreError> {
        let mut found: Vec<(String, i64, i64)> = Vec::new();
        for deal in deals {
            found.extend(self.readers.optional(query(LATEST_OF_DEAL).bind(deal.to_string())).await?);
        }
        let latest = found.into_iter().max_by_key(|(_, won_at, created_at)| (*won_at, *created_at));
        Ok(latest
            .map(|(packet_id, won_at, created_at)| (packet_id, from_millis(won_at), from_millis(created_at))))
    }

    /// A packet with its deliveries and their attempts.
    pub async fn packet(&self, packet_id: &str) -> Result<Option<StoredPacket>, StoreError> {
        type PacketColumns = (String, String, i64, i64, String, String, Option<i64>, i64);
        let row: Option<PacketColumns> = self.readers.optional(query(ONE_PACKET).bind(packet_id)).await?;
        let Some((packet_id, deal, won_at, created_at, packet, record, deleted_at, revision)) = row else {
            return Ok(None);
        };
        Ok(Some(StoredPacket {
            deliveries: deliveries::of_packet(&self.readers, &packet_id).await?,
            dismissals: dismissals::of_packet(&self.readers, &packet_id).await?,
            packet_id,
            deal,
            won_at: from_millis(won_at),
            created_at: from_millis(created_at),
            packet,
            revision,
            record: StoredRecord::of_row(record, deleted_at),
        }))
    }

    /// What the deliveries of a packet are written from.
    pub async fn delivery_payload(&self, packet_id: &str) -> Result<Option<DeliveryPayload>, StoreError> {
        let row: Option<(String, String, Option<i64>)> =
            self.readers.optional(query(PAYLOAD).bind(packet_id)).await?;
        Ok(row.map(|(packet, record, deleted_at)| DeliveryPayload {
            packet,
            record: StoredRecord::of_row(record, deleted_at),
        }))
    }
}

/// Adds a packet and its deliveries, unless the win has a packet; says which packet the win has now.
pub(in crate::store) async fn insert(tx: &mut Tx<'_>, new: &NewPacket) -> Result<String, DatabaseError> {
    let win = new.win.to_string();
    let insert = query(INSERT_WIN).bind(&win).bind(&new.packet_id).bind(new.win.deal.to_string());
    let insert = insert.bind(new.win.won_at.as_millisecond()).bind(tx.now);
    if tx.conn.execute(insert).await? == 0 {
        let (known,): (String,) = tx.conn.one(query(PACKET_OF_WIN).bind(&win)).await?;
        return Ok(known);
    }
    let insert = query(INSERT_PACKET).bind(&new.packet_id).bind(tx.now);
    let names = &new.assessment.names;
    let insert = insert.bind(&new.packet).bind(&new.record).bind(new.win.deal.to_string());
    tx.conn.execute(insert.bind(&names.deal).bind(names.customer.as_deref())).await?;
    assessments::insert(tx, &new.packet_id, tx.now, &new.assessment).await?;
    outbox::insert(tx, new).await?;
    follows::begin(tx, new).await?;
    Ok(new.packet_id.clone())
}
