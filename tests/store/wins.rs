//! The list that people see.

use handoff_bridge::store::{DeliveryEnd, WinRow};

use crate::fixture::{Fixture, MINUTE};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    the_list_shows_work_left_first_and_then_packets_newest_first,
    what_needs_a_person_stands_first_after_sixty_newer_wins,
];

async fn the_list_shows_work_left_first_and_then_packets_newest_first(fixture: Fixture) {
    fixture.is_handed_over("1").await;
    fixture.clock.advance(MINUTE);
    fixture.has_packet("2").await;
    fixture.hears("3", "a").await;

    let rows = fixture.store.wins(10, |_| true).await.unwrap();
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
        "won_at": "2026-11-22T08:00:00Z",
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
        "won_at": "2026-11-22T08:00:00Z",
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
    assert_eq!(
        fixture.store.wins(0, |_| true).await.unwrap().len(),
        2,
        "what is done is limited, and nothing else"
    );
}

async fn what_needs_a_person_stands_first_after_sixty_newer_wins(fixture: Fixture) {
    // Dead and done, and held and dead: whatever the other delivery of a packet is.
    for (deal, ends) in
        [("1", [DeliveryEnd::Dead, DeliveryEnd::Held]), ("2", [DeliveryEnd::Held, DeliveryEnd::Dead])]
    {
        fixture.has_packet(deal).await;
        for end in ends {
            let lease = fixture.claims_delivery().await;
            fixture.finishes(&lease, end).await;
        }
        fixture.clock.advance(MINUTE);
    }
    for newer in 100..160 {
        fixture.is_handed_over(&newer.to_string()).await;
        fixture.clock.advance(MINUTE);
    }
    fixture.has_packet("200").await;
    let listed = async |limit, wanted: &(dyn Fn(&WinRow) -> bool + Send + Sync)| {
        let rows = fixture.store.wins(limit, |row| wanted(row)).await.unwrap();
        let id = |row: &WinRow| row.deal().rsplit(':').next().unwrap().to_owned();
        rows.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(listed(2, &|_| true).await, ["2", "1", "200", "159", "158"]);
    assert_eq!(listed(0, &|_| true).await, ["2", "1", "200"]);
    assert_eq!(listed(usize::MAX, &|_| true).await.len(), 63);
    assert_eq!(listed(3, &|row| row.deal().ends_with('0')).await, ["200", "150", "140", "130"]);
    assert_eq!(listed(9, &WinRow::needs_a_person).await, ["2", "1"]);
}
