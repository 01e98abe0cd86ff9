//! How much is left to do.

use handoff_bridge::store::{Backlog, DealEnd, DeliveryEnd, DeliveryState, Destination, SLACK};

use crate::fixture::{DAY, Fixture, LEASE, MINUTE, account, done, nothing};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    the_next_due_time_is_that_of_the_earliest_row,
    the_backlog_counts_what_is_left_and_nothing_else,
    a_deal_in_work_is_part_of_the_backlog,
    what_is_delivered_is_not_owed,
];

async fn the_next_due_time_is_that_of_the_earliest_row(fixture: Fixture) {
    assert_eq!(fixture.next_due().await, None);
    fixture.hears("1", "a").await;
    assert_eq!(fixture.next_due().await, Some(fixture.now()));
    let lease = fixture.claims_deal().await;
    assert_eq!(fixture.next_due().await, Some(fixture.after(LEASE)));
    let retry = DealEnd::Retry { at: fixture.after(DAY), error: "503".to_owned() };
    fixture.ends(&lease, retry).await;
    assert_eq!(fixture.next_due().await, Some(fixture.after(DAY)));

    fixture.has_packet("2").await;
    assert_eq!(fixture.next_due().await, Some(fixture.now()));
    fixture.store.pause(&account().to_string(), fixture.after(DAY / 2), "401").await.unwrap();
    assert_eq!(fixture.next_due().await, Some(fixture.after(MINUTE)), "the digest");
    fixture.store.pause(SLACK, fixture.after(DAY / 4), "401").await.unwrap();
    assert_eq!(fixture.next_due().await, Some(fixture.after(DAY / 4)), "Slack's pause");
}

async fn the_backlog_counts_what_is_left_and_nothing_else(fixture: Fixture) {
    assert_eq!(fixture.store.backlog().await.unwrap(), Backlog::default());
    fixture.is_handed_over("1").await;
    assert_eq!(fixture.store.backlog().await.unwrap(), Backlog::default());

    fixture.clock.advance(MINUTE);
    let oldest = fixture.now();
    fixture.has_packet("2").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.after(DAY), absent: 0 }).await;
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, DeliveryEnd::Dead).await;
    fixture.clock.advance(MINUTE);
    fixture.has_packet("3").await;
    fixture.hears("4", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, DealEnd::Dead { error: "400".to_owned() }).await;
    fixture.hears("5", "b").await;

    let backlog = fixture.store.backlog().await.unwrap();
    assert_eq!((backlog.deals_waiting, backlog.deals_dead), (1, 1));
    assert_eq!(backlog.oldest_undelivered, Some(oldest));
    let mut deliveries = backlog.deliveries;
    deliveries.sort_unstable();
    assert_eq!(
        deliveries,
        [
            (Destination::CrmTask, DeliveryState::Waiting, 1),
            (Destination::CrmTask, DeliveryState::Unknown, 1),
            (Destination::SlackDigest, DeliveryState::Waiting, 1),
            (Destination::SlackDigest, DeliveryState::Dead, 1),
        ]
    );
}

async fn a_deal_in_work_is_part_of_the_backlog(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    assert_eq!(fixture.store.backlog().await.unwrap().deals_waiting, 1);
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.store.backlog().await.unwrap().deals_waiting, 0);
}

async fn what_is_delivered_is_not_owed(fixture: Fixture) {
    fixture.has_packet("1").await;
    assert_eq!(fixture.store.backlog().await.unwrap().oldest_undelivered, Some(fixture.now()));
    for _ in 0..2 {
        let lease = fixture.claims_delivery().await;
        fixture.finishes(&lease, done("1")).await;
    }
    assert_eq!(fixture.store.backlog().await.unwrap().oldest_undelivered, None);
}
