//! `handoff replay`: an operator's decision to try again.

use clap::Args;

use super::{ConfigArg, Problem, load_config, open_store_of};
use crate::delivery::slack::Auth;
use crate::store::{Decision, DeliveryState, Destination, Settled, Store, StoreError};
use handoff_core::record::DealKey;

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
    let config = load_config(&args.config.config)?;
    let looks_back = matches!(config.slack.auth, Auth::Bot(_));
    let store = open_store_of(&config).await?;
    if let Ok(deal) = args.id.parse::<DealKey>() {
        if !store.replay_deal(&deal).await? {
            return Err(Problem::new(format!("handoff: {deal} is not a dead deal: see `handoff list`")));
        }
        println!("{deal} is looked at again");
    } else {
        match replay(&store, &args.id, args.only, looks_back).await? {
            0 => return Err(Problem::new(format!("handoff: {} has nothing dead or held", args.id))),
            count => println!("{count} of {}'s deliveries are sent again", args.id),
        }
    }
    store.close().await;
    Ok(())
}

/// A held digest that cannot be read back is sent: that is what the operator decides by saying this. Whatever
/// can be read back is looked for first.
async fn replay(
    store: &Store,
    packet: &str,
    only: Option<Destination>,
    looks_back: bool,
) -> Result<usize, StoreError> {
    let mut decided = 0;
    if !looks_back && only != Some(Destination::CrmTask) {
        let stored = store.packet(packet).await?;
        let held = stored.is_some_and(|stored| {
            let digest = |(to, state)| to == Destination::SlackDigest && state == DeliveryState::Held;
            stored.deliveries.iter().map(|delivery| (delivery.destination, delivery.state)).any(digest)
        });
        if held && store.settle(packet, Destination::SlackDigest, Decision::NotDone).await? == Settled::Yes {
            decided = 1;
        }
    }
    Ok(decided + store.replay(packet, only).await?)
}
