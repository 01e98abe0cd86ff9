//! One win is announced in many ways; one packet, one task and one digest come of it.

use std::time::Duration;

use handoff_bridge::demo::PUBLIC_URL;
use handoff_bridge::worker::reload::reload;
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::{CLIENT_SECRET, PORTAL};
use handoff_sandbox::hubspot::{Announce, Kind, Stage};
use libtest_mimic::Trial;
use reqwest::StatusCode;

use crate::scenarios;
use crate::side::Side;
use crate::world::{NORTHLIGHT, PINEBROOK, QUARRY, World, ZAZOLC};

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![both engines, Hubspot, Salesforce:
        a_win_announced_again_and_again_is_handed_over_once,
        a_deal_that_moved_on_before_it_was_read_gets_nothing,
        a_deal_reopened_and_won_again_is_a_new_win,
        a_warm_win_costs_few_calls,
    ];
    trials.extend(scenarios![both engines, Hubspot:
        the_same_win_announced_in_every_way_at_once_is_handed_over_once,
        the_same_win_announced_in_every_way_one_after_another_is_handed_over_once,
        a_deal_created_in_a_won_stage_of_a_custom_pipeline_is_handed_over,
        moving_from_one_won_stage_to_another_is_the_same_win,
        a_deal_won_and_then_merged_keeps_its_packet,
        a_merged_deal_that_is_won_again_is_a_new_win,
        a_deal_merged_before_anyone_looked_is_handed_over_under_its_new_id,
        a_stage_that_was_unknown_is_looked_up,
        a_deal_outside_the_mappings_pipelines_gets_nothing,
        a_deal_that_the_mapping_leaves_out_by_a_condition_gets_nothing,
        a_deal_that_was_deleted_gets_nothing,
    ]);
    trials
}

/// Every way in which HubSpot can announce one win.
fn every_announcement(world: &World, deal: &str) -> Vec<Delivery> {
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().announces = Announce::Both;
    });
    let mut events = world.hubspot_events(deal);
    events.extend(world.sandbox.hubspot.change(|hubspot| hubspot.announces_creation(deal)).unwrap());
    let target = format!("{PUBLIC_URL}/webhooks/hubspot");
    let mut deliveries: Vec<Delivery> = Vec::new();
    for event in &events {
        let event = std::slice::from_ref(event);
        deliveries.push(Delivery::batch(&target, CLIENT_SECRET, event, world.now()));
        deliveries.push(Delivery::retry(&target, CLIENT_SECRET, event, world.now(), 1));
    }
    deliveries.push(Delivery::workflow(&format!("{target}/workflow"), CLIENT_SECRET, deal));
    deliveries
}

async fn handed_over_once(world: &mut World, deal: &str) {
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.packets().await.len(), 1, "one packet");
    assert_eq!(world.tasks_on(deal).len(), 1, "one task");
    assert_eq!(world.digests().len(), 1, "one digest");
}

async fn a_win_announced_again_and_again_is_handed_over_once(world: &mut World) {
    let deal = world.side.complete();
    let announcement = world.wins(deal);
    for attempt in 0..3 {
        for webhook in announcement.webhooks(&world.sandbox, world.now(), attempt) {
            assert_eq!(world.receives(&webhook).await, StatusCode::OK);
        }
        world.settles().await;
        world.passes(Duration::from_mins(2));
    }
    handed_over_once(world, deal).await;
    assert_eq!(world.events().await.len(), 1, "a redelivery brings nothing new");
}

async fn the_same_win_announced_in_every_way_at_once_is_handed_over_once(world: &mut World) {
    let deliveries = every_announcement(world, NORTHLIGHT);
    let answers = futures_util::future::join_all(deliveries.iter().map(|one| world.receives(one))).await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
    handed_over_once(world, NORTHLIGHT).await;
}

async fn the_same_win_announced_in_every_way_one_after_another_is_handed_over_once(world: &mut World) {
    for delivery in every_announcement(world, NORTHLIGHT).iter().rev() {
        assert_eq!(world.receives(delivery).await, StatusCode::OK);
        world.settles().await;
    }
    handed_over_once(world, NORTHLIGHT).await;
    let outcomes = world.outcomes().await;
    let packet = world.packets().await.remove(0).packet_id;
    assert!(outcomes.iter().all(|outcome| *outcome == format!("packet {packet}")), "{outcomes:?}");
}

async fn a_deal_that_moved_on_before_it_was_read_gets_nothing(world: &mut World) {
    let deal = world.side.complete();
    let announcement = world.wins(deal);
    world.side.reopens(&world.sandbox, deal);
    assert_eq!(world.hears(&announcement).await, StatusCode::OK);
    let outcomes = world.outcomes().await;
    assert!(outcomes.iter().all(|outcome| outcome.starts_with("not won: stage ")), "{outcomes:?}");
    assert!(world.tasks_on(deal).is_empty());
}

async fn a_deal_created_in_a_won_stage_of_a_custom_pipeline_is_handed_over(world: &mut World) {
    world.closes_deal(QUARRY).await;
    let digest = world.next_digest().await;
    assert!(digest.text.contains("Quarry &amp; Pine"), "{}", digest.text);
    world.task_on(QUARRY).await;
}

