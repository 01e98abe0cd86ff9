//! `handoff stats`: how packets come out, and how often each rule is right.

mod table;
mod tally;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{ConfigArg, Problem, open_store};
use crate::clock::Clock;
use tally::Tally;

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

/// `30d`: at least one day, at most ten years.
fn days(text: &str) -> Option<u32> {
    text.strip_suffix('d')?.parse().ok().filter(|days| (1..=3650).contains(days))
}

pub(super) async fn run(args: &StatsArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let now = Clock::machine().now();
    let since = args.since.map(|days| {
        let span = SignedDuration::from_hours(24 * i64::from(days));
        now.checked_sub(span).unwrap_or(Timestamp::MIN)
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_days() {
        assert_eq!(days("30d"), Some(30));
        assert_eq!(days("3650d"), Some(3650));
        for wrong in ["", "d", "30", "0d", "3651d", "-1d", "2w", "30 d"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
