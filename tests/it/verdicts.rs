//! Somebody says that a flag was wrong, and asks how often that happens.

use libtest_mimic::Trial;
use serde_json::Value;

use crate::command_line::{Said, json, said};
use crate::scenarios;
use crate::world::{NORTHLIGHT, PINEBROOK, World};

pub fn trials() -> Vec<Trial> {
    scenarios![Hubspot:
        a_wrong_flag_is_dismissed_and_that_is_taken_back,
        what_cannot_be_dismissed_says_what_to_type,
        packets_and_rules_are_counted,
        a_record_is_shown_until_it_is_deleted,
    ]
}

/// A packet that lacks most of it, delivered.
async fn half_empty_packet(world: &mut World) -> String {
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.settles().await;
    world.packets().await[0].packet_id.clone()
}

/// The command with this world's configuration.
async fn asks(world: &World, arguments: &[&str]) -> Said {
    let config = world.installation.config.to_str().unwrap();
    said(&[arguments, &["--config", config]].concat()).await
}

/// What was said, without what differs from run to run.
fn told(world: &World, text: &str, packet: &str) -> String {
    let config = world.installation.config.display().to_string();
    text.replace(packet, "pkt_PINEBROOK").replace(&config, "handoff.toml")
}

async fn shown_gap(world: &World, packet: &str, section: &str) -> Value {
    let shown = json(&asks(world, &["show", packet, "--json"]).await.out);
    let gaps = shown["gaps"].as_array().unwrap();
    gaps.iter().find(|gap| gap["section"] == section).unwrap().clone()
}

