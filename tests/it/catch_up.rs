//! Wins that no webhook told of are found, handed over once, and nothing that is known is doubled.

use std::time::Duration;

use handoff_bridge::catch_up::{Wins, catch_up, sweep};
use handoff_bridge::clock::{Clock, later};
use handoff_bridge::crm::AccountKey;
use handoff_bridge::failure::Failure;
use handoff_bridge::sandbox::deals::{PORTAL, TOKEN};
use handoff_bridge::sandbox::hubspot::{Kind, Portal};
use handoff_bridge::sandbox::{Fault, Times};
use handoff_bridge::store::Recorded;
use jiff::Timestamp;
use libtest_mimic::Trial;

use crate::process::handoff;
use crate::scenarios;
use crate::side::Side;
use crate::world::{NORTHLIGHT, PINEBROOK, WORK, World, told};

const SEARCH: &str = "POST /crm/objects/*/deals/search";
const READ_DEAL: &str = "GET /crm/objects/*/deals/*";

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        a_deal_that_a_webhook_brought_is_not_doubled_and_not_read,
        a_win_that_was_missed_after_an_earlier_one_is_found,
        an_old_win_that_somebody_edits_is_left_alone,
        a_deal_whose_win_the_crm_does_not_date_is_read_to_find_out,
        a_deal_that_was_reopened_is_not_a_win,
        a_win_that_still_waits_is_not_announced_again,
        a_win_that_search_does_not_show_yet_is_found_by_the_next_sweep,
        a_paused_account_is_not_asked,
        many_missed_wins_are_found_page_by_page,
    ];
    trials.extend([
        told("hubspot::catch_up::wins_during_a_30_hour_outage_are_delivered_once", async || {
            outage(Side::Hubspot).await;
        }),
        told("salesforce::catch_up::wins_during_a_30_hour_outage_are_delivered_once", async || {
            outage(Side::Salesforce).await;
        }),
        story("a_search_that_fails_is_asked_again_by_the_next_sweep", async || failing_search().await),
        story("a_service_is_ready_and_stops_while_a_sweep_hangs", async || hanging_search().await),
        story("a_win_before_the_installation_waits_for_the_command", async || installation().await),
        story("a_dry_run_changes_nothing", async || dry_run().await),
        story("one_failing_account_does_not_stop_the_others", async || two_accounts().await),
        story("the_command_says_what_it_cannot_do", async || bad_arguments().await),
    ]);
    trials
}

fn story<F: AsyncFnOnce() + Send + 'static>(name: &str, story: F) -> Trial {
    told(&format!("catch_up::{name}"), story)
}

/// The times of every world, with sweeps switched on.
fn sweeping() -> String {
    WORK.replace("catch_up = \"off\"", "catch_up = \"1h\"\ncatch_up_window = \"3d\"")
}

fn account() -> AccountKey {
    account_of(Side::Hubspot)
}

fn account_of(side: Side) -> AccountKey {
    side.account().parse().unwrap()
}

fn key(deal: &str) -> handoff_bridge::crm::DealKey {
    format!("hubspot:{PORTAL}:{deal}").parse().unwrap()
}

impl World {
    /// Looks for wins of the last `span`, and says what the portal had.
    async fn looks_back(&self, span: Duration) -> Wins {
        let since = self.now().checked_sub(span).unwrap();
        let mut found = catch_up(&self.service().app, since, false).await;
        found.remove(&account()).unwrap().unwrap()
    }

    /// What the service's own sweep finds.
    async fn sweeps(&self) -> Result<Wins, Failure> {
        sweep(&self.service().app).await.unwrap().remove(&account()).unwrap()
    }

    /// Somebody edits a deal.
    fn edits(&self, deal: &str) {
        let now = self.now();
        self.sandbox.hubspot.change(|hubspot| {
            hubspot.portal_mut(PORTAL).unwrap().set(Kind::Deal, deal, "hs_next_step", "Call", now);
        });
    }

    /// Search shows every change at once.
    fn search_does_not_lag(&self) {
        self.sandbox.hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().search_lag_seconds = 0);
    }

    /// Requests to HubSpot that do something else than search.
    fn calls_beside_search(&self) -> usize {
        let log = self.sandbox.hubspot.log();
        log.calls().len() - log.count(SEARCH)
    }
}

async fn outage(side: Side) {
    let mut world = World::with(side, &sweeping()).await;
    world.stops().await;
    let deals = [side.complete(), side.half_empty(), side.third()];
    world.passes(HOUR);
    world.wins(deals[0]);
    world.passes(HOUR);
    world.wins(deals[1]);
    world.passes(28 * HOUR);
    world.wins(deals[2]);
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

    let before = world.packets().await.len();
    for _ in 0..2 {
        world.passes(HOUR);
        let found = sweep(&world.service().app).await.unwrap().remove(&account_of(side)).unwrap();
        assert_eq!(found, Ok(Wins { known: 3, ..Wins::default() }), "what is known is not read again");
    }
    assert_eq!(world.packets().await.len(), before);
    assert_eq!(world.events().await.len(), 3);
    world.end().await;
}

