//! `handoff fetch`: one deal record as JSON, straight from the CRM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{ConfigArg, Problem, load_config};
use crate::clock::Clock;
use crate::config::{AccountConfig, Config};
use crate::crm::Crm;
use crate::crm::outbound::Outbound;
use crate::server::http_client;
use handoff_core::mapping::Mapping;
use handoff_core::record::DealRecord;
use handoff_core::workbench::lint;

#[derive(Debug, Args)]
pub struct FetchArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The CRM's id of the deal
    #[arg(long, value_name = "ID")]
    deal: String,
    /// Portal or organisation id, when several are configured
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(super) async fn run(args: &FetchArgs) -> Result<(), Problem> {
    let config = load_config(&args.config.config)?;
    let (crm, mapping_file) = connect(&config, args.account.as_deref())?;
    let record = fetch(&*crm, &args.deal, &read_mapping(&mapping_file)?).await?;
    println!("{}", serde_json::to_string_pretty(&record)?);
    Ok(())
}

/// Reads a mapping file.
pub(super) fn read_mapping(path: &Path) -> Result<Mapping, Problem> {
    let (mapping, problems) = lint::read(path);
    mapping.ok_or_else(|| Problem::new(problems.to_string()))
}

/// Reads a deal record that was saved.
pub(super) fn read_record(path: &Path) -> Result<DealRecord, Problem> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problem::new(format!("handoff: cannot read {name}: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Problem::new(format!("{name}:{}:{}: {error}", error.line(), error.column())))
}

/// Reads one deal with the fields a mapping names.
pub(super) async fn fetch(crm: &dyn Crm, deal: &str, mapping: &Mapping) -> Result<DealRecord, Problem> {
    let record = crm.fetch(deal, &mapping.wanted_fields()).await?;
    record.ok_or_else(|| Problem::new(format!("handoff: {} has no deal {deal}", crm.account())))
}

/// An account to talk to, and the mapping file it is configured with.
pub(super) type Connected = (Arc<dyn Crm>, PathBuf);

/// Clients of every configured account, each with its mapping file, and the HTTP client under them.
pub(super) fn accounts(config: &Config, clock: &Clock) -> Result<(reqwest::Client, Vec<Connected>), Problem> {
    let outbound = Outbound { http: http_client()?, timeout: config.work.http_timeout, clock: clock.clone() };
    let accounts = config.accounts.iter().map(|account| connected(account, &outbound));
    let accounts = accounts.collect::<Result<_, _>>()?;
    Ok((outbound.http, accounts))
}

/// The account to talk to, and the mapping file it is configured with.
pub(super) fn connect(config: &Config, account: Option<&str>) -> Result<Connected, Problem> {
    let wanted =
        |known: &&AccountConfig| account.is_none_or(|account| known.settings.account().account == account);
    let mut fitting = config.accounts.iter().filter(wanted);
    let (http, timeout) = (http_client()?, config.work.http_timeout);
    match (fitting.next(), fitting.next()) {
        (None, _) => Err(Problem::new("handoff: no such account is configured")),
        (Some(only), None) => connected(only, &Outbound { http, timeout, clock: Clock::machine() }),
        _ => Err(Problem::new("handoff: several accounts are configured: say which with --account")),
    }
}

fn connected(account: &AccountConfig, outbound: &Outbound) -> Result<Connected, Problem> {
    let crm = account.settings.connect(outbound).map_err(Problem::new)?;
    Ok((crm, account.mapping.clone()))
}
