//! The process dies at every step, and afterwards there is exactly one task and one digest.

use handoff_bridge::clock::Clock;
use handoff_bridge::crash::{CLICK_POINTS, CONFLICT_POINTS, POINTS, ROLL_UP_POINTS, WRITE_POINTS};
use handoff_bridge::crm::{Event, EventKind};
use handoff_bridge::store::{AnswerState, ClaimLimit, DealEnd, NewPacket, Store};
use handoff_core::packet::Assessment;
use handoff_core::record::{AccountKey, DealKey, WinKey};
use handoff_sandbox::deals::{CHANNEL, PORTAL, SIGNING_SECRET};
use handoff_sandbox::hubspot::{Kind, Rule};
use handoff_sandbox::slack::{Ack, Transport};
use jiff::tz::TimeZone;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::json;

use crate::answers::{PROMISE, TOM, messages_to, opens};
use crate::clicks::{delivery, press};
use crate::named;
use crate::process::{Process, handoff};
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{PINEBROOK, World, must, told, told_on};

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

/// The steps of a look and of an edit. They pass those of a deal and of a delivery too.
const POINTS_OF_A_LOOK: [&str; 3] = ["look.seen", "look.recorded", "delivery.edited"];

/// Where the process dies after the CRM was filled.
const POINTS_AFTER_A_CHANGE: [&str; 11] = [
    "look.seen",
    "look.recorded",
    "deal.claimed",
    "deal.resolved",
    "deal.before_commit",
    "deal.after_commit",
    "delivery.claimed",
    "delivery.edited",
    "delivery.edited:2",
    "delivery.recorded",
    "delivery.recorded:2",
];

/// Where the process dies after a person decided: the digest is edited, and something is said once.
const POINTS_AFTER_A_DECISION: [&str; 6] = [
    "click.applied",
    "delivery.claimed:2",
    "delivery.intent",
    "delivery.sent",
    "delivery.recorded",
    "delivery.recorded:2",
];

/// Of these, the ones that both CRMs and both engines are killed at.
const OF_EVERY_ENGINE: [&str; 4] =
    ["look.seen", "deal.before_commit", "delivery.edited", "delivery.recorded:2"];

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let on = [
        (Engine::Sqlite, Side::Hubspot),
        (Engine::Sqlite, Side::Salesforce),
        (Engine::Postgres, Side::Hubspot),
    ];
    for (engine, side) in on {
        // Where the engine or the CRM makes a difference.
        let told = |point: &&str| (engine, side) == on[0] || OF_EVERY_ENGINE.contains(point);
        for point in POINTS_AFTER_A_CHANGE.into_iter().filter(|point| told(point)) {
            let name = format!("{}::{point}::{}", named!(killed_while_it_follows_at), side.name());
            trials.push(told_on(engine, name, async move |database| {
                killed_while_it_follows_at(side, point, &database).await;
            }));
        }
        let of_a_win = POINTS.iter().copied().filter(|point| !POINTS_OF_A_LOOK.contains(point));
        for point in of_a_win.chain(POINTS_OF_THE_DIGEST) {
            let name = format!("{}::{point}::{}", named!(killed_at), side.name());
            trials.push(told_on(engine, name, async move |database| killed_at(side, point, &database).await));
        }
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for point in CLICK_POINTS.iter().copied() {
            let name = format!("{}::{point}", named!(killed_over_a_click_at));
            trials.push(told_on(engine, name, async move |database| {
                killed_over_a_click_at(point, &database).await;
            }));
        }
        for point in WRITE_POINTS.iter().copied().chain(["click.applied"]) {
            let name = format!("{}::{point}", named!(killed_while_an_answer_is_written_at));
            trials.push(told_on(engine, name, async move |database| {
                killed_while_an_answer_is_written_at(point, &database).await;
            }));
        }
        for point in CONFLICT_POINTS.iter().copied() {
            let name = format!("{}::{point}", named!(killed_while_a_conflict_is_told_at));
            trials.push(told_on(engine, name, async move |database| {
                killed_while_a_conflict_is_told_at(point, &database).await;
            }));
        }
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for point in POINTS_AFTER_A_DECISION {
            let name = format!("{}::{point}", named!(killed_after_a_handoff_was_sent_back_at));
            trials.push(told_on(engine, name, async move |database| {
                killed_after_a_handoff_was_sent_back_at(point, &database).await;
            }));
        }
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for point in ROLL_UP_POINTS.iter().copied() {
            let name = format!("{}::{point}", named!(killed_over_the_week_at));
            trials.push(told_on(engine, name, async move |database| {
                killed_over_the_week_at(point, &database).await;
            }));
        }
    }
    for side in [Side::Hubspot, Side::Salesforce] {
        for (point, sweeps) in [("deal.resolved", true), ("deal.resolved", false)] {
            let sweeping = if sweeps { "::sweeping" } else { "" };
            let name =
                format!("{}::{point}{sweeping}::{}", named!(what_kills_the_service_is_given_up), side.name());
            trials.push(told(name, async move || {
                what_kills_the_service_is_given_up(side, point, sweeps).await;
            }));
        }
    }
    trials
}

