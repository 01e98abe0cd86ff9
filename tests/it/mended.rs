//! What an operator mends: a wrong channel, a person who is known by address only; and how they find what is stuck.

use handoff_bridge::clock::Clock;
use handoff_bridge::store::DeliveryState;
use handoff_bridge::store::Destination::{CrmTask, SlackDigest};
use handoff_sandbox::slack::Access;
use handoff_sandbox::{Fault, Times, deals, opportunities};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::command_line::{Said, json, said};
use crate::process::handoff;
use crate::side::Side;
use crate::test_database::Engine;
use crate::world::{WORK, World, told_on};
use crate::{named, scenarios};

pub fn trials() -> Vec<Trial> {
    // The commands have the machine's clock, so the world begins at its time.
    macro_rules! stories {
        ($($engine:ident: $($story:ident),+;)+) => {{
            let mut trials = Vec::new();
            for side in [Side::Hubspot, Side::Salesforce] {
                $($(trials.push(told_on(
                    Engine::$engine,
                    format!("{}::{}", named!($story), side.name()),
                    async move |database| {
                        let mut world = World::on(side, Clock::running_from(Clock::machine().now()), WORK);
                        world.keeps_its_store_at(&database);
                        $story(&mut world).await;
                        world.end().await;
                    },
                ));)+)+
            }
            trials
        }};
    }
    let mut trials = stories![
        Sqlite: mending_a_mapping_and_replay_delivers_the_digest_into_the_new_channel,
            a_held_digest_is_looked_for_where_it_was_to_go_and_posted_where_it_goes_now,
            a_held_digest_that_is_in_the_old_channel_is_not_posted_again,
            what_is_not_there_is_posted_where_the_mapping_says_now,
            a_dead_task_is_replayed_for_the_person_the_mapping_names_now,
            a_task_without_a_known_person_is_made_all_the_same,
            a_dead_delivery_stands_first_and_is_found_by_deal_or_customer;
        Postgres: mending_a_mapping_and_replay_delivers_the_digest_into_the_new_channel,
            a_dead_delivery_stands_first_and_is_found_by_deal_or_customer;
    ];
    trials.extend(scenarios![Hubspot, Salesforce:
        the_fallback_gets_the_task_of_a_deal_that_nobody_owns,
        a_person_named_by_address_gets_the_task,
        a_busy_crm_does_not_cost_the_fallback_its_task,
        looking_into_the_store_needs_no_secret,
        before_there_is_a_mapping_the_crm_can_be_asked,
    ]);
    trials
}

const POST_MESSAGE: &str = "POST /api/chat.postMessage";
const HISTORY: &str = "GET /api/conversations.history";
const WRONG: &str = "C0WRONG001";
const RIGHT: &str = "C0RIGHT001";
const REVOPS: &str = "revops@seller.example";

async fn operator(world: &World, arguments: &[&str]) -> Said {
    said(&[arguments, &["--config", world.installation.config.to_str().unwrap()]].concat()).await
}

/// Puts something else in place of every occurrence in the mapping that the scenario plays with.
fn writes(world: &World, old: &str, new: &str) {
    let file = match world.side {
        Side::Hubspot => &world.installation.mapping,
        Side::Salesforce => &world.installation.salesforce_mapping,
    };
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{old}");
    std::fs::write(file, text.replace(old, new)).unwrap();
}

/// The mapping names a channel that is not the shipped one, in every route.
fn digests_go_to(world: &World, before: &[&str], channel: &str) {
    for before in before {
        writes(world, &format!("channel: {before}"), &format!("channel: {channel}"));
    }
}

fn shipped(world: &World) -> [&'static str; 2] {
    let channel = if world.side == Side::Hubspot { deals::CHANNEL } else { opportunities::CHANNEL };
    [channel, deals::LARGE_DEALS_CHANNEL]
}

