//! `handoff check --live`: the same files, held against the accounts they are for. Reads only.
//!
//! Every account is asked by itself: one that cannot be reached is one problem, in the configuration's block of that
//! account, and hides nothing about the others.

mod accounts;
mod place;
mod subscriptions;
mod workspace;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::check::Report;
use super::fetch::accounts as configured;
use crate::clock::Clock;
use crate::server::http_client;
use handoff_core::source::{Problems, Span};

/// Adds to a report what the accounts, and Slack, say about it. Nothing happens without a configuration: the report
/// has said what is wrong with it.
pub(super) async fn look(report: &mut Report, config_file: &Path, clock: &Clock) {
    let Some(config) = &report.config else {
        report.compared.push("nobody was asked: mend the configuration first".to_owned());
        return;
    };
    let (http, accounts) = match configured(&config.accounts, config.work.http_timeout, clock) {
        Ok(connected) => connected,
        Err(problem) => {
            report.compared.push(problem.to_string());
            return;
        }
    };
    let Some((settings, mappings)) = report.files.split_first_mut() else { return };
    let mut subscriptions = subscriptions::Files::beside(config_file);
    for (crm, mapping) in &accounts {
        let name = mapping.display().to_string();
        let Some(problems) = mappings.iter_mut().find(|problems| problems.file() == name) else { continue };
        if let Some((account, wanted)) = accounts::compare(&**crm, settings, problems).await {
            report.compared.push(format!("{}: compared with {name}", crm.account()));
            if config.public_url.is_some() {
                subscriptions.compare(&account, &wanted);
            }
        }
    }
    let compared = workspace::compare(config, &http, clock, settings, mappings).await;
    report.compared.extend(compared);
    report.files.extend(subscriptions.into_problems());
}

/// Adds what Slack says alone.
pub(super) async fn look_at_slack(report: &mut Report, clock: &Clock) {
    let Some(config) = &report.config else { return };
    let Ok(http) = http_client() else { return };
    let Some((settings, mappings)) = report.files.split_first_mut() else { return };
    let compared = workspace::compare(config, &http, clock, settings, mappings).await;
    report.compared.extend(compared);
}

/// A problem in the configuration, at a place that is known if the file can be read.
fn report_at(settings: &mut Problems, place: Option<Span>, message: String, help: impl Into<String>) {
    match place {
        Some(span) => settings.error(span, message, help),
        None => settings.file_error(message, help),
    }
}
