//! The middle of the product, readable top to bottom: resolve the deal, map it, assess it, enqueue its packet.
//!
//! Imports `crm`, `store` and the pure modules below them. [`Handoff::run`] writes nothing and retries nothing: the
//! worker that calls it hands the end to the store, which commits packet and deliveries together.

use std::time::Duration;

use crate::clock::{Clock, later};
use crate::crash_point;
use crate::crm::{Crm, Resolution, Won};
use crate::failure::Failure;
use crate::store::{DealEnd, Destination, NewPacket, Store, StoreError};
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Assessment, packet_id};
use handoff_core::record::DealKey;

/// The outcome of a won deal that the mapping leaves out.
pub const NOT_COVERED: &str = "not covered by applies_to";

/// What handing over the deals of one account needs.
pub struct Handoff<'a> {
    /// Knows which wins have their packet.
    pub store: &'a Store,
    pub crm: &'a dyn Crm,
    pub mapping: &'a Mapping,
    pub clock: &'a Clock,
    /// How long the digest waits for the first try of its task, so that it can link to the task.
    pub digest_waits: Duration,
}

impl Handoff<'_> {
    /// Works on one deal that an event pointed at. Returns a packet and its deliveries if the deal is won now and
    /// this win has none yet.
    ///
    /// # Errors
    ///
    /// A failed call to the CRM or to the store.
    pub async fn run(&self, deal: &DealKey) -> Result<DealEnd, Failure> {
        let resolution = self.crm.resolve(&deal.deal, &self.mapping.wanted_fields()).await?;
        crash_point!("deal.resolved");
        let won = match resolution {
            Resolution::Won(won) => won,
            Resolution::NotWon { stage } => return Ok(nothing(format!("not won: stage {stage}"))),
            Resolution::Gone => return Ok(nothing("gone")),
        };
        if !self.mapping.covers(&won.record) {
            return Ok(nothing(NOT_COVERED));
        }
        if let Some(packet_id) = self.known_packet(&won).await? {
            return Ok(DealEnd::Known { packet_id });
        }

        let now = self.clock.now();
        let mapped = assemble::map(self.mapping, &won.record, now);
        let (packet, plan) = assemble::assess(mapped, &packet_id(&won.win));
        Ok(DealEnd::Packet(Box::new(NewPacket {
            packet_id: packet.packet_id.clone(),
            packet: json(&packet)?,
            record: json(&won.record)?,
            assessment: Assessment::of(&packet, Some(&won.record)),
            deliveries: vec![
                (Destination::CrmTask, json(&plan.task)?, now),
                // The first try of the task makes the digest due at once, so that it can link to the task.
                (Destination::SlackDigest, json(&plan.digest)?, later(now, self.digest_waits)),
            ],
            win: won.win,
        })))
    }

    /// The packet this win has already: under its own key, or under that of a deal merged into it whose packet
    /// was made after the deal was won.
    async fn known_packet(&self, won: &Won) -> Result<Option<String>, StoreError> {
        if let Some(packet_id) = self.store.packet_of_win(&won.win).await? {
            return Ok(Some(packet_id));
        }
        let account = &won.win.deal.account;
        let ancestors: Vec<DealKey> = won
            .merged_from
            .iter()
            .map(|deal| DealKey { account: account.clone(), deal: deal.clone() })
            .collect();
        if ancestors.is_empty() {
            return Ok(None);
        }
        let latest = self.store.latest_packet_of(&ancestors).await?;
        Ok(latest.filter(|(_, _, made_at)| *made_at >= won.win.won_at).map(|(packet_id, ..)| packet_id))
    }
}

fn nothing(outcome: impl Into<String>) -> DealEnd {
    DealEnd::Nothing { outcome: outcome.into() }
}

/// Our own types always serialise; should one not, that is told like any other failure.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::give_up(error.to_string()))
}
