//! The outbox: what is to be posted, once each. A try is announced before it is made, so that a try nobody
//! saw the end of is recognised and read back before it is repeated.

use std::time::Duration;

use super::moment::from_millis;
use super::moment::millis_after;
use super::pauses::{self, scope_of};
use super::writer::{Command, Tx};
use super::{Attempt, DeliveryEnd, DeliveryLease, NewPacket, Store, StoreError};
use crate::delivery::Destination;

statements! {
    INSERT_DELIVERY = "
        INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, created_at)
        VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, 0, 0, 0, $7)";
    /// Waiting deliveries, and leased ones whose lease has run out.
    CLAIM_DELIVERIES = "
        UPDATE deliveries SET state = 'leased', due_at = $2, epoch = epoch + 1
        WHERE (packet_id, destination) IN (
            SELECT d.packet_id, d.destination FROM deliveries d
            WHERE d.state <> 'done' AND d.due_at <= $1
                AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = d.scope AND p.until > $1)
            ORDER BY d.due_at LIMIT $3)
        RETURNING packet_id, destination, account, order_json, epoch, attempts, unknown, absent, intended_at";
    /// A lease that has run out is not good for a new try, even if nobody has taken it over yet.
    INTEND = "
        UPDATE deliveries SET unknown = 1, intended_at = $4
        WHERE packet_id = $1 AND destination = $2 AND epoch = $3 AND state = 'leased' AND due_at > $4";
    FINISH_DELIVERY = "
        UPDATE deliveries SET state = $4, due_at = $5, attempts = $6, unknown = $7, absent = $8,
            external_id = $9, url = $10
        WHERE packet_id = $1 AND destination = $2 AND epoch = $3 AND state = 'leased'";
    INSERT_ATTEMPT = "
        INSERT INTO attempts (packet_id, destination, epoch, began_at, outcome, duration_ms, error, next_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// The digest waits so that it can link to the task; after the task's first try it need not.
    EXPEDITE = "
        UPDATE deliveries SET due_at = $3
        WHERE packet_id = $1 AND destination = $2 AND state = 'waiting' AND due_at > $3
            AND attempts = 0 AND intended_at IS NULL";
    /// What may be there and cannot be read back is posted again because a person decided so.
    REPLAY_DELIVERIES = "
        UPDATE deliveries SET state = 'waiting', due_at = $3, attempts = 0, absent = 0,
            unknown = CASE WHEN state = 'held' THEN 0 ELSE unknown END
        WHERE packet_id = $1 AND ($2 = '' OR destination = $2) AND state IN ('dead', 'held')";
}

impl Store {
    /// Takes up to `limit` deliveries that are due, for `lease` from now, passing over paused destinations.
    /// A caller that drops this future leaves what it claimed to the end of the lease.
    pub async fn claim_deliveries(
        &self,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<DeliveryLease>, StoreError> {
        self.writer.run(ClaimDeliveries { limit, lease }).await
    }

    /// Commits that a try begins: from here until it is finished nobody knows whether it is there. False:
    /// the lease was lost or has run out, and the try must not be made.
    pub async fn intend(&self, lease: &DeliveryLease) -> Result<bool, StoreError> {
        self.writer.run(Intend { lease: lease.clone() }).await
    }

    /// Records how a try ended, with its attempt row, in one transaction. The first try of a task, however it
    /// ended, makes the digest of the same packet due. False: the lease was lost and nothing changed.
    pub async fn finish_delivery(
        &self,
        lease: &DeliveryLease,
        end: DeliveryEnd,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        self.writer.run(FinishDelivery { lease: lease.clone(), end, attempt }).await
    }

    /// Makes dead and held deliveries of a packet due now with a fresh count of tries; says how many. A held
    /// one is posted again without a read-back; a dead one that may be there is read back first.
    pub async fn replay(
        &self,
        packet_id: &str,
        destination: Option<Destination>,
    ) -> Result<usize, StoreError> {
        self.writer.run(Replay { packet_id: packet_id.to_owned(), destination }).await
    }
}

/// Adds the deliveries of a new packet.
pub(super) async fn insert(tx: &mut Tx<'_>, new: &NewPacket) -> sqlx::Result<()> {
    let account = &new.win.deal.account;
    for (destination, order, due) in &new.deliveries {
        let insert = sqlx::query(INSERT_DELIVERY).bind(&new.packet_id).bind(destination.as_str());
        let insert = insert.bind(account.to_string()).bind(scope_of(*destination, account)).bind(order);
        insert.bind(due.as_millisecond()).bind(tx.now).execute(&mut *tx.conn).await?;
        tx.wakes = true;
    }
    Ok(())
}

struct ClaimDeliveries {
    limit: u32,
    lease: Duration,
}

impl Command for ClaimDeliveries {
    type Output = Vec<DeliveryLease>;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<Vec<DeliveryLease>> {
        let claim = sqlx::query_as(CLAIM_DELIVERIES).bind(tx.now).bind(millis_after(tx.now, self.lease));
        let rows: Vec<ClaimedRow> = claim.bind(self.limit).fetch_all(&mut *tx.conn).await?;
        Ok(rows.into_iter().filter_map(lease_of).collect())
    }
}

type ClaimedRow = (String, String, String, String, i64, i64, i64, i64, Option<i64>);

/// A row that this program cannot read (left by a newer one) must not hold up the others.
fn lease_of(row: ClaimedRow) -> Option<DeliveryLease> {
    let (packet_id, destination, account, order, epoch, attempts, unknown, absent, intended_at) = row;
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
    })
}

