//! Clicks over sockets that the service opens: no public address, and no click twice or lost.

use std::time::Duration;

use handoff_bridge::store::ClickRow;
use handoff_sandbox::deals::CHANNEL;
use handoff_sandbox::slack::{Ack, Transport};
use handoff_sandbox::{Fault, SlackState, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;

use crate::clicks::{IRIS, posts_a_question};
use crate::process::Process;
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{WORK, World, must, told_on};
use crate::{named, tests};

const OPEN: &str = "POST /api/apps.connections.open";

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        sockets_that_are_recycled_are_replaced_before_they_close,
        an_envelope_that_is_delivered_twice_counts_once,
        sockets_that_break_or_stand_still_are_replaced,
        once_socket_mode_is_switched_off_nothing_is_opened_any_more,
        where_there_are_too_many_sockets_one_goes_and_none_comes_at_once,
        a_slack_that_cannot_be_reached_is_not_called_in_a_tight_loop,
        a_refused_app_token_is_told_to_operators,
        an_event_that_is_no_click_is_acknowledged,
        no_ticket_and_no_token_is_logged,
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        trials.push(told_on(engine, named!(a_click_over_a_socket_is_stored_and_applied), async |database| {
            a_click_over_a_socket_is_stored_and_applied(&database).await;
        }));
    }
    trials
}

/// A world whose service holds two sockets, and a message with a button.
async fn world_with_sockets(database: Option<&TestDatabase>) -> (World, String) {
    let mut world = World::without_service(Side::Hubspot, WORK);
    if let Some(database) = database {
        world.keeps_its_store_at(database);
    }
    world.installation.takes_clicks("socket").unwrap();
    world.sandbox.slack.change(|slack| slack.set_transport(Transport::Socket));
    world.starts().await;
    let ts = posts_a_question(&mut world, CHANNEL).await;
    holds(&world, 2).await;
    (world, ts)
}

/// Time passes until so many sockets are open, as Slack sees it.
async fn holds(world: &World, sockets: usize) {
    world
        .eventually(&format!("{sockets} sockets are open"), async || {
            world.passes(Duration::from_millis(200));
            world.sandbox.slack.see(SlackState::open_sockets) == sockets
        })
        .await;
}

async fn press(world: &World, ts: &str) -> Ack {
    must("an acknowledgement", world.sandbox.slack.presses(IRIS, CHANNEL, ts, "answer")).await.unwrap()
}

async fn stored(world: &World) -> Vec<ClickRow> {
    world.service().app.store.clicks(Timestamp::UNIX_EPOCH).await.unwrap()
}

/// What `/readyz` tells operators.
async fn readiness(world: &World) -> serde_json::Value {
    let address = world.service().operator_address.unwrap();
    reqwest::get(format!("http://{address}/readyz")).await.unwrap().json().await.unwrap()
}

async fn metric(world: &World, name: &str) -> String {
    let address = world.service().operator_address.unwrap();
    let text = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
}

fn calls(world: &World) -> usize {
    world.sandbox.slack.log().count(OPEN)
}

async fn a_click_over_a_socket_is_stored_and_applied(database: &TestDatabase) {
    let (world, ts) = world_with_sockets(Some(database)).await;
    assert_eq!(press(&world, &ts).await, Ack::Taken);
    world
        .eventually("it is applied", async || {
            let clicks = stored(&world).await;
            assert_eq!(clicks.len(), 1, "it is stored before it is acknowledged");
            clicks[0].outcome.as_deref() == Some("opened")
        })
        .await;
    assert_eq!(readiness(&world).await["slack_sockets"], "2 open");
    assert_eq!(metric(&world, "handoff_slack_sockets{side=\"open\"}").await, "2");
    assert_eq!(metric(&world, "handoff_click_acks_total{outcome=\"empty\"}").await, "1");
    world.end().await;
}

async fn sockets_that_are_recycled_are_replaced_before_they_close() {
    let (world, ts) = world_with_sockets(None).await;
    for reason in ["refresh_requested", "warning"] {
        world.sandbox.slack.change(|slack| slack.disconnects(reason));
        // The one that leaves still delivers: with the two others that makes three.
        holds(&world, 3).await;
        for _ in 0..6 {
            assert_eq!(press(&world, &ts).await, Ack::Taken, "over whichever socket");
        }
        world.sandbox.slack.change(SlackState::close_leaving);
        holds(&world, 2).await;
    }
    assert_eq!((stored(&world).await.len(), calls(&world)), (12, 4));
    world.end().await;
}

async fn an_envelope_that_is_delivered_twice_counts_once() {
    let (world, ts) = world_with_sockets(None).await;
    world.sandbox.slack.change(SlackState::duplicates_envelopes);
    for count in 1..=4 {
        assert_eq!(press(&world, &ts).await, Ack::Taken);
        assert_eq!(stored(&world).await.len(), count);
    }
    world.end().await;
}

