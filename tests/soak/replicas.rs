//! Several processes on one PostgreSQL database, one of them killed again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::clock::Clock;
use handoff_sandbox::{Fault, Times};

use crate::child::{Child, Start};
use crate::database::Database;
use crate::environment::{Environment, WORK};
use crate::expected_state::Crm;
use crate::kills::{block_on, comes_to_its_end, summary};
use crate::load::Load;
use crate::options::any_seed;
use crate::reconciliation::Reconciliation;
use crate::rest::rest_millis;
use crate::test_database::Engine;

/// Wins that may wait at once for each process.
const BACKLOG: usize = 80;

/// One win in so many happens in HubSpot, which answers one portal only a few wins a second, however many processes
/// ask.
const IN_HUBSPOT: usize = 8;

/// What HubSpot sells at most, all processes together.
const CALLS: usize = 250;

/// A process that is killed forgets what it has asked for: one after the other may start in ten seconds.
const FORGOTTEN: usize = 4;

/// How many, and how often one of them is killed.
struct Bounds {
    count: usize,
    wins: usize,
    /// How long a killed process's work stays its own, four times as long as a call may last.
    lease: Duration,
    /// Milliseconds between two kills.
    between: std::ops::Range<u64>,
    patience: Duration,
}

/// The version of `cargo test`.
pub fn killed_replicas() -> Result<(), String> {
    let (lease, patience) = (Duration::from_secs(2), Duration::from_mins(1));
    block_on(replicas(&Bounds { count: 3, wins: 60, lease, between: 600..1_200, patience }, any_seed()))
}

/// So many processes and wins.
pub fn run(count: usize, wins: usize, seed: u64) -> Result<(), String> {
    let (lease, patience) = (Duration::from_secs(6), Duration::from_mins(5));
    block_on(replicas(&Bounds { count, wins, lease, between: 2_000..5_000, patience }, seed))
}

async fn replicas(bounds: &Bounds, seed: u64) -> Result<(), String> {
    let watch = Clock::stopwatch();
    let lease = bounds.lease;
    let work = WORK
        .replace("workers = 8", &format!("workers = 16\nreplicas = {}", bounds.count))
        .replace("http_timeout = \"400ms\"", &format!("http_timeout = \"{}ms\"", lease.as_millis() / 5))
        .replace("lease = \"2s\"", &format!("lease = \"{}s\"", lease.as_secs()));
    let environment = Environment::prepare(Engine::Postgres, &work).await;
    environment.hubspot_allows(CALLS * FORGOTTEN, CALLS);
    let environment = Arc::new(environment);
    let load = Load::new(0);
    let mut rng = Rng::with_seed(seed);
    let mut helpers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        helpers.spawn(Arc::clone(&load).tells(Arc::clone(&environment), rng.u64(..)));
    }
    let mut children = Vec::new();
    for _ in 0..bounds.count {
        children.push(start(&environment).await?);
    }
    aim(&load, &children);
    let takeovers = Arc::new(Mutex::new(Vec::new()));
    let people = helpers.spawn(win(Arc::clone(&load), Arc::clone(&environment), bounds.wins, bounds.count));
    let mut watching = tokio::task::JoinSet::new();

    let (mut kills, mut freezes) = (0, 0);
    while !people.is_finished() || kills < 3 {
        spoil(&environment, &mut rng);
        rest_millis(rng.u64(bounds.between.clone())).await;
        if rng.u32(..3) == 0 {
            // As a virtual machine that is moved, it wakes up and believes that its leases still hold.
            let frozen = &children[rng.usize(..children.len())];
            frozen.freezes(lease + Duration::from_millis(rng.u64(500..2_000))).await;
            freezes += 1;
            // Time to do harm, if it can.
            rest_millis(500).await;
        }
        let victim = children.swap_remove(rng.usize(..children.len()));
        victim.kill().await;
        kills += 1;
        watching.spawn(takeover(Arc::clone(&environment), Arc::clone(&takeovers), lease));
        aim(&load, &children);
        children.push(start(&environment).await?);
        aim(&load, &children);
        environment.forget_calls();
    }
    environment.sandbox.hubspot.clear_faults();
    environment.sandbox.salesforce.clear_faults();
    environment.sandbox.slack.clear_faults();
    environment.sandbox.hubspot.release();
    environment.sandbox.salesforce.release();
    environment.sandbox.slack.release();
    let stuck = comes_to_its_end(&environment, &load, bounds.patience).await;
    watching.join_all().await;
    helpers.shutdown().await;
    for child in children {
        child.kill().await;
    }

    let expected = std::mem::take(&mut *load.expected());
    let reconciliation = Reconciliation::audit(&environment, &expected).await;
    let exact = reconciliation.tasks == bounds.wins
        && reconciliation.digests == bounds.wins
        && reconciliation.wins == bounds.wins;
    println!(
        "{} replicas on postgres: seed {seed}, {kills} kills, {freezes} frozen for longer than a lease\n  {}\n  takeover after a kill: {} (lease {lease:?})\n  {:.1?}",
        bounds.count,
        summary(&reconciliation),
        spread(&takeovers.lock().unwrap()),
        watch.elapsed()
    );
    let fine = reconciliation.are_in_order() && stuck.is_none() && exact;
    if let Ok(environment) = Arc::try_unwrap(environment) {
        environment.leave(!fine).await;
    }
    if fine {
        return Ok(());
    }
    let again =
        format!("cargo test --test soak -- --replicas {} --wins {} --seed {seed}", bounds.count, bounds.wins);
    Err(format!("{}{}  to try it again: {again}", stuck.unwrap_or_default(), reconciliation.complaints()))
}

