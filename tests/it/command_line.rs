//! What somebody sees who types `handoff …`.

use handoff_bridge::crm::{Event, EventKind};
use handoff_bridge::demo::HUBSPOT_MAPPING;
use handoff_sandbox::hubspot::Kind;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::process::handoff;
use crate::world::{NORTHLIGHT, World, ZAZOLC};
use crate::{scenarios, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        a_packet_can_be_listed_shown_and_traced,
        a_real_deal_can_be_fetched_and_previewed,
        a_preview_explains_a_real_deal_and_only_reads,
        replaying_what_is_not_dead_says_so,
        no_command_lets_crm_text_drive_the_terminal,
        a_reader_that_has_gone_away_ends_no_command,
    ];
    trials.extend(tests![
        output_that_cannot_be_written_is_a_failure,
        a_bad_installation_is_refused_with_file_and_line,
        the_shipped_files_pass_check
    ]);
    trials
}

pub struct Said {
    pub status: i32,
    pub out: String,
    pub err: String,
}

pub async fn said(arguments: &[&str]) -> Said {
    let output = handoff(arguments).output().await.unwrap();
    Said {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn a_packet_can_be_listed_shown_and_traced(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    let config = world.installation.config.to_str().unwrap();

    let list = json(&said(&["list", "--json", "--config", config]).await.out);
    let packet = list["wins"][0]["packet_id"].as_str().unwrap().to_owned();
    let shown = json(&said(&["show", &packet, "--json", "--config", config]).await.out);
    assert_eq!(shown["packet_id"], packet.as_str());
    assert_eq!(shown["deal"]["name"], "Northlight Foods: route planning, 3 depots");
    assert_eq!(shown["deliveries"][0]["attempts"][0]["outcome"], "delivered");

    let events = json(&said(&["events", "--json", "--config", config]).await.out);
    assert_eq!(events[0]["verification"], "signed(hubspot-v3, key 1)");
    assert_eq!(events[0]["outcome"], format!("packet {packet}"));

    for command in [&["list"][..], &["events"], &["show", &packet]] {
        let plain = said(&[command, &["--config", config]].concat()).await;
        assert_eq!(plain.status, 0, "{}", plain.err);
        assert!(plain.out.contains("48210077"), "{}", plain.out);
    }
    let missing = said(&["show", "pkt_000000000000", "--config", config]).await;
    assert_eq!(missing.status, 1);
    assert_eq!(missing.err, "handoff: there is no packet pkt_000000000000\n");
}

async fn a_real_deal_can_be_fetched_and_previewed(world: &mut World) {
    let config = world.installation.config.to_str().unwrap();
    let mapping = world.installation.mapping.to_str().unwrap();
    let fetched = said(&["fetch", "--deal", NORTHLIGHT, "--account", "48210077", "--config", config]).await;
    assert_eq!(fetched.status, 0, "{}", fetched.err);
    let record = world.directory.path().join("northlight.json");
    std::fs::write(&record, &fetched.out).unwrap();

    let as_of = "2026-11-20T08:00:00Z";
    let record = record.to_str().unwrap();
    let preview = |format: &'static str| {
        let arguments =
            ["preview", "--mapping", mapping, "--record", record, "--as-of", as_of, "--format", format];
        async move { said(&arguments).await }
    };
    let packet = json(&preview("json").await.out);
    assert_eq!(packet["crm"], "hubspot");
    assert_eq!(packet["as_of"], as_of);
    assert_eq!(packet["sections"]["promises"]["entries"][0]["source"], "deal.handoff_promises");
    assert!(json(&preview("slack").await.out)["blocks"].is_array());
    assert!(preview("task").await.out.contains("Northlight Foods"));
    assert!(preview("text").await.out.contains("[deal.handoff_why_now]"));

    let live = said(&[
        "preview",
        "--mapping",
        mapping,
        "--deal",
        NORTHLIGHT,
        "--account",
        "48210077",
        "--config",
        config,
        "--as-of",
        as_of,
        "--format",
        "json",
    ])
    .await;
    let mut live = json(&live.out);
    let mut saved = packet;
    for packet in [&mut live, &mut saved] {
        packet["packet_id"].take();
    }
    assert_eq!(live, saved, "a saved record gives the packet of the real deal");
    assert!(world.tasks_on(NORTHLIGHT).is_empty(), "a preview sends nothing");

    let missing = said(&["fetch", "--deal", "1", "--account", "48210077", "--config", config]).await;
    assert_eq!(missing.status, 1);
    assert_eq!(missing.err, "handoff: hubspot:48210077 has no deal 1\n");
}

async fn a_preview_explains_a_real_deal_and_only_reads(world: &mut World) {
    let config = world.installation.config.to_str().unwrap();
    let mapping = world.installation.mapping.to_str().unwrap();
    let (crm, slack) = (world.side.mark(&world.sandbox), world.sandbox.slack.log().mark());

    let deal = ["--deal", NORTHLIGHT, "--account", "48210077"];
    let preview =
        [&["preview", "--mapping", mapping, "--config", config, "--explain"][..], &deal[..]].concat();
    let explained = said(&preview).await;
    assert_eq!(explained.status, 0, "{}", explained.err);
    assert!(explained.out.contains("Why: Why now"), "{}", explained.out);

    let calls = world.side.calls_since(&world.sandbox, crm);
    let is_read = |call: &&String| call.starts_with("GET ") || call.ends_with("/batch/read");
    assert!(!calls.is_empty() && calls.iter().filter(|call| !is_read(call)).count() == 0, "{calls:?}");
    assert!(world.sandbox.slack.log().calls_since(slack).is_empty());
    assert!(world.tasks_on(NORTHLIGHT).is_empty() && world.digests().is_empty());

    let other = said(&[&preview[..], &["--format", "json"]].concat()).await;
    assert_eq!(
        (other.status, other.err.as_str()),
        (1, "handoff: --explain explains the text: leave out --format\n")
    );
}

/// What a terminal would obey.
fn steering(text: &str) -> String {
    let harmless = |letter: &char| {
        matches!(letter, '\n' | '\t') || !(letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}'))
    };
    text.chars().filter(|letter| !harmless(letter)).collect()
}

async fn no_command_lets_crm_text_drive_the_terminal(world: &mut World) {
    const HOSTILE: &str = "\u{1b}[31mred\u{1b}]8;;x\u{7} \u{9b}2J over\rwritten \u{202e}txt";
    let now = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut("48210077").unwrap();
        portal.set(Kind::Deal, ZAZOLC, "dealname", HOSTILE, now);
    });
    world.closes_deal(ZAZOLC).await;
    world.next_digest().await;
    world.settles().await;
    let packet = world.packets().await.remove(0).packet_id;
    let hostile = Event {
        deal: "hubspot:48210077:400000000000".parse().unwrap(),
        kind: EventKind::StageChanged,
        dedupe_key: "hostile".to_owned(),
        provider_id: HOSTILE.to_owned(),
        occurred_at: None,
        verification: HOSTILE.to_owned(),
    };
    world.service().app.store.record(vec![hostile]).await.unwrap();
    let config = world.installation.config.to_str().unwrap();
    let mapping = world.installation.mapping.to_str().unwrap();
    let deal = ["--deal", ZAZOLC, "--account", "48210077"];
    for command in [
        &["events"][..],
        &["events", "--json"],
        &["list"],
        &["list", "--json"],
        &["show", &packet],
        &["show", &packet, "--json"],
        &["show", &packet, "--record"],
        &["fetch", deal[0], deal[1], deal[2], deal[3]],
        &["preview", "--mapping", mapping, deal[0], deal[1], deal[2], deal[3]],
        &["preview", "--mapping", mapping, "--format", "slack", deal[0], deal[1], deal[2], deal[3]],
        &["coverage", "--account", "48210077", "--last", "3"],
        &["stats"],
    ] {
        let said = said(&[command, &["--config", config]].concat()).await;
        assert_eq!(said.status, 0, "{command:?}: {}", said.err);
        assert_eq!(steering(&said.out), "", "{command:?}: {}", said.out);
        assert_eq!(steering(&said.err), "", "{command:?}: {}", said.err);
    }
    let events = json(&said(&["events", "--json", "--config", config]).await.out);
    assert_eq!(events[0]["provider_id"], HOSTILE, "JSON says what is there");
    world.leaves_work();
}

