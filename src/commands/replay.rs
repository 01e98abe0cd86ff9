//! `handoff replay`: an operator's decision to try again.

use clap::Args;

use super::{ConfigArg, Problem, destination, operations};
use crate::store::Destination;
use handoff_core::record::DealKey;

#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// A packet (its id, its deal's id or a part of the customer's name), whose dead and held deliveries are sent again,
    /// to the channel and the user that the mapping names now; or a dead deal (`hubspot:48210077:301000000417`), which
    /// is looked at again
    #[arg(value_name = "ID")]
    id: String,
    /// Only this delivery
    #[arg(long, value_parser = destination())]
    only: Option<Destination>,
}

pub(super) async fn run(args: &ReplayArgs) -> Result<(), Problem> {
    let operations = operations(&args.config.config).await?;
    if let Ok(deal) = args.id.parse::<DealKey>()
        && operations.store.replay_deal(&deal).await?
    {
        println!("{deal} is looked at again");
    } else {
        let stored = operations.find(&args.id).await?;
        let count = operations.replay(&stored, args.only, None).await?;
        println!("{count} of {}'s deliveries are sent again", stored.packet_id);
    }
    operations.store.close().await;
    Ok(())
}
