//! `handoff setup`: what an account lacks for its mapping, created where the CRM's API can, and what only a person can do.
//!
//! Every run begins with what the account has now, so it may be cut off anywhere and run again. Nothing that exists is
//! changed.

mod slack;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::fetch::{connect, read_mapping};
use super::{ConfigArg, Problem};
use crate::clock::Clock;
use crate::config::part::{self, CrmAccess};
use crate::crm::{CONNECTORS, Connector, Created, Crm, PersonStep, SetupAt};
use handoff_core::record::Creation;
use handoff_core::workbench::setup::{self, Plan};

const SLACK: &str = "slack";

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing is missing (any more), 1 something is, 2 wrong arguments.")]
pub struct SetupArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// What to prepare
    #[arg(value_parser = PossibleValuesParser::new(CONNECTORS.map(|known| known.crm.as_str()).into_iter().chain([SLACK])))]
    what: String,
    /// Which account, if several are configured
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Create without asking
    #[arg(long)]
    yes: bool,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) async fn run(args: &SetupArgs) -> ExitCode {
    let env: Env<'_> = &|name| std::env::var(name).ok();
    let clock = Clock::machine();
    let outcome = match CONNECTORS.into_iter().find(|known| known.crm.as_str() == args.what) {
        Some(connector) => prepare(args, &connector, env, &clock, &ask).await,
        None => slack::prepare(&args.config.config, env, &clock).await,
    };
    match outcome {
        Ok((said, complete)) => {
            print!("{said}");
            if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Shows the plan to a person and asks; without a terminal it is a no.
fn ask(plan: &str) -> bool {
    if !stdin().is_terminal() {
        return false;
    }
    print!("{plan}\nCreate all of this? [y/N] ");
    let mut answer = String::new();
    stdout().flush().is_ok()
        && stdin().read_line(&mut answer).is_ok()
        && answer.trim().eq_ignore_ascii_case("y")
}

/// Returns what to tell the person, and whether the account has all that the mapping names.
async fn prepare(
    args: &SetupArgs,
    connector: &Connector,
    env: Env<'_>,
    clock: &Clock,
    ask: &dyn Fn(&str) -> bool,
) -> Result<(String, bool), Problem> {
    let only = args.account.as_deref().unwrap_or(&args.what);
    let access = access(&args.config.config, env, only, connector)?;
    let named = args.account.as_deref();
    let (crm, file) = connect(&access, named, clock)?;
    if !file.exists() {
        let text = format!(
            "handoff: there is no mapping {} yet: copy mappings/{}.yaml there, or write one with: handoff init --from-crm",
            file.display(),
            args.what
        );
        return Err(Problem::new(text));
    }
    let mapping = read_mapping(&file)?;
    let key = crm.account().clone();
    let metadata = crm.metadata(&mapping.wanted_fields()).await;
    let metadata = metadata
        .map_err(|failure| Problem::new(format!("handoff: {key} cannot be asked: {}", failure.why())))?;
    if let Some(opened) = metadata.opened.as_ref().filter(|opened| **opened != key.account) {
        let text =
            format!("handoff: the credentials open {opened}, and {key} is configured: nothing is created");
        return Err(Problem::new(text));
    }
    let plan = setup::plan(&mapping, &metadata);
    let mut said = format!("{key}: {} fields and labels of {} are there.\n", plan.present, file.display());
    for lacking in &metadata.lacking {
        let _ = writeln!(
            said,
            "\nA permission is missing ({}): {}.",
            lacking.permissions.join(" or "),
            lacking.consequence
        );
    }
    let mut left: &[Creation] = &plan.create;
    let mut complete = metadata.lacking.is_empty() && plan.decide.is_empty();
    match crm.creates_with() {
        _ if plan.create.is_empty() => said.push_str("Nothing has to be created.\n"),
        None => {
            let _ = write!(said, "\n{}", listed("Missing, or hidden from our user:", &plan.create));
            complete = false;
        }
        Some(scope) if metadata.granted.as_ref().is_some_and(|granted| !granted.contains(scope)) => {
            let grant = (metadata.dialect().hints.grant)(&[scope.to_owned()]);
            let _ = write!(
                said,
                "\n{}\nThe token may not create them: {grant}.\n",
                listed("Would be created:", &plan.create)
            );
            complete = false;
        }
        Some(_) => {
            let would = listed("Would be created:", &plan.create);
            if args.yes || ask(&format!("{said}\n{would}")) {
                let all = create(&*crm, &plan, &mut said).await?;
                complete &= all;
            } else {
                let _ = write!(
                    said,
                    "\n{would}\nNothing was created. Run it in a terminal and agree, or with --yes.\n"
                );
                complete = false;
            }
            left = &[];
        }
    }
    for decision in &plan.decide {
        let _ = writeln!(said, "\nDecide: {}\n    {}", decision.seen, decision.remedy);
    }
    let settings = access.accounts.iter().map(|account| &account.settings);
    let app_url =
        settings.filter(|settings| settings.account() == key).map(|settings| settings.app_url()).next();
    let at = SetupAt {
        app_url: app_url.unwrap_or_default(),
        account: &key.account,
        webhooks: access.webhooks,
        lacking: left,
    };
    steps(&(connector.person_steps)(&at), &mut said);
    said.push_str("\nThen run: handoff doctor\n");
    Ok((said, complete))
}

/// The accounts that are asked for, and no other's secrets.
fn access(config: &Path, env: Env<'_>, only: &str, connector: &Connector) -> Result<CrmAccess, Problem> {
    let access =
        part::crm_access(config, env, Some(only)).map_err(|problems| Problem::new(problems.to_string()))?;
    if access.accounts.iter().any(|account| account.settings.account().crm == connector.crm) {
        return Ok(access);
    }
    let (config, crm) = (config.display(), connector.crm);
    Err(Problem::new(format!("handoff: {config} has no [[{crm}]] block for that account: fill one in first")))
}

/// Creates everything; false if something was refused. A failure ends it: the next run goes on from there.
async fn create(crm: &dyn Crm, plan: &Plan, said: &mut String) -> Result<bool, Problem> {
    let mut all = true;
    said.push('\n');
    for creation in &plan.create {
        let name = name(creation);
        let created = crm.create(creation).await;
        let created = created.map_err(|failure| {
            Problem::new(format!(
                "{said}handoff: {name}: {}\nRun it again: it goes on where it ended.",
                failure.why()
            ))
        })?;
        let _ = match created {
            Created::Created => writeln!(said, "created  {name}"),
            Created::Existed => writeln!(said, "there    {name}"),
            Created::NotAllowed(scopes) => {
                let grant = (crm.account().crm.dialect().hints.grant)(&scopes);
                let _ = writeln!(said, "refused  {name}: {grant}");
                return Ok(false);
            }
            Created::Refused(why) => {
                all = false;
                writeln!(said, "refused  {name}: {why}")
            }
        };
    }
    Ok(all)
}

fn name(creation: &Creation) -> String {
    match creation {
        Creation::Field { name, label, .. } => format!("{name} ({label})"),
        Creation::Label(label) => format!("label {label}"),
    }
}

fn listed(heading: &str, creations: &[Creation]) -> String {
    let lines = creations.iter().map(|creation| format!("  {}\n", name(creation)));
    format!("{heading}\n{}", lines.collect::<String>())
}

/// What only a person can do, each with its page.
fn steps(steps: &[PersonStep], said: &mut String) {
    said.push_str("\nOnly a person can do this:\n");
    for step in steps {
        let _ = writeln!(said, "  - {}", step.text);
        if let Some(url) = &step.url {
            let _ = writeln!(said, "    {url}");
        }
    }
}
