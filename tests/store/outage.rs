//! A server that is gone for a while.

use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::store::{Store, StoreError, StoreUrl};

use crate::fixture::{Fixture, LEASE, account, event, nothing, portion};
use crate::proxy::{Proxy, Way};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    connections_that_died_unnoticed_cost_nothing,
    a_server_that_is_gone_is_told_at_once_and_found_again,
    a_server_that_does_not_answer_is_told_in_time_and_found_again,
    a_commit_whose_answer_was_lost_is_not_doubled,
];

/// The store of the fixture, by way of a proxy.
async fn behind_a_proxy(fixture: &Fixture) -> (Store, Proxy) {
    let StoreUrl::Postgres(url) = fixture.database.url() else { panic!("this is about servers") };
    let url: reqwest::Url = url.parse().unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let proxy = Proxy::before(&server).await;
    let mut by_proxy = url.clone();
    by_proxy.set_host(Some("127.0.0.1")).unwrap();
    by_proxy.set_port(Some(proxy.address.port())).unwrap();
    let store =
        Store::open_exclusive(StoreUrl::Postgres(by_proxy.into()), fixture.clock.clone()).await.unwrap();
    (store, proxy)
}

fn is_gone<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Database(_)))
}

async fn connections_that_died_unnoticed_cost_nothing(fixture: Fixture) {
    fixture.hears("1", "a").await;
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND application_name = 'handoff' AND backend_type = 'client backend'
            AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'
                AND objid = CAST(hashtext(current_schema()::text) AS bigint) & 4294967295)",
    )
    .execute(&mut fixture.database.connect().await)
    .await
    .unwrap();
    for key in ["b", "c", "d", "e", "f"] {
        fixture.hears("1", key).await;
    }
    assert_eq!(fixture.claims_deal().await.want, 6);
}

async fn a_server_that_is_gone_is_told_at_once_and_found_again(fixture: Fixture) {
    let (store, proxy) = behind_a_proxy(&fixture).await;
    store.record(vec![event("1", "a")]).await.unwrap();
    let lease = store.claim_deals(portion(&account(), 1), 1, LEASE).await.unwrap().remove(0);
    proxy.becomes(Way::Cut);
    let began = Clock::stopwatch();
    for key in ["b", "c", "d"] {
        assert!(is_gone(&store.record(vec![event("1", key)]).await));
    }
    assert!(is_gone(&store.finish_deal(&lease, nothing()).await));
    assert!(is_gone(&store.ping().await) && is_gone(&store.due().await));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());

    proxy.becomes(Way::Open);
    assert_eq!(store.record(vec![event("1", "b")]).await.unwrap().new, 1);
    assert!(!store.due().await.unwrap().is_empty());
    assert!(store.finish_deal(&lease, nothing()).await.unwrap());
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation", "waiting"]);
}

async fn a_server_that_does_not_answer_is_told_in_time_and_found_again(fixture: Fixture) {
    let (store, proxy) = behind_a_proxy(&fixture).await;
    store.record(vec![event("1", "a")]).await.unwrap();
    proxy.becomes(Way::Silent);
    let began = Clock::stopwatch();
    let calls = (0..200).map(|n| store.record(vec![event("1", &format!("event {n}"))]));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(is_gone));
    assert!(began.elapsed() < Duration::from_secs(8), "nobody waits for the others: {:?}", began.elapsed());

    proxy.becomes(Way::Open);
    assert_eq!(store.record(vec![event("1", "b")]).await.unwrap().new, 1);
    assert_eq!(fixture.outcomes().await, ["waiting", "waiting"]);
}

async fn a_commit_whose_answer_was_lost_is_not_doubled(fixture: Fixture) {
    let (store, proxy) = behind_a_proxy(&fixture).await;
    store.record(vec![event("1", "a")]).await.unwrap();
    let mut unheard = 0;
    for n in 0..20 {
        let key = format!("event {n}");
        let cut = async {
            // Some cuts fall before the commit, some behind it.
            for _ in 0..n * 3 {
                tokio::task::yield_now().await;
            }
            proxy.becomes(Way::Cut);
        };
        let (answer, ()) = futures_util::future::join(store.record(vec![event("1", &key)]), cut).await;
        proxy.becomes(Way::Open);
        unheard += usize::from(answer.is_err());
        let again = store.record(vec![event("1", &key)]).await.unwrap();
        assert_eq!(again.new + again.repeated, 1);
    }
    assert!(unheard > 0);
    assert_eq!(fixture.outcomes().await.len(), 21);
}
