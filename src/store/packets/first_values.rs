//! First value: on which day it is due, and when its owner is asked whether it happened.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::answers::StoredAct;
use crate::store::Store;
use crate::store::engine::{Command, DatabaseError, StoreError, Tx, from_millis, json, query};
use crate::store::outbox::deliveries::Destination;
use handoff_core::packet::{FirstValueParams, Packet};
use handoff_core::record::AccountKey;

statements! {
    /// A day that has passed is not asked about anew, nor is one that a person moved to a later one.
    FIRST_VALUE_DUE = "
        UPDATE assessments SET first_value_due = CAST($2 AS TEXT), ask_on = CASE
            WHEN CAST($2 AS TEXT) IS NULL OR first_value IS NOT NULL THEN NULL
            WHEN first_value_due = CAST($2 AS TEXT) OR first_value_moved > CAST($2 AS TEXT)
                OR CAST($2 AS TEXT) < CAST($3 AS TEXT) THEN ask_on
            ELSE CAST($2 AS TEXT) END
        WHERE packet_id = $1";
    TO_ASK = "
        SELECT a.packet_id, d.account, a.ask_on, p.packet
        FROM assessments a JOIN packets p ON p.packet_id = a.packet_id
        JOIN deliveries d ON d.packet_id = a.packet_id AND d.destination = $3
        WHERE a.ask_on IS NOT NULL AND a.ask_on >= $1 AND a.ask_on <= $2 AND p.cause <> 'no_longer_won'
        ORDER BY a.ask_on, a.packet_id LIMIT 100";
    /// The message of an earlier day stays as it is, and a new one is sent.
    ASK_FIRST_VALUE = "
        INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, created_at)
        SELECT d.packet_id, $2, d.account, d.scope, $3, 'waiting', 0, $4, 0, 0, 0, $4
        FROM deliveries d JOIN assessments a ON a.packet_id = d.packet_id
        WHERE d.packet_id = $1 AND d.destination = $5 AND a.ask_on = $6
        ON CONFLICT (packet_id, destination) DO UPDATE SET order_json = excluded.order_json, state = 'waiting',
            attempts = 0, due_at = excluded.due_at, unknown = 0, absent = 0, intended_at = NULL, external_id = NULL,
            url = NULL, frozen = NULL, written_at = NULL, created_at = excluded.created_at
        WHERE deliveries.state IN ('done', 'dead')";
    ASKED = "UPDATE assessments SET ask_on = NULL WHERE packet_id = $1 AND ask_on = $2";
}

/// The day by which first value is to be there: the packet's, or the one to which a person moved it last, whichever is later.
pub fn first_value_day(packet: &Packet, acts: &[StoredAct]) -> Option<Date> {
    packet.first_value_day().max(acts.iter().rev().find_map(|act| act.day))
}

/// An owner who is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstValueToAsk {
    pub packet_id: String,
    pub account: AccountKey,
    pub day: Date,
    /// The newest revision as JSON.
    pub packet: String,
}

impl Store {
    /// Whose first value was due in these days, and who has not been asked yet; at most 100.
    pub async fn first_values_to_ask(
        &self,
        from: Date,
        until: Date,
    ) -> Result<Vec<FirstValueToAsk>, StoreError> {
        let to_ask = query(TO_ASK).bind(from.to_string()).bind(until.to_string());
        let to_ask = to_ask.bind(Destination::SlackDigest.as_str());
        let rows: Vec<(String, String, String, String)> = self.readers.all(to_ask).await?;
        let rows = rows.into_iter().filter_map(|(packet_id, account, day, packet)| {
            let (account, day) = (account.parse().ok()?, day.parse().ok()?);
            Some(FirstValueToAsk { packet_id, account, day, packet })
        });
        Ok(rows.collect())
    }

    /// Adds the message that asks, in the transaction that notes it. False: it was added before, or that of an earlier day
    /// is still being worked on.
    pub async fn ask_first_value(
        &self,
        packet_id: &str,
        params: FirstValueParams,
    ) -> Result<bool, StoreError> {
        let packet_id = packet_id.to_owned();
        self.writer.run_on(packet_id.clone(), AskFirstValue { packet_id, params }).await
    }
}

/// Notes the day that a revision of a packet names.
pub(in crate::store) async fn note_due(
    tx: &mut Tx<'_>,
    packet_id: &str,
    due: Option<Date>,
) -> Result<(), DatabaseError> {
    let note = query(FIRST_VALUE_DUE).bind(packet_id).bind(due.map(|day| day.to_string()));
    tx.conn.execute(note.bind(today(tx.now).to_string())).await?;
    Ok(())
}

fn today(now: i64) -> Date {
    let now: Timestamp = from_millis(now);
    now.to_zoned(TimeZone::UTC).date()
}

struct AskFirstValue {
    packet_id: String,
    params: FirstValueParams,
}

impl Command<bool> for AskFirstValue {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let day = self.params.day.to_string();
        let ask = query(ASK_FIRST_VALUE).bind(&self.packet_id).bind(Destination::SlackFirstValue.as_str());
        let ask = ask.bind(json(&self.params)?).bind(tx.now).bind(Destination::SlackDigest.as_str());
        if tx.conn.execute(ask.bind(&day)).await? == 0 {
            return Ok(false);
        }
        tx.conn.execute(query(ASKED).bind(&self.packet_id).bind(&day)).await?;
        tx.notify = true;
        Ok(true)
    }
}
