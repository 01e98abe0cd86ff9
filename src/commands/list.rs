//! `handoff list`: wins with their state and the work that is left.

use clap::Args;
use serde_json::json;

use super::{ConfigArg, Problem, delivery_status, open_store};
use crate::store::{PacketRow, WinRow};
use handoff_core::packet::{Packet, PacketStatus};

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Newest first, at most this many of each kind
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &ListArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let wins = store.wins(args.limit).await?;
    let pauses = store.pauses().await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&json!({ "wins": wins, "paused": pauses }))?);
        return Ok(());
    }
    for pause in &pauses {
        println!("paused      {} until {}: {}", pause.scope, pause.until, pause.reason);
    }
    for win in &wins {
        match win {
            WinRow::Deal(deal) => {
                let error = deal.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
                println!("{:<11} {} after {} tries{error}", deal.state.as_str(), deal.deal, deal.tries);
            }
            WinRow::Packet(packet) => print_packet(packet)?,
        }
    }
    if wins.is_empty() {
        println!("nothing yet");
    }
    Ok(())
}

fn print_packet(row: &PacketRow) -> Result<(), Problem> {
    let packet: Packet = serde_json::from_str(&row.packet)?;
    let status = match packet.status {
        PacketStatus::Complete => "complete",
        PacketStatus::Incomplete => "incomplete",
    };
    let deliveries: Vec<String> = row
        .deliveries
        .iter()
        .map(|delivery| format!("{} {}", delivery.destination, delivery_status::state(delivery.state)))
        .collect();
    let name: String = packet.deal.name.chars().take(60).collect();
    println!("{}  {status}, {} of 6  {name}", row.packet_id, packet.filled);
    println!("            {}  won {}  {}", row.deal, row.won_at, deliveries.join(", "));
    for advice in
        row.deliveries.iter().filter_map(|delivery| delivery_status::advice(&row.packet_id, delivery))
    {
        println!("            {advice}");
    }
    Ok(())
}
