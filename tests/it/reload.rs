//! RevOps changes a mapping while the service runs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use handoff_bridge::worker::reload::reload;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::side::Side;
use crate::world::{NORTHLIGHT, PINEBROOK, WORK, World};
use crate::{scenarios, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        a_changed_mapping_is_taken_over_while_the_service_runs,
        a_broken_mapping_never_replaces_the_running_one_and_is_told,
        a_mapping_for_the_other_crm_never_replaces_the_running_one,
        a_service_does_not_start_on_a_broken_mapping,
    ];
    trials.extend(tests![the_log_says_once_what_changed_and_for_whom]);
    trials
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
    let detail: Value = serde_json::from_str(&readiness(world).await).unwrap();
    let refused = &detail["refused_mappings"][0];
    let file = world.installation.mapping.display().to_string();
    assert_eq!(refused["file"], file.as_str());
    assert_eq!(refused["running"], before.as_str());
    assert!(refused["refused"].as_str().unwrap().starts_with("sha256:"), "{refused}");
    assert_eq!(refused["accounts"], serde_json::json!([world.side.account()]));
    let place = refused["problems"][0].as_str().unwrap();
    assert!(place.starts_with(&format!("{file}:")) && place.ends_with(":3"), "{place}");
    assert!(!detail.to_string().contains("promisses"), "what stands in the file is not told to everybody");
    assert_eq!(refusals(world), ["handoff_mapping_reloads_total{outcome=\"refused\"} 1"]);
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;

    change(world, "  promisses:", "  promises:");
    world.eventually("all is well again", async || !readiness(world).await.contains("hubspot.yaml")).await;
    assert_eq!(version_running(world), before);
}

fn refusals(world: &World) -> Vec<String> {
    let metrics = world.service().app.metrics.render();
    let lines = metrics.lines().filter(|line| line.starts_with("handoff_mapping_reloads_total"));
    lines.filter(|line| line.contains("refused")).map(ToOwned::to_owned).collect()
}

async fn a_mapping_for_the_other_crm_never_replaces_the_running_one(world: &mut World) {
    let before = version_running(world);
    std::fs::copy(&world.installation.salesforce_mapping, &world.installation.mapping).unwrap();
    world.eventually("the refusal is told", async || !refusals(world).is_empty()).await;
    assert_eq!(version_running(world), before);
}

/// Where a logger writes to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines that one look at the mapping files adds to the log.
fn logged(world: &World) -> Vec<Value> {
    let log = Log::default();
    let writer = log.clone();
    let logger = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(logger, || reload(&world.service().app.worker));
    let bytes = log.0.lock().unwrap();
    let lines = std::str::from_utf8(&bytes).unwrap().lines();
    lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].clone()).collect()
}

async fn the_log_says_once_what_changed_and_for_whom() {
    // Two portals of one mapping; nobody but this test looks at the file.
    let mut world =
        World::without_service(Side::Hubspot, &WORK.replace("reload = \"100ms\"", "reload = \"1d\""));
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let start = config.find("[[hubspot]]").unwrap();
    let end = start + 1 + config[start + 1..].find("\n[").map_or(config.len() - start - 1, |end| end + 1);
    let second = config[start..end].replace(handoff_sandbox::deals::PORTAL, "99");
    std::fs::write(&world.installation.config, format!("{config}\n{second}")).unwrap();
    world.starts().await;
    assert_eq!(logged(&world), [Value::Null; 0]);

    let old = version_running(&world);
    change(&world, "channel: C0123ABCD", "channel: C0ENTERPR");
    let lines = logged(&world);
    let new = version_running(&world);
    let file = world.installation.mapping.display().to_string();
    let accounts = format!("{}, hubspot:99", Side::Hubspot.account());
    assert_eq!(
        lines,
        [
            serde_json::json!({"message": "mapping loaded", "file": file, "old": old, "new": new, "accounts": accounts})
        ]
    );
    assert_ne!(old, new);

    change(&world, "  promises:", "  promisses:");
    let lines = logged(&world);
    assert_eq!(lines.len(), 1, "once for both accounts: {lines:?}");
    let (line, message) = (&lines[0], lines[0]["message"].as_str().unwrap());
    assert_eq!(
        (line["running"].as_str(), line["accounts"].as_str()),
        (Some(new.as_str()), Some(accounts.as_str()))
    );
    assert!(message.contains(&format!("--> {file}:")) && message.contains("`promisses`"), "{message}");
    assert_eq!(logged(&world), [Value::Null; 0], "it is not told again");
    assert_eq!(refusals(&world), ["handoff_mapping_reloads_total{outcome=\"refused\"} 1"]);
    world.end().await;
}

async fn a_service_does_not_start_on_a_broken_mapping(world: &mut World) {
    world.stops().await;
    change(world, "  promises:", "  promisses:");
    let report = handoff_bridge::commands::check::check(
        &world.installation.config,
        &handoff_bridge::demo::Installation::secret,
    );
    assert!(!report.is_clean());
    let text = report.to_string();
    assert!(text.contains("promisses") && text.contains("promises"), "{text}");
}
