//! Ambiguity has an end: a delivery that nobody can look up waits where people see it, until one of them decides.

use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::store::DeliveryState;
use handoff_bridge::store::Destination::SlackDigest;
use handoff_sandbox::deals::CHANNEL;
use handoff_sandbox::{Fault, Times};
use libtest_mimic::Trial;

use crate::command_line::{Said, said};
use crate::named;
use crate::side::Side;
use crate::world::{NORTHLIGHT, WORK, World, told};

const POST_MESSAGE: &str = "POST /api/chat.postMessage";
const HISTORY: &str = "GET /api/conversations.history";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

pub fn trials() -> Vec<Trial> {
    // The commands have the machine's clock, so the world begins at its time; it may run ahead.
    macro_rules! stories {
        ($($story:ident),* $(,)?) => {
            vec![$(told(named!($story), async || {
                let mut world = World::on(Side::Hubspot, Clock::running_from(Clock::machine().now()), WORK);
                $story(&mut world).await;
                world.end().await;
            })),*]
        };
    }
    stories![
        a_digest_that_nobody_can_look_up_waits_visibly_for_days,
        an_operator_says_that_it_is_there,
        an_operator_says_that_it_is_not_there,
        a_replay_looks_before_it_sends,
        nothing_is_settled_that_is_not_in_doubt,
        a_replay_through_an_incoming_webhook_is_a_decision,
    ]
}

/// The digest's post ended like this, and the channel's history fails until all tries are used up.
async fn in_doubt(world: &mut World, post: Fault) -> String {
    world.starts().await;
    world.sandbox.slack.fails(POST_MESSAGE, post, Times::Next(1));
    world.sandbox.slack.fails(HISTORY, Fault::status(500), Times::UntilCleared);
    world.closes_deal(NORTHLIGHT).await;
    world.waits_for(SlackDigest, DeliveryState::Held, HOUR).await;
    world.packets().await.remove(0).packet_id
}

async fn operator(world: &World, arguments: &[&str]) -> Said {
    said(&[arguments, &["--config", world.installation.config.to_str().unwrap()]].concat()).await
}

async fn a_digest_that_nobody_can_look_up_waits_visibly_for_days(world: &mut World) {
    let begun = world.now();
    let packet = in_doubt(world, Fault::DropAfter).await;
    assert!(world.now().duration_since(begun).as_secs() > 86_400, "it was looked up for more than a day");
    let mut attempts = world.attempts(SlackDigest).await;
    // What was put off before its call, on a machine that is busy with other stories, was no try.
    attempts.retain(|outcome| outcome != "postponed");
    // A try whose lease ran out while time passed has no end of its own.
    assert!((14..=16).contains(&attempts.len()), "{attempts:?}");
    assert!(attempts.iter().all(|outcome| outcome == "unknown"), "{attempts:?}");
    let mark = world.sandbox.slack.log().mark();
    world.passes(5 * DAY);
    let list = operator(world, &["list"]).await.out.replace(&packet, "PACKET");
    let lines: Vec<&str> = list.lines().skip(1).collect();
    assert!(lines[0].ends_with("crm_task done, slack_digest unknown outcome"), "{list}");
    insta::assert_snapshot!(lines[1].trim_start(), @"slack_digest is held: it may be in the channel, and nobody could tell. Look there, then say `handoff settle PACKET slack_digest --done` or `--not-done`; or let it be looked up once more with `handoff replay PACKET --only slack_digest`");
    let show = operator(world, &["show", &packet]).await.out;
    assert!(show.contains("slack_digest to C0123ABCD: unknown outcome, it may be there"), "{show}");
    assert!(show.contains(&format!("handoff settle {packet} slack_digest --done")), "{show}");
    assert!(
        world.sandbox.slack.log().calls_since(mark).is_empty(),
        "nothing is called while nobody has decided"
    );
    world.next_digest().await;
    assert_eq!(world.digests().len(), 1);
    world.leaves_work();
}