async fn a_deal_that_a_webhook_brought_is_not_doubled_and_not_read(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    world.passes(HOUR);
    // Every later edit makes the deal show up again.
    world.edits(NORTHLIGHT);
    world.passes(HOUR);
    let before = world.calls_beside_search();
    assert_eq!(world.looks_back(DAY).await, Wins { known: 1, ..Wins::default() });
    assert_eq!(world.calls_beside_search(), before);
    assert_eq!(world.events().await.len(), 1);
}

async fn a_win_that_was_missed_after_an_earlier_one_is_found(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.passes(HOUR);
    world.sandbox.hubspot.move_to_stage(NORTHLIGHT, "contractsent").unwrap();
    world.passes(HOUR);
    world.wins(NORTHLIGHT);
    world.passes(HOUR);
    let wins = world.looks_back(DAY).await;
    assert_eq!(wins.unknown, [key(NORTHLIGHT)]);
    assert_eq!(wins.recorded, Recorded { new: 1, repeated: 0 });
    world.next_digest().await;
    assert_eq!(world.packets().await.len(), 2, "one packet per win");
}

async fn an_old_win_that_somebody_edits_is_left_alone(world: &mut World) {
    world.wins(NORTHLIGHT);
    world.passes(5 * DAY);
    world.edits(NORTHLIGHT);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await, Ok(Wins::default()), "it was won more than three days ago");
    assert_eq!(world.looks_back(7 * DAY).await.unknown, [key(NORTHLIGHT)]);
    world.next_digest().await;
}

async fn a_deal_whose_win_the_crm_does_not_date_is_read_to_find_out(world: &mut World) {
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().remove_property(Kind::Deal, "hs_closed_won_date");
    });
    world.wins(NORTHLIGHT);
    world.passes(5 * DAY);
    world.edits(NORTHLIGHT);
    world.wins(PINEBROOK);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown, [key(PINEBROOK)]);
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.sweeps().await, Ok(Wins { known: 1, ..Wins::default() }));
}

async fn a_deal_that_was_reopened_is_not_a_win(world: &mut World) {
    world.wins(NORTHLIGHT);
    world.passes(HOUR);
    world.sandbox.hubspot.move_to_stage(NORTHLIGHT, "contractsent").unwrap();
    world.passes(HOUR);
    assert_eq!(world.looks_back(DAY).await, Wins::default());
}

async fn a_win_that_still_waits_is_not_announced_again(world: &mut World) {
    world.sandbox.hubspot.fails(READ_DEAL, Fault::status(503), Times::UntilCleared);
    world.wins(NORTHLIGHT);
    world.passes(HOUR);
    assert_eq!(world.looks_back(DAY).await.recorded, Recorded { new: 1, repeated: 0 });
    assert_eq!(world.looks_back(DAY).await.recorded, Recorded { new: 0, repeated: 1 });
    world.sandbox.hubspot.clear_faults();
    world
        .eventually("the digest is there", async || {
            world.passes(SECOND);
            !world.digests().is_empty()
        })
        .await;
    world.next_digest().await;
    assert_eq!(world.events().await.len(), 1);
}

async fn a_win_that_search_does_not_show_yet_is_found_by_the_next_sweep(world: &mut World) {
    world.passes(HOUR);
    world.sandbox.hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().search_lag_seconds = 60);
    world.wins(NORTHLIGHT);
    assert_eq!(world.sweeps().await, Ok(Wins::default()), "too early");
    world.passes(HOUR);
    assert_eq!(world.sweeps().await.unwrap().unknown, [key(NORTHLIGHT)]);
    world.next_digest().await;
}

async fn a_paused_account_is_not_asked(world: &mut World) {
    let (store, until) = (&world.service().app.store, "2026-11-20T09:00:00Z".parse().unwrap());
    store.pause(&account().to_string(), until, "401: check the token").await.unwrap();
    let before = world.sandbox.hubspot.log().calls().len();
    let refused = world.sweeps().await.unwrap_err();
    assert_eq!(refused.why(), "paused until 2026-11-20T09:00:00Z: 401: check the token");
    assert_eq!(world.sandbox.hubspot.log().calls().len(), before);
    world.passes(HOUR);
    assert_eq!(world.sweeps().await, Ok(Wins::default()));
}

async fn many_missed_wins_are_found_page_by_page(world: &mut World) {
    const MANY: usize = 450;
    let at = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        for number in 0..MANY {
            // Half of them in one instant, as after a bulk edit.
            let at = if number % 2 == 0 { at } else { later(at, Duration::from_millis(number as u64)) };
            let values = [("dealname", "Deal"), ("pipeline", "renewals"), ("dealstage", "closedwon")];
            portal.add(Kind::Deal, &(400_000_000_000 + number).to_string(), at, &values);
        }
    });
    world.passes(HOUR);
    let since = at.checked_sub(SECOND).unwrap();
    let mut found = catch_up(&world.service().app, since, true).await;
    let wins = found.remove(&account()).unwrap().unwrap();
    assert_eq!((wins.unknown.len(), wins.recorded.new), (MANY, 0));
}

