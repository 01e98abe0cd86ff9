//! What an operator decides about deliveries: sends dead ones again, and says of an uncertain one whether it is there.

use crate::store::engine::{Command, DatabaseError, Execute, StoreError, Tx, from_millis, query};
use crate::store::{Attempt, Destination, Store, outbox::append_attempt, outbox::deliveries::DeliveryState};

statements! {
    /// A new epoch: a worker that still believes to have a lease changes nothing any more.
    SETTLE = "
        UPDATE deliveries SET state = $3, due_at = $4, external_id = $5, url = $6, unknown = 0, absent = 0,
            attempts = CASE WHEN $3 = 'done' THEN attempts ELSE 0 END, epoch = epoch + 1
        WHERE packet_id = $1 AND destination = $2
            AND (state IN ('held', 'dead') OR (state = 'waiting' AND unknown = 1))
        RETURNING epoch";
    REORDER = "
        UPDATE deliveries SET order_json = $3 WHERE packet_id = $1 AND destination = $2
            AND (state IN ('held', 'dead') OR (state = 'waiting' AND unknown = 1))";
    STATE = "SELECT state, unknown FROM deliveries WHERE packet_id = $1 AND destination = $2";
    /// What may be there stays unknown, and is read back first.
    REPLAY_DELIVERIES = "
        UPDATE deliveries SET state = 'waiting', due_at = $3, attempts = 0, absent = 0
        WHERE packet_id = $1 AND ($2 = '' OR destination = $2) AND state IN ('dead', 'held')";
}

/// What an operator has seen on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Done {
        /// The other side's id of it (task id; Slack `channel/ts`), if the operator gave it.
        external_id: Option<String>,
        /// Where a person opens it, if the operator gave it.
        url: Option<String>,
    },
    /// It is not there, and is to be sent again.
    NotDone,
}

impl Decision {
    /// What the row of attempts says for ever.
    fn story(&self, by: Option<&str>) -> String {
        let by = by.map(|name| format!(" {name}")).unwrap_or_default();
        match self {
            Self::Done { .. } => format!("settled by operator{by}: it is there"),
            Self::NotDone => format!("settled by operator{by}: it is not there, so it is sent again"),
        }
    }
}

/// What became of an operator's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Yes,
    /// Nothing changed: in this state there is nothing to decide, or a worker is at it right now.
    Refused(DeliveryState),
    /// There is no such packet, or it has no such delivery.
    Missing,
}

impl Store {
    /// Ends the uncertainty about a delivery that is held, of unknown outcome, or dead; the decision becomes one
    /// of its attempts, with the name of who made it if it is known. One that a worker has leased is refused.
    pub async fn settle(
        &self,
        packet_id: &str,
        destination: Destination,
        decision: Decision,
        by: Option<&str>,
    ) -> Result<Settled, StoreError> {
        let row = format!("{packet_id} {destination}");
        let (packet_id, by) = (packet_id.to_owned(), by.map(ToOwned::to_owned));
        self.writer.run_on(row, Settle { packet_id, destination, decision, by }).await
    }

    /// Replaces the parameters of a delivery that [`Store::settle`] or [`Store::replay`] would send again.
    pub async fn reorder(
        &self,
        packet_id: &str,
        destination: Destination,
        order: String,
    ) -> Result<(), StoreError> {
        let (row, packet_id) = (format!("{packet_id} {destination}"), packet_id.to_owned());
        let statement =
            move |_| query(REORDER).bind(packet_id.clone()).bind(destination.as_str()).bind(order.clone());
        self.writer.run_on(row, Execute { statement, notify: false }).await.map(drop)
    }

    /// Makes dead and held deliveries of a packet due now with a fresh count of tries; says how many. One that
    /// may be there is read back first; where that is impossible, [`Store::settle`] decides.
    pub async fn replay(
        &self,
        packet_id: &str,
        destination: Option<Destination>,
    ) -> Result<usize, StoreError> {
        let (row, which) = (packet_id.to_owned(), destination.map_or("", Destination::as_str));
        let packet_id = row.clone();
        let statement = move |now| query(REPLAY_DELIVERIES).bind(packet_id.clone()).bind(which).bind(now);
        let rows = self.writer.run_on(row, Execute { statement, notify: true }).await?;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }
}

struct Settle {
    packet_id: String,
    destination: Destination,
    decision: Decision,
    by: Option<String>,
}

impl Command<Settled> for Settle {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Settled, DatabaseError> {
        let Self { packet_id, destination, decision, by } = self;
        let (state, due, external_id, url) = match decision {
            Decision::Done { external_id, url } => ("done", None, external_id.as_deref(), url.as_deref()),
            Decision::NotDone => ("waiting", Some(tx.now), None, None),
        };
        let update = query(SETTLE).bind(packet_id).bind(destination.as_str()).bind(state).bind(due);
        let update = update.bind(external_id).bind(url);
        let settled: Option<(i64,)> = tx.conn.optional(update).await?;
        let Some((epoch,)) = settled else {
            let find = query(STATE).bind(packet_id).bind(destination.as_str());
            let found: Option<(String, i64)> = tx.conn.optional(find).await?;
            return Ok(found.map_or(Settled::Missing, |(state, unknown)| {
                Settled::Refused(DeliveryState::of_row(&state, unknown != 0))
            }));
        };
        let attempt = Attempt {
            at: from_millis(tx.now),
            destination: *destination,
            outcome: "settled".to_owned(),
            duration_ms: 0,
            error: Some(decision.story(by.as_deref())),
            next_at: due.map(from_millis),
        };
        append_attempt(tx, packet_id, epoch, &attempt).await?;
        tx.notify |= due.is_some();
        Ok(Settled::Yes)
    }
}
