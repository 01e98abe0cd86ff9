//! Deliveries, once each.

use std::collections::BTreeMap;
use std::time::Duration;

use handoff_bridge::store::Destination::{CrmTask, SlackDigest, SlackReply};
use handoff_bridge::store::{
    Cause, DealEnd, Decision, DeliveryEnd, DeliveryState, Follow, Revision, SLACK, Settled,
};
use handoff_core::packet::ReplyParams;

use crate::fixture::{DAY, Fixture, LEASE, MINUTE, account, done};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_lease_without_an_end_is_a_try,
    what_was_postponed_is_no_try,
    what_is_not_its_turn_comes_back_then_and_leaves_no_trace,
    the_digest_waits_for_the_first_try_of_the_task,
    the_digest_does_not_wait_for_ever,
    a_digest_that_was_tried_keeps_its_retry_time,
    a_try_nobody_saw_the_end_of_comes_back_as_unknown,
    no_try_begins_under_a_lease_that_has_run_out,
    a_certain_failure_is_tried_again_and_is_not_unknown,
    read_backs_that_find_nothing_are_counted,
    what_was_not_found_of_one_try_says_nothing_about_the_next,
    a_pause_is_no_try_and_forgets_nothing,
    a_paused_slack_does_not_hold_the_task,
    an_operator_replays_what_is_dead_or_held_and_nothing_else,
    a_dead_delivery_that_may_be_there_is_read_back_first_when_replayed,
    the_digest_can_look_up_where_the_task_is,
    a_revision_edits_what_is_there_until_it_shows_the_newest,
    a_revision_sends_nothing_that_an_operator_called_done,
    a_reply_does_not_wait_for_the_end_of_the_digests_lease,
    what_was_read_for_a_revision_that_came_too_late_is_read_again,
];

async fn states(fixture: &Fixture, packet_id: &str) -> Vec<DeliveryState> {
    let packet = fixture.store.packet(packet_id).await.unwrap().unwrap();
    packet.deliveries.into_iter().map(|delivery| delivery.state).collect()
}

async fn the_digest_waits_for_the_first_try_of_the_task(fixture: Fixture) {
    for (deal, end) in [("1", done("1")), ("2", DeliveryEnd::Dead), ("3", DeliveryEnd::Held)] {
        fixture.has_packet(deal).await;
        let task = fixture.claims_delivery().await;
        assert_eq!((task.destination, task.order.as_str()), (CrmTask, "task order"));
        assert_eq!((&task.account, task.unknown, task.intended_at), (&account(), false, None));
        fixture.finishes(&task, end).await;
        let digest = fixture.claims_delivery().await;
        assert_eq!((digest.destination, digest.order.as_str()), (SlackDigest, "digest order"));
        fixture.finishes(&digest, done("1")).await;
    }
}

async fn the_digest_does_not_wait_for_ever(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.claims_delivery().await;
    fixture.clock.advance(MINUTE);
    assert_eq!(fixture.claims_delivery().await.destination, SlackDigest);
}

async fn a_digest_that_was_tried_keeps_its_retry_time(fixture: Fixture) {
    fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    fixture.clock.advance(MINUTE);
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, DeliveryEnd::Retry { at: fixture.after(DAY) }).await;
    fixture.finishes(&task, done("1")).await;
    assert_eq!(fixture.claims_deliveries().await, []);
}

async fn a_try_nobody_saw_the_end_of_comes_back_as_unknown(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let first = fixture.claims_delivery().await;
    let began = fixture.now();
    assert!(fixture.store.intend(&first).await.unwrap());
    let fixture = fixture.reopened().await;
    fixture.clock.advance(LEASE);
    let second = fixture.claims_deliveries().await.remove(0);
    assert_eq!((second.unknown, second.intended_at, second.attempts), (true, Some(began), 1));
    let attempt = fixture.attempt(&first, &done("1"));
    assert!(!fixture.store.finish_delivery(&first, done("1"), attempt).await.unwrap());
    assert!(!fixture.store.intend(&first).await.unwrap());
    fixture.finishes(&second, DeliveryEnd::Unknown { at: fixture.now(), absent: 0 }).await;
    assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Unknown, DeliveryState::Leased]);
    let packet = fixture.store.packet(&packet_id).await.unwrap().unwrap();
    assert_eq!(packet.deliveries[0].attempts.len(), 1, "the stale worker left no trace");
}

