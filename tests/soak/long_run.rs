//! A long run without kills: does it hold on to memory, descriptors or disk?
//!
//! Every minute the clock of everybody jumps two hours, so that a day of retention is over after twelve minutes and
//! the hourly purge has something to do.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::clock::Clock;

use crate::child::{Child, Start};
use crate::database::Database;
use crate::environment::{Environment, WORK};
use crate::expected_state::Crm;
use crate::faults::{FaultRates, Faults, write_shift};
use crate::kills::{block_on, comes_to_its_end, summary};
use crate::load::Load;
use crate::reconciliation::Reconciliation;
use crate::rest::rest;
use crate::test_database::Engine;

const SAMPLE: Duration = Duration::from_secs(10);

/// So many samples between two jumps of the clock.
const JUMP_EVERY: usize = 6;

const JUMP: Duration = Duration::from_hours(2);

/// Calls in ten seconds that HubSpot really allows an app; ours keeps a little below.
const HUBSPOT_CALLS: usize = 190;

/// What is measured.
struct Sample {
    seconds: u64,
    rss_kib: u64,
    /// See [`Child::memory`].
    heap_kib: u64,
    descriptors: u64,
    database_kib: u64,
    packets: u64,
    open: u64,
}

/// How to soak.
pub struct LongRun {
    pub span: Duration,
    /// Events a second.
    pub rate: u32,
    /// No faults, and a clock that does not jump.
    pub calm: bool,
    pub seed: u64,
}

pub fn run(engine: Engine, soak: &LongRun) -> Result<(), String> {
    block_on(soaks(engine, soak))
}

async fn soaks(engine: Engine, soak: &LongRun) -> Result<(), String> {
    let LongRun { span, rate, calm, seed } = *soak;
    let work = WORK
        .replace("workers = 8", "workers = 32")
        .replace("http_timeout = \"400ms\"", "http_timeout = \"2s\"")
        .replace("lease = \"2s\"", "lease = \"10s\"")
        .replace("longest_retry = \"1s\"", "longest_retry = \"20s\"");
    let environment = Environment::prepare(engine, &work).await;
    environment.hubspot_allows(HUBSPOT_CALLS, HUBSPOT_CALLS - 20);
    let environment = Arc::new(environment);
    let load = Load::new(0);
    let mut rng = Rng::with_seed(seed);
    let mut faults = Faults::new(rng.u64(..), Duration::ZERO, FaultRates { lasting: 10, slack_down: 2..5 });
    let mut child = Child::start(&environment, &Start { quiet: true, ..Start::default() })
        .await
        .ok_or("it does not start")?;
    load.goes_to(&[&child.address]);
    let mut helpers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        helpers.spawn(Arc::clone(&load).tells(Arc::clone(&environment), rng.u64(..)));
    }
    let people = helpers.spawn(win(Arc::clone(&load), Arc::clone(&environment), rate, rng.u64(..)));

    println!("soak on {engine}: seed {seed}, {rate} events/s for {span:?}\n{HEAD}");
    let watch = Clock::stopwatch();
    let mut database = Database::connect(&environment).await;
    let mut samples = Vec::new();
    while watch.elapsed() < span {
        rest(SAMPLE).await;
        let sample = measure(&environment, &mut database, &child, watch.elapsed()).await;
        println!("{}", line(&sample));
        samples.push(sample);
        let at_home = if calm {
            None
        } else {
            faults.change(&environment);
            faults.at_home(&environment)
        };
        if !calm && samples.len().is_multiple_of(JUMP_EVERY) {
            environment.clock.advance(JUMP);
            let ahead = environment.clock.now_millis() - Clock::machine().now_millis();
            write_shift(&environment, ahead);
        }
        if let Some(at_home) = at_home {
            let _ = at_home.await;
        }
        // The harness itself must not drown in what it has seen.
        environment.forget_calls();
        if !child.lives() {
            break;
        }
    }
    people.abort();
    faults.calm(&environment);
    let stuck = comes_to_its_end(&environment, &load, Duration::from_mins(5)).await;
    let survived = child.lives();
    samples.push(measure(&environment, &mut database, &child, watch.elapsed()).await);
    helpers.shutdown().await;
    child.kill().await;
    // What was purged cannot be compared any more: only the other side's books can.
    let reconciliation = Reconciliation::count(&environment, &load.expected());
    let a_minute = |count: usize| count as u64 * 60 / span.as_secs().max(1);
    let (events, wins) = (a_minute(reconciliation.events), a_minute(reconciliation.wins));
    println!(
        "{}\n  {}\n  {events} events a minute, of which {wins} are wins",
        table(&samples),
        summary(&reconciliation)
    );
    let fine = reconciliation.are_in_order() && stuck.is_none() && survived;
    if let Ok(environment) = Arc::try_unwrap(environment) {
        environment.leave(!fine).await;
    }
    if fine {
        return Ok(());
    }
    let died = if survived { "" } else { "  the service died\n" };
    Err(format!("{died}{}{}", stuck.unwrap_or_default(), reconciliation.complaints()))
}

