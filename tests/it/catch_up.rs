//! Wins that no webhook told of are found, handed over once, and nothing that is known is doubled.

use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::failure::Failure;
use handoff_bridge::store::Destination::{CrmTask, SlackDigest};
use handoff_bridge::store::Recorded;
use handoff_bridge::worker::catch_up::{Wins, catch_up, sweep};
use handoff_core::record::DealKey;
use handoff_sandbox::deals::{PORTAL, TOKEN};
use handoff_sandbox::hubspot::{Kind, Portal};
use handoff_sandbox::opportunities::ORG;
use handoff_sandbox::salesforce::Object;
use handoff_sandbox::slack::{Ack, Transport};
use handoff_sandbox::{Answer, Fault, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::json;

use crate::answers::{PROMISE, TOM, are_applied, document, opens, submits};
use crate::process::handoff;
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{NORTHLIGHT, PINEBROOK, QUARRY, WORK, World, must, told_on};
use crate::{named, scenarios, tests};

const SEARCH: &str = "POST /crm/objects/*/deals/search";

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![both engines, Hubspot, Salesforce:
        a_deal_that_a_webhook_brought_is_not_doubled_and_not_read,
        a_win_that_was_missed_after_an_earlier_one_is_found,
        an_old_win_that_somebody_edits_is_left_alone,
        a_deal_whose_win_the_crm_does_not_date_is_read_to_find_out,
        a_deal_that_was_reopened_is_not_a_win,
        a_paused_account_is_not_asked,
    ];
    trials.extend(scenarios![both engines, Hubspot:
        a_deal_created_in_a_won_stage_is_found,
        a_win_that_search_does_not_show_yet_is_found_by_the_next_sweep,
        a_win_that_still_waits_is_not_announced_again,
        many_missed_wins_are_found_page_by_page,
        a_win_that_reads_as_nothing_is_looked_at_at_every_sweep,
        a_win_that_reads_as_nothing_and_has_no_date_is_looked_at_at_every_sweep,
    ]);
    trials.extend(scenarios![both engines, Salesforce: a_win_that_read_as_gone_is_found_by_the_next_sweep]);
    trials.extend(scenarios![both engines, Salesforce: a_deal_created_as_won_is_found_and_then_known]);
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for side in [Side::Hubspot, Side::Salesforce] {
            let name =
                format!("{}::{}", named!(wins_during_a_30_hour_outage_are_delivered_once), side.name());
            trials.push(told_on(engine, name, async move |database| {
                wins_during_a_30_hour_outage_are_delivered_once(side, &database).await;
            }));
            let name =
                format!("{}::{}", named!(a_database_that_is_created_anew_doubles_nothing), side.name());
            trials.push(told_on(engine, name, async move |database| {
                a_database_that_is_created_anew_doubles_nothing(side, &database).await;
            }));
        }
    }
    trials.extend(tests![
        a_search_that_fails_is_asked_again_by_the_next_sweep,
        a_service_is_ready_and_stops_while_a_sweep_hangs,
        a_win_before_the_installation_waits_for_the_command,
        a_dry_run_changes_nothing,
        the_command_says_what_was_recorded,
        a_win_that_the_mapping_leaves_out_alarms_nobody,
        one_failing_account_does_not_stop_the_others,
        the_command_says_what_it_cannot_do,
    ]);
    trials.extend(tests![Hubspot, Salesforce: without_a_public_address_a_deal_is_handed_over_and_answered]);
    trials
}

/// Nothing outside reaches the service: it asks for wins every minute, and clicks come over sockets that it opens.
async fn without_a_public_address_a_deal_is_handed_over_and_answered(side: Side) {
    let mut world = World::without_service(side, &WORK.replace("catch_up = \"off\"", ""));
    world.installation.takes_clicks("socket").unwrap();
    world.has_no_address();
    world.sandbox.hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().search_lag_seconds = 0);
    let (seller, address) = match side {
        Side::Hubspot => (TOM, "tom.lindqvist@seller.example"),
        Side::Salesforce => ("U0NILS", "nils.achterberg@seller.example"),
    };
    world.sandbox.slack.change(|slack| {
        slack.set_transport(Transport::Socket);
        slack.add_user(seller, address);
    });
    world.starts().await;
    let announced = world.wins(side.half_empty());
    let before = world.now();
    world
        .eventually("a digest", async || {
            world.passes(Duration::from_secs(5));
            world.digests().len() == 1
        })
        .await;
    assert!(world.now().duration_since(before).as_mins() <= 3);
    let digest = world.next_digest().await;
    world.settles().await;
    assert_eq!(world.hears(&announced).await, StatusCode::NOT_FOUND, "no webhook is taken");

    opens(&world, seller, &digest).await;
    assert_eq!(submits(&world, seller, &[("gap.promises", json!(PROMISE))]).await, Ack::Taken);
    are_applied(&world).await;
    assert_eq!(document(&world).await["sections"]["promises"]["entries"][0]["text"], PROMISE);
    // Many more sweeps, and looks of the schedule: the same digest and the same task.
    for _ in 0..30 {
        world.passes(Duration::from_mins(2));
        world.settles().await;
    }
    assert_eq!((world.digests().len(), world.tasks_on(side.half_empty()).len()), (1, 1));
    world.end().await;
}

