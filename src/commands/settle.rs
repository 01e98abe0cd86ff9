//! `handoff settle`: an operator has looked, and says whether a delivery of unknown outcome is there.

use clap::{ArgGroup, Args};
use reqwest::Url;

use super::find::find;
use super::replay::replan;
use super::{ConfigArg, Problem, delivery_status, open_store_of, store_access};
use crate::store::{Decision, DeliveryState, Destination, Settled};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("seen").args(["done", "not_done"]).required(true)))]
pub struct SettleArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, as `handoff list` prints it; or a deal's id, or a part of the customer's name
    #[arg(value_name = "PACKET")]
    packet: String,
    /// Which of its deliveries
    #[arg(value_parser = delivery_status::destination())]
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

fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    url.ok_or("not an address that starts with https://")
}

pub(super) async fn run(args: &SettleArgs) -> Result<(), Problem> {
    let access = store_access(&args.config.config)?;
    let store = open_store_of(&access.store).await?;
    let stored = find(&store, &args.packet).await?;
    let (packet, destination) = (&stored.packet_id, args.destination);
    let decision = if args.done {
        Decision::Done { external_id: args.id.clone(), url: args.url.as_ref().map(Url::to_string) }
    } else {
        replan(&store, &access, &stored, Some(destination)).await?;
        Decision::NotDone
    };
    let settled = store.settle(packet, destination, decision).await?;
    store.close().await;
    match settled {
        Settled::Yes if args.done => println!("{destination} of {packet} is done"),
        Settled::Yes => println!("{destination} of {packet} is sent again"),
        Settled::Missing => {
            return Err(Problem::new(format!(
                "handoff: there is no {destination} of {packet}: see `handoff list`"
            )));
        }
        Settled::Refused(state) => return Err(refused(packet, destination, state)),
    }
    Ok(())
}

fn refused(packet: &str, destination: Destination, state: DeliveryState) -> Problem {
    let why = match state {
        DeliveryState::Leased => "a worker is at it right now: see how that ends, with `handoff show`",
        DeliveryState::Done => "it is known to be there",
        _ => "it was never sent, or certainly without success, and will be tried",
    };
    Problem::new(format!(
        "handoff: there is nothing to settle about {destination} of {packet} ({}): {why}",
        delivery_status::state(state)
    ))
}
