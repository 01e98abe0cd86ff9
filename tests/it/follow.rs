//! A packet lives as long as something is open: what is filled in the CRM reaches the same digest and the same task.

use std::time::Duration;

use handoff_bridge::demo::PUBLIC_URL;
use handoff_bridge::metrics::OutcomeLabels;
use handoff_bridge::store::{DeliveryState, Destination};
use handoff_sandbox::salesforce::{Envelope, Notification, full_id};
use handoff_sandbox::{Delivery, deals, opportunities};
use libtest_mimic::Trial;
use reqwest::StatusCode;

use crate::side::Side;
use crate::world::{WORK, World};
use crate::{scenarios, tests};

const OUTCOME: &str = "Depot Malmö plans all 22 tours without the spreadsheet by the end of March.";

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![both engines, Hubspot, Salesforce:
        an_answer_in_the_crm_reaches_the_same_digest_and_task,
        a_deal_that_is_no_longer_won_asks_nothing_any_more,
        the_thread_hears_once_that_nothing_is_open,
    ];
    trials.extend(scenarios![Hubspot, Salesforce:
        a_task_that_a_person_closed_stays_closed,
        a_task_that_a_person_deleted_is_not_made_again,
        a_digest_that_was_deleted_is_not_posted_again,
        a_change_that_no_reader_sees_edits_nothing,
        an_edit_whose_answer_is_lost_is_made_again,
        a_recheck_does_not_wait_for_the_schedule,
        a_deal_that_is_not_there_for_an_hour_loses_no_question,
        a_deal_that_is_won_again_gets_a_digest_of_its_own,
        a_reply_of_unknown_outcome_is_looked_for,
    ]);
    trials.extend(scenarios![Hubspot:
        a_webhook_about_an_open_packet_does_not_wait_for_the_schedule,
        a_contact_of_an_open_packet_is_worth_a_look,
        a_contact_that_was_added_later_is_worth_a_look_too,
        a_merged_deal_is_followed_under_its_new_id,
    ]);
    trials.extend(scenarios![Salesforce: an_outbound_message_on_change_is_heard_of_open_packets_only]);
    trials.extend(tests![many_open_packets_are_asked_about_together]);
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
    // While its deal is worked on, the packet may be listed as work.
    world.packets().await.first().map_or(0, |packet| packet.revision)
}

