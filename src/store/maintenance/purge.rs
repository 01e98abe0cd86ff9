//! Forgetting: what customers and sellers wrote leaves after the retention time, in steps small enough
//! not to keep webhooks waiting.

use jiff::Timestamp;

use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, StoreError, Tx, json, query};

/// Packets that one transaction forgets.
const PACKETS: u32 = 100;

/// Events that one transaction looks at.
const EVENTS: i64 = 500;

statements! {
    FINISHED_PACKETS = "
        SELECT p.packet_id FROM packets p
        WHERE p.created_at < $1 AND NOT EXISTS (
            SELECT 1 FROM deliveries d WHERE d.packet_id = p.packet_id AND d.state NOT IN ('done', 'dead'))
        ORDER BY p.created_at LIMIT $2";
    /// Packets that have been delivered, or given up, and whose record is still there.
    FINISHED_RECORDS = "
        SELECT p.packet_id FROM packets p
        WHERE p.record_deleted_at IS NULL AND p.created_at < $1 AND NOT EXISTS (
            SELECT 1 FROM deliveries d WHERE d.packet_id = p.packet_id AND d.state NOT IN ('done', 'dead'))
        ORDER BY p.created_at LIMIT $2";
    FORGET_RECORDS = ["
        UPDATE packets SET record = '', customer = NULL, record_deleted_at = $2
        WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_SELLERS = ["
        UPDATE assessments SET seller = NULL, seller_name = NULL, ask_on = NULL
        WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_REASONS = ["
        UPDATE gaps SET reason = NULL WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_ATTEMPTS = ["DELETE FROM attempts WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    /// A delivery that somebody replays in this moment stays; then its packet cannot be deleted, and the whole
    /// transaction is undone.
    FORGET_DELIVERIES = ["
        DELETE FROM deliveries
        WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e) AND state IN ('done', 'dead')"];
    FORGET_ANSWERS = ["DELETE FROM answers WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_ACTS = ["DELETE FROM acts WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_REVISIONS = ["DELETE FROM revisions WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_FOLLOWS = ["DELETE FROM follows WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    FORGET_PACKETS = ["DELETE FROM packets WHERE packet_id IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    /// The last id of the next stretch of the inbox, and its oldest event.
    NEXT_EVENTS = "
        SELECT MAX(e.id), MIN(e.received_at)
        FROM (SELECT i.id, i.received_at FROM inbox i WHERE i.id > $1 ORDER BY i.id LIMIT $2) e";
    FORGET_EVENTS = "
        DELETE FROM inbox WHERE id > $1 AND id <= $2 AND received_at < $3 AND outcome IS NOT NULL
        RETURNING deal";
    FORGET_REFUSALS = "DELETE FROM refusals WHERE last_at < $1";
    FORGET_DEALS = ["
        DELETE FROM deals WHERE deal IN (SELECT e.value ->> 0 FROM ", each_row, " e)
            AND state IN ('idle', 'dead') AND heard_at < $2"];
}

impl Store {
    /// Forgets finished packets made before then, with their record snapshots, deliveries and attempts, and
    /// events received before then that have an outcome. Which win had which packet is kept, so that no win
    /// is ever handed over twice; so is how each packet came out, without sellers and reasons. Says how many
    /// packets and events it forgot.
    pub async fn purge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = self.purge_packets(before, false).await?;
        let before = before.as_millisecond();
        let mut after = 0_i64;
        loop {
            let stretch: (Option<i64>, Option<i64>) =
                self.readers.one(query(NEXT_EVENTS).bind(after).bind(EVENTS)).await?;
            let (Some(upto), Some(oldest)) = stretch else { break };
            // Old events may follow young ones: clocks differ, and are set.
            if oldest < before {
                forgotten += self.writer.run(PurgeEvents { after, upto, before }).await?;
            }
            after = upto;
        }
        Ok(forgotten)
    }

    /// Forgets the deal records of finished packets made before then, and keeps the packets. Says how many.
    pub async fn purge_records(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.purge_packets(before, true).await
    }

    async fn purge_packets(&self, before: Timestamp, only_records: bool) -> Result<u64, StoreError> {
        self.assess_the_rest().await?;
        let before = before.as_millisecond();
        let mut forgotten = 0;
        loop {
            let packets = self.writer.run(PurgePackets { before, only_records }).await?;
            forgotten += packets;
            if packets < u64::from(PACKETS) {
                return Ok(forgotten);
            }
        }
    }
}

struct PurgePackets {
    before: i64,
    only_records: bool,
}

impl Command<u64> for PurgePackets {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DatabaseError> {
        if !self.only_records {
            tx.conn.execute(query(FORGET_REFUSALS).bind(self.before)).await?;
        }
        let finished = if self.only_records { FINISHED_RECORDS } else { FINISHED_PACKETS };
        let packets: Vec<(String,)> = tx.conn.all(query(finished).bind(self.before).bind(PACKETS)).await?;
        if packets.is_empty() {
            return Ok(0);
        }
        let packets = json(&packets)?;
        if self.only_records {
            return tx.conn.execute(query(FORGET_RECORDS).bind(packets).bind(tx.now)).await;
        }
        let mut rows = 0;
        for sql in [
            FORGET_SELLERS,
            FORGET_REASONS,
            FORGET_ATTEMPTS,
            FORGET_DELIVERIES,
            FORGET_ANSWERS,
            FORGET_ACTS,
            FORGET_REVISIONS,
            FORGET_FOLLOWS,
            FORGET_PACKETS,
        ] {
            rows = tx.conn.execute(query(sql).bind(&packets)).await?;
        }
        Ok(rows)
    }
}

struct PurgeEvents {
    after: i64,
    upto: i64,
    before: i64,
}

impl Command<u64> for PurgeEvents {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DatabaseError> {
        let delete = query(FORGET_EVENTS).bind(self.after).bind(self.upto).bind(self.before);
        let deals: Vec<(String,)> = tx.conn.all(delete).await?;
        // A deal that has been silent since then has no younger events.
        tx.conn.execute(query(FORGET_DEALS).bind(json(&deals)?).bind(self.before)).await?;
        Ok(deals.len() as u64)
    }
}
