//! `handoff dismiss`: says that a flag of a packet was wrong.

use std::fmt::Write as _;

use clap::Args;

use super::{ConfigArg, Problem, operations};
use crate::operations::{Dismissed, clean_reason};
use handoff_core::packet::{Gap, Packet};
use handoff_core::source::nearest;

#[derive(Debug, Args)]
pub struct DismissArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The packet's id, as `handoff list` prints it; or a deal's id, or a part of the customer's name
    #[arg(value_name = "PACKET")]
    packet: String,
    /// The gap, as `handoff show` prints it: `vague`, `role_missing:sponsor`
    #[arg(value_name = "GAP")]
    gap: String,
    /// Which section, where the packet has the gap in several
    #[arg(long)]
    section: Option<String>,
    /// Why it is none, in at most 500 characters; another one replaces it
    #[arg(long, required_unless_present = "undo", conflicts_with = "undo", value_name = "TEXT")]
    reason: Option<String>,
    /// Takes the dismissal back
    #[arg(long)]
    undo: bool,
}

pub(super) async fn run(args: &DismissArgs) -> Result<(), Problem> {
    let reason = args.reason.as_deref().map(clean_reason).transpose()?;
    let operations = operations(&args.config.config).await?;
    let stored = operations.find(&args.packet).await?;
    let packet: Packet = serde_json::from_str(&stored.packet)?;
    let gap = find(&packet, args)?;
    let (section, id) = (gap.section.as_str(), &gap.id());
    let dismissed = operations.dismiss(&stored, section, id, reason.as_deref()).await?;
    operations.store.close().await;
    let (whose, reason) = (format!("{id} of {section} in {}", packet.packet_id), reason.unwrap_or_default());
    match dismissed {
        Dismissed::TakenBack => println!("{whose} counts again"),
        Dismissed::Again => println!("dismissed already, with another reason now: {whose}: {reason}"),
        Dismissed::Yes => println!("dismissed: {whose}: {reason}\nWhat was posted stays as it is."),
    }
    Ok(())
}

/// The one gap that is meant, or what to type instead.
fn find<'a>(packet: &'a Packet, args: &DismissArgs) -> Result<&'a Gap, Problem> {
    let in_section =
        |gap: &&Gap| args.section.as_deref().is_none_or(|section| section == gap.section.as_str());
    let mut found = packet.gaps.iter().filter(|gap| gap.id() == args.gap).filter(in_section);
    match (found.next(), found.next()) {
        (Some(gap), None) => Ok(gap),
        (Some(_), Some(_)) => Err(Problem::new(ambiguous(packet, args))),
        (None, _) => Err(Problem::new(unknown(packet, args))),
    }
}

fn ambiguous(packet: &Packet, args: &DismissArgs) -> String {
    let mut text =
        format!("handoff: {} has {} in several sections. Type one of these:", packet.packet_id, args.gap);
    for gap in packet.gaps.iter().filter(|gap| gap.id() == args.gap) {
        let _ = write!(text, "\n  {}", typed(packet, gap, args));
    }
    text
}

fn unknown(packet: &Packet, args: &DismissArgs) -> String {
    let mut text = match &args.section {
        Some(section) => format!("handoff: {} has no gap {} in {section}", packet.packet_id, args.gap),
        None => format!("handoff: {} has no gap {}", packet.packet_id, args.gap),
    };
    let ids: Vec<String> = packet.gaps.iter().map(Gap::id).collect();
    let meant = nearest(&args.gap, ids.iter().map(String::as_str));
    if let Some(meant) = meant.filter(|meant| *meant != args.gap) {
        let _ = write!(text, "; did you mean {meant}?");
    }
    if packet.gaps.is_empty() {
        text.push_str(": it has none at all");
        return text;
    }
    text.push_str("\nIt has:");
    for gap in &packet.gaps {
        let hint = if gap.counts() { "" } else { " (a hint)" };
        let _ = write!(text, "\n  {:<16} {}{hint}", gap.section.as_str(), gap.id());
    }
    text
}

/// The whole command for one gap.
fn typed(packet: &Packet, gap: &Gap, args: &DismissArgs) -> String {
    let section = gap.section.as_str();
    let rest = if args.undo { "--undo" } else { "--reason \"…\"" };
    let config = &args.config.config;
    let config = if *config == super::default_config() {
        String::new()
    } else {
        format!(" --config {}", config.display())
    };
    format!("handoff dismiss {} {} --section {section} {rest}{config}", packet.packet_id, gap.id())
}
