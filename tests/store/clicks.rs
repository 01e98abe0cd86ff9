//! What people did in Slack: stored once, applied by one worker at a time.

use handoff_bridge::store::{ClickEnd, ClickLease};

use crate::fixture::{DAY, Fixture, LEASE, MINUTE};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_click_is_recorded_once_and_worked_on_by_one_worker,
    clicks_are_worked_on_in_the_order_in_which_they_came,
    a_lease_that_ran_out_is_a_try_and_its_worker_changes_nothing,
    a_click_in_work_is_taken_back_when_the_process_is_gone,
    a_failed_click_waits_for_its_time_and_a_dead_one_for_a_person,
    finished_clicks_are_forgotten_and_unfinished_ones_never,
    two_processes_do_not_work_on_the_same_click,
];

async fn hears(fixture: &Fixture, id: &str) -> bool {
    fixture.store.record_click(id, &format!(r#"{{"click":"{id}"}}"#)).await.unwrap()
}

async fn claims(fixture: &Fixture, limit: u32) -> Vec<ClickLease> {
    fixture.store.claim_clicks(limit, LEASE).await.unwrap()
}

async fn claims_one(fixture: &Fixture) -> ClickLease {
    let mut leases = claims(fixture, 10).await;
    assert_eq!(leases.len(), 1, "{leases:?}");
    leases.remove(0)
}

async fn ends(fixture: &Fixture, lease: &ClickLease, end: ClickEnd) {
    assert!(fixture.store.finish_click(lease, end).await.unwrap(), "the lease still holds");
}

fn done() -> ClickEnd {
    ClickEnd::Done { outcome: "answered: 2 questions".to_owned() }
}

/// Every click as id, state, tries and outcome.
async fn clicks(fixture: &Fixture) -> Vec<String> {
    let rows = fixture.store.clicks(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let line = |row: handoff_bridge::store::ClickRow| {
        format!("{} {} {} {}", row.id, row.state, row.tries, row.outcome.unwrap_or_default())
    };
    rows.into_iter().map(line).collect()
}

async fn a_click_is_recorded_once_and_worked_on_by_one_worker(fixture: Fixture) {
    assert_eq!(fixture.store.due_click().await.unwrap(), None);
    assert!(hears(&fixture, "a").await);
    assert!(!hears(&fixture, "a").await, "a second delivery");
    assert_eq!(fixture.store.due_click().await.unwrap(), Some(fixture.now()));
    assert_eq!(fixture.store.open_clicks().await.unwrap(), (1, 0));

    let lease = claims_one(&fixture).await;
    assert_eq!((lease.click.as_str(), lease.attempts), (r#"{"click":"a"}"#, 0));
    assert_eq!(claims(&fixture, 10).await, []);
    assert_eq!(fixture.store.due_click().await.unwrap(), Some(fixture.after(LEASE)));
    ends(&fixture, &lease, done()).await;
    assert!(!fixture.store.finish_click(&lease, done()).await.unwrap(), "it is ended once");
    assert!(!hears(&fixture, "a").await, "also after its work");
    assert_eq!(claims(&fixture, 10).await, []);
    assert_eq!(clicks(&fixture).await, ["a done 1 answered: 2 questions"]);
    assert_eq!(fixture.store.open_clicks().await.unwrap(), (0, 0));
}

async fn clicks_are_worked_on_in_the_order_in_which_they_came(fixture: Fixture) {
    for id in ["c", "a", "b"] {
        hears(&fixture, id).await;
        fixture.clock.advance(MINUTE);
    }
    let ids = async |limit| -> Vec<String> {
        claims(&fixture, limit).await.into_iter().map(|lease| lease.id).collect()
    };
    assert_eq!(ids(2).await, ["c", "a"]);
    assert_eq!(ids(2).await, ["b"]);
}

async fn a_lease_that_ran_out_is_a_try_and_its_worker_changes_nothing(fixture: Fixture) {
    hears(&fixture, "a").await;
    let stale = claims_one(&fixture).await;
    fixture.clock.advance(LEASE);
    let current = claims_one(&fixture).await;
    assert_eq!((current.attempts, current.epoch), (1, stale.epoch + 1));
    let retry = ClickEnd::Retry { at: fixture.after(DAY), error: "503".to_owned() };
    for end in [done(), retry, ClickEnd::Dead { error: "400".to_owned() }] {
        assert!(!fixture.store.finish_click(&stale, end).await.unwrap());
    }
    ends(&fixture, &current, done()).await;
    assert_eq!(clicks(&fixture).await, ["a done 2 answered: 2 questions"]);
}

async fn a_click_in_work_is_taken_back_when_the_process_is_gone(fixture: Fixture) {
    hears(&fixture, "a").await;
    claims_one(&fixture).await;
    let is_sqlite = fixture.database.engine() == crate::test_database::Engine::Sqlite;
    let fixture = fixture.reopened().await;
    if !is_sqlite {
        assert_eq!(claims(&fixture, 10).await, [], "another process might be at it");
        fixture.clock.advance(LEASE);
    }
    assert_eq!(claims_one(&fixture).await.attempts, 1);
}

async fn a_failed_click_waits_for_its_time_and_a_dead_one_for_a_person(fixture: Fixture) {
    hears(&fixture, "a").await;
    let lease = claims_one(&fixture).await;
    ends(&fixture, &lease, ClickEnd::Retry { at: fixture.after(MINUTE), error: "503".to_owned() }).await;
    assert_eq!(claims(&fixture, 10).await, []);
    assert_eq!(fixture.store.due_click().await.unwrap(), Some(fixture.after(MINUTE)));
    fixture.clock.advance(MINUTE);
    let lease = claims_one(&fixture).await;
    assert_eq!(lease.attempts, 1);
    ends(&fixture, &lease, ClickEnd::Dead { error: "400".to_owned() }).await;
    fixture.clock.advance(DAY);
    assert_eq!(claims(&fixture, 10).await, []);
    assert_eq!(fixture.store.due_click().await.unwrap(), None);
    assert_eq!(fixture.store.open_clicks().await.unwrap(), (0, 1));
    assert_eq!(clicks(&fixture).await, ["a dead 2 400"]);
}

async fn finished_clicks_are_forgotten_and_unfinished_ones_never(fixture: Fixture) {
    for id in ["done", "dead", "waiting"] {
        hears(&fixture, id).await;
    }
    for lease in claims(&fixture, 10).await {
        match lease.id.as_str() {
            "done" => ends(&fixture, &lease, done()).await,
            "dead" => ends(&fixture, &lease, ClickEnd::Dead { error: "400".to_owned() }).await,
            _ => {
                let retry = ClickEnd::Retry { at: fixture.after(DAY * 9), error: "503".to_owned() };
                ends(&fixture, &lease, retry).await;
            }
        }
    }
    fixture.clock.advance(DAY);
    let before = fixture.now();
    hears(&fixture, "young").await;
    let young = claims_one(&fixture).await;
    ends(&fixture, &young, done()).await;
    assert_eq!(fixture.store.purge_clicks(before).await.unwrap(), 2);
    assert_eq!(
        clicks(&fixture).await,
        ["waiting ready 1 503", "young done 1 answered: 2 questions"],
        "and who did it is gone with the rest"
    );
}

async fn two_processes_do_not_work_on_the_same_click(fixture: Fixture) {
    if fixture.database.engine() == crate::test_database::Engine::Sqlite {
        return;
    }
    let other = fixture.replica().await;
    for n in 0..20 {
        hears(&fixture, &format!("{n:02}")).await;
    }
    let mut claimed = Vec::new();
    while claimed.len() < 20 {
        let (mine, theirs) = tokio::join!(claims(&fixture, 3), claims(&other, 3));
        claimed.extend(mine.into_iter().chain(theirs).map(|lease| lease.id));
    }
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 20);
}
