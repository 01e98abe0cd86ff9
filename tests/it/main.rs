//! The product from outside: a real service, real HTTP, the sandbox's HubSpot, Salesforce and Slack. `first_win` is
//! the scenario to read first.
//!
//! Every scenario is told on SQLite, and those whose list says `both engines` on PostgreSQL as well; that needs a
//! server: `HANDOFF_TEST_POSTGRES=postgres://postgres@127.0.0.1/test cargo test --test it`. Without one they are
//! shown as ignored; `HANDOFF_REQUIRE_POSTGRES=1` makes that a failure.
//!
//! A test is called here what it is called in the source, with the CRM and PostgreSQL behind it where it is told on
//! several: `faults::a_busy_crm_is_waited_out::salesforce::postgres`.

mod first_win;

mod admin_package;
mod announcements;
mod answers;
mod backup;
mod catch_up;
mod clicks;
mod command_line;
mod custom_sections;
mod digest_text;
mod doctor;
mod faults;
mod follow;
mod invariants;
mod kill;
mod mended;
mod off;
mod operations;
mod operator;
mod operator_page;
mod outward;
mod overload;
mod process;
mod readme;
mod receive;
mod recent;
mod reload;
mod salesforce;
mod salesforce_answers;
mod security_page;
mod separation;
mod settle;
mod shared_commit;
mod side;
mod sockets;
#[allow(dead_code, reason = "tests/store asks more of it")]
#[path = "../store/test_database.rs"]
mod test_database;
mod verdicts;
mod world;
mod write_back;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // The same provider as in the binary; a second test in this process finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = Arguments::from_args();
    // Most of a scenario is waiting for the clock, the disk or a server.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    if std::env::var_os(test_database::SERVER).is_none() {
        eprintln!("left out: the scenarios on PostgreSQL, because {} is not set", test_database::SERVER);
    }
    let trials: Vec<Trial> = [
        first_win::trials(),
        follow::trials(),
        admin_package::trials(),
        readme::trials(),
        receive::trials(),
        clicks::trials(),
        sockets::trials(),
        recent::trials(),
        salesforce::trials(),
        salesforce_answers::trials(),
        announcements::trials(),
        answers::trials(),
        write_back::trials(),
        custom_sections::trials(),
        digest_text::trials(),
        invariants::trials(),
        faults::trials(),
        backup::trials(),
        doctor::trials(),
        operations::trials(),
        settle::trials(),
        operator::trials(),
        operator_page::trials(),
        outward::trials(),
        overload::trials(),
        security_page::trials(),
        separation::trials(),
        reload::trials(),
        catch_up::trials(),
        kill::trials(),
        mended::trials(),
        off::trials(),
        shared_commit::trials(),
        command_line::trials(),
        verdicts::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
