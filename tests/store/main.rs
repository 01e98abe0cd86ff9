//! What the store promises, told once and tried on both engines.
//!
//! PostgreSQL needs a server: `HANDOFF_TEST_POSTGRES=postgres://postgres@127.0.0.1/test cargo test --test store`.
//! Without one its stories are shown as ignored; `HANDOFF_REQUIRE_POSTGRES=1` makes that a failure.

#[macro_use]
mod story;

mod answers;
mod assessments;
mod backlog;
mod backup;
mod clicks;
mod copy;
mod deals;
mod fixture;
mod inbox;
mod opening;
mod outage;
mod outbox;
mod packets;
mod pauses;
mod proxy;
mod purge;
mod replicas;
mod settle;
mod statements;
mod test_database;
mod wins;
mod writing;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use test_database::{Engine, SERVER};

/// Told on both engines.
const BOTH: [&[story::Story]; 16] = [
    answers::STORIES,
    assessments::STORIES,
    backlog::STORIES,
    backup::STORIES,
    clicks::STORIES,
    deals::STORIES,
    inbox::STORIES,
    opening::STORIES,
    outbox::STORIES,
    packets::STORIES,
    pauses::STORIES,
    purge::STORIES,
    settle::STORIES,
    statements::STORIES,
    wins::STORIES,
    writing::STORIES,
];

/// About files, and about one process at a time.
const SQLITE: [&[story::Story]; 3] = [backup::OF_A_FILE, opening::OF_A_FILE, statements::OF_SQLITE];

/// About servers, and about several processes at a time.
const POSTGRES: [&[story::Story]; 5] =
    [copy::STORIES, opening::OF_A_SERVER, outage::STORIES, replicas::STORIES, statements::OF_POSTGRES];

fn main() -> ExitCode {
    if std::env::var_os(SERVER).is_none() {
        eprintln!("left out: the stories on PostgreSQL, because {SERVER} is not set");
    }
    let mut trials = Vec::new();
    for story in BOTH.iter().copied().flatten() {
        trials.extend([story::on(Engine::Sqlite, story), story::on(Engine::Postgres, story)]);
    }
    trials.extend(SQLITE.iter().copied().flatten().map(|story| story::on(Engine::Sqlite, story)));
    trials.extend(POSTGRES.iter().copied().flatten().map(|story| story::on(Engine::Postgres, story)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