async fn no_try_begins_under_a_lease_that_has_run_out(fixture: Fixture) {
    fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.clock.advance(LEASE);
    assert!(!fixture.store.intend(&lease).await.unwrap());
    let next = fixture.claims_deliveries().await.remove(0);
    assert!(!next.unknown);
    assert!(fixture.store.intend(&next).await.unwrap());
}

async fn a_certain_failure_is_tried_again_and_is_not_unknown(fixture: Fixture) {
    fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&lease).await.unwrap());
    let at = fixture.after(MINUTE / 2);
    fixture.finishes(&lease, DeliveryEnd::Retry { at }).await;
    fixture.clock.advance(MINUTE / 2);
    let again = fixture.claims_deliveries().await.remove(0);
    assert_eq!((again.attempts, again.unknown, again.absent), (1, false, 0));
}

async fn read_backs_that_find_nothing_are_counted(fixture: Fixture) {
    fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.finishes(&lease, DeliveryEnd::Unknown { at: fixture.now(), absent: 2 }).await;
    let again = fixture.claims_deliveries().await.remove(0);
    assert_eq!((again.unknown, again.absent, again.attempts), (true, 2, 1));
}

async fn what_was_not_found_of_one_try_says_nothing_about_the_next(fixture: Fixture) {
    fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.finishes(&lease, DeliveryEnd::Unknown { at: fixture.now(), absent: 1 }).await;
    let second = fixture.claims_deliveries().await.remove(0);
    assert_eq!(second.absent, 1);
    assert!(fixture.store.intend(&second).await.unwrap());
    // The worker dies while it sends.
    fixture.clock.advance(LEASE);
    let third = fixture.claims_deliveries().await.remove(0);
    assert_eq!((third.unknown, third.absent), (true, 0));
}

async fn a_pause_is_no_try_and_forgets_nothing(fixture: Fixture) {
    fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.finishes(&lease, DeliveryEnd::Unknown { at: fixture.now(), absent: 1 }).await;
    let [task, digest] = fixture.claims_deliveries().await.try_into().unwrap();
    fixture.finishes(&digest, done("1")).await;
    let until = fixture.after(DAY);
    fixture.finishes(&task, DeliveryEnd::Paused { until }).await;

    let pause = fixture.store.pauses().await.unwrap().remove(0);
    assert_eq!((pause.scope, pause.until), (account().to_string(), until));
    assert_eq!(pause.reason, "401: the token was refused");
    assert_eq!(fixture.claims_deliveries().await, []);
    assert!(fixture.store.lift_pause(&account().to_string()).await.unwrap());
    let again = fixture.claims_delivery().await;
    assert_eq!((again.attempts, again.unknown, again.absent), (1, true, 1));
}

async fn a_paused_slack_does_not_hold_the_task(fixture: Fixture) {
    fixture.store.pause(SLACK, fixture.after(DAY), "invalid_auth").await.unwrap();
    fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    assert_eq!(task.destination, CrmTask);
    fixture.finishes(&task, done("1")).await;
    assert_eq!(fixture.claims_deliveries().await, []);
    fixture.clock.advance(DAY);
    assert_eq!(fixture.claims_delivery().await.destination, SlackDigest);
}