/// The times of every world, with sweeps switched on.
fn sweeping() -> String {
    WORK.replace("catch_up = \"off\"", "catch_up = \"1h\"\ncatch_up_window = \"3d\"")
}

impl World {
    pub fn key(&self, deal: &str) -> DealKey {
        DealKey { account: self.side.account().parse().unwrap(), deal: deal.to_owned() }
    }

    /// The deal is reopened and won again: that is no older than any database.
    async fn closes_deal_anew(&self, deal: &str) {
        self.side.reopens(&self.sandbox, deal);
        self.passes(HOUR);
        self.closes_deal(deal).await;
    }

    /// Looks for wins of the last `span`, and says what the account had.
    async fn looks_back(&self, span: Duration) -> Wins {
        let since = self.now().checked_sub(span).unwrap();
        let mut found = catch_up(&self.service().app.worker, since, false).await;
        found.remove(&self.side.account().parse().unwrap()).unwrap().unwrap()
    }

    /// What the service's own sweep finds.
    async fn sweeps(&self) -> Result<Wins, Failure> {
        let mut found = sweep(&self.service().app.worker).await.unwrap();
        found.remove(&self.side.account().parse().unwrap()).unwrap()
    }

    /// Somebody edits a deal.
    fn edits(&self, deal: &str) {
        let now = self.now();
        match self.side {
            Side::Hubspot => self.sandbox.hubspot.change(|hubspot| {
                hubspot.portal_mut(PORTAL).unwrap().set(Kind::Deal, deal, "hs_next_step", "Call", now);
            }),
            Side::Salesforce => self.sandbox.salesforce.change(|salesforce| {
                salesforce.changes(deal, &[("NextStep", "Call")]).unwrap();
            }),
        }
    }

    /// The CRM no longer shows when a deal was won.
    fn dates_no_wins(&self) {
        match self.side {
            Side::Hubspot => self.sandbox.hubspot.change(|hubspot| {
                hubspot.portal_mut(PORTAL).unwrap().remove_property(Kind::Deal, "hs_closed_won_date");
            }),
            Side::Salesforce => self.sandbox.salesforce.change(|salesforce| {
                salesforce.org_mut(ORG).unwrap().hide_field(Object::Opportunity, "LastStageChangeDate");
            }),
        }
    }

    /// What the service's metrics say about won deals without a packet.
    async fn metric_of_wins_without_packet(&self) -> String {
        let url = format!("http://{}/metrics", self.service().operator_address.unwrap());
        let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
        let name = format!("handoff_won_without_packet{{scope=\"{}\"}} ", self.side.account());
        metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or("absent").to_owned()
    }

    /// For how long search does not see a change.
    fn search_lags(&self, seconds: i64) {
        self.sandbox.hubspot.change(|hubspot| {
            hubspot.portal_mut(PORTAL).unwrap().search_lag_seconds = seconds;
        });
    }
}

fn known(known: usize) -> Wins {
    Wins { known, ..Wins::default() }
}

