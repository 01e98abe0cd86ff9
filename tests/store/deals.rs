//! Deals, one worker at a time.

use handoff_bridge::crm::Event;
use handoff_bridge::store::{ClaimLimit, DealEnd, DealState, Follow, LastWork};

use crate::fixture::{DAY, Fixture, LEASE, MINUTE, account, deal, event, nothing, portion};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    every_lease_without_an_end_is_a_try,
    a_deal_that_is_looked_at_again_gets_one_try_more,
    what_waits_for_a_look_stands_behind_new_wins,
    a_deal_has_one_worker_at_a_time,
    an_event_during_the_work_makes_the_deal_ready_again,
    a_win_has_one_packet_however_often_it_is_announced,
    a_lease_that_ran_out_goes_to_the_next_worker_and_the_first_changes_nothing,
    a_lease_is_ended_once,
    a_retry_waits_for_its_time_and_events_do_not_defeat_it,
    a_dead_deal_is_looked_at_again_when_somebody_replays_it,
    a_new_event_revives_a_dead_deal_with_a_fresh_count,
    a_deal_that_died_while_an_event_arrived_is_looked_at_again,
    a_pause_holds_the_account_and_is_no_try,
    a_claim_takes_no_more_than_it_was_asked_to_and_the_longest_waiting_first,
    a_claim_for_several_accounts_takes_in_turn_and_no_more_than_there_is_room_for,
];

fn retry(fixture: &Fixture) -> DealEnd {
    DealEnd::Retry { at: fixture.after(MINUTE), error: "503".to_owned() }
}

fn dead() -> DealEnd {
    DealEnd::Dead { error: "404: no such pipeline".to_owned() }
}

async fn a_deal_has_one_worker_at_a_time(fixture: Fixture) {
    fixture.hears("1", "a").await;
    fixture.hears("1", "b").await;
    let lease = fixture.claims_deal().await;
    assert_eq!((lease.deal.clone(), lease.want, lease.attempts), (deal("1"), 2, 0));
    assert_eq!(fixture.claims_deals().await, []);
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.claims_deals().await, []);
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation", "not won: stage negotiation"]);
}

async fn an_event_during_the_work_makes_the_deal_ready_again(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.hears("1", "b").await;
    assert_eq!(fixture.claims_deals().await, [], "nobody else gets it meanwhile");
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation", "waiting"]);

    let again = fixture.claims_deal().await;
    fixture.ends(&again, DealEnd::Packet(fixture.packet("1"))).await;
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation", "packet pkt_1"]);
}

async fn a_win_has_one_packet_however_often_it_is_announced(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.hears("1", "again").await;
    let lease = fixture.claims_deal().await;
    let mut second = fixture.packet("1");
    second.packet_id = String::from("pkt_another");
    fixture.ends(&lease, DealEnd::Packet(second)).await;
    assert_eq!(fixture.outcomes().await, ["packet pkt_1", "packet pkt_1"]);
    assert_eq!(fixture.store.packet("pkt_another").await.unwrap(), None);

    fixture.hears("1", "and again").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, DealEnd::Known { packet_id: "pkt_1".to_owned(), follow: Follow::End }).await;
    assert_eq!(fixture.outcomes().await, ["packet pkt_1", "packet pkt_1", "packet pkt_1"]);
}

async fn a_lease_that_ran_out_goes_to_the_next_worker_and_the_first_changes_nothing(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let stale = fixture.claims_deal().await;
    fixture.clock.advance(LEASE);
    let current = fixture.claims_deal().await;
    assert!(current.epoch > stale.epoch);
    assert_eq!(current.attempts, 1, "it may be what stopped the first one");

    let packet = DealEnd::Packet(fixture.packet("1"));
    for end in [packet, nothing(), retry(&fixture), dead()] {
        assert!(!fixture.store.finish_deal(&stale, end).await.unwrap());
    }
    let pause = DealEnd::Paused { until: fixture.after(DAY), reason: "401".to_owned() };
    assert!(!fixture.store.finish_deal(&stale, pause).await.unwrap());
    assert_eq!(fixture.outcomes().await, ["waiting"]);
    assert_eq!(fixture.store.packet("pkt_1").await.unwrap(), None);
    assert_eq!(fixture.store.pauses().await.unwrap(), []);
    fixture.ends(&current, nothing()).await;
}

