//! Packets, one per win, and what people and workers ask about them.

use jiff::Timestamp;

use super::deliveries::{self, StoredDelivery};
use super::moment::from_millis;
use super::outbox;
use super::writer::Tx;
use super::{NewPacket, Store, StoreError};
use crate::crm::{DealKey, WinKey};

statements! {
    INSERT_WIN = "
        INSERT INTO wins (win, packet_id, deal, won_at, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (win) DO NOTHING";
    INSERT_PACKET = "INSERT INTO packets (packet_id, created_at, packet, record) VALUES ($1, $2, $3, $4)";
    PACKET_OF_WIN = "SELECT packet_id FROM wins WHERE win = $1";
    LATEST_OF_DEAL = "
        SELECT packet_id, won_at, created_at FROM wins WHERE deal = $1 ORDER BY won_at DESC LIMIT 1";
    ONE_PACKET = "
        SELECT p.packet_id, w.deal, w.won_at, p.created_at, p.packet, p.record
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id WHERE p.packet_id = $1";
    PAYLOAD = "SELECT packet, record FROM packets WHERE packet_id = $1";
}

/// A packet with everything that is kept about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPacket {
    /// See [`crate::packet::Packet::packet_id`].
    pub packet_id: String,
    /// `hubspot:48210077:301000000417`.
    pub deal: String,
    /// When the deal was won.
    pub won_at: Timestamp,
    /// When the packet was made.
    pub created_at: Timestamp,
    /// The packet as JSON.
    pub packet: String,
    /// The deal record it was made from, as JSON.
    pub record: String,
    /// What became of each delivery, with every attempt.
    pub deliveries: Vec<StoredDelivery>,
}

/// What a delivery worker needs to know about its packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPayload {
    /// The packet as JSON.
    pub packet: String,
    /// The deal record it was made from, as JSON.
    pub record: String,
}

impl Store {
    /// The packet that a win already has. Known for ever, also after the packet itself was purged.
    pub async fn packet_of_win(&self, win: &WinKey) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar(PACKET_OF_WIN).bind(win.to_string());
        Ok(query.fetch_optional(&self.readers).await?)
    }

    /// The packet of the latest win among several deals (those that were merged into one), with the instant
    /// of the win and of the packet.
    pub async fn latest_packet_of(
        &self,
        deals: &[DealKey],
    ) -> Result<Option<(String, Timestamp, Timestamp)>, StoreError> {
        let mut latest: Option<(String, i64, i64)> = None;
        for deal in deals {
            let query = sqlx::query_as(LATEST_OF_DEAL).bind(deal.to_string());
            let found: Option<(String, i64, i64)> = query.fetch_optional(&self.readers).await?;
            latest =
                latest.into_iter().chain(found).max_by_key(|(_, won_at, created_at)| (*won_at, *created_at));
        }
        Ok(latest
            .map(|(packet_id, won_at, created_at)| (packet_id, from_millis(won_at), from_millis(created_at))))
    }

    /// A packet with its deliveries and their attempts.
    pub async fn packet(&self, packet_id: &str) -> Result<Option<StoredPacket>, StoreError> {
        type Row = (String, String, i64, i64, String, String);
        let row: Option<Row> =
            sqlx::query_as(ONE_PACKET).bind(packet_id).fetch_optional(&self.readers).await?;
        let Some((packet_id, deal, won_at, created_at, packet, record)) = row else {
            return Ok(None);
        };
        Ok(Some(StoredPacket {
            deliveries: deliveries::of_packet(&self.readers, &packet_id).await?,
            packet_id,
            deal,
            won_at: from_millis(won_at),
            created_at: from_millis(created_at),
            packet,
            record,
        }))
    }

    /// What the deliveries of a packet are written from.
    pub async fn delivery_payload(&self, packet_id: &str) -> Result<Option<DeliveryPayload>, StoreError> {
        let query = sqlx::query_as(PAYLOAD).bind(packet_id);
        let row: Option<(String, String)> = query.fetch_optional(&self.readers).await?;
        Ok(row.map(|(packet, record)| DeliveryPayload { packet, record }))
    }
}