struct Intend {
    lease: DeliveryLease,
}

impl Command for Intend {
    type Output = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<bool> {
        let DeliveryLease { packet_id, destination, epoch, .. } = &self.lease;
        let update = sqlx::query(INTEND).bind(packet_id).bind(destination.as_str()).bind(epoch).bind(tx.now);
        Ok(update.execute(&mut *tx.conn).await?.rows_affected() > 0)
    }
}

struct FinishDelivery {
    lease: DeliveryLease,
    end: DeliveryEnd,
    attempt: Attempt,
}

/// The columns that an end decides.
struct Ended<'a> {
    state: &'static str,
    due: Option<i64>,
    /// Whether it counts as a try.
    counts: bool,
    unknown: bool,
    absent: u32,
    external: Option<(&'a str, Option<&'a str>)>,
}

impl FinishDelivery {
    fn ended(&self, now: i64) -> Ended<'_> {
        let DeliveryLease { unknown, absent, .. } = self.lease;
        let rest = Ended { state: "waiting", due: None, counts: true, unknown, absent, external: None };
        match &self.end {
            DeliveryEnd::Done { external_id, url } => {
                let external = Some((external_id.as_str(), url.as_deref()));
                Ended { state: "done", unknown: false, external, ..rest }
            }
            DeliveryEnd::Retry { at } => {
                Ended { due: Some(at.as_millisecond()), unknown: false, absent: 0, ..rest }
            }
            DeliveryEnd::Unknown { at, absent } => {
                Ended { due: Some(at.as_millisecond()), unknown: true, absent: *absent, ..rest }
            }
            DeliveryEnd::Held => Ended { state: "held", unknown: true, ..rest },
            // This try failed for certain; an earlier one of unknown outcome stays unknown.
            DeliveryEnd::Dead => Ended { state: "dead", ..rest },
            // The same, and due at once, held by the pause: lifting it is enough to go on.
            DeliveryEnd::Paused { .. } => Ended { due: Some(now), counts: false, ..rest },
        }
    }

    async fn write(&self, tx: &mut Tx<'_>, ended: &Ended<'_>) -> sqlx::Result<bool> {
        let DeliveryLease { packet_id, destination, epoch, attempts, .. } = &self.lease;
        let (external_id, url) = ended.external.map_or((None, None), |(id, url)| (Some(id), url));
        let update = sqlx::query(FINISH_DELIVERY).bind(packet_id).bind(destination.as_str()).bind(epoch);
        let update = update.bind(ended.state).bind(ended.due);
        let update = update.bind(i64::from(*attempts) + i64::from(ended.counts));
        let update = update.bind(i64::from(ended.unknown)).bind(ended.absent).bind(external_id).bind(url);
        if update.execute(&mut *tx.conn).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let Attempt { at, outcome, duration_ms, error, next_at, .. } = &self.attempt;
        let insert = sqlx::query(INSERT_ATTEMPT).bind(packet_id).bind(destination.as_str()).bind(epoch);
        let insert = insert.bind(at.as_millisecond()).bind(outcome).bind(duration_ms).bind(error);
        let insert = insert.bind(next_at.map(jiff::Timestamp::as_millisecond));
        insert.execute(&mut *tx.conn).await?;
        Ok(true)
    }
}