async fn a_lease_is_ended_once(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, nothing()).await;
    assert!(!fixture.store.finish_deal(&lease, dead()).await.unwrap());
}

async fn a_retry_waits_for_its_time_and_events_do_not_defeat_it(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, retry(&fixture)).await;
    fixture.hears("1", "b").await;
    assert_eq!(fixture.claims_deals().await, []);
    let row = fixture.open_deals().await.remove(0);
    assert_eq!((row.state, row.tries, row.error.as_deref()), (DealState::Retrying, 1, Some("503")));
    assert_eq!(row.next_at, Some(fixture.after(MINUTE)));

    fixture.clock.advance(MINUTE);
    let lease = fixture.claims_deal().await;
    assert_eq!((lease.attempts, lease.want), (1, 2));
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.open_deals().await, []);
}

async fn a_dead_deal_is_looked_at_again_when_somebody_replays_it(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, dead()).await;
    assert_eq!(fixture.outcomes().await, ["dead: 404: no such pipeline"]);
    let row = fixture.open_deals().await.remove(0);
    assert_eq!((row.state, row.error.as_deref()), (DealState::Dead, Some("404: no such pipeline")));
    fixture.clock.advance(DAY);
    assert_eq!(fixture.claims_deals().await, []);

    assert!(fixture.store.replay_deal(&deal("1")).await.unwrap());
    assert!(!fixture.store.replay_deal(&deal("1")).await.unwrap(), "it is not dead any more");
    assert_eq!(fixture.outcomes().await, ["waiting"]);
    let lease = fixture.claims_deal().await;
    assert_eq!(lease.attempts, 0);
    fixture.ends(&lease, DealEnd::Packet(fixture.packet("1"))).await;
    assert_eq!(fixture.outcomes().await, ["packet pkt_1"]);
}

async fn a_new_event_revives_a_dead_deal_with_a_fresh_count(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, dead()).await;
    fixture.hears("1", "a").await;
    assert_eq!(fixture.claims_deals().await, [], "a repeated event revives nothing");
    fixture.hears("1", "b").await;
    let lease = fixture.claims_deal().await;
    assert_eq!(lease.attempts, 0);
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation", "not won: stage negotiation"]);
}

async fn a_deal_that_died_while_an_event_arrived_is_looked_at_again(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    fixture.hears("1", "b").await;
    fixture.ends(&lease, dead()).await;
    assert_eq!(fixture.outcomes().await, ["dead: 404: no such pipeline", "waiting"]);
    assert_eq!(fixture.claims_deal().await.attempts, 0);
}

async fn a_pause_holds_the_account_and_is_no_try(fixture: Fixture) {
    fixture.hears("1", "a").await;
    let lease = fixture.claims_deal().await;
    let until = fixture.after(MINUTE);
    fixture.ends(&lease, DealEnd::Paused { until, reason: "401".to_owned() }).await;
    fixture.hears("2", "b").await;
    assert_eq!(fixture.claims_deals().await, []);
    assert_eq!(fixture.next_due().await, Some(until));
    assert_eq!(fixture.store.pauses().await.unwrap()[0].scope, account().to_string());

    fixture.clock.advance(MINUTE);
    let leases = fixture.claims_deals().await;
    assert_eq!(leases.iter().map(|lease| lease.attempts).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(fixture.store.pauses().await.unwrap().len(), 1, "no call has succeeded yet");
    fixture.ends(&leases[0], nothing()).await;
    assert_eq!(fixture.store.pauses().await.unwrap(), []);
}

async fn a_claim_takes_no_more_than_it_was_asked_to_and_the_longest_waiting_first(fixture: Fixture) {
    for id in ["3", "1", "2"] {
        fixture.hears(id, id).await;
        fixture.clock.advance(MINUTE);
    }
    let first = fixture.store.claim_deals(portion(&account(), 2), 2, LEASE).await.unwrap();
    let mut ids: Vec<&str> = first.iter().map(|lease| lease.deal.deal.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "3"]);
}