async fn an_operator_says_that_it_is_there(world: &mut World) {
    let packet = in_doubt(world, Fault::DropAfter).await;
    let ts = world.next_digest().await.ts;
    let id = format!("{CHANNEL}/{ts}");
    let done = operator(world, &["settle", &packet, "slack_digest", "--done", "--id", &id]).await;
    assert_eq!((done.status, done.err.as_str()), (0, ""));
    assert_eq!(done.out, format!("slack_digest of {packet} is done\n"));
    assert_eq!(world.delivery_state(SlackDigest).await, Some(DeliveryState::Done));
    assert_eq!(world.attempts(SlackDigest).await.last().map(String::as_str), Some("settled"));
    let show = operator(world, &["show", &packet]).await.out;
    assert!(show.contains("settled by operator: it is there") && show.contains(&id), "{show}");
    world.passes(DAY);
    world.settles().await;
    assert_eq!(world.digests().len(), 1);
}

async fn an_operator_says_that_it_is_not_there(world: &mut World) {
    let packet = in_doubt(world, Fault::DropBefore).await;
    assert!(world.digests().is_empty());
    let not_done = operator(world, &["settle", &packet, "slack_digest", "--not-done"]).await;
    assert_eq!((not_done.status, not_done.err.as_str()), (0, ""));
    world.next_digest().await;
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    let attempts = world.attempts(SlackDigest).await;
    assert_eq!(attempts[attempts.len() - 3..], ["unknown", "settled", "delivered"]);
    assert_eq!(world.digests().len(), 1);
}

async fn a_replay_looks_before_it_sends(world: &mut World) {
    let packet = in_doubt(world, Fault::DropAfter).await;
    world.next_digest().await;
    world.sandbox.slack.clear_faults();
    let replay = operator(world, &["replay", &packet]).await;
    assert_eq!((replay.status, replay.err.as_str()), (0, ""));
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    assert_eq!(world.attempts(SlackDigest).await.last().map(String::as_str), Some("found"));
    assert_eq!(world.digests().len(), 1, "the digest was there all the time");
}

async fn nothing_is_settled_that_is_not_in_doubt(world: &mut World) {
    world.starts().await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    let packet = world.packets().await.remove(0).packet_id;
    let refused = operator(world, &["settle", &packet, "crm_task", "--not-done"]).await;
    assert_eq!(refused.status, 1);
    assert_eq!(
        refused.err,
        format!(
            "handoff: there is nothing to settle about crm_task of {packet} (done): it is known to be there\n"
        )
    );
    let missing = operator(world, &["settle", "pkt_000000000000", "crm_task", "--done"]).await;
    assert_eq!(missing.err, "handoff: there is no packet pkt_000000000000\n");
    for wrong in [
        &["--done", "--not-done"][..],
        &[],
        &["--not-done", "--id", "9"],
        &["--done", "--url", "javascript:1"],
    ] {
        let said = operator(world, &[&["settle", &packet, "crm_task"], wrong].concat()).await;
        assert_eq!(said.status, 2, "{wrong:?}: {}", said.err);
    }
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
}

async fn a_replay_through_an_incoming_webhook_is_a_decision(world: &mut World) {
    let path = world.sandbox.slack.change(|slack| slack.add_webhook(CHANNEL));
    let address = world.sandbox.slack.api_url().replace("/api", &path);
    std::fs::write(world.directory.path().join("slack-webhook"), address).unwrap();
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let config =
        config.replace("bot_token_env = \"SLACK_BOT_TOKEN\"", "webhook_url_file = \"slack-webhook\"");
    std::fs::write(&world.installation.config, config).unwrap();
    world.sandbox.slack.fails("POST /services/*/*/*", Fault::DropBefore, Times::Next(1));
    world.starts().await;
    world.closes_deal(NORTHLIGHT).await;
    world.waits_for(SlackDigest, DeliveryState::Held, Duration::from_secs(1)).await;
    assert!(world.digests().is_empty());
    let packet = world.packets().await.remove(0).packet_id;
    for command in [&["list"][..], &["show", &packet]] {
        let told = operator(world, command).await.out;
        assert!(told.contains("cannot look either: like `--not-done` it posts once more"), "{told}");
        assert!(!told.contains("looked up once more"), "{told}");
    }
    let replay = operator(world, &["replay", &packet]).await;
    assert_eq!((replay.status, replay.err.as_str()), (0, ""));
    world.next_digest().await;
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    assert_eq!(world.attempts(SlackDigest).await, ["unknown", "unknown", "settled", "delivered"]);
}
