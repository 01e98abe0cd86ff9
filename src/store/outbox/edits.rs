//! Edits: what was delivered becomes due again, because it is to show something newer.

use std::time::Duration;

use super::DeliveryLease;
use super::deliveries::Destination;
use crate::store::Store;
use crate::store::engine::{DatabaseError, Execute, StoreError, Tx, query};

statements! {
    /// What is there already is edited, at the earliest $6 ms after it was last written. What never can be edited
    /// again keeps its state; so does what an operator called done without saying where it is.
    WANT = "
        UPDATE deliveries SET order_json = $3, wants = CASE WHEN wants < $4 THEN $4 ELSE wants + 1 END,
            attempts = CASE WHEN state = 'done' THEN 0 ELSE attempts END,
            due_at = CASE WHEN state <> 'done' OR frozen IS NOT NULL OR external_id IS NULL THEN due_at
                WHEN COALESCE(written_at, 0) + $6 > $5 THEN written_at + $6 ELSE $5 END,
            state = CASE WHEN state = 'done' AND frozen IS NULL AND external_id IS NOT NULL THEN 'waiting'
                ELSE state END
        WHERE packet_id = $1 AND destination = $2";
    /// One delivery more in the scope of the digest, unless it is there already: $6 ms after the digest is to be edited.
    /// That of a leased digest is now: its `due_at` is when the lease ends.
    ADD = "
        INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, created_at)
        SELECT packet_id, $2, account, scope, $3, 'waiting', 0,
            CASE WHEN state = 'leased' OR due_at IS NULL THEN $4 ELSE due_at END + $6, 0, 0, 0, $4
        FROM deliveries WHERE packet_id = $1 AND destination = $5
        ON CONFLICT (packet_id, destination) DO NOTHING";
    /// One message more to a person, unless it is there already.
    ADD_ASK = "
        INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, created_at)
        SELECT packet_id, $2, account, scope, $3, 'waiting', 0, $6, 0, 0, 0, $4
        FROM deliveries WHERE packet_id = $1 AND destination = $5
        ON CONFLICT (packet_id, destination) DO NOTHING";
    /// Written again although its revision is the same: what stands beside it has changed, or an edit came late.
    SHOW_AGAIN = "
        UPDATE deliveries SET wants = wants + 1,
            due_at = CASE WHEN state = 'done' THEN $3 ELSE due_at END,
            state = CASE WHEN state = 'done' THEN 'waiting' ELSE state END
        WHERE packet_id = $1 AND destination = $2 AND frozen IS NULL AND external_id IS NOT NULL";
}

/// How long a reply waits for the edit of the message that it replies to, in milliseconds.
const REPLY_AFTER_MS: i64 = 2_000;

/// Has a delivery show a revision, with these parameters, at most once in `pause`.
pub(in crate::store) async fn want(
    tx: &mut Tx<'_>,
    (packet_id, destination): (&str, Destination),
    order: &str,
    revision: i64,
    pause: Duration,
) -> Result<(), DatabaseError> {
    let want = query(WANT).bind(packet_id).bind(destination.as_str()).bind(order).bind(revision);
    let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    tx.conn.execute(want.bind(tx.now).bind(pause)).await?;
    tx.notify = true;
    Ok(())
}

/// Adds a reply to the digest of a packet, once.
pub(in crate::store) async fn add_reply(
    tx: &mut Tx<'_>,
    packet_id: &str,
    destination: Destination,
    order: &str,
) -> Result<(), DatabaseError> {
    let add = query(ADD).bind(packet_id).bind(destination.as_str()).bind(order).bind(tx.now);
    let add = add.bind(Destination::SlackDigest.as_str()).bind(REPLY_AFTER_MS);
    tx.notify |= tx.conn.execute(add).await? > 0;
    Ok(())
}

/// Adds a message to a person, once.
pub(in crate::store) async fn add_ask(
    tx: &mut Tx<'_>,
    (packet_id, destination): (&str, Destination),
    order: &str,
    due: i64,
) -> Result<(), DatabaseError> {
    let add = query(ADD_ASK).bind(packet_id).bind(destination.as_str()).bind(order).bind(tx.now);
    let add = add.bind(Destination::SlackDigest.as_str()).bind(due);
    tx.notify |= tx.conn.execute(add).await? > 0;
    Ok(())
}

/// Has a delivery written again although its packet has not changed: what stands beside the packet has.
pub(in crate::store) async fn show_again(
    tx: &mut Tx<'_>,
    packet_id: &str,
    destination: Destination,
) -> Result<(), DatabaseError> {
    let again = query(SHOW_AGAIN).bind(packet_id).bind(destination.as_str()).bind(tx.now);
    tx.notify |= tx.conn.execute(again).await? > 0;
    Ok(())
}

impl Store {
    /// Has a delivery edited once more: an edit by a worker that had lost its lease may have come after a newer one.
    pub async fn edit_again(&self, lease: &DeliveryLease) -> Result<(), StoreError> {
        let DeliveryLease { packet_id, destination, .. } = lease.clone();
        let statement =
            move |now| query(SHOW_AGAIN).bind(packet_id.clone()).bind(destination.as_str()).bind(now);
        self.writer.run_on(lease.row(), Execute { statement, notify: true }).await?;
        Ok(())
    }
}
