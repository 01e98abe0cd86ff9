//! What arrives at HubSpot's webhook routes, and what the sender hears.

use handoff_bridge::demo::{PUBLIC_URL, WORKFLOW_SECRET};
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::CLIENT_SECRET;
use handoff_sandbox::hubspot::Announce;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::scenarios;
use crate::world::{NORTHLIGHT, PINEBROOK, World};

pub fn trials() -> Vec<Trial> {
    scenarios![Hubspot:
        an_unsigned_webhook_is_refused,
        a_webhook_signed_with_another_secret_is_refused,
        a_signature_over_another_address_is_refused_whatever_the_host_header_says,
        a_stale_webhook_is_refused,
        a_webhook_with_only_the_old_signature_is_refused,
        a_body_over_one_mebibyte_is_refused_before_it_is_hashed,
        a_verified_body_that_is_not_json_is_refused,
        a_verified_webhook_that_nobody_wants_is_taken,
        a_broken_element_does_not_sink_its_siblings,
        events_about_a_portal_that_is_not_ours_are_dropped,
        a_batch_that_arrives_twice_is_recorded_once,
        parallel_batches_of_a_hundred_are_all_recorded,
        a_workflow_pokes_with_a_signature_or_with_a_secret,
        a_workflow_without_proof_is_refused,
        the_callers_answer_tells_nothing,
    ]
}

fn target() -> String {
    format!("{PUBLIC_URL}/webhooks/hubspot")
}

fn workflow_target() -> String {
    format!("{PUBLIC_URL}/webhooks/hubspot/workflow")
}

fn without(mut delivery: Delivery, header: &str) -> Delivery {
    delivery.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    delivery
}

async fn an_unsigned_webhook_is_refused(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let delivery = Delivery::batch(&target(), CLIENT_SECRET, &events, world.now());
    let delivery = without(without(delivery, "x-hubspot-signature-v3"), "x-hubspot-signature");
    assert_eq!(world.receives(&delivery).await, StatusCode::UNAUTHORIZED);
    assert!(world.events().await.is_empty());
}

async fn a_webhook_signed_with_another_secret_is_refused(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let delivery = Delivery::batch(&target(), "another-secret", &events, world.now());
    assert_eq!(world.receives(&delivery).await, StatusCode::UNAUTHORIZED);
    assert!(world.events().await.is_empty());
}

async fn a_signature_over_another_address_is_refused_whatever_the_host_header_says(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let mut delivery =
        Delivery::batch("https://evil.example/webhooks/hubspot", CLIENT_SECRET, &events, world.now());
    delivery.url = target();
    delivery.headers.push(("host".to_owned(), "evil.example".to_owned()));
    delivery.headers.push(("x-forwarded-host".to_owned(), "evil.example".to_owned()));
    assert_eq!(world.receives(&delivery).await, StatusCode::UNAUTHORIZED);
}

async fn a_stale_webhook_is_refused(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let delivery = Delivery::batch(&target(), CLIENT_SECRET, &events, world.now());
    world.passes(std::time::Duration::from_secs(301));
    assert_eq!(world.receives(&delivery).await, StatusCode::UNAUTHORIZED);
}

async fn a_webhook_with_only_the_old_signature_is_refused(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let delivery = Delivery::batch(&target(), CLIENT_SECRET, &events, world.now());
    let delivery = without(delivery, "x-hubspot-signature-v3");
    assert_eq!(world.receives(&delivery).await, StatusCode::UNAUTHORIZED);
}

