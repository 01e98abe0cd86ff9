//! Arguments, tracing, dispatch.

use std::process::ExitCode;

use clap::Parser;
use handoff_bridge::commands::{self, Arguments};

fn main() -> ExitCode {
    // One process, one TLS provider: installed before anything can build a client.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("handoff: a TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    let arguments = Arguments::parse();
    match tokio::runtime::Builder::new_multi_thread().worker_threads(threads()).enable_all().build() {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(error) => {
            eprintln!("handoff: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One for each core, but for the one that a SQLite file's writer keeps busy: threads that push each other off the cores
/// cost more than they do.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.saturating_sub(1).max(1)
}