async fn a_reader_that_has_gone_away_ends_no_command(world: &mut World) {
    let config = world.installation.config.to_str().unwrap();
    let broken = world.directory.path().join("broken.toml");
    std::fs::write(&broken, "listen = 7\n").unwrap();
    let broken = broken.to_str().unwrap();
    for (command, status) in [
        (&["rules"][..], 0),
        (&["rules", "--json"], 0),
        (&["schema", "mapping"], 0),
        (&["events", "--config", config], 0),
        (&["list", "--config", config], 0),
        (&["stats", "--config", config], 0),
        (&["check", "--config", config], 0),
        (&["check", "--config", broken], 1),
        (&["show", "pkt_000000000000", "--config", config], 1),
        (&["doctor", "--config", broken], 1),
    ] {
        for everything in [false, true] {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            // Unlike tokio's, the standard library's `output` captures only what goes nowhere else.
            let mut process = handoff(command).into_std();
            process.stdout(writer.try_clone().unwrap());
            if everything {
                process.stderr(writer);
            }
            let output = process.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(status), "{command:?}: {said}");
            assert!(!said.contains("panicked"), "{command:?}: {said}");
        }
    }
}

async fn output_that_cannot_be_written_is_a_failure() {
    for command in
        [&["rules"][..], &["rules", "--json"], &["schema", "packet"], &["schema", "config"], &["check"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = handoff(command).into_std().stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.contains("cannot be written: No space left")),
            (Some(1), true),
            "{said}"
        );
    }
}