async fn a_body_over_one_mebibyte_is_refused_before_it_is_hashed(world: &mut World) {
    let filler = json!({"filler": "x".repeat(1024 * 1024)});
    let delivery = Delivery::batch(&target(), CLIENT_SECRET, &[filler], world.now());
    assert_eq!(world.receives(&delivery).await, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn a_verified_body_that_is_not_json_is_refused(world: &mut World) {
    let mut delivery = Delivery::batch(&target(), CLIENT_SECRET, &[], world.now());
    delivery.body = b"not json".to_vec();
    let timestamp = world.now().as_millisecond();
    let signature =
        handoff_sandbox::hubspot::sign_v3("POST", &target(), &delivery.body, CLIENT_SECRET, timestamp);
    let mut delivery = without(without(delivery, "x-hubspot-signature-v3"), "x-hubspot-request-timestamp");
    delivery.headers.push(("x-hubspot-signature-v3".to_owned(), signature));
    delivery.headers.push(("x-hubspot-request-timestamp".to_owned(), timestamp.to_string()));
    assert_eq!(world.receives(&delivery).await, StatusCode::BAD_REQUEST);
}

async fn a_verified_webhook_that_nobody_wants_is_taken(world: &mut World) {
    let mut event = world.hubspot_events(NORTHLIGHT).remove(0);
    event["propertyName"] = json!("amount");
    assert_eq!(world.hubspot_sends(&[event]).await, StatusCode::OK);
    assert!(world.events().await.is_empty());
}

async fn a_broken_element_does_not_sink_its_siblings(world: &mut World) {
    let mut events: Vec<Value> = vec![json!("nonsense"), json!({"subscriptionType": 7}), json!(null)];
    events.extend(world.hubspot_events(NORTHLIGHT));
    events.push(json!([]));
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.next_digest().await;
    assert_eq!(world.events().await.len(), 1);
}

async fn events_about_a_portal_that_is_not_ours_are_dropped(world: &mut World) {
    let mut foreign = world.hubspot_events(PINEBROOK).remove(0);
    foreign["portalId"] = json!(999);
    let events = [foreign, world.hubspot_events(NORTHLIGHT).remove(0)];
    assert_eq!(world.hubspot_sends(&events).await, StatusCode::OK);
    world.next_digest().await;
    let deals: Vec<String> = world.events().await.into_iter().map(|event| event.deal).collect();
    assert_eq!(deals, [format!("hubspot:48210077:{NORTHLIGHT}")]);
}

async fn a_batch_that_arrives_twice_is_recorded_once(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    for attempt in 0..3 {
        let retry = Delivery::retry(&target(), CLIENT_SECRET, &events, world.now(), attempt);
        assert_eq!(world.receives(&retry).await, StatusCode::OK);
    }
    world.next_digest().await;
    assert_eq!(world.events().await.len(), 1);
}

async fn parallel_batches_of_a_hundred_are_all_recorded(world: &mut World) {
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut("48210077").unwrap().calls_per_10s = 1_000_000;
    });
    // Deals that HubSpot does not have: each is looked at, found gone, and nothing comes of it.
    let batch = |number: u64| -> Vec<Value> {
        (0..100)
            .map(|at| {
                json!({
                    "eventId": number * 100 + at, "subscriptionId": 1, "portalId": 48_210_077,
                    "occurredAt": 1_764_000_000_000_u64, "subscriptionType": "deal.propertyChange",
                    "objectId": 400_000_000_000_u64, "propertyName": "dealstage", "propertyValue": "closedwon",
                })
            })
            .collect()
    };
    let before = world.service().app.store.commits();
    let batches: Vec<Vec<Value>> = (0..20).map(batch).collect();
    let answers =
        futures_util::future::join_all(batches.iter().map(|batch| world.hubspot_sends(batch))).await;
    assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
    let commits = world.service().app.store.commits() - before;
    let recorded: usize = world.service().app.store.events(10_000).await.unwrap().len();
    assert_eq!(recorded, 2000);
    assert!(commits < 40, "concurrent requests share commits: {commits} for 20 requests");
}

async fn a_workflow_pokes_with_a_signature_or_with_a_secret(world: &mut World) {
    world.hubspot_events(NORTHLIGHT);
    let signed = Delivery::workflow(&workflow_target(), CLIENT_SECRET, NORTHLIGHT);
    assert_eq!(world.receives(&signed).await, StatusCode::OK);
    world.next_digest().await;

    world.hubspot_events(PINEBROOK);
    let header = "x-handoff-secret";
    let with_secret = Delivery::workflow_with_header(&workflow_target(), header, WORKFLOW_SECRET, PINEBROOK);
    assert_eq!(world.receives(&with_secret).await, StatusCode::OK);
    world.next_digest().await;

    let proofs: Vec<String> = world.events().await.into_iter().map(|event| event.verification).collect();
    assert_eq!(proofs, ["authenticated(header-secret, key 1)", "signed(hubspot-v2, key 1)"]);
}

async fn a_workflow_without_proof_is_refused(world: &mut World) {
    world.hubspot_events(NORTHLIGHT);
    let bare = without(
        Delivery::workflow_with_header(&workflow_target(), "x-handoff-secret", "", NORTHLIGHT),
        "x-handoff-secret",
    );
    assert_eq!(world.receives(&bare).await, StatusCode::UNAUTHORIZED);
    let wrong = Delivery::workflow_with_header(&workflow_target(), "x-handoff-secret", "guessed", NORTHLIGHT);
    assert_eq!(world.receives(&wrong).await, StatusCode::UNAUTHORIZED);
    assert!(world.events().await.is_empty());
}

async fn the_callers_answer_tells_nothing(world: &mut World) {
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut("48210077").unwrap().announces = Announce::Both;
    });
    let events = world.hubspot_events(NORTHLIGHT);
    let delivery = Delivery::batch(&target(), "another-secret", &events, world.now());
    let body = world.answer(&delivery).await.text().await.unwrap();
    assert_eq!(body, "not verified\n");
}
