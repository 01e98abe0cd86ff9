//! `handoff store`: what an operator does to the database itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArg, Problem, open_store, store_access};
use crate::clock::Clock;
use crate::store::{Store, StoreUrl};

#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Creates the tables, or brings them up to date; for when the service itself may not
    Migrate(ConfigArg),
    /// Copies everything to an empty database, while no service runs: to PostgreSQL, or back
    Copy(CopyArgs),
    /// Copies the SQLite file of a running or stopped service into a new file
    Backup(FileArgs),
    /// Puts a backup to where the service finds its database; the service must not be running
    Restore(FileArgs),
    /// Says that the database was brought back by other means, such as `pg_restore`: what may have been delivered
    /// since is looked up before it is sent
    Restored(ConfigArg),
}

/// A backup, and the installation it belongs to.
#[derive(Debug, Args)]
pub struct FileArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct CopyArgs {
    /// The store to read, such as sqlite:handoff.db
    #[arg(long, value_name = "URL", env = "HANDOFF_COPY_FROM", hide_env_values = true)]
    from: String,
    /// The empty store to fill, such as <postgres://handoff@db.example.com/handoff?sslmode=verify-full>. A URL with a password is
    /// better put into the variable: other users of the machine can see arguments
    #[arg(long, value_name = "URL", env = "HANDOFF_COPY_TO", hide_env_values = true)]
    to: String,
}

pub(super) async fn run(command: &StoreCommand) -> Result<(), Problem> {
    match command {
        StoreCommand::Migrate(args) => {
            let url = store_access(&args.config)?.store.url;
            Store::open(&url, Clock::machine()).await?.close().await;
            println!("{url} is up to date");
        }
        StoreCommand::Copy(args) => copy(args).await?,
        StoreCommand::Backup(args) => {
            let database = database(args, "pg_dump, or what your provider offers")?;
            Store::back_up(&database, &args.file).await?;
            println!("{} is a sound copy of {}", args.file.display(), database.display());
        }
        StoreCommand::Restore(args) => restore(args).await?,
        StoreCommand::Restored(args) => {
            let store = open_store(&args.config).await?;
            store.mark_restored().await?;
            store.close().await;
            println!("what may have been delivered until now is looked up before it is sent");
        }
    }
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

/// The SQLite file of an installation.
fn database(args: &FileArgs, instead: &str) -> Result<PathBuf, Problem> {
    match store_access(&args.config.config)?.store.url {
        StoreUrl::Sqlite(path) => Ok(path),
        url @ StoreUrl::Postgres(_) => {
            Err(Problem::new(format!("handoff: {url} is not a SQLite file: use {instead}")))
        }
    }
}

async fn restore(args: &FileArgs) -> Result<(), Problem> {
    let instead = "pg_restore, and then `handoff store restored`, before the service starts";
    let database = database(args, instead)?;
    let restored = Store::restore(&args.file, &database, &Clock::machine()).await?;
    if let Some(aside) = restored.set_aside {
        println!("the database that was there is now {}", aside.display());
    }
    println!("{} is restored from {}", database.display(), args.file.display());
    println!("what may have been delivered since the backup is looked up before it is sent");
    println!(
        "the service finds wins since then by itself, `catch_up_window` far back; older ones with `handoff catch-up`"
    );
    Ok(())
}
