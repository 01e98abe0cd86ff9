//! Several processes on one database.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use handoff_bridge::store::{DealEnd, DealLease, SLACK};

use crate::fixture::{Fixture, LEASE, MINUTE, account, done, event, nothing, portion};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    no_deal_and_no_delivery_is_claimed_twice,
    an_event_that_several_processes_get_is_new_once,
    events_at_the_same_time_have_a_turn_each,
    transactions_that_want_the_same_deals_all_come_to_an_end,
    a_commit_wakes_the_workers_of_every_process,
    processes_that_lost_each_other_find_each_other_again,
];

async fn replicas(fixture: &Fixture, count: usize) -> Vec<Fixture> {
    join_all((0..count).map(|_| fixture.replica())).await
}

async fn no_deal_and_no_delivery_is_claimed_twice(fixture: Fixture) {
    let deals: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    fixture.store.record(deals.iter().map(|deal| event(deal, deal)).collect()).await.unwrap();
    let replicas = replicas(&fixture, 3).await;
    let claims = (0..60).map(|n| replicas[n % 3].store.claim_deals(portion(&account(), 7), 7, LEASE));
    let leases: Vec<DealLease> =
        join_all(claims).await.into_iter().flat_map(|claim| claim.unwrap()).collect();
    let claimed: BTreeSet<&str> = leases.iter().map(|lease| lease.deal.deal.as_str()).collect();
    assert_eq!((leases.len(), claimed.len()), (200, 200));
    assert!(leases.iter().all(|lease| lease.epoch == 1));

    let ends = leases.iter().enumerate().map(|(n, lease)| {
        replicas[n % 3].store.finish_deal(lease, DealEnd::Packet(fixture.packet(&lease.deal.deal)))
    });
    assert!(join_all(ends).await.into_iter().all(Result::unwrap));
    fixture.clock.advance(MINUTE);
    let mut portions = portion(&account(), 4);
    portions.extend(portion(&SLACK, 7));
    let claims = (0..120).map(|n| {
        portions.rotate_left(1);
        replicas[n % 3].store.claim_deliveries(portions.clone(), 7, LEASE)
    });
    let leases: Vec<_> = join_all(claims).await.into_iter().flat_map(|claim| claim.unwrap()).collect();
    let claimed: BTreeSet<_> = leases.iter().map(|lease| (&lease.packet_id, lease.destination)).collect();
    assert_eq!((leases.len(), claimed.len()), (400, 400));
    let ends = leases.iter().enumerate().map(|(n, lease)| {
        replicas[n % 3].store.finish_delivery(lease, done("1"), fixture.attempt(lease, &done("1")))
    });
    assert!(join_all(ends).await.into_iter().all(Result::unwrap));
    assert_eq!(fixture.next_due().await, None);
}

async fn an_event_that_several_processes_get_is_new_once(fixture: Fixture) {
    let replicas = replicas(&fixture, 3).await;
    let batch: Vec<_> = (0..50).map(|n| event(&(n % 10).to_string(), &format!("event {n}"))).collect();
    let backwards: Vec<_> = batch.iter().rev().cloned().collect();
    let calls = (0..30).map(|n| {
        let batch = if n % 2 == 0 { &batch } else { &backwards };
        replicas[n % 3].store.record(batch.clone())
    });
    let recorded: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(recorded.iter().map(|recorded| recorded.new).sum::<usize>(), 50);
    assert_eq!(recorded.iter().map(|recorded| recorded.repeated).sum::<usize>(), 29 * 50);
}

async fn events_at_the_same_time_have_a_turn_each(fixture: Fixture) {
    let replicas = replicas(&fixture, 3).await;
    let calls = (0..300).map(|n| replicas[n % 3].store.record(vec![event("1", &format!("event {n}"))]));
    assert!(join_all(calls).await.into_iter().all(|recorded| recorded.is_ok()));
    let lease = fixture.claims_deal().await;
    let turns: (i64, i64, i64) =
        sqlx::query_as("SELECT COUNT(DISTINCT turn), MIN(turn), MAX(turn) FROM inbox")
            .fetch_one(&mut fixture.database.connect().await)
            .await
            .unwrap();
    assert_eq!(turns, (lease.want, 1, lease.want), "one turn for each time the deal was announced");
    fixture.ends(&lease, nothing()).await;
    assert!(fixture.outcomes().await.iter().all(|outcome| outcome == "not won: stage negotiation"));
}

async fn transactions_that_want_the_same_deals_all_come_to_an_end(fixture: Fixture) {
    let replicas = replicas(&fixture, 3).await;
    let deals: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for round in 0..5 {
        let calls = (0..12).map(|n| {
            let mut batch: Vec<_> =
                deals.iter().map(|deal| event(deal, &format!("{round} {n} {deal}"))).collect();
            batch.rotate_left(n * 7 % 40);
            replicas[n % 3].store.record(batch)
        });
        let claims =
            replicas.iter().map(|replica| replica.store.claim_deals(portion(&account(), 100), 100, LEASE));
        let (recorded, claims) = futures_util::future::join(join_all(calls), join_all(claims)).await;
        assert!(recorded.into_iter().all(|recorded| recorded.unwrap().new == 40));
        let mut leases: Vec<DealLease> = claims.into_iter().flat_map(Result::unwrap).collect();
        leases.extend(fixture.claims_deals().await);
        leases.reverse();
        let ends =
            leases.iter().enumerate().map(|(n, lease)| replicas[n % 3].store.finish_deal(lease, nothing()));
        assert!(join_all(ends).await.into_iter().all(Result::unwrap));
    }
    let leased: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deals WHERE state = 'leased'")
        .fetch_one(&mut fixture.database.connect().await)
        .await
        .unwrap();
    assert_eq!(leased, 0);
}

/// One process hears of work that another one has committed, whoever listened first.
async fn wakes(one: &Fixture, other: &Fixture, key: &str) {
    let changed = other.store.changed();
    let heard = async {
        // The listening connection comes about by itself, and what happened before is not repeated.
        let mut number = 0;
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !changed.has_changed().unwrap() {
            one.hears("1", &format!("{key} {number}")).await;
            number += 1;
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the other process is woken");
}

async fn a_commit_wakes_the_workers_of_every_process(fixture: Fixture) {
    let other = fixture.replica().await;
    wakes(&fixture, &other, "there").await;
    wakes(&other, &fixture, "back").await;
    other.store.close().await;
    assert!(fixture.store.changed().changed().now_or_never().is_none_or(|changed| changed.is_ok()));
    fixture.store.close().await;
}

async fn processes_that_lost_each_other_find_each_other_again(fixture: Fixture) {
    let other = fixture.replica().await;
    wakes(&fixture, &other, "before").await;
    let listening = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND query LIKE 'LISTEN%'";
    sqlx::query(listening).execute(&mut fixture.database.connect().await).await.unwrap();
    let heard = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let mut changed = other.store.changed();
        let mut number = 0;
        while !changed.has_changed().unwrap() {
            // Connecting again is paced by the clock.
            fixture.clock.advance(Duration::from_secs(1));
            fixture.hears("1", &format!("after {number}")).await;
            number += 1;
            looks.tick().await;
        }
        changed.mark_unchanged();
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("the other process is woken again");
    wakes(&fixture, &other, "again").await;
}
