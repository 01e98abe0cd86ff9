//! Killed again and again, at random instants and at random crash points, while everything around it fails.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::clock::Clock;
use handoff_bridge::crash::{CLICK_POINTS, POINTS, WRITE_POINTS};

use crate::answers::{SELLERS, answer};
use crate::child::{Child, Start};
use crate::database::Database;
use crate::environment::{Environment, WORK};
use crate::expected_state::Crm;
use crate::faults::{FaultRates, Faults};
use crate::load::Load;
use crate::options::any_seed;
use crate::reconciliation::Reconciliation;
use crate::rest::{rest, rest_millis};
use crate::test_database::Engine;

/// With more wins than this without a task or without a digest, none is added until some are handed over: Slack takes a
/// message a second in a channel, and what is left in the end has to fit into the patience.
const BACKLOG: usize = 120;

/// What is filled in shows soon.
const FOLLOW: &str = "[follow]\nschedule = [\"2s\"]\nevery = \"10s\"\nedit_pause = \"1s\"";

/// How long one run may take.
struct Bounds {
    kills: u32,
    /// Killing ends after this, however many kills there were.
    span: Duration,
    /// How long the work may take to come to its end when all is well again.
    patience: Duration,
    longest_jump: Duration,
}

/// The version of `cargo test`.
pub fn random_kills(engine: Engine) -> Result<(), String> {
    let (span, patience) = (Duration::from_secs(13), Duration::from_mins(1));
    let bounds = Bounds { kills: 16, span, patience, longest_jump: Duration::from_secs(3) };
    block_on(kill(engine, &bounds, any_seed()))
}

/// So many kills.
pub fn run(engine: Engine, kills: u32, seed: u64) -> Result<(), String> {
    let (span, patience) = (Duration::MAX, Duration::from_mins(5));
    block_on(kill(engine, &Bounds { kills, span, patience, longest_jump: Duration::from_secs(15) }, seed))
}

/// Runs one scenario on threads of its own.
pub fn block_on(scenario: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(scenario)
}

async fn kill(engine: Engine, bounds: &Bounds, seed: u64) -> Result<(), String> {
    let watch = Clock::stopwatch();
    let environment = Arc::new(Environment::prepare(engine, &format!("{WORK}\n{FOLLOW}")).await);
    environment.takes_answers();
    let points = [POINTS, CLICK_POINTS, WRITE_POINTS].concat();
    let load = Load::new(25);
    let mut rng = Rng::with_seed(seed);
    let mut faults =
        Faults::new(rng.u64(..), bounds.longest_jump, FaultRates { lasting: 4, slack_down: 4..12 });
    let mut helpers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        helpers.spawn(Arc::clone(&load).tells(Arc::clone(&environment), rng.u64(..)));
    }
    let people = helpers.spawn(win(Arc::clone(&load), Arc::clone(&environment), rng.u64(..)));
    let mut sellers = tokio::task::JoinSet::new();
    for number in 0..SELLERS {
        sellers.spawn(answer(Arc::clone(&load), Arc::clone(&environment), number, rng.u64(..)));
    }

    let (mut kills, mut restarts, mut at_points) = (0, 0, 0);
    while kills < bounds.kills && watch.elapsed() < bounds.span {
        faults.change(&environment);
        let crash_at = rng.bool().then(|| format!("{}:{}", points[rng.usize(..points.len())], rng.u32(1..8)));
        let start = Start { crash_at, file_limit: faults.room(&environment), quiet: false };
        restarts += 1;
        let at_home = faults.at_home(&environment);
        if let Some(child) = Child::start(&environment, &start).await {
            load.goes_to(&[&child.address]);
            environment.clicks_go_to(&child.address);
            // Mostly too short a life for the work that is there; now and then long enough to finish some, also
            // what on PostgreSQL the one before has left leased.
            let span = if rng.u32(..4) == 0 { 1_000..3_000 } else { 30..900 };
            let span = Duration::from_millis(rng.u64(span));
            at_points += u32::from(child.killed_within(span).await);
            kills += 1;
        } else if start.crash_at.is_some() {
            // It died before it was ready.
            kills += 1;
            at_points += 1;
        } else {
            rest_millis(50).await;
        }
        load.goes_to(&[]);
        if let Some(at_home) = at_home {
            let _ = at_home.await;
        }
    }
    people.abort();
    sellers.shutdown().await;
    faults.end(&environment);
    let mut child = last_start(&environment).await?;
    load.goes_to(&[&child.address]);
    let stuck = comes_to_its_end(&environment, &load, bounds.patience).await;
    let survived = child.lives();
    helpers.shutdown().await;
    child.kill().await;

    let expected = std::mem::take(&mut *load.expected());
    let (requests, refused) = (expected.requests, expected.refused);
    let reconciliation = Reconciliation::audit(&environment, &expected).await;
    println!(
        "random kills on {engine}: seed {seed}, {kills} kills ({at_points} at crash points), {restarts} restarts, \
         {requests} requests ({refused} refused)\n  {}\n  {:.1?}",
        summary(&reconciliation),
        watch.elapsed()
    );
    let fine = reconciliation.are_in_order() && stuck.is_none() && survived;
    if let Ok(environment) = Arc::try_unwrap(environment) {
        environment.leave(!fine).await;
    }
    if fine {
        return Ok(());
    }
    let again = format!("cargo test --test soak -- --kills {} --store {engine} --seed {seed}", bounds.kills);
    Err(format!("{}{}  to try it again: {again}", stuck.unwrap_or_default(), reconciliation.complaints()))
}