/// One piece of work kills the service whenever it is begun, as an answer that takes all memory would. After its tries
/// the service lives, also if sweeps go on finding the deal.
async fn what_kills_the_service_is_given_up(side: Side, point: &'static str, sweeps: bool) {
    let mut work = format!("{WORK}\ntries = 3");
    if sweeps {
        work = work.replace("catch_up = \"off\"", "catch_up = \"1h\"");
    }
    let world = World::on(side, Clock::machine(), &work);
    drop(Process::serve(&world.installation, None).await);
    let webhook = world.wins(side.complete()).webhooks(&world.sandbox, world.now(), 0).remove(0);
    let config = world.installation.config.to_str().unwrap();
    let mut deaths = 0;
    let survivor = loop {
        assert!(deaths <= 3, "it goes on killing the service");
        let Some(mut process) = Process::serve_unless_it_dies(&world.installation, point).await else {
            deaths += 1;
            continue;
        };
        if deaths == 0 {
            process.receives(&webhook).await;
        }
        let given_up = world.eventually("it is given up, or dies", async || {
            let list = handoff(&["list", "--json", "--config", config]).output().await.unwrap();
            let list = String::from_utf8(list.stdout).unwrap();
            list.contains("\"dead\"") || list.contains("\"held\"")
        });
        tokio::select! {
            () = process.dies() => deaths += 1,
            () = given_up => break process,
        }
    };
    assert!(deaths > 1, "it did kill the service");
    assert_eq!(survivor.reads_metric("handoff_store_up").await, 1, "and the service lives");
    survivor.kill().await;
    assert!(world.tasks_on(side.complete()).len() <= 1);
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

    is_handed_over_once(&world, deal);
}

