//! Clicks in Slack: stored before they are acknowledged, once each, whoever sends them.

use handoff_bridge::demo::PUBLIC_URL;
use handoff_bridge::interactive::{Interaction, Kind};
use handoff_bridge::store::ClickRow;
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::SIGNING_SECRET;
use jiff::Timestamp;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{WORK, World, told_on};
use crate::{named, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        an_unsigned_click_is_refused_and_noted,
        a_click_signed_with_another_secret_or_too_old_is_refused,
        a_signed_body_that_holds_no_payload_is_refused,
        what_has_no_effect_is_acknowledged_and_not_stored,
        with_clicks_switched_off_there_is_no_route_for_them,
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        macro_rules! on_both {
            ($($story:ident),* $(,)?) => {
                $(trials.push(told_on(engine, named!($story), async |database| $story(&database).await));)*
            };
        }
        on_both![a_click_is_stored_before_it_is_acknowledged, a_click_that_arrives_twice_counts_once];
    }
    trials
}

/// A world whose service takes clicks over HTTP.
pub async fn world_that_takes_clicks(database: Option<&TestDatabase>) -> World {
    let mut world = World::without_service(Side::Hubspot, WORK);
    if let Some(database) = database {
        world.keeps_its_store_at(database);
    }
    world.installation.takes_clicks("http").unwrap();
    world.starts().await;
    world
}

fn target() -> String {
    format!("{PUBLIC_URL}/webhooks/slack")
}

/// The payload of a press on a button of a message.
pub fn press(action_ts: &str) -> Value {
    json!({
        "type": "block_actions", "team": {"id": "T0SANDBOX", "domain": "sandbox"}, "api_app_id": "A0SANDBOX",
        "user": {"id": "U012AB3CD", "username": "iris", "name": "iris", "team_id": "T0SANDBOX"},
        "trigger_id": "1.2.a", "container": {"type": "message", "message_ts": "1795161600.000001", "channel_id": "C0123ABCD"},
        "channel": {"id": "C0123ABCD", "name": "handoffs"}, "message": {"ts": "1795161600.000001"},
        "actions": [{"type": "button", "action_id": "answer", "block_id": "ask", "value": "pkt_1", "action_ts": action_ts}],
    })
}

fn submit(text: &str) -> Value {
    json!({
        "type": "view_submission", "team": {"id": "T0SANDBOX"}, "user": {"id": "U012AB3CD", "team_id": "T0SANDBOX"},
        "trigger_id": "1.3.b",
        "view": {"id": "V1", "callback_id": "answers", "private_metadata": "pkt_1:1", "hash": "1.a",
            "state": {"values": {"promises": {"text": {"type": "plain_text_input", "value": text}}}}},
    })
}

/// Slack posts a payload.
pub fn delivery(payload: &Value, now: Timestamp) -> Delivery {
    Delivery::interaction(&target(), SIGNING_SECRET, payload, now)
}

async fn stored(world: &World) -> Vec<ClickRow> {
    world.service().app.store.clicks(Timestamp::UNIX_EPOCH).await.unwrap()
}

async fn are_worked_on(world: &World) {
    world
        .eventually("every click is worked on", async || {
            stored(world).await.iter().all(|click| click.state == "done")
        })
        .await;
}