async fn replaying_what_is_not_dead_says_so(world: &mut World) {
    let config = world.installation.config.to_str().unwrap();
    let said = said(&["replay", "pkt_000000000000", "--config", config]).await;
    assert_eq!(said.status, 1);
    assert_eq!(said.err, "handoff: there is no packet pkt_000000000000\n");
}

async fn a_bad_installation_is_refused_with_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let (config, mapping) = (directory.path().join("handoff.toml"), directory.path().join("hubspot.yaml"));
    std::fs::write(&mapping, HUBSPOT_MAPPING.replace("  promises:", "  promisses:")).unwrap();
    let shipped = include_str!("../../config/handoff.toml")
        .replace("\"../mappings/hubspot.yaml\"", &format!("'{}'", mapping.display()))
        .replace("workers = 8", "wrokers = 8")
        .replace("HUBSPOT_TOKEN", "A_TOKEN_THAT_IS_NOT_SET");
    std::fs::write(&config, shipped).unwrap();
    for command in ["check", "serve"] {
        let said = said(&[command, "--config", config.to_str().unwrap()]).await;
        assert_eq!(said.status, 1);
        let text = said.err.replace(&directory.path().display().to_string(), "");
        assert!(text.contains("wrokers") && text.contains("workers"), "{text}");
        assert!(text.contains("A_TOKEN_THAT_IS_NOT_SET"), "{text}");
        assert!(text.contains("/hubspot.yaml:") && text.contains("promises"), "{text}");
    }
}

async fn the_shipped_files_pass_check() {
    let said = said(&["check", "--config", "config/handoff.toml"]).await;
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.ends_with("no problems\n"), "{}", said.out);
}
