//! The command line: one file per command, exit code 0 when all is well, 1 when something is wrong,
//! 2 when the arguments are.

// In every command these stand in for those of the standard library: see `printer`.
macro_rules! print {
    ($($text:tt)*) => { $crate::commands::printer::out(format_args!($($text)*)) };
}
macro_rules! println {
    ($($text:tt)*) => { print!("{}\n", format_args!($($text)*)) };
}
macro_rules! eprint {
    ($($text:tt)*) => { $crate::commands::printer::err(format_args!($($text)*)) };
}
macro_rules! eprintln {
    ($($text:tt)*) => { eprint!("{}\n", format_args!($($text)*)) };
}

mod answers;
mod annotations;
mod catch_up;
pub mod check;
mod coverage;
#[cfg(feature = "demo")]
pub mod demo;
mod diff;
mod dismiss;
mod doctor;
mod events;
mod explain;
mod fetch;
mod healthcheck;
mod init;
mod labels;
mod layout;
mod list;
mod live;
mod preview;
mod printer;
mod recheck;
mod replay;
mod rules;
mod schema;
mod serve;
mod settle;
mod setup;
mod show;
mod stats;
mod store;
mod terminal;
mod test;
#[cfg(test)]
#[path = "tests/test_env.rs"]
mod test_env;
mod won_deals;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::Config;
use crate::config::part::{self, CrmAccess, StoreAccess};
use crate::operations::{MappingOf, Operations};
use crate::store::{Destination, Store, StoreConfig, StoreUrl};

/// When a deal is won, the customer must not feel the seam between sales and customer success.
#[derive(Debug, Parser)]
#[command(name = "handoff", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole job offline, against a built-in HubSpot, Salesforce and Slack
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
    /// Runs the service
    Serve(ConfigArg),
    /// Checks the configuration and every mapping it names; with --live also against the CRM and Slack
    Check(check::CheckArgs),
    /// Looks at the installation: store, clock, public address, permissions; says what to do
    Doctor(doctor::DoctorArgs),
    /// Writes a first mapping for an account, from its own fields, labels and pipelines
    Init(init::InitArgs),
    /// Prepares an account for its mapping: shows what it lacks, asks once, creates it, and says what only a person can do
    Setup(setup::SetupArgs),
    /// Runs the tests beside the mappings: deals in, what their packets must say
    Test(test::TestArgs),
    /// Shows how well the deals that were won last fill the sections, field by field; only reads
    Coverage(coverage::CoverageArgs),
    /// Shows what a new mapping would change, in words and deal by deal
    Diff(diff::DiffArgs),
    /// Shows packet, task and digest of one deal; sends nothing
    Preview(preview::PreviewArgs),
    /// Prints a deal record as JSON, the format that `preview --record` reads
    Fetch(fetch::FetchArgs),
    /// Lists wins with their state and the work that is left
    List(list::ListArgs),
    /// Shows one packet with its deliveries and attempts
    Show(show::ShowArgs),
    /// Looks at the deal of a packet again, so that what was filled in the CRM reaches digest and task
    Recheck(recheck::RecheckArgs),
    /// Sends a dead or held delivery again, or looks at a dead deal again
    Replay(replay::ReplayArgs),
    /// Decides a delivery of unknown outcome: it is there, or it is not
    Settle(settle::SettleArgs),
    /// Says that a flag of a packet was wrong, or takes that back
    Dismiss(dismiss::DismissArgs),
    /// Counts packets and gaps, and how often each rule was right
    Stats(stats::StatsArgs),
    /// Prints the texts whose flags were dismissed, as labels to train the judgement with; they hold customers' words
    Labels(labels::LabelsArgs),
    /// Lists every rule that flags a gap: what it catches, what it leaves alone, how sure it is, what it asks
    Rules(rules::RulesArgs),
    /// Looks for deals that were won without a webhook reaching us, and hands them over
    CatchUp(catch_up::CatchUpArgs),
    /// Prepares the store, or copies it to another database
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Asks a running service whether it is alive; for containers
    Healthcheck(ConfigArg),
    /// Prints the JSON Schema of a mapping, the configuration or a packet, for editors
    Schema(schema::SchemaArgs),
    /// Lists accepted events: the provider's id, how the sender was proved, what became of each
    Events(events::EventsArgs),
    /// Lists what people answered in Slack, and how far each answer is on its way to the CRM
    Answers(answers::AnswersArgs),
}

/// The configuration where `--config` is left out.
fn default_config() -> PathBuf {
    let named = std::env::var_os("HANDOFF_CONFIG").filter(|named| !named.is_empty());
    named.map_or_else(|| PathBuf::from("config/handoff.toml"), PathBuf::from)
}

