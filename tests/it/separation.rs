//! One destination is dead and holds its callers for as long as they wait, or takes no more for now: the others do not
//! notice.
//!
//! Calls may take seven seconds, and nothing in a scenario may take longer than thirty: whoever had to wait for
//! the dead one's turn after turn would be too late.

use handoff_bridge::store::DeliveryState;
use handoff_bridge::store::Destination::CrmTask;
use handoff_sandbox::deals::PORTAL;
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::{Answer, Fault, Platform as _, Times};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{World, must, told, told_on};
use crate::{named, tests};

const WORK: &str = r#"workers = 4
first_retry = "2s"
longest_retry = "6h"
http_timeout = "7s"
lease = "30s"
poll = "200ms"
shutdown = "1s"
digest_waits = "1s"
catch_up = "off""#;

const WINS: u64 = 30;

pub fn trials() -> Vec<Trial> {
    macro_rules! stories {
        ($($story:ident),* $(,)?) => {
            vec![$(told(named!($story), async || {
                let mut world = World::without_service(Side::Hubspot, WORK);
                world.starts().await;
                $story(&mut world).await;
                world.end().await;
            })),*]
        };
    }
    let mut trials = tests![
        a_portal_at_its_limit_does_not_delay_another_account,
        a_channel_with_many_digests_does_not_delay_another_channel,
    ];
    trials.extend(stories![
        a_slack_that_hangs_delays_no_task_and_hears_of_every_win_once,
        a_portal_that_hangs_does_not_delay_another_account,
    ]);
    trials.extend(tests![a_refusal_between_failures_does_not_hide_that_a_portal_is_dead]);
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for side in [Side::Hubspot, Side::Salesforce] {
            let name = format!("{}::{}", named!(work_of_an_account_waits_for_who_knows_it), side.name());
            trials.push(told_on(engine, name, async move |database| {
                work_of_an_account_waits_for_who_knows_it(side, &database).await;
            }));
        }
    }
    trials
}

/// A deal is won in HubSpot, and these are its events.
fn wins(world: &World, deal: &str) -> Vec<Value> {
    let values = [
        ("dealname", "One of many"),
        ("amount", "900"),
        ("pipeline", "default"),
        ("dealstage", "closedwon"),
        ("hubspot_owner_id", "70000002"),
    ];
    world.sandbox.hubspot.change(|hubspot| hubspot.creates_deal(PORTAL, deal, &values).unwrap())
}

/// Many deals are won, and one webhook tells of all of them.
async fn wins_many(world: &World, count: u64) -> Vec<String> {
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().calls_per_10s = 1_000_000;
    });
    let deals: Vec<String> = (0..count).map(|n| (302_000_000_000 + n).to_string()).collect();
    let events: Vec<Value> = deals.iter().flat_map(|deal| wins(world, deal)).collect();
    for batch in events.chunks(100) {
        assert_eq!(world.hubspot_sends(batch).await, 200);
    }
    deals
}

async fn a_slack_that_hangs_delays_no_task_and_hears_of_every_win_once(world: &mut World) {
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::HangBefore, Times::UntilCleared);
    let deals = wins_many(world, WINS).await;
    let tasks_done = async || {
        let packets = world.packets().await;
        let done = packets
            .iter()
            .flat_map(|packet| &packet.deliveries)
            .filter(|delivery| delivery.destination == CrmTask && delivery.state == DeliveryState::Done);
        done.count() == deals.len()
    };
    world.eventually("every task is on its deal", tasks_done).await;
    assert!(world.digests().is_empty());

    let pause = world.pause().await;
    assert_eq!(pause.scope, "slack");
    assert!(pause.reason.contains("no answer in time"), "{}", pause.reason);

    world.sandbox.slack.clear_faults();
    world.sandbox.slack.release();
    let slack = &world.sandbox.slack;
    let everywhere = async || {
        world.passes(std::time::Duration::from_millis(500));
        slack.see(|slack| slack.messages().len()) == deals.len() && world.open_work().await.is_empty()
    };
    world.eventually("every digest is posted", everywhere).await;
    for _ in &deals {
        world.next_digest().await;
    }
    for deal in &deals {
        assert_eq!(world.tasks_on(deal).len(), 1, "{deal}");
    }
    let packets = world.packets().await;
    let waiting = packets.iter().flat_map(|packet| &packet.deliveries);
    let tries: usize =
        waiting.filter(|delivery| delivery.destination != CrmTask).map(|one| one.attempts.len()).sum();
    assert!(tries < 3 * deals.len(), "what waits costs no tries: {tries}");
}

