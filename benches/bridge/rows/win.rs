//! From a win to its digest in Slack, one deal at a time.

use std::thread;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_sandbox::LoggedCall;
use jiff::Timestamp;

use crate::busy::Busy;
use crate::load::Wire;
use crate::options::Options;
use crate::report::{Found, Row, Target, number};
use crate::samples::{Samples, count};

/// Accounts, so that no account's calls are rationed within a run.
const PORTALS: usize = 12;

/// Between two wins.
const REST: Duration = Duration::from_millis(30);

const FAR: Duration = Duration::from_millis(50);

pub fn run(options: &Options) -> Found {
    let near = options.or_quick(216, 48);
    let mut found = Found { rows: Vec::new(), notes: vec![Busy::note(PORTALS)] };
    let Wins { times, calls, .. } = measure(options, near, Duration::ZERO);
    let row = |what: &str, value: f64, most: f64| Row {
        what: format!("win to digest, the other side answers at once, {what}"),
        figure: format!("{} ms", number(value)),
        floor: "–".to_owned(),
        judged: Samples::from_iter([value]),
        unit: " ms",
        target: Target::AtMost(most),
    };
    found.rows.push(row("p50", times.median(), 10.0));
    found.rows.push(row("p99", times.at(0.99), 40.0));
    found.notes.push(format!(
        "{near} wins with {} to {} calls each; {} to {} ms",
        number(calls.least()),
        number(calls.most()),
        number(times.least()),
        number(times.most())
    ));

    let Wins { times, path, .. } = measure(options, options.or_quick(36, 12), FAR);
    let critical = count(path.len()) * FAR.as_secs_f64() * 1e3;
    found.rows.push(Row {
        what: format!("win to digest, each call takes {} ms, p50", FAR.as_millis()),
        figure: format!("{} ms", number(times.median())),
        floor: format!("{} calls in a row, {critical} ms", path.len()),
        judged: times.values().iter().map(|time| time / critical).collect(),
        unit: "",
        target: Target::AtMost(1.3),
    });
    found.notes.push(format!("the calls in a row: {}", path.join(", ")));
    found
}

/// What so many wins took.
struct Wins {
    /// Milliseconds of each.
    times: Samples,
    /// Calls of each.
    calls: Samples,
    /// The calls that the last one waited for.
    path: Vec<String>,
}

fn measure(options: &Options, wins: usize, latency: Duration) -> Wins {
    let busy = Busy::prepare(options, PORTALS, wins, "", None);
    let service = busy.ground.serves();
    busy.warms_up(&service);
    busy.is_away(latency);
    let mut wire = Wire::to(service.address);
    let mut found = Wins { times: Samples::default(), calls: Samples::default(), path: Vec::new() };
    for deal in &busy.deals {
        // What follows on the last digest, a link to it and a commit, is over by then.
        thread::sleep(latency + REST);
        busy.forgets_calls();
        let watch = Clock::stopwatch();
        busy.ground.wins(&mut wire, deal);
        found.times.push(watch.elapsed().as_secs_f64() * 1e3);
        let calls = busy.calls();
        found.calls.push(count(calls.len()));
        found.path = in_a_row(&calls, latency);
    }
    busy.is_in_order();
    found
}

/// The longest chain of calls of which each began after the one before had been answered. Each takes `latency` to get there.
fn in_a_row(calls: &[LoggedCall], latency: Duration) -> Vec<String> {
    let mut chain: Vec<&LoggedCall> = Vec::new();
    for call in calls {
        let began: Timestamp = call.at.checked_sub(latency).unwrap();
        if chain.last().is_none_or(|last| began >= last.at) {
            chain.push(call);
        }
    }
    chain.iter().map(|call| call.line()).collect()
}