async fn wins_during_a_30_hour_outage_are_delivered_once(side: Side, database: &TestDatabase) {
    let mut world = World::without_service(side, &sweeping());
    world.keeps_its_store_at(database);
    world.starts().await;
    world.stops().await;
    let deals = [side.complete(), side.half_empty(), side.third()];
    for (deal, hours) in deals.into_iter().zip([1, 1, 27]) {
        world.passes(hours * HOUR);
        world.wins(deal);
    }
    // The CRM has given up on the first webhooks, and nobody sends the last one again.
    world.passes(HOUR);
    world.starts().await;
    for _ in deals {
        world.next_digest().await;
    }
    world.settles().await;
    for deal in deals {
        assert_eq!(world.tasks_on(deal).len(), 1, "one task on {deal}");
    }
    let events = world.events().await;
    assert_eq!(events.len(), 3);
    for event in &events {
        assert_eq!((event.kind.as_str(), event.provider_id.as_str()), ("swept", "sweep"));
        assert_eq!(event.verification, "asked(crm api)");
        assert!(event.outcome.starts_with("packet pkt_"), "{}", event.outcome);
    }
    world.passes(HOUR);
    for _ in 0..3 {
        assert_eq!(world.sweeps().await, Ok(known(3)));
    }
    assert_eq!(world.events().await.len(), 3, "sweeping again announces nothing");
    assert_eq!(world.packets().await.len(), 3);
    world.end().await;
}

/// The database is lost, with all that it knew. The routes in the mapping have changed as well.
async fn a_database_that_is_created_anew_doubles_nothing(side: Side, database: &TestDatabase) {
    let mut world = World::without_service(side, WORK);
    world.keeps_its_store_at(database);
    world.starts().await;
    // Delivered to its channel, delivered by its route, and half delivered: a task without a digest.
    for deal in [side.complete(), side.half_empty()] {
        world.closes_deal(deal).await;
        world.next_digest().await;
        world.passes(HOUR);
    }
    world.settles().await;
    let post = "POST /api/chat.postMessage";
    world.sandbox.slack.fails(post, Fault::slack_rate_limited(Some(3600)), Times::UntilCleared);
    world.closes_deal(side.third()).await;
    must("a task", side.has_task(&world.sandbox, side.third())).await;
    let tried = async || world.attempts(SlackDigest).await.contains(&"retry".to_owned());
    world.eventually("its digest was tried", tried).await;
    world.stops().await;
    world.sandbox.slack.clear_faults();

    let anew = TestDatabase::create(database.engine()).await;
    world.keeps_its_store_at(&anew);
    for mapping in [&world.installation.mapping, &world.installation.salesforce_mapping] {
        let text = std::fs::read_to_string(mapping).unwrap();
        let other = if side == Side::Hubspot { "C0123ABCD" } else { "C0456EFGH" };
        let swapped =
            text.replace("C0ENTERPR", "C0OTHER").replace(other, "C0ENTERPR").replace("C0OTHER", other);
        std::fs::write(mapping, swapped).unwrap();
    }
    world.passes(DAY);
    world.starts().await;
    assert_eq!(world.sweeps().await, Ok(known(0)), "all of it is older than the database");
    assert_eq!(world.looks_back(7 * DAY).await.unknown.len(), 3);
    world
        .eventually("all three have their packet and nothing is left to do", async || {
            world.passes(Duration::from_secs(1));
            world.packets().await.len() == 3 && world.open_work().await.is_empty()
        })
        .await;
    world.next_digest().await;
    assert_eq!(world.digests().len(), 3, "the digest that was not there, and no other");
    for deal in [side.complete(), side.half_empty(), side.third()] {
        assert_eq!(world.tasks_on(deal).len(), 1, "one task on {deal}");
    }
    for (destination, times) in [(CrmTask, 3), (SlackDigest, 2)] {
        let found = world.attempts(destination).await.iter().filter(|outcome| *outcome == "found").count();
        assert_eq!(found, times, "{destination} was found on the other side");
    }
    world.closes_deal_anew(side.complete()).await;
    world.next_digest().await;
    world.end().await;
    anew.remove().await;
}

async fn a_deal_that_a_webhook_brought_is_not_doubled_and_not_read(world: &mut World) {
    let deal = world.side.complete();
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(HOUR / 2);
    // Every later edit makes the deal show up again.
    world.edits(deal);
    world.passes(HOUR / 2);
    let mark = world.side.mark(&world.sandbox);
    assert_eq!(world.looks_back(DAY).await, known(1));
    let calls = world.side.calls_since(&world.sandbox, mark);
    assert_eq!(calls.len(), 1, "the question for wins and nothing else: {calls:?}");
    assert_eq!(world.events().await.len(), 1);
}

