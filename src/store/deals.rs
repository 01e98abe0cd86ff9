//! Deals to look at. The deal row is the queue: one worker at a time has a deal, and events that arrive
//! meanwhile raise `want`, which makes the deal ready again when the work ends.

use std::time::Duration;

use super::moment::millis_after;
use super::writer::{Command, Tx};
use super::{DealEnd, DealLease, Store, StoreError, inbox, packets, pauses};
use crate::crm::DealKey;

statements! {
    /// Ready deals, and leased ones whose lease has run out.
    CLAIM_DEALS = "
        UPDATE deals SET state = 'leased', due_at = $2, epoch = epoch + 1
        WHERE deal IN (
            SELECT d.deal FROM deals d
            WHERE d.state <> 'idle' AND d.due_at <= $1
                AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = d.account AND p.until > $1)
            ORDER BY d.due_at LIMIT $3)
        RETURNING deal, epoch, want, attempts";
    /// Finished for good ($5 is `idle` or `dead`), unless something was announced since the claim.
    END_DEAL = "
        UPDATE deals SET
            state = CASE WHEN want > $3 THEN 'ready' ELSE $5 END,
            due_at = CASE WHEN want > $3 THEN $4 ELSE NULL END,
            attempts = CASE WHEN want > $3 THEN 0 ELSE $6 END,
            last_error = $7
        WHERE deal = $1 AND epoch = $2 AND state = 'leased'
        RETURNING want";
    POSTPONE_DEAL = "
        UPDATE deals SET state = 'ready', due_at = $3, attempts = $4, last_error = $5
        WHERE deal = $1 AND epoch = $2 AND state = 'leased'";
    REPLAY_DEAL = "
        UPDATE deals SET state = 'ready', due_at = $2, attempts = 0 WHERE deal = $1 AND state = 'dead'";
}

impl Store {
    /// Takes up to `limit` deals that are due, for `lease` from now, passing over paused accounts. A caller
    /// that drops this future leaves what it claimed to the end of the lease.
    pub async fn claim_deals(&self, limit: u32, lease: Duration) -> Result<Vec<DealLease>, StoreError> {
        self.writer.run(ClaimDeals { limit, lease }).await
    }

    /// Records how work on a deal ended, with everything that follows from it, in one transaction. False:
    /// the lease was lost and nothing changed.
    pub async fn finish_deal(&self, lease: &DealLease, end: DealEnd) -> Result<bool, StoreError> {
        self.writer.run(FinishDeal { lease: lease.clone(), end }).await
    }

    /// Makes a dead deal due now with a fresh count of tries; false if it is not dead.
    pub async fn replay_deal(&self, deal: &DealKey) -> Result<bool, StoreError> {
        self.writer.run(ReplayDeal { deal: deal.to_string() }).await
    }
}

struct ClaimDeals {
    limit: u32,
    lease: Duration,
}

