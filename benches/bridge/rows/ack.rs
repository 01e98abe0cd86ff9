//! How long a sender waits for its 200, at half of what the service can take. The bare server is asked at the same
//! rate: no server that stores before it answers can be much quicker on this machine.

use std::net::SocketAddr;

use crate::disk;
use crate::floors::Floor;
use crate::ground::Ground;
use crate::load::{Batch, CONNECTIONS, Requests, open};
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second, number};
use crate::samples::{Samples, count};
use crate::turns::Candidate;

/// How often the disk is asked before each round.
const SYNCS: usize = 500;

pub fn run(options: &Options) -> Found {
    let ground = Ground::prepare(options);
    let service = ground.serves();
    ground.first_win(&service);
    let mut ours = Candidate::at(service.address);
    let warm_up = options.or_quick(20_000, 5_000);
    ours.answers(warm_up, Batch::One);
    let rates: Samples = (0..3).map(|_| ours.answers(2 * warm_up, Batch::One)).collect();
    let half = rates.median() / 2.0;

    let bare = Floor::Bare.start(&ground.directory().join("bare.db").display().to_string());
    Candidate::at(bare.address).answers(warm_up, Batch::One);
    let seconds = options.or_quick(4, 2);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of requests")]
    let requests = (half * count(seconds)) as usize;
    let waits = |address: SocketAddr| {
        let waited = open(address, CONNECTIONS, half, &Requests::render(requests, Batch::One));
        [waited.median(), waited.at(0.99)]
    };
    let mut syncs = Samples::default();
    let [mut medians, mut tails, mut bare_medians, mut bare_tails] = [(); 4].map(|()| Samples::default());
    for _ in 0..options.or_quick(7, 3) {
        syncs.push(disk::fsync(ground.directory(), SYNCS).median());
        let [median, tail] = waits(bare.address);
        bare_medians.push(median);
        bare_tails.push(tail);
        let [median, tail] = waits(service.address);
        ours.answered += requests;
        medians.push(median);
        tails.push(tail);
    }
    ground.holds_every_win(ours.answered);
    Found {
        rows: vec![Row {
            what: format!("ack p99 at {}, half of the most", a_second(half)),
            figure: format!("{} ms", number(tails.median())),
            floor: format!("fsync p50 {} ms", number(syncs.median())),
            judged: tails.per(&syncs),
            unit: "",
            target: Target::AtMost(4.0),
        }],
        notes: vec![format!(
            "p50 {} ms; the bare SQLite server at the same rate: p50 {} ms, p99 {} ms; {seconds} s a round, requests begin when they are meant to, whether a connection is free or not",
            number(medians.median()),
            number(bare_medians.median()),
            number(bare_tails.median())
        )],
    }
}
