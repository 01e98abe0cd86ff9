//! Sums up the week in one message a channel, once, also with several replicas and after a clock that jumped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Weekday;
use jiff::{Timestamp, ToSpan as _, Zoned};
use tokio::sync::watch;

use super::Context;
use super::deadline::before;
use super::delivery::ABSENT_BEFORE_REPEATING;
use crate::crash_point;
use crate::delivery::slack::{self, Metadata};
use crate::failure::Failure;
use crate::store::{RollUpEnd, RollUpLease, StoreError, WeekSpan};
use handoff_core::dates::business_days_before;
use handoff_core::mapping::{Mapping, RollUp};
use handoff_core::packet::Week;
use handoff_core::record::AccountKey;

/// How often it is looked whether a message is due.
const EVERY: Duration = Duration::from_mins(1);

/// A message that could not be posted for so long is not any more.
const LATEST: Duration = Duration::from_hours(24);

/// Business days from which on a gap is old.
const OLD: u16 = 5;

/// Sellers with fewer deals are not named: two deals say nothing about a seller.
const FEWEST_DEALS: u64 = 5;

/// Rules that raised less say nothing about their precision.
const FEWEST_RAISED: u64 = 5;

/// How far back deals and flags are counted.
const COUNTED: Duration = Duration::from_hours(24 * 90);

/// One message: its channel, when it is due, and whose week it is.
struct Due {
    channel: String,
    at: Zoned,
    /// That of the first account.
    mapping: Arc<Mapping>,
    accounts: Vec<AccountKey>,
}

/// Posts what is due until the service stops.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let every = EVERY.min(context.work.lease);
    loop {
        for due in due(&context) {
            if let Err(error) = work_on(&context, &due).await {
                tracing::error!(%error, channel = due.channel, "the week cannot be summed up");
            }
        }
        if !context.wait(&mut stopped, every).await {
            return;
        }
    }
}

/// Accounts that sum up to one channel at one time share a message.
fn due(context: &Context) -> Vec<Due> {
    let now = context.clock.now();
    let mut due: BTreeMap<(String, Timestamp), Due> = BTreeMap::new();
    for (key, account) in &*context.accounts {
        let mapping = account.mapping();
        let Some(RollUp { channel, day, at }) = mapping.slack.roll_up.clone() else { continue };
        let now_there = now.to_zoned(mapping.time_zone.clone());
        let Some(at) = latest(&now_there, day, at) else { continue };
        if now.duration_since(at.timestamp()) > jiff::SignedDuration::try_from(LATEST).unwrap_or_default() {
            continue;
        }
        let accounts = Vec::new();
        let entry = due.entry((channel.clone(), at.timestamp()));
        entry.or_insert(Due { channel, at, mapping, accounts }).accounts.push(key.clone());
    }
    due.into_values().collect()
}

/// The latest of these times of the week that has come.
fn latest(now: &Zoned, day: Weekday, at: jiff::civil::Time) -> Option<Zoned> {
    let back = now.weekday().since(day);
    let of_week = |weeks: i64| {
        let date = now.date().checked_sub((i64::from(back) + 7 * weeks).days()).ok()?;
        date.to_datetime(at).to_zoned(now.time_zone().clone()).ok()
    };
    of_week(0).filter(|at| at <= now).or_else(|| of_week(1))
}

async fn work_on(context: &Context, due: &Due) -> Result<(), StoreError> {
    let id = format!("{} {}", due.channel, due.at.timestamp());
    let claimed = context.store.claim_roll_up(&id, due.at.timestamp(), context.work.lease).await?;
    let Some(lease) = claimed else { return Ok(()) };
    crash_point!("roll_up.claimed");
    let Some(end) = attempt(context, due, &lease).await? else { return Ok(()) };
    match &end {
        RollUpEnd::Done(outcome) => tracing::info!(channel = due.channel, outcome, "the week is summed up"),
        RollUpEnd::Again { at, .. } => tracing::warn!(channel = due.channel, %at, "tried again later"),
    }
    context.store.finish_roll_up(&lease, end).await
}

