//! `handoff replay`: an operator's decision to try again.

use clap::Args;

use super::{ConfigArg, Problem, open_store};
use crate::crm::DealKey;
use crate::delivery::Destination;

/// Arguments of `handoff replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// A packet (`pkt_…`), whose dead and held deliveries are sent again, or a dead deal
    /// (`hubspot:48210077:301000000417`), which is looked at again
    #[arg(value_name = "ID")]
    id: String,
    /// Only this delivery: `crm_task` or `slack_digest`
    #[arg(long, value_parser = |text: &str| text.parse::<Destination>().map_err(|()| "crm_task or slack_digest"))]
    only: Option<Destination>,
}

pub(super) async fn run(args: &ReplayArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    if let Ok(deal) = args.id.parse::<DealKey>() {
        if !store.replay_deal(&deal).await? {
            return Err(Problem::new(format!("handoff: {deal} is not a dead deal: see `handoff list`")));
        }
        println!("{deal} is looked at again");
    } else {
        match store.replay(&args.id, args.only).await? {
            0 => return Err(Problem::new(format!("handoff: {} has nothing dead or held", args.id))),
            count => println!("{count} of {}'s deliveries are sent again", args.id),
        }
    }
    store.close().await;
    Ok(())
}
