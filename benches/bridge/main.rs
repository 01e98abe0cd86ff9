//! How fast and how small the service is, beside the least that a server has to do for the same.
//!
//! ```text
//! cargo bench --bench bridge                              everything, in less than ten minutes
//! cargo bench --bench bridge -- --only single,claim       some rows
//! cargo bench --bench bridge -- --quick                   shorter rounds, for a first look
//! cargo bench --bench bridge -- --markdown                the table for docs/performance.md as well
//! ```
//!
//! With `HANDOFF_TEST_POSTGRES=postgres://postgres@127.0.0.1/test` the rows about PostgreSQL run too; they make
//! schemas of their own there.
//!
//! The service is the binary that cargo has just built, in a process of its own, with the defaults of its
//! configuration; what differs is said where it does. `load` is the client, `floors` are the servers it is compared
//! with, and each file in `rows` is one row of the table or a few that belong together. Candidates take turns, round by
//! round, so that what disturbs the machine disturbs all of them. No time is ever asserted. A failed request and a lost
//! event are errors.

mod busy;
mod disk;
mod floors;
mod ground;
mod load;
mod machine;
mod options;
mod report;
mod rows;
mod samples;
mod schema;
mod service;
mod turns;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser as _;
use options::Options;
use report::Report;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if std::env::args().len() == 1 {
        println!("run it with: cargo bench --bench bridge");
        return ExitCode::SUCCESS;
    }
    let options = Options::parse();
    if let Some(floor) = &options.floor {
        floors::serve(floor, options.at.as_deref().unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let rows = match options.rows() {
        Ok(rows) => rows,
        Err(unknown) => {
            eprintln!("there is no row {unknown}; there are: {}", rows::names());
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    for (name, run) in rows {
        eprintln!("{name} …");
        match catch_unwind(AssertUnwindSafe(|| run(&options))) {
            Ok(found) => report.add(name, found),
            Err(_) => report.failed.push(name),
        }
    }
    report.tell(&options);
    if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
