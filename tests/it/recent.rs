//! `handoff coverage` and `handoff diff --last`: what the deals that were won last say. They only read.

use std::process::Stdio;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_sandbox::deals::{PORTAL, TOKEN};
use handoff_sandbox::hubspot::{Kind, Property};
use handoff_sandbox::{Answer, Fault, Log, LoggedCall, Times};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::process::handoff;
use crate::side::Side;
use crate::tests;
use crate::world::{NORTHLIGHT, PINEBROOK, WORK, World, ZAZOLC, must};

const DAY: Duration = Duration::from_hours(24);

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![Hubspot, Salesforce: coverage_only_reads, the_deals_won_last_come_first];
    trials.extend(tests![
        coverage_is_a_table_of_eighty_columns,
        an_unreadable_deal_is_said_and_passed_over,
        an_interrupted_reading_shows_what_was_read,
        an_account_that_refuses_us_is_not_counted,
        many_deals_are_listed_page_by_page,
        a_new_mapping_is_compared_over_real_deals,
    ]);
    trials
}

/// Three deals of one CRM that were won yesterday, on a clock that shows the machine's time: commands know no other.
fn world(side: Side) -> World {
    let (deals, minute) = (deals(side), Duration::from_mins(1));
    let yesterday = Clock::machine().now().checked_sub(DAY + minute * 3).unwrap();
    let world = World::on(side, Clock::running_from(yesterday), WORK);
    for deal in deals {
        world.wins(deal);
        world.passes(minute);
    }
    world.passes(DAY);
    world
}

fn deals(side: Side) -> [&'static str; 3] {
    match side {
        Side::Hubspot => [NORTHLIGHT, PINEBROOK, ZAZOLC],
        Side::Salesforce => [side.complete(), side.half_empty(), side.third()],
    }
}

struct Said {
    status: i32,
    out: String,
    err: String,
}

async fn said(world: &World, command: &[&str]) -> Said {
    let config = ["--config", world.installation.config.to_str().unwrap()];
    let output = handoff(&[command, &config].concat()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Whether a call can change nothing: HubSpot reads, searches and explains a token by `POST` too, and both log in by it.
fn only_reads(call: &LoggedCall) -> bool {
    let line = call.line();
    let posts = ["/batch/read", "/deals/search", "/token", "/access-token-info"];
    line.starts_with("GET ") || line.starts_with("POST ") && posts.iter().any(|end| line.ends_with(end))
}

async fn coverage_only_reads(side: Side) {
    let world = world(side);
    let account = side.account();
    let said = said(&world, &["coverage", "--account", &account, "--json"]).await;
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.ends_with("3 of 3 deals read\n"), "{}", said.err);
    let counted: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&counted["account"], &counted["deals"]), (&account.into(), &3.into()), "{counted:#}");
    assert_eq!(counted["no_suggestions"], Value::Null, "{counted:#}");

    let calls = [world.sandbox.hubspot.log(), world.sandbox.salesforce.log(), world.sandbox.slack.log()];
    let calls: Vec<&LoggedCall> = calls.iter().flat_map(Log::calls).collect();
    assert!(calls.len() > 3);
    let writes: Vec<String> = calls.iter().filter(|call| !only_reads(call)).map(|call| call.line()).collect();
    assert_eq!(writes, [""; 0]);
    world.end().await;
}

async fn the_deals_won_last_come_first(side: Side) {
    let mut world = world(side);
    world.starts().await;
    let account = side.account().parse().unwrap();
    let crm = &world.service().app.accounts.get(&account).unwrap().crm;
    let [_, second, third] = deals(side);
    let mut last = crm.last_won(2).await.unwrap();
    last.sort();
    if side == Side::Hubspot {
        assert_eq!(last, [second, third]);
    }
    assert_eq!(last.len(), 2);
    assert_eq!(crm.last_won(500).await.unwrap().len(), 3);
    world.end().await;
}