async fn a_win_that_was_missed_after_an_earlier_one_is_found(world: &mut World) {
    let deal = world.side.complete();
    world.closes_deal(deal).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(HOUR);
    world.side.reopens(&world.sandbox, deal);
    world.passes(HOUR);
    world.wins(deal);
    world.passes(HOUR);
    let wins = world.looks_back(DAY).await;
    assert_eq!(wins.unknown, [world.key(deal)]);
    assert_eq!(wins.recorded, Recorded { new: 1, repeated: 0 });
    world.next_digest().await;
    assert_eq!(world.packets().await.len(), 2, "one packet per win");
}

async fn an_old_win_that_somebody_edits_is_left_alone(world: &mut World) {
    let deal = world.side.complete();
    world.wins(deal);
    world.passes(5 * DAY);
    world.edits(deal);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await, Ok(known(0)), "it was won more than three days ago");
    assert_eq!(world.looks_back(7 * DAY).await.unknown, [world.key(deal)]);
    world.next_digest().await;
}

async fn a_deal_whose_win_the_crm_does_not_date_is_read_to_find_out(world: &mut World) {
    let (old, recent) = (world.side.complete(), world.side.half_empty());
    world.dates_no_wins();
    world.wins(old);
    world.passes(5 * DAY);
    world.edits(old);
    world.wins(recent);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown, [world.key(recent)]);
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.sweeps().await, Ok(known(1)));
}

async fn a_deal_that_was_reopened_is_not_a_win(world: &mut World) {
    let deal = world.side.complete();
    world.wins(deal);
    world.passes(HOUR);
    world.side.reopens(&world.sandbox, deal);
    world.passes(HOUR);
    assert_eq!(world.looks_back(DAY).await, known(0));
}

async fn a_paused_account_is_not_asked(world: &mut World) {
    let (store, until) = (&world.service().app.store, "2026-11-20T09:00:00Z".parse().unwrap());
    store.pause(&world.side.account(), until, "401: check the token").await.unwrap();
    let mark = world.side.mark(&world.sandbox);
    let refused = world.sweeps().await.unwrap_err();
    assert_eq!(refused.why(), "paused until 2026-11-20T09:00:00Z: 401: check the token");
    assert_eq!(world.side.calls_since(&world.sandbox, mark), Vec::<String>::new());
    world.passes(HOUR);
    assert_eq!(world.sweeps().await, Ok(known(0)));
}

async fn a_deal_created_in_a_won_stage_is_found(world: &mut World) {
    world.wins(QUARRY);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown, [world.key(QUARRY)]);
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.sweeps().await, Ok(known(1)));
}

async fn a_deal_created_as_won_is_found_and_then_known(world: &mut World) {
    const IMPORTED: &str = "0065e00001ImPorAAF";
    let values = [("Name", "Imported"), ("StageName", "Handed to delivery"), ("CloseDate", "2026-11-20")];
    world.sandbox.salesforce.change(|salesforce| salesforce.creates(ORG, IMPORTED, &values)).unwrap();
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown.len(), 1);
    world.next_digest().await;
    world.settles().await;
    let mark = world.side.mark(&world.sandbox);
    assert_eq!(world.sweeps().await, Ok(known(1)));
    assert_eq!(world.side.calls_since(&world.sandbox, mark).len(), 1);
}

/// What the read of a won deal may say while search goes on, and what is recorded then.
fn nonsense(deal: &str) -> Vec<(Fault, &'static str)> {
    let read = |stage: &str, pipeline: &str| {
        let properties = json!({
            "dealstage": stage, "pipeline": pipeline, "closedate": "2026-11-20T09:00:00Z",
        });
        Fault::Refuse(Answer::json(200, &json!({"id": deal, "properties": properties})))
    };
    let missing = json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "not found"});
    let refused = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "no"});
    vec![
        (Fault::Refuse(Answer::json(404, &missing)), "gone"),
        (read("\u{fffd}closedwon", "default"), "not won: stage \u{fffd}closedwon"),
        (read("", ""), "not won: stage no stage"),
        (read("appointmentscheduled", "default"), "not won: stage appointmentscheduled"),
        (read("closedwon", "another"), "not covered by applies_to"),
        (Fault::Refuse(Answer::json(400, &refused)), "dead: reading the deal"),
    ]
}

async fn a_win_that_reads_as_nothing_is_looked_at_at_every_sweep(world: &mut World) {
    reads_as_nothing(world).await;
}

async fn a_win_that_reads_as_nothing_and_has_no_date_is_looked_at_at_every_sweep(world: &mut World) {
    world.dates_no_wins();
    reads_as_nothing(world).await;
}

