//! Asks owners on the day of first value whether it happened.

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::Context;
use crate::store::StoreError;
use handoff_core::packet::{FirstValueParams, Packet};

/// How often it is looked whether a day has come.
const EVERY: Duration = Duration::from_mins(1);

/// A day that passed longer ago, while nothing served this database or clicks were off, is not asked about any more.
const DAYS: i64 = 7;

/// Asks until the service stops.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(error) = ask(&context).await {
            tracing::error!(%error, "owners cannot be asked whether first value was reached");
        }
        if !context.wait(&mut stopped, EVERY).await {
            return;
        }
    }
}

/// Adds a message for each owner whose day it is, where that is within working hours: a delivery like any other.
async fn ask(context: &Context) -> Result<(), StoreError> {
    let today = context.clock.now().to_zoned(TimeZone::UTC).date();
    // A day begins earlier in the east.
    let (from, until) = (today.saturating_sub(DAYS.days()), today.saturating_add(1.day()));
    for due in context.store.first_values_to_ask(from, until).await? {
        // Another process may know the account.
        let Some(account) = context.accounts.get(&due.account) else { continue };
        let mapping = account.mapping();
        let now = context.clock.now().to_zoned(mapping.time_zone.clone());
        if due.day > now.date() || mapping.slack.hours.next_opening(&now) > now {
            continue;
        }
        let owner = serde_json::from_str::<Packet>(&due.packet).map(|packet| packet.owner.email);
        let address = owner.ok().flatten().unwrap_or_default();
        context.store.ask_first_value(&due.packet_id, FirstValueParams { day: due.day, address }).await?;
    }
    Ok(())
}