impl Command for ClaimDeals {
    type Output = Vec<DealLease>;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<Vec<DealLease>> {
        let claim = sqlx::query_as(CLAIM_DEALS).bind(tx.now).bind(millis_after(tx.now, self.lease));
        let rows: Vec<(String, i64, i64, i64)> = claim.bind(self.limit).fetch_all(&mut *tx.conn).await?;
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

struct FinishDeal {
    lease: DealLease,
    end: DealEnd,
}

impl Command for FinishDeal {
    type Output = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<bool> {
        let tries = i64::from(self.lease.attempts) + 1;
        match &self.end {
            DealEnd::Packet(new) => {
                if !self.end(tx, "idle", 0, None).await? {
                    return Ok(false);
                }
                let packet_id = packets::insert(tx, new).await?;
                self.succeed(tx, &format!("packet {packet_id}")).await
            }
            DealEnd::Known { packet_id } => Ok(self.end(tx, "idle", 0, None).await?
                && self.succeed(tx, &format!("packet {packet_id}")).await?),
            DealEnd::Nothing { outcome } => {
                Ok(self.end(tx, "idle", 0, None).await? && self.succeed(tx, outcome).await?)
            }
            DealEnd::Dead { error } => {
                if !self.end(tx, "dead", tries, Some(error)).await? {
                    return Ok(false);
                }
                self.settle(tx, &format!("dead: {error}"), false).await?;
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
        error: Option<&str>,
    ) -> sqlx::Result<bool> {
        let DealLease { deal, epoch, want, .. } = &self.lease;
        let update = sqlx::query_scalar(END_DEAL).bind(deal.to_string()).bind(epoch).bind(want);
        let update = update.bind(tx.now).bind(state).bind(attempts).bind(error);
        let announced: Option<i64> = update.fetch_optional(&mut *tx.conn).await?;
        tx.wakes |= announced.is_some_and(|announced| announced > *want);
        Ok(announced.is_some())
    }

    async fn postpone(&self, tx: &mut Tx<'_>, due: i64, attempts: i64, error: &str) -> sqlx::Result<bool> {
        let update = sqlx::query(POSTPONE_DEAL).bind(self.lease.deal.to_string()).bind(self.lease.epoch);
        let update = update.bind(due).bind(attempts).bind(error);
        let kept = update.execute(&mut *tx.conn).await?.rows_affected() > 0;
        tx.wakes |= kept;
        Ok(kept)
    }

    async fn succeed(&self, tx: &mut Tx<'_>, outcome: &str) -> sqlx::Result<bool> {
        self.settle(tx, outcome, true).await?;
        pauses::forget_passed(tx, &self.lease.deal.account.to_string()).await?;
        Ok(true)
    }

    async fn settle(&self, tx: &mut Tx<'_>, outcome: &str, settled: bool) -> sqlx::Result<()> {
        inbox::settle(tx, &self.lease.deal.to_string(), self.lease.want, outcome, settled).await
    }
}

struct ReplayDeal {
    deal: String,
}

impl Command for ReplayDeal {
    type Output = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<bool> {
        let update = sqlx::query(REPLAY_DEAL).bind(&self.deal).bind(tx.now);
        let revived = update.execute(&mut *tx.conn).await?.rows_affected() > 0;
        if revived {
            inbox::reopen(tx, &self.deal).await?;
            tx.wakes = true;
        }
        Ok(revived)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture, LEASE, MINUTE, account, deal, nothing};
    use super::super::{DealEnd, DealState};

    fn retry(fixture: &Fixture) -> DealEnd {
        DealEnd::Retry { at: fixture.after(MINUTE), error: "503".to_owned() }
    }

    fn dead() -> DealEnd {
        DealEnd::Dead { error: "404: no such pipeline".to_owned() }
    }

    #[tokio::test]
    async fn a_deal_has_one_worker_at_a_time() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        fixture.hears("1", "b").await;
        let lease = fixture.claims_deal().await;
        assert_eq!((lease.deal.clone(), lease.want, lease.attempts), (deal("1"), 2, 0));
        assert_eq!(fixture.claims_deals().await, []);
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.claims_deals().await, []);
        assert_eq!(fixture.outcomes().await, ["not won: negotiation", "not won: negotiation"]);
    }

    #[tokio::test]
    async fn an_event_during_the_work_makes_the_deal_ready_again() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.hears("1", "b").await;
        assert_eq!(fixture.claims_deals().await, [], "nobody else gets it meanwhile");
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.outcomes().await, ["not won: negotiation", "waiting"]);

        let again = fixture.claims_deal().await;
        fixture.ends(&again, DealEnd::Packet(fixture.packet("1"))).await;
        assert_eq!(fixture.outcomes().await, ["not won: negotiation", "packet pkt_1"]);
    }

    #[tokio::test]
    async fn a_win_has_one_packet_however_often_it_is_announced() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        fixture.hears("1", "again").await;
        let lease = fixture.claims_deal().await;
        let mut second = fixture.packet("1");
        second.packet_id = "pkt_another".to_owned();
        fixture.ends(&lease, DealEnd::Packet(second)).await;
        assert_eq!(fixture.outcomes().await, ["packet pkt_1", "packet pkt_1"]);
        assert_eq!(fixture.store.packet("pkt_another").await.unwrap(), None);