/// Tries once; `None` if the lease was lost.
async fn attempt(context: &Context, due: &Due, lease: &RollUpLease) -> Result<Option<RollUpEnd>, StoreError> {
    let slack = &context.slack;
    let later = |unknown, absent| RollUpEnd::Again { at: context.soon(), unknown, absent };
    if lease.unknown && lease.absent < ABSENT_BEFORE_REPEATING {
        let since = lease.intended_at.unwrap_or(due.at.timestamp());
        let found = slack.find_posted(&due.channel, false, &Metadata::of_roll_up(&lease.id), since).await;
        return Ok(Some(match found {
            Ok(Some(_)) => RollUpEnd::Done("posted".to_owned()),
            Ok(None) => later(true, lease.absent + 1),
            Err(failure) => {
                tracing::warn!(%failure, "the message of the week cannot be looked for");
                later(true, lease.absent)
            }
        }));
    }
    let week = week(context, due).await?;
    if week.is_empty() {
        return Ok(Some(RollUpEnd::Done("nothing".to_owned())));
    }
    let message = due.mapping.locale.scope(|| slack::roll_up(&lease.id, &week, due.at.date()));
    slack.acquire(&due.channel).await;
    if !context.store.intend_roll_up(lease).await? {
        return Ok(None);
    }
    crash_point!("roll_up.intent");
    let posted = before(&context.clock, lease.until, slack.post(&due.channel, &message)).await;
    crash_point!("roll_up.sent");
    let posted =
        posted.unwrap_or_else(|| Err(Failure::unknown("the lease ran out before there was an answer")));
    Ok(Some(match posted {
        Ok(_) => RollUpEnd::Done("posted".to_owned()),
        Err(Failure::GiveUp { why }) => RollUpEnd::Done(why),
        Err(failure) => {
            tracing::warn!(%failure, "the message of the week was not posted");
            later(matches!(failure, Failure::Unknown { .. }), 0)
        }
    }))
}

async fn week(context: &Context, due: &Due) -> Result<Week, StoreError> {
    let (store, until) = (&context.store, due.at.timestamp());
    let stats = store.stats(until.checked_sub(COUNTED).unwrap_or(Timestamp::MIN), until).await?;
    let sellers = stats.sellers.iter().filter(|seller| seller.deals >= FEWEST_DEALS);
    let named: Vec<String> = sellers.filter_map(|seller| seller.name.clone()).collect();
    let first = due.at.date();
    let days = business_days_before(first, OLD).until(first).unwrap_or_default();
    let old = due.at.saturating_sub(days);
    let span = WeekSpan {
        from: due.at.saturating_sub(7.days()).timestamp(),
        until,
        old: old.timestamp(),
        next: (first, first.saturating_add(7.days())),
    };
    let mut week = store.week(&due.accounts, span, &named).await?;
    let rules = stats
        .by_rule()
        .into_iter()
        .filter(|(_, raised, dismissed)| *raised >= FEWEST_RAISED && *dismissed > 0);
    let percent = |raised: u64, dismissed: u64| raised.saturating_sub(dismissed) * 100 / raised.max(1);
    week.rules = rules.map(|(rule, raised, dismissed)| (rule, percent(raised, dismissed))).collect();
    week.rules.sort_by_key(|(_, percent)| *percent);
    Ok(week)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn at(time: &str) -> Zoned {
        format!("{time}[Europe/Berlin]").parse().unwrap()
    }

    #[test]
    fn the_latest_time_of_the_week_is_today_or_up_to_a_week_ago() {
        for (now, expected) in [
            ("2026-11-30T09:00", "2026-11-30T09:00"),
            ("2026-11-30T08:59", "2026-11-23T09:00"),
            ("2026-12-06T23:00", "2026-11-30T09:00"),
            // Over the change to summer time.
            ("2027-03-29T09:30", "2027-03-29T09:00"),
        ] {
            assert_eq!(latest(&at(now), Weekday::Monday, time(9, 0, 0, 0)), Some(at(expected)), "{now}");
        }
    }
}
