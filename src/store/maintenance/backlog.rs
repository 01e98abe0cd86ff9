//! How much is left to do.

use jiff::Timestamp;

use crate::store::engine::{StoreError, count, from_millis, query};
use crate::store::{Destination, Store, outbox::deliveries::DeliveryState};

statements! {
    OPEN_DEALS = "SELECT state, COUNT(*), MIN(heard_at) FROM deals WHERE state <> 'idle' GROUP BY state";
    /// What was planned for later is owed from then on.
    OPEN_DELIVERIES = "
        SELECT destination, state, unknown, COUNT(*),
            MIN(CASE WHEN state = 'waiting' AND attempts = 0 AND unknown = 0 THEN due_at ELSE created_at END)
        FROM deliveries
        WHERE state <> 'done' GROUP BY destination, state, unknown ORDER BY destination, state, unknown";
}

/// How much is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Deals that are to be looked at: waiting, retrying or in work.
    pub deals_waiting: u64,
    /// Deals that were given up.
    pub deals_dead: u64,
    /// When the deal was last announced that has waited longest to be looked at (dead ones do not count).
    pub oldest_deal: Option<Timestamp>,
    /// Deliveries that are not done; pairs without a delivery are absent.
    pub deliveries: Vec<(Destination, DeliveryState, u64)>,
    /// Since when the oldest delivery has been owed that is still to come (dead ones do not count).
    pub oldest_undelivered: Option<Timestamp>,
}

impl Backlog {
    /// Deliveries in this state, of all destinations.
    pub fn deliveries_in(&self, wanted: DeliveryState) -> u64 {
        self.deliveries.iter().filter(|(_, state, _)| *state == wanted).map(|(_, _, count)| count).sum()
    }

    /// Deliveries that are still to be made; dead ones wait for a person.
    pub fn deliveries_waiting(&self) -> u64 {
        let waiting = self.deliveries.iter().filter(|(_, state, _)| *state != DeliveryState::Dead);
        waiting.map(|(_, _, count)| count).sum()
    }
}

impl Store {
    /// Counts what is left to do, for metrics. Finished rows are not looked at.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        type Group = (String, String, i64, i64, i64);

        let mut backlog = Backlog::default();
        let deals: Vec<(String, i64, i64)> = self.readers.all(query(OPEN_DEALS)).await?;
        for (state, found, heard_at) in deals {
            if state != "dead" {
                backlog.oldest_deal = backlog.oldest_deal.into_iter().chain([from_millis(heard_at)]).min();
            }
            let into = if state == "dead" { &mut backlog.deals_dead } else { &mut backlog.deals_waiting };
            *into += count(found);
        }

        let groups: Vec<Group> = self.readers.all(query(OPEN_DELIVERIES)).await?;
        let mut oldest: Option<i64> = None;
        for (destination, state, unknown, found, created_at) in groups {
            let Ok(destination) = destination.parse() else { continue };
            let state = DeliveryState::of_row(&state, unknown != 0);
            if state != DeliveryState::Dead {
                oldest = oldest.into_iter().chain([created_at]).min();
            }
            let same =
                |(to, at, _): &&mut (Destination, DeliveryState, u64)| *to == destination && *at == state;
            match backlog.deliveries.iter_mut().find(same) {
                Some((_, _, sum)) => *sum += count(found),
                None => backlog.deliveries.push((destination, state, count(found))),
            }
        }
        backlog.oldest_undelivered = oldest.map(from_millis);
        Ok(backlog)
    }
}
