//! One event a request into PostgreSQL, beside a server that does nothing else.

use crate::floors::Floor;
use crate::ground::Ground;
use crate::load::Batch;
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second};
use crate::schema::{self, SERVER, Schema};
use crate::turns::{Candidate, take_turns};

pub fn run(options: &Options) -> Found {
    if schema::server().is_none() {
        return Found::left_out(format!("{SERVER} is not set"));
    }
    let ground = Ground::prepare_on_postgres(options);
    let service = ground.serves();
    ground.first_win(&service);
    let beside = Schema::create();
    let floor = Floor::BarePostgres.start(&beside.url());
    let (mut ours, mut bare) = (Candidate::at(service.address), Candidate::at(floor.address));
    take_turns(options, Batch::One, &mut [&mut bare, &mut ours]);

    ground.holds_every_win(ours.answered);
    drop((service, floor));
    Found {
        rows: vec![Row {
            what: "webhooks of 1 event, 64 connections, PostgreSQL, beside storing alone".to_owned(),
            figure: a_second(ours.rates.median()),
            floor: format!("bare PostgreSQL {}", a_second(bare.rates.median())),
            judged: ours.rates.per(&bare.rates),
            unit: "",
            target: Target::AtLeast(0.9),
        }],
        notes: vec![format!("{} answered and found in the database", ours.answered)],
    }
}
