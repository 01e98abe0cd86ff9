//! Deals to read from the CRM. The deal row is the queue: one worker at a time has a deal, and events that arrive
//! meanwhile raise `want`, which makes the deal ready again when the work ends.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::claim::{Claim, ClaimLimit};
use super::engine::{Command, DatabaseError, StoreError, Tx, json, query};
use super::packets::follows::{self, Follow};
use super::packets::revisions::Revision;
use super::{NewPacket, Store, inbox, packets, pauses};
use handoff_core::record::{DealKey, Event};

statements! {
    /// Ready deals, and leased ones whose lease has run out: that was a try, too.
    CLAIM_DEALS = ["
        WITH due AS MATERIALIZED (
            SELECT d.deal FROM deals d
            WHERE d.state <> 'idle' AND d.account = $1 AND d.due_at <= $2
                AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = $1 AND p.until > $2)
            ORDER BY d.look, d.due_at LIMIT $4 ", skip_locked, ")
        UPDATE deals SET due_at = $3, epoch = epoch + 1,
            attempts = attempts + CASE WHEN state = 'leased' THEN 1 ELSE 0 END, state = 'leased'
        WHERE deal IN (SELECT due.deal FROM due)
        RETURNING deal, epoch, want, attempts"];
    /// Finished for good ($5 is `idle` or `dead`), unless something was announced since the claim.
    END_DEAL = "
        UPDATE deals SET
            state = CASE WHEN want > $3 THEN 'ready' ELSE $5 END,
            due_at = CASE WHEN want > $3 THEN CAST($4 AS BIGINT) ELSE NULL END,
            attempts = CASE WHEN want > $3 THEN 0 ELSE CAST($6 AS BIGINT) END,
            last_error = $7, ended = $8
        WHERE deal = $1 AND epoch = $2 AND state = 'leased'
        RETURNING want";
    POSTPONE_DEAL = "
        UPDATE deals SET state = 'ready', due_at = $3, attempts = $4, last_error = $5
        WHERE deal = $1 AND epoch = $2 AND state = 'leased'";
    REPLAY_DEAL = "
        UPDATE deals SET state = 'ready', due_at = $2, attempts = 0 WHERE deal = $1 AND state = 'dead'";
    REOPEN_EVENT = "UPDATE inbox SET outcome = NULL, settled = 0 WHERE dedupe = $1";
    RECORDED = ["
        SELECT deal, last_error, ended FROM deals
        WHERE last_error IS NOT NULL AND deal IN (SELECT e.value ->> 0 FROM ", each_row, " e)"];
    /// A dead deal gets one try more; one that has used up more than all of them gets none.
    LOOK_AGAIN = "
        UPDATE deals SET state = 'ready', due_at = $2,
            attempts = CASE WHEN state = 'dead' THEN attempts - 1 ELSE 0 END
        WHERE deal = $1 AND state IN ('idle', 'dead') AND COALESCE(ended, '') <> 'packet'";
}

/// The right to work on one deal, until it is given back or another epoch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealLease {
    pub deal: DealKey,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    /// How often it had been announced when it was claimed. An event that arrives later raises the deal's
    /// own count, and the deal is read again.
    pub want: i64,
    pub attempts: u32,
}

/// Why a deal gets no packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPacket {
    NotWon {
        stage: String,
    },
    Gone,
    /// The mapping leaves it out.
    NotCovered,
}

impl fmt::Display for NoPacket {
    /// The outcome of the deal's events.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWon { stage } => write!(f, "not won: stage {stage}"),
            Self::Gone => f.write_str("gone"),
            Self::NotCovered => f.write_str("not covered by applies_to"),
        }
    }
}

/// What is recorded of a deal when it was last worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWork {
    /// `gone`, `packet pkt_…`, an error.
    pub outcome: String,
    /// It ended with a packet, or with a deal that the mapping leaves out.
    pub is_settled: bool,
}

