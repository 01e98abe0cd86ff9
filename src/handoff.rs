//! The middle of the product, readable top to bottom: re-read the deal, map it, assess it, enqueue.

use crate::app::{Account, App};
use crate::assemble;
use crate::clock::later;
use crate::crash_point;
use crate::crm::{Resolution, Won};
use crate::failure::Failure;
use crate::packet::{Assessment, packet_id};
use crate::record::DealKey;
use crate::store::{DealEnd, DealLease, Destination, NewPacket, StoreError};

/// Works on one deal that some event pointed at, and says how that ended. Nothing is written here: the
/// caller hands the end to the store, which commits packet and deliveries together.
pub async fn hand_off(app: &App, lease: &DealLease) -> DealEnd {
    let Some(account) = app.account(&lease.deal.account) else {
        return DealEnd::Nothing { outcome: "account not configured".to_owned() };
    };
    match resolve_and_assemble(app, account, &lease.deal).await {
        Ok(end) => end,
        Err(Stop::Crm(failure)) => after(app, lease, failure),
        Err(Stop::Store(error)) => after(app, lease, Failure::retry(error.to_string())),
    }
}

/// What can end the work early: each has its own way on.
enum Stop {
    Crm(Failure),
    Store(StoreError),
}

async fn resolve_and_assemble(app: &App, account: &Account, deal: &DealKey) -> Result<DealEnd, Stop> {
    let mapping = account.mapping();
    let wanted = mapping.wanted_fields();
    let resolution = account.crm.resolve(&deal.deal, &wanted).await.map_err(Stop::Crm)?;
    crash_point!("deal.resolved");
    let won = match resolution {
        Resolution::Won(won) => won,
        Resolution::NotWon { stage } => {
            return Ok(DealEnd::Nothing { outcome: format!("not won: stage {stage}") });
        }
        Resolution::Gone => return Ok(DealEnd::Nothing { outcome: "gone".to_owned() }),
    };
    if !mapping.covers(&won.record) {
        return Ok(DealEnd::Nothing { outcome: "not covered by applies_to".to_owned() });
    }
    if let Some(packet_id) = known_packet(app, &won).await.map_err(Stop::Store)? {
        return Ok(DealEnd::Known { packet_id });
    }

    let now = app.clock.now();
    let mapped = assemble::map(&mapping, &won.record, now);
    let (packet, plan) = assemble::assess(mapped, &packet_id(&won.win));
    app.count_gaps(&packet);
    Ok(DealEnd::Packet(Box::new(NewPacket {
        packet_id: packet.packet_id.clone(),
        packet: json(&packet)?,
        record: json(&won.record)?,
        assessment: Assessment::of(&packet, Some(&won.record)),
        deliveries: vec![
            (Destination::CrmTask, json(&plan.task)?, now),
            // The first try of the task makes the digest due at once, so that it can link to the task.
            (Destination::SlackDigest, json(&plan.digest)?, later(now, app.work.digest_waits)),
        ],
        win: won.win,
    })))
}

/// The packet this win has already: under its own key, or under that of a deal merged into it whose packet
/// was made after the deal was won.
async fn known_packet(app: &App, won: &Won) -> Result<Option<String>, StoreError> {
    if let Some(packet_id) = app.store.packet_of_win(&won.win).await? {
        return Ok(Some(packet_id));
    }
    let ancestors: Vec<DealKey> = won
        .merged_from
        .iter()
        .map(|deal| DealKey { account: won.win.deal.account.clone(), deal: deal.clone() })
        .collect();
    if ancestors.is_empty() {
        return Ok(None);
    }
    let latest = app.store.latest_packet_of(&ancestors).await?;
    Ok(latest.filter(|(_, _, made_at)| *made_at >= won.win.won_at).map(|(packet_id, ..)| packet_id))
}

fn after(app: &App, lease: &DealLease, failure: Failure) -> DealEnd {
    let (why, wait) = match failure {
        Failure::Retry { why, after } => (why, after),
        Failure::Unknown { why } => (why, None),
        Failure::GiveUp { why } => return DealEnd::Dead { error: why },
        Failure::Pause { why, until } => {
            return DealEnd::Paused { until: app.pause_until(until), reason: why };
        }
    };
    match app.next_try(lease.attempts, wait) {
        Some(at) => DealEnd::Retry { at, error: why },
        None => DealEnd::Dead { error: why },
    }
}

/// Our own types always serialise; should one not, that is told like any other failure.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|error| Stop::Crm(Failure::give_up(error.to_string())))
}