async fn a_wrong_flag_is_dismissed_and_that_is_taken_back(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let (digests, tasks) = (world.digests().len(), world.tasks_on(PINEBROOK).len());
    let dismiss = ["dismiss", &packet, "placeholder", "--section", "promises"];
    let dismissed =
        asks(world, &[&dismiss[..], &["--reason", "They are in\nthe \u{202e}call notes"]].concat()).await;
    insta::assert_snapshot!(told(world, &dismissed.out, &packet), @"
    dismissed: placeholder of promises in pkt_PINEBROOK: They are in the call notes
    What was posted stays as it is.
    ");
    assert_eq!(
        shown_gap(world, &packet, "promises").await["dismissed"]["reason"],
        "They are in the call notes"
    );
    assert!(shown_gap(world, &packet, "buying_reason").await["dismissed"].is_null());

    let again = asks(world, &[&dismiss[..], &["--reason", "Agreed on the phone"]].concat()).await;
    insta::assert_snapshot!(told(world, &again.out, &packet), @"dismissed already, with another reason now: placeholder of promises in pkt_PINEBROOK: Agreed on the phone");
    let shown = asks(world, &["show", &packet]).await.out;
    assert!(shown.contains("dismissed: placeholder of promises, "), "{shown}");
    assert!(shown.contains("\n  Agreed on the phone\n") && !shown.contains("in the call notes"), "{shown}");

    let undo = [&dismiss[..], &["--undo"]].concat();
    insta::assert_snapshot!(told(world, &asks(world, &undo).await.out, &packet), @"placeholder of promises in pkt_PINEBROOK counts again");
    assert!(shown_gap(world, &packet, "promises").await["dismissed"].is_null());
    let twice = asks(world, &undo).await;
    assert_eq!(twice.status, 1);
    insta::assert_snapshot!(told(world, &twice.err, &packet), @"handoff: placeholder of promises was not dismissed: nothing to take back");
    assert_eq!(
        (world.digests().len(), world.tasks_on(PINEBROOK).len()),
        (digests, tasks),
        "nothing is posted"
    );
}

async fn what_cannot_be_dismissed_says_what_to_type(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let mistyped = packet.replace("pkt_", "ptk_");
    let mut told_all = Vec::new();
    for arguments in [
        &["dismiss", &packet, "placeholder", "--reason", "x"][..],
        &["dismiss", &packet, "placeholder", "--undo"],
        &["dismiss", &packet, "placehodler", "--reason", "x"],
        &["dismiss", &packet, "empty", "--section", "promises", "--reason", "x"],
        &["dismiss", "pkt_nothing", "empty", "--reason", "x"],
        &["dismiss", &packet, "empty", "--reason", " \u{202e} "],
        &["dismiss", &packet, "empty", "--reason", &"x".repeat(501)],
    ] {
        let refused = asks(world, arguments).await;
        assert_eq!((refused.status, refused.out.as_str()), (1, ""), "{arguments:?}");
        told_all.push(told(world, &refused.err, &packet));
    }
    insta::assert_snapshot!(told_all.join("\n"), @r#"
    handoff: pkt_PINEBROOK has placeholder in several sections. Type one of these:
      handoff dismiss pkt_PINEBROOK placeholder --section buying_reason --reason "…" --config handoff.toml
      handoff dismiss pkt_PINEBROOK placeholder --section promises --reason "…" --config handoff.toml

    handoff: pkt_PINEBROOK has placeholder in several sections. Type one of these:
      handoff dismiss pkt_PINEBROOK placeholder --section buying_reason --undo --config handoff.toml
      handoff dismiss pkt_PINEBROOK placeholder --section promises --undo --config handoff.toml

    handoff: pkt_PINEBROOK has no gap placehodler; did you mean placeholder?
    It has:
      buying_reason    placeholder
      stakeholders     role_missing:evaluator
      stakeholders     role_missing:blocker
      promises         placeholder
      risks            empty
      first_value      no_date

    handoff: pkt_PINEBROOK has no gap empty in promises
    It has:
      buying_reason    placeholder
      stakeholders     role_missing:evaluator
      stakeholders     role_missing:blocker
      promises         placeholder
      risks            empty
      first_value      no_date

    handoff: there is no packet pkt_nothing

    handoff: the reason is empty: say in a few words why the flag was wrong

    handoff: the reason has 501 characters: 500 are the most
    "#);
    for command in [&["dismiss", &mistyped, "empty", "--reason", "x"][..], &["show", &mistyped]] {
        let near = asks(world, command).await;
        assert_eq!(near.err, format!("handoff: there is no packet {mistyped}; did you mean {packet}?\n"));
    }
    let without_reason = asks(world, &["dismiss", &packet, "empty"]).await;
    assert_eq!(without_reason.status, 2);
    assert!(without_reason.err.contains("--reason <TEXT>"), "{}", without_reason.err);
}

async fn packets_and_rules_are_counted(world: &mut World) {
    let none = asks(world, &["stats", "--since", "3650d"]).await;
    insta::assert_snapshot!(none.out, @"No packets in the last 3650 days. Each won deal adds one; `handoff list` shows what is on its way. Leave out --since to count all of them.");
    let packet = half_empty_packet(world).await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    let reason = ["--section", "promises", "--reason", "None were made"];
    asks(world, &[&["dismiss", packet.as_str(), "placeholder"][..], &reason].concat()).await;
    insta::assert_snapshot!(asks(world, &["stats"]).await.out, @"
    2 packets, 1 complete at close (50 %)

    Complete   packets  of  share
    after 1 d        1   2   50 %
    after 3 d        1   2   50 %
    after 7 d        1   2   50 %
    now              1   2   50 %

    Open for        gaps
    under a day        0
    1 to 3 days        0
    3 to 7 days        0
    a week or more     5

    Section        gaps  hints
    buying_reason     1      0
    stakeholders      2      0
    promises          1      0
    risks             1      0
    first_value       1      0

    Kind                    gaps  hints
    placeholder                2      0
    empty                      1      0
    no_date                    1      0
    role_missing:blocker       1      0
    role_missing:evaluator     1      0

    Field                          gaps  hints
    deal.closed_won_reason            1      0
    deal.handoff_first_value_date     1      0
    deal.handoff_promises             1      0
    deal.handoff_risks                1      0

    Rule          raised  dismissed  precision
    placeholder        2          1       50 %
    role_missing       2          0      100 %
    empty              1          0      100 %
    no_date            1          0      100 %

    Stage    raised  dismissed  precision
    certain       6          1       83 %

    Seller  deals  packets  complete  gaps  gaps a packet
    others      2        2         1     5            2.5
    ");
    let stats = json(&asks(world, &["stats", "--json", "--since", "3650d"]).await.out);
    assert_eq!((&stats["packets"], &stats["complete_at_close"]), (&2.into(), &1.into()));
    assert_eq!(stats["sellers"], serde_json::json!([]), "nobody is named for two deals");
    assert_eq!(
        stats["stages"],
        serde_json::json!([{"stage": "certain", "raised": 6, "dismissed": 1, "precision": 0.833}])
    );
    let label = json(&asks(world, &["labels"]).await.out);
    let text = "see call notes";
    assert_eq!(
        (&label["section"], &label["text"], &label["label"]),
        (&"promises".into(), &text.into(), &"ok".into()),
        "what was dismissed is an answer"
    );
    let wrong = asks(world, &["stats", "--since", "a month"]).await;
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("write a number of days, such as 30d"), "{}", wrong.err);
}

async fn a_record_is_shown_until_it_is_deleted(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let shown = asks(world, &["show", &packet]).await.out;
    let mapping = world.installation.mapping.display().to_string();
    let version = &world.service().app.accounts.values().next().unwrap().mapping().version;
    assert!(shown.contains(&format!("made by {mapping} ({version}) at ")), "{shown}");
    assert!(shown.contains("deal record kept until 2026-12-20T"), "{shown}");

    let record = asks(world, &["show", &packet, "--record"]).await.out;
    let saved = world.directory.path().join("record.json");
    std::fs::write(&saved, &record).unwrap();
    let (saved, as_of) = (saved.to_str().unwrap(), world.packets().await[0].created_at.to_string());
    let preview =
        said(&["preview", "--mapping", &mapping, "--record", saved, "--as-of", &as_of, "--format", "json"])
            .await;
    let packet_json: Value = serde_json::from_str(&world.packets().await[0].packet).unwrap();
    assert_eq!(json(&preview.out)["sections"], packet_json["sections"]);

    world.service().app.store.purge_records(world.now()).await.unwrap();
    let shown = asks(world, &["show", &packet]).await;
    assert_eq!(shown.status, 0, "{}", shown.err);
    assert!(shown.out.contains("deal record deleted at 2026-11-20T"), "{}", shown.out);
    assert!(json(&asks(world, &["show", &packet, "--json"]).await.out)["record_deleted_at"].is_string());
    let gone = asks(world, &["show", &packet, "--record"]).await;
    assert_eq!(gone.status, 1);
    assert!(gone.err.contains("(record_days in the configuration)"), "{}", gone.err);
}
