//! `handoff events`: the inbox, and what was refused.

use clap::Args;

use super::{ConfigArg, Problem, open_store};
use crate::operations::inputs;

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Newest events first, at most this many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &EventsArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let events = inputs(&store, args.limit).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&events)?);
        return Ok(());
    }
    for event in events {
        println!(
            "{}  {}  {}  {}  {}\n    {}",
            event.received_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            event.deal,
            event.kind,
            event.provider_id,
            event.verification,
            event.outcome,
        );
    }
    Ok(())
}
