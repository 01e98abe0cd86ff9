//! Start here. A deal is won; customer success finds a task on it and a digest in Slack.
//!
//! Every scenario of this directory reads like this one. It gets a [`World`]: a HubSpot portal, a Salesforce
//! organisation and a Slack workspace that remember what was asked of them, and the service between them, as
//! `handoff serve` starts it. What a CRM does differently is in [`Side`]. When the scenario is over, the world must be
//! tidy: no work left, no digest that nobody looked at, no request that the real HubSpot, Salesforce or Slack would
//! refuse.
//!
//! Where to go next:
//!
//! - `announcements`: one win, told in many ways and many times; still one packet, one task, one digest.
//! - `receive` and `salesforce`: what is let in, and what the sender hears.
//! - `faults`: answers that are lost, late, cut or refused. `kill`: the process dies at each step.
//! - `catch_up`: wins that no webhook told of. `invariants`: what must hold whatever happens.
//! - `verdicts`, `settle`, `operator`, `doctor`: what people do about it afterwards.
//!
//! What stands in a packet is told elsewhere: `tests/deals.rs` holds twenty deals with what becomes of them.

use libtest_mimic::Trial;

use crate::scenarios;
use crate::side::Side;
use crate::world::World;

pub fn trials() -> Vec<Trial> {
    scenarios![both engines, Hubspot, Salesforce: a_won_deal_becomes_a_task_and_a_digest]
}

async fn a_won_deal_becomes_a_task_and_a_digest(world: &mut World) {
    let deal = world.side.complete();
    let customer = match world.side {
        Side::Hubspot => "Northlight Foods",
        Side::Salesforce => "Fjellvik Seafoods",
    };
    // The seller moves the deal to its won stage; the CRM says so in a signed webhook, and hears 200.
    world.closes_deal(deal).await;

    let task = world.task_on(deal).await;
    assert_eq!(task.subject, format!("Handoff ready: {customer}"));
    let digest = world.next_digest().await;
    assert!(digest.text.starts_with(&format!("{customer} · ")), "{}", digest.text);
    assert!(digest.text.contains("\nComplete. "), "all six sections: {}", digest.text);
    let shown = serde_json::to_string(&digest.blocks).unwrap();
    assert!(shown.contains(&task.id), "it links to the task: {shown}");

    world.settles().await;
    assert_eq!(world.packets().await.len(), 1, "one packet");
    assert_eq!(world.tasks_on(deal).len(), 1, "one task");
    assert_eq!(world.digests().len(), 1, "one digest");
    assert_eq!(world.packets().await[0].deal, format!("{}:{deal}", world.side.account()));
}