async fn moving_from_one_won_stage_to_another_is_the_same_win(world: &mut World) {
    world.closes_deal(QUARRY).await;
    world.next_digest().await;
    let moved = world.sandbox.hubspot.move_to_stage(QUARRY, "990000032").unwrap();
    assert_eq!(world.hubspot_sends(&moved).await, StatusCode::OK);
    world.outcomes().await;
    assert_eq!(world.packets().await.len(), 1);
}

async fn a_deal_reopened_and_won_again_is_a_new_win(world: &mut World) {
    let deal = world.side.complete();
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(Duration::from_hours(1));
    world.side.reopens(&world.sandbox, deal);
    world.passes(Duration::from_hours(1));
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.packets().await.len(), 2);
    assert_eq!(world.tasks_on(deal).len(), 2);
}

async fn a_deal_won_and_then_merged_keeps_its_packet(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(Duration::from_mins(1));
    let (_, events) =
        world.sandbox.hubspot.change(|hubspot| hubspot.merges_deals(NORTHLIGHT, PINEBROOK)).unwrap();
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.outcomes().await;
    assert_eq!(world.packets().await.len(), 1);
}

async fn a_merged_deal_that_is_won_again_is_a_new_win(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(Duration::from_mins(1));
    let (merged, events) =
        world.sandbox.hubspot.change(|hubspot| hubspot.merges_deals(NORTHLIGHT, PINEBROOK)).unwrap();
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.outcomes().await;
    world.passes(Duration::from_hours(1));
    world.side.reopens(&world.sandbox, &merged);
    world.passes(Duration::from_hours(1));
    let events = world.sandbox.hubspot.move_to_stage(&merged, "closedwon").unwrap();
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.next_digest().await;
    world.settles().await;
    let deals: Vec<String> = world.packets().await.into_iter().map(|packet| packet.deal).collect();
    assert_eq!(deals, [&merged, NORTHLIGHT].map(|deal| format!("hubspot:{PORTAL}:{deal}")));
}

async fn a_deal_merged_before_anyone_looked_is_handed_over_under_its_new_id(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let (merged, _) =
        world.sandbox.hubspot.change(|hubspot| hubspot.merges_deals(NORTHLIGHT, PINEBROOK)).unwrap();
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.next_digest().await;
    world.task_on(&merged).await;
    assert_eq!(world.packets().await[0].deal, format!("hubspot:{PORTAL}:{merged}"));
}

async fn a_stage_that_was_unknown_is_looked_up(world: &mut World) {
    // The stages are read once, for this win …
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    // … and an admin adds a pipeline within the hour.
    world.sandbox.hubspot.change(|hubspot| {
        let signed = Stage::new("77001", "Signed", true, "1.0");
        hubspot.portal_mut(PORTAL).unwrap().add_pipeline("77000", "Renewals", vec![signed]);
    });
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let widened = mapping.replace("pipelines: [default,", "pipelines: [default, \"77000\",");
    assert_ne!(mapping, widened);
    std::fs::write(&world.installation.mapping, widened).unwrap();
    reload(&world.service().app.worker);
    let events = world.sandbox.hubspot.move_to_stage(PINEBROOK, "77001").unwrap();
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.next_digest().await;
    world.task_on(PINEBROOK).await;
}

async fn a_deal_outside_the_mappings_pipelines_gets_nothing(world: &mut World) {
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let narrowed = mapping.replace("pipelines: [default, \"8812345\"]", "pipelines: [\"8812345\"]");
    assert_ne!(mapping, narrowed);
    std::fs::write(&world.installation.mapping, narrowed).unwrap();
    reload(&world.service().app.worker);
    world.closes_deal(NORTHLIGHT).await;
    assert_eq!(world.outcomes().await, ["not covered by applies_to"]);
}

async fn a_deal_that_the_mapping_leaves_out_by_a_condition_gets_nothing(world: &mut World) {
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let small = "applies_to:\n  when: {not: {any: [{field: deal.amount, at_least: 1}, {field: deal.amount, filled: false}]}}\n";
    let narrowed = mapping.replace("applies_to:\n", small);
    assert_ne!(mapping, narrowed);
    std::fs::write(&world.installation.mapping, narrowed).unwrap();
    reload(&world.service().app.worker);
    world.closes_deal(NORTHLIGHT).await;
    assert_eq!(world.outcomes().await, ["not covered by applies_to"]);
}

async fn a_deal_that_was_deleted_gets_nothing(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().archive(Kind::Deal, NORTHLIGHT);
    });
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    assert_eq!(world.outcomes().await, ["gone"]);
}

async fn a_warm_win_costs_few_calls(world: &mut World) {
    // Warms what is cached: token, stages, field metadata, and the seller of both deals.
    let (warming, most) = match world.side {
        Side::Hubspot => (ZAZOLC, 6),
        Side::Salesforce => (world.side.half_empty(), 2),
    };
    world.closes_deal(warming).await;
    world.next_digest().await;
    world.settles().await;
    let mark = world.side.mark(&world.sandbox);
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    let calls = world.side.calls_since(&world.sandbox, mark);
    println!("{}: {} calls for a warm win, write included", world.side.name(), calls.len());
    assert!(calls.len() <= most, "{calls:#?}");
}
