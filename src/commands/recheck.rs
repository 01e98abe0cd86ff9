//! `handoff recheck`: has the deal of a packet looked at again, now.

use clap::Args;

use super::find::find;
use super::{ConfigArg, Problem, open_store};

#[derive(Debug, Args)]
pub struct RecheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, the deal's id or key, or a part of the deal's or customer's name
    #[arg(value_name = "PACKET")]
    packet: String,
}

pub(super) async fn run(args: &RecheckArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let packet_id = find(&store, &args.packet).await?.packet_id;
    store.recheck(&packet_id).await?;
    store.close().await;
    println!("the deal of {packet_id} is looked at again as soon as the service comes to it");
    Ok(())
}