/// What was acknowledged is applied; what was not is not there, and the person presses again.
async fn killed_over_a_click_at(point: &'static str, database: &TestDatabase) {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    world.installation.takes_clicks("http").unwrap();

    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    let answer = doomed.receives(&delivery(&press("1.5"), world.now())).await;
    doomed.dies().await;
    if point != "click.applied" {
        assert_eq!(answer, None, "it is acknowledged last");
    }
    let store = Store::open(database.url(), Clock::machine()).await.unwrap();
    let stored = store.clicks(jiff::Timestamp::UNIX_EPOCH).await.unwrap().len();
    assert_eq!(stored, usize::from(point != "click.before_commit"));

    let process = Process::serve(&world.installation, None).await;
    if answer.is_none() {
        // Slack delivers it again, or the person presses again within the same second: the click is the same.
        assert_eq!(process.receives(&delivery(&press("1.5"), world.now())).await, Some(StatusCode::OK));
    }
    world
        .eventually("the click is applied", async || {
            let clicks = store.clicks(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(clicks.len(), 1, "once");
            clicks[0].state == "done"
        })
        .await;
    process.kill().await;
    store.close().await;
}

/// The handoff was sent back, and the process dies on the way to the reply that mentions the seller.
async fn killed_after_a_handoff_was_sent_back_at(point: &'static str, database: &TestDatabase) {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    world.installation.takes_clicks("http").unwrap();
    let slack = &world.sandbox.slack;
    slack.change(|slack| slack.add_user(TOM, "tom.lindqvist@seller.example"));
    let webhook = world.wins(PINEBROOK).webhooks(&world.sandbox, world.now(), 0).remove(0);
    let process = Process::serve(&world.installation, None).await;
    process.receives(&webhook).await;
    must("a digest", slack.until(|slack| !slack.messages().is_empty())).await;
    everything_is_done(&world).await;
    process.kill().await;

    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    slack.change(|slack| slack.set_transport(clicks_go_to(&doomed)));
    let digest = world.digests().remove(0);
    slack.presses(TOM, &digest.channel, &digest.ts, "send_back").await.unwrap();
    if !point.starts_with("click") {
        must("a modal", slack.until(|slack| slack.open_view(TOM).is_some())).await;
        slack.submits(TOM, &[("reason", json!("wrong_owner"))]).await.unwrap();
    }
    doomed.dies().await;

    let process = Process::serve(&world.installation, None).await;
    slack.change(|slack| slack.set_transport(clicks_go_to(&process)));
    if point.starts_with("click") {
        // It died over the press: the person presses again.
        slack.presses(TOM, &digest.channel, &digest.ts, "send_back").await.unwrap();
        must("a modal", slack.until(|slack| slack.open_view(TOM).is_some())).await;
        slack.submits(TOM, &[("reason", json!("wrong_owner"))]).await.unwrap();
    }
    must("a reply", slack.until(|slack| slack.replies_to(&digest.ts).next().is_some())).await;
    everything_is_done(&world).await;
    process.kill().await;
    assert_eq!(slack.see(|slack| slack.replies_to(&digest.ts).count()), 1, "once");
    assert_eq!(world.digests().len(), 1, "one digest");
}

/// A deal was won yesterday, and the process dies over the message that sums up the week until today.
async fn killed_over_the_week_at(point: &'static str, database: &TestDatabase) {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    let yesterday = world.now().checked_sub(std::time::Duration::from_hours(30)).unwrap();
    let store = Store::open(database.url(), Clock::manual(yesterday)).await.unwrap();
    let account: AccountKey = format!("hubspot:{PORTAL}").parse().unwrap();
    let deal = DealKey { account: account.clone(), deal: "1".to_owned() };
    let event = Event {
        deal: deal.clone(),
        kind: EventKind::StageChanged,
        dedupe_key: "won".to_owned(),
        provider_id: "1".to_owned(),
        occurred_at: None,
        verification: "asked(crm api)".to_owned(),
    };
    store.record(vec![event]).await.unwrap();
    let limit = vec![ClaimLimit::of(account.to_string(), 1)];
    let lease = store.claim_deals(limit, 1, std::time::Duration::from_mins(1)).await.unwrap().remove(0);
    let packet = NewPacket {
        packet_id: "pkt_000000000001".to_owned(),
        win: WinKey { deal, won_at: yesterday },
        packet: "{}".to_owned(),
        record: "{}".to_owned(),
        assessment: Assessment { complete: true, ..Assessment::default() },
        deliveries: Vec::new(),
        follow: None,
        withdraws: Vec::new(),
    };
    store.finish_deal(&lease, DealEnd::Packet(Box::new(packet))).await.unwrap();
    store.close().await;
    let today = world.now().to_zoned(TimeZone::get("Europe/Berlin").unwrap()).strftime("%A").to_string();
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let channel = format!("  channel: {CHANNEL}\n");
    let roll_up =
        format!("  roll_up: {{channel: {CHANNEL}, day: {}, at: \"00:00\"}}\n", today.to_lowercase());
    let mapping = mapping.replacen(&channel, &format!("{channel}{roll_up}"), 1);
    std::fs::write(&world.installation.mapping, mapping).unwrap();

    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    doomed.dies().await;
    let process = Process::serve(&world.installation, None).await;
    let slack = &world.sandbox.slack;
    must("the week is summed up", slack.until(|slack| !slack.messages().is_empty())).await;
    let store = Store::open(database.url(), Clock::machine()).await.unwrap();
    let is_done = async || {
        store.roll_ups().await.unwrap().iter().all(|(_, outcome)| outcome.as_deref() == Some("posted"))
    };
    world.eventually("it is known", is_done).await;
    process.kill().await;
    store.close().await;
    let said: Vec<String> = world.digests().into_iter().map(|message| message.text).collect();
    assert_eq!(said, ["1 deal won last week · 1 complete at close, 1 now"], "once");
}

/// Slack posts what people do to this process.
fn clicks_go_to(process: &Process) -> Transport {
    let request_url = format!("http://{}/webhooks/slack", process.address);
    Transport::Http { request_url, signing_secret: SIGNING_SECRET.to_owned() }
}

/// The half empty deal was handed over where answers are written, a modal is open, and no process runs.
async fn is_asked(database: &TestDatabase) -> (World, Store) {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    world.installation.takes_clicks("http").unwrap();
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let mapping = mapping.replace("# write: deal.handoff_promises", "write: deal.handoff_promises");
    std::fs::write(&world.installation.mapping, mapping).unwrap();
    world.sandbox.slack.change(|slack| slack.add_user(TOM, "tom.lindqvist@seller.example"));
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().grant_scope("crm.objects.deals.write");
    });
    let process = Process::serve(&world.installation, None).await;
    world.sandbox.slack.change(|slack| slack.set_transport(clicks_go_to(&process)));
    let webhook = world.wins(PINEBROOK).webhooks(&world.sandbox, world.now(), 0).remove(0);
    assert_eq!(process.receives(&webhook).await, Some(StatusCode::OK));
    must("a digest", world.sandbox.slack.until(|slack| !slack.messages().is_empty())).await;
    everything_is_done(&world).await;
    opens(&world, TOM, &world.digests().remove(0)).await;
    let store = Store::open(database.url(), Clock::machine()).await.unwrap();
    // Else the next process may die on the press, before the submit has come.
    world.eventually("the press is applied", async || store.due_click().await.unwrap().is_none()).await;
    process.kill().await;
    (world, store)
}

