//! Opening and closing.

use std::path::Path;

use handoff_bridge::clock::Clock;
use handoff_bridge::store::{DeliveryEnd, Store, StoreError};

use crate::fixture::{Fixture, LEASE, event, nothing};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_command_works_beside_the_service,
    a_database_of_a_newer_program_is_left_alone,
    what_was_recorded_is_still_there_when_the_database_is_opened_again,
    the_instant_of_the_installation_stays,
    a_closed_store_refuses,
];

pub const OF_A_FILE: &[Story] = stories![
    a_file_is_served_by_one_process,
    the_next_process_takes_back_every_lease_at_once,
    a_missing_directory_is_named,
];

pub const OF_A_SERVER: &[Story] = stories![
    a_server_is_served_by_several_processes,
    a_lease_of_another_process_holds_until_it_has_run_out,
    processes_that_start_at_once_make_the_tables_once,
    a_server_that_is_not_there_is_named_without_its_password,
];

async fn a_command_works_beside_the_service(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    let beside = Store::open(fixture.database.url(), fixture.clock.clone()).await.unwrap();
    assert_eq!(beside.events(10).await.unwrap().len(), 1);
    beside.record(vec![event("2", "b")]).await.unwrap();
    beside.close().await;
    assert_eq!(fixture.claims_deal().await.deal.deal, "2", "the first deal's lease still holds");
    fixture.ends(&lease, nothing()).await;
}

async fn a_database_of_a_newer_program_is_left_alone(fixture: Fixture) {
    const NEWER: &str = "INSERT INTO schema_versions (version, applied_at) VALUES (99, 0)";
    fixture.database.runs(NEWER).await;
    let refused = Store::open(fixture.database.url(), fixture.clock.clone()).await.err().unwrap();
    assert!(matches!(refused, StoreError::NewerDatabase { found: 99, known: 15 }), "{refused}");
}

async fn the_instant_of_the_installation_stays(fixture: Fixture) {
    let installed_at = fixture.store.installed_at().await.unwrap();
    assert_eq!(installed_at, fixture.now());
    fixture.clock.advance(std::time::Duration::from_hours(24));
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.installed_at().await.unwrap(), installed_at);
}

async fn what_was_recorded_is_still_there_when_the_database_is_opened_again(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.outcomes().await, ["waiting"]);
}

async fn a_closed_store_refuses(fixture: Fixture) {
    fixture.store.close().await;
    assert!(matches!(fixture.store.ping().await, Err(StoreError::Closed)));
    assert!(fixture.store.events(1).await.is_err());
    fixture.store.close().await;
}

async fn a_file_is_served_by_one_process(fixture: Fixture) {
    let second = Store::open_exclusive(fixture.database.url(), fixture.clock.clone()).await;
    assert!(matches!(second, Err(StoreError::Served { .. })));
    let fixture = fixture.reopened().await;
    fixture.store.ping().await.unwrap();
}

async fn the_next_process_takes_back_every_lease_at_once(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.hears("2", "a").await;
    let deal = fixture.claims_deal().await;
    let delivery = fixture.claims_delivery().await;

    let fixture = fixture.reopened().await;
    let deal_again = fixture.claims_deal().await;
    let delivery_again = fixture.claims_delivery().await;
    assert_eq!((&deal_again.deal, deal_again.attempts), (&deal.deal, 1));
    assert!(deal_again.epoch > deal.epoch && delivery_again.epoch > delivery.epoch);
    assert!(!delivery_again.unknown, "nothing was tried under the void lease");
}

async fn a_missing_directory_is_named(fixture: Fixture) {
    let path = Path::new("/nowhere/handoff.db");
    let refused = Store::open(path, fixture.clock).await.err().unwrap();
    insta::assert_snapshot!(refused, @"cannot open /nowhere/handoff.db: No such file or directory (os error 2)");
}

async fn a_server_is_served_by_several_processes(fixture: Fixture) {
    let other = fixture.replica().await;
    other.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    assert_eq!(other.claims_deals().await, [], "it is in work");
    other.hears("1", "b").await;
    fixture.ends(&lease, nothing()).await;
    assert_eq!(other.claims_deal().await.want, 2);
}

async fn a_lease_of_another_process_holds_until_it_has_run_out(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.hears("2", "a").await;
    let deal = fixture.claims_deal().await;
    let delivery = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&delivery).await.unwrap());

    let next = fixture.replica().await;
    assert_eq!((next.claims_deals().await, next.claims_deliveries().await), (vec![], vec![]));
    next.clock.advance(LEASE);
    let taken = next.claims_deal().await;
    assert_eq!((&taken.deal, taken.epoch), (&deal.deal, deal.epoch + 1));
    let taken = next.claims_deliveries().await.remove(0);
    assert!(taken.unknown, "the first process may have tried");
    let late = fixture.attempt(&delivery, &DeliveryEnd::Dead);
    assert!(!fixture.store.finish_delivery(&delivery, DeliveryEnd::Dead, late).await.unwrap());
    assert!(!fixture.store.finish_deal(&deal, nothing()).await.unwrap());
}

async fn processes_that_start_at_once_make_the_tables_once(fixture: Fixture) {
    fixture.store.close().await;
    let mut conn = fixture.database.connect().await;
    let tables = "DROP TABLE acts, answers, clicks, roll_ups, attempts, deliveries, revisions, follows, packets, gaps, assessments, wins, deals, inbox, marks, pauses, refusals, schema_versions";
    sqlx::query(tables).execute(&mut conn).await.unwrap();
    let starts = (0..6).map(|_| fixture.replica());
    let replicas = futures_util::future::join_all(starts).await;
    for (number, replica) in replicas.iter().enumerate() {
        replica.hears("1", &number.to_string()).await;
    }
    assert_eq!(replicas[0].claims_deal().await.want, 6);
}

async fn a_server_that_is_not_there_is_named_without_its_password(fixture: Fixture) {
    let url = "postgres://handoff:1234-secret@127.0.0.1:1/handoff";
    let refused = Store::open_url(url, Clock::machine()).await.err().unwrap();
    insta::assert_snapshot!(refused, @"database: error communicating with database: Connection refused (os error 111)");
    let url = "postgres://nobody:1234-secret@127.0.0.1:5432/no such database";
    let refused = Store::open_url(url, fixture.clock).await.err().unwrap().to_string();
    assert!(!refused.contains("1234-secret"), "{refused}");
}
