//! What one packet costs: mapping and assessing a realistic deal record (60 properties, 5 customers and a
//! colleague, company, owner), beside parsing that record's JSON and beside hand-written code for the same packet
//! (see `by_hand`). Run with `cargo bench --bench assess`; `-- --profile` runs nothing but the assessing, for a
//! profiler. Times are printed, never asserted: machines are noisy.

mod by_hand;
mod costs;
mod subject;

use std::hint::black_box;
use std::time::Duration;

use costs::{Costs, ROUNDS, TURNS, micros};
use handoff_core::record::DealRecord;
use subject::{PROPERTIES, Subject};

/// What assessing should cost.
const TARGET: Duration = Duration::from_micros(100);

/// How fast it should be, compared with hand-written code.
const TARGET_SHARE: f64 = 0.25;

fn main() {
    let subject = Subject::read();
    if std::env::args().any(|argument| argument == "--profile") {
        (0..ROUNDS).for_each(|_| subject.assess());
        return;
    }
    let parse = || drop(black_box(serde_json::from_str::<DealRecord>(black_box(&subject.json)).unwrap()));
    let (mut parsing, mut assessing, mut hand_written) =
        (Costs::default(), Costs::default(), Costs::default());
    for _ in 0..TURNS {
        parsing.measure(parse);
        assessing.measure(|| subject.assess());
        hand_written.measure(|| subject.by_hand());
    }
    println!(
        "a record of {} KB, {PROPERTIES} properties, {} contacts; {TURNS} turns of {ROUNDS}, in turn",
        subject.json.len() / 1024,
        subject.record.contacts.len()
    );
    println!("                             median    fastest  half of the turns within");
    println!("parsing its JSON         {parsing}");
    println!("mapping, gaps and packet {assessing}, target {:.1} µs", micros(TARGET));
    println!("the same by hand         {hand_written}");
    let share = hand_written.median() / assessing.median();
    println!("speed, by hand = 1       {share:8.2}     target {TARGET_SHARE}");
    println!("cost, parsing = 1        {:8.2}", assessing.median() / parsing.median());
}
