//! What several callers at once can rely on.

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use handoff_bridge::store::{DealEnd, Recorded, StoreError};

use crate::fixture::{Fixture, event, nothing};
use crate::story::Story;
use crate::test_database::Engine;

pub const STORIES: &[Story] = stories![
    calls_that_come_together_share_a_commit,
    a_broken_command_does_not_sink_its_siblings,
    a_caller_that_stops_waiting_does_not_stop_the_command,
    closing_finishes_what_is_queued_and_refuses_the_rest,
    workers_are_woken_by_new_events_and_not_by_repeated_ones,
    a_full_queue_refuses_events_at_once_and_keeps_what_it_has,
    a_text_that_no_database_can_hold_does_not_block_the_deal,
];

async fn calls_that_come_together_share_a_commit(fixture: Fixture) {
    let store = &fixture.store;
    let before = store.commits();
    let held = fixture.database.held();
    let mut calls = join_all((0..100).map(|n| store.record(vec![event("1", &format!("event {n}"))])));
    assert!((&mut calls).now_or_never().is_none(), "all are queued");
    drop(held);
    for recorded in calls.await {
        assert_eq!(recorded.unwrap().new, 1);
    }
    let most = match fixture.database.engine() {
        // The first to come do not wait for the others.
        Engine::Sqlite => 2,
        Engine::Postgres => 100 / 16 + 1,
    };
    assert!(store.commits() - before <= most, "{} commits", store.commits() - before);
    assert_eq!(fixture.outcomes().await.len(), 100);
}

async fn a_broken_command_does_not_sink_its_siblings(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.hears("2", "a").await;
    fixture.hears("3", "b").await;
    let [broken, sound] = fixture.claims_deals().await.try_into().unwrap();
    let mut impostor = fixture.packet(&broken.deal.deal);
    impostor.packet_id = String::from("pkt_1");

    let store = &fixture.store;
    let (refused, (finished, recorded)) = join(
        store.finish_deal(&broken, DealEnd::Packet(impostor)),
        join(store.finish_deal(&sound, nothing()), store.record(vec![event("4", "c")])),
    )
    .await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("wins") && refused.contains("packet_id"), "{refused}");
    assert!(finished.unwrap());
    assert_eq!(recorded.unwrap(), Recorded { new: 1, repeated: 0 });
    fixture.ends(&broken, nothing()).await;
}

async fn a_caller_that_stops_waiting_does_not_stop_the_command(fixture: Fixture) {
    let mut changed = fixture.store.changed();
    let queued = fixture.store.record(vec![event("1", "a")]);
    // Polled once, which queues it, and dropped.
    assert!(queued.now_or_never().is_none());
    changed.changed().await.unwrap();
    assert_eq!(fixture.outcomes().await, ["waiting"]);
}

async fn closing_finishes_what_is_queued_and_refuses_the_rest(fixture: Fixture) {
    let (recorded, ()) = join(fixture.store.record(vec![event("1", "a")]), fixture.store.close()).await;
    assert_eq!(recorded.unwrap().new, 1);
    let refused = fixture.store.record(vec![event("1", "b")]).await;
    assert!(matches!(refused, Err(StoreError::Closed)));
    assert!(fixture.store.changed().changed().await.is_err());
}

async fn workers_are_woken_by_new_events_and_not_by_repeated_ones(fixture: Fixture) {
    let mut changed = fixture.store.changed();
    fixture.hears("1", "a").await;
    assert!(changed.has_changed().unwrap());
    changed.mark_unchanged();
    fixture.hears("1", "a").await;
    assert!(!changed.has_changed().unwrap());
}

async fn a_full_queue_refuses_events_at_once_and_keeps_what_it_has(fixture: Fixture) {
    let held = fixture.database.held();
    let calls = (0..1500).map(|n| fixture.store.record(vec![event("1", &format!("event {n}"))]));
    let mut calls = join_all(calls);
    assert!((&mut calls).now_or_never().is_none(), "as many are queued as there is room for");
    drop(held);
    let answers = calls.await;
    let (recorded, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(recorded.len() >= 1024 && !refused.is_empty(), "{} were recorded", recorded.len());
    assert!(refused.iter().all(|error| matches!(error, Err(StoreError::Busy))));
    assert_eq!(fixture.store.events(2000).await.unwrap().len(), recorded.len());
    fixture.hears("1", "there is room again").await;
}

async fn a_text_that_no_database_can_hold_does_not_block_the_deal(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, DealEnd::Dead { error: "the answer was \0".to_owned() }).await;
    assert_eq!(fixture.outcomes().await, ["dead: the answer was \u{fffd}"]);
}