async fn an_operator_replays_what_is_dead_or_held_and_nothing_else(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&task).await.unwrap());
    fixture.finishes(&task, DeliveryEnd::Held).await;
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, DeliveryEnd::Dead).await;
    assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Held, DeliveryState::Dead]);
    fixture.clock.advance(DAY);
    assert_eq!(fixture.claims_deliveries().await, []);

    assert_eq!(fixture.store.replay(&packet_id, Some(SlackDigest)).await.unwrap(), 1);
    let digest = fixture.claims_delivery().await;
    assert_eq!((digest.destination, digest.attempts, digest.unknown), (SlackDigest, 0, false));
    assert_eq!(fixture.store.replay(&packet_id, None).await.unwrap(), 1);
    let task = fixture.claims_delivery().await;
    assert_eq!((task.destination, task.attempts, task.unknown), (CrmTask, 0, true));
    fixture.finishes(&task, done("1")).await;
    fixture.finishes(&digest, done("1")).await;
    assert_eq!(fixture.store.replay(&packet_id, None).await.unwrap(), 0);
    let packet = fixture.store.packet(&packet_id).await.unwrap().unwrap();
    let tries: Vec<usize> = packet.deliveries.iter().map(|delivery| delivery.attempts.len()).collect();
    assert_eq!(tries, [2, 2], "attempts are never forgotten");
}

async fn a_dead_delivery_that_may_be_there_is_read_back_first_when_replayed(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.now(), absent: 0 }).await;
    let task = fixture.claims_deliveries().await.remove(0);
    fixture.finishes(&task, DeliveryEnd::Dead).await;
    fixture.store.replay(&packet_id, Some(CrmTask)).await.unwrap();
    assert!(fixture.claims_deliveries().await[0].unknown);
}

async fn the_digest_can_look_up_where_the_task_is(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    assert_eq!(fixture.store.external(&packet_id, CrmTask).await.unwrap(), None);
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, done("900")).await;
    let there = Some(("900".to_owned(), Some("https://example.com/1".to_owned())));
    assert_eq!(fixture.store.external(&packet_id, CrmTask).await.unwrap(), there);
}

async fn a_lease_without_an_end_is_a_try(fixture: Fixture) {
    fixture.has_packet("1").await;
    let mut fixture = fixture;
    for (tries, reopens, intends) in
        [(0, false, false), (1, false, true), (2, true, false), (3, true, true), (4, false, false)]
    {
        if reopens {
            fixture = fixture.reopened().await;
        }
        let lease = fixture.claims_deliveries().await.remove(0);
        assert_eq!((lease.destination, lease.attempts), (CrmTask, tries));
        if intends {
            assert!(fixture.store.intend(&lease).await.unwrap());
        }
        fixture.clock.advance(LEASE);
    }
}

async fn what_was_postponed_is_no_try(fixture: Fixture) {
    fixture.has_packet("1").await;
    for _ in 0..3 {
        let lease = fixture.claims_deliveries().await.remove(0);
        assert_eq!((lease.destination, lease.attempts, lease.unknown), (CrmTask, 0, false));
        fixture.finishes(&lease, DeliveryEnd::Postponed { at: fixture.now() }).await;
    }
}

async fn what_is_not_its_turn_comes_back_then_and_leaves_no_trace(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let lease = fixture.claims_delivery().await;
    fixture.store.yield_delivery(&lease, fixture.after(MINUTE)).await.unwrap();
    let again = fixture.claims_deliveries().await;
    assert!(again.iter().all(|other| other.destination != lease.destination), "{again:?}");
    fixture.clock.advance(MINUTE);
    let again =
        fixture.claims_deliveries().await.into_iter().find(|one| one.destination == lease.destination);
    let again = again.unwrap();
    assert_eq!((again.attempts, again.unknown, again.intended_at), (0, false, None));
    let packet = fixture.store.packet(&packet_id).await.unwrap().unwrap();
    assert!(packet.deliveries.iter().all(|delivery| delivery.attempts.is_empty()));

    fixture.store.yield_delivery(&lease, fixture.after(DAY)).await.unwrap();
    fixture.finishes(&again, done("1")).await;
    assert_eq!(
        states(&fixture, &packet_id).await[0],
        DeliveryState::Done,
        "who lost the lease gives nothing back"
    );
}

/// The packet of deal 1 gets its next revision.
async fn is_revised(fixture: &Fixture, packet_id: &str, replaces: i64) {
    is_revised_to(fixture, revision(packet_id, replaces)).await;
}