/// How work on a deal ended.
#[derive(Debug, Clone)]
pub enum DealEnd {
    /// A packet and its deliveries; ignored if the win already has one.
    Packet(Box<NewPacket>),
    /// The win has this packet already, and it stays as it is.
    Known {
        packet_id: String,
        /// How the deal that it is of goes on being followed.
        follow: Follow,
    },
    /// There is no packet to make.
    NoPacket {
        why: NoPacket,
        /// Open packets of the deal that say so from now on.
        withdraws: Vec<Revision>,
    },
    /// The deal was looked at again, and its packet has changed.
    Revised(Box<Revision>),
    Retry {
        at: Timestamp,
        error: String,
    },
    /// Not tried again until somebody replays it.
    Dead {
        error: String,
    },
    /// The account is paused: does not count as a try.
    Paused {
        /// When one call may try again.
        until: Timestamp,
        reason: String,
    },
}

impl Store {
    /// Takes up to `limit` deals that are due for `lease` from now, in one transaction: account by account in the
    /// order of `limits`, and of each those first that have waited longest; none of one that is paused. A caller
    /// that drops this future leaves what it claimed to the end of the lease.
    pub async fn claim_deals(
        &self,
        limits: Vec<ClaimLimit>,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<DealLease>, StoreError> {
        self.writer.run(ClaimDeals(Claim { limits, limit, lease })).await
    }

    /// Records how work on a deal ended, with everything that follows from it, in one transaction. False:
    /// the lease was lost and nothing changed.
    pub async fn finish_deal(&self, lease: &DealLease, end: DealEnd) -> Result<bool, StoreError> {
        self.writer.run_on(lease.deal.to_string(), FinishDeal { lease: lease.clone(), end }).await
    }

    /// Returns what was recorded of these deals when they were last worked on.
    pub async fn recorded(&self, deals: &[DealKey]) -> Result<BTreeMap<DealKey, LastWork>, StoreError> {
        let keys: Vec<(String,)> = deals.iter().map(|deal| (deal.to_string(),)).collect();
        let rows: Vec<(String, String, Option<String>)> =
            self.readers.all(query(RECORDED).bind(json(&keys)?)).await?;
        let last = |(deal, outcome, ended): (String, String, Option<String>)| {
            Some((deal.parse().ok()?, LastWork { outcome, is_settled: ended.is_some() }))
        };
        Ok(rows.into_iter().filter_map(last).collect())
    }

    /// Makes the deals of events due that were recorded before, unless their work ended with a packet. The events
    /// get a new outcome.
    pub async fn look_again(&self, events: Vec<Event>) -> Result<(), StoreError> {
        self.writer.run(LookAgain(events)).await
    }

    /// Makes a dead deal due now with a fresh count of tries; false if it is not dead.
    pub async fn replay_deal(&self, deal: &DealKey) -> Result<bool, StoreError> {
        self.writer.run_on(deal.to_string(), ReplayDeal(deal.to_string())).await
    }
}

struct ClaimDeals(Claim);

impl Command<Vec<DealLease>> for ClaimDeals {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<DealLease>, DatabaseError> {
        let rows: Vec<(String, i64, i64, i64)> = self.0.rows(tx, CLAIM_DEALS).await?;
        Ok(rows.into_iter().filter_map(lease_of).collect())
    }
}

/// A row that this program cannot read (left by a newer one) must not hold up the others.
fn lease_of((deal, epoch, want, attempts): (String, i64, i64, i64)) -> Option<DealLease> {
    let Ok(key) = deal.parse() else {
        tracing::error!(deal, "passed over a deal whose key is not readable");
        return None;
    };
    Some(DealLease { deal: key, epoch, want, attempts: u32::try_from(attempts).unwrap_or(u32::MAX) })
}

/// How work ends whose deal has a packet.
const PACKET: Option<&str> = Some("packet");

/// The outcome of such work.
fn packet(packet_id: &str) -> String {
    format!("packet {packet_id}")
}

struct FinishDeal {
    lease: DealLease,
    end: DealEnd,
}

impl Command<bool> for FinishDeal {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let tries = i64::from(self.lease.attempts) + 1;
        match &self.end {
            DealEnd::Packet(new) => {
                if !self.end(tx, "idle", 0, &packet(&new.packet_id), PACKET).await? {
                    return Ok(false);
                }
                for revision in &new.withdraws {
                    packets::revisions::revise(tx, revision).await?;
                }
                let packet_id = packets::insert(tx, new).await?;
                self.succeed(tx, &packet(&packet_id)).await
            }
            DealEnd::Known { packet_id, follow } => {
                let outcome = packet(packet_id);
                if !self.end(tx, "idle", 0, &outcome, PACKET).await? {
                    return Ok(false);
                }
                follows::go_on(tx, packet_id, follow).await?;
                self.succeed(tx, &outcome).await
            }
            DealEnd::NoPacket { why, withdraws } => {
                let outcome = why.to_string();
                let ended = (*why == NoPacket::NotCovered).then_some("not_covered");
                if !self.end(tx, "idle", 0, &outcome, ended).await? {
                    return Ok(false);
                }
                if *why == NoPacket::Gone {
                    follows::note_gone(tx, &self.lease.deal).await?;
                }
                for revision in withdraws {
                    packets::revisions::revise(tx, revision).await?;
                }
                self.succeed(tx, &outcome).await
            }
            DealEnd::Revised(revision) => {
                let outcome = format!("packet {}, revision {}", revision.packet_id, revision.replaces + 1);
                if !self.end(tx, "idle", 0, &outcome, PACKET).await? {
                    return Ok(false);
                }
                if !packets::revisions::revise(tx, revision).await? {
                    // An answer came first; what the CRM shows by now is still to be read into the packet.
                    follows::read_again(tx, &revision.packet_id).await?;
                }
                self.succeed(tx, &outcome).await
            }
            DealEnd::Dead { error } => {
                if !self.end(tx, "dead", tries, error, None).await? {
                    return Ok(false);
                }
                self.set_outcome(tx, &format!("dead: {error}"), false).await?;
                Ok(true)
            }
            DealEnd::Retry { at, error } => self.postpone(tx, at.as_millisecond(), tries, error).await,
            DealEnd::Paused { until, reason } => {
                // Due at once, and held by the pause: lifting it is enough to go on.
                if !self.postpone(tx, tx.now, tries - 1, reason).await? {
                    return Ok(false);
                }
                pauses::pause(tx, &self.lease.deal.account.to_string(), *until, reason).await?;
                Ok(true)
            }
        }
    }
}

