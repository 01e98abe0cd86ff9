//! What is forgotten, and what never is.

use handoff_bridge::clock::Clock;
use handoff_bridge::store::{DealEnd, DeliveryEnd, Store, StoredRecord};

use crate::fixture::{DAY, Fixture, MINUTE, deal, done, event, nothing, win};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    old_events_behind_many_young_ones_are_forgotten,
    finished_work_is_forgotten_and_its_win_is_not,
    unfinished_work_is_never_forgotten,
    a_deal_with_a_younger_event_stays,
    large_amounts_are_forgotten_in_several_steps,
    a_record_may_leave_before_its_packet,
    a_record_that_is_still_needed_stays,
];

async fn finished_work_is_forgotten_and_its_win_is_not(fixture: Fixture) {
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

async fn unfinished_work_is_never_forgotten(fixture: Fixture) {
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

async fn a_deal_with_a_younger_event_stays(fixture: Fixture) {
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

async fn large_amounts_are_forgotten_in_several_steps(fixture: Fixture) {
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

async fn a_record_may_leave_before_its_packet(fixture: Fixture) {
    let old = fixture.is_handed_over("1").await;
    fixture.clock.advance(DAY);
    let before = fixture.now();
    let young = fixture.is_handed_over("2").await;
    assert_eq!(fixture.store.purge_records(before).await.unwrap(), 1);
    assert_eq!(fixture.store.purge_records(before).await.unwrap(), 0);

    let stored = fixture.store.packet(&old).await.unwrap().unwrap();
    assert_eq!(stored.record, StoredRecord::Deleted(before));
    assert_eq!((stored.packet.as_str(), stored.deliveries.len()), (r#"{"deal":"1"}"#, 2));
    let payload = fixture.store.delivery_payload(&old).await.unwrap().unwrap();
    assert_eq!(payload.record.kept(), None);
    let left = fixture.database.texts("SELECT record FROM packets WHERE packet_id = 'pkt_1'").await;
    assert_eq!(left, [""]);
    let young = fixture.store.packet(&young).await.unwrap().unwrap();
    assert!(young.record.kept().is_some());
}

async fn a_record_that_is_still_needed_stays(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Dead).await;
    fixture.clock.advance(DAY);
    assert_eq!(fixture.store.purge_records(fixture.now()).await.unwrap(), 0, "the digest waits");
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, done("1")).await;
    fixture.store.replay(&packet_id, None).await.unwrap();
    assert_eq!(fixture.store.purge_records(fixture.now()).await.unwrap(), 0, "the task is tried again");
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Dead).await;
    assert_eq!(fixture.store.purge_records(fixture.now()).await.unwrap(), 1);
}

async fn old_events_behind_many_young_ones_are_forgotten(fixture: Fixture) {
    // A replica's clock is ahead, or was.
    let ahead = Store::open(fixture.database.url(), Clock::manual(fixture.after(40 * DAY))).await.unwrap();
    for young in [1, 499, 500, 501, 1200] {
        let events = (0..young).map(|n| event("young", &format!("{young} {n}")));
        ahead.record(events.collect()).await.unwrap();
        fixture.hears("old", &format!("old {young}")).await;
    }
    ahead.close().await;
    let old: Vec<_> =
        fixture.claims_deals().await.into_iter().filter(|lease| lease.deal == deal("old")).collect();
    fixture.ends(&old[0], nothing()).await;
    fixture.clock.advance(DAY);
    assert_eq!(fixture.store.purge(fixture.now()).await.unwrap(), 5);
}