impl Command for FinishDelivery {
    type Output = bool;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<bool> {
        let ended = self.ended(tx.now);
        if !self.write(tx, &ended).await? {
            return Ok(false);
        }
        tx.wakes |= ended.due.is_some();
        let DeliveryLease { packet_id, destination, account, .. } = &self.lease;
        let scope = scope_of(*destination, account);
        match self.end {
            DeliveryEnd::Done { .. } => pauses::forget_passed(tx, &scope).await?,
            DeliveryEnd::Paused { until } => {
                let reason = self.attempt.error.as_deref().unwrap_or("paused");
                pauses::pause(tx, &scope, until, reason).await?;
            }
            _ => {}
        }
        if *destination == Destination::CrmTask {
            let digest = Destination::SlackDigest.as_str();
            let update = sqlx::query(EXPEDITE).bind(packet_id).bind(digest).bind(tx.now);
            tx.wakes |= update.execute(&mut *tx.conn).await?.rows_affected() > 0;
        }
        Ok(true)
    }
}

struct Replay {
    packet_id: String,
    destination: Option<Destination>,
}

impl Command for Replay {
    type Output = usize;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<usize> {
        let which = self.destination.map_or("", Destination::as_str);
        let update = sqlx::query(REPLAY_DELIVERIES).bind(&self.packet_id).bind(which).bind(tx.now);
        let rows = update.execute(&mut *tx.conn).await?.rows_affected();
        tx.wakes |= rows > 0;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture, LEASE, MINUTE, account, done};
    use super::super::{DeliveryEnd, DeliveryState, SLACK};
    use crate::delivery::Destination::{CrmTask, SlackDigest};

    async fn states(fixture: &Fixture, packet_id: &str) -> Vec<DeliveryState> {
        let packet = fixture.store.packet(packet_id).await.unwrap().unwrap();
        packet.deliveries.into_iter().map(|delivery| delivery.state).collect()
    }

    #[tokio::test]
    async fn the_digest_waits_for_the_first_try_of_the_task() {
        for end in [done("1"), DeliveryEnd::Dead, DeliveryEnd::Held] {
            let fixture = Fixture::new().await;
            fixture.has_packet("1").await;
            let task = fixture.claims_delivery().await;
            assert_eq!((task.destination, task.order.as_str()), (CrmTask, "task order"));
            assert_eq!((&task.account, task.unknown, task.intended_at), (&account(), false, None));
            fixture.finishes(&task, end).await;
            let digest = fixture.claims_delivery().await;
            assert_eq!((digest.destination, digest.order.as_str()), (SlackDigest, "digest order"));
        }
    }