async fn becomes_revision(world: &World, wanted: i64) {
    world
        .eventually(&format!("revision {wanted}"), async || {
            world.passes_between_leases(Duration::from_secs(5)).await;
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
    assert_eq!(packet.document(&[], &[]).unwrap()["status"], "complete");
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
    let packet = world.packets().await.remove(0).document(&[], &[]).unwrap();
    let states: Vec<&serde_json::Value> =
        packet["gaps"].as_array().unwrap().iter().map(|gap| &gap["state"]).collect();
    assert!(!states.is_empty() && states.iter().all(|state| *state == "withdrawn"), "{states:?}");
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
            world.passes_between_leases(Duration::from_secs(30)).await;
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
    let digests = world.digests();
    assert!(digests.len() == 1 && digests[0].edits >= 2, "{} edits", digests[0].edits);
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

/// One event of HubSpot about a deal, or about a contact on it.
pub fn hubspot_event(kind: &str, object: &str, property: &str, number: u64) -> serde_json::Value {
    serde_json::json!({
        "eventId": number, "subscriptionId": 410_009, "portalId": deals::PORTAL.parse::<u64>().unwrap(),
        "appId": 9_050_011, "occurredAt": 1_795_370_149_000_u64 + number, "subscriptionType": kind,
        "attemptNumber": 0, "objectId": object.parse::<u64>().unwrap(), "propertyName": property,
        "propertyValue": "x", "changeSource": "CRM_UI",
    })
}

pub async fn knows_the_open_deals(world: &World, deal: &str) {
    let account = world.key(deal).account;
    world
        .eventually("the routes know which deals are open", async || {
            world.passes(Duration::from_secs(1));
            world.service().app.worker.open_deals.has(&account, deal)
        })
        .await;
}

async fn a_webhook_about_an_open_packet_does_not_wait_for_the_schedule(world: &mut World) {
    let deal = one_question_is_open(world).await;
    knows_the_open_deals(world, deal).await;
    let before = world.now();
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, before);
    let changed = hubspot_event("deal.propertyChange", deal, "handoff_success_outcome", 1);
    let unmapped = hubspot_event("deal.propertyChange", deal, "hs_next_step", 2);
    let another = hubspot_event("deal.propertyChange", "301000000999", "handoff_success_outcome", 3);
    assert_eq!(world.hubspot_sends(&[changed, unmapped, another]).await, StatusCode::OK);
    world
        .eventually("revision 2", async || {
            world.passes(Duration::from_millis(200));
            revision(world).await == 2
        })
        .await;
    assert!(world.now().duration_since(before).as_secs() < 60, "long before the first look of the schedule");
    let recorded = world.events().await.into_iter().filter(|event| event.kind == "changed");
    assert_eq!(recorded.count(), 1, "and nothing else was recorded");
    world.finishes().await;
}

async fn a_contact_of_an_open_packet_is_worth_a_look(world: &mut World) {
    let deal = one_question_is_open(world).await;
    knows_the_open_deals(world, deal).await;
    let record = world.packets().await.remove(0).record;
    let record: serde_json::Value = serde_json::from_str(record.kept().unwrap()).unwrap();
    let contact = record["contacts"][0]["id"].as_str().unwrap();
    let on_it = hubspot_event("contact.propertyChange", contact, "hs_buying_role", 1);
    let other = hubspot_event("contact.propertyChange", "999", "hs_buying_role", 2);
    assert_eq!(world.hubspot_sends(&[on_it, other]).await, StatusCode::OK);
    world.settles().await;
    let changed: Vec<String> = world
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "changed")
        .map(|event| event.deal)
        .collect();
    assert_eq!(changed, [world.key(deal).to_string()]);
}

/// Time passes until the next look at the only packet, and that is over.
async fn is_looked_at(world: &World) {
    let looks = |world: &World| -> u64 {
        let outcomes = ["first", "same", "changed", "gone"].map(|outcome| {
            let labels = OutcomeLabels { outcome: outcome.to_owned() };
            world.service().app.metrics.looks.get_or_create(&labels).get()
        });
        outcomes.iter().sum()
    };
    let before = looks(world);
    world
        .eventually("a look", async || {
            world.passes(Duration::from_mins(1));
            looks(world) > before
        })
        .await;
    // What it saw is recorded, and the deals that have to be read are announced.
    let store = &world.service().app.store;
    world
        .eventually("the look is over", async || {
            world.passes(Duration::from_secs(1));
            store.due_looks(world.now()).await.unwrap() == (false, false)
        })
        .await;
    world.finishes().await;
}

async fn a_deal_that_is_not_there_for_an_hour_loses_no_question(world: &mut World) {
    let deal = one_question_is_open(world).await;
    world.side.hides_deal(&world.sandbox, deal, true);
    for _ in 0..3 {
        is_looked_at(world).await;
    }
    assert_eq!(revision(world).await, 1, "a token that sees nothing for a while withdraws nothing");
    for _ in 0..8 {
        is_looked_at(world).await;
    }
    assert_eq!(revision(world).await, 2, "a day later its readers hear of it");
    assert!(world.digests()[0].text.starts_with("Deal is no longer won"), "{}", world.digests()[0].text);

    // It was only hidden after all: the question comes back.
    world.side.hides_deal(&world.sandbox, deal, false);
    is_looked_at(world).await;
    becomes_revision(world, 3).await;
    assert!(!world.digests()[0].text.starts_with("Deal is no longer won"));
}

async fn a_deal_that_is_won_again_gets_a_digest_of_its_own(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let first = world.packets().await.remove(0).packet_id;
    world.passes(Duration::from_hours(1));
    world.side.reopens(&world.sandbox, deal);
    world.passes(Duration::from_hours(1));
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.finishes().await;
    assert_eq!(world.packets().await.len(), 2);
    let digests = world.digests();
    assert!(digests[0].text.starts_with("Deal is no longer won"), "{}", digests[0].text);
    let mark = world.side.mark(&world.sandbox);
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    world
        .eventually("the second packet is complete", async || {
            world.passes_between_leases(Duration::from_secs(20)).await;
            world.packets().await.iter().any(|packet| packet.revision == 2 && packet.packet_id != first)
        })
        .await;
    world.finishes().await;
    assert!(!world.side.calls_since(&world.sandbox, mark).is_empty());
    assert!(world.digests()[0].text.starts_with("Deal is no longer won"), "the first one stays as it is");
}

async fn a_merged_deal_is_followed_under_its_new_id(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let (merged, _) =
        world.sandbox.hubspot.change(|hubspot| hubspot.merges_deals(deal, world.side.half_empty())).unwrap();
    is_looked_at(world).await;
    is_looked_at(world).await;
    world.side.writes_outcome(&world.sandbox, &merged, OUTCOME, world.now());
    is_looked_at(world).await;
    world
        .eventually("the digest shows it", async || {
            world.passes(Duration::from_secs(1));
            let digest = world.digests().remove(0);
            serde_json::to_string(&digest.blocks).unwrap().contains("Depot Malmö plans")
        })
        .await;
    world.finishes().await;
    assert_eq!((world.packets().await.len(), world.digests().len()), (1, 1));
}

async fn the_thread_hears_once_that_nothing_is_open(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let ts = world.digests().remove(0).ts;
    world.passes(Duration::from_hours(5));
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;
    let replies = world.sandbox.slack.see(|slack| slack.replies_to(&ts).cloned().collect::<Vec<_>>());
    let said: Vec<&str> = replies.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!(said.len(), 1);
    assert!(said[0].ends_with(" Answered since then: Outcome."), "{said:?}");
    assert!(said[0].starts_with("Complete, ") && said[0].contains(" hours after the win."), "{said:?}");
}

async fn a_reply_of_unknown_outcome_is_looked_for(world: &mut World) {
    let deal = one_question_is_open(world).await;
    let ts = world.digests().remove(0).ts;
    world.sandbox.slack.fails(
        "POST /api/chat.postMessage",
        handoff_sandbox::Fault::DropAfter,
        handoff_sandbox::Times::Next(1),
    );
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    becomes_revision(world, 2).await;
    let replies = world.sandbox.slack.see(|slack| slack.replies_to(&ts).count());
    assert_eq!(replies, 1);
    let mut attempts = world.attempts(Destination::SlackReply).await;
    attempts.retain(|outcome| outcome != "postponed");
    assert!(attempts.ends_with(&["unknown".to_owned(), "found".to_owned()]), "{attempts:?}");
}

async fn many_open_packets_are_asked_about_together() {
    const PACKETS: usize = 120;
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.starts().await;
    for number in 0..PACKETS {
        let deal = (301_000_100_000 + number).to_string();
        let values = [
            ("dealname", "Web order"),
            ("pipeline", "8812345"),
            ("dealstage", "990000031"),
            ("hubspot_owner_id", "70000009"),
        ];
        let created = world.sandbox.hubspot.change(|hubspot| {
            let created = hubspot.creates_deal(deals::PORTAL, &deal, &values);
            hubspot.portal_mut(deals::PORTAL).unwrap().link_contact(&deal, "501", &[]);
            created
        });
        assert_eq!(world.hubspot_sends(&created.unwrap()).await, StatusCode::OK);
    }
    world
        .eventually("every deal has its digest", async || {
            world.passes(Duration::from_millis(500));
            world.digests().len() == PACKETS && world.open_work().await.is_empty()
        })
        .await;
    let same = |world: &World| {
        let labels = OutcomeLabels { outcome: "same".to_owned() };
        usize::try_from(world.service().app.metrics.looks.get_or_create(&labels).get()).unwrap()
    };
    // The first look reads each deal, because nothing is known of it.
    world
        .eventually("every deal was asked about twice", async || {
            world.passes_between_leases(Duration::from_secs(20)).await;
            same(&world) >= PACKETS
        })
        .await;
    world.settles().await;
    let (mark, before) = (world.side.mark(&world.sandbox), same(&world));
    world
        .eventually("a round of looks", async || {
            world.passes_between_leases(Duration::from_mins(10)).await;
            same(&world) >= before + PACKETS
        })
        .await;
    let calls = world.side.calls_since(&world.sandbox, mark);
    // 2,000 packets cost 100 calls then: 0.3 % of what an hour allows.
    assert!(calls.len() <= 12, "{} calls for {PACKETS} packets: {calls:#?}", calls.len());
    for _ in 0..PACKETS {
        world.next_digest().await;
    }
    world.end().await;
}

async fn a_contact_that_was_added_later_is_worth_a_look_too(world: &mut World) {
    let deal = one_question_is_open(world).await;
    knows_the_open_deals(world, deal).await;
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
        portal.link_contact(deal, "521", &["Blocker"]);
    });
    is_looked_at(world).await;
    let account = world.key(deal).account;
    world
        .eventually("the routes know the contact", async || {
            world.passes(Duration::from_secs(1));
            world.service().app.worker.open_deals.with_contact(&account, "521") == [deal]
        })
        .await;
    world.finishes().await;
}

