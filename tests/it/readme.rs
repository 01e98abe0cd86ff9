//! What the README shows is what the program prints today.

use std::path::Path;

use handoff_bridge::clock::Clock;
use libtest_mimic::Trial;
use tokio::process::Command;

use crate::process::handoff;
use crate::side::Side;
use crate::tests;
use crate::world::{PINEBROOK, WORK, World};

pub fn trials() -> Vec<Trial> {
    tests![its_digest_is_the_digest_of_that_deal, its_mistakes_are_told_in_these_words]
}

/// The text between two marks of the README, without its fence.
fn shown(mark: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, behind) = readme.split_once(&format!("<!-- {mark} -->\n```text\n")).expect("the mark");
    let (text, _) = behind.split_once("```\n").expect("the end of the fence");
    text.to_owned()
}

async fn out(mut command: Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn its_digest_is_the_digest_of_that_deal() {
    let clock = Clock::running_from("2026-11-22T09:00:00Z".parse().unwrap());
    let world = World::on(Side::Hubspot, clock, WORK);
    world.wins(PINEBROOK);
    let config = world.installation.config.to_str().unwrap();
    let record = world.directory.path().join("pinebrook.json");
    let fetched = out(handoff(&["fetch", "--deal", PINEBROOK, "--account", "48210077", "--config", config]));
    std::fs::write(&record, fetched.await).unwrap();
    let record = record.to_str().unwrap();
    let as_of = "2026-11-22T09:00:00Z";
    let preview = ["preview", "--mapping", "mappings/hubspot.yaml", "--record", record, "--as-of", as_of];
    let printed = out(handoff(&preview)).await;
    let (_, digest) = printed.split_once("── Digest in Slack channel").expect("a digest");
    let (_, digest) = digest.split_once('\n').expect("its text");

    assert_eq!(digest, shown("digest"));
    world.end().await;
}

async fn its_mistakes_are_told_in_these_words() {
    let directory = tempfile::tempdir().unwrap();
    let broken =
        [("  promises:", "  promisses:"), ("deal.amount, at_least: 50000", "deal.amount, at_leest: 50000")];
    let mut mapping = std::fs::read_to_string("mappings/hubspot.yaml").unwrap();
    for (right, wrong) in broken {
        assert!(mapping.contains(right), "{right}");
        mapping = mapping.replacen(right, wrong, 1);
    }
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("mappings/hubspot.yaml", &mapping);
    write("config/handoff.toml", include_str!("../../config/handoff.toml"));
    let mut command = handoff(&["check"]);
    let secrets = ["HUBSPOT_CLIENT_SECRET", "HUBSPOT_TOKEN", "SLACK_BOT_TOKEN"];
    let output = command
        .current_dir(directory.path())
        .envs(secrets.map(|name| (name, "no-secret-but-long-enough")))
        .output();
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), shown("check"));
}