async fn a_portal_that_hangs_does_not_delay_another_account(world: &mut World) {
    world.sandbox.hubspot.fails("GET /crm/objects/*/deals/*", Fault::HangBefore, Times::UntilCleared);
    let deals = wins_many(world, WINS).await;
    let hung = world.sandbox.hubspot.until(|hubspot| hubspot.recorder().faults.hung() > 1);
    must("the portal hangs", hung).await;
    let announcement = Side::Salesforce.wins(&world.sandbox, Side::Salesforce.complete());
    assert_eq!(world.hears(&announcement).await, 200);
    must("a task", Side::Salesforce.has_task(&world.sandbox, Side::Salesforce.complete())).await;
    world.next_digest().await;
    assert_eq!(world.digests().len(), 1, "and nothing of the other portal yet");

    world.sandbox.hubspot.clear_faults();
    world.sandbox.hubspot.release();
    world
        .eventually("every deal is handed over", async || {
            world.passes(std::time::Duration::from_millis(500));
            world.digests().len() == deals.len() + 1 && world.open_work().await.is_empty()
        })
        .await;
    for _ in &deals {
        world.next_digest().await;
    }
    let tasks =
        world.sandbox.hubspot.see(|hubspot| hubspot.portal(PORTAL).unwrap().records(Kind::Task).count());
    assert_eq!(tasks, deals.len());
}

/// With one worker for each kind of work, who waits in one would keep everything else from being done.
async fn with_one_worker(calls_per_10s: u32) -> World {
    let mut world = World::without_service(Side::Hubspot, &WORK.replace("workers = 4", "workers = 1"));
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let token = "\ntoken_env = \"HUBSPOT_TOKEN\"";
    let limited = config.replace(token, &format!("\ncalls_per_10s = {calls_per_10s}{token}"));
    std::fs::write(&world.installation.config, limited).unwrap();
    world.starts().await;
    world
}

/// A deal of the Salesforce org is handed over.
async fn another_account_is_served_at_once(world: &World) {
    let deal = Side::Salesforce.complete();
    let others = world.digests().len();
    assert_eq!(world.hears(&Side::Salesforce.wins(&world.sandbox, deal)).await, 200);
    must("a task", Side::Salesforce.has_task(&world.sandbox, deal)).await;
    world.eventually("a digest in its channel", async || world.digests().len() > others).await;
}

/// Until every deal of both accounts has its one digest.
async fn everything_is_handed_over(mut world: World, deals: &[String]) {
    world
        .eventually("every deal is handed over", async || {
            world.passes(std::time::Duration::from_secs(1));
            world.open_work().await.is_empty() && world.digests().len() == deals.len() + 1
        })
        .await;
    for deal in deals {
        assert_eq!(world.tasks_on(deal).len(), 1, "{deal}");
    }
    for _ in 0..=deals.len() {
        world.next_digest().await;
    }
    world.end().await;
}

async fn a_portal_at_its_limit_does_not_delay_another_account() {
    let world = with_one_worker(5).await;
    let mark = Side::Hubspot.mark(&world.sandbox);
    let deals = wins_many(&world, 6).await;
    let calls = || Side::Hubspot.calls_since(&world.sandbox, mark).len();
    world.eventually("the portal has all the calls of a window", async || calls() == 5).await;
    another_account_is_served_at_once(&world).await;
    assert_eq!(calls(), 5, "the portal's next window has not begun");
    everything_is_handed_over(world, &deals).await;
}

async fn a_channel_with_many_digests_does_not_delay_another_channel() {
    let world = with_one_worker(250).await;
    let deals = wins_many(&world, 12).await;
    world
        .eventually("every task is there, and the digests wait for their channel", async || {
            let waiting = world.open_work().await;
            world.packets().await.len() == deals.len()
                && waiting.iter().all(|line| line.contains("slack_digest"))
        })
        .await;
    another_account_is_served_at_once(&world).await;
    assert!(world.digests().len() < deals.len(), "most of the channel's digests have not had their turn");
    everything_is_handed_over(world, &deals).await;
}