impl FinishDeal {
    async fn end(
        &self,
        tx: &mut Tx<'_>,
        state: &str,
        attempts: i64,
        outcome: &str,
        ended: Option<&str>,
    ) -> Result<bool, DatabaseError> {
        let DealLease { deal, epoch, want, .. } = &self.lease;
        let update = query(END_DEAL).bind(deal.to_string()).bind(*epoch).bind(*want);
        let update = update.bind(tx.now).bind(state).bind(attempts).bind(outcome).bind(ended);
        let announced: Option<(i64,)> = tx.conn.optional(update).await?;
        tx.notify |= announced.is_some_and(|(announced,)| announced > *want);
        Ok(announced.is_some())
    }

    async fn postpone(
        &self,
        tx: &mut Tx<'_>,
        due: i64,
        attempts: i64,
        error: &str,
    ) -> Result<bool, DatabaseError> {
        let update = query(POSTPONE_DEAL).bind(self.lease.deal.to_string()).bind(self.lease.epoch);
        let update = update.bind(due).bind(attempts).bind(error);
        let kept = tx.conn.execute(update).await? > 0;
        tx.notify |= kept;
        Ok(kept)
    }

    async fn succeed(&self, tx: &mut Tx<'_>, outcome: &str) -> Result<bool, DatabaseError> {
        self.set_outcome(tx, outcome, true).await?;
        pauses::forget_passed(tx, &self.lease.deal.account.to_string()).await?;
        Ok(true)
    }

    async fn set_outcome(&self, tx: &mut Tx<'_>, outcome: &str, is_final: bool) -> Result<(), DatabaseError> {
        inbox::set_outcome(tx, &self.lease.deal.to_string(), self.lease.want, outcome, is_final).await
    }
}

struct LookAgain(Vec<Event>);

impl Command<()> for LookAgain {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        for event in &self.0 {
            let again = query(LOOK_AGAIN).bind(event.deal.to_string()).bind(tx.now);
            if tx.conn.execute(again).await? > 0 {
                tx.conn.execute(query(REOPEN_EVENT).bind(&event.dedupe_key)).await?;
                tx.notify = true;
            }
        }
        Ok(())
    }
}

struct ReplayDeal(String);

impl Command<bool> for ReplayDeal {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let revived = tx.conn.execute(query(REPLAY_DEAL).bind(&self.0).bind(tx.now)).await? > 0;
        if revived {
            inbox::reopen(tx, &self.0).await?;
            tx.notify = true;
        }
        Ok(revived)
    }
}
