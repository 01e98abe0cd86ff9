//! Follows open packets, so that an answer in the CRM reaches digest and task: asks for what many of their deals show at
//! once, and makes those ready to be read that show something else than before. Tells the webhook routes which deals
//! those are.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::{Account, Context};
use crate::crash_point;
use crate::store::{DueLook, StoreError};
use handoff_core::record::{AccountKey, FieldObject};

/// How often due looks are asked for; looks may be a few seconds late.
const EVERY: Duration = Duration::from_secs(5);

/// After so many rounds the followed deals are read in any case: their contacts change without any of them being new.
const ROUNDS: u32 = 12;

/// Deals that are asked about at once.
const BATCH: usize = 100;

/// What is known of the followed deals, so that it is read only when it has changed.
#[derive(Default)]
struct Known {
    rounds: u32,
    followed: Option<(i64, i64)>,
    mappings: Option<u64>,
}

/// Looks at open packets until the service stops.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    let every = EVERY.min(context.work.follow.every).max(Duration::from_millis(100));
    let mut known = Known::default();
    loop {
        if let Err(error) = round(&context, &mut known).await {
            tracing::error!(%error, "cannot look at open packets again");
        }
        if !context.wait(&mut stopped, every).await {
            return;
        }
    }
}

async fn round(context: &Context, known: &mut Known) -> Result<(), StoreError> {
    refresh(context, known).await?;
    // A transaction costs a sync of the disk: none is begun for nothing.
    while context.store.due_looks(context.clock.now()).await?.0 {
        let due = context.store.claim_looks(context.work.lease).await?;
        if due.is_empty() {
            break;
        }
        let mut by_account: BTreeMap<AccountKey, Vec<DueLook>> = BTreeMap::new();
        for look in due {
            by_account.entry(look.deal.account.clone()).or_default().push(look);
        }
        let looks = by_account.into_iter().map(async |(key, looks)| match context.accounts.get(&key) {
            Some(account) => look(context, account, looks).await,
            // Another process may know the account.
            None => Ok(()),
        });
        join_all(looks).await.into_iter().collect::<Result<(), _>>()?;
    }
    if context.store.due_looks(context.clock.now()).await?.1 {
        let announced = context.store.announce_looks().await?;
        tracing::debug!(announced, "deals of open packets are read again");
    }
    Ok(())
}

/// Tells the webhook routes which deals are followed, and what the mappings read of them.
async fn refresh(context: &Context, known: &mut Known) -> Result<(), StoreError> {
    known.rounds = known.rounds.wrapping_add(1);
    if known.rounds.is_multiple_of(ROUNDS) {
        known.followed = None;
    }
    if let Some(followed) = context.store.followed(&mut known.followed).await? {
        context.open_deals.replace(followed);
    }
    let mut versions = DefaultHasher::new();
    for account in context.accounts.values() {
        account.mapping().version.hash(&mut versions);
    }
    if known.mappings.replace(versions.finish()) != known.mappings {
        let fields = context.accounts.iter().map(|(key, account)| (key.clone(), deal_fields(account)));
        context.open_deals.replace_fields(fields.collect());
    }
    Ok(())
}

fn deal_fields(account: &Account) -> BTreeSet<String> {
    let wanted = account.mapping().wanted_fields();
    let of_deals = wanted.paths.into_iter().chain(wanted.users);
    of_deals.filter(|path| path.object == FieldObject::Deal).map(|path| path.name).collect()
}

/// Asks what the CRM shows of these deals of one account. What cannot be asked now is due again soon.
async fn look(context: &Context, account: &Account, looks: Vec<DueLook>) -> Result<(), StoreError> {
    let mapping = account.mapping();
    let wanted = mapping.wanted_fields();
    for looks in looks.chunks(BATCH) {
        let ids: Vec<String> = looks.iter().map(|look| look.deal.deal.clone()).collect();
        let shown = match account.crm.fingerprints(&ids, &wanted).await {
            Ok(shown) => shown,
            Err(failure) => {
                context.metrics.look("failed", looks.len());
                tracing::warn!(account = %account.crm.account(), %failure, "open packets cannot be looked at now");
                return Ok(());
            }
        };
        crash_point!("look.seen");
        // A changed mapping reads the same deal differently.
        let hash = |shown: &String| format!("{} {shown}", mapping.version);
        let seen = |look: &DueLook| shown.get(&look.deal.deal).map(hash).unwrap_or_default();
        let seen: Vec<(DueLook, String)> = looks.iter().map(|look| (look.clone(), seen(look))).collect();
        for (outcome, count) in outcomes(&seen) {
            context.metrics.look(outcome, count);
        }
        context.store.record_looks(seen, context.work.follow.clone()).await?;
        crash_point!("look.recorded");
    }
    Ok(())
}

/// How many of the looks ended how.
fn outcomes(seen: &[(DueLook, String)]) -> BTreeMap<&'static str, usize> {
    let mut outcomes = BTreeMap::new();
    for (look, seen) in seen {
        let outcome = match &look.seen {
            _ if seen.is_empty() => "gone",
            None => "first",
            Some(before) if before == seen => "same",
            Some(_) => "changed",
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}