/// Adds a packet and its deliveries, unless the win has a packet; says which packet the win has now.
pub(super) async fn insert(tx: &mut Tx<'_>, new: &NewPacket) -> sqlx::Result<String> {
    let win = new.win.to_string();
    let insert = sqlx::query(INSERT_WIN).bind(&win).bind(&new.packet_id).bind(new.win.deal.to_string());
    let insert = insert.bind(new.win.won_at.as_millisecond()).bind(tx.now);
    if insert.execute(&mut *tx.conn).await?.rows_affected() == 0 {
        return sqlx::query_scalar(PACKET_OF_WIN).bind(&win).fetch_one(&mut *tx.conn).await;
    }
    let insert = sqlx::query(INSERT_PACKET).bind(&new.packet_id).bind(tx.now);
    insert.bind(&new.packet).bind(&new.record).execute(&mut *tx.conn).await?;
    outbox::insert(tx, new).await?;
    Ok(new.packet_id.clone())
}

#[cfg(test)]
mod tests {
    use super::super::DealEnd;
    use super::super::fixture::{Fixture, MINUTE, deal, done, win};
    use super::DeliveryPayload;

    #[tokio::test]
    async fn a_packet_is_kept_whole_with_its_deliveries_and_attempts() {
        let fixture = Fixture::new().await;
        let packet_id = fixture.has_packet("1").await;
        let lease = fixture.claims_delivery().await;
        fixture.finishes(&lease, done("900")).await;

        let stored = fixture.store.packet(&packet_id).await.unwrap().unwrap();
        assert_eq!((stored.deal.as_str(), stored.won_at), ("hubspot:48210077:1", win("1").won_at));
        assert_eq!(stored.packet, r#"{"deal":"1"}"#);
        insta::assert_snapshot!(serde_json::to_string_pretty(&stored.deliveries).unwrap(), @r#"
        [
          {
            "destination": "crm_task",
            "state": "done",
            "tries": 1,
            "next_at": null,
            "external_id": "900",
            "url": "https://example.com/1",
            "attempts": [
              {
                "at": "2026-11-22T08:00:00Z",
                "destination": "crm_task",
                "outcome": "delivered",
                "duration_ms": 7,
                "error": null,
                "next_at": null
              }
            ]
          },
          {
            "destination": "slack_digest",
            "state": "waiting",
            "tries": 0,
            "next_at": "2026-11-22T08:00:00Z",
            "external_id": null,
            "url": null
          }
        ]
        "#);
        let payload = fixture.store.delivery_payload(&packet_id).await.unwrap();
        let (packet, record) = (stored.packet, stored.record);
        assert_eq!(payload, Some(DeliveryPayload { packet, record }));
        assert_eq!(fixture.store.delivery_payload("pkt_none").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_win_finds_its_packet_and_merged_deals_find_the_latest() {
        let fixture = Fixture::new().await;
        assert_eq!(fixture.store.packet_of_win(&win("1")).await.unwrap(), None);
        assert_eq!(fixture.store.latest_packet_of(&[deal("1"), deal("2")]).await.unwrap(), None);
        fixture.has_packet("1").await;
        fixture.clock.advance(MINUTE);

        fixture.hears("2", "won 2").await;
        let lease = fixture.claims_deal().await;
        let mut later = fixture.packet("2");
        later.win.won_at = fixture.now();
        fixture.ends(&lease, DealEnd::Packet(later)).await;

        assert_eq!(fixture.store.packet_of_win(&win("1")).await.unwrap().as_deref(), Some("pkt_1"));
        assert_eq!(fixture.store.packet_of_win(&win("2")).await.unwrap(), None, "another win of that deal");
        let latest = fixture.store.latest_packet_of(&[deal("2"), deal("1"), deal("3")]).await.unwrap();
        assert_eq!(latest, Some(("pkt_2".to_owned(), fixture.now(), fixture.now())));
    }
}