async fn coverage_is_a_table_of_eighty_columns() {
    let world = world(Side::Hubspot);
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        portal.add_property(
            Kind::Deal,
            Property::new("compelling_event", "Compelling event", "string", "textarea"),
        );
        let at = world.clock.now().checked_sub(DAY / 2).unwrap();
        portal.set(Kind::Deal, NORTHLIGHT, "compelling_event", "Planner retires on 31 March", at);
        portal.set(Kind::Deal, PINEBROOK, "compelling_event", "TBD", at);
        portal.set(Kind::Deal, ZAZOLC, "compelling_event", "Prices rose on 1 May", at);
    });
    let said = said(&world, &["coverage", "--account", PORTAL]).await;
    assert_eq!(said.status, 0, "{}", said.err);
    let directory = world.directory.path().display().to_string();
    insta::assert_snapshot!(said.out.replace(&directory, "DIR"), @r#"
    hubspot:48210077, with DIR/hubspot.yaml
    the 3 deals that were won last; 1 of their packets would lack nothing

    FIELDS   █ filled   ▒ placeholder (TBD, see notes)   ? hidden from us   · empty

    buying_reason
      deal.handoff_why_now                  ██████████████······  67 %    2 of 3
      deal.closed_won_reason                ██████▒▒▒▒▒▒········  33 %    1 of 3

    success_outcome
      deal.handoff_success_outcome          ████████████████████ 100 %    3 of 3

    promises
      deal.handoff_promises                 ██████████████▒▒▒▒▒▒  67 %    2 of 3

    risks
      deal.handoff_risks                    ██████████████······  67 %    2 of 3
      deal.handoff_risk_notes               ██████████████······  67 %    2 of 3
      company.numberofemployees (derive)    ██████··············  33 %    1 of 3
      deal.closedate (derive)               ████████████████████ 100 %    3 of 3

    first_value
      deal.handoff_first_value              ████████████████████ 100 %    3 of 3
      deal.handoff_first_value_date (due)   ██████████████······  67 %    2 of 3

    expansion
      deal.handoff_expansion                ██████··············  33 %    1 of 3

    important_when
      deal.amount                           ████████████████████ 100 %    3 of 3
      company.customer_tier                 ██████████████······  67 %    2 of 3

    owner
      deal.hubspot_owner_id                 ████████████████████ 100 %    3 of 3

    slack
      deal.amount (routes)                  ████████████████████ 100 %    3 of 3

    GAPS   how many packets would have had each

    buying_reason
      placeholder                           ██████··············  33 %    1 of 3

    stakeholders
      role_missing:blocker                  ██████████████······  67 %    2 of 3
      role_missing:evaluator                ██████··············  33 %    1 of 3
      role_missing:operator                 ██████··············  33 %    1 of 3

    promises
      placeholder                           ██████··············  33 %    1 of 3
      too_long                              ██████··············  33 %    1 of 3

    risks
      conflict                              ██████··············  33 %    1 of 3
      empty                                 ██████··············  33 %    1 of 3

    first_value
      no_date                               ██████··············  33 %    1 of 3
      outside_window                        ██████··············  33 %    1 of 3

    NOT READ   filled in 40 % of deals or more, and perhaps worth reading

      deal.compelling_event                 ██████████████▒▒▒▒▒▒  67 %    2 of 3
        "Compelling event", for `from` of buying_reason
    "#);
    let longest = said.out.lines().skip(1).map(|line| line.chars().count()).max();
    assert!(longest <= Some(80), "{longest:?}");
    world.end().await;
}

async fn an_unreadable_deal_is_said_and_passed_over() {
    let world = world(Side::Hubspot);
    world.crm_fails(
        &format!("GET /crm/objects/*/deals/{PINEBROOK}"),
        Fault::Refuse(Answer::json(400, &json!({"status": "error", "category": "VALIDATION_ERROR"}))),
        Times::UntilCleared,
    );
    let said = said(&world, &["coverage", "--account", PORTAL, "--json"]).await;
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains(&format!("deal {PINEBROOK} is left out: reading the deal: ")), "{}", said.err);
    let counted: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&counted["deals"], &counted["unread"][0]["deal"]),
        (&2.into(), &PINEBROOK.into()),
        "{counted:#}"
    );
    world.end().await;
}

