//! Deliveries a second, by the number of workers, until a configured limit ends it.

use std::thread;
use std::time::Duration;

use handoff_bridge::clock::Clock;

use crate::busy::Busy;
use crate::load::Wire;
use crate::machine;
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second};
use crate::samples::{Samples, count};
use crate::service::Service;

/// How long each call takes to the other side.
const LATENCY: Duration = Duration::from_millis(20);

/// Accounts, so that no account's calls are rationed within a run.
const PORTALS: usize = 24;

/// A task and a digest.
const DELIVERIES: usize = 2;

const WORKERS: [usize; 5] = [2, 4, 8, 16, 32];

/// The run that is rationed: calls in ten seconds for each of so many accounts.
const RATIONED: u32 = 30;
const RATIONED_PORTALS: usize = 8;
/// More work than its first twenty seconds allow.
const RATIONED_WINS: usize = 100;

/// How long the wins of one run should take if work is divided well.
const SECONDS: f64 = 3.0;

pub fn run(options: &Options) -> Found {
    let mut found = Found::default();
    let one = burst(options, 1, options.or_quick(30, 12));
    let mut told = vec![format!("1: {}", one.told())];
    for workers in WORKERS {
        let ideal = one.rate * count(workers);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of wins")]
        let wins = (ideal / count(DELIVERIES) * SECONDS) as usize;
        let wins = wins.clamp(24, options.or_quick(480, 96));
        let done = burst(options, workers, wins);
        told.push(format!("{workers}: {}", done.told()));
        found.rows.push(Row {
            what: format!("deliveries, 20 ms a call, {workers} workers"),
            figure: a_second(done.rate),
            floor: format!("{workers} × {}", a_second(one.rate)),
            judged: Samples::from_iter([done.rate / ideal]),
            unit: "",
            target: Target::AtLeast(0.7),
        });
    }
    let limit = f64::from(RATIONED) / 10.0 * count(RATIONED_PORTALS);
    let calls = rationed(options);
    found.rows.push(Row {
        what: format!(
            "HubSpot calls, {RATIONED_PORTALS} accounts with calls_per_10s = {RATIONED}, 32 workers"
        ),
        figure: a_second(calls),
        floor: format!("limit {}", a_second(limit)),
        judged: Samples::from_iter([calls / limit]),
        unit: "",
        target: Target::AtLeast(0.9),
    });
    found.notes.push(format!("deliveries a second by workers: {}", told.join(", ")));
    found.notes.push(Busy::note(PORTALS));
    found
}

/// How that went.
struct Done {
    /// Deliveries a second.
    rate: f64,
    /// How much of the cores was in use, by everybody.
    busy: f64,
}

impl Done {
    fn told(&self) -> String {
        format!("{} (cores {:.0} % busy)", a_second(self.rate), 100.0 * self.busy)
    }
}

/// Wins that wait to be handed over, all told at once.
struct Burst {
    busy: Busy,
    _service: Service,
    watch: std::time::Instant,
}

impl Burst {
    fn begin(busy: Busy) -> Self {
        let service = busy.ground.serves();
        busy.warms_up(&service);
        busy.is_away(LATENCY);
        busy.forgets_calls();
        let requests: Vec<_> = busy.deals.iter().map(|deal| busy.ground.closes(deal)).collect();
        let mut wire = Wire::to(service.address);
        let watch = Clock::stopwatch();
        for request in &requests {
            wire.sends(request.get(0).unwrap());
        }
        Self { busy, _service: service, watch }
    }

    /// Returns when all deliveries are made.
    fn ends(self) -> Done {
        let deliveries = count(self.busy.deals.len() * DELIVERIES);
        let (busy, all) = machine::ticks();
        self.busy.waits_for_all();
        let rate = deliveries / self.watch.elapsed().as_secs_f64();
        let (busy_then, all_then) = machine::ticks();
        self.busy.is_in_order();
        Done { rate, busy: (busy_then - busy) / (all_then - all) }
    }
}

fn burst(options: &Options, workers: usize, wins: usize) -> Done {
    Burst::begin(Busy::prepare(options, PORTALS, wins, &format!("workers = {workers}"), None)).ends()
}

/// HubSpot calls a second when the configuration rations them: in the second window of ten seconds, because what is
/// allowed in the first may be used at once.
fn rationed(options: &Options) -> f64 {
    let busy = Busy::prepare(options, RATIONED_PORTALS, RATIONED_WINS, "workers = 32", Some(RATIONED));
    let burst = Burst::begin(busy);
    let window = Duration::from_secs(10);
    let calls = |burst: &Burst| burst.busy.ground.sandbox.hubspot.log().calls().len();
    thread::sleep(window.saturating_sub(burst.watch.elapsed()));
    let (before, watch) = (calls(&burst), Clock::stopwatch());
    thread::sleep(window);
    let rate = count(calls(&burst) - before) / watch.elapsed().as_secs_f64();
    burst.ends();
    rate
}