/// One line of totals.
pub fn summary(reconciliation: &Reconciliation) -> String {
    let Reconciliation { events, acknowledged, wins, tasks, digests, asked, answered, .. } = reconciliation;
    let Reconciliation { attempts, held, lost, doubled, untrue, .. } = reconciliation;
    format!(
        "{events} events ({acknowledged} acknowledged), {wins} wins, {tasks} tasks, {digests} digests, {asked} direct \
         messages, {answered} answers, {attempts} attempts, {held} held; lost {}, doubled {}, untrue {}",
        lost.len(),
        doubled.len(),
        untrue.len()
    )
}

/// All is well, so it has to start; the database may still be coming round.
pub async fn last_start(environment: &Environment) -> Result<Child, String> {
    for _ in 0..10 {
        if let Some(child) = Child::start(environment, &Start::default()).await {
            return Ok(child);
        }
        rest_millis(500).await;
    }
    Err(format!("the service does not start any more; see {}", environment.log_file().display()))
}

/// People win deals, new ones and old ones again.
async fn win(load: Arc<Load>, environment: Arc<Environment>, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    loop {
        rest_millis(rng.u64(20..400)).await;
        let handed_over = environment.task_count().min(environment.digest_count());
        let open = load.expected().total_wins().saturating_sub(handed_over);
        if open > BACKLOG {
            continue;
        }
        match rng.u32(..12) {
            10 | 11 => load.fills(&environment, &mut rng),
            0 => load.changes_something(&environment),
            1 | 2 => drop(load.wins_again(&environment, &mut rng)),
            _ => {
                let crm = if rng.bool() { Crm::Hubspot } else { Crm::Salesforce };
                for _ in 0..rng.u32(1..4) {
                    load.wins_new(&environment, crm);
                }
            }
        }
    }
}

/// Waits until everything is told and nothing is left to do; says what is left if that takes too long.
pub async fn comes_to_its_end(environment: &Environment, load: &Load, patience: Duration) -> Option<String> {
    let watch = Clock::stopwatch();
    let mut database = Database::connect(environment).await;
    loop {
        let told = load.expected().is_told();
        let open = database.open_work().await.unwrap_or_else(|error| vec![error.to_string()]);
        let stale = environment.stale(&load.expected());
        if told && open.is_empty() && stale.is_empty() {
            return None;
        }
        if watch.elapsed() > patience {
            let telling = if told { "" } else { "not every event is acknowledged; " };
            let left = [open, stale].concat();
            return Some(format!("  stuck: {telling}left to do: {}\n", left.join("; ")));
        }
        rest(Duration::from_millis(100)).await;
    }
}
