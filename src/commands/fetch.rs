//! `handoff fetch`: one deal record as JSON, straight from the CRM.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{ConfigArg, Problem, crm_access};
use crate::clock::Clock;
use crate::config::AccountConfig;
use crate::config::part::CrmAccess;
use crate::crm::Crm;
use crate::crm::outbound::Outbound;
use crate::server::http_client;
use handoff_core::mapping::Mapping;
use handoff_core::record::{DealRecord, WantedFields};
use handoff_core::workbench::lint;
use handoff_core::workbench::scaffold::{self, Given};

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
    /// Read the fields of this mapping, not those of the configured one; can be repeated
    #[arg(long, value_name = "FILE")]
    mapping: Vec<PathBuf>,
}

pub(super) async fn run(args: &FetchArgs) -> Result<(), Problem> {
    let (crm, file) = connect(
        &crm_access(&args.config.config, args.account.as_deref())?,
        args.account.as_deref(),
        &Clock::machine(),
    )?;
    let mut wanted = WantedFields::default();
    if args.mapping.is_empty() {
        wanted = mapping_or_first(&*crm, &file).await?.wanted_fields();
    }
    for file in &args.mapping {
        let mapping = read_mapping(file)?;
        if mapping.crm != crm.account().crm {
            let (file, account) = (file.display(), crm.account());
            return Err(Problem::new(format!(
                "handoff: {file} is for {}, and {account} is not",
                mapping.crm
            )));
        }
        wanted = wanted.and(mapping.wanted_fields());
    }
    let record = fetch(&*crm, &args.deal, &wanted).await?;
    println!("{}", serde_json::to_string_pretty(&record)?);
    Ok(())
}

/// Reads a mapping file.
pub(super) fn read_mapping(path: &Path) -> Result<Mapping, Problem> {
    let (mapping, problems) = lint::read(path);
    mapping.ok_or_else(|| Problem::new(problems.to_string()))
}

/// Reads an account's mapping file; before there is one, the mapping that `handoff init` would write.
pub(super) async fn mapping_or_first(crm: &dyn Crm, file: &Path) -> Result<Mapping, Problem> {
    if file.exists() {
        return read_mapping(file);
    }
    let name = file.display().to_string();
    eprintln!("there is no {name} yet: this is what the mapping of `handoff init --from-crm` would read");
    let metadata = crm.metadata(&WantedFields::default()).await?;
    let given = Given {
        channel: Some("C0NOTYETKNOWN".to_owned()),
        fallback: Some("not.yet@known.example".to_owned()),
    };
    let (mapping, problems) = lint::parse(&name, &scaffold::mapping(&metadata, &given).text);
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

/// Reads one deal with the fields that are wanted.
pub(super) async fn fetch(crm: &dyn Crm, deal: &str, wanted: &WantedFields) -> Result<DealRecord, Problem> {
    let record = crm.fetch(deal, wanted).await?;
    record.ok_or_else(|| Problem::new(format!("handoff: {} has no deal {deal}", crm.account())))
}

/// An account to talk to, and the mapping file it is configured with.
pub(super) type Connected = (Arc<dyn Crm>, PathBuf);

/// Clients of accounts, each with its mapping file, and the HTTP client under them.
pub(super) fn accounts(
    accounts: &[AccountConfig],
    timeout: Duration,
    clock: &Clock,
) -> Result<(reqwest::Client, Vec<Connected>), Problem> {
    let outbound = Outbound::new(http_client()?, timeout, clock.clone());
    let accounts = accounts.iter().map(|account| connected(account, &outbound));
    let accounts = accounts.collect::<Result<_, _>>()?;
    Ok((outbound.http, accounts))
}

/// The account to talk to, and the mapping file it is configured with. It is named `hubspot:48210077` or by the id alone.
pub(super) fn connect(access: &CrmAccess, named: Option<&str>, clock: &Clock) -> Result<Connected, Problem> {
    let wanted = |known: &&AccountConfig| {
        let key = known.settings.account();
        named.is_none_or(|named| named == key.account || named == key.to_string())
    };
    let fitting: Vec<&AccountConfig> = access.accounts.iter().filter(wanted).collect();
    let outbound = Outbound::new(http_client()?, access.http_timeout, clock.clone());
    match fitting[..] {
        [] => Err(Problem::new("handoff: no such account is configured")),
        [only] => connected(only, &outbound),
        _ => {
            let flags = fitting.iter().map(|account| format!("--account {}", account.settings.account()));
            let flags = flags.collect::<Vec<_>>().join(" or ");
            Err(Problem::new(format!("handoff: several accounts are configured: say {flags}")))
        }
    }
}

fn connected(account: &AccountConfig, outbound: &Outbound) -> Result<Connected, Problem> {
    let crm = account.settings.connect(outbound).map_err(Problem::new)?;
    Ok((crm, account.mapping.clone()))
}