async fn reads_as_nothing(world: &mut World) {
    let faults = nonsense(NORTHLIGHT);
    world.crm_fails(world.side.read_deal(), faults[0].0.clone(), Times::UntilCleared);
    world.closes_deal(NORTHLIGHT).await;
    assert_eq!(world.outcomes().await, ["gone"]);
    world.passes(HOUR);
    for (fault, outcome) in faults {
        for _ in 0..2 {
            world.crm_recovers();
            world.crm_fails(world.side.read_deal(), fault.clone(), Times::UntilCleared);
            assert_eq!(world.sweeps().await.unwrap().unknown, [world.key(NORTHLIGHT)], "{outcome}");
            let outcomes = world.outcomes().await;
            assert!(outcomes[0].starts_with(outcome) && outcomes[1] == "gone", "{outcomes:?}, not {outcome}");
            world.passes(HOUR);
        }
        world.sweeps().await.unwrap();
        let metric = if outcome.starts_with("not covered") { "0" } else { "1" };
        assert_eq!(world.metric_of_wins_without_packet().await, metric, "{outcome}");
        world.outcomes().await;
    }
    world.stops().await;
    world.crm_recovers();
    world.starts().await;
    world.sweeps().await.unwrap();
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.events().await.len(), 2, "looking again fills no inbox");
    assert_eq!(world.sweeps().await, Ok(known(1)));
    assert_eq!(world.metric_of_wins_without_packet().await, "0");
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
}

async fn a_win_that_read_as_gone_is_found_by_the_next_sweep(world: &mut World) {
    let none = Answer::json(200, &json!({"totalSize": 0, "done": true, "records": []}));
    world.crm_fails(world.side.read_deal(), Fault::Refuse(none), Times::Next(1));
    let deal = world.side.complete();
    world.closes_deal(deal).await;
    assert_eq!(world.outcomes().await, ["gone"]);
    world.passes(HOUR);
    let wins = world.sweeps().await.unwrap();
    assert_eq!(wins.before.get(&world.key(deal)).map(|last| last.outcome.as_str()), Some("gone"));
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.sweeps().await, Ok(known(1)));
}

async fn a_win_that_search_does_not_show_yet_is_found_by_the_next_sweep(world: &mut World) {
    world.passes(HOUR);
    world.search_lags(60);
    world.wins(NORTHLIGHT);
    assert_eq!(world.sweeps().await, Ok(known(0)), "too early");
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown, [world.key(NORTHLIGHT)]);
    world.next_digest().await;
}

async fn a_win_that_still_waits_is_not_announced_again(world: &mut World) {
    world.crm_fails(world.side.read_deal(), Fault::status(503), Times::UntilCleared);
    world.wins(NORTHLIGHT);
    world.passes(HOUR);
    assert_eq!(world.looks_back(DAY).await.recorded, Recorded { new: 1, repeated: 0 });
    assert_eq!(world.looks_back(DAY).await.recorded, Recorded { new: 0, repeated: 1 });
    world.crm_recovers();
    world.finishes().await;
    world.next_digest().await;
    assert_eq!(world.events().await.len(), 1);
}

async fn many_missed_wins_are_found_page_by_page(world: &mut World) {
    const MANY: usize = 450;
    let at = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        for number in 0..MANY {
            // Half of them in one instant, as after a bulk edit.
            let at = if number % 2 == 0 { at } else { at + Duration::from_millis(number as u64) };
            let values = [("dealname", "Deal"), ("pipeline", "default"), ("dealstage", "closedwon")];
            portal.add(Kind::Deal, &(400_000_000_000 + number).to_string(), at, &values);
        }
    });
    world.passes(HOUR);
    let mut found = catch_up(&world.service().app.worker, at, true).await;
    let wins = found.remove(&world.side.account().parse().unwrap()).unwrap().unwrap();
    assert_eq!((wins.unknown.len(), wins.recorded.new), (MANY, 0));
}

