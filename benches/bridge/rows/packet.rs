//! Mapping, gaps and packet of a realistic deal, beside hand-written code that makes the same packet.

#[path = "../../assess/by_hand.rs"]
mod by_hand;
#[path = "../../assess/subject.rs"]
mod subject;

use std::time::Duration;

use handoff_bridge::clock::Clock;
use subject::{PROPERTIES, Subject};

use crate::options::Options;
use crate::report::{Found, Row, Target, number};
use crate::samples::Samples;

/// Packets of one turn.
const TIMES: u32 = 500;

pub fn run(options: &Options) -> Found {
    let subject = Subject::read();
    let (mut ours, mut by_hand) = (Samples::default(), Samples::default());
    for _ in 0..options.or_quick(41, 11) {
        ours.push(micros(|| subject.assess()));
        by_hand.push(micros(|| subject.by_hand()));
    }
    Found {
        rows: vec![Row {
            what: "mapping, gaps and packet, beside hand-written".to_owned(),
            figure: format!("{} µs", number(ours.median())),
            floor: format!("by hand {} µs", number(by_hand.median())),
            judged: by_hand.per(&ours),
            unit: "",
            target: Target::AtLeast(0.25),
        }],
        notes: vec![format!(
            "{PROPERTIES} properties, {} contacts, company, owner; {} KB; the ratio is of speeds",
            subject.record.contacts.len(),
            subject.json.len() / 1024
        )],
    }
}

/// What one of many costs.
fn micros(one: impl Fn()) -> f64 {
    let watch = Clock::stopwatch();
    (0..TIMES).for_each(|_| one());
    let took: Duration = watch.elapsed() / TIMES;
    took.as_secs_f64() * 1e6
}
