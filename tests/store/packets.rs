//! Packets, one for each win.

use handoff_bridge::store::{DealEnd, DeliveryPayload, StoredRecord};

use crate::fixture::{Fixture, MINUTE, deal, done, win};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_packet_is_kept_whole_with_its_deliveries_and_attempts,
    a_win_finds_its_packet_and_merged_deals_find_the_latest,
];

async fn a_packet_is_kept_whole_with_its_deliveries_and_attempts(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.finishes(&lease, done("900")).await;

    let stored = fixture.store.packet(&packet_id).await.unwrap().unwrap();
    assert_eq!((stored.deal.as_str(), stored.won_at), ("hubspot:48210077:1", win("1").won_at));
    assert_eq!(stored.packet, r#"{"deal":"1"}"#);
    assert_eq!(stored.record, StoredRecord::Kept(r#"{"crm":"hubspot"}"#.to_owned()));
    insta::allow_duplicates! { insta::assert_snapshot!(serde_json::to_string_pretty(&stored.deliveries).unwrap(), @r#"
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
    "#); }
    let payload = fixture.store.delivery_payload(&packet_id).await.unwrap();
    let (packet, record) = (stored.packet, stored.record);
    assert_eq!(payload, Some(DeliveryPayload { packet, record }));
    assert_eq!(fixture.store.delivery_payload("pkt_none").await.unwrap(), None);
}

async fn a_win_finds_its_packet_and_merged_deals_find_the_latest(fixture: Fixture) {
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