async fn failing_search() {
    let mut world = World::without_service(Side::Hubspot, &sweeping());
    world.sandbox.hubspot.fails(SEARCH, Fault::status(502), Times::Next(1));
    world.starts().await;
    world
        .eventually("the first sweep has failed", async || world.sandbox.hubspot.log().count(SEARCH) == 1)
        .await;
    world.wins(NORTHLIGHT);
    world
        .eventually("a later sweep has found the deal", async || {
            world.passes(HOUR / 4);
            !world.digests().is_empty()
        })
        .await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.tasks_on(NORTHLIGHT).len(), 1);
    world.end().await;
}

async fn hanging_search() {
    // Longer than this test has patience: only the stop can end the sweep.
    let work = sweeping().replace("http_timeout = \"1s\"", "http_timeout = \"60s\"");
    let mut world =
        World::without_service(Side::Hubspot, &work.replace("lease = \"30s\"", "lease = \"240s\""));
    world.sandbox.hubspot.fails(SEARCH, Fault::HangBefore, Times::UntilCleared);
    world.starts().await;
    world.eventually("the sweep hangs", async || world.sandbox.hubspot.see(hung) > 0).await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    world.end().await;
}

fn hung(hubspot: &handoff_bridge::sandbox::HubspotState) -> u64 {
    handoff_bridge::sandbox::Platform::desk(hubspot).faults.hung()
}

/// A world on the machine's clock, for commands: they know no other.
async fn world_for_commands() -> World {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.search_does_not_lag();
    world.wins(NORTHLIGHT);
    world.wins(PINEBROOK);
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

async fn installation() {
    let mut world = world_for_commands().await;
    let installed = world.service().app.store.installed_at().await.unwrap();
    assert!(installed <= world.now());
    assert_eq!(world.sweeps().await, Ok(Wins::default()), "both were won before the installation");
    assert!(world.events().await.is_empty());

    let (status, out, err) = catch_up_command(&world, &["--since", "7d"]).await;
    assert_eq!(status, 0, "{err}");
    insta::assert_snapshot!(about_accounts(&out), @"
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
    insta::assert_snapshot!(about_accounts(&out), @"
    hubspot:48210077: 2 won, 2 known, 0 new
    salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new
    ");
    assert_eq!(world.events().await.len(), 2);
    world.end().await;
}

async fn dry_run() {
    let world = world_for_commands().await;
    let (status, out, err) = catch_up_command(&world, &["--since", "36h", "--dry-run"]).await;
    assert_eq!(status, 0, "{err}");
    insta::assert_snapshot!(about_accounts(&out), @"
    hubspot:48210077: 2 won, 0 known, 2 new
        hubspot:48210077:301000000417
        hubspot:48210077:301000000418
        a dry run: nothing was changed
    salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new
    ");
    assert!(world.events().await.is_empty());
    world.end().await;
}

async fn two_accounts() {
    const OTHER: &str = "48210078";
    let world = World::without_service(Side::Hubspot, WORK);
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.add_portal(Portal::new(OTHER, "pat-other"));
        hubspot.revoke_token("pat-other");
    });
    // The tokens of both portals are what the environment of this test says.
    let block = format!(
        "\n[[hubspot]]\nportal = \"{OTHER}\"\nmapping = '{}'\nclient_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"]\n\
         token_file = \"other-token\"\napi_url = \"{}\"\n",
        world.installation.mapping.display(),
        world.sandbox.hubspot.url(),
    );
    std::fs::write(world.directory.path().join("other-token"), "pat-other").unwrap();
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    std::fs::write(&world.installation.config, config + &block).unwrap();
    let mut world = world;
    world.starts().await;
    world.wins(NORTHLIGHT);
    world.passes(HOUR);

    let found = catch_up(&world.service().app, Timestamp::UNIX_EPOCH, false).await;
    let keys: Vec<String> = found.keys().map(ToString::to_string).collect();
    let orgs = Side::Salesforce.account();
    assert_eq!(keys, [format!("hubspot:{PORTAL}"), format!("hubspot:{OTHER}"), orgs]);
    assert_eq!(found[&account()].as_ref().unwrap().unknown, [key(NORTHLIGHT)]);
    let other = found[&format!("hubspot:{OTHER}").parse().unwrap()].as_ref().unwrap_err();
    assert!(matches!(other, Failure::Pause { .. }), "{other:?}");
    world.next_digest().await;
    world.end().await;
}

async fn bad_arguments() {
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
    let answered = "salesforce:00DQy00000A7kLmMAJ: 0 won, 0 known, 0 new\n";
    assert_eq!((status, about_accounts(&out)), (1, answered));
    insta::assert_snapshot!(err.split(", correlation").next().unwrap(), @"hubspot:48210077: searching for won deals: HubSpot answered 401 INVALID_AUTHENTICATION");
    assert!(err.ends_with("handoff: not every account could be asked\n"), "{err}");
    world.end().await;
}
