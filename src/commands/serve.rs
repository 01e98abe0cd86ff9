//! `handoff serve`: the service, until SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigArg, Problem, load_config, terminal};
use crate::clock::{Clock, Entropy};
use crate::server::Service;

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