async fn mending_a_mapping_and_replay_delivers_the_digest_into_the_new_channel(world: &mut World) {
    // The same kind in four ways: a channel that never was, is archived, lacks the bot, or is private.
    let ways = [None, Some(Access::Archived), Some(Access::NotInvited), Some(Access::Private)];
    world.sandbox.slack.change(|slack| slack.add_channel(RIGHT, "handoffs-mended"));
    let deal = world.side.complete();
    let mut channel = WRONG.to_owned();
    digests_go_to(world, &shipped(world), &channel);
    world.starts().await;
    world.closes_deal(deal).await;
    world.delivery_becomes(SlackDigest, DeliveryState::Dead).await;
    let packet = world.packets().await.remove(0).packet_id;
    for (at, way) in ways.into_iter().enumerate() {
        let wrong = format!("C0WRONG00{at}");
        if let Some(access) = way {
            world.sandbox.slack.change(|slack| {
                slack.add_channel(&wrong, "wrong");
                slack.set_access(&wrong, access);
            });
        }
        digests_go_to(world, &[&channel], &wrong);
        channel = wrong;
        let replay = operator(world, &["replay", &packet, "--only", "slack_digest"]).await;
        assert_eq!((replay.status, replay.err.as_str()), (0, ""), "{way:?}");
        world.delivery_becomes(SlackDigest, DeliveryState::Dead).await;
        let show = operator(world, &["show", &packet]).await.out;
        assert!(show.contains(&format!("slack_digest to {channel}: dead")), "{show}");
    }
    digests_go_to(world, &[&channel], RIGHT);
    let replay = operator(world, &["replay", deal]).await;
    assert_eq!((replay.status, replay.err.as_str()), (0, ""));
    assert_eq!(world.next_digest().await.channel, RIGHT);
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    assert_eq!(world.digests().len(), 1);
    assert_eq!(world.tasks_on(deal).len(), 1);
    let shown = json(&operator(world, &["show", &packet, "--json"]).await.out);
    assert_eq!(shown["deliveries"][1]["channel"], RIGHT);
    assert!(shown["deliveries"][0]["assignee"].is_string(), "{shown:#}");
}

/// A digest whose post ended like this, in a channel whose history cannot be read, until it is held.
async fn held_in(world: &mut World, post: Fault) -> String {
    world.sandbox.slack.change(|slack| {
        slack.add_channel(WRONG, "old");
        slack.add_channel(RIGHT, "new");
    });
    digests_go_to(world, &shipped(world), WRONG);
    world.starts().await;
    world.sandbox.slack.fails(POST_MESSAGE, post, Times::Next(1));
    world.sandbox.slack.fails(HISTORY, Fault::status(500), Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    world.waits_for(SlackDigest, DeliveryState::Held, std::time::Duration::from_hours(1)).await;
    world.sandbox.slack.clear_faults();
    digests_go_to(world, &[WRONG], RIGHT);
    world.packets().await.remove(0).packet_id
}

async fn a_held_digest_is_looked_for_where_it_was_to_go_and_posted_where_it_goes_now(world: &mut World) {
    let packet = held_in(world, Fault::DropBefore).await;
    // The old channel is gone by now: that must not hold the digest for ever.
    world.sandbox.slack.change(|slack| slack.set_access(WRONG, Access::Private));
    assert_eq!(operator(world, &["replay", &packet]).await.status, 0);
    world.delivers(SlackDigest).await;
    assert_eq!(world.next_digest().await.channel, RIGHT);
    assert_eq!(world.digests().len(), 1);
}

async fn a_held_digest_that_is_in_the_old_channel_is_not_posted_again(world: &mut World) {
    let packet = held_in(world, Fault::DropAfter).await;
    assert_eq!(world.next_digest().await.channel, WRONG);
    assert_eq!(operator(world, &["replay", &packet]).await.status, 0);
    world.delivers(SlackDigest).await;
    assert_eq!(world.attempts(SlackDigest).await.last().map(String::as_str), Some("found"));
    assert_eq!(world.digests().len(), 1);
}

async fn what_is_not_there_is_posted_where_the_mapping_says_now(world: &mut World) {
    let packet = held_in(world, Fault::DropBefore).await;
    assert_eq!(operator(world, &["settle", &packet, "slack_digest", "--not-done"]).await.status, 0);
    assert_eq!(world.next_digest().await.channel, RIGHT);
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    assert_eq!(world.digests().len(), 1);
}

/// A person signs in to the CRM with this address; the CRM's id of them.
fn knows(world: &World, address: &str, active: bool) -> &'static str {
    match world.side {
        Side::Hubspot => {
            world.sandbox.hubspot.change(|hubspot| {
                let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
                portal.add_owner("70000010", "Rae", "Ops", address, !active);
            });
            "70000010"
        }
        Side::Salesforce => {
            let id = "0055e000001RevOAAS";
            world.sandbox.salesforce.change(|salesforce| {
                let org = salesforce.org_mut(opportunities::ORG).unwrap();
                org.add_user(id, ("Rae", "Ops"), address, active);
            });
            id
        }
    }
}

