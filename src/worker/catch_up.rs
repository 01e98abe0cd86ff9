//! The catch-up sweep: finds wins that no webhook told of.
//!
//! A webhook that finds nobody is given up after 24 hours, a callout of Apex is sent once, and a stage that an
//! admin declares won sends nothing. So each CRM is asked which won deals changed lately, and those that have no
//! packet go through the same inbox as if a webhook had named them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Account, Context};
use crate::crm::{Event, EventKind, Resolution, WonDealHint};
use crate::failure::Failure;
use crate::store::{LastWork, Recorded, StoreError};
use handoff_core::record::{AccountKey, DealKey};

/// Events that are recorded in one transaction.
const BATCH: usize = 100;

/// How long one account may be searched, all pages together.
const SEARCH: Duration = Duration::from_mins(10);

/// The wins of each account that was swept, or why it could not be.
pub type Sweep = BTreeMap<AccountKey, Result<Wins, Failure>>;

/// The wins of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wins {
    /// How many have their packet.
    pub known: usize,
    /// The deals of the others, which are looked at again at every sweep.
    pub unknown: Vec<DealKey>,
    /// What was recorded of those when they were last worked on: they were not won then, gone, or refused.
    pub before: BTreeMap<DealKey, LastWork>,
    /// What the inbox made of those; nothing in a dry run.
    pub recorded: Recorded,
}

/// Sweeps at once, and then at every interval.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>, every: Duration) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            swept = sweep(&context) => {
                if let Err(error) = swept {
                    tracing::error!(%error, "cannot look for wins that no webhook told of");
                }
            }
        }
        if !context.wait(&mut stopped, every).await {
            return;
        }
    }
}

/// Sweeps every account as far back as the configuration says, but never before this database was installed: a win of
/// last year is not handed over because it was edited today.
pub async fn sweep(context: &Context) -> Result<Sweep, StoreError> {
    let window = context.clock.now().checked_sub(context.work.catch_up_window).unwrap_or(Timestamp::MIN);
    let installed = context.store.installed_at().await?;
    Ok(catch_up(context, window.max(installed), false).await)
}

/// Looks in every account for deals won at `since` or later. Those without a packet are recorded in the inbox,
/// unless it is a dry run. An account that is paused, or that fails, does not keep the others waiting.
pub async fn catch_up(context: &Context, since: Timestamp, dry_run: bool) -> Sweep {
    // Salesforce dates wins to the second: one in the second of `since` is not older.
    let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
    let sweeps = context.accounts.iter().map(async |(key, account)| {
        let wins = catch_up_with(context, key, account, since, dry_run).await;
        match &wins {
            Ok(wins) => {
                context.metrics.event("swept", wins.recorded.new as u64);
                let Wins { known, unknown, before, recorded: Recorded { new, repeated } } = wins;
                let is_wanted = |last: &LastWork| !last.is_settled;
                let lacking = unknown.iter().filter(|deal| before.get(*deal).is_none_or(is_wanted)).count();
                context.metrics.won_without_packet(key.to_string(), lacking);
                let won = known + unknown.len();
                tracing::info!(account = %key, %since, won, known, new, repeated, "caught up");
            }
            Err(failure) => tracing::warn!(account = %key, error = %failure, "not caught up"),
        }
        (key.clone(), wins)
    });
    join_all(sweeps).await.into_iter().collect()
}

async fn catch_up_with(
    context: &Context,
    key: &AccountKey,
    account: &Account,
    since: Timestamp,
    dry_run: bool,
) -> Result<Wins, Failure> {
    refuse_paused(context, key).await?;
    let mut wins = Wins::default();
    let mut events = Vec::new();
    let search = tokio::time::timeout(SEARCH, account.crm.won_since(since)).await;
    let too_long = || Err(Failure::retry(format!("the search for won deals takes longer than {SEARCH:?}")));
    for sighting in search.unwrap_or_else(|_| too_long())? {
        let deal = DealKey { account: key.clone(), deal: sighting.deal.clone() };
        match classify(context, account, &deal, &sighting, since).await? {
            WinStatus::Outside => {}
            WinStatus::Known => wins.known += 1,
            WinStatus::Unknown => {
                wins.unknown.push(deal.clone());
                events.push(event(deal, &sighting));
            }
        }
    }
    wins.before = context.store.recorded(&wins.unknown).await?;
    if !dry_run {
        for batch in events.chunks(BATCH) {
            context.store.look_again(batch.to_vec()).await?;
            let recorded = context.store.record(batch.to_vec()).await?;
            wins.recorded.new += recorded.new;
            wins.recorded.repeated += recorded.repeated;
        }
    }
    Ok(wins)
}

async fn refuse_paused(context: &Context, key: &AccountKey) -> Result<(), Failure> {
    let (scope, now) = (key.to_string(), context.clock.now());
    let pauses = context.store.pauses().await?;
    match pauses.into_iter().find(|pause| pause.scope == scope && pause.until > now) {
        Some(pause) => {
            let why = format!("paused until {}: {}", pause.until, pause.reason);
            Err(Failure::Pause { why, until: Some(pause.until) })
        }
        None => Ok(()),
    }
}

/// Whether a win is one to hand over.
enum WinStatus {
    /// Not won in the time that is looked at: an old win that was edited since.
    Outside,
    /// The win has its packet.
    Known,
    /// It has none.
    Unknown,
}

/// Decides without a call to the CRM, unless it did not say when the deal was won.
async fn classify(
    context: &Context,
    account: &Account,
    deal: &DealKey,
    sighting: &WonDealHint,
    since: Timestamp,
) -> Result<WinStatus, Failure> {
    let won_at = match sighting.won_at {
        Some(won_at) => won_at,
        None => match account.crm.resolve(&deal.deal, &account.mapping().wanted_fields()).await {
            Ok(Resolution::Won(won)) => won.win.won_at,
            // Search calls it won. A worker will meet the same, and knows how to try again and whom to tell.
            Ok(Resolution::NotWon { .. } | Resolution::Gone) | Err(_) => return Ok(WinStatus::Unknown),
        },
    };
    if won_at < since {
        return Ok(WinStatus::Outside);
    }
    let latest = context.store.latest_packet_of(std::slice::from_ref(deal)).await?;
    let has_packet = latest.is_some_and(|(_, packet_won_at, _)| packet_won_at >= won_at);
    Ok(if has_packet { WinStatus::Known } else { WinStatus::Unknown })
}

/// The same change of a deal is one event, however many sweeps see it.
fn event(deal: DealKey, sighting: &WonDealHint) -> Event {
    Event {
        kind: EventKind::Swept,
        dedupe_key: format!("{}:sweep:{}:{}", deal.account, deal.deal, sighting.changed_at),
        provider_id: "sweep".to_owned(),
        occurred_at: sighting.won_at,
        verification: "asked(crm api)".to_owned(),
        deal,
    }
}
