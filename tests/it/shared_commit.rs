//! Webhooks that come together share a commit, and the process stands still around one that many of them wait for,
//! until everything that it would tell too early has been told. Then it is killed. Nothing was acknowledged that
//! is not on disk, and each win gets its task and its digest once.

use std::fmt::Write as _;

use futures_util::future::{join, join_all};
use handoff_bridge::clock::Clock;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::deals::{CLIENT_SECRET, PORTAL};
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::{Delivery, deals};
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::Value;

use crate::named;
use crate::process::Process;
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{PINEBROOK, World, told_on};

/// The first comes alone, the others at once.
const WEBHOOKS: usize = 48;

/// Slack takes one digest a second in each channel.
const CHANNELS: usize = 16;

/// Workers look only when they are woken, so that it is webhooks that keep the writers busy. A webhook may wait as
/// long as it takes to bring all of them together.
const WORK: &str = r#"first_retry = "50ms"
longest_retry = "1s"
http_timeout = "2s"
lease = "8s"
poll = "30s"
digest_waits = "300ms"
shutdown = "5s"
catch_up = "off"

[http]
answer_within = "20s""#;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for point in ["webhook.before_commit", "webhook.after_commit"] {
            let name = format!("{}::{point}", named!(killed_at));
            trials.push(told_on(engine, name, async move |database| killed_at(point, &database).await));
        }
    }
    trials
}

/// What happened to a deal, and the one webhook that tells of it.
struct Told {
    deal: String,
    event: Value,
}

impl Told {
    fn webhook(&self, world: &World) -> Delivery {
        let url = format!("{PUBLIC_URL}/webhooks/hubspot");
        Delivery::batch(&url, CLIENT_SECRET, std::slice::from_ref(&self.event), world.now())
    }

    fn event_id(&self) -> String {
        self.event["eventId"].to_string()
    }
}

async fn killed_at(point: &'static str, database: &TestDatabase) {
    let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
    world.keeps_its_store_at(database);
    takes_many_wins_at_once(&world);
    let wins: Vec<Told> = (1..WEBHOOKS).map(|number| wins(&world, number)).collect();

    let dying = dying_commit(database.engine());
    let at = format!("{point}:{}", dying.visit);
    let doomed = Process::serve_and_stand_at(&world.installation, &at).await;
    let mut change = world.sandbox.hubspot.move_to_stage(PINEBROOK, "presentationscheduled").unwrap();
    let alone = Told { deal: PINEBROOK.to_owned(), event: change.remove(0) }.webhook(&world);
    assert_eq!(doomed.receives(&alone).await, Some(StatusCode::OK), "the first commit is an ordinary one");
    idle(&world, &doomed, database).await;

    let held = Held::take(database).await;
    // What nobody answers ends with the process.
    let answers = join_all(wins.iter().map(async |win| doomed.receives(&win.webhook(&world)).await));
    let death = async {
        let gathered = async || doomed.reads_metric("handoff_store_queue").await >= WEBHOOKS / 2;
        world.eventually("half of the webhooks wait for a writer", gathered).await;
        held.release().await;
        doomed.stands().await;
        doomed.is_killed();
    };
    let (answers, ()) = join(answers, death).await;

    let stored = inbox(database).await;
    let acknowledged = |answer: &Option<StatusCode>| *answer == Some(StatusCode::OK);
    for (win, _) in wins.iter().zip(&answers).filter(|(_, answer)| acknowledged(answer)) {
        assert!(stored.contains(&win.event_id()), "deal {} was acknowledged and is not stored", win.deal);
    }
    if point == "webhook.before_commit" {
        let lost = WEBHOOKS - stored.len();
        assert!(lost >= dying.lost_at_least, "only {lost} webhooks waited for what was not committed");
    } else {
        let commits = dying.commits_at_most;
        assert!(stored.len() > commits, "{} webhooks in up to {commits} commits", stored.len());
    }

    let process = Process::serve(&world.installation, None).await;
    for win in &wins {
        // The CRM sends everything again, also what was acknowledged.
        assert_eq!(process.receives(&win.webhook(&world)).await, Some(StatusCode::OK));
    }
    world
        .eventually("everything is done", async || {
            world.digests().len() >= wins.len() && open_work(database).await.is_empty()
        })
        .await;
    process.kill().await;

    assert_eq!(inbox(database).await.len(), WEBHOOKS, "one event for each webhook");
    for win in &wins {
        assert_eq!(world.tasks_on(&win.deal).len(), 1, "one task on {}", win.deal);
    }
    assert_eq!(world.digests().len(), wins.len(), "one digest for each win");
    assert_eq!(world.sandbox.hubspot.problems(), Vec::<String>::new());
    assert_eq!(world.sandbox.slack.problems(), Vec::<String>::new());
}

