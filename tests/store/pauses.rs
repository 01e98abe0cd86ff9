//! Accounts that are not called for a while.

use handoff_bridge::store::{Pause, SLACK};

use crate::fixture::{DAY, Fixture, MINUTE, account};
use crate::story::Story;

pub const STORIES: &[Story] =
    stories![the_longer_pause_wins_and_keeps_its_beginning, lifting_a_pause_wakes_the_workers,];

async fn the_longer_pause_wins_and_keeps_its_beginning(fixture: Fixture) {
    let (since, until) = (fixture.now(), fixture.after(DAY));
    fixture.store.pause(SLACK, until, "daily limit").await.unwrap();
    fixture.clock.advance(MINUTE);
    fixture.store.pause(SLACK, fixture.after(MINUTE), "401").await.unwrap();
    let pause =
        |until, reason: &str| Pause { scope: SLACK.to_owned(), until, reason: reason.to_owned(), since };
    assert_eq!(fixture.store.pauses().await.unwrap(), [pause(until, "daily limit")]);
    let longer = fixture.after(2 * DAY);
    fixture.store.pause(SLACK, longer, "401").await.unwrap();
    assert_eq!(fixture.store.pauses().await.unwrap(), [pause(longer, "401")]);
}

async fn lifting_a_pause_wakes_the_workers(fixture: Fixture) {
    let scope = account().to_string();
    fixture.store.pause(&scope, fixture.after(DAY), "401").await.unwrap();
    fixture.hears("1", "a").await;
    assert_eq!(fixture.claims_deals().await, []);
    let changed = fixture.store.changed();
    assert!(fixture.store.lift_pause(&scope).await.unwrap());
    assert!(changed.has_changed().unwrap());
    assert!(!fixture.store.lift_pause(&scope).await.unwrap());
    assert_eq!(fixture.claims_deal().await.deal.deal, "1");
}
