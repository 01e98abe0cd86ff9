//! What one packet costs: mapping and assessing a realistic deal record (60 properties, 5 customers and a
//! colleague, company, owner), beside parsing that record's JSON and beside hand-written code for the same packet
//! (see `by_hand`). Run with `cargo bench --bench assess`; `-- --profile` runs nothing but the assessing, for a
//! profiler. Times are printed, never asserted: machines are noisy.

mod by_hand;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use handoff_bridge::crm::DealRecord;
use handoff_bridge::mapping::file;
use handoff_bridge::packet::assemble::assemble;
use jiff::Timestamp;

const PROPERTIES: usize = 60;

/// Each candidate runs this often, then the next one has its turn: what disturbs the machine disturbs all of them.
const ROUNDS: u32 = 500;
const TURNS: usize = 41;

/// What assessing should cost.
const TARGET: Duration = Duration::from_micros(100);

/// How fast it should be, compared with hand-written code.
const TARGET_SHARE: f64 = 0.25;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deals");
    let (mapping, problems) = file::read(&root.join("hubspot.yaml"));
    let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
    let json = record(&root.join("hubspot/03_enterprise_complete.json"));
    let record: DealRecord = serde_json::from_str(&json).unwrap();
    let as_of: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let id = "pkt_0123456789ab";

    let assess = || drop(black_box(assemble(black_box(&mapping), black_box(&record), id, as_of)));
    if std::env::args().any(|argument| argument == "--profile") {
        (0..ROUNDS).for_each(|_| assess());
        return;
    }
    let packet = assemble(&mapping, &record, id, as_of);
    let (made_by, zone) = (&packet.0.mapping, &mapping.time_zone);
    let by_hand = || drop(black_box(by_hand::assemble(black_box(&record), made_by, zone, id, as_of)));
    let parse = || drop(black_box(serde_json::from_str::<DealRecord>(black_box(&json)).unwrap()));
    assert_eq!(by_hand::assemble(&record, made_by, zone, id, as_of), packet, "both make the same packet");

    let (mut parsing, mut assessing, mut hand_written) =
        (Costs::default(), Costs::default(), Costs::default());
    for _ in 0..TURNS {
        parsing.measure(parse);
        assessing.measure(assess);
        hand_written.measure(by_hand);
    }
    println!(
        "a record of {} KB, {PROPERTIES} properties, {} contacts; {TURNS} turns of {ROUNDS}, in turn",
        json.len() / 1024,
        record.contacts.len()
    );
    println!("                             median    fastest  half of the turns within");
    println!("parsing its JSON         {parsing}");
    println!("mapping, gaps and packet {assessing}, target {:.1} µs", micros(TARGET));
    println!("the same by hand         {hand_written}");
    let share = hand_written.median() / assessing.median();
    println!("speed, by hand = 1       {share:8.2}     target {TARGET_SHARE}");
    println!("cost, parsing = 1        {:8.2}", assessing.median() / parsing.median());
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

/// What one round cost, in microseconds, turn by turn.
#[derive(Default)]
struct Costs(Vec<f64>);

impl Costs {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
    fn measure(&mut self, round: impl Fn()) {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        let cost = micros(start.elapsed()) / f64::from(ROUNDS);
        let at = self.0.partition_point(|other| *other < cost);
        self.0.insert(at, cost);
    }

    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl std::fmt::Display for Costs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quarter = self.0.len() / 4;
        let (fastest, low, high) = (self.0[0], self.0[quarter], self.0[self.0.len() - 1 - quarter]);
        write!(f, "{:7.1} µs {fastest:7.1} µs  {low:.1} to {high:.1} µs", self.median())
    }
}

fn micros(cost: Duration) -> f64 {
    cost.as_secs_f64() * 1e6
}