async fn a_search_that_fails_is_asked_again_by_the_next_sweep() {
    let mut world = World::without_service(Side::Hubspot, &sweeping());
    world.crm_fails(SEARCH, Fault::status(502), Times::Next(1));
    world.starts().await;
    let looks = |world: &World| {
        let orgs = world.sandbox.salesforce.log().count(Side::Salesforce.read_deal());
        world.sandbox.hubspot.log().count(SEARCH).min(orgs)
    };
    world.eventually("the first sweep has failed", async || looks(&world) == 1).await;
    world.wins(NORTHLIGHT);
    world
        .eventually("there is a second sweep", async || {
            // Time stands still while a sweep is under way: no login takes a quarter of an hour.
            if looks(&world) == 1 {
                world.passes(HOUR / 4);
            }
            looks(&world) > 1
        })
        .await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
    world.end().await;
}

async fn a_service_is_ready_and_stops_while_a_sweep_hangs() {
    // Longer than this test has patience: only the stop can end the sweep.
    let work = sweeping().replace("http_timeout = \"1s\"", "http_timeout = \"60s\"");
    let work = work.replace("lease = \"30s\"", "lease = \"240s\"");
    let mut world = World::without_service(Side::Hubspot, &work);
    world.crm_fails(SEARCH, Fault::HangBefore, Times::UntilCleared);
    world.starts().await;
    world.side.hangs(&world.sandbox).await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    world.end().await;
}

/// Two wins, then the installation a day later, on a clock that shows the machine's time: commands know no
/// other.
async fn world_for_commands() -> World {
    let yesterday = Clock::machine().now().checked_sub(DAY).unwrap();
    let mut world = World::on(Side::Hubspot, Clock::running_from(yesterday), WORK);
    world.wins(NORTHLIGHT);
    world.wins(PINEBROOK);
    world.passes(DAY);
    world.starts().await;
    world
}