/// A steady stream, as a large CRM sends it: most events tell of changes that win nothing, and a win is told two or
/// three times. More wins than two a second would be more than HubSpot allows one app to read and answer.
async fn win(load: Arc<Load>, environment: Arc<Environment>, rate: u32, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut due = 0.0;
    loop {
        ticks.tick().await;
        due += f64::from(rate) / 10.0;
        while due >= 1.0 {
            let before = load.expected().notices.len();
            match rng.u32(..20) {
                0 => load.wins_new(&environment, Crm::Hubspot),
                1..=3 => load.wins_new(&environment, Crm::Salesforce),
                4 => drop(load.wins_again(&environment, &mut rng)),
                _ => load.changes_something(&environment),
            }
            let said = load.expected().notices.len() - before;
            due -= f64::from(u32::try_from(said.max(1)).unwrap_or(u32::MAX));
        }
    }
}

async fn measure(environment: &Environment, database: &mut Database, child: &Child, at: Duration) -> Sample {
    let packets = database.number("COUNT(*)", "packets").await.unwrap_or(-1);
    let open = database.number("COUNT(*)", "deliveries WHERE state <> 'done'").await.unwrap_or(-1);
    Sample {
        seconds: at.as_secs(),
        rss_kib: child.memory("VmRSS"),
        heap_kib: child.memory("RssAnon"),
        descriptors: child.descriptors() as u64,
        database_kib: database.bytes(environment).await / 1024,
        packets: packets.unsigned_abs(),
        open: open.unsigned_abs(),
    }
}

const HEAD: &str = "   seconds    rss KiB   heap KiB  descriptors  database KiB   packets  open deliveries";

fn line(sample: &Sample) -> String {
    let Sample { seconds, rss_kib, heap_kib, descriptors, database_kib, packets, open } = sample;
    format!(
        "{seconds:>10} {rss_kib:>10} {heap_kib:>10} {descriptors:>12} {database_kib:>13} {packets:>9} {open:>16}"
    )
}

fn table(samples: &[Sample]) -> String {
    type Figure = fn(&Sample) -> u64;
    let figures: [(&str, Figure); 6] = [
        ("rss KiB", |sample| sample.rss_kib),
        ("heap KiB", |sample| sample.heap_kib),
        ("descriptors", |sample| sample.descriptors),
        ("database KiB", |sample| sample.database_kib),
        ("packets", |sample| sample.packets),
        ("open deliveries", |sample| sample.open),
    ];
    let mut text = format!("{:>16} {:>12} {:>12} {:>12} {:>12}", "", "first", "middle", "last", "max");
    for (name, of) in figures {
        let at = |index: usize| samples.get(index).map_or(0, of);
        let max = samples.iter().map(of).max().unwrap_or_default();
        let (middle, last) = (at(samples.len() / 2), at(samples.len().saturating_sub(1)));
        let _ = write!(text, "\n{name:>16} {:>12} {middle:>12} {last:>12} {max:>12}", at(0));
    }
    text
}
