//! One event a request, verified, deduplicated and committed, beside servers that do less.

use crate::floors::Floor;
use crate::ground::Ground;
use crate::load::{Batch, Requests};
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second};
use crate::turns::{Candidate, take_turns};

pub fn run(options: &Options) -> Found {
    let ground = Ground::prepare(options);
    let service = ground.serves();
    ground.first_win(&service);
    let at = |name: &str| ground.directory().join(name).display().to_string();
    let running = [
        Floor::Parse.start(""),
        Floor::Verify.start(""),
        Floor::Bare.start(&at("bare.db")),
        Floor::CommitEach.start(&at("commit-each.db")),
    ];
    let mut ours = Candidate::at(service.address);
    let [mut parse, mut verify, mut bare, mut each] =
        running.each_ref().map(|floor| Candidate::at(floor.address));
    take_turns(options, Batch::One, &mut [&mut parse, &mut verify, &mut bare, &mut each, &mut ours]);

    ground.holds_every_win(ours.answered * Batch::One.wins());
    let row = |what: &str, name: &str, floor: &Candidate, target| Row {
        what: format!("webhooks of 1 event, 64 connections, {what}"),
        figure: a_second(ours.rates.median()),
        floor: format!("{name} {}", a_second(floor.rates.median())),
        judged: ours.rates.per(&floor.rates),
        unit: "",
        target,
    };
    Found {
        rows: vec![
            row("beside verifying alone", "verify only", &verify, Target::AtLeast(0.45)),
            row("beside storing alone", "bare SQLite", &bare, Target::AtLeast(0.9)),
        ],
        notes: vec![
            format!(
                "floors: parse {}, verify {}, bare {}, a commit for each {}",
                a_second(parse.rates.median()),
                a_second(verify.rates.median()),
                a_second(bare.rates.median()),
                a_second(each.rates.median())
            ),
            format!(
                "a request has {} bytes; {} answered by the service and all found in its database",
                Requests::render(1, Batch::One).size(),
                ours.answered
            ),
        ],
    }
}
