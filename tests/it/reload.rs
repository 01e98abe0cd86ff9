//! RevOps changes a mapping while the service runs.

use libtest_mimic::Trial;

use crate::scenarios;
use crate::world::{NORTHLIGHT, PINEBROOK, World};

pub fn trials() -> Vec<Trial> {
    scenarios![Hubspot:
        a_changed_mapping_is_taken_over_while_the_service_runs,
        a_broken_mapping_never_replaces_the_running_one_and_is_told,
        a_service_does_not_start_on_a_broken_mapping,
    ]
}

fn change(world: &World, from: &str, to: &str) {
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let changed = mapping.replace(from, to);
    assert_ne!(mapping, changed, "the mapping does not say {from}");
    std::fs::write(&world.installation.mapping, changed).unwrap();
}

async fn readiness(world: &World) -> String {
    let address = world.service().operator_address.unwrap();
    reqwest::get(format!("http://{address}/readyz")).await.unwrap().text().await.unwrap()
}

fn version_running(world: &World) -> String {
    let accounts = &world.service().app.accounts;
    accounts.values().next().unwrap().mapping().version.clone()
}

async fn a_changed_mapping_is_taken_over_while_the_service_runs(world: &mut World) {
    let before = version_running(world);
    change(world, "channel: C0123ABCD", "channel: C0ENTERPR");
    world.eventually("the mapping is taken over", async || version_running(world) != before).await;
    world.closes_deal(PINEBROOK).await;
    assert_eq!(world.next_digest().await.channel, "C0ENTERPR");
}

async fn a_broken_mapping_never_replaces_the_running_one_and_is_told(world: &mut World) {
    let before = version_running(world);
    change(world, "  promises:", "  promisses:");
    world.eventually("the refusal is told", async || readiness(world).await.contains("hubspot.yaml")).await;
    assert_eq!(version_running(world), before);
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;

    change(world, "  promisses:", "  promises:");
    world.eventually("all is well again", async || !readiness(world).await.contains("hubspot.yaml")).await;
    assert_eq!(version_running(world), before);
}

async fn a_service_does_not_start_on_a_broken_mapping(world: &mut World) {
    world.stops().await;
    change(world, "  promises:", "  promisses:");
    let report = handoff_bridge::commands::check::check(
        &world.installation.config,
        &handoff_bridge::sandbox::installation::Installation::secret,
    );
    assert!(!report.is_clean());
    let text = report.to_string();
    assert!(text.contains("promisses") && text.contains("promises"), "{text}");
}
