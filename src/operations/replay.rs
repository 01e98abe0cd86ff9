//! An operator's decision to try again.

use super::{OperationError, Operations};
use crate::store::{Decision, DeliveryState, Destination, Settled, StoredDelivery, StoredPacket};
use handoff_core::assemble::assemble;
use handoff_core::packet::{DigestParams, Packet, TaskParams};
use handoff_core::record::{AccountKey, DealRecord};

impl Operations {
    /// Sends dead and held deliveries again, to the channel and the user that the mapping names now, and returns how
    /// many. A held digest that cannot be read back is sent: that is what the operator decides by this. Whatever can be
    /// read back is looked for first.
    ///
    /// # Errors
    ///
    /// Nothing is dead or held, or the account is not configured any more.
    pub async fn replay(
        &self,
        stored: &StoredPacket,
        only: Option<Destination>,
        by: Option<&str>,
    ) -> Result<usize, OperationError> {
        self.replan(stored, only).await?;
        let packet = &stored.packet_id;
        let mut decided = 0;
        if !self.slack_reads_back && only != Some(Destination::CrmTask) {
            let digest = |delivery: &StoredDelivery| {
                delivery.destination == Destination::SlackDigest && delivery.state == DeliveryState::Held
            };
            let held = stored.deliveries.iter().any(digest);
            let settle =
                async || self.store.settle(packet, Destination::SlackDigest, Decision::NotDone, by).await;
            if held && settle().await? == Settled::Yes {
                decided = 1;
            }
        }
        match decided + self.store.replay(packet, only).await? {
            0 => Err(OperationError::Refused(format!("{packet} has nothing dead or held"))),
            count => Ok(count),
        }
    }

    /// Gives deliveries that are about to be sent again the channel and the assignee that the mapping names now; what
    /// they ask stays as it was. Where a digest was to be posted before is kept, because it may be there.
    pub(super) async fn replan(
        &self,
        stored: &StoredPacket,
        only: Option<Destination>,
    ) -> Result<(), OperationError> {
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
        let Some(mapping) = (self.mapping)(&key).map_err(OperationError::Refused)? else {
            return Err(OperationError::Refused(format!("{key} is not configured any more")));
        };
        let (_, plan) = assemble(&mapping, &record, &packet.packet_id, packet.as_of);
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
            self.store.reorder(&stored.packet_id, delivery.destination, order).await?;
        }
        Ok(())
    }
}
