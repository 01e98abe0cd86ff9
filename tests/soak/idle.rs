//! Thousands of connections that want nothing, against the limits that the service ships with: webhooks still get
//! through, and what they tell of is handed over.
//!
//! Nobody who is idle goes away by himself. Whoever is closed comes back a few seconds later, as a badly written
//! client does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use handoff_bridge::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::child::{Child, Start};
use crate::environment::{Environment, WORK};
use crate::expected_state::Crm;
use crate::kills::{block_on, comes_to_its_end, summary};
use crate::load::Load;
use crate::reconciliation::Reconciliation;
use crate::rest::{rest, rest_millis};
use crate::test_database::Engine;

/// For so long people win deals.
const SPAN: Duration = Duration::from_mins(1);

/// What an idle connection has said before it falls silent.
const SAYINGS: [&str; 3] = [
    "",
    "POST /webhooks/hubspot HTTP/1.1\r\nhost: hooks.example.com\r\n",
    "GET /healthz HTTP/1.1\r\nhost: hooks.example.com\r\n\r\n",
];

#[derive(Default)]
struct Count {
    open: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
}

/// Runs with so many idle connections.
pub fn run(engine: Engine, connections: usize, seed: u64) -> Result<(), String> {
    block_on(idle(engine, connections, seed))
}

async fn idle(engine: Engine, connections: usize, seed: u64) -> Result<(), String> {
    let environment = Arc::new(Environment::prepare(engine, WORK).await);
    let load = Load::new(0);
    let mut rng = Rng::with_seed(seed);
    let mut child = Child::start(&environment, &Start::default()).await.ok_or("it does not start")?;
    println!("idle connections on {engine}: {connections}, seed {seed}");
    let count = Arc::new(Count::default());
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(keeps_silent(child.address.clone(), Arc::clone(&count), rng.u64(..)));
    }
    let everybody = connections as u64;
    while count.opened.load(Ordering::Relaxed) < everybody {
        rest_millis(20).await;
    }

    load.goes_to(&[&child.address]);
    let mut helpers = JoinSet::new();
    for _ in 0..6 {
        helpers.spawn(Arc::clone(&load).tells(Arc::clone(&environment), rng.u64(..)));
    }
    let watch = Clock::stopwatch();
    let (mut most_descriptors, mut most_rss, mut most_open) = (0, 0, 0);
    while watch.elapsed() < SPAN {
        load.wins_new(&environment, if rng.bool() { Crm::Hubspot } else { Crm::Salesforce });
        load.changes_something(&environment);
        rest_millis(200).await;
        most_descriptors = most_descriptors.max(child.descriptors());
        most_rss = most_rss.max(child.memory("VmRSS"));
        most_open = most_open.max(count.open.load(Ordering::Relaxed));
    }
    let stuck = comes_to_its_end(&environment, &load, Duration::from_mins(2)).await;
    let survived = child.lives();
    helpers.shutdown().await;
    clients.shutdown().await;
    child.kill().await;

    let expected = load.expected().clone();
    let reconciliation = Reconciliation::audit(&environment, &expected).await;
    println!(
        "  connections: {} opened, {} closed by the service, {most_open} open at most\n  \
         webhooks: {} sent, {} of them in vain at first\n  \
         service: {most_descriptors} descriptors and {most_rss} KiB at most\n  {}",
        count.opened.load(Ordering::Relaxed),
        count.closed.load(Ordering::Relaxed),
        expected.requests,
        expected.failed,
        summary(&reconciliation),
    );
    let fine = reconciliation.are_in_order() && stuck.is_none() && survived;
    if let Ok(environment) = Arc::try_unwrap(environment) {
        environment.leave(!fine).await;
    }
    if fine { Ok(()) } else { Err(format!("{}{}", stuck.unwrap_or_default(), reconciliation.complaints())) }
}

/// Connects, says little, and waits until the service has had enough; then again.
async fn keeps_silent(address: String, count: Arc<Count>, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await {
            count.opened.fetch_add(1, Ordering::Relaxed);
            count.open.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(SAYINGS[rng.usize(..SAYINGS.len())].as_bytes()).await;
            let mut heard = [0; 256];
            while stream.read(&mut heard).await.is_ok_and(|bytes| bytes > 0) {}
            count.open.fetch_sub(1, Ordering::Relaxed);
            count.closed.fetch_add(1, Ordering::Relaxed);
        }
        rest(Duration::from_millis(rng.u64(1_000..5_000))).await;
    }
}
