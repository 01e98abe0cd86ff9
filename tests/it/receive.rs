//! What arrives at HubSpot's webhook routes, and what the sender hears.

use std::time::Duration;

use handoff_bridge::demo::{Installation, PUBLIC_URL, WORKFLOW_SECRET};
use handoff_bridge::store::EventRow;
use handoff_sandbox::deals::{CLIENT_SECRET, PORTAL};
use handoff_sandbox::hubspot::Announce;
use handoff_sandbox::{Delivery, Fault, Times};
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::command_line::said;
use crate::side::Side;
use crate::world::{NORTHLIGHT, PINEBROOK, World};
use crate::{scenarios, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
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
        refused_webhooks_are_among_the_events_without_their_bodies,
        a_wrong_signature_is_explained_once_and_not_to_every_stranger,
    ];
    trials.extend(scenarios![both engines, Hubspot:
        a_captured_workflow_request_is_one_event_whatever_its_headers_say,
        a_workflow_request_after_the_look_is_another_event,
    ]);
    trials.extend(tests![of_many_portals_the_named_one_vouches_for_a_webhook]);
    trials
}

/// Thirty portals, each with a secret of its own: more than one request is tried with.
async fn of_many_portals_the_named_one_vouches_for_a_webhook() {
    let mut world = World::without_service(Side::Hubspot, "catch_up = \"off\"");
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let (_, block) = config.split_once("\n[[hubspot]]\n").unwrap();
    let (block, _) = block.split_once("\n[[salesforce]]\n").unwrap();
    let others: Vec<String> = (0..30)
        .map(|portal| {
            let block = block.replace(PORTAL, &format!("90000{portal:02}"));
            format!("\n[[hubspot]]\n{}", block.replace("_SECRET\"", &format!("_SECRET_{portal}\"")))
        })
        .collect();
    let config = config.replacen("\n[[hubspot]]\n", &format!("{}\n[[hubspot]]\n", others.concat()), 1);
    std::fs::write(&world.installation.config, config).unwrap();
    let secret = |name: &str| {
        Installation::secret(name)
            .or_else(|| Some(format!("the secret of portal {}", name.rsplit_once('_')?.1)))
    };
    world.starts_with(&secret).await;

    let events = world.hubspot_events(NORTHLIGHT);
    let batch = |secret: &str| Delivery::batch(&target(), secret, &events, world.now());
    assert_eq!(world.receives(&batch("the secret of portal 7")).await, StatusCode::UNAUTHORIZED);
    let refused = &refusals(&world, 1).await[0].outcome;
    assert!(refused.contains("matches none of 1 secrets of the accounts that the body names"), "{refused}");
    assert_eq!(world.receives(&batch(CLIENT_SECRET)).await, StatusCode::OK);
    let poke = |secret: &str| {
        let poke = Delivery::workflow_with_header(&workflow_target(), "x-handoff-secret", secret, NORTHLIGHT);
        Delivery { body: json!({"hs_object_id": NORTHLIGHT, "portalId": PORTAL}).to_string().into(), ..poke }
    };
    assert_eq!(world.receives(&poke("the secret of portal 7")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.receives(&poke(WORKFLOW_SECRET)).await, StatusCode::OK);
    world.next_digest().await;
    world.finishes().await;
    world.end().await;
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

async fn a_captured_workflow_request_is_one_event_whatever_its_headers_say(world: &mut World) {
    world.hubspot_events(NORTHLIGHT);
    world.crm_fails("*", Fault::status(503), Times::UntilCleared);
    let captured = Delivery::workflow(&workflow_target(), CLIENT_SECRET, NORTHLIGHT);
    for (name, values) in [
        ("x-hubspot-correlation-id", ["a", "b", "c-1", "", "../;"]),
        ("x-hubspot-timeout-millis", ["1", "2", "3", "4", "5"]),
        ("x-request-id", ["1", "2", "3", "4", "5"]),
        ("user-agent", ["a", "b", "c", "d", "e"]),
        ("x-forwarded-for", ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]),
        ("content-type", ["text/plain", "application/json", "x/y", "a/b", "c/d"]),
    ] {
        for value in values {
            let mut replayed = without(captured.clone(), name);
            replayed.headers.push((name.to_owned(), value.to_owned()));
            assert_eq!(world.receives(&replayed).await, StatusCode::OK, "{name}: {value}");
        }
    }
    // Within a minute it is the same event; these may have taken longer than what is left of one.
    let events = world.events().await.len();
    assert!(events <= 2, "{events} events");
    world.crm_recovers();
    world.finishes().await;
    world.next_digest().await;
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
}

async fn a_workflow_request_after_the_look_is_another_event(world: &mut World) {
    let poke = Delivery::workflow(&workflow_target(), CLIENT_SECRET, NORTHLIGHT);
    for looks in 1..=3 {
        assert_eq!(world.receives(&poke).await, StatusCode::OK);
        assert_eq!(world.outcomes().await.len(), looks);
        world.passes(Duration::from_secs(61));
    }
    world.hubspot_events(NORTHLIGHT);
    assert_eq!(world.receives(&poke).await, StatusCode::OK);
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.events().await.len(), 4);
}