/// The answer is submitted to a process that dies, and another takes over.
async fn answers_to(world: &World, point: &'static str) -> Process {
    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    world.sandbox.slack.change(|slack| slack.set_transport(clicks_go_to(&doomed)));
    let submitted = world.sandbox.slack.submits(TOM, &[("gap.promises", json!(PROMISE))]).await;
    // Applied it may be before it is acknowledged, never lost.
    assert!(submitted.unwrap() == Ack::Taken || point == "click.applied");
    doomed.dies().await;
    Process::serve(&world.installation, None).await
}

async fn becomes(world: &World, store: &Store, state: AnswerState) {
    world
        .eventually(state.as_str(), async || {
            let answers = store.answers_since(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
            answers.len() == 1 && answers[0].state == state
        })
        .await;
    everything_is_done(world).await;
}

/// An answer was acknowledged, and the process dies on its way to the CRM: the field is written once, whatever HubSpot makes
/// of the text.
async fn killed_while_an_answer_is_written_at(point: &'static str, database: &TestDatabase) {
    let (world, store) = is_asked(database).await;
    let shouts = point == "write.patched";
    if shouts {
        world.sandbox.hubspot.change(|hubspot| {
            let rule = Rule::Normalizes(|text| format!("{} ", text.to_uppercase()));
            hubspot.portal_mut(PORTAL).unwrap().rules.push(("handoff_promises".to_owned(), rule));
        });
    }
    let process = answers_to(&world, point).await;
    becomes(&world, &store, AnswerState::Written).await;
    process.kill().await;
    store.close().await;
    let (held, writes) = world.sandbox.hubspot.see(|hubspot| {
        let portal = hubspot.portal(PORTAL).unwrap();
        let deal = portal.record(Kind::Deal, PINEBROOK).unwrap();
        (deal.get("handoff_promises").unwrap().to_owned(), portal.writes.len())
    });
    let expected = if shouts { format!("{} ", PROMISE.to_uppercase()) } else { PROMISE.to_owned() };
    assert_eq!((held, writes), (expected, 1));
    let shown = serde_json::to_string(&world.digests()[0].blocks).unwrap().to_lowercase();
    assert!(shown.contains("sso before 1 march") && !shown.contains("not in the crm"), "{shown}");
    is_handed_over_once(&world, PINEBROOK);
}

/// The CRM was changed after the person was asked, and the process dies before or after it tells them: they are told once.
async fn killed_while_a_conflict_is_told_at(point: &'static str, database: &TestDatabase) {
    let (world, store) = is_asked(database).await;
    let now = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        portal.set(Kind::Deal, PINEBROOK, "handoff_promises", "Two training days on site.", now);
    });
    let process = answers_to(&world, point).await;
    becomes(&world, &store, AnswerState::Conflict).await;
    let due = async || store.due_writes().await.unwrap();
    world.eventually("nobody is left to be told", async || due().await.is_empty()).await;
    process.kill().await;
    store.close().await;
    let told: Vec<String> = messages_to(&world, TOM).into_iter().map(|message| message.text).collect();
    assert!(told.len() == 1 && told[0].contains("was changed in the CRM after you were asked"), "{told:?}");
    assert_eq!((world.tasks_on(PINEBROOK).len(), world.digests().len()), (1, 2));
    assert_eq!(world.sandbox.hubspot.problems(), Vec::<String>::new());
}

