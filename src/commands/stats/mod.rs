//! `handoff stats`: how packets come out, and how often each rule is right.

mod table;

use clap::Args;
use jiff::Timestamp;

use super::{ConfigArg, Problem, open_store};
use crate::clock::Clock;
use crate::operations::tally::{Tally, days, days_before};

#[derive(Debug, Args)]
pub struct StatsArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Only packets of the last days, such as `30d`; all packets when left out
    #[arg(long, value_name = "DAYS", value_parser = |text: &str| days(text).ok_or("write a number of days, such as 30d"))]
    since: Option<u32>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &StatsArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let now = Clock::machine().now();
    let since = args.since.map(|days| days_before(days, now));
    let stats = store.stats(since.unwrap_or(Timestamp::MIN), now).await?;
    store.close().await;
    let tally = Tally::of(&stats, since);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&tally)?);
    } else {
        print!("{}", table::text(&tally, args.since));
    }
    Ok(())
}
