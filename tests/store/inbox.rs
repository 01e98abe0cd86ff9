//! Events, once each.

use handoff_bridge::store::Recorded;

use crate::fixture::{Fixture, event, nothing};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_redelivered_event_is_recorded_once,
    an_event_twice_in_one_batch_is_recorded_once,
    an_empty_batch_needs_no_transaction,
    what_was_sent_comes_back_as_it_was,
    keys_that_differ_behind_a_nul_are_different_events,
    the_latest_events_come_first,
    of_a_workflows_requests_one_waits_at_a_time,
];

async fn a_redelivered_event_is_recorded_once(fixture: Fixture) {
    let batch = vec![event("1", "a"), event("2", "b")];
    let first = fixture.store.record(batch.clone()).await.unwrap();
    assert_eq!(first, Recorded { new: 2, repeated: 0 });
    let again = fixture.store.record(batch).await.unwrap();
    assert_eq!(again, Recorded { new: 0, repeated: 2 });
    assert_eq!(fixture.outcomes().await.len(), 2);
    let wants: Vec<i64> = fixture.claims_deals().await.into_iter().map(|lease| lease.want).collect();
    assert_eq!(wants, [1, 1], "only new events announce their deal");
}

async fn an_event_twice_in_one_batch_is_recorded_once(fixture: Fixture) {
    let batch = vec![event("1", "a"), event("1", "b"), event("1", "a")];
    assert_eq!(fixture.store.record(batch).await.unwrap(), Recorded { new: 2, repeated: 1 });
}

async fn an_empty_batch_needs_no_transaction(fixture: Fixture) {
    let before = fixture.store.commits();
    assert_eq!(fixture.store.record(Vec::new()).await.unwrap(), Recorded::default());
    assert_eq!(fixture.store.commits(), before);
}

async fn what_was_sent_comes_back_as_it_was(fixture: Fixture) {
    let mut sent = event("1", "nul \0 quote \" ' \\ \u{1f4a5} {{x}} <!channel>\n");
    sent.provider_id = String::from("'); DROP TABLE inbox; --");
    fixture.store.record(vec![sent.clone()]).await.unwrap();
    assert_eq!(fixture.store.record(vec![sent]).await.unwrap().repeated, 1);

    let events = fixture.store.events(10).await.unwrap();
    insta::allow_duplicates! { insta::assert_snapshot!(serde_json::to_string_pretty(&events).unwrap(), @r#"
    [
      {
        "id": 1,
        "deal": "hubspot:48210077:1",
        "kind": "stage_changed",
        "provider_id": "'); DROP TABLE inbox; --",
        "verification": "signed(hubspot-v3, key 1)",
        "received_at": "2026-11-22T08:00:00Z",
        "outcome": "waiting"
      }
    ]
    "#); }
}

async fn keys_that_differ_behind_a_nul_are_different_events(fixture: Fixture) {
    let batch = vec![event("1", "a\0b"), event("1", "a\0c"), event("1", "a")];
    assert_eq!(fixture.store.record(batch.clone()).await.unwrap(), Recorded { new: 3, repeated: 0 });
    assert_eq!(fixture.store.record(batch).await.unwrap(), Recorded { new: 0, repeated: 3 });
}

async fn the_latest_events_come_first(fixture: Fixture) {
    for key in ["a", "b", "c"] {
        fixture.hears("1", key).await;
    }
    let ids: Vec<i64> = fixture.store.events(2).await.unwrap().into_iter().map(|event| event.id).collect();
    assert_eq!(ids, [3, 2]);
}

async fn of_a_workflows_requests_one_waits_at_a_time(fixture: Fixture) {
    let poke = async |at: &str| {
        let event = event("1", &format!("hubspot:48210077:1:poke:body:{at}"));
        fixture.store.record(vec![event]).await.unwrap().new
    };
    assert_eq!([poke("1").await, poke("2").await, poke("3").await], [1, 0, 0]);
    assert_eq!(fixture.store.record(vec![event("1", "of another kind")]).await.unwrap().new, 1);
    let lease = fixture.claims_deal().await;
    assert_eq!(poke("4").await, 1, "the deal may have been read before it came");
    fixture.ends(&lease, nothing()).await;
    assert_eq!([poke("5").await, poke("6").await], [0, 0], "the fourth waits");
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, nothing()).await;
    assert_eq!([poke("7").await, poke("8").await], [1, 0]);
}
