//! What it costs to keep it running: memory, the time of a start, the size of the binary.

use std::thread;
use std::time::Duration;

use crate::ground::Ground;
use crate::load::Batch;
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second, number};
use crate::samples::{Samples, count};
use crate::service::Service;
use crate::turns::Candidate;

/// How long a service is left alone before it counts as idle: its first sweep is over by then.
pub const REST: Duration = Duration::from_secs(5);

/// Requests that are rendered at a time.
const PORTION: usize = 50_000;

pub fn run(options: &Options) -> Found {
    let mut found = Found::default();
    starts(options, &mut found);
    memory(options, &mut found);
    binary(options, &mut found);
    found
}

/// Starts on a database that is there, as every start but the first.
fn starts(options: &Options, found: &mut Found) {
    let ground = Ground::prepare(options);
    let service = ground.serves();
    ground.first_win(&service);
    let first = millis(&service);
    drop(service);
    let times: Samples = (0..20).map(|_| millis(&ground.serves())).collect();
    found.rows.push(absolute("start to ready, median of 20", times, "ms", 50.0));
    found.notes.push(format!("the first start, which creates the database: {} ms", number(first)));
}

fn millis(service: &Service) -> f64 {
    service.started_in.as_secs_f64() * 1e3
}

fn memory(options: &Options, found: &mut Found) {
    let ground = Ground::prepare(options);
    let service = ground.serves();
    thread::sleep(REST);
    found.rows.push(absolute("memory, idle", Samples::from_iter([service.memory()]), "MiB", 12.0));

    ground.first_win(&service);
    let mut ours = Candidate::at(service.address);
    let webhooks = options.or_quick(1_000_000, 100_000);
    let mut rates = Samples::default();
    while ours.answered < webhooks {
        rates.push(ours.answers(PORTION, Batch::One));
    }
    let after = Samples::from_iter([service.memory()]);
    found.rows.push(absolute(&format!("memory after {webhooks} webhooks"), after, "MiB", 40.0));
    ground.holds_every_win(ours.answered);
    found.notes.push(format!(
        "{webhooks} webhooks at {}, the first {PORTION} at {}, the last at {}; at most {} MiB in between",
        a_second(rates.median()),
        a_second(rates.values()[0]),
        a_second(rates.values()[rates.values().len() - 1]),
        number(service.most_memory())
    ));
}

fn binary(options: &Options, found: &mut Found) {
    let ground = Ground::prepare(options);
    let bytes = std::fs::metadata(ground.binary()).unwrap().len();
    let size = count(usize::try_from(bytes).unwrap()) / 1e6;
    found.rows.push(absolute("binary, stripped", Samples::from_iter([size]), "MB", 15.0));
}

pub fn absolute(what: &str, judged: Samples, unit: &'static str, most: f64) -> Row {
    Row {
        what: what.to_owned(),
        figure: format!("{} {unit}", number(judged.median())),
        floor: "–".to_owned(),
        judged,
        unit: match unit {
            "ms" => " ms",
            "MiB" => " MiB",
            _ => " MB",
        },
        target: Target::AtMost(most),
    }
}
