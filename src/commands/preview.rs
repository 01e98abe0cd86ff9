//! `handoff preview`: packet, task and digest of one deal. Sends nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::explain::{Explained, explanation};
use super::fetch::{connect, fetch, read_mapping, read_record};
use super::layout::WIDTH;
use super::{ConfigArg, Problem, crm_access, terminal};
use crate::clock::Clock;
use crate::delivery::{slack, task};
use handoff_core::assemble::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::packet_id;
use handoff_core::record::{AccountKey, DealKey, DealRecord, WinKey};
use handoff_core::workbench::compare;

#[derive(Debug, Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The mapping file to try
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// A saved deal record, as `handoff fetch` prints it
    #[arg(long, value_name = "FILE", required_unless_present = "deal", conflicts_with = "deal")]
    record: Option<PathBuf>,
    /// A real deal, read from the CRM of the configuration
    #[arg(long, value_name = "ID")]
    deal: Option<String>,
    /// Portal or organisation id, when several are configured
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The instant the packet speaks of; default now
    #[arg(long, value_name = "RFC3339")]
    as_of: Option<Timestamp>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Say below the text where every line came from, and what every rule had to say about it
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Packet, task and digest, readable in a terminal
    Text,
    /// The packet as JSON
    Json,
    /// The task as it would be created
    Task,
    /// The Slack message as it would be posted, as JSON
    Slack,
}

pub(super) async fn run(args: &PreviewArgs) -> Result<(), Problem> {
    if args.explain && args.format != Format::Text {
        return Err(Problem::new("handoff: --explain explains the text: leave out --format"));
    }
    let mapping = read_mapping(&args.mapping)?;
    let record = record(args, &mapping).await?;
    if record.crm != mapping.crm {
        let (record, mapping) = (record.crm, mapping.crm);
        return Err(Problem::new(format!(
            "handoff: the record is from {record}, the mapping is for {mapping}"
        )));
    }
    let as_of = args.as_of.unwrap_or_else(|| Clock::machine().now());
    let account = AccountKey { crm: record.crm, account: record.account.clone() };
    let deal = DealKey { account, deal: record.deal.id.clone() };
    let (packet, plan) = assemble(&mapping, &record, &packet_id(&WinKey { deal, won_at: as_of }), as_of);
    let draft = task::draft(&packet, &record, &plan.task);
    let (deal, task) = (packet.deal.url.clone(), Some(String::new()));
    let links = slack::Links { deal, task, ..slack::Links::default() };
    let digest = slack::digest(&packet, &record, &plan.digest, &links, &slack::Mentions::default());
    if let Some(outside) = outside(&mapping, &record, as_of) {
        if args.format == Format::Text { println!("{outside}\n") } else { eprintln!("{outside}") }
    }
    match args.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&packet)?),
        Format::Slack => println!("{}", serde_json::to_string_pretty(&digest)?),
        Format::Task => print!("{}", terminal::task(&draft, plan.task.known_assignee(), WIDTH)),
        Format::Text => {
            let screen = terminal::screen();
            print!("{}", terminal::render(&packet, &record, &plan, None, screen));
            if args.explain {
                let now = &as_of.to_zoned(mapping.time_zone.clone());
                let explained =
                    Explained { mapping: &mapping, record: &record, packet: &packet, plan: &plan, now };
                print!("\n{}", explanation(&explained, screen.unwrap_or(WIDTH).min(WIDTH)));
            }
        }
    }
    Ok(())
}

/// Says that the service would make no packet of this deal, if that is so.
fn outside(mapping: &Mapping, record: &DealRecord, as_of: Timestamp) -> Option<String> {
    if mapping.covers(record, as_of) {
        return None;
    }
    let (dialect, taken) = (record.crm.dialect(), mapping.pipelines.join(", "));
    let place = record.deal_line(dialect.fields.pipeline).unwrap_or_else(|| "empty".to_owned());
    let (deal, pipeline, file) = (dialect.nouns.deal, dialect.nouns.pipeline, &mapping.file);
    if mapping.covers_pipeline(record) {
        let when = mapping.applies_when.as_ref().map(compare::observation).unwrap_or_default();
        return Some(format!(
            "No packet is made of this {deal}: `applies_to` in {file} takes it only when {when}. This is what it would be:"
        ));
    }
    Some(format!(
        "No packet is made of this {deal}: `applies_to` in {file} takes {taken}, and the {pipeline} here is {place}. \
         This is what it would be:"
    ))
}

async fn record(args: &PreviewArgs, mapping: &Mapping) -> Result<DealRecord, Problem> {
    if let Some(file) = &args.record {
        return read_record(file);
    }
    let access = crm_access(&args.config.config, args.account.as_deref())?;
    let (crm, _) = connect(&access, args.account.as_deref(), &Clock::machine())?;
    fetch(&*crm, args.deal.as_deref().unwrap_or_default(), &mapping.wanted_fields()).await
}