/// Which configuration to use.
#[derive(Debug, Clone, Args)]
pub struct ConfigArg {
    /// The configuration file; the variable `HANDOFF_CONFIG` names another default. Paths in it are relative to it
    #[arg(long, default_value_os_t = default_config(), value_name = "FILE")]
    config: PathBuf,
}

pub async fn run(arguments: Arguments) -> ExitCode {
    let outcome = match arguments.command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(args).await,
        Command::Init(args) => init::run(&args).await,
        Command::Serve(args) => serve::run(&args).await,
        Command::Check(args) => return check::run(&args).await,
        Command::Doctor(args) => return doctor::run(&args).await,
        Command::Setup(args) => return setup::run(&args).await,
        Command::Test(args) => return test::run(&args),
        Command::Coverage(args) => coverage::run(&args).await,
        Command::Diff(args) => diff::run(&args).await,
        Command::Preview(args) => preview::run(&args).await,
        Command::Fetch(args) => fetch::run(&args).await,
        Command::List(args) => list::run(&args).await,
        Command::Show(args) => show::run(&args).await,
        Command::Recheck(args) => recheck::run(&args).await,
        Command::Replay(args) => replay::run(&args).await,
        Command::Settle(args) => settle::run(&args).await,
        Command::Dismiss(args) => dismiss::run(&args).await,
        Command::Stats(args) => stats::run(&args).await,
        Command::Labels(args) => labels::run(&args).await,
        Command::Rules(args) => rules::run(&args),
        Command::CatchUp(args) => catch_up::run(&args).await,
        Command::Store(command) => store::run(&command).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
        Command::Schema(args) => {
            schema::run(&args);
            Ok(())
        }
        Command::Events(args) => events::run(&args).await,
        Command::Answers(args) => answers::run(&args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Problem(text)) => {
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// What a command tells the person who typed it when it cannot do its job.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    /// A problem in plain words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(format!("handoff: {error}"))
    }
}

/// The configuration, or every problem in it and in the mappings it names.
fn load_config(path: &Path) -> Result<Config, Problem> {
    let report = check::check(path, &|name| std::env::var(name).ok());
    let problems = Problem::new(report.to_string());
    if report.is_clean() { report.config.ok_or(problems) } else { Err(problems) }
}

/// What working on the store takes, or every problem in that part of the configuration.
fn store_access(path: &Path) -> Result<StoreAccess, Problem> {
    part::store_access(path, &|name| std::env::var(name).ok())
        .map_err(|problems| Problem::new(problems.to_string()))
}

/// What calling the CRMs takes, or one account of them, or every problem in that part of the configuration.
fn crm_access(path: &Path, only: Option<&str>) -> Result<CrmAccess, Problem> {
    part::crm_access(path, &|name| std::env::var(name).ok(), only)
        .map_err(|problems| Problem::new(problems.to_string()))
}

/// The deeds of an operator beside a service that may be running.
async fn operations(path: &Path) -> Result<Operations, Problem> {
    operations_of(&store_access(path)?).await
}

/// The same for a configuration that was read already.
async fn operations_of(access: &StoreAccess) -> Result<Operations, Problem> {
    let mappings = access.mappings.clone();
    let mapping: MappingOf = Box::new(move |key| {
        let file = mappings.iter().find(|(account, _)| account == key).map(|(_, file)| file);
        let mapping = file.map(|file| fetch::read_mapping(file).map(Arc::new));
        mapping.transpose().map_err(|problem| problem.to_string())
    });
    let store = open_store_of(&access.store).await?;
    Ok(Operations { store, slack_reads_back: access.slack_reads_back, mapping })
}

/// Reads a delivery's name from the command line.
fn destination() -> impl TypedValueParser<Value = Destination> {
    PossibleValuesParser::new(Destination::ALL.map(Destination::as_str))
        .try_map(|name| name.parse().map_err(|()| "no such delivery"))
}

/// The database of a configuration, beside a service that may be running on it.
async fn open_store(path: &Path) -> Result<Store, Problem> {
    open_store_of(&store_access(path)?.store).await
}

/// The same for a configuration that was read already.
async fn open_store_of(store: &StoreConfig) -> Result<Store, Problem> {
    if let StoreUrl::Sqlite(file) = &store.url
        && !file.exists()
    {
        let file = file.display();
        return Err(Problem::new(format!(
            "handoff: there is no database {file} yet: run `handoff serve` first"
        )));
    }
    Ok(Store::open(&store.url, Clock::machine()).await?)
}