async fn a_refusal_between_failures_does_not_hide_that_a_portal_is_dead() {
    // Nothing is tried twice, so that each answer below is one deal's.
    let work = WORK.replace("first_retry = \"2s\"", "first_retry = \"10m\"");
    let mut world = World::without_service(Side::Hubspot, &work);
    world.starts().await;
    for (number, answer) in [503, 503, 503, 400, 503].into_iter().enumerate() {
        assert!(
            world.service().app.store.pauses().await.unwrap().is_empty(),
            "four failures have to come first"
        );
        let deal = (302_000_000_000 + number).to_string();
        let read = format!("GET /crm/objects/*/deals/{deal}");
        let body = json!({"status": "error", "category": "ANY"});
        let fault = Fault::Refuse(Answer::json(answer, &body));
        world.sandbox.hubspot.fails(&read, fault, Times::UntilCleared);
        assert_eq!(world.hubspot_sends(&wins(&world, &deal)).await, 200);
        world
            .eventually("the answer is written down", async || {
                let work = world.open_work().await;
                work.iter().any(|line| line.contains(&deal) && line.contains(&answer.to_string()))
            })
            .await;
    }
    let pause = world.pause().await;
    assert!(pause.reason.starts_with("several calls in a row failed"), "{}", pause.reason);
    world.leaves_work();
    world.end().await;
}

/// A process whose configuration lacks the account, as an old replica's does in a rolling update.
async fn work_of_an_account_waits_for_who_knows_it(side: Side, database: &TestDatabase) {
    let other = if side == Side::Hubspot { Side::Salesforce } else { Side::Hubspot };
    let mut world = World::without_service(side, crate::world::WORK);
    world.keeps_its_store_at(database);
    let whole = std::fs::read_to_string(&world.installation.config).unwrap();
    let (before, block) = whole.split_once(&format!("[[{}]]", side.name())).unwrap();
    let end = block.find("\n[[").or(block.find("\n[slack]")).unwrap();
    let without_it = format!("{before}{}", &block[end..]);

    // Its task is refused for a while, and another deal of it is only announced.
    world.starts().await;
    world.crm_fails(side.create_task(), side.busy(), Times::UntilCleared);
    world.closes_deal(side.complete()).await;
    world.next_digest().await;
    world.eventually("the task was tried", async || !world.attempts(CrmTask).await.is_empty()).await;
    world.stops().await;
    world.crm_recovers();

    std::fs::write(&world.installation.config, &without_it).unwrap();
    world.starts().await;
    let announced = handoff_bridge::crm::Event {
        deal: format!("{}:{}", side.account(), side.half_empty()).parse().unwrap(),
        kind: handoff_bridge::crm::EventKind::Requested,
        dedupe_key: "announced".to_owned(),
        provider_id: "1".to_owned(),
        occurred_at: None,
        verification: "signed".to_owned(),
    };
    world.wins(side.half_empty());
    world.service().app.store.record(vec![announced]).await.unwrap();
    // What the process knows goes on meanwhile.
    for (deal, hours) in [(other.complete(), 1), (other.half_empty(), 24)] {
        world.passes(hours * std::time::Duration::from_hours(1));
        assert_eq!(world.hears(&other.wins(&world.sandbox, deal)).await, 200);
        world.next_digest().await;
    }
    world
        .eventually("only the account's own work is left", async || world.open_work().await.len() == 2)
        .await;
    let mut left = world.open_work().await;
    left.sort();
    assert!(left[0].ends_with("waiting None") && left[1].ends_with("crm_task waiting"), "{left:?}");
    world.stops().await;

    std::fs::write(&world.installation.config, &whole).unwrap();
    world.starts().await;
    world.next_digest().await;
    world.settles().await;
    for deal in [side.complete(), side.half_empty()] {
        assert_eq!(world.tasks_on(deal).len(), 1, "{deal}");
    }
    world.end().await;
}
