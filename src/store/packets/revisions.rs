//! Revisions of a packet: the newest, and those before it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::follows::{self, Follow};
use super::{StoredRecord, assessments};
use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, Statement, StoreError, Tx, from_millis, json, query};
use crate::store::outbox::{deliveries::Destination, edits};
use handoff_core::packet::{Assessment, ReplyParams};

statements! {
    OPEN_PACKET = "
        SELECT p.packet, p.record, p.record_deleted_at, p.revision, w.won_at
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        JOIN follows f ON f.packet_id = p.packet_id WHERE p.packet_id = $1";
    PACKET_TO_REVISE = "
        SELECT p.packet, p.record, p.record_deleted_at, p.revision, w.won_at
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id WHERE p.packet_id = $1";
    ORDERS = "SELECT destination, order_json FROM deliveries WHERE packet_id = $1 ORDER BY destination";
    KEEP_REVISION = "
        INSERT INTO revisions (packet_id, revision, at, cause, packet)
        SELECT packet_id, revision, COALESCE(revised_at, created_at), cause, packet
        FROM packets WHERE packet_id = $1 AND revision = $2";
    REVISE = "
        UPDATE packets SET packet = $3, revision = revision + 1, revised_at = $5, cause = $6,
            record = CASE WHEN record_deleted_at IS NULL THEN $4 ELSE record END
        WHERE packet_id = $1 AND revision = $2";
    REVISIONS = "
        SELECT revision, at, cause, packet FROM revisions WHERE packet_id = $1
        UNION ALL
        SELECT revision, COALESCE(revised_at, created_at), cause, packet FROM packets WHERE packet_id = $1
        ORDER BY 1";
}

/// What causes a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The CRM holds something else than before.
    Crm,
    /// The mapping was changed.
    Mapping,
    /// The deal is no longer won.
    NoLongerWon,
    /// A person answered.
    Answer,
}

impl Cause {
    /// The name used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Mapping => "mapping",
            Self::NoLongerWon => "no_longer_won",
            Self::Answer => "answer",
        }
    }
}

/// A packet that is looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPacket {
    /// The newest revision as JSON.
    pub packet: String,
    pub record: StoredRecord,
    pub revision: i64,
    pub won_at: Timestamp,
    /// The parameters of its deliveries, as JSON.
    pub orders: Vec<(Destination, String)>,
}

/// A new revision of a packet.
#[derive(Debug, Clone)]
pub struct Revision {
    pub packet_id: String,
    /// The revision that it replaces; ignored if there is a newer one already.
    pub replaces: i64,
    pub cause: Cause,
    /// The packet as JSON.
    pub packet: String,
    /// The deal record that it was made from, as JSON.
    pub record: String,
    pub orders: Vec<(Destination, String)>,
    /// Messages to people, where questions came up that were not there at the win: destination, its order as JSON, first due.
    pub asks: Vec<(Destination, String, Timestamp)>,
    /// The reply to the digest, if this completes the packet.
    pub reply: Option<ReplyParams>,
    /// How its deal is followed from now on.
    pub follow: Follow,
    /// See [`super::follows::FollowConfig::edit_pause`].
    pub edit_pause: Duration,
}

/// One revision, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRevision {
    pub revision: i64,
    pub at: Timestamp,
    /// `won`, or see [`Cause::as_str`].
    pub cause: String,
    /// The packet as JSON.
    pub packet: String,
}

impl Store {
    /// A packet, if it is looked at again.
    pub async fn open_packet(&self, packet_id: &str) -> Result<Option<OpenPacket>, StoreError> {
        self.to_revise(OPEN_PACKET, packet_id).await
    }

    /// A packet, whether or not it is looked at again.
    pub async fn packet_to_revise(&self, packet_id: &str) -> Result<Option<OpenPacket>, StoreError> {
        self.to_revise(PACKET_TO_REVISE, packet_id).await
    }

    async fn to_revise(&self, sql: Statement, packet_id: &str) -> Result<Option<OpenPacket>, StoreError> {
        type Columns = (String, String, Option<i64>, i64, i64);
        let row: Option<Columns> = self.readers.optional(query(sql).bind(packet_id)).await?;
        let Some((packet, record, deleted_at, revision, won_at)) = row else { return Ok(None) };
        let orders: Vec<(String, String)> = self.readers.all(query(ORDERS).bind(packet_id)).await?;
        let orders = orders.into_iter().filter_map(|(to, order)| Some((to.parse().ok()?, order)));
        Ok(Some(OpenPacket {
            packet,
            record: StoredRecord::of_row(record, deleted_at),
            revision,
            won_at: from_millis(won_at),
            orders: orders.collect(),
        }))
    }

    /// Replaces a packet by its next revision. False: another revision came first.
    pub async fn revise(&self, next: Revision) -> Result<bool, StoreError> {
        self.writer.run_on(next.packet_id.clone(), next).await
    }

    /// Every revision of a packet, oldest first.
    pub async fn revisions(&self, packet_id: &str) -> Result<Vec<StoredRevision>, StoreError> {
        let rows: Vec<(i64, i64, String, String)> =
            self.readers.all(query(REVISIONS).bind(packet_id)).await?;
        let revision =
            |(revision, at, cause, packet)| StoredRevision { revision, at: from_millis(at), cause, packet };
        Ok(rows.into_iter().map(revision).collect())
    }
}

/// Replaces a packet by its next revision and has its deliveries edited; false if another revision came first.
pub(in crate::store) async fn revise(tx: &mut Tx<'_>, next: &Revision) -> Result<bool, DatabaseError> {
    let Revision { packet_id, replaces, cause, packet, record, orders, asks, reply, follow, edit_pause } =
        next;
    tx.conn.execute(query(KEEP_REVISION).bind(packet_id).bind(*replaces)).await?;
    let revise = query(REVISE).bind(packet_id).bind(*replaces).bind(packet).bind(record);
    if tx.conn.execute(revise.bind(tx.now).bind(cause.as_str())).await? == 0 {
        return Ok(false);
    }
    for (destination, order) in orders {
        edits::want(tx, (packet_id, *destination), order, replaces + 1, *edit_pause).await?;
    }
    if let Some(assessment) = Assessment::of_json(packet, record) {
        assessments::update(tx, packet_id, &assessment).await?;
    }
    for (destination, order, due) in asks {
        edits::add_ask(tx, (packet_id, *destination), order, due.as_millisecond()).await?;
    }
    if let Some(reply) = reply {
        edits::add_reply(tx, packet_id, Destination::SlackReply, &json(reply)?).await?;
    }
    follows::go_on(tx, packet_id, follow).await?;
    Ok(true)
}

impl Command<bool> for Revision {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        revise(tx, self).await
    }
}
