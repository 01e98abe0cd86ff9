//! Forgetting: what customers and sellers wrote leaves after the retention time, in steps small enough
//! not to keep webhooks waiting.

use jiff::Timestamp;

use super::writer::{Command, Tx};
use super::{Store, StoreError};

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
    FORGET_ATTEMPTS = "DELETE FROM attempts WHERE packet_id IN (SELECT e.value FROM json_each($1) e)";
    FORGET_DELIVERIES = "DELETE FROM deliveries WHERE packet_id IN (SELECT e.value FROM json_each($1) e)";
    FORGET_PACKETS = "DELETE FROM packets WHERE packet_id IN (SELECT e.value FROM json_each($1) e)";
    /// The last id of the next stretch of the inbox, and its oldest event.
    NEXT_EVENTS = "
        SELECT MAX(e.id), MIN(e.received_at)
        FROM (SELECT i.id, i.received_at FROM inbox i WHERE i.id > $1 ORDER BY i.id LIMIT $2) e";
    FORGET_EVENTS = "
        DELETE FROM inbox WHERE id > $1 AND id <= $2 AND received_at < $3 AND outcome IS NOT NULL
        RETURNING deal";
    FORGET_DEALS = "
        DELETE FROM deals WHERE deal IN (SELECT e.value FROM json_each($1) e)
            AND state IN ('idle', 'dead') AND heard_at < $2";
}

impl Store {
    /// Forgets finished packets made before then, with their record snapshots, deliveries and attempts, and
    /// events received before then that have an outcome. Which win had which packet is kept, so that no win
    /// is ever handed over twice. Says how many packets and events it forgot.
    pub async fn purge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let before = before.as_millisecond();
        let mut forgotten = 0;
        loop {
            let packets = self.writer.run(PurgePackets { before }).await?;
            forgotten += packets;
            if packets < u64::from(PACKETS) {
                break;
            }
        }
        let mut after = 0;
        loop {
            let query = sqlx::query_as(NEXT_EVENTS).bind(after).bind(EVENTS);
            let stretch: (Option<i64>, Option<i64>) = query.fetch_one(&self.readers).await?;
            // Ids grow with time: a stretch without an old event means that none follows.
            let (Some(upto), Some(oldest)) = stretch else { break };
            if oldest >= before {
                break;
            }
            forgotten += self.writer.run(PurgeEvents { after, upto, before }).await?;
            after = upto;
        }
        Ok(forgotten)
    }
}

struct PurgePackets {
    before: i64,
}

impl Command for PurgePackets {
    type Output = u64;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<u64> {
        let query = sqlx::query_scalar(FINISHED_PACKETS).bind(self.before).bind(PACKETS);
        let packets: Vec<String> = query.fetch_all(&mut *tx.conn).await?;
        let packets = json(&packets)?;
        let mut rows = 0;
        for sql in [FORGET_ATTEMPTS, FORGET_DELIVERIES, FORGET_PACKETS] {
            rows = sqlx::query(sql).bind(&packets).execute(&mut *tx.conn).await?.rows_affected();
        }
        Ok(rows)
    }
}

struct PurgeEvents {
    after: i64,
    upto: i64,
    before: i64,
}

impl Command for PurgeEvents {
    type Output = u64;

    async fn run(&self, tx: &mut Tx<'_>) -> sqlx::Result<u64> {
        let delete = sqlx::query_scalar(FORGET_EVENTS).bind(self.after).bind(self.upto).bind(self.before);
        let deals: Vec<String> = delete.fetch_all(&mut *tx.conn).await?;
        // A deal that has been silent since then has no younger events.
        let delete = sqlx::query(FORGET_DEALS).bind(json(&deals)?).bind(self.before);
        delete.execute(&mut *tx.conn).await?;
        Ok(deals.len() as u64)
    }
}

fn json(keys: &[String]) -> sqlx::Result<String> {
    serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture, MINUTE, deal, done, event, nothing, win};
    use super::super::{DealEnd, DeliveryEnd};

    #[tokio::test]
    async fn finished_work_is_forgotten_and_its_win_is_not() {
        let fixture = Fixture::new().await;
        let old = fixture.is_handed_over("1").await;
        fixture.hears("2", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, DealEnd::Dead { error: "400".to_owned() }).await;
        fixture.clock.advance(DAY);
        let before = fixture.now();
        let young = fixture.is_handed_over("3").await;

        assert_eq!(fixture.store.purge(before).await.unwrap(), 3, "a packet and two events");
        assert_eq!(fixture.store.purge(before).await.unwrap(), 0);
        assert_eq!(fixture.store.packet(&old).await.unwrap(), None);
        assert!(fixture.store.packet(&young).await.unwrap().is_some());
        assert_eq!(fixture.outcomes().await, ["packet pkt_3"]);
        assert_eq!(fixture.open_deals().await, []);

        assert_eq!(fixture.store.packet_of_win(&win("1")).await.unwrap(), Some(old.clone()));
        assert!(fixture.store.latest_packet_of(&[deal("1")]).await.unwrap().is_some());
        fixture.hears("1", "announced again").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, DealEnd::Packet(fixture.packet("1"))).await;
        assert_eq!(fixture.claims_deliveries().await, [], "it is not handed over twice");
        assert_eq!(fixture.outcomes().await[1], format!("packet {old}"));
    }

    #[tokio::test]
    async fn unfinished_work_is_never_forgotten() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        let task = fixture.claims_delivery().await;
        fixture.finishes(&task, DeliveryEnd::Held).await;
        let digest = fixture.claims_delivery().await;
        fixture.finishes(&digest, done("1")).await;
        fixture.hears("2", "a").await;
        let lease = fixture.claims_deal().await;
        let retry = DealEnd::Retry { at: fixture.after(MINUTE), error: "503".to_owned() };
        fixture.ends(&lease, retry).await;
        fixture.clock.advance(DAY);

        assert_eq!(fixture.store.purge(fixture.now()).await.unwrap(), 1, "the event that has its packet");
        assert!(fixture.store.packet(&packet_id).await.unwrap().is_some());
        assert_eq!(fixture.outcomes().await, ["waiting"]);
        assert_eq!(fixture.claims_deal().await.deal, deal("2"));
    }

    #[tokio::test]
    async fn a_deal_with_a_younger_event_stays() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, nothing()).await;
        fixture.clock.advance(DAY);
        let before = fixture.now();
        fixture.hears("1", "b").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.store.purge(before).await.unwrap(), 1);
        fixture.hears("1", "c").await;
        assert_eq!(fixture.claims_deal().await.want, 3, "its count goes on");
    }

    #[tokio::test]
    async fn large_amounts_are_forgotten_in_several_steps() {
        let fixture = Fixture::new().await;
        let events = |n: u32| (0..n).map(|n| event("1", &format!("event {n}"))).collect();
        fixture.store.record(events(1200)).await.unwrap();
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, nothing()).await;
        fixture.clock.advance(DAY);
        let commits = fixture.store.commits();
        assert_eq!(fixture.store.purge(fixture.now()).await.unwrap(), 1200);
        assert_eq!(fixture.store.commits() - commits, 4, "packets once, events in three steps");
        assert_eq!(fixture.outcomes().await.len(), 0);
    }
}