async fn an_interrupted_reading_shows_what_was_read() {
    let world = world(Side::Hubspot);
    // The one that was won last is read first.
    world.crm_fails(&format!("GET /crm/objects/*/deals/{PINEBROOK}"), Fault::HangBefore, Times::UntilCleared);
    let config = world.installation.config.to_str().unwrap();
    let mut command = handoff(&["coverage", "--account", PORTAL, "--config", config]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    must("the second deal hangs", world.side.hangs(&world.sandbox)).await;
    let id = command.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    let output = must("the command ends", command.wait_with_output()).await.unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("stopped after 1 of 3 deals: interrupted"), "{err}");
    assert!(
        out.contains("the deal that was won last") && out.contains("stopped before the last one"),
        "{out}"
    );
    world.crm_recovers();
    world.end().await;
}

async fn an_account_that_refuses_us_is_not_counted() {
    let world = world(Side::Hubspot);
    world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    let said = said(&world, &["coverage", "--account", PORTAL]).await;
    assert_eq!((said.status, said.out.as_str()), (1, ""));
    assert!(said.err.contains("HubSpot answered 401 INVALID_AUTHENTICATION"), "{}", said.err);
    let wrong = self::said(&world, &["coverage", "--last", "501"]).await;
    assert_eq!(wrong.status, 2);
    let unclear = self::said(&world, &["coverage"]).await;
    assert_eq!(unclear.status, 1);
    assert_eq!(
        unclear.err,
        format!(
            "handoff: several accounts are configured: say --account hubspot:48210077 or --account salesforce:{}\n",
            handoff_sandbox::opportunities::ORG
        )
    );
    world.end().await;
}

async fn many_deals_are_listed_page_by_page() {
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.starts().await;
    let at = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        for number in 0..450_u64 {
            let closed = (at + Duration::from_mins(number)).to_string();
            let values = [("pipeline", "default"), ("dealstage", "closedwon"), ("closedate", &closed)];
            portal.add(Kind::Deal, &(400_000_000_000 + number).to_string(), at, &values);
        }
    });
    world.passes(Duration::from_mins(1));
    let account = world.side.account().parse().unwrap();
    let last = world.service().app.accounts.get(&account).unwrap().crm.last_won(301).await.unwrap();
    let expected: Vec<String> =
        (149..450).rev().map(|number| (400_000_000_000_u64 + number).to_string()).collect();
    assert_eq!(last, expected);
    world.stops().await;
    world.end().await;
}

async fn a_new_mapping_is_compared_over_real_deals() {
    let world = world(Side::Hubspot);
    let old = world.installation.mapping.to_str().unwrap();
    let new = world.directory.path().join("new.yaml");
    let text = std::fs::read_to_string(old).unwrap();
    let changed =
        text.replacen("[deal.handoff_why_now, deal.closed_won_reason]", "[deal.handoff_why_now]", 1);
    assert_ne!(text, changed);
    std::fs::write(&new, changed).unwrap();
    let said = said(&world, &["diff", old, new.to_str().unwrap(), "--last", "3"]).await;
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.ends_with("3 of 3 deals read\n"), "{}", said.err);
    let directory = world.directory.path().display().to_string();
    insta::assert_snapshot!(said.out.replace(&directory, "DIR").replace('─', ""), @r#"
     DIR/hubspot.yaml → DIR/new.yaml 
      − buying_reason: reads deal.closed_won_reason

     301000000418 Pinebrook Clinics: appointment reminders (hubspot:48210077) 
      − gaps: buying_reason/placeholder: Why did they choose us now, and what forced the date?
      + gaps: buying_reason/empty: Why did they choose us now, and what forced the date?

     301000000417 Northlight Foods: route planning, 3 depots (hubspot:48210077) 
      − buying_reason: "Only offer that plans chilled and dry goods on one tour." 
        [deal.closed_won_reason]

    2 of 3 deals change
    "#);
    assert!(world.tasks_on(NORTHLIGHT).is_empty(), "nothing is written");

    let both =
        self::said(&world, &["diff", old, old, "--last", "3", "--records", "mappings/tests/deals"]).await;
    assert_eq!(both.status, 2);
    world.end().await;
}
