//! Edits: what was delivered becomes due again, because it is to show something newer.

use std::time::Duration;

use super::deliveries::Destination;
use crate::store::engine::{DatabaseError, Tx, query};

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
    /// The digest is written again although its revision is the same: what it says about the task has changed.
    SHOW_AGAIN = "
        UPDATE deliveries SET wants = wants + 1,
            due_at = CASE WHEN state = 'done' THEN $3 ELSE due_at END,
            state = CASE WHEN state = 'done' THEN 'waiting' ELSE state END
        WHERE packet_id = $1 AND destination = $2 AND frozen IS NULL AND external_id IS NOT NULL";
}

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
