//! The list that people see.

use crate::fixture::{Fixture, MINUTE};
use crate::story::Story;

pub const STORIES: &[Story] = stories![the_list_shows_work_left_first_and_then_packets_newest_first,];

async fn the_list_shows_work_left_first_and_then_packets_newest_first(fixture: Fixture) {
    fixture.is_handed_over("1").await;
    fixture.clock.advance(MINUTE);
    fixture.has_packet("2").await;
    fixture.hears("3", "a").await;

    let rows = fixture.store.wins(10).await.unwrap();
    insta::allow_duplicates! { insta::assert_snapshot!(serde_json::to_string_pretty(&rows).unwrap(), @r#"
    [
      {
        "deal": "hubspot:48210077:3",
        "state": "waiting",
        "tries": 0,
        "next_at": "2026-11-22T08:01:00Z",
        "error": null,
        "heard_at": "2026-11-22T08:01:00Z"
      },
      {
        "packet_id": "pkt_2",
        "deal": "hubspot:48210077:2",
        "won_at": "2026-11-20T15:04:05Z",
        "created_at": "2026-11-22T08:01:00Z",
        "deliveries": [
          {
            "destination": "crm_task",
            "state": "waiting",
            "tries": 0,
            "next_at": "2026-11-22T08:01:00Z",
            "external_id": null,
            "url": null
          },
          {
            "destination": "slack_digest",
            "state": "waiting",
            "tries": 0,
            "next_at": "2026-11-22T08:02:00Z",
            "external_id": null,
            "url": null
          }
        ]
      },
      {
        "packet_id": "pkt_1",
        "deal": "hubspot:48210077:1",
        "won_at": "2026-11-20T15:04:05Z",
        "created_at": "2026-11-22T08:00:00Z",
        "deliveries": [
          {
            "destination": "crm_task",
            "state": "done",
            "tries": 1,
            "next_at": null,
            "external_id": "1",
            "url": "https://example.com/1"
          },
          {
            "destination": "slack_digest",
            "state": "done",
            "tries": 1,
            "next_at": null,
            "external_id": "1",
            "url": "https://example.com/1"
          }
        ]
      }
    ]
    "#); }
    assert_eq!(fixture.store.wins(1).await.unwrap().len(), 2, "one deal and one packet");
}
