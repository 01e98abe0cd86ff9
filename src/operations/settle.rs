//! An operator has looked, and says whether a delivery of unknown outcome is there.

use reqwest::Url;

use super::{OperationError, Operations, delivery_status};
use crate::store::{Decision, DeliveryState, Destination, Settled, StoredPacket};

/// Reads the address of a task or a message.
pub fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    url.ok_or("not an address that starts with https://")
}

impl Operations {
    /// Records the decision, and who made it if that is known. What is not there is sent again, to where the mapping
    /// says now.
    ///
    /// # Errors
    ///
    /// There is no such delivery, or nothing to decide about it.
    pub async fn settle(
        &self,
        stored: &StoredPacket,
        destination: Destination,
        decision: Decision,
        by: Option<&str>,
    ) -> Result<(), OperationError> {
        if decision == Decision::NotDone {
            self.replan(stored, Some(destination)).await?;
        }
        let packet = &stored.packet_id;
        match self.store.settle(packet, destination, decision, by).await? {
            Settled::Yes => Ok(()),
            Settled::Missing => Err(OperationError::NotFound(format!(
                "there is no {destination} of {packet}: see `handoff list`"
            ))),
            Settled::Refused(state) => Err(OperationError::Refused(refused(packet, destination, state))),
        }
    }
}

fn refused(packet: &str, destination: Destination, state: DeliveryState) -> String {
    let why = match state {
        DeliveryState::Leased => "a worker is at it right now: see how that ends, with `handoff show`",
        DeliveryState::Done => "it is known to be there",
        _ => "it was never sent, or certainly without success, and will be tried",
    };
    let state = delivery_status::state(state);
    format!("there is nothing to settle about {destination} of {packet} ({state}): {why}")
}
