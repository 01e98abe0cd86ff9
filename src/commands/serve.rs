//! `handoff serve`: the service, until SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

use super::{Arguments, Command, ConfigArg, Problem, load_config, store_access, terminal};
use crate::clock::{Clock, Entropy};
use crate::server::Service;
use crate::store::StoreUrl;

pub(super) async fn run(args: &ConfigArg) -> Result<(), Problem> {
    let config = load_config(&args.config)?;
    terminal::log_to_stderr(&config.log);
    // Listened for before anything starts, so that an early signal is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let service = Service::start(config, Clock::of_process(), Entropy::machine()).await?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    service.stop().await;
    Ok(())
}

impl Arguments {
    /// How many threads a command works with: one for each core. The service leaves a core to the thread that writes its SQLite file, which is busy whenever
    /// anything is; threads that push each other off the cores cost more than they do.
    pub fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match &self.command {
            Command::Serve(args) if writes_a_file(args) => (cores - 1).max(1),
            _ => cores,
        }
    }
}

/// What is wrong with the configuration is for the command itself to tell.
fn writes_a_file(args: &ConfigArg) -> bool {
    store_access(&args.config).is_ok_and(|access| matches!(access.store.url, StoreUrl::Sqlite(_)))
}