/// A gap is filled in the CRM, and the process dies on the way to the digest that says so.
async fn killed_while_it_follows_at(side: Side, point: &'static str, database: &TestDatabase) {
    const OUTCOME: &str = "Depot Malmö plans all 22 tours without the spreadsheet by the end of March.";
    let follow = "[follow]\nschedule = []\nevery = \"300ms\"\nedit_pause = \"0\"";
    let mut world = World::on(side, Clock::machine(), &format!("{WORK}\n{follow}"));
    world.keeps_its_store_at(database);
    let deal = side.complete();
    side.writes_outcome(&world.sandbox, deal, "", world.now());
    let announcement = world.wins(deal);
    let process = Process::serve(&world.installation, None).await;
    let webhook = announcement.webhooks(&world.sandbox, world.now(), 0).remove(0);
    assert_eq!(process.receives(&webhook).await, Some(StatusCode::OK));
    must("a digest", world.sandbox.slack.until(|slack| !slack.messages().is_empty())).await;
    everything_is_done(&world).await;
    process.kill().await;

    let mut doomed = Process::serve(&world.installation, Some(point)).await;
    side.writes_outcome(&world.sandbox, deal, OUTCOME, world.now());
    doomed.dies().await;

    let process = Process::serve(&world.installation, None).await;
    let shown = |digest: &handoff_sandbox::slack::Message| {
        serde_json::to_string(&digest.blocks).unwrap().contains("Depot Malmö plans")
    };
    must("the digest says so", world.sandbox.slack.until(|slack| slack.messages().iter().any(shown))).await;
    let completed = || {
        let tasks = world.tasks_on(deal);
        tasks.iter().all(|task| ["COMPLETED", "Completed"].contains(&task.status.as_str()))
    };
    world.eventually("the task is completed", async || completed()).await;
    everything_is_done(&world).await;
    process.kill().await;
    is_handed_over_once(&world, deal);
}

fn is_handed_over_once(world: &World, deal: &str) {
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
