//! `handoff recheck`: has the deal of a packet looked at again, now.

use clap::Args;

use super::{ConfigArg, Problem, operations};

#[derive(Debug, Args)]
pub struct RecheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, the deal's id or key, or a part of the deal's or customer's name
    #[arg(value_name = "PACKET")]
    packet: String,
}

pub(super) async fn run(args: &RecheckArgs) -> Result<(), Problem> {
    let operations = operations(&args.config.config).await?;
    let packet_id = operations.find(&args.packet).await?.packet_id;
    operations.store.recheck(&packet_id).await?;
    operations.store.close().await;
    println!("the deal of {packet_id} is looked at again as soon as the service comes to it");
    Ok(())
}
