//! What one packet costs: mapping and assessing a realistic deal record (60 properties, 5 customers and a
//! colleague), beside parsing that record's JSON. Run with `cargo bench --bench assess`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use handoff_bridge::crm::DealRecord;
use handoff_bridge::mapping::file;
use handoff_bridge::packet::assemble::assemble;
use jiff::Timestamp;

const PROPERTIES: usize = 60;

/// Rounds of one measurement; the fastest of several measurements counts, as noise only ever adds.
const ROUNDS: u32 = 2_000;
const MEASUREMENTS: usize = 15;

/// What assessing should cost. Printed, never asserted: machines are noisy.
const TARGET: Duration = Duration::from_micros(100);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deals");
    let (mapping, problems) = file::read(&root.join("hubspot.yaml"));
    let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
    let json = record(&root.join("hubspot/03_enterprise_complete.json"));
    let record: DealRecord = serde_json::from_str(&json).unwrap();
    let as_of: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();

    let parsing = fastest(|| {
        black_box(serde_json::from_str::<DealRecord>(black_box(&json)).unwrap());
    });
    let assessing = fastest(|| {
        black_box(assemble(black_box(&mapping), black_box(&record), "pkt_0123456789ab", as_of));
    });
    let micros = |cost: Duration| cost.as_secs_f64() * 1e6;
    println!(
        "a record of {} KB, {PROPERTIES} properties, {} contacts",
        json.len() / 1024,
        record.contacts.len()
    );
    println!("parsing its JSON        {:7.1} µs", micros(parsing));
    println!("mapping and assessing   {:7.1} µs, target {:.1} µs", micros(assessing), micros(TARGET));
    println!("assessing / parsing     {:7.2}", micros(assessing) / micros(parsing));
}

/// The deal's record as text, with further properties up to the number of a real deal.
fn record(path: &Path) -> String {
    let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let properties = record["deal"]["properties"].as_object_mut().unwrap();
    let further: BTreeMap<String, serde_json::Value> = (properties.len()..PROPERTIES)
        .map(|n| (format!("custom_property_{n}"), format!("Some value that nobody maps, number {n}").into()))
        .collect();
    properties.extend(further);
    record.to_string()
}

/// What one round costs.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
fn fastest(mut round: impl FnMut()) -> Duration {
    let measurement = || {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        start.elapsed() / ROUNDS
    };
    std::iter::repeat_with(measurement).take(MEASUREMENTS).min().unwrap_or_default()
}
