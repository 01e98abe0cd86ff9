//! `handoff coverage`: how well an account's own deals fill the sections. Only reads.

mod table;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::fetch::{mapping_or_first, read_mapping};
use super::won_deals::{self, Unread};
use super::{ConfigArg, Problem, crm_access};
use crate::clock::Clock;
use handoff_core::record::WantedFields;
use handoff_core::workbench::coverage::{Candidate, Coverage, candidates};

#[derive(Debug, Args)]
#[command(after_help = "Only reads, one deal after the other; Ctrl-C shows what was counted until then.\n\n\
                  Exit codes: 0 every deal was got to, 1 it cannot be counted or was stopped, 2 wrong arguments.")]
pub struct CoverageArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Portal or organisation id, when several are configured
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// How many deals, those with the latest close date first; at most 500
    #[arg(long, value_name = "N", default_value_t = won_deals::USUAL, value_parser = clap::value_parser!(u16).range(1..=won_deals::MOST))]
    last: u16,
    /// Count for this mapping instead of the configured one
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
}

/// What was counted, and over which deals.
#[derive(Debug, Serialize)]
struct Report {
    account: String,
    mapping: String,
    #[serde(flatten)]
    coverage: Coverage,
    /// Why no unmapped field could be looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_suggestions: Option<String>,
    /// Deals that could not be read.
    unread: Vec<Unread>,
    /// Why the reading ended before the last deal, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
}

pub(super) async fn run(args: &CoverageArgs) -> Result<(), Problem> {
    let access = crm_access(&args.config.config, args.account.as_deref())?;
    let other = args.mapping.as_deref().map(read_mapping).transpose()?;
    let kind = other.as_ref().map(|mapping| mapping.crm);
    let (crm, configured) = won_deals::connect(&access, args.account.as_deref(), kind)?;
    let mapping = match other {
        Some(other) => other,
        None => mapping_or_first(&*crm, &configured).await?,
    };
    let account = crm.account().clone();
    if mapping.crm != account.crm {
        let (file, kind) = (&mapping.file, mapping.crm);
        return Err(Problem::new(format!(
            "handoff: {file} is a mapping for {kind}, and {account} is not one"
        )));
    }

    let clock = Clock::machine();
    let (unmapped, no_suggestions) = match crm.metadata(&WantedFields::default()).await {
        Ok(metadata) => (candidates(&metadata, &mapping), None),
        Err(failure) => (Vec::new(), Some(failure.to_string())),
    };
    let wanted = mapping.wanted_fields().and(fields(&unmapped));
    let won = won_deals::read(&*crm, usize::from(args.last), &wanted, &clock).await?;
    let coverage = Coverage::of(&mapping, &unmapped, &won.records, clock.now());
    let finished = won.finished();
    let report = Report {
        account: account.to_string(),
        mapping: mapping.file,
        coverage,
        no_suggestions,
        unread: won.unread,
        stopped: won.stopped,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", table::text(&report));
    }
    finished
}

fn fields(candidates: &[Candidate]) -> WantedFields {
    let paths = candidates.iter().map(|candidate| candidate.path.clone()).collect();
    WantedFields { paths, users: Vec::new() }
}