async fn catch_up_command(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let config = ["--config", world.installation.config.to_str().unwrap()];
    let output = handoff(&[&["catch-up"], arguments, &config].concat()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What the command said about accounts: all but its first line, which tells the time.
fn about_accounts(out: &str) -> &str {
    let (first, rest) = out.split_once('\n').unwrap();
    assert!(first.starts_with("won since 20") && first.ends_with("Z:"), "{first}");
    rest
}

async fn a_win_before_the_installation_waits_for_the_command() {
    let mut world = world_for_commands().await;
    assert_eq!(world.sweeps().await, Ok(known(0)), "both were won before the installation");
    assert!(world.events().await.is_empty());

    let (status, out, err) = catch_up_command(&world, &["--since", "7d"]).await;
    assert_eq!(status, 0, "{err}");
    insta::assert_snapshot!(about_accounts(&out), @r"
    hubspot:48210077: 2 won, 0 known, 2 new
        hubspot:48210077:301000000417
        hubspot:48210077:301000000418
        the service looks at them now
    salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new
    ");
    world.next_digest().await;
    world.next_digest().await;
    world.settles().await;

    let (status, out, err) = catch_up_command(&world, &["--since", "7d"]).await;
    assert_eq!(status, 0, "{err}");
    insta::assert_snapshot!(about_accounts(&out), @r"
    hubspot:48210077: 2 won, 2 known, 0 new
    salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new
    ");
    assert_eq!(world.events().await.len(), 2);
    world.end().await;
}

async fn a_dry_run_changes_nothing() {
    let world = world_for_commands().await;
    let (status, out, err) = catch_up_command(&world, &["--since", "36h", "--dry-run"]).await;
    assert_eq!(status, 0, "{err}");
    insta::assert_snapshot!(about_accounts(&out), @r"
    hubspot:48210077: 2 won, 0 known, 2 new
        hubspot:48210077:301000000417
        hubspot:48210077:301000000418
        a dry run: nothing was changed
    salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new
    ");
    assert!(world.events().await.is_empty());
    world.end().await;
}

async fn the_command_says_what_was_recorded() {
    let mut world = world_for_commands().await;
    let faults = nonsense(NORTHLIGHT);
    let read = |deal| format!("GET /crm/objects/*/deals/{deal}");
    world.crm_fails(&read(NORTHLIGHT), faults[0].0.clone(), Times::UntilCleared);
    world.crm_fails(&read(PINEBROOK), faults[5].0.clone(), Times::UntilCleared);
    let (status, _, err) = catch_up_command(&world, &["--since", "7d"]).await;
    assert_eq!(status, 0, "{err}");
    let outcomes = world.outcomes().await;
    assert!(outcomes.contains(&"gone".to_owned()), "{outcomes:?}");
    for dry_run in [&["--since", "7d", "--dry-run"][..], &["--since", "7d"]] {
        let (_, out, _) = catch_up_command(&world, dry_run).await;
        let last = if dry_run.len() == 3 {
            "a dry run: nothing was changed"
        } else {
            "the service looks at them now"
        };
        let told: Vec<&str> = about_accounts(&out).lines().map(str::trim).take(4).collect();
        let [first, gone, refused, end] = told[..] else { panic!("{out}") };
        assert_eq!(first, "hubspot:48210077: 2 won, 0 known, 2 new");
        assert_eq!(gone, format!("{}, looked at before: gone", world.key(NORTHLIGHT)));
        let was_refused = format!("{}, looked at before: reading the deal", world.key(PINEBROOK));
        assert!(refused.starts_with(&was_refused) && refused.ends_with("400 VALIDATION_ERROR"), "{refused}");
        assert_eq!(end, last);
        world.outcomes().await;
    }
    world.crm_recovers();
    catch_up_command(&world, &["--since", "7d"]).await;
    world.next_digest().await;
    world.next_digest().await;
    world.end().await;
}

async fn a_win_that_the_mapping_leaves_out_alarms_nobody() {
    let mut world = World::without_service(Side::Hubspot, WORK);
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let other = mapping.replace("pipelines: [", "pipelines: [elsewhere] # [");
    assert_ne!(mapping, other);
    std::fs::write(&world.installation.mapping, other).unwrap();
    world.starts().await;
    world.closes_deal(NORTHLIGHT).await;
    assert_eq!(world.outcomes().await, ["not covered by applies_to"]);
    world.passes(HOUR);
    for _ in 0..2 {
        assert_eq!(world.sweeps().await.unwrap().unknown, [world.key(NORTHLIGHT)]);
        assert_eq!(world.metric_of_wins_without_packet().await, "0");
        world.outcomes().await;
    }
    // The mapping is mended.
    world.stops().await;
    std::fs::write(&world.installation.mapping, mapping).unwrap();
    world.starts().await;
    world.sweeps().await.unwrap();
    world.next_digest().await;
    world.end().await;
}

async fn one_failing_account_does_not_stop_the_others() {
    const OTHER: &str = "48210078";
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.add_portal(Portal::new(OTHER, "pat-other-portal"));
        hubspot.revoke_token("pat-other-portal");
    });
    let block = format!(
        "\n[[hubspot]]\nportal = \"{OTHER}\"\nmapping = '{}'\nclient_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]\n\
         token_file = \"other-token\"\napi_url = \"{}\"\n",
        world.installation.mapping.display(),
        world.sandbox.hubspot.url(),
    );
    std::fs::write(world.directory.path().join("other-token"), "pat-other-portal").unwrap();
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    std::fs::write(&world.installation.config, config + &block).unwrap();
    world.starts().await;
    world.wins(NORTHLIGHT);
    world.passes(HOUR);

    let found = catch_up(&world.service().app.worker, Timestamp::UNIX_EPOCH, false).await;
    let of = |account: &str| found[&account.parse().unwrap()].as_ref();
    assert_eq!(found.len(), 3);
    assert_eq!(of(&world.side.account()).unwrap().unknown, [world.key(NORTHLIGHT)]);
    assert_eq!(of(&Side::Salesforce.account()), Ok(&known(0)));
    let refused = of(&format!("hubspot:{OTHER}")).unwrap_err();
    assert!(matches!(refused, Failure::Pause { .. }), "{refused:?}");
    world.next_digest().await;
    world.end().await;
}

async fn the_command_says_what_it_cannot_do() {
    let world = world_for_commands().await;
    let (status, _, err) = catch_up_command(&world, &[]).await;
    assert_eq!(status, 2);
    assert!(err.contains("--since <TIME>"), "{err}");
    let (status, _, err) = catch_up_command(&world, &["--since", "a week"]).await;
    assert_eq!(status, 2);
    assert!(
        err.contains("invalid value 'a week' for '--since <TIME>': write 36h or 7d, at most 30d"),
        "{err}"
    );

    world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    let (status, out, err) = catch_up_command(&world, &["--since", "7d"]).await;
    assert_eq!(status, 1);
    insta::assert_snapshot!(about_accounts(&out), @"salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new");
    insta::assert_snapshot!(err.split(", correlation").next().unwrap(), @"hubspot:48210077: searching for won deals: HubSpot answered 401 INVALID_AUTHENTICATION");
    assert!(err.ends_with("handoff: not every account could be asked\n"), "{err}");
    world.end().await;
}
