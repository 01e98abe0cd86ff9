//! One destination is dead and holds its callers for as long as they wait: the others do not notice.
//!
//! Calls may take seven seconds, and nothing in a scenario may take longer than thirty: whoever had to wait for
//! the dead one's turn after turn would be too late.

use handoff_bridge::delivery::Destination::CrmTask;
use handoff_bridge::sandbox::deals::PORTAL;
use handoff_bridge::sandbox::hubspot::Kind;
use handoff_bridge::sandbox::{Fault, Platform as _, Times};
use handoff_bridge::store::DeliveryState;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::named;
use crate::side::Side;
use crate::world::{World, must, told};

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
    stories![
        a_slack_that_hangs_delays_no_task_and_hears_of_every_win_once,
        a_portal_that_hangs_does_not_delay_another_account,
    ]
}

/// Many deals are won, and one webhook tells of all of them.
async fn wins_many(world: &World) -> Vec<String> {
    let deals: Vec<String> = (0..WINS).map(|n| (302_000_000_000 + n).to_string()).collect();
    let events: Vec<Value> = world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().calls_per_10s = 1_000_000;
        let win = |deal: &String| {
            let values = [
                ("dealname", "One of many"),
                ("amount", "900"),
                ("pipeline", "default"),
                ("dealstage", "closedwon"),
                ("hubspot_owner_id", "70000002"),
            ];
            hubspot.creates_deal(PORTAL, deal, &values).unwrap()
        };
        deals.iter().flat_map(win).collect()
    });
    for batch in events.chunks(100) {
        assert_eq!(world.hubspot_sends(batch).await, 200);
    }
    deals
}

async fn a_slack_that_hangs_delays_no_task_and_hears_of_every_win_once(world: &mut World) {
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::HangBefore, Times::UntilCleared);
    let deals = wins_many(world).await;
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
    let deals = wins_many(world).await;
    let hung = world.sandbox.hubspot.until(|hubspot| hubspot.desk().faults.hung() > 1);
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