async fn a_claim_for_several_accounts_takes_in_turn_and_no_more_than_there_is_room_for(fixture: Fixture) {
    for (portal, deals) in [(1, 2), (2, 5), (3, 5), (4, 5)] {
        let deal = |n| format!("hubspot:{portal}:{n}").parse().unwrap();
        let events = (0..deals).map(|n| Event { deal: deal(n), ..event("", &format!("{portal} {n}")) });
        fixture.store.record(events.collect()).await.unwrap();
    }
    fixture.store.pause("hubspot:2", fixture.after(MINUTE), "401").await.unwrap();
    let portions = [1, 2, 3, 4].map(|portal| ClaimLimit::of(format!("hubspot:{portal}"), 4));
    let leases = fixture.store.claim_deals(portions.to_vec(), 8, LEASE).await.unwrap();
    let of = |portal: &str| leases.iter().filter(|lease| lease.deal.account.to_string() == portal).count();
    let claimed = ["hubspot:1", "hubspot:2", "hubspot:3", "hubspot:4"].map(of);
    assert_eq!(claimed, [2, 0, 4, 2], "all it has, nothing while it is paused, its portion, what is left");
}

async fn every_lease_without_an_end_is_a_try(fixture: Fixture) {
    fixture.hears("1", "a").await;
    assert_eq!(fixture.claims_deal().await.attempts, 0);
    let mut fixture = fixture;
    for (tries, reopens) in [(1, false), (2, true), (3, true), (4, false)] {
        if reopens {
            fixture = fixture.reopened().await;
        }
        fixture.clock.advance(LEASE);
        assert_eq!(fixture.claims_deal().await.attempts, tries);
    }
    fixture.clock.advance(LEASE);
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, retry(&fixture)).await;
    fixture.clock.advance(MINUTE);
    let lease = fixture.claims_deal().await;
    assert_eq!(lease.attempts, 6, "a try that ended counts once");
    let pause = DealEnd::Paused { until: fixture.now(), reason: "401".to_owned() };
    fixture.ends(&lease, pause).await;
    let lease = fixture.claims_deal().await;
    assert_eq!(lease.attempts, 6, "and a pause not at all");
    fixture.ends(&lease, nothing()).await;
    fixture.hears("1", "b").await;
    assert_eq!(fixture.claims_deal().await.attempts, 0, "a fresh start");
}

async fn what_waits_for_a_look_stands_behind_new_wins(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    fixture.store.recheck(&packet_id).await.unwrap();
    assert_eq!(fixture.store.announce_looks().await.unwrap(), 1);
    fixture.clock.advance(MINUTE);
    fixture.hears("2", "a").await;
    assert_eq!(fixture.next_due().await, Some(fixture.now() - MINUTE), "the look has waited longer");
    let next = async || {
        let leases = fixture.store.claim_deals(portion(&account(), 1), 1, LEASE).await.unwrap();
        leases.into_iter().map(|lease| lease.deal.deal).collect::<Vec<_>>()
    };
    assert_eq!((next().await, next().await), (vec!["2".to_owned()], vec!["1".to_owned()]));
}

async fn a_deal_that_is_looked_at_again_gets_one_try_more(fixture: Fixture) {
    let again = async |key: &str| fixture.store.look_again(vec![event("1", key)]).await.unwrap();
    fixture.hears("1", "a").await;
    again("a").await;
    let lease = fixture.claims_deal().await;
    again("a").await;
    assert_eq!(fixture.claims_deals().await, [], "what is in hand stays so");
    fixture.ends(&lease, nothing()).await;
    assert_eq!(fixture.outcomes().await, ["not won: stage negotiation"]);

    again("a").await;
    assert_eq!(fixture.outcomes().await, ["waiting"]);
    let recorded = fixture.store.recorded(&[deal("1"), deal("2")]).await.unwrap();
    assert_eq!(
        recorded.into_iter().collect::<Vec<_>>(),
        [(deal("1"), LastWork { outcome: "not won: stage negotiation".to_owned(), is_settled: false })]
    );
    let mut lease = fixture.claims_deal().await;
    for (attempts, left) in [(0, 0), (1, 1), (15, 15), (16, 16)] {
        lease.attempts = attempts;
        fixture.ends(&lease, dead()).await;
        again("a").await;
        lease = fixture.claims_deal().await;
        assert_eq!(lease.attempts, left, "one less than when it died");
    }
    let packet_id = "pkt_1".to_owned();
    fixture.ends(&lease, DealEnd::Known { packet_id, follow: Follow::AsBefore }).await;
    again("a").await;
    assert_eq!(fixture.claims_deals().await, [], "it has its packet");
    again("2").await;
    assert_eq!(fixture.claims_deals().await, [], "a deal that was never announced");
}