async fn is_revised_to(fixture: &Fixture, revision: Revision) {
    fixture.hears("1", &format!("change {}", revision.replaces)).await;
    let lease = fixture.claims_deal().await;
    fixture.ends(&lease, DealEnd::Revised(Box::new(revision))).await;
}

fn revision(packet_id: &str, replaces: i64) -> Revision {
    Revision {
        packet_id: packet_id.to_owned(),
        replaces,
        cause: Cause::Crm,
        packet: "{}".to_owned(),
        record: "{}".to_owned(),
        orders: vec![(CrmTask, format!("order {}", replaces + 1))],
        asks: Vec::new(),
        reply: None,
        follow: Follow::AsBefore,
        edit_pause: Duration::ZERO,
    }
}

async fn a_reply_does_not_wait_for_the_end_of_the_digests_lease(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let edit = Revision { orders: vec![(SlackDigest, "2".to_owned())], ..revision(&packet_id, 1) };
    is_revised_to(&fixture, edit).await;
    assert_eq!(fixture.claims_delivery().await.destination, SlackDigest);
    let (won_at, complete_at) = (fixture.now(), fixture.now());
    let reply = Some(ReplyParams { won_at, complete_at, filled: Vec::new(), by: BTreeMap::new() });
    is_revised_to(&fixture, Revision { orders: Vec::new(), reply, ..revision(&packet_id, 2) }).await;
    fixture.clock.advance(Duration::from_secs(2));
    assert_eq!(fixture.claims_delivery().await.destination, SlackReply);
}

async fn a_revision_edits_what_is_there_until_it_shows_the_newest(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    is_revised(&fixture, &packet_id, 1).await;
    let edit = fixture.claims_delivery().await;
    assert_eq!((edit.external_id.as_deref(), edit.order.as_str(), edit.wants), (Some("1"), "order 2", 2));
    // What changes while it is edited is shown by one more edit.
    is_revised(&fixture, &packet_id, 2).await;
    fixture.finishes(&edit, DeliveryEnd::Edited).await;
    let edit = fixture.claims_delivery().await;
    assert_eq!((edit.order.as_str(), edit.wants, edit.unknown), ("order 3", 3, false));
    fixture.finishes(&edit, DeliveryEnd::Edited).await;
    assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Done; 2]);
    let kept = fixture.store.revisions(&packet_id).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.revision).collect::<Vec<_>>(), [1, 2, 3]);
    // What can never be edited again is left alone by the next one.
    is_revised(&fixture, &packet_id, 3).await;
    let edit = fixture.claims_delivery().await;
    fixture.finishes(&edit, DeliveryEnd::Frozen { why: "deleted".to_owned() }).await;
    is_revised(&fixture, &packet_id, 4).await;
    assert_eq!(fixture.claims_deliveries().await, []);
}

async fn what_was_read_for_a_revision_that_came_too_late_is_read_again(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let store = &fixture.store;
    store.recheck(&packet_id).await.unwrap();
    assert_eq!(store.announce_looks().await.unwrap(), 1);
    is_revised(&fixture, &packet_id, 1).await;
    assert!(!store.due_looks(fixture.now()).await.unwrap().1);
    store.recheck(&packet_id).await.unwrap();
    assert_eq!(store.announce_looks().await.unwrap(), 1);
    is_revised(&fixture, &packet_id, 1).await;
    assert!(store.due_looks(fixture.now()).await.unwrap().1, "another revision came first");
}

async fn a_revision_sends_nothing_that_an_operator_called_done(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Dead).await;
    let there = Decision::Done { external_id: None, url: None };
    assert_eq!(fixture.store.settle(&packet_id, CrmTask, there, None).await.unwrap(), Settled::Yes);
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, done("1")).await;
    is_revised(&fixture, &packet_id, 1).await;
    assert_eq!(states(&fixture, &packet_id).await, [DeliveryState::Done; 2]);
    assert_eq!(fixture.claims_deliveries().await, []);
}
