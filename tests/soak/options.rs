//! What to run, from the command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use handoff_bridge::clock::{Clock, Entropy};

use crate::long_run::LongRun;
use crate::test_database::Engine;
use crate::{child, idle, kills, long_run, replicas};

/// Never lost, never doubled: see the head of tests/soak/main.rs.
#[derive(Debug, Parser)]
#[command(name = "soak")]
pub struct Options {
    /// Kill the service so many times.
    #[arg(long)]
    kills: Option<u32>,
    /// Serve one PostgreSQL database with so many processes, and kill one of them again and again.
    #[arg(long)]
    replicas: Option<usize>,
    /// How many deals are won with --replicas.
    #[arg(long, default_value_t = 5000)]
    wins: usize,
    /// Keep so many connections open that want nothing.
    #[arg(long)]
    idle: Option<usize>,
    /// Run so long without kills (90s, 30m).
    #[arg(long, value_parser = span)]
    soak: Option<Duration>,
    /// Events a second with --soak.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// With --soak: nothing goes wrong, and the clock does not jump. A release build, whose clock nobody can move,
    /// needs this.
    #[arg(long)]
    calm: bool,
    /// On which store: sqlite, postgres or both.
    #[arg(long, default_value = "both")]
    store: String,
    /// Another build of the service.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Repeats the choices of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
}

fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number: u64 = number.parse().map_err(|_| "write 90s or 30m".to_owned())?;
    match unit {
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(60 * number)),
        _ => Err("write 90s or 30m".to_owned()),
    }
}

/// Numbers nobody chose.
pub fn any_seed() -> u64 {
    let entropy = Entropy::machine().fraction().to_bits();
    (entropy ^ Clock::machine().now_millis().cast_unsigned()) % 1_000_000
}

impl Options {
    /// `None` if the arguments are those of an ordinary test run.
    pub fn given() -> Option<Self> {
        let ours = ["--kills", "--replicas", "--idle", "--soak", "--help"];
        let named = |argument: &String| ours.iter().any(|our| argument.starts_with(our));
        std::env::args().skip(1).any(|argument| named(&argument)).then(Self::parse)
    }

    /// Runs what was asked for, one after the other.
    pub fn run(self) -> ExitCode {
        let seed = self.seed.unwrap_or_else(any_seed);
        if let Some(binary) = self.binary {
            let _ = child::BINARY.set(binary);
        }
        let engines = match self.store.as_str() {
            "sqlite" => vec![Engine::Sqlite],
            "postgres" => vec![Engine::Postgres],
            _ => vec![Engine::Sqlite, Engine::Postgres],
        };
        let mut ended = Vec::new();
        for engine in engines {
            if let Some(kills) = self.kills {
                ended.push(kills::run(engine, kills, seed));
            }
            if let Some(connections) = self.idle {
                ended.push(idle::run(engine, connections, seed));
            }
            if let Some(span) = self.soak {
                ended.push(long_run::run(engine, &LongRun { span, rate: self.rate, calm: self.calm, seed }));
            }
        }
        if let Some(count) = self.replicas {
            ended.push(replicas::run(count, self.wins, seed));
        }
        for failed in ended.iter().filter_map(|ended| ended.as_ref().err()) {
            eprintln!("{failed}");
        }
        if ended.iter().all(Result::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