async fn a_click_is_stored_before_it_is_acknowledged(database: &TestDatabase) {
    let world = world_that_takes_clicks(Some(database)).await;
    for payload in [press("1.5"), submit("Data export · Zürich → 東京 🚀")] {
        let answer = world.answer(&delivery(&payload, world.now())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.text().await.unwrap(), "", "a body would not close the modal");
    }
    let clicks: Vec<Interaction> =
        stored(&world).await.iter().map(|row| serde_json::from_str(&row.click).unwrap()).collect();
    assert_eq!(clicks.len(), 2);
    assert!(clicks.iter().all(|click| click.user.id == "U012AB3CD" && click.trigger_id.is_none()));
    let texts = |click: &Interaction| match &click.kind {
        Kind::Submitted(submission) => serde_json::to_string(&submission.values).unwrap(),
        _ => String::new(),
    };
    let typed: String = clicks.iter().map(texts).collect();
    assert_eq!(typed, r#"{"promises":{"text":{"text":"Data export · Zürich → 東京 🚀"}}}"#);
    are_worked_on(&world).await;
    assert!(stored(&world).await.iter().all(|click| click.outcome.as_deref() == Some("ignored")));
    world.end().await;
}

async fn a_click_that_arrives_twice_counts_once(database: &TestDatabase) {
    let world = world_that_takes_clicks(Some(database)).await;
    let mut repeated = press("1.5");
    repeated["trigger_id"] = json!("9.9.z");
    for payload in [press("1.5"), repeated, submit("TBD"), submit("TBD")] {
        assert_eq!(world.receives(&delivery(&payload, world.now())).await, StatusCode::OK);
    }
    assert_eq!(stored(&world).await.len(), 2);
    // The same modal, corrected; the same button, pressed again.
    for payload in [submit("Data export by March"), press("2.5")] {
        assert_eq!(world.receives(&delivery(&payload, world.now())).await, StatusCode::OK);
    }
    are_worked_on(&world).await;
    assert_eq!(stored(&world).await.len(), 4);
    world.end().await;
}

async fn an_unsigned_click_is_refused_and_noted() {
    let world = world_that_takes_clicks(None).await;
    let mut unsigned = delivery(&press("1.5"), world.now());
    unsigned.headers.retain(|(name, _)| name != "x-slack-signature");
    let answer = world.answer(&unsigned).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text().await.unwrap(), "not verified\n");
    assert_eq!(stored(&world).await, []);
    let store = &world.service().app.store;
    world.eventually("it is noted", async || !store.refusals(10).await.unwrap().is_empty()).await;
    let noted = format!("{:?}", store.refusals(10).await.unwrap());
    assert!(noted.contains("slack") && !noted.contains("pkt_1") && !noted.contains("U012AB3CD"), "{noted}");
    world.end().await;
}

async fn a_click_signed_with_another_secret_or_too_old_is_refused() {
    let world = world_that_takes_clicks(None).await;
    let forged = Delivery::interaction(&target(), "another secret 1", &press("1.5"), world.now());
    let captured = delivery(&press("1.5"), world.now());
    world.passes(std::time::Duration::from_secs(302));
    for refused in [forged, captured] {
        assert_eq!(world.receives(&refused).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(stored(&world).await, []);
    world.end().await;
}

async fn a_signed_body_that_holds_no_payload_is_refused() {
    let world = world_that_takes_clicks(None).await;
    for body in ["", "payload=", "payload=%5B%5D", "other=%7B%7D", "{}"] {
        let signed = Delivery::signed_form(&target(), SIGNING_SECRET, body.into(), world.now());
        assert_eq!(world.receives(&signed).await, StatusCode::BAD_REQUEST, "{body:?}");
    }
    world.end().await;
}

async fn what_has_no_effect_is_acknowledged_and_not_stored() {
    let world = world_that_takes_clicks(None).await;
    let by_iris =
        |kind: &str| json!({"type": kind, "user": {"id": "U012AB3CD"}, "team": {"id": "T0SANDBOX"}});
    for payload in [by_iris("block_suggestion"), by_iris("shortcut"), by_iris("brand_new"), json!({})] {
        let answer = world.answer(&delivery(&payload, world.now())).await;
        assert_eq!(
            (answer.status(), answer.text().await.unwrap().as_str()),
            (StatusCode::OK, ""),
            "{payload}"
        );
    }
    assert_eq!(stored(&world).await, []);
    world.end().await;
}

async fn with_clicks_switched_off_there_is_no_route_for_them() {
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.starts().await;
    let answer = world.receives(&delivery(&press("1.5"), world.now())).await;
    assert_eq!(answer, StatusCode::NOT_FOUND);
    let index = reqwest::get(format!("http://{}/", world.service().address)).await.unwrap();
    assert!(!index.text().await.unwrap().contains("slack"));
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    let log = world.sandbox.slack.log();
    let quiet = ["users.info", "views.*", "conversations.open", "apps.*", "chat.postEphemeral"];
    for method in quiet {
        assert_eq!(log.count(&format!("POST /api/{method}")) + log.count(&format!("GET /api/{method}")), 0);
    }
    world.end().await;
}