/// The refusals that the service has written down, once there are so many.
async fn refusals(world: &World, count: usize) -> Vec<EventRow> {
    let store = &world.service().app.store;
    world
        .eventually("the refusals are written", async || store.refusals(100).await.unwrap().len() == count)
        .await;
    store.refusals(100).await.unwrap()
}

async fn refused_webhooks_are_among_the_events_without_their_bodies(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let good = || Delivery::batch(&target(), CLIENT_SECRET, &events, world.now());
    let wrong = Delivery::batch(&target(), "another-secret-of-16", &events, world.now());
    let with = |mut delivery: Delivery, name: &str, value: &str| {
        delivery = without(delivery, name);
        delivery.headers.push((name.to_owned(), value.to_owned()));
        delivery
    };
    let useless = |body: &[u8]| {
        let mut delivery =
            Delivery::workflow_with_header(&workflow_target(), "x-handoff-secret", WORKFLOW_SECRET, "1");
        delivery.body = body.to_vec();
        delivery
    };
    for refused in [
        without(good(), "x-hubspot-signature-v3"),
        with(wrong.clone(), "x-forwarded-for", "192.0.2.7, 203.0.113.9"),
        with(good(), "x-hubspot-signature-v3", "short"),
        with(good(), "x-hubspot-request-timestamp", "1000000000000"),
        with(good(), "content-encoding", "gzip"),
        useless(b"customer words"),
        useless(br#"{"note":"customer words"}"#),
        Delivery { url: format!("{PUBLIC_URL}/webhooks/salesforce/outbound/guessed"), ..good() },
    ] {
        world.receives(&refused).await;
    }
    for _ in 0..100 {
        world.receives(&wrong).await;
    }
    let told = refusals(world, 8).await;
    let mut lines: Vec<String> =
        told.iter().map(|row| format!("{} {} {}", row.deal, row.verification, row.provider_id)).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "hubspot malformed x 1 127.0.0.1",
            "hubspot mismatch x 1 203.0.113.9 by way of 127.0.0.1",
            "hubspot missing x 1 127.0.0.1",
            "hubspot packed x 1 127.0.0.1",
            "hubspot stale x 1 127.0.0.1",
            "hubspot_workflow unreadable x 1 127.0.0.1",
            "hubspot_workflow useless x 1 127.0.0.1",
            "salesforce_outbound mismatch x 1 127.0.0.1",
        ]
    );
    // The rest of the flood is counted with the next that is let through.
    world.passes(Duration::from_secs(11));
    world.receives(&wrong).await;
    let all = async || {
        let rows = world.service().app.store.refusals(100).await.unwrap();
        rows.iter().any(|row| row.deal == "hubspot" && row.verification == "mismatch x 102")
    };
    world.eventually("all are counted", all).await;

    let config = world.installation.config.to_str().unwrap();
    let printed = said(&["events", "--config", config]).await.out;
    assert!(printed.contains("hubspot  refused  127.0.0.1  mismatch x 102\n"), "{printed}");
    assert!(printed.contains("no deal id in the body: send hs_object_id"), "{printed}");
    let json = said(&["events", "--json", "--config", config]).await.out;
    let rows = crate::command_line::json(&json);
    let refused = rows.as_array().unwrap().iter().filter(|row| row["kind"] == "refused").count();
    assert_eq!((refused, world.events().await.len()), (8, 0));
    for secret in ["customer words", "another-secret", WORKFLOW_SECRET, CLIENT_SECRET, "guessed", "dealstage"]
    {
        assert!(!printed.contains(secret) && !json.contains(secret), "{secret}: {printed}");
    }
}

async fn a_wrong_signature_is_explained_once_and_not_to_every_stranger(world: &mut World) {
    let events = world.hubspot_events(NORTHLIGHT);
    let slashed = format!("{}/", target());
    let wrong =
        || Delivery { url: target(), ..Delivery::batch(&slashed, CLIENT_SECRET, &events, world.now()) };
    world.receives(&wrong()).await;
    assert_eq!(
        refusals(world, 1).await[0].outcome,
        "x-hubspot-signature-v3 matches none of 1 secrets; it would have matched with a trailing slash"
    );
    for _ in 0..20 {
        assert_eq!(world.receives(&wrong()).await, StatusCode::UNAUTHORIZED);
    }
    world.passes(Duration::from_secs(11));
    world.receives(&wrong()).await;
    world
        .eventually("it is explained again", async || {
            let row = world.service().app.store.refusals(1).await.unwrap().remove(0);
            row.verification == "mismatch x 22" && row.outcome.ends_with("a trailing slash")
        })
        .await;
}
