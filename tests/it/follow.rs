//! A packet lives as long as something is open: what is filled in the CRM reaches the same digest and the same task.

use std::time::Duration;

use handoff_bridge::store::{DeliveryState, Destination};
use libtest_mimic::Trial;

use crate::side::Side;
use crate::world::{WORK, World};
use crate::{scenarios, tests};

const OUTCOME: &str = "Depot Malmö plans all 22 tours without the spreadsheet by the end of March.";

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![both engines, Hubspot, Salesforce:
        an_answer_in_the_crm_reaches_the_same_digest_and_task,
        a_deal_that_is_no_longer_won_asks_nothing_any_more,
    ];
    trials.extend(scenarios![Hubspot, Salesforce:
        a_task_that_a_person_closed_stays_closed,
        a_task_that_a_person_deleted_is_not_made_again,
        a_digest_that_was_deleted_is_not_posted_again,
        a_change_that_no_reader_sees_edits_nothing,
        an_edit_whose_answer_is_lost_is_made_again,
        a_recheck_does_not_wait_for_the_schedule,
    ]);
    trials.extend(tests![Hubspot, Salesforce: off_means_off]);
    trials
}

/// The complete deal is won without its outcome, and was handed over.
async fn one_question_is_open(world: &mut World) -> &'static str {
    let deal = world.side.complete();
    world.side.writes_outcome(&world.sandbox, deal, "", world.now());
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    deal
}

/// The revision of the only packet.
async fn revision(world: &World) -> i64 {
    world.packets().await.remove(0).revision
}

async fn becomes_revision(world: &World, wanted: i64) {
    world
        .eventually(&format!("revision {wanted}"), async || {
            world.passes(Duration::from_secs(5));
            revision(world).await == wanted && world.open_work().await.is_empty()
        })
        .await;
}

async fn an_answer_in_the_crm_reaches_the_same_digest_and_task(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let (asked, before) = (world.task_on(deal).await, world.digests().remove(0));

    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;

    let (task, digest) = (world.task_on(deal).await, world.digests().remove(0));
    assert_eq!((&task.id, &digest.ts), (&asked.id, &before.ts), "the same task, the same digest");
    assert_eq!(world.digests().len(), 1);
    assert!(digest.edits >= 1);
    assert_eq!(digest.metadata, before.metadata, "it can still be found");
    assert!(serde_json::to_string(&digest.blocks).unwrap().contains("Depot Malmö plans all 22 tours"));
    assert!(["COMPLETED", "Completed"].contains(&task.status.as_str()), "{}", task.status);
    assert_ne!(task.subject, asked.subject);
    let packet = world.packets().await.remove(0);
    assert_eq!(packet.document().unwrap()["status"], "complete");
    let history = world.service().app.store.revisions(&packet.packet_id).await.unwrap();
    let causes: Vec<&str> = history.iter().map(|revision| revision.cause.as_str()).collect();
    assert_eq!(causes, ["won", "crm"]);

    // Nothing is open any more: the deal is not read again.
    let mark = world.side.mark(&world.sandbox);
    world.passes(Duration::from_hours(24));
    world.settles().await;
    assert_eq!(world.side.calls_since(&world.sandbox, mark), [""; 0]);
}

async fn a_deal_that_is_no_longer_won_asks_nothing_any_more(world: &mut World) {
    let deal = one_question_is_open(world).await;
    world.side.reopens(&world.sandbox, deal);
    becomes_revision(world, 2).await;
    let (task, digest) = (world.task_on(deal).await, world.digests().remove(0));
    assert!(["COMPLETED", "Completed"].contains(&task.status.as_str()), "{}", task.status);
    assert!(digest.text.starts_with("Deal is no longer won"), "{}", digest.text);
    assert!(task.subject.starts_with("Deal is no longer won"), "{}", task.subject);
}

async fn a_task_that_a_person_closed_stays_closed(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let task = world.task_on(deal).await;
    world.side.sets_task_status(&world.sandbox, &task.id, true, world.now());
    world.side.writes_outcome(&world.sandbox, deal, "TBD", world.now());
    becomes_revision(world, 2).await;
    let after = world.task_on(deal).await;
    assert_eq!((after.body, after.status.to_lowercase()), (task.body, "completed".to_owned()));
    let digest = world.digests().remove(0);
    assert!(
        serde_json::to_string(&digest.blocks).unwrap().contains("Task was closed with 1 question open"),
        "{:?}",
        digest.blocks
    );
}

async fn a_task_that_a_person_deleted_is_not_made_again(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let task = world.task_on(deal).await;
    world.side.deletes_task(&world.sandbox, &task.id);
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;
    let created = world.side.create_task();
    let creations = match world.side {
        Side::Hubspot => world.sandbox.hubspot.log().count(created),
        Side::Salesforce => world.sandbox.salesforce.log().count(created),
    };
    assert_eq!(creations, 1);
}

async fn a_digest_that_was_deleted_is_not_posted_again(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let ts = world.digests().remove(0).ts;
    world.sandbox.slack.change(|slack| slack.delete_message(&ts));
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;
    assert!(world.digests().is_empty());
    assert_eq!(world.delivery_state(Destination::SlackDigest).await, Some(DeliveryState::Done));
}

async fn a_change_that_no_reader_sees_edits_nothing(world: &mut World) {
    let deal = one_question_is_open(world).await;
    world.side.writes_outcome(&world.sandbox, deal, " ", world.now());
    let mark = world.side.mark(&world.sandbox);
    world
        .eventually("the deal is looked at", async || {
            world.passes(Duration::from_secs(30));
            !world.side.calls_since(&world.sandbox, mark).is_empty()
        })
        .await;
    world.settles().await;
    assert_eq!((revision(world).await, world.digests().remove(0).edits), (1, 0));
}

async fn an_edit_whose_answer_is_lost_is_made_again(world: &mut World) {
    let deal = one_question_is_open(world).await;
    world.sandbox.slack.fails(
        "POST /api/chat.update",
        handoff_sandbox::Fault::DropAfter,
        handoff_sandbox::Times::Next(1),
    );
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;
    assert_eq!((world.digests().len(), world.digests().remove(0).edits), (1, 2));
}

async fn a_recheck_does_not_wait_for_the_schedule(world: &mut World) {
    let deal = one_question_is_open(world).await;
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    let packet_id = world.packets().await.remove(0).packet_id;
    let before = world.now();
    assert!(world.service().app.store.recheck(&packet_id).await.unwrap());
    world
        .eventually("revision 2", async || {
            world.passes(Duration::from_millis(500));
            revision(world).await == 2
        })
        .await;
    assert!(world.now().duration_since(before).as_secs() < 120, "long before the first look of the schedule");
    world.finishes().await;
}

async fn off_means_off(side: Side) {
    let mut world = World::without_service(side, &format!("{WORK}\n[follow]\nfor = \"0\""));
    world.starts().await;
    let deal = one_question_is_open(&mut world).await;
    let mark = side.mark(&world.sandbox);
    side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    for _ in 0..20 {
        world.passes(Duration::from_hours(6));
        world.settles().await;
    }
    assert_eq!(side.calls_since(&world.sandbox, mark), [""; 0]);
    assert_eq!((revision(&world).await, world.digests().remove(0).edits), (1, 0));
    world.end().await;
}
