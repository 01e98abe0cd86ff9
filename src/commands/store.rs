//! `handoff store`: what an operator does to the database itself.

use clap::{Args, Subcommand};

use super::{ConfigArg, Problem, load_config};
use crate::clock::Clock;
use crate::store::{Store, StoreUrl};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Creates the tables, or brings them up to date; for when the service itself may not
    Migrate(ConfigArg),
    /// Copies everything to an empty database, while no service runs: to PostgreSQL, or back
    Copy(CopyArgs),
}

/// Arguments of `handoff store copy`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// The store to read, such as sqlite:handoff.db
    #[arg(long, value_name = "URL", env = "HANDOFF_COPY_FROM", hide_env_values = true)]
    from: String,
    /// The empty store to fill, such as <postgres://handoff@db.example.com/handoff>. A URL with a password is
    /// better put into the variable: other users of the machine can see arguments
    #[arg(long, value_name = "URL", env = "HANDOFF_COPY_TO", hide_env_values = true)]
    to: String,
}

pub(super) async fn run(command: &StoreCommand) -> Result<(), Problem> {
    match command {
        StoreCommand::Migrate(args) => migrate(args).await,
        StoreCommand::Copy(args) => copy(args).await,
    }
}

async fn migrate(args: &ConfigArg) -> Result<(), Problem> {
    let url = load_config(&args.config)?.store.url;
    Store::open(&url, Clock::machine()).await?.close().await;
    println!("{url} is up to date");
    Ok(())
}

async fn copy(args: &CopyArgs) -> Result<(), Problem> {
    // Read here and not with the arguments, whose errors would repeat a password.
    let (from, to): (StoreUrl, StoreUrl) = (args.from.parse()?, args.to.parse()?);
    let copied = Store::copy(&from, &to, &Clock::machine()).await?;
    for table in copied {
        println!("{:>10} {}", table.rows, table.table);
    }
    println!("everything is copied from {from} to {to}; point `url` under [store] there");
    Ok(())
}