/// Outbound Messages that opportunities have changed.
pub async fn sends_changes(world: &World, changes: &[Notification]) {
    let message = world.sandbox.salesforce.see(|salesforce| {
        let org = salesforce.org(opportunities::ORG).unwrap();
        org.outbound_message(changes, &Envelope::default())
    });
    let secret = opportunities::OUTBOUND_SECRET;
    let url = format!("{PUBLIC_URL}/webhooks/salesforce/outbound/{secret}?on=change");
    assert_eq!(world.receives(&Delivery::outbound_message(&url, message)).await, StatusCode::OK);
}

async fn an_outbound_message_on_change_is_heard_of_open_packets_only(world: &mut World) {
    let deal = one_question_is_open(world).await;
    knows_the_open_deals(world, deal).await;
    world.side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    for (number, opportunity) in (1..).zip([deal, world.side.half_empty()]) {
        let id = full_id(&format!("04lEe{number:010}")).unwrap();
        sends_changes(world, &[Notification { id, opportunity: opportunity.to_owned() }]).await;
    }
    let events = world.events().await;
    let changed: Vec<&str> =
        events.iter().filter(|event| event.kind == "changed").map(|event| event.deal.as_str()).collect();
    assert_eq!(changed, [world.key(deal).to_string()]);
    becomes_revision(world, 2).await;
}
