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
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    match builder.worker_threads(arguments.threads()).enable_all().build() {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(error) => {
            eprintln!("handoff: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}