    #[tokio::test]
    async fn the_digest_does_not_wait_for_ever() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        fixture.claims_delivery().await;
        fixture.clock.advance(MINUTE);
        assert_eq!(fixture.claims_delivery().await.destination, SlackDigest);
    }

    #[tokio::test]
    async fn a_digest_that_was_tried_keeps_its_retry_time() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        let task = fixture.claims_delivery().await;
        fixture.clock.advance(MINUTE);
        let digest = fixture.claims_delivery().await;
        fixture.finishes(&digest, DeliveryEnd::Retry { at: fixture.after(DAY) }).await;
        fixture.finishes(&task, done("1")).await;
        assert_eq!(fixture.claims_deliveries().await, []);
    }

    #[tokio::test]
    async fn a_try_nobody_saw_the_end_of_comes_back_as_unknown() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        let first = fixture.claims_delivery().await;
        let began = fixture.now();
        assert!(fixture.store.intend(&first).await.unwrap());
        let fixture = fixture.reopened().await;
        assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Unknown, DeliveryState::Waiting]);

        let second = fixture.claims_delivery().await;
        assert_eq!((second.unknown, second.intended_at, second.attempts), (true, Some(began), 0));
        let attempt = fixture.attempt(&first, &done("1"));
        assert!(!fixture.store.finish_delivery(&first, done("1"), attempt).await.unwrap());
        assert!(!fixture.store.intend(&first).await.unwrap());
        fixture.finishes(&second, done("1")).await;
        let packet = fixture.store.packet(&packet_id).await.unwrap().unwrap();
        assert_eq!(packet.deliveries[0].attempts.len(), 1, "the stale worker left no trace");
    }

    #[tokio::test]
    async fn no_try_begins_under_a_lease_that_has_run_out() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        let lease = fixture.claims_delivery().await;
        fixture.clock.advance(LEASE);
        assert!(!fixture.store.intend(&lease).await.unwrap());
        let next = fixture.claims_deliveries().await.remove(0);
        assert!(!next.unknown);
        assert!(fixture.store.intend(&next).await.unwrap());
    }

    #[tokio::test]
    async fn a_certain_failure_is_tried_again_and_is_not_unknown() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        let lease = fixture.claims_delivery().await;
        assert!(fixture.store.intend(&lease).await.unwrap());
        let at = fixture.after(MINUTE / 2);
        fixture.finishes(&lease, DeliveryEnd::Retry { at }).await;
        fixture.clock.advance(MINUTE / 2);
        let again = fixture.claims_deliveries().await.remove(0);
        assert_eq!((again.attempts, again.unknown, again.absent), (1, false, 0));
    }

    #[tokio::test]
    async fn read_backs_that_find_nothing_are_counted() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        let lease = fixture.claims_delivery().await;
        fixture.finishes(&lease, DeliveryEnd::Unknown { at: fixture.now(), absent: 2 }).await;
        let again = fixture.claims_deliveries().await.remove(0);
        assert_eq!((again.unknown, again.absent, again.attempts), (true, 2, 1));
    }

    #[tokio::test]
    async fn a_pause_is_no_try_and_forgets_nothing() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        let lease = fixture.claims_delivery().await;
        fixture.finishes(&lease, DeliveryEnd::Unknown { at: fixture.now(), absent: 1 }).await;
        let [task, digest] = fixture.claims_deliveries().await.try_into().unwrap();
        fixture.finishes(&digest, done("1")).await;
        let until = fixture.after(DAY);
        fixture.finishes(&task, DeliveryEnd::Paused { until }).await;

        let pause = fixture.store.pauses().await.unwrap().remove(0);
        assert_eq!((pause.scope, pause.until), (account().to_string(), until));
        assert_eq!(pause.reason, "401: the token was refused");
        assert_eq!(fixture.claims_deliveries().await, []);
        assert!(fixture.store.lift_pause(&account().to_string()).await.unwrap());
        let again = fixture.claims_delivery().await;
        assert_eq!((again.attempts, again.unknown, again.absent), (1, true, 1));
    }

    #[tokio::test]
    async fn a_paused_slack_does_not_hold_the_task() {
        let fixture = Fixture::new().await;
        fixture.store.pause(SLACK, fixture.after(DAY), "invalid_auth").await.unwrap();
        fixture.has_packet("1").await;
        let task = fixture.claims_delivery().await;
        assert_eq!(task.destination, CrmTask);
        fixture.finishes(&task, done("1")).await;
        assert_eq!(fixture.claims_deliveries().await, []);
        fixture.clock.advance(DAY);
        assert_eq!(fixture.claims_delivery().await.destination, SlackDigest);
    }

    #[tokio::test]
    async fn an_operator_replays_what_is_dead_or_held_and_nothing_else() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        let task = fixture.claims_delivery().await;
        assert!(fixture.store.intend(&task).await.unwrap());
        fixture.finishes(&task, DeliveryEnd::Held).await;
        let digest = fixture.claims_delivery().await;
        fixture.finishes(&digest, DeliveryEnd::Dead).await;
        assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Held, DeliveryState::Dead]);
        fixture.clock.advance(DAY);
        assert_eq!(fixture.claims_deliveries().await, []);

        assert_eq!(fixture.store.replay(&packet_id, Some(SlackDigest)).await.unwrap(), 1);
        let digest = fixture.claims_delivery().await;
        assert_eq!((digest.destination, digest.attempts, digest.unknown), (SlackDigest, 0, false));
        assert_eq!(fixture.store.replay(&packet_id, None).await.unwrap(), 1);
        let task = fixture.claims_delivery().await;
        assert_eq!((task.destination, task.attempts, task.unknown), (CrmTask, 0, false));
        fixture.finishes(&task, done("1")).await;
        fixture.finishes(&digest, done("1")).await;
        assert_eq!(fixture.store.replay(&packet_id, None).await.unwrap(), 0);
        let packet = fixture.store.packet(&packet_id).await.unwrap().unwrap();
        let tries: Vec<usize> = packet.deliveries.iter().map(|delivery| delivery.attempts.len()).collect();
        assert_eq!(tries, [2, 2], "attempts are never forgotten");
    }

    #[tokio::test]
    async fn a_dead_delivery_that_may_be_there_is_read_back_first_when_replayed() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        let task = fixture.claims_delivery().await;
        fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.now(), absent: 0 }).await;
        let task = fixture.claims_deliveries().await.remove(0);
        fixture.finishes(&task, DeliveryEnd::Dead).await;
        fixture.store.replay(&packet_id, Some(CrmTask)).await.unwrap();
        assert!(fixture.claims_deliveries().await[0].unknown);
    }

    #[tokio::test]
    async fn the_digest_can_look_up_where_the_task_is() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        assert_eq!(fixture.store.external(&packet_id, CrmTask).await.unwrap(), None);
        let task = fixture.claims_delivery().await;
        fixture.finishes(&task, done("900")).await;
        let there = Some(("900".to_owned(), Some("https://example.com/1".to_owned())));
        assert_eq!(fixture.store.external(&packet_id, CrmTask).await.unwrap(), there);
    }
}
