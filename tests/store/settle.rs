//! What an operator decides about deliveries.

use handoff_bridge::store::Destination::{CrmTask, SlackDigest};
use handoff_bridge::store::{Decision, DeliveryEnd, DeliveryState, Settled};

use crate::fixture::{DAY, Fixture, LEASE, done};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    what_is_there_is_done_and_the_digest_can_link_to_it,
    what_is_not_there_is_sent_again_without_a_read_back,
    an_unknown_delivery_need_not_be_waited_for,
    what_a_worker_has_in_hand_is_left_to_it,
    a_worker_that_lost_its_lease_cannot_undo_a_decision,
    there_is_nothing_to_decide_about_what_was_never_in_doubt,
];

fn there(external_id: Option<&str>, url: Option<&str>) -> Decision {
    Decision::Done { external_id: external_id.map(Into::into), url: url.map(Into::into) }
}

async fn state(fixture: &Fixture, packet_id: &str) -> DeliveryState {
    fixture.store.packet(packet_id).await.unwrap().unwrap().deliveries[0].state
}

/// The outcomes of the task's attempts, with what is said about them.
async fn story(fixture: &Fixture, packet_id: &str) -> Vec<(String, String)> {
    let packet = fixture.store.packet(packet_id).await.unwrap().unwrap();
    let attempts = packet.deliveries[0].attempts.iter();
    attempts.map(|attempt| (attempt.outcome.clone(), attempt.error.clone().unwrap_or_default())).collect()
}

async fn what_is_there_is_done_and_the_digest_can_link_to_it(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&task).await.unwrap());
    fixture.finishes(&task, DeliveryEnd::Held).await;
    let decision = there(None, Some("https://app.example.com/task/9"));
    assert_eq!(
        fixture.store.settle(&packet_id, CrmTask, decision.clone(), None).await.unwrap(),
        Settled::Yes
    );
    assert_eq!(state(&fixture, &packet_id).await, DeliveryState::Done);
    let address = "https://app.example.com/task/9".to_owned();
    let linked = fixture.store.external(&packet_id, CrmTask).await.unwrap();
    assert_eq!(linked, Some((address.clone(), Some(address))));
    let told = [("unknown", "timed out"), ("settled", "settled by operator: it is there")];
    assert_eq!(story(&fixture, &packet_id).await, told.map(|(a, b)| (a.to_owned(), b.to_owned())));
    fixture.clock.advance(DAY);
    assert_eq!(fixture.claims_delivery().await.destination, SlackDigest, "the task is not tried again");
    let again = fixture.store.settle(&packet_id, CrmTask, decision, None).await.unwrap();
    assert_eq!(again, Settled::Refused(DeliveryState::Done));
}

async fn what_is_not_there_is_sent_again_without_a_read_back(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&task).await.unwrap());
    fixture.finishes(&task, DeliveryEnd::Held).await;
    let mut changed = fixture.store.changed();
    let settled = fixture.store.settle(&packet_id, CrmTask, Decision::NotDone, None).await.unwrap();
    assert_eq!(settled, Settled::Yes);
    assert!(changed.has_changed().unwrap(), "workers are woken");
    changed.mark_unchanged();
    let again = fixture.claims_deliveries().await.remove(0);
    assert_eq!((again.destination, again.unknown, again.absent, again.attempts), (CrmTask, false, 0, 0));
    fixture.finishes(&again, done("9")).await;
    let outcomes: Vec<String> = story(&fixture, &packet_id).await.into_iter().map(|row| row.0).collect();
    assert_eq!(outcomes, ["unknown", "settled", "delivered"]);
}

async fn an_unknown_delivery_need_not_be_waited_for(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.after(DAY), absent: 0 }).await;
    assert_eq!(state(&fixture, &packet_id).await, DeliveryState::Unknown);
    let settled = fixture.store.settle(&packet_id, CrmTask, there(Some("9"), None), None).await.unwrap();
    assert_eq!(settled, Settled::Yes);
    assert_eq!(fixture.store.external(&packet_id, CrmTask).await.unwrap(), Some(("9".to_owned(), None)));
}

async fn what_a_worker_has_in_hand_is_left_to_it(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let task = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&task).await.unwrap());
    for decision in [there(None, None), Decision::NotDone] {
        let refused = fixture.store.settle(&packet_id, CrmTask, decision, None).await.unwrap();
        assert_eq!(refused, Settled::Refused(DeliveryState::Leased));
    }
    assert_eq!(fixture.store.replay(&packet_id, Some(CrmTask)).await.unwrap(), 0);
    fixture.finishes(&task, done("9")).await;
    assert_eq!(story(&fixture, &packet_id).await.len(), 1, "a refused decision leaves no trace");
}

/// The worker sleeps through its lease; another one holds the delivery; an operator decides; the first wakes up.
async fn a_worker_that_lost_its_lease_cannot_undo_a_decision(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let slow = fixture.claims_delivery().await;
    assert!(fixture.store.intend(&slow).await.unwrap());
    fixture.clock.advance(LEASE);
    let quick = fixture.claims_deliveries().await.remove(0);
    fixture.finishes(&quick, DeliveryEnd::Held).await;
    fixture.store.settle(&packet_id, CrmTask, Decision::NotDone, None).await.unwrap();
    for (lease, end) in [(&slow, done("8")), (&quick, DeliveryEnd::Dead)] {
        let attempt = fixture.attempt(lease, &end);
        assert!(!fixture.store.finish_delivery(lease, end, attempt).await.unwrap());
        assert!(!fixture.store.intend(lease).await.unwrap());
    }
    let next = fixture.claims_deliveries().await.remove(0);
    assert!(next.epoch > quick.epoch + 1, "the decision has an epoch of its own");
    fixture.finishes(&next, done("9")).await;
    assert_eq!(state(&fixture, &packet_id).await, DeliveryState::Done);
}

async fn there_is_nothing_to_decide_about_what_was_never_in_doubt(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let refused = fixture.store.settle(&packet_id, SlackDigest, Decision::NotDone, None).await.unwrap();
    assert_eq!(refused, Settled::Refused(DeliveryState::Waiting));
    let missing = fixture.store.settle("pkt_nowhere", CrmTask, Decision::NotDone, None).await.unwrap();
    assert_eq!(missing, Settled::Missing);
}
