//! How many threads a command works with.

use super::{Arguments, Command, ConfigArg, load_config};
use crate::store::StoreUrl;

impl Arguments {
    /// One for each core. The service leaves a core to the thread that writes its SQLite file, which is busy whenever
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
    load_config(&args.config).is_ok_and(|config| matches!(config.store.url, StoreUrl::Sqlite(_)))
}
