//! `handoff catch-up`: a sweep that somebody asks for, also for wins from before the installation.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::{ConfigArg, Problem, load_config, open_store_of};
use crate::clock::{Clock, Entropy};
use crate::server;
use crate::worker::catch_up::{Wins, catch_up};
use handoff_core::record::AccountKey;
use handoff_core::source::duration;

#[derive(Debug, Args)]
pub struct CatchUpArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// How far to look back, such as `36h` or `7d`; at most `30d`
    #[arg(long, value_name = "TIME", value_parser = |text: &str| duration(text).ok_or("write 36h or 7d, at most 30d"))]
    since: Duration,
    /// Only say what is found: change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(args: &CatchUpArgs) -> Result<(), Problem> {
    let config = load_config(&args.config.config)?;
    let store = open_store_of(&config.store).await?;
    let clock = Clock::machine();
    let since = clock.now().checked_sub(args.since).unwrap_or(Timestamp::MIN);
    let app = server::build(&config, store, clock, Entropy::machine())?;
    let found = catch_up(&app.worker, since, args.dry_run).await;
    app.store.close().await;

    println!("won since {}:", since.strftime("%Y-%m-%d %H:%M:%SZ"));
    let mut failed = false;
    for (account, wins) in &found {
        match wins {
            Ok(wins) => print(account, wins, args.dry_run),
            Err(failure) => {
                failed = true;
                eprintln!("{account}: {failure}");
            }
        }
    }
    if failed { Err(Problem::new("handoff: not every account could be asked")) } else { Ok(()) }
}

fn print(account: &AccountKey, wins: &Wins, dry_run: bool) {
    let (known, unknown) = (wins.known, wins.unknown.len());
    println!("{account}: {} won, {known} known, {unknown} new", known + unknown);
    for deal in &wins.unknown {
        let before = wins.before.get(deal).map(|last| format!(", looked at before: {}", last.outcome));
        println!("    {deal}{}", before.unwrap_or_default());
    }
    if unknown > 0 && dry_run {
        println!("    a dry run: nothing was changed");
    } else if unknown > 0 {
        println!("    the service looks at them now");
    }
}
