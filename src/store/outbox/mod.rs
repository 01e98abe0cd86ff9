//! The outbox: what is to be posted, once each. A try is announced before it is made, so that a try nobody
//! saw the end of is recognised and read back before it is repeated.

pub mod deliveries;
pub mod edits;
pub mod settle;
pub mod stuck;

use std::time::Duration;

use jiff::Timestamp;

use self::deliveries::{Attempt, Destination};
use crate::store::claim::{Claim, ClaimLimit};
use crate::store::engine::{Command, DatabaseError, Execute, StoreError, Tx, from_millis, json, query};
use crate::store::maintenance::restored;
use crate::store::pauses::{self, scope_of};
use crate::store::{NewPacket, Store};
use handoff_core::packet::AskParams;
use handoff_core::record::AccountKey;

statements! {
    INSERT_DELIVERY = "
        INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, intended_at, created_at)
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, 0, $7, 0, $8, $9)";
    /// Waiting deliveries, and leased ones whose lease has run out: that was a try, too.
    CLAIM_DELIVERIES = ["
        WITH due AS MATERIALIZED (
            SELECT d.packet_id, d.destination FROM deliveries d
            WHERE d.state <> 'done' AND d.scope = $1 AND d.due_at <= $2
                AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = $1 AND p.until > $2)
            ORDER BY d.due_at LIMIT $4 ", skip_locked, ")
        UPDATE deliveries SET due_at = $3, epoch = epoch + 1,
            attempts = attempts + CASE WHEN state = 'leased' THEN 1 ELSE 0 END, state = 'leased'
        WHERE (packet_id, destination) IN (SELECT due.packet_id, due.destination FROM due)
        RETURNING packet_id, destination, account, order_json, epoch, attempts, unknown, absent, intended_at,
            external_id, wants"];
    /// A lease that has run out is not good for a new try, even if nobody has taken it over yet. What an earlier
    /// read-back did not find says nothing about this try.
    INTEND = "
        UPDATE deliveries SET unknown = 1, absent = 0, intended_at = $4
        WHERE packet_id = $1 AND destination = $2 AND epoch = $3 AND state = 'leased' AND due_at > $4";
    /// As if it had not been claimed, and due later.
    YIELD = "
        UPDATE deliveries SET state = 'waiting', due_at = $4
        WHERE packet_id = $1 AND destination = $2 AND epoch = $3 AND state = 'leased'";
    /// What the other side shows counts as delivered only if no newer revision was wanted meanwhile.
    FINISH_DELIVERY = "
        UPDATE deliveries SET
            state = CASE WHEN $4 = 'done' AND wants > CAST($11 AS BIGINT) THEN 'waiting' ELSE $4 END,
            due_at = CASE WHEN $4 = 'done' AND wants > CAST($11 AS BIGINT) THEN CAST($12 AS BIGINT)
                ELSE CAST($5 AS BIGINT) END,
            attempts = $6, unknown = $7, absent = $8,
            external_id = COALESCE($9, external_id), url = COALESCE($10, url),
            shows = COALESCE(CAST($11 AS BIGINT), shows), frozen = COALESCE($13, frozen),
            written_at = CASE WHEN $4 = 'done' THEN CAST($12 AS BIGINT) ELSE written_at END
        WHERE packet_id = $1 AND destination = $2 AND epoch = $3 AND state = 'leased'";
    INSERT_ATTEMPT = "
        INSERT INTO attempts (packet_id, destination, epoch, began_at, outcome, duration_ms, error, next_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// The digest waits so that it can link to the task; after the task's first try it need not.
    EXPEDITE = "
        UPDATE deliveries SET due_at = $3
        WHERE packet_id = $1 AND destination = $2 AND state = 'waiting' AND due_at > $3
            AND attempts = 0 AND intended_at IS NULL";
}

/// Why a task can never be edited again: a person closed it. The digest says so.
pub const CLOSED: &str = "closed";

/// The right to work on one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLease {
    pub packet_id: String,
    pub destination: Destination,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    pub attempts: u32,
    /// A try was begun and nobody knows how it ended: read back before repeating.
    pub unknown: bool,
    /// How often a read-back in a row found nothing.
    pub absent: u32,
    pub order: String,
    /// The CRM account of the packet.
    pub account: AccountKey,
    /// When the latest try was begun, if any.
    pub intended_at: Option<Timestamp>,
    /// The other side's id of it, once it is there: then it is edited.
    pub external_id: Option<String>,
    /// The revision that it should show.
    pub wants: i64,
    pub until: Timestamp,
}

impl DeliveryLease {
    /// Which pause holds it back, and with whom it shares workers: an account key as text, or [`pauses::SLACK`].
    pub fn scope(&self) -> String {
        pauses::scope_of(self.destination, &self.account)
    }

    fn row(&self) -> String {
        format!("{} {}", self.packet_id, self.destination)
    }
}

