//! `handoff show`: one packet with its deliveries and every attempt.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::layout::WIDTH;
use super::{ConfigArg, Problem, answers, operations_of, store_access, terminal};
use crate::clock::later;
use crate::operations::{HistoryEntry, delivery_status, history};
use crate::store::{Attempt, DeliveryState, StoredAct, StoredPacket, StoredRecord, StoredRevision};
use handoff_core::packet::Packet;

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, as `handoff list` prints it; or a deal's id, or a part of the customer's name
    #[arg(value_name = "ID")]
    packet: String,
    /// As JSON: the packet, and beside it `deliveries` with their attempts
    #[arg(long)]
    json: bool,
    /// An earlier revision of the packet
    #[arg(long, value_name = "N", conflicts_with_all = ["json", "record"])]
    revision: Option<i64>,
    /// What changed, when, and through what, revision by revision
    #[arg(long, conflicts_with_all = ["json", "record", "revision"])]
    history: bool,
    /// Only the deal record that the packet was made from, as JSON: what `preview --record` reads
    #[arg(long, conflicts_with = "json")]
    record: bool,
}

pub(super) async fn run(args: &ShowArgs) -> Result<(), Problem> {
    let access = store_access(&args.config.config)?;
    let operations = operations_of(&access).await?;
    let stored = operations.find(&args.packet).await?;
    let store = operations.store;
    if args.record {
        return print_record(&stored);
    }
    if args.history {
        let acts = store.acts(&stored.packet_id).await?;
        print_history(&store.revisions(&stored.packet_id).await?, &acts);
        return Ok(());
    }
    if let Some(wanted) = args.revision {
        return print_revision(&store.revisions(&stored.packet_id).await?, wanted);
    }
    if args.json {
        let (answers, acts) = store.decisions(&stored.packet_id).await?;
        println!("{}", serde_json::to_string_pretty(&stored.document(&answers, &acts)?)?);
        return Ok(());
    }
    let packet: Packet = serde_json::from_str(&stored.packet)?;
    print!("{}", terminal::packet(&packet, WIDTH));
    for one in &stored.dismissals {
        println!("\ndismissed: {} of {}, {}\n  {}", one.gap, one.section, one.at, one.reason);
    }
    for one in &store.answers(&stored.packet_id).await? {
        println!("\nanswered at {}", one.answer.by.at);
        answers::print(one);
    }
    for act in &store.acts(&stored.packet_id).await? {
        print!("\n");
        print_decision(&HistoryEntry::of(act));
    }
    println!("\nmade by {} ({}) at {}", packet.mapping.file, packet.mapping.version, stored.created_at);
    println!("won at {}, deal {}", stored.won_at, stored.deal);
    match &stored.record {
        StoredRecord::Kept(_) => {
            // Then it is deleted, unless something still waits to be delivered.
            let kept = Duration::from_hours(24 * u64::from(access.store.record_days));
            let until = later(stored.created_at, kept);
            println!("deal record kept until {until}: handoff show {} --record", stored.packet_id);
        }
        StoredRecord::Deleted(at) => println!("deal record deleted at {at}"),
    }
    print_deliveries(&stored, access.slack_reads_back);
    Ok(())
}

fn print_record(stored: &StoredPacket) -> Result<(), Problem> {
    match &stored.record {
        StoredRecord::Kept(record) => {
            let record: Value = serde_json::from_str(record)?;
            println!("{}", serde_json::to_string_pretty(&record)?);
            Ok(())
        }
        StoredRecord::Deleted(at) => Err(Problem::new(format!(
            "handoff: the deal record of {} was deleted at {at} (record_days in the configuration)",
            stored.packet_id
        ))),
    }
}

fn print_revision(revisions: &[StoredRevision], wanted: i64) -> Result<(), Problem> {
    let Some(found) = revisions.iter().find(|known| known.revision == wanted) else {
        let newest = revisions.last().map_or(1, |newest| newest.revision);
        return Err(Problem::new(format!("handoff: there is no revision {wanted}: the newest is {newest}")));
    };
    print!("{}", terminal::packet(&serde_json::from_str(&found.packet)?, WIDTH));
    Ok(())
}

fn print_history(revisions: &[StoredRevision], acts: &[StoredAct]) {
    for entry in history(revisions, acts) {
        match entry {
            HistoryEntry::Revision { number, at, through, changes } => {
                println!("revision {number}  {at}  {through}");
                for change in changes {
                    println!("  {change}");
                }
            }
            decision @ HistoryEntry::Decision { .. } => print_decision(&decision),
        }
    }
}

/// What a person decided, with day and reason.
fn print_decision(entry: &HistoryEntry) {
    if let HistoryEntry::Decision { what, notes, .. } = entry {
        println!("{what}");
        for note in notes {
            println!("  {note}");
        }
    }
}

fn print_deliveries(stored: &StoredPacket, looks_back: bool) {
    for delivery in &stored.deliveries {
        let place = delivery.url.as_deref().or(delivery.external_id.as_deref());
        let place = place.unwrap_or(match delivery.state {
            DeliveryState::Done => "nobody said where",
            DeliveryState::Unknown | DeliveryState::Held => "it may be there",
            _ => "nothing there yet",
        });
        println!(
            "\n{}: {}, {place}",
            delivery_status::name(delivery),
            delivery_status::state(delivery.state)
        );
        delivery.attempts.iter().for_each(print_attempt);
        if let Some(advice) = delivery_status::advice(&stored.packet_id, delivery, looks_back) {
            println!("  {advice}");
        }
        if let Some(next) = delivery.next_at {
            println!("  next at {next}");
        }
    }
}

fn print_attempt(attempt: &Attempt) {
    match attempt.error.as_deref() {
        // Nothing was called: a person decided.
        Some(decision) if attempt.outcome == "settled" => println!("  {}  {decision}", attempt.at),
        error => {
            let error = error.map(|error| format!(": {error}")).unwrap_or_default();
            println!("  {}  {} in {} ms{error}", attempt.at, attempt.outcome, attempt.duration_ms);
        }
    }
}