async fn sockets_that_break_or_stand_still_are_replaced() {
    let (world, ts) = world_with_sockets(None).await;
    world.sandbox.slack.change(SlackState::drop_sockets);
    world.sandbox.slack.until(|slack| slack.open_sockets() == 0).await;
    holds(&world, 2).await;
    assert_eq!(press(&world, &ts).await, Ack::Taken);

    // Half open: Slack goes on counting them, and nothing arrives.
    world.sandbox.slack.change(SlackState::freeze_sockets);
    world
        .eventually("new ones beside them", async || {
            world.passes(Duration::from_secs(2));
            world.sandbox.slack.see(SlackState::open_sockets) >= 4
        })
        .await;
    world.end().await;
}

async fn once_socket_mode_is_switched_off_nothing_is_opened_any_more() {
    let (world, _) = world_with_sockets(None).await;
    let before = calls(&world);
    world.sandbox.slack.change(SlackState::disable_socket_mode);
    holds(&world, 0).await;
    for _ in 0..20 {
        world.passes(Duration::from_hours(1));
        tokio::task::yield_now().await;
    }
    world
        .eventually("operators are told", async || {
            let told = readiness(&world).await["slack_sockets"].as_str().unwrap().to_owned();
            told == "down: Socket Mode is switched off in the Slack app: switch it on and restart"
        })
        .await;
    assert_eq!(calls(&world), before);
    assert_eq!(metric(&world, "handoff_slack_sockets{side=\"open\"}").await, "0");
    world.end().await;
}

async fn where_there_are_too_many_sockets_one_goes_and_none_comes_at_once() {
    let (world, ts) = world_with_sockets(None).await;
    // Slack counts nine that no process holds: with the one that stays that makes ten.
    world.sandbox.slack.change(|slack| {
        slack.set_ghosts(9);
        slack.disconnects("too_many_websockets");
    });
    holds(&world, 1).await;
    let before = calls(&world);
    world.passes(Duration::from_secs(15));
    assert_eq!(press(&world, &ts).await, Ack::Taken, "over the other");
    assert_eq!(calls(&world), before, "half a minute is waited");
    world.sandbox.slack.change(|slack| slack.set_ghosts(0));
    holds(&world, 2).await;
    world.end().await;
}

async fn a_slack_that_cannot_be_reached_is_not_called_in_a_tight_loop() {
    let (world, _) = world_with_sockets(None).await;
    world.sandbox.slack.fails(OPEN, Fault::status(500), Times::UntilCleared);
    world.sandbox.slack.change(SlackState::drop_sockets);
    world.sandbox.slack.until(|slack| slack.open_sockets() == 0).await;
    let before = calls(&world);
    let end = handoff_bridge::clock::later(world.now(), Duration::from_mins(10));
    world
        .eventually("ten minutes pass", async || {
            world.passes(Duration::from_secs(6));
            world.now() >= end
        })
        .await;
    let attempts = calls(&world) - before;
    assert!((4..=20).contains(&attempts), "{attempts} attempts in ten minutes");
    world.sandbox.slack.clear_faults();
    holds(&world, 2).await;
    world.end().await;
}

async fn a_refused_app_token_is_told_to_operators() {
    let (world, _) = world_with_sockets(None).await;
    world.sandbox.slack.fails(OPEN, Fault::slack_error("invalid_auth"), Times::UntilCleared);
    world.sandbox.slack.change(SlackState::drop_sockets);
    world
        .eventually("operators are told", async || {
            world.passes(Duration::from_millis(200));
            let told = readiness(&world).await["slack_sockets"].as_str().unwrap().to_owned();
            told == "down: Slack: apps.connections.open: invalid_auth; check the app-level token and that Socket Mode is on"
        })
        .await;
    assert_eq!(readiness(&world).await["ready"], true, "webhooks are taken all the same");
    world.end().await;
}

async fn an_event_that_is_no_click_is_acknowledged() {
    let (world, ts) = world_with_sockets(None).await;
    let event = serde_json::json!({"type": "event_callback", "event": {"type": "app_home_opened"}});
    world.sandbox.slack.change(|slack| slack.send_event(&event));
    world.sandbox.slack.until(SlackState::event_acknowledged).await;
    assert_eq!(press(&world, &ts).await, Ack::Taken);
    assert_eq!(stored(&world).await.len(), 1);
    world.end().await;
}

async fn no_ticket_and_no_token_is_logged() {
    let world = World::on(Side::Hubspot, handoff_bridge::clock::Clock::machine(), WORK);
    world.installation.takes_clicks("socket").unwrap();
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let config = config.replace("format = \"json\"", "format = \"json\"\nlevel = \"trace\"");
    std::fs::write(&world.installation.config, config).unwrap();
    world.sandbox.slack.change(|slack| slack.set_transport(Transport::Socket));
    let process = Process::serve(&world.installation, None).await;
    must("two sockets", world.sandbox.slack.until(|slack| slack.open_sockets() == 2)).await;
    world.sandbox.slack.change(SlackState::drop_sockets);
    must("two others", world.sandbox.slack.until(|slack| slack.sockets_so_far() >= 4)).await;
    let log = process.whole_log();
    assert!(log.contains("clicks come in over a socket to Slack"), "{log}");
    for secret in ["ticket", "xapp-", "ws://"] {
        assert!(!log.contains(secret), "{secret} is logged: {log}");
    }
    process.kill().await;
}
