//! Clicks in Slack: stored before they are acknowledged, once each, over either transport.

use handoff_bridge::demo::PUBLIC_URL;
use handoff_bridge::interactive::{Interaction, Kind};
use handoff_bridge::store::ClickRow;
use handoff_sandbox::deals::{BOT_TOKEN, CHANNEL, SIGNING_SECRET};
use handoff_sandbox::slack::{Ack, Standing, Transport};
use handoff_sandbox::{Delivery, Fault, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{WORK, World, told_on};
use crate::{named, plain_tests, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        an_unsigned_click_is_refused_and_noted,
        a_click_signed_with_another_secret_or_too_old_is_refused,
        a_signed_body_that_holds_no_payload_is_refused,
        what_has_no_effect_is_acknowledged_and_not_stored,
        with_clicks_switched_off_there_is_no_route_for_them,
        a_modal_is_opened_once_and_updated_while_it_stays_as_it_was,
        a_person_is_written_to_in_one_conversation_or_is_out_of_reach,
        who_a_person_is_is_asked_once_a_day,
        a_text_for_one_person_is_escaped_and_refused_outside_the_channel,
    ];
    trials.extend(plain_tests![the_manifests_grant_what_clicks_need]);
    for engine in [Engine::Sqlite, Engine::Postgres] {
        macro_rules! on_both {
            ($($story:ident),* $(,)?) => {
                $(trials.push(told_on(engine, named!($story), async |database| $story(&database).await));)*
            };
        }
        on_both![
            a_click_is_stored_before_it_is_acknowledged,
            a_click_that_arrives_twice_counts_once,
            a_press_in_slack_is_taken_and_applied,
        ];
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
    let request_url = format!("http://{}/webhooks/slack", world.service().address);
    let signing_secret = SIGNING_SECRET.to_owned();
    world.sandbox.slack.change(|slack| slack.set_transport(Transport::Http { request_url, signing_secret }));
    world
}

/// A person of the workspace.
pub const IRIS: &str = "U012AB3CD";

/// The bot posts a message with a button; its ts.
pub async fn posts_a_question(world: &mut World, channel: &str) -> String {
    let message = json!({"channel": channel, "text": "One question", "unfurl_links": false, "unfurl_media": false,
        "blocks": [{"type": "actions", "block_id": "ask", "elements": [{"type": "button", "action_id": "answer",
            "text": {"type": "plain_text", "text": "Answer 1 question"}, "value": "pkt_1"}]}]});
    let url = format!("{}/chat.postMessage", world.sandbox.slack.api_url());
    let call = reqwest::Client::new().post(url).bearer_auth(BOT_TOKEN).json(&message);
    let posted: Value = call.send().await.unwrap().json().await.unwrap();
    world.next_digest().await;
    posted["ts"].as_str().unwrap_or_else(|| panic!("{posted}")).to_owned()
}

fn target() -> String {
    format!("{PUBLIC_URL}/webhooks/slack")
}

/// The payload of a press on a button of a message.
pub fn press(action_ts: &str) -> Value {
    json!({
        "type": "block_actions", "team": {"id": "T0SANDBOX", "domain": "sandbox"}, "api_app_id": "A0SANDBOX",
        "user": {"id": IRIS, "username": "iris", "name": "iris", "team_id": "T0SANDBOX"},
        "trigger_id": "1.2.a", "container": {"type": "message", "message_ts": "1795161600.000001", "channel_id": "C0123ABCD"},
        "channel": {"id": "C0123ABCD", "name": "handoffs"}, "message": {"ts": "1795161600.000001"},
        "actions": [{"type": "button", "action_id": "answer", "block_id": "ask", "value": "pkt_1", "action_ts": action_ts}],
    })
}

fn submit(text: &str) -> Value {
    json!({
        "type": "view_submission", "team": {"id": "T0SANDBOX"}, "user": {"id": IRIS, "team_id": "T0SANDBOX"},
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
    let mut outcomes: Vec<String> =
        stored(&world).await.into_iter().filter_map(|click| click.outcome).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["ignored", "opened"], "the submit is of no modal of ours");
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
    let by_iris = |kind: &str| json!({"type": kind, "user": {"id": IRIS}, "team": {"id": "T0SANDBOX"}});
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
    // The day of first value comes and goes.
    for _ in 0..5 {
        world.passes(std::time::Duration::from_hours(24 * 8));
        world.settles().await;
    }
    let log = world.sandbox.slack.log();
    let quiet = ["users.info", "views.*", "conversations.open", "apps.*", "chat.postEphemeral"];
    for method in quiet {
        assert_eq!(log.count(&format!("POST /api/{method}")) + log.count(&format!("GET /api/{method}")), 0);
    }
    world.end().await;
}

async fn a_press_in_slack_is_taken_and_applied(database: &TestDatabase) {
    let mut world = world_that_takes_clicks(Some(database)).await;
    let ts = posts_a_question(&mut world, CHANNEL).await;
    let pressed = world.sandbox.slack.presses(IRIS, CHANNEL, &ts, "answer").await;
    assert_eq!(pressed, Ok(Ack::Taken));
    are_worked_on(&world).await;
    let click: Interaction = serde_json::from_str(&stored(&world).await[0].click).unwrap();
    let Kind::Pressed(press) = click.kind else { panic!("{click:?}") };
    assert_eq!((press.action_id.as_str(), press.value.as_deref()), ("answer", Some("pkt_1")));
    world.end().await;
}

fn modal(title: &str) -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    json!({"type": "modal", "callback_id": "answers", "private_metadata": "pkt_1:1", "title": plain(title),
        "submit": plain("Save"), "blocks": [{"type": "input", "block_id": "promises", "optional": true,
            "label": plain("Promises"), "element": {"type": "plain_text_input", "action_id": "text", "multiline": true}}]})
}

async fn a_modal_is_opened_once_and_updated_while_it_stays_as_it_was() {
    let mut world = world_that_takes_clicks(None).await;
    let ts = posts_a_question(&mut world, CHANNEL).await;
    world.sandbox.slack.presses(IRIS, CHANNEL, &ts, "answer").await.unwrap();
    let trigger = world.sandbox.slack.see(|slack| slack.latest_trigger(IRIS).unwrap().to_owned());
    let client = world.service().app.worker.slack.clone();
    let opened = client.open_view(&trigger, &modal("Questions")).await.unwrap();
    let refused = client.open_view(&trigger, &modal("Questions")).await.unwrap_err();
    assert_eq!(refused.why(), "Slack: views.open: exchanged_trigger_id");
    let fresh = client.update_view(&opened, &modal("Fresh")).await.unwrap().unwrap();
    assert_eq!(
        client.update_view(&opened, &modal("Stale")).await.unwrap(),
        None,
        "something else is shown by now"
    );

    let submitted = world.sandbox.slack.submits(IRIS, &[("promises", json!("Data export by März"))]).await;
    assert_eq!(submitted, Ok(Ack::Taken), "the modal closes");
    assert_eq!(client.update_view(&fresh, &modal("Late")).await.unwrap(), None, "it was closed");
    are_worked_on(&world).await;
    let kept: String = stored(&world).await.into_iter().map(|row| row.click).collect();
    assert!(kept.contains("Data export by März"), "{kept}");

    world.sandbox.slack.presses(IRIS, CHANNEL, &ts, "answer").await.unwrap();
    let trigger = world.sandbox.slack.see(|slack| slack.latest_trigger(IRIS).unwrap().to_owned());
    world.passes(std::time::Duration::from_secs(4));
    let late = client.open_view(&trigger, &modal("Questions")).await.unwrap_err();
    assert_eq!(late.why(), "Slack: views.open: expired_trigger_id");
    world.end().await;
}

async fn a_person_is_written_to_in_one_conversation_or_is_out_of_reach() {
    use handoff_bridge::delivery::slack::DirectMessage;

    let world = world_that_takes_clicks(None).await;
    let client = world.service().app.worker.slack.clone();
    let opened = client.open_dm(IRIS).await.unwrap();
    assert_eq!(client.open_dm(IRIS).await.unwrap(), opened);
    assert!(matches!(&opened, DirectMessage::Channel(id) if id.starts_with('D')), "{opened:?}");
    assert_eq!(world.sandbox.slack.log().count("POST /api/conversations.open"), 1, "it never changes");
    world.sandbox.slack.change(|slack| slack.add_user("U0BOT", "bot@seller.example"));
    world.sandbox.slack.change(|slack| slack.set_standing("U0BOT", Standing::Bot));
    for (user, code) in [("U0BOT", "cannot_dm_bot"), ("U0NOBODY", "user_not_found")] {
        let code = code.to_owned();
        assert_eq!(client.open_dm(user).await.unwrap(), DirectMessage::Unreachable { code });
    }
    world.sandbox.slack.change(|slack| slack.withdraw_scope("im:write"));
    let refused = client.open_dm("U0OTHER").await.unwrap_err();
    assert_eq!(refused.why(), "Slack: conversations.open: missing_scope; grant the app im:write");
    world.end().await;
}

async fn who_a_person_is_is_asked_once_a_day() {
    let world = world_that_takes_clicks(None).await;
    let client = world.service().app.worker.slack.clone();
    let iris = client.user(IRIS).await.unwrap().unwrap();
    assert_eq!(
        (iris.team.as_str(), iris.email.as_deref()),
        ("T0SANDBOX", Some("iris.okafor@seller.example"))
    );
    assert!(!iris.is_gone && !iris.is_outsider);
    for (standing, gone, outsider) in [
        (Standing::Guest, false, true),
        (Standing::Stranger, false, true),
        (Standing::Deleted, true, false),
        (Standing::Bot, true, false),
    ] {
        world.sandbox.slack.change(|slack| slack.set_standing(IRIS, standing));
        assert_eq!(client.user(IRIS).await.unwrap().unwrap(), iris, "known for a day");
        world.passes(std::time::Duration::from_hours(25));
        let member = client.user(IRIS).await.unwrap().unwrap();
        assert_eq!((member.is_gone, member.is_outsider), (gone, outsider), "{standing:?}");
        world.sandbox.slack.change(|slack| slack.set_standing(IRIS, Standing::Member));
        world.passes(std::time::Duration::from_hours(25));
        assert_eq!(client.user(IRIS).await.unwrap().unwrap(), iris);
    }
    assert_eq!(client.user("U0NOBODY").await.unwrap(), None);
    world.end().await;
}

async fn a_text_for_one_person_is_escaped_and_refused_outside_the_channel() {
    let world = world_that_takes_clicks(None).await;
    let client = world.service().app.worker.slack.clone();
    client.ephemeral(CHANNEL, IRIS, "Only <!channel> & Dana may answer").await.unwrap();
    let said = world.sandbox.slack.see(|slack| slack.ephemerals()[0].text.clone());
    assert_eq!(said, "Only &lt;!channel&gt; &amp; Dana may answer");
    world.sandbox.slack.change(|slack| slack.leaves(IRIS, CHANNEL));
    let refused = client.ephemeral(CHANNEL, IRIS, "x").await.unwrap_err();
    assert_eq!(refused.why(), "Slack: chat.postEphemeral: user_not_in_channel");
    world.sandbox.slack.fails("POST /api/chat.postEphemeral", Fault::status(500), Times::Next(1));
    let unclear = client.ephemeral(CHANNEL, IRIS, "x").await.unwrap_err();
    assert_eq!(unclear.why(), "Slack: chat.postEphemeral: HTTP 500");
    world.end().await;
}

fn the_manifests_grant_what_clicks_need() {
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap();
    let of_digests = read(include_str!("../../config/slack/manifest.yaml"));
    let socket = read(include_str!("../../config/slack/manifest-socket.yaml"));
    let http = read(include_str!("../../config/slack/manifest-http.yaml"));
    let scopes = |manifest: &Value| manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap().clone();
    for manifest in [&socket, &http] {
        let granted = scopes(manifest);
        let of_clicks = handoff_bridge::delivery::slack::CLICK_SCOPES.map(|(scope, _)| json!(scope));
        let missing: Vec<Value> = scopes(&of_digests)
            .into_iter()
            .chain(of_clicks)
            .filter(|scope| !granted.contains(scope))
            .collect();
        assert_eq!(missing, Vec::<Value>::new());
        assert_eq!(manifest["settings"]["interactivity"]["is_enabled"], true);
        assert_eq!(manifest["features"]["app_home"]["messages_tab_enabled"], true);
    }
    assert_eq!(socket["settings"]["socket_mode_enabled"], true);
    assert_eq!(socket["settings"]["interactivity"].get("request_url"), None);
    assert_eq!(http["settings"]["socket_mode_enabled"], false);
    assert_eq!(http["settings"]["interactivity"]["request_url"], target());
}