        fixture.hears("1", "and again").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, DealEnd::Known { packet_id: "pkt_1".to_owned() }).await;
        assert_eq!(fixture.outcomes().await, ["packet pkt_1", "packet pkt_1", "packet pkt_1"]);
    }

    #[tokio::test]
    async fn a_lease_that_ran_out_goes_to_the_next_worker_and_the_first_changes_nothing() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let stale = fixture.claims_deal().await;
        fixture.clock.advance(LEASE);
        let current = fixture.claims_deal().await;
        assert!(current.epoch > stale.epoch);

        let packet = DealEnd::Packet(fixture.packet("1"));
        for end in [packet, nothing(), retry(&fixture), dead()] {
            assert!(!fixture.store.finish_deal(&stale, end).await.unwrap());
        }
        let pause = DealEnd::Paused { until: fixture.after(DAY), reason: "401".to_owned() };
        assert!(!fixture.store.finish_deal(&stale, pause).await.unwrap());
        assert_eq!(fixture.outcomes().await, ["waiting"]);
        assert_eq!(fixture.store.packet("pkt_1").await.unwrap(), None);
        assert_eq!(fixture.store.pauses().await.unwrap(), []);
        fixture.ends(&current, nothing()).await;
    }

    #[tokio::test]
    async fn a_lease_is_ended_once() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, nothing()).await;
        assert!(!fixture.store.finish_deal(&lease, dead()).await.unwrap());
    }

    #[tokio::test]
    async fn a_retry_waits_for_its_time_and_events_do_not_defeat_it() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, retry(&fixture)).await;
        fixture.hears("1", "b").await;
        assert_eq!(fixture.claims_deals().await, []);
        let row = fixture.open_deals().await.remove(0);
        assert_eq!((row.state, row.tries, row.error.as_deref()), (DealState::Retrying, 1, Some("503")));
        assert_eq!(row.next_at, Some(fixture.after(MINUTE)));

        fixture.clock.advance(MINUTE);
        let lease = fixture.claims_deal().await;
        assert_eq!((lease.attempts, lease.want), (1, 2));
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.open_deals().await, []);
    }

    #[tokio::test]
    async fn a_dead_deal_is_looked_at_again_when_somebody_replays_it() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, dead()).await;
        assert_eq!(fixture.outcomes().await, ["dead: 404: no such pipeline"]);
        let row = fixture.open_deals().await.remove(0);
        assert_eq!((row.state, row.error.as_deref()), (DealState::Dead, Some("404: no such pipeline")));
        fixture.clock.advance(DAY);
        assert_eq!(fixture.claims_deals().await, []);

        assert!(fixture.store.replay_deal(&deal("1")).await.unwrap());
        assert!(!fixture.store.replay_deal(&deal("1")).await.unwrap(), "it is not dead any more");
        assert_eq!(fixture.outcomes().await, ["waiting"]);
        let lease = fixture.claims_deal().await;
        assert_eq!(lease.attempts, 0);
        fixture.ends(&lease, DealEnd::Packet(fixture.packet("1"))).await;
        assert_eq!(fixture.outcomes().await, ["packet pkt_1"]);
    }

    #[tokio::test]
    async fn a_new_event_revives_a_dead_deal_with_a_fresh_count() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, dead()).await;
        fixture.hears("1", "a").await;
        assert_eq!(fixture.claims_deals().await, [], "a repeated event revives nothing");
        fixture.hears("1", "b").await;
        let lease = fixture.claims_deal().await;
        assert_eq!(lease.attempts, 0);
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.outcomes().await, ["not won: negotiation", "not won: negotiation"]);
    }

    #[tokio::test]
    async fn a_deal_that_died_while_an_event_arrived_is_looked_at_again() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.hears("1", "b").await;
        fixture.ends(&lease, dead()).await;
        assert_eq!(fixture.outcomes().await, ["dead: 404: no such pipeline", "waiting"]);
        assert_eq!(fixture.claims_deal().await.attempts, 0);
    }

    #[tokio::test]
    async fn a_pause_holds_the_account_and_is_no_try() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        let until = fixture.after(MINUTE);
        fixture.ends(&lease, DealEnd::Paused { until, reason: "401".to_owned() }).await;
        fixture.hears("2", "b").await;
        assert_eq!(fixture.claims_deals().await, []);
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(until));
        assert_eq!(fixture.store.pauses().await.unwrap()[0].scope, account().to_string());

        fixture.clock.advance(MINUTE);
        let leases = fixture.claims_deals().await;
        assert_eq!(leases.iter().map(|lease| lease.attempts).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(fixture.store.pauses().await.unwrap().len(), 1, "no call has succeeded yet");
        fixture.ends(&leases[0], nothing()).await;
        assert_eq!(fixture.store.pauses().await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_claim_takes_no_more_than_it_was_asked_to_and_the_longest_waiting_first() {
        let fixture = Fixture::new().await;
        for id in ["3", "1", "2"] {
            fixture.hears(id, id).await;
            fixture.clock.advance(MINUTE);
        }
        let first = fixture.store.claim_deals(2, LEASE).await.unwrap();
        let mut ids: Vec<&str> = first.iter().map(|lease| lease.deal.deal.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["1", "3"]);
    }
}
