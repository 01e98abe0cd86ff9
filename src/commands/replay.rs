//! `handoff replay`: an operator's decision to try again.

use clap::Args;

use super::fetch::read_mapping;
use super::find::find;
use super::{ConfigArg, Problem, delivery_status, open_store_of, store_access};
use crate::config::part::StoreAccess;
use crate::store::{
    Decision, DeliveryState, Destination, Settled, Store, StoreError, StoredDelivery, StoredPacket,
};
use handoff_core::assemble::assemble;
use handoff_core::packet::{DigestParams, Packet, TaskParams};
use handoff_core::record::{AccountKey, DealKey, DealRecord};

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
    #[arg(long, value_parser = delivery_status::destination())]
    only: Option<Destination>,
}

pub(super) async fn run(args: &ReplayArgs) -> Result<(), Problem> {
    let access = store_access(&args.config.config)?;
    let store = open_store_of(&access.store).await?;
    if let Ok(deal) = args.id.parse::<DealKey>()
        && store.replay_deal(&deal).await?
    {
        println!("{deal} is looked at again");
    } else {
        let stored = find(&store, &args.id).await?;
        replan(&store, &access, &stored, args.only).await?;
        match replay(&store, &stored, args.only, access.slack_reads_back).await? {
            0 => return Err(Problem::new(format!("handoff: {} has nothing dead or held", stored.packet_id))),
            count => println!("{count} of {}'s deliveries are sent again", stored.packet_id),
        }
    }
    store.close().await;
    Ok(())
}

/// Gives deliveries that are about to be sent again the channel and the assignee that the mapping names now; what they
/// ask stays as it was. Where a digest was to be posted before is kept, because it may be there.
pub(super) async fn replan(
    store: &Store,
    access: &StoreAccess,
    stored: &StoredPacket,
    only: Option<Destination>,
) -> Result<(), Problem> {
    let again = |delivery: &&StoredDelivery| {
        let stuck =
            [DeliveryState::Dead, DeliveryState::Held, DeliveryState::Unknown].contains(&delivery.state);
        stuck && only.is_none_or(|only| only == delivery.destination)
    };
    let mut stuck = stored.deliveries.iter().filter(again).peekable();
    // Without the record nothing is sent: the worker says so.
    let (Some(_), Some(record)) = (stuck.peek(), stored.record.kept()) else { return Ok(()) };
    let (packet, record): (Packet, DealRecord) =
        (serde_json::from_str(&stored.packet)?, serde_json::from_str(record)?);
    let key = AccountKey { crm: packet.crm, account: packet.account.clone() };
    let Some((_, file)) = access.mappings.iter().find(|(account, _)| *account == key) else {
        return Err(Problem::new(format!("handoff: {key} is not configured any more")));
    };
    let (_, plan) = assemble(&read_mapping(file)?, &record, &packet.packet_id, packet.as_of);
    for delivery in stuck {
        let order = match delivery.destination {
            Destination::CrmTask => {
                let TaskParams { due, questions, .. } = serde_json::from_str(&delivery.order)?;
                serde_json::to_string(&TaskParams { due, questions, ..plan.task.clone() })
            }
            // They are written from the packet alone.
            Destination::SlackReply
            | Destination::SlackSentBack
            | Destination::SlackDm
            | Destination::SlackReminder
            | Destination::SlackFallback
            | Destination::SlackFirstValue => continue,
            Destination::SlackDigest => {
                let DigestParams { channel, mut earlier, questions, important } =
                    serde_json::from_str(&delivery.order)?;
                let now = plan.digest.channel.clone();
                earlier.push(channel);
                earlier.retain(|channel| *channel != now);
                earlier.dedup();
                serde_json::to_string(&DigestParams { channel: now, earlier, questions, important })
            }
        }?;
        store.reorder(&stored.packet_id, delivery.destination, order).await?;
    }
    Ok(())
}

/// A held digest that cannot be read back is sent: that is what the operator decides by saying this. Whatever
/// can be read back is looked for first.
async fn replay(
    store: &Store,
    stored: &StoredPacket,
    only: Option<Destination>,
    looks_back: bool,
) -> Result<usize, StoreError> {
    let packet = &stored.packet_id;
    let mut decided = 0;
    if !looks_back && only != Some(Destination::CrmTask) {
        let digest = |delivery: &StoredDelivery| {
            delivery.destination == Destination::SlackDigest && delivery.state == DeliveryState::Held
        };
        let held = stored.deliveries.iter().any(digest);
        if held && store.settle(packet, Destination::SlackDigest, Decision::NotDone).await? == Settled::Yes {
            decided = 1;
        }
    }
    Ok(decided + store.replay(packet, only).await?)
}
