//! `handoff show`: one packet with its deliveries and every attempt.

use clap::Args;

use super::{ConfigArg, Problem, open_store, standing, terminal};
use crate::packet::Packet;
use crate::store::{Attempt, DeliveryState};

/// Arguments of `handoff show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, as `handoff list` prints it
    #[arg(value_name = "ID")]
    packet: String,
    /// As JSON: the packet, and beside it `deliveries` with their attempts
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &ShowArgs) -> Result<(), Problem> {
    let store = open_store(&args.config.config).await?;
    let Some(stored) = store.packet(&args.packet).await? else {
        return Err(Problem::new(format!("handoff: there is no packet {}", args.packet)));
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&stored.document()?)?);
        return Ok(());
    }
    let packet: Packet = serde_json::from_str(&stored.packet)?;
    print!("{}", terminal::packet(&packet));
    println!("\nmade by {} ({}) at {}", packet.mapping.file, packet.mapping.version, stored.created_at);
    println!("won at {}, deal {}", stored.won_at, stored.deal);
    for delivery in &stored.deliveries {
        let place = delivery.url.as_deref().or(delivery.external_id.as_deref());
        let place = place.unwrap_or(match delivery.state {
            DeliveryState::Done => "nobody said where",
            DeliveryState::Unknown | DeliveryState::Held => "it may be there",
            _ => "nothing there yet",
        });
        println!("\n{}: {}, {place}", delivery.destination, standing::state(delivery.state));
        delivery.attempts.iter().for_each(print_attempt);
        if let Some(advice) = standing::advice(&stored.packet_id, delivery) {
            println!("  {advice}");
        }
        if let Some(next) = delivery.next_at {
            println!("  next at {next}");
        }
    }
    Ok(())
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