/// The commit of events that nobody gets beyond.
struct DyingCommit {
    /// Which one it is.
    visit: usize,
    /// How many may have been made in the end, itself included.
    commits_at_most: usize,
    /// How many webhooks wait for it, and for those after it.
    lost_at_least: usize,
}

/// The first commit holds the first webhook. Then every writer has taken what came first, perhaps one webhook,
/// and had to wait; the one after those takes what has gathered meanwhile.
fn dying_commit(engine: Engine) -> DyingCommit {
    match engine {
        Engine::Sqlite => DyingCommit { visit: 3, commits_at_most: 3, lost_at_least: WEBHOOKS / 2 },
        // Four write, and each of them may commit before it stands still.
        Engine::Postgres => DyingCommit { visit: 6, commits_at_most: 9, lost_at_least: 1 },
    }
}

/// HubSpot and Slack take as much as comes, so that nobody waits for their limits.
fn takes_many_wins_at_once(world: &World) {
    let edit = |file: &std::path::Path, old: &str, new: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(old), "{old}");
        std::fs::write(file, text.replace(old, new)).unwrap();
    };
    let token = "\ntoken_env = \"HUBSPOT_TOKEN\"";
    edit(&world.installation.config, token, &format!("\ncalls_per_10s = 250{token}"));
    world.sandbox.hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().calls_per_10s = 100_000);
    let mut routes = String::new();
    for number in (0..CHANNELS).rev() {
        let when = format!("{{field: deal.amount, at_least: {}}}", 1_000 * (number + 1));
        let _ = writeln!(routes, "    - when: {when}\n      channel: {}", channel(number));
    }
    let shipped = "    - when: {field: deal.amount, at_least: 100000}\n      channel: C0ENTERPR\n";
    edit(&world.installation.mapping, shipped, &routes);
    world.sandbox.slack.change(|slack| {
        for number in 0..CHANNELS {
            slack.add_channel(&channel(number), "handoffs");
        }
    });
}

fn channel(number: usize) -> String {
    format!("C0SHARED{number:02}")
}

/// A deal is won, and nobody has heard of it yet.
fn wins(world: &World, number: usize) -> Told {
    let deal = format!("3020000{number:05}");
    let amount = (1_000 * (number % CHANNELS + 1)).to_string();
    let values = [
        ("dealname", "Annual plan"),
        ("amount", amount.as_str()),
        ("deal_currency_code", "EUR"),
        ("pipeline", "default"),
        ("dealstage", "contractsent"),
        ("hubspot_owner_id", "70000002"),
    ];
    world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().add(Kind::Deal, &deal, world.now(), &values);
    });
    let mut events = world.sandbox.hubspot.change(|hubspot| deals::happens(hubspot, &deal)).unwrap();
    Told { deal, event: events.remove(0) }
}

/// Waits until the first webhook is dealt with, and nobody writes any more.
async fn idle(world: &World, process: &Process, database: &TestDatabase) {
    let waiting = "SELECT provider_id FROM inbox WHERE outcome IS NULL";
    world.eventually("its event has an outcome", async || database.texts(waiting).await.is_empty()).await;
    world
        .eventually("nobody writes", async || {
            let commits = process.reads_metric("handoff_store_commits_total").await;
            for _ in 0..10 {
                if process.reads_metric("handoff_store_commits_total").await != commits {
                    return false;
                }
            }
            true
        })
        .await;
}

/// Ids of the stored events.
async fn inbox(database: &TestDatabase) -> Vec<String> {
    database.texts("SELECT provider_id FROM inbox").await
}

/// Deals and deliveries that are not done.
async fn open_work(database: &TestDatabase) -> Vec<String> {
    database
        .texts(
            "SELECT deal FROM deals WHERE state <> 'idle'
            UNION ALL SELECT packet_id FROM deliveries WHERE state <> 'done'",
        )
        .await
}

/// Another program holds what every writer needs.
enum Held {
    Sqlite(rusqlite::Connection),
    Postgres(sqlx::PgConnection),
}

impl Held {
    async fn take(database: &TestDatabase) -> Self {
        match database.engine() {
            Engine::Sqlite => Self::Sqlite(database.held().unwrap()),
            Engine::Postgres => {
                let mut conn = database.connect().await;
                // Reading is still possible.
                let sql = "BEGIN; LOCK TABLE inbox IN EXCLUSIVE MODE";
                sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
                Self::Postgres(conn)
            }
        }
    }

    async fn release(self) {
        match self {
            Self::Sqlite(conn) => conn.execute_batch("ROLLBACK").unwrap(),
            Self::Postgres(mut conn) => drop(sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.unwrap()),
        }
    }
}