/// How one try of a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    Done {
        /// The other side's id of it (task id; Slack `channel/ts`).
        external_id: String,
        /// Where a person opens it.
        url: Option<String>,
    },
    /// It shows the newest revision now.
    Edited,
    /// It can never be edited again, and stays as it is; why, in a word or a code of the other side.
    Frozen { why: String },
    /// It is certainly not there; try again.
    Retry { at: Timestamp },
    /// Nothing was tried; does not count as a try.
    Postponed { at: Timestamp },
    /// It may be there; read back, then perhaps try again.
    Unknown {
        at: Timestamp,
        /// How often in a row a read-back has found nothing.
        absent: u32,
    },
    /// It may be there and cannot be read back: held until an operator decides.
    Held,
    /// Not tried again until somebody replays it.
    Dead,
    /// The destination is paused, because of the attempt's error: does not count as a try.
    Paused {
        /// When one call may try again.
        until: Timestamp,
    },
}

impl Store {
    /// Takes up to `limit` deliveries that are due for `lease` from now, in one transaction: scope by scope (see
    /// [`DeliveryLease::scope`]) in the order of `limits`, and of each those first that have waited longest; none
    /// of one that is paused. A caller that drops this future leaves what it claimed to the end of the lease.
    pub async fn claim_deliveries(
        &self,
        limits: Vec<ClaimLimit>,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<DeliveryLease>, StoreError> {
        self.writer.run(ClaimDeliveries(Claim { limits, limit, lease })).await
    }

    /// Commits that a try begins: from here until it is finished nobody knows whether it is there. False:
    /// the lease was lost or has run out, and the try must not be made.
    pub async fn intend(&self, lease: &DeliveryLease) -> Result<bool, StoreError> {
        let DeliveryLease { packet_id, destination, epoch, .. } = lease.clone();
        let statement =
            move |now| query(INTEND).bind(packet_id.clone()).bind(destination.as_str()).bind(epoch).bind(now);
        Ok(self.writer.run_on(lease.row(), Execute { statement, notify: false }).await? > 0)
    }

    /// Gives a delivery back untried, because its turn at a rate limit comes at that instant.
    pub async fn yield_delivery(&self, lease: &DeliveryLease, at: Timestamp) -> Result<(), StoreError> {
        let DeliveryLease { packet_id, destination, epoch, .. } = lease.clone();
        let at = at.as_millisecond();
        let statement =
            move |_| query(YIELD).bind(packet_id.clone()).bind(destination.as_str()).bind(epoch).bind(at);
        self.writer.run_on(lease.row(), Execute { statement, notify: false }).await.map(drop)
    }

    /// Records how a try ended, with its attempt row, in one transaction. The first try of a task, however it
    /// ended, makes the digest of the same packet due. False: the lease was lost and nothing changed.
    pub async fn finish_delivery(
        &self,
        lease: &DeliveryLease,
        end: DeliveryEnd,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        self.writer.run_on(lease.row(), FinishDelivery { lease: lease.clone(), end, attempt }).await
    }
}

/// Adds the deliveries of a new packet.
pub(in crate::store) async fn insert(tx: &mut Tx<'_>, new: &NewPacket) -> Result<(), DatabaseError> {
    let account = &new.win.deal.account;
    let won_at = new.win.won_at.as_millisecond();
    let delivered = restored::may_be_delivered(tx, won_at).await?;
    for (destination, order, due) in &new.deliveries {
        let insert = query(INSERT_DELIVERY).bind(&new.packet_id).bind(destination.as_str());
        let insert = insert.bind(account.to_string()).bind(scope_of(*destination, account)).bind(order);
        let insert = insert.bind(due.as_millisecond()).bind(delivered).bind(delivered.then_some(won_at));
        tx.conn.execute(insert.bind(tx.now)).await?;
        tx.notify = true;
    }
    Ok(())
}

/// Adds a row to the story of a delivery; the epoch numbers it.
pub(in crate::store) async fn append_attempt(
    tx: &mut Tx<'_>,
    packet_id: &str,
    epoch: i64,
    attempt: &Attempt,
) -> Result<(), DatabaseError> {
    let Attempt { at, destination, outcome, duration_ms, error, next_at } = attempt;
    let insert = query(INSERT_ATTEMPT).bind(packet_id).bind(destination.as_str()).bind(epoch);
    let insert = insert.bind(at.as_millisecond()).bind(outcome).bind(*duration_ms).bind(error.as_deref());
    tx.conn.execute(insert.bind(next_at.map(jiff::Timestamp::as_millisecond))).await?;
    Ok(())
}

struct ClaimDeliveries(Claim);

impl Command<Vec<DeliveryLease>> for ClaimDeliveries {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<DeliveryLease>, DatabaseError> {
        let until = from_millis(self.0.until(tx));
        let rows: Vec<ClaimedRow> = self.0.rows(tx, CLAIM_DELIVERIES).await?;
        Ok(rows.into_iter().filter_map(|row| lease_of(row, until)).collect())
    }
}

type ClaimedRow = (String, String, String, String, i64, i64, i64, i64, Option<i64>, Option<String>, i64);

/// A row that this program cannot read (left by a newer one) must not hold up the others.
fn lease_of(row: ClaimedRow, until: Timestamp) -> Option<DeliveryLease> {
    let (
        packet_id,
        destination,
        account,
        order,
        epoch,
        attempts,
        unknown,
        absent,
        intended_at,
        external_id,
        wants,
    ) = row;
    let (Ok(destination), Ok(account)) = (destination.parse(), account.parse()) else {
        tracing::error!(packet_id, "passed over a delivery whose destination or account is not readable");
        return None;
    };
    Some(DeliveryLease {
        packet_id,
        destination,
        epoch,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        unknown: unknown != 0,
        absent: u32::try_from(absent).unwrap_or(u32::MAX),
        order,
        account,
        intended_at: intended_at.map(from_millis),
        external_id,
        wants,
        until,
    })
}

struct FinishDelivery {
    lease: DeliveryLease,
    end: DeliveryEnd,
    attempt: Attempt,
}

impl FinishDelivery {
    /// Writes the row and its attempt; false if the lease was lost.
    async fn write(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let DeliveryLease { packet_id, destination, epoch, attempts, unknown, absent, .. } = &self.lease;
        let (mut external, mut url, mut shows, mut frozen) = (None, None, None, None);
        let wants = self.lease.wants;
        let (state, due, unknown, absent) = match &self.end {
            DeliveryEnd::Done { external_id, url: there } => {
                (external, url) = (Some(external_id.as_str()), there.as_deref());
                // What was read back may have been sent for an earlier revision.
                shows = Some(if *unknown && wants > 1 { 0 } else { wants });
                ("done", None, false, *absent)
            }
            DeliveryEnd::Edited => {
                shows = Some(wants);
                ("done", None, false, 0)
            }
            DeliveryEnd::Frozen { why } => {
                (shows, frozen) = (Some(i64::MAX), Some(why.as_str()));
                ("done", None, false, 0)
            }
            DeliveryEnd::Retry { at } => ("waiting", Some(at.as_millisecond()), false, 0),
            DeliveryEnd::Unknown { at, absent } => ("waiting", Some(at.as_millisecond()), true, *absent),
            DeliveryEnd::Held => ("held", None, true, *absent),
            DeliveryEnd::Postponed { at } => ("waiting", Some(at.as_millisecond()), *unknown, *absent),
            // This try failed for certain; an earlier one of unknown outcome stays unknown.
            DeliveryEnd::Dead => ("dead", None, *unknown, *absent),
            // The same, and due at once, held by the pause: lifting it is enough to go on.
            DeliveryEnd::Paused { .. } => ("waiting", Some(tx.now), *unknown, *absent),
        };
        let counts = !matches!(self.end, DeliveryEnd::Paused { .. } | DeliveryEnd::Postponed { .. });
        let update = query(FINISH_DELIVERY).bind(packet_id).bind(destination.as_str()).bind(*epoch);
        let update = update.bind(state).bind(due).bind(i64::from(*attempts) + i64::from(counts));
        let update = update.bind(unknown).bind(absent).bind(external).bind(url);
        let update = update.bind(shows).bind(tx.now).bind(frozen);
        if tx.conn.execute(update).await? == 0 {
            return Ok(false);
        }
        tx.notify |= due.is_some() || shows.is_some();
        append_attempt(tx, packet_id, *epoch, &self.attempt).await?;
        Ok(true)
    }
}

impl Command<bool> for FinishDelivery {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        if !self.write(tx).await? {
            return Ok(false);
        }
        let (DeliveryLease { packet_id, destination, .. }, scope) = (&self.lease, self.lease.scope());
        match self.end {
            DeliveryEnd::Done { .. } | DeliveryEnd::Edited => pauses::forget_passed(tx, &scope).await?,
            DeliveryEnd::Paused { until } => {
                let reason = self.attempt.error.as_deref().unwrap_or("paused");
                pauses::pause(tx, &scope, until, reason).await?;
            }
            _ => {}
        }
        if matches!(&self.end, DeliveryEnd::Frozen { why } if why == CLOSED) {
            edits::show_again(tx, packet_id, Destination::SlackDigest).await?;
        }
        let is_lost = matches!(self.end, DeliveryEnd::Dead | DeliveryEnd::Frozen { .. });
        if *destination == Destination::SlackDm && is_lost && self.lease.external_id.is_none() {
            // Who can answer cannot be reached.
            let fallback = Destination::SlackFallback.as_str();
            let update = query(EXPEDITE).bind(packet_id).bind(fallback).bind(tx.now);
            tx.notify |= tx.conn.execute(update).await? > 0;
            if let Ok(AskParams { fallback: Some(address), .. }) = serde_json::from_str(&self.lease.order) {
                let order = json(&AskParams { address, fallback: None })?;
                edits::add_ask(tx, (packet_id, Destination::SlackFallback), &order, tx.now).await?;
            }
        }
        if *destination == Destination::CrmTask {
            let digest = Destination::SlackDigest.as_str();
            let update = query(EXPEDITE).bind(packet_id).bind(digest).bind(tx.now);
            tx.notify |= tx.conn.execute(update).await? > 0;
        }
        Ok(true)
    }
}
