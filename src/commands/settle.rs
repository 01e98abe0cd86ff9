//! `handoff settle`: an operator has looked, and says whether a delivery of unknown outcome is there.

use clap::{ArgGroup, Args};
use reqwest::Url;

use super::{ConfigArg, Problem, destination, operations};
use crate::operations::web_address;
use crate::store::{Decision, Destination};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("seen").args(["done", "not_done"]).required(true)))]
pub struct SettleArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, as `handoff list` prints it; or a deal's id, or a part of the customer's name
    #[arg(value_name = "PACKET")]
    packet: String,
    /// Which of its deliveries
    #[arg(value_parser = destination())]
    destination: Destination,
    /// It is there: nothing is sent again
    #[arg(long)]
    done: bool,
    /// It is not there: it is sent again, now, without another look
    #[arg(long)]
    not_done: bool,
    /// Where a person opens it; the digest links to a task by this
    #[arg(long, value_parser = web_address, conflicts_with = "not_done")]
    url: Option<Url>,
    /// The other side's id of it: a task id, or channel/ts of a message
    #[arg(long, conflicts_with = "not_done")]
    id: Option<String>,
}

pub(super) async fn run(args: &SettleArgs) -> Result<(), Problem> {
    let operations = operations(&args.config.config).await?;
    let stored = operations.find(&args.packet).await?;
    let (packet, destination) = (&stored.packet_id, args.destination);
    let decision = if args.done {
        Decision::Done { external_id: args.id.clone(), url: args.url.as_ref().map(Url::to_string) }
    } else {
        Decision::NotDone
    };
    operations.settle(&stored, destination, decision, None).await?;
    operations.store.close().await;
    if args.done {
        println!("{destination} of {packet} is done");
    } else {
        println!("{destination} of {packet} is sent again");
    }
    Ok(())
}