async fn the_fallback_gets_the_task_of_a_deal_that_nobody_owns(world: &mut World) {
    // Its owner has left.
    let rae = knows(world, REVOPS, true);
    let deal = world.side.third();
    world.closes_deal(deal).await;
    assert_eq!(world.task_on(deal).await.owner.as_deref(), Some(rae));
    world.next_digest().await;
    let show = operator(world, &["show", deal]).await.out;
    assert!(show.contains(&format!("crm_task for user {REVOPS}: done")), "{show}");
}

async fn a_person_named_by_address_gets_the_task(world: &mut World) {
    let rae = knows(world, "rae@seller.example", true);
    let deal = world.side.third();
    let (field, file) = match world.side {
        Side::Hubspot => ("deal.closed_won_reason", "hubspot"),
        Side::Salesforce => ("deal.Handoff_Promises__c", "salesforce"),
    };
    let owner = if file == "hubspot" { "from: deal.hubspot_owner_id" } else { "from: deal.OwnerId" };
    writes(world, owner, &format!("from: {field}"));
    // The field holds an address and no id.
    let announcement = world.wins(deal);
    let now = world.now();
    let name = field.trim_start_matches("deal.");
    match world.side {
        Side::Hubspot => world.sandbox.hubspot.change(|hubspot| {
            let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
            portal.set(handoff_sandbox::hubspot::Kind::Deal, deal, name, " rae@seller.example ", now);
        }),
        Side::Salesforce => world.sandbox.salesforce.change(|salesforce| {
            let org = salesforce.org_mut(opportunities::ORG).unwrap();
            let object = handoff_sandbox::salesforce::Object::Opportunity;
            org.set(object, deal, name, "rae@seller.example", now);
        }),
    }
    world.stops().await;
    world.starts().await;
    world.hears(&announcement).await;
    assert_eq!(world.task_on(deal).await.owner.as_deref(), Some(rae));
    world.next_digest().await;
    let packet: Value = json(&operator(world, &["show", deal, "--json"]).await.out);
    assert_eq!(packet["owner"]["email"], "rae@seller.example");
    assert_eq!(packet["owner"]["fallback"], false);
}

async fn a_task_without_a_known_person_is_made_all_the_same(world: &mut World) {
    // Who has left cannot work on it.
    let rae = knows(world, REVOPS, false);
    let deal = world.side.third();
    world.starts().await;
    world.closes_deal(deal).await;
    assert_ne!(world.task_on(deal).await.owner.as_deref(), Some(rae));
    world.next_digest().await;
    let live = operator(world, &["check", "--live"]).await;
    let told = format!("{}{}", live.out, live.err);
    assert!(told.contains(&format!("`{REVOPS}` is no active user of {}", world.side.account())), "{told}");
}

