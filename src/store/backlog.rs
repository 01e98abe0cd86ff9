//! What is left to do: when the next row is due, and how many rows wait.

use jiff::Timestamp;

use super::deliveries::DeliveryState;
use super::moment::from_millis;
use super::{Store, StoreError};
use crate::delivery::Destination;

statements! {
    NEXT_DEAL = "
        SELECT d.due_at FROM deals d
        WHERE d.state <> 'idle' AND d.due_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = d.account AND p.until > $1)
        ORDER BY d.due_at LIMIT 1";
    NEXT_DELIVERY = "
        SELECT d.due_at FROM deliveries d
        WHERE d.state <> 'done' AND d.due_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = d.scope AND p.until > $1)
        ORDER BY d.due_at LIMIT 1";
    NEXT_PAUSE_END = "SELECT p.until FROM pauses p WHERE p.until > $1 ORDER BY p.until LIMIT 1";
    OPEN_DEALS = "SELECT state, COUNT(*) FROM deals WHERE state <> 'idle' GROUP BY state";
    OPEN_DELIVERIES = "
        SELECT destination, state, unknown, COUNT(*), MIN(created_at) FROM deliveries
        WHERE state <> 'done' GROUP BY destination, state, unknown ORDER BY destination, state, unknown";
}

/// How much is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Deals that are to be looked at: waiting, retrying or in work.
    pub deals_waiting: u64,
    /// Deals that were given up.
    pub deals_dead: u64,
    /// Deliveries that are not done; pairs without a delivery are absent.
    pub deliveries: Vec<(Destination, DeliveryState, u64)>,
    /// When the oldest packet was made that still has a delivery to come (dead ones do not count).
    pub oldest_undelivered: Option<Timestamp>,
}

impl Store {
    /// When a deal or a delivery next becomes due (this may be in the past), or the next pause ends,
    /// whichever comes first. `None`: nothing happens until something changes.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.clock.now_millis();
        let mut earliest: Option<i64> = None;
        for sql in [NEXT_DEAL, NEXT_DELIVERY, NEXT_PAUSE_END] {
            let due: Option<i64> = sqlx::query_scalar(sql).bind(now).fetch_optional(&self.readers).await?;
            earliest = earliest.into_iter().chain(due).min();
        }
        Ok(earliest.map(from_millis))
    }

    /// Counts what is left to do, for metrics. Finished rows are not looked at.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        type Group = (String, String, i64, i64, i64);

        let mut backlog = Backlog::default();
        let deals: Vec<(String, i64)> = sqlx::query_as(OPEN_DEALS).fetch_all(&self.readers).await?;
        for (state, count) in deals {
            let into = if state == "dead" { &mut backlog.deals_dead } else { &mut backlog.deals_waiting };
            *into += u64::try_from(count).unwrap_or(0);
        }

        let groups: Vec<Group> = sqlx::query_as(OPEN_DELIVERIES).fetch_all(&self.readers).await?;
        let mut oldest: Option<i64> = None;
        for (destination, state, unknown, count, created_at) in groups {
            let Ok(destination) = destination.parse() else { continue };
            let state = DeliveryState::of_row(&state, unknown != 0);
            if state != DeliveryState::Dead {
                oldest = oldest.into_iter().chain([created_at]).min();
            }
            let count = u64::try_from(count).unwrap_or(0);
            let same =
                |(to, at, _): &&mut (Destination, DeliveryState, u64)| *to == destination && *at == state;
            match backlog.deliveries.iter_mut().find(same) {
                Some((_, _, sum)) => *sum += count,
                None => backlog.deliveries.push((destination, state, count)),
            }
        }
        backlog.oldest_undelivered = oldest.map(from_millis);
        Ok(backlog)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{DAY, Fixture, LEASE, MINUTE, account, done, nothing};
    use super::super::{DealEnd, DeliveryEnd, SLACK};
    use super::*;

    #[tokio::test]
    async fn the_next_due_time_is_that_of_the_earliest_row() {
        let fixture = Fixture::new().await;
        assert_eq!(fixture.store.next_due().await.unwrap(), None);
        fixture.hears("1", "a").await;
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.now()));
        let lease = fixture.claims_deal().await;
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.after(LEASE)));
        let retry = DealEnd::Retry { at: fixture.after(DAY), error: "503".to_owned() };
        fixture.ends(&lease, retry).await;
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.after(DAY)));

        fixture.has_packet("2").await;
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.now()));
        fixture.store.pause(&account().to_string(), fixture.after(DAY / 2), "401").await.unwrap();
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.after(MINUTE)), "the digest");
        fixture.store.pause(SLACK, fixture.after(DAY / 4), "401").await.unwrap();
        assert_eq!(fixture.store.next_due().await.unwrap(), Some(fixture.after(DAY / 4)), "Slack's pause");
    }

    #[tokio::test]
    async fn the_backlog_counts_what_is_left_and_nothing_else() {
        let fixture = Fixture::new().await;
        assert_eq!(fixture.store.backlog().await.unwrap(), Backlog::default());
        fixture.is_handed_over("1").await;
        assert_eq!(fixture.store.backlog().await.unwrap(), Backlog::default());

        fixture.clock.advance(MINUTE);
        let oldest = fixture.now();
        fixture.has_packet("2").await;
        let task = fixture.claims_delivery().await;
        fixture.finishes(&task, DeliveryEnd::Unknown { at: fixture.after(DAY), absent: 0 }).await;
        let digest = fixture.claims_delivery().await;
        fixture.finishes(&digest, DeliveryEnd::Dead).await;
        fixture.clock.advance(MINUTE);
        fixture.has_packet("3").await;
        fixture.hears("4", "a").await;
        let lease = fixture.claims_deal().await;
        fixture.ends(&lease, DealEnd::Dead { error: "400".to_owned() }).await;
        fixture.hears("5", "b").await;

        let backlog = fixture.store.backlog().await.unwrap();
        assert_eq!((backlog.deals_waiting, backlog.deals_dead), (1, 1));
        assert_eq!(backlog.oldest_undelivered, Some(oldest));
        let mut deliveries = backlog.deliveries;
        deliveries.sort_unstable();
        assert_eq!(
            deliveries,
            [
                (Destination::CrmTask, DeliveryState::Waiting, 1),
                (Destination::CrmTask, DeliveryState::Unknown, 1),
                (Destination::SlackDigest, DeliveryState::Waiting, 1),
                (Destination::SlackDigest, DeliveryState::Dead, 1),
            ]
        );
    }

    #[tokio::test]
    async fn a_deal_in_work_is_part_of_the_backlog() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let lease = fixture.claims_deal().await;
        assert_eq!(fixture.store.backlog().await.unwrap().deals_waiting, 1);
        fixture.ends(&lease, nothing()).await;
        assert_eq!(fixture.store.backlog().await.unwrap().deals_waiting, 0);
    }

    #[tokio::test]
    async fn what_is_delivered_is_not_owed() {
        let fixture = Fixture::new().await;
        fixture.has_packet("1").await;
        assert_eq!(fixture.store.backlog().await.unwrap().oldest_undelivered, Some(fixture.now()));
        for _ in 0..2 {
            let lease = fixture.claims_delivery().await;
            fixture.finishes(&lease, done("1")).await;
        }
        assert_eq!(fixture.store.backlog().await.unwrap().oldest_undelivered, None);
    }
}
