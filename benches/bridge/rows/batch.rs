//! A hundred events a request, ten of which can matter, beside a server that stores all hundred.

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
    let running = [
        Floor::Parse.start(""),
        Floor::Verify.start(""),
        Floor::Bare.start(&ground.directory().join("bare.db").display().to_string()),
    ];
    let mut ours = Candidate::at(service.address);
    let [mut parse, mut verify, mut bare] = running.each_ref().map(|floor| Candidate::at(floor.address));
    take_turns(options, Batch::Hundred, &mut [&mut parse, &mut verify, &mut bare, &mut ours]);

    ground.holds_every_win(ours.answered * Batch::Hundred.wins());
    Found {
        rows: vec![Row {
            what: "webhooks of 100 events, 10 of them wins, beside storing all 100".to_owned(),
            figure: a_second(ours.rates.median()),
            floor: format!("bare SQLite {}", a_second(bare.rates.median())),
            judged: ours.rates.per(&bare.rates),
            unit: "",
            target: Target::AtLeast(1.0),
        }],
        notes: vec![
            format!(
                "floors: parse {}, verify {}, bare {}",
                a_second(parse.rates.median()),
                a_second(verify.rates.median()),
                a_second(bare.rates.median())
            ),
            format!(
                "a request has {} bytes; {} answered, and {} wins found in the database; the other 90 are open stages, \
                 other properties of deals, and contacts",
                Requests::render(1, Batch::Hundred).size(),
                ours.answered,
                ours.answered * Batch::Hundred.wins()
            ),
        ],
    }
}