async fn a_busy_crm_does_not_cost_the_fallback_its_task(world: &mut World) {
    let rae = knows(world, REVOPS, true);
    let deal = world.side.third();
    let lookup = match world.side {
        Side::Hubspot => "GET /crm/owners/*",
        Side::Salesforce => "GET /services/data/*/query",
    };
    let announcement = world.wins(deal);
    world.sandbox.slack.fails(POST_MESSAGE, Fault::status(503), Times::Next(1));
    world.hears(&announcement).await;
    if world.side == Side::Hubspot {
        world.crm_fails(lookup, Fault::status(502), Times::Next(2));
    }
    world.delivers(CrmTask).await;
    assert_eq!(world.task_on(deal).await.owner.as_deref(), Some(rae));
    world.delivers(SlackDigest).await;
    world.next_digest().await;
}

async fn a_dead_task_is_replayed_for_the_person_the_mapping_names_now(world: &mut World) {
    let rae = knows(world, "rae@seller.example", true);
    let deal = world.side.third();
    world.starts().await;
    world.crm_fails(world.side.create_task(), world.side.refuses_the_task(), Times::Next(1));
    world.closes_deal(deal).await;
    world.delivery_becomes(CrmTask, DeliveryState::Dead).await;
    world.next_digest().await;
    writes(world, &format!("fallback: {REVOPS}"), "fallback: rae@seller.example");
    let replay = operator(world, &["replay", deal, "--only", "crm_task"]).await;
    assert_eq!((replay.status, replay.err.as_str()), (0, ""));
    world.delivery_becomes(CrmTask, DeliveryState::Done).await;
    assert_eq!(world.task_on(deal).await.owner.as_deref(), Some(rae));
}