async fn start(environment: &Environment) -> Result<Child, String> {
    Child::start(environment, &Start::default()).await.ok_or_else(|| "a replica does not start".to_owned())
}

fn aim(load: &Load, children: &[Child]) {
    let addresses: Vec<&str> = children.iter().map(|child| child.address.as_str()).collect();
    load.goes_to(&addresses);
}

/// An answer is lost now and then, and a burst is refused.
fn spoil(environment: &Environment, rng: &mut Rng) {
    let fault = match rng.u32(..4) {
        0 => Fault::DropBefore,
        1 => Fault::FailAfter,
        2 => Fault::status(503),
        _ => Fault::DropAfter,
    };
    let times = Times::Next(rng.u32(1..4));
    match rng.u32(..3) {
        0 => environment.sandbox.hubspot.fails("POST /crm/objects/*/tasks", fault, times),
        1 => environment.sandbox.salesforce.fails("POST /services/data/*/sobjects/Task", fault, times),
        _ => environment.sandbox.slack.fails("POST /api/chat.postMessage", fault, times),
    }
}

async fn win(load: Arc<Load>, environment: Arc<Environment>, wins: usize, replicas: usize) {
    let most = BACKLOG * replicas;
    loop {
        let won = load.expected().total_wins();
        if won == wins {
            return;
        }
        if won.saturating_sub(environment.digest_count()) < most {
            let crm = if won.is_multiple_of(IN_HUBSPOT) { Crm::Hubspot } else { Crm::Salesforce };
            load.wins_new(&environment, crm);
        } else {
            rest_millis(20).await;
        }
    }
}

/// Remembers how long after now, which is when a process was killed, the first row that it held is taken by another.
/// A row of a living process changes before its lease ends; only that of a dead one goes from one lease into the next.
async fn takeover(environment: Arc<Environment>, takeovers: Arc<Mutex<Vec<Duration>>>, lease: Duration) {
    const DELIVERIES: (&str, &str) = ("packet_id || destination", "deliveries WHERE state = 'leased'");
    const DEALS: (&str, &str) = ("deal", "deals WHERE state = 'leased'");

    let watch = Clock::stopwatch();
    let mut database = Database::connect(&environment).await;
    let mut held: Option<BTreeMap<String, (i64, i64)>> = None;
    while watch.elapsed() < lease * 4 {
        let mut leased = BTreeMap::new();
        for (key, from) in [DELIVERIES, DEALS] {
            for row in database.rows(&[key, "epoch", "due_at"], from).await.unwrap() {
                let number = |text: &String| text.parse::<i64>().unwrap_or_default();
                leased.insert(row[0].clone(), (number(&row[1]), number(&row[2])));
            }
        }
        let Some(before) = &mut held else {
            held = Some(leased);
            continue;
        };
        let now = Clock::machine().now_millis();
        let taken = before.iter().any(|(key, (epoch, ends))| {
            *ends <= now && leased.get(key).is_some_and(|(later, _)| later > epoch)
        });
        if taken {
            takeovers.lock().unwrap().push(watch.elapsed());
            return;
        }
        before.retain(|key, (epoch, ends)| {
            // At the end of the lease the row may be between two holders for an instant.
            leased.get(key).map_or(*ends <= now, |(same, _)| same == epoch)
        });
        rest_millis(10).await;
    }
}

fn spread(takeovers: &[Duration]) -> String {
    let mut sorted = takeovers.to_vec();
    sorted.sort_unstable();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(middle), Some(longest)) => {
            format!("p50 {middle:.2?}, max {longest:.2?}, seen after {} kills", sorted.len())
        }
        _ => "no killed process held anything".to_owned(),
    }
}
