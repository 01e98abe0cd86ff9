//! `handoff list`: wins with their state and the work that is left.

use clap::Args;
use serde_json::json;

use super::{ConfigArg, Problem, open_store_of, store_access};
use crate::operations::delivery_status;
use crate::store::{PacketRow, WinFilter, WinRow};
use handoff_core::packet::PacketStatus;
use handoff_core::text::clean::one_line;

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// At most this many of those that are done; what is dead, held or open always stands first
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Only wins in this state, or with a delivery in it; `open` is every state but `done`
    #[arg(long, value_parser = WinFilter::STATES)]
    state: Option<String>,
    /// Only wins of this account: `hubspot:48210077`, or the id alone
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only wins with this in the deal's or the customer's name, or of the deal with this id
    #[arg(long, value_name = "TEXT")]
    customer: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &ListArgs) -> Result<(), Problem> {
    let access = store_access(&args.config.config)?;
    let store = open_store_of(&access.store).await?;
    let ListArgs { state, account, customer, .. } = args;
    let wanted = WinFilter { state: state.clone(), account: account.clone(), about: customer.clone() };
    let wins = store.wins(args.limit, &wanted).await?;
    let pauses = store.pauses().await?;
    let stopped = store.stopped_writes().await?;
    if args.json {
        let mut page = json!({ "wins": wins, "paused": pauses });
        if !stopped.is_empty() {
            page["writes_stopped"] = stopped.iter().map(|(packet, _)| packet.as_str()).collect();
        }
        println!("{}", serde_json::to_string_pretty(&page)?);
        return Ok(());
    }
    for (packet, answers) in &stopped {
        println!(
            "stopped     {packet}: {answers} answers are not written to the CRM, after ten within an hour"
        );
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
            WinRow::Packet(packet) => print_packet(packet, access.slack_reads_back),
        }
    }
    if wins.is_empty() {
        println!("nothing yet");
    }
    Ok(())
}

fn print_packet(row: &PacketRow, looks_back: bool) {
    let summary = row.summary.as_ref().map_or_else(
        || "cannot be read by this version".to_owned(),
        |summary| {
            let status = match summary.status {
                PacketStatus::Complete => "complete",
                PacketStatus::Incomplete => "incomplete",
            };
            let name: String = one_line(&summary.name).chars().take(60).collect();
            format!("{status}, {} of {}  {name}", summary.filled, summary.required)
        },
    );
    let deliveries: Vec<String> = row
        .deliveries
        .iter()
        .map(|delivery| format!("{} {}", delivery.destination, delivery_status::state(delivery.state)))
        .collect();
    println!("{}  {summary}", row.packet_id);
    println!("            {}  won {}  {}", row.deal, row.won_at, deliveries.join(", "));
    let advice = |delivery| delivery_status::advice(&row.packet_id, delivery, looks_back);
    for advice in row.deliveries.iter().filter_map(advice) {
        println!("            {advice}");
    }
}