async fn a_dead_delivery_stands_first_and_is_found_by_deal_or_customer(world: &mut World) {
    let (dead, newer) = (world.side.half_empty(), world.side.complete());
    world.starts().await;
    world.crm_fails(world.side.create_task(), world.side.refuses_the_task(), Times::Next(1));
    world.closes_deal(dead).await;
    world.delivery_becomes(CrmTask, DeliveryState::Dead).await;
    world.next_digest().await;
    world.passes(std::time::Duration::from_mins(10));
    world.closes_deal(newer).await;
    world.next_digest().await;
    world.eventually("the newer one is done", async || world.open_work().await.len() == 1).await;

    let list = async |arguments: &[&str]| {
        let said = operator(world, &[&["list", "--json"], arguments].concat()).await;
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{arguments:?}");
        let deals = json(&said.out)["wins"].as_array().unwrap().clone();
        let id = |win: &Value| win["deal"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        (deals.iter().map(id).collect::<Vec<_>>(), deals)
    };
    let (customer, part) = match world.side {
        Side::Hubspot => ("Pinebrook Clinics", "pinebrook cl"),
        Side::Salesforce => ("", ""),
    };
    let account = world.side.account();
    let id = account.split_once(':').unwrap().1;
    let (order, rows) = list(&["--limit", "1"]).await;
    assert_eq!(order, [dead, newer], "what is dead stands first and is not counted");
    assert_eq!(list(&["--limit", "0"]).await.0, [dead]);
    for key in ["name", "status", "amount"] {
        assert!(rows.iter().all(|row| row[key].is_string()), "{rows:#?}");
    }
    for (arguments, wanted) in [
        (&["--state", "dead"][..], &[dead][..]),
        (&["--state", "open"], &[dead]),
        (&["--state", "done"], &[newer]),
        (&["--state", "held"], &[]),
        (&["--account", &account], &[dead, newer]),
        (&["--account", id], &[dead, newer]),
        (&["--account", "hubspot:1"], &[]),
        (&["--customer", dead], &[dead]),
        (&["--customer", "nobody of that name"], &[]),
        (&["--customer", dead, "--state", "done"], &[]),
    ] {
        assert_eq!(list(arguments).await.0, wanted, "{arguments:?}");
    }
    if !customer.is_empty() {
        assert_eq!(rows[0]["customer"], customer);
        assert_eq!(list(&["--customer", part]).await.0, [dead]);
    }
    let packet = rows[0]["packet_id"].as_str().unwrap();
    let name = rows[0]["name"].as_str().unwrap();
    let short = &dead[..dead.len().min(15)];
    for typed in
        [packet, dead, short, &format!("{account}:{dead}"), &name.to_uppercase(), &format!(" {name} ")]
    {
        let shown = operator(world, &["show", typed]).await;
        assert!(shown.out.contains(packet), "{typed}: {}", shown.err);
    }
    let mistyped = operator(world, &["show", &packet[..packet.len() - 1]]).await;
    assert!(mistyped.err.contains(&format!("did you mean {packet}?")), "{}", mistyped.err);
    world.leaves_work();
}

async fn looking_into_the_store_needs_no_secret(world: &mut World) {
    let deal = world.side.complete();
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    // A mapping that is being written is no reason not to look either.
    writes(world, "crm: ", "crm ");
    let config = &world.installation.config;
    for command in
        [&["list"][..], &["show", deal], &["events"], &["stats"], &["dismiss", deal, "vague", "--undo"]]
    {
        let mut bare = handoff(command);
        let output = bare.env_clear().env("HANDOFF_CONFIG", config).output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        let says_what_is_wrong =
            error.contains("SECRET") || error.contains("TOKEN") || error.contains(".yaml");
        assert!(!says_what_is_wrong, "{command:?}: {error}");
        assert!(output.status.success() || command[0] == "dismiss", "{command:?}: {error}");
    }
}

async fn before_there_is_a_mapping_the_crm_can_be_asked(world: &mut World) {
    let (account, deal) = (world.side.account(), world.side.complete());
    world.wins(deal);
    let mapping = match world.side {
        Side::Hubspot => &world.installation.mapping,
        Side::Salesforce => &world.installation.salesforce_mapping,
    };
    // The folder is not there either.
    let first = world.directory.path().join("mappings").join("first.yaml");
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let config = config.replace(mapping.to_str().unwrap(), "mappings/first.yaml");
    let bare = world.directory.path().join("bare.toml");
    std::fs::write(&bare, config).unwrap();
    // Neither Slack's token, nor a secret that proves webhooks, nor that of the other CRM. Salesforce's is a key file.
    let ask = async |arguments: &[&str]| {
        let mut command = handoff(&[arguments, &["--account", &account]].concat());
        command.env_clear().env("HANDOFF_CONFIG", &bare);
        if world.side == Side::Hubspot {
            command.env("HUBSPOT_TOKEN", deals::TOKEN);
        }
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    let reads = |said: &Said| said.err.contains("first.yaml yet: this is what the mapping of `handoff init");
    // The commands have the machine's clock, which a Salesforce of another day does not log in by.
    if world.side == Side::Salesforce {
        let said = ask(&["fetch", "--deal", deal]).await;
        assert!(said.err.contains("invalid_grant"), "it got as far as asking: {}", said.err);
        return;
    }
    let fetched = ask(&["fetch", "--deal", deal]).await;
    assert_eq!(fetched.status, 0, "{}", fetched.err);
    assert!(reads(&fetched), "{}", fetched.err);
    assert!(json(&fetched.out)["deal"]["properties"]["handoff_why_now"].is_string(), "{}", fetched.out);
    let coverage = ask(&["coverage", "--last", "5"]).await;
    assert!(coverage.status == 0 && reads(&coverage), "{}", coverage.err);
    let begun =
        ask(&["init", "--from-crm", "--channel", "C0123ABCD", "--fallback", "rae@seller.example"]).await;
    assert_eq!(begun.status, 0, "{}", begun.err);
    assert!(first.is_file() && !begun.out.contains("name the file"), "{}", begun.out);
    let again = ask(&["fetch", "--deal", deal]).await;
    assert!(again.status == 0 && !reads(&again), "{}", again.err);
    let check = said(&["check", "--config", bare.to_str().unwrap()]).await;
    assert_eq!(check.status, 0, "{}", check.err);
}
