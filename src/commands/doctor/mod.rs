//! `handoff doctor`: looks at an installation and its connections one by one, and says what to do.
//!
//! It is about what is around the service; what a mapping makes of a CRM's fields is for `handoff check`.

mod accounts;
mod address;
mod clock;
mod slack;
mod store;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{ConfigArg, check};
use crate::config::Config;
use crate::server;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 nothing must be mended, 1 something must, 2 wrong arguments.")]
pub struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// What it is about: `store`, `hubspot:48210077`.
    subject: String,
    verdict: Verdict,
    /// What was seen.
    seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    /// It works, and may stop working.
    Doubtful,
    Bad,
}

impl Finding {
    fn good(subject: &str, seen: impl Into<String>) -> Self {
        Self { subject: subject.to_owned(), verdict: Verdict::Good, seen: seen.into(), remedy: None }
    }

    fn doubtful(subject: &str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Doubtful, remedy: Some(remedy.into()), ..Self::good(subject, seen) }
    }

    fn bad(subject: &str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, remedy: Some(remedy.into()), ..Self::good(subject, seen) }
    }

    fn print(&self) {
        let mark = match self.verdict {
            Verdict::Good => '✓',
            Verdict::Doubtful => '!',
            Verdict::Bad => '✗',
        };
        println!("{mark} {}: {}", self.subject, self.seen);
        if let Some(remedy) = &self.remedy {
            println!("    {remedy}");
        }
    }
}

pub(super) async fn run(args: &DoctorArgs) -> ExitCode {
    let mut findings = Vec::new();
    let mut tell = |found: Vec<Finding>| {
        if !args.json {
            found.iter().for_each(Finding::print);
        }
        findings.extend(found);
    };
    let report = check::check(&args.config.config, &|name| std::env::var(name).ok());
    tell(configuration(&report, &args.config));
    if let Some(config) = report.config.as_ref().filter(|_| report.is_clean()) {
        tell(store::look(&config.store.url).await);
        match server::http_client() {
            Ok(http) => {
                tell(clock::look(config, &http).await);
                tell(address::look(config, &http).await);
                tell(accounts::look(config, &report.mappings, &http).await);
                tell(slack::look(config, &report.mappings, &http).await);
            }
            Err(error) => {
                tell(vec![Finding::bad("network", error.to_string(), "no HTTP client can be built")]);
            }
        }
    }
    let good = findings.iter().all(|finding| finding.verdict != Verdict::Bad);
    if args.json {
        println!("{:#}", serde_json::json!({ "healthy": good, "findings": findings }));
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn configuration(report: &check::Report, arg: &ConfigArg) -> Vec<Finding> {
    let file = arg.config.display();
    let wrong: Vec<Finding> = report
        .files
        .iter()
        .filter(|problems| problems.has_errors())
        .map(|problems| {
            let remedy = format!("`handoff check --config {file}` gives line, column and what to write");
            Finding::bad("configuration", format!("{} has mistakes", problems.file()), remedy)
        })
        .collect();
    if !wrong.is_empty() {
        return wrong;
    }
    let mappings = report.mappings.len();
    vec![Finding::good("configuration", format!("{file} and {mappings} mapping(s) have no mistakes"))]
}

/// Where a CRM's or Slack's API is, with the name to show.
fn platforms(config: &Config) -> Vec<(String, &str)> {
    let settings = config.accounts.iter().map(|account| &account.settings);
    let accounts = settings.map(|settings| (settings.account().to_string(), settings.api_url()));
    accounts.chain([("slack".to_owned(), &*config.slack.api_url)]).collect()
}
