//! Never lost, never doubled, whatever happens: the real binary under load, killed again and again, while everything
//! around it fails.
//!
//! ```text
//! cargo test --test soak                                             a short version, half a minute on each store
//! cargo test --test soak -- --kills 500 --store both --seed 7        kill -9, at random instants and crash points
//! cargo test --test soak -- --replicas 3 --wins 5000                 several processes on one PostgreSQL database
//! cargo test --test soak -- --soak 30m --rate 50 --store postgres    no kills: memory, descriptors, database size
//! cargo test --test soak -- --idle 10000                             connections that want nothing; see `ulimit -n`
//! cargo test --test soak -- --soak 10m --calm --binary PATH          the same of a release build, without faults
//! ```
//!
//! PostgreSQL needs a server, `HANDOFF_TEST_POSTGRES=postgres://postgres@127.0.0.1/test`; the tests make a schema of
//! their own there. A user who is not a superuser can only end its own connections, which is all that is asked for.
//!
//! `handoff serve` runs in processes of its own against the sandbox's HubSpot, Salesforce and Slack, which run in
//! this one. Deals are won there, and really signed webhooks tell of it, in batches, twice for two subscriptions,
//! redelivered, and again when a deal is reopened and won once more. See `faults` for what goes wrong meanwhile.
//!
//! In the end all faults stop, the work comes to its end, and `reconciliation` compares what was won and acknowledged
//! with the other side's own books, and both with the store. A seed repeats every choice; when the choices meet the
//! processes is up to the machine, so a failure may take a few runs to come back.

mod answers;
mod child;
mod database;
mod environment;
mod expected_state;
mod faults;
mod idle;
mod kills;
mod load;
mod long_run;
mod options;
#[path = "../store/proxy.rs"]
mod proxy;
mod reconciliation;
mod replicas;
mod rest;
#[allow(dead_code, reason = "tests/store asks more of it")]
#[path = "../store/test_database.rs"]
mod test_database;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use options::Options;
use test_database::{Engine, SERVER};

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Options::given() {
        Some(options) => options.run(),
        None => short(),
    }
}

/// What `cargo test` runs.
fn short() -> ExitCode {
    let missing = std::env::var_os(SERVER).is_none();
    if missing {
        eprintln!("left out: PostgreSQL, because {SERVER} is not set");
    }
    let trials = vec![
        trial("kills::random_kills", Engine::Sqlite, kills::random_kills),
        trial("kills::random_kills", Engine::Postgres, kills::random_kills),
        trial("replicas::killed_replicas", Engine::Postgres, |_| replicas::killed_replicas()),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, engine: Engine, run: fn(Engine) -> Result<(), String>) -> Trial {
    let missing = engine == Engine::Postgres && std::env::var_os(SERVER).is_none();
    let required = std::env::var("HANDOFF_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    let trial = Trial::test(format!("{name}::{engine}"), move || {
        if missing {
            return Err(Failed::from(format!("{SERVER} is not set")));
        }
        run(engine).map_err(Failed::from)
    });
    trial.with_ignored_flag(missing && !required)
}
