//! The process dies at every step, and afterwards there is exactly one task and one digest.

use handoff_bridge::clock::Clock;
use handoff_bridge::crash::POINTS;
use libtest_mimic::Trial;
use reqwest::StatusCode;

use crate::named;
use crate::process::{Process, handoff};
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{World, must, told_on};

/// Real seconds: a killed process has no clock that a test could move. On SQLite nobody waits for the lease; on
/// PostgreSQL it has to run out, because another process might be at work.
const WORK: &str = r#"first_retry = "50ms"
longest_retry = "1s"
http_timeout = "500ms"
lease = "2s"
poll = "50ms"
digest_waits = "300ms"
shutdown = "5s"
catch_up = "off""#;

/// The digest's try is the second to pass the delivery's steps.
const POINTS_OF_THE_DIGEST: [&str; 4] =
    ["delivery.claimed:2", "delivery.intent:2", "delivery.sent:2", "delivery.recorded:2"];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let on = [
        (Engine::Sqlite, Side::Hubspot),
        (Engine::Sqlite, Side::Salesforce),
        (Engine::Postgres, Side::Hubspot),
    ];
    for (engine, side) in on {
        for point in POINTS.iter().copied().chain(POINTS_OF_THE_DIGEST) {
            let name = format!("{}::{point}::{}", named!(killed_at), side.name());
            trials.push(told_on(engine, name, async move |database| killed_at(side, point, &database).await));
        }
    }
    trials
}

async fn killed_at(side: Side, point: &'static str, database: &TestDatabase) {
    // The process runs on the machine's clock, and so must everything it talks to.
    let mut world = World::on(side, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    let deal = side.complete();
    let announcement = world.wins(deal);
    let webhook = |attempt| announcement.webhooks(&world.sandbox, world.now(), attempt).remove(0);

    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    let answer = doomed.receives(&webhook(0)).await;
    doomed.dies().await;
    if point == "webhook.before_commit" {
        assert_eq!(answer, None, "an event that is not committed is never acknowledged");
    }

    let process = Process::serve(&world.installation, None).await;
    if answer != Some(StatusCode::OK) {
        // The CRM sends again what nobody acknowledged.
        assert_eq!(process.receives(&webhook(1)).await, Some(StatusCode::OK));
    }
    must("a task", side.has_task(&world.sandbox, deal)).await;
    must("a digest", world.sandbox.slack.until(|slack| !slack.messages().is_empty())).await;
    everything_is_done(&world).await;
    process.kill().await;

    assert_eq!(world.tasks_on(deal).len(), 1, "one task");
    assert_eq!(world.digests().len(), 1, "one digest");
    assert_eq!(world.sandbox.hubspot.problems(), Vec::<String>::new());
    assert_eq!(world.sandbox.salesforce.problems(), Vec::<String>::new());
}

/// Waits until `handoff list` shows no work that is left.
async fn everything_is_done(world: &World) {
    let config = world.installation.config.to_str().unwrap();
    world
        .eventually("everything is done", async || {
            let list = handoff(&["list", "--json", "--config", config]).output().await.unwrap();
            let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
            let wins = list["wins"].as_array().unwrap();
            wins.len() == 1
                && wins[0]["deliveries"]
                    .as_array()
                    .is_some_and(|deliveries| deliveries.iter().all(|delivery| delivery["state"] == "done"))
        })
        .await;
}
