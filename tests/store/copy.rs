//! Moving from SQLite to PostgreSQL and back.

use std::path::Path;

use handoff_bridge::clock::Clock;
use handoff_bridge::store::{DealEnd, DeliveryEnd, Store, StoreError, StoreUrl};

use crate::fixture::{DAY, Fixture, LEASE, account, done, event, nothing, portion};
use crate::story::Story;
use crate::test_database::TestDatabase;

pub const STORIES: &[Story] = stories![
    everything_arrives_and_comes_back_unchanged,
    work_goes_on_where_it_was,
    what_is_served_is_not_copied,
    only_an_empty_store_takes_a_copy,
    a_store_that_is_not_there_is_not_made,
];

/// Some of everything, on a SQLite file that nobody serves any more.
async fn lived_in(directory: &Path, clock: &Clock) -> StoreUrl {
    let url = StoreUrl::Sqlite(directory.join("old.db"));
    let store = Store::open_exclusive(&url, clock.clone()).await.unwrap();
    let fixture = Fixture {
        store,
        clock: clock.clone(),
        database: TestDatabase::Sqlite(tempfile::tempdir().unwrap()).into(),
    };
    fixture.is_handed_over("1").await;
    fixture.has_packet("2").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.after(DAY), absent: 1 }).await;
    fixture.hears("3", "quote \" and ' and \\ and \u{1f4a5} and \0").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, DealEnd::Dead { error: "404".to_owned() }).await;
    fixture.store.record_click("c1", r#"{"team":"T1"}"#).await.unwrap();
    fixture.store.pause("slack", fixture.after(DAY), "invalid_auth").await.unwrap();
    let many = (0..1000).map(|n| event(&n.to_string(), &format!("event {n}"))).collect();
    fixture.store.record(many).await.unwrap();
    fixture.store.claim_deals(portion(&account(), 5), 5, LEASE).await.unwrap();
    fixture.store.close().await;
    url
}

/// Every row of every table as text.
fn dump(url: &StoreUrl) -> Vec<String> {
    let StoreUrl::Sqlite(path) = url else { panic!("only a file is dumped") };
    let conn = rusqlite::Connection::open(path).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut texts = conn.prepare(sql).unwrap();
        texts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let tables = texts(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_versions' ORDER BY name",
    );
    let mut dump = Vec::new();
    for table in tables {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let row =
            columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ', ' || ");
        let rows = texts(&format!("SELECT {row} FROM {table} ORDER BY 1"));
        dump.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    dump
}

async fn everything_arrives_and_comes_back_unchanged(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let (old, back) = (
        lived_in(directory.path(), &fixture.clock).await,
        StoreUrl::Sqlite(directory.path().join("back.db")),
    );
    // Leases are void in a copy, so they are made void before it is compared.
    Store::open_exclusive(&old, fixture.clock.clone()).await.unwrap().close().await;
    fixture.store.close().await;

    let there = Store::copy(&old, &fixture.database.url(), &fixture.clock).await.unwrap();
    let counts: Vec<String> =
        there.iter().map(|copied| format!("{} {}", copied.rows, copied.table)).collect();
    insta::assert_snapshot!(counts.join(", "), @"1003 inbox, 1000 deals, 2 wins, 2 packets, 0 revisions, 0 follows, 2 assessments, 8 gaps, 4 deliveries, 3 attempts, 0 answers, 0 acts, 1 pauses, 1 clicks, 0 roll_ups, 0 marks, 0 refusals");
    assert_eq!(Store::copy(&fixture.database.url(), &back, &fixture.clock).await.unwrap(), there);
    let (old, back) = (dump(&old), dump(&back));
    assert_eq!(old.len(), back.len());
    old.iter().zip(&back).for_each(|(old, back)| assert_eq!(old, back));
}

async fn work_goes_on_where_it_was(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let old = lived_in(directory.path(), &fixture.clock).await;
    fixture.store.close().await;
    Store::copy(&old, &fixture.database.url(), &fixture.clock).await.unwrap();
    let fixture = fixture.replica().await;
    assert_eq!(fixture.claims_deals().await.len(), 100, "leased ones included");
    fixture.hears("1", "new").await;
    assert_eq!(fixture.store.events(1).await.unwrap()[0].id, 1004);
    assert_eq!(fixture.store.record(vec![event("1", "event 1")]).await.unwrap().repeated, 1);
    let nul = event("3", "quote \" and ' and \\ and \u{1f4a5} and \0");
    assert_eq!(fixture.store.record(vec![nul]).await.unwrap().repeated, 1);
    fixture.store.lift_pause("slack").await.unwrap();
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, done("1")).await;
}

async fn what_is_served_is_not_copied(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let old = lived_in(directory.path(), &fixture.clock).await;
    let refused = Store::copy(&old, &fixture.database.url(), &fixture.clock).await.unwrap_err();
    insta::assert_snapshot!(refused, @"the PostgreSQL database is being served, or moved, by another process");
    fixture.store.close().await;
    let serving = Store::open_exclusive(&old, fixture.clock.clone()).await.unwrap();
    let refused = Store::copy(&old, &fixture.database.url(), &fixture.clock).await;
    assert!(matches!(refused, Err(StoreError::Served { .. })));
    serving.close().await;
    Store::copy(&old, &fixture.database.url(), &fixture.clock).await.unwrap();
}

async fn only_an_empty_store_takes_a_copy(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let old = lived_in(directory.path(), &fixture.clock).await;
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, nothing()).await;
    let fixture = fixture.reopened().await;
    fixture.store.close().await;
    let refused = Store::copy(&old, &fixture.database.url(), &fixture.clock).await.unwrap_err();
    insta::assert_snapshot!(refused, @"the store to copy to is not empty: it has rows in inbox");
    assert_eq!(fixture.replica().await.outcomes().await, ["not won: stage negotiation"]);
}

async fn a_store_that_is_not_there_is_not_made(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = StoreUrl::Sqlite(directory.path().join("none.db"));
    fixture.store.close().await;
    let refused = Store::copy(&nowhere, &fixture.database.url(), &fixture.clock).await;
    assert!(matches!(refused, Err(StoreError::File { .. })));
    assert!(!directory.path().join("none.db").exists());
}
