//! The deals of an account that were won last, read one after the other with progress on standard error. Only reads,
//! and never faster than the client of that CRM allows itself.

use std::io::{IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::Duration;

use serde::Serialize;

use super::Problem;
use super::fetch::{self, Connected};
use crate::clock::Clock;
use crate::config::part::CrmAccess;
use crate::crm::Crm;
use crate::failure::Failure;
use handoff_core::record::{CrmKind, DealRecord, WantedFields};

/// How many deals are looked at unless somebody says otherwise.
pub(super) const USUAL: u16 = 50;
/// The most that may be asked for.
pub(super) const MOST: i64 = 500;

/// How often one deal is asked for.
const TRIES: usize = 3;
/// Between two tries, unless the CRM wishes another time.
const WAIT: Duration = Duration::from_secs(1);
/// Longer wishes end the reading: nobody sits before a command that long.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Outside a terminal, progress is a line for every so many deals.
const LINE_EVERY: usize = 10;

/// What could be read.
pub(super) struct WonDeals {
    /// The deals, those with the latest close date first.
    pub(super) records: Vec<DealRecord>,
    /// Deals that could not be read.
    pub(super) unread: Vec<Unread>,
    /// Why the reading ended before the last deal, if it did.
    pub(super) stopped: Option<String>,
}

/// A deal that could not be read.
#[derive(Debug, Serialize)]
pub(super) struct Unread {
    deal: String,
    why: String,
}

/// Reads up to `most` deals with the wanted fields. A deal that cannot be read is said and passed over; Ctrl-C and an
/// account that refuses every call end the reading, and what was read until then counts.
pub(super) async fn read(
    crm: &dyn Crm,
    most: usize,
    wanted: &WantedFields,
    clock: &Clock,
) -> Result<WonDeals, Problem> {
    let deals = crm.last_won(most).await?;
    let progress = Progress { total: deals.len(), terminal: std::io::stderr().is_terminal() };
    let mut won = WonDeals { records: Vec::new(), unread: Vec::new(), stopped: None };
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    for (before, deal) in deals.iter().enumerate() {
        let read = tokio::select! {
            read = patiently(crm, deal, wanted, clock) => read,
            _ = &mut interrupted => {
                won.stopped = Some("interrupted".to_owned());
                break;
            }
        };
        match read {
            Ok(Some(record)) => won.records.push(record),
            Ok(None) => won.pass_over(deal, "it is gone", &progress),
            Err(failure) if ends_the_reading(&failure) => {
                won.stopped = Some(failure.to_string());
                break;
            }
            Err(failure) => won.pass_over(deal, failure.why(), &progress),
        }
        progress.show(before + 1);
    }
    progress.clear();
    if let Some(why) = &won.stopped {
        eprintln!("stopped after {} of {} deals: {why}", won.records.len(), deals.len());
    }
    Ok(won)
}

/// The deal, asked for again where that may help.
async fn patiently(
    crm: &dyn Crm,
    deal: &str,
    wanted: &WantedFields,
    clock: &Clock,
) -> Result<Option<DealRecord>, Failure> {
    let mut tries = 1;
    loop {
        match crm.fetch(deal, wanted).await {
            Err(Failure::Retry { after, .. })
                if tries < TRIES && after.is_none_or(|after| after <= LONGEST_WAIT) =>
            {
                clock.sleep(after.unwrap_or(WAIT)).await;
                tries += 1;
            }
            answer => return answer,
        }
    }
}

/// The next deal would meet the same.
fn ends_the_reading(failure: &Failure) -> bool {
    match failure {
        Failure::Pause { .. } => true,
        Failure::Retry { after, .. } => after.is_some_and(|after| after > LONGEST_WAIT),
        Failure::GiveUp { .. } | Failure::Unknown { .. } => false,
    }
}

impl WonDeals {
    /// A problem when not every deal was got to.
    pub(super) fn finished(&self) -> Result<(), Problem> {
        let told = "handoff: not every deal was read; what was printed is about the others";
        self.stopped.as_ref().map_or(Ok(()), |_| Err(Problem::new(told)))
    }

    fn pass_over(&mut self, deal: &str, why: &str, progress: &Progress) {
        progress.clear();
        eprintln!("deal {deal} is left out: {why}");
        self.unread.push(Unread { deal: deal.to_owned(), why: why.to_owned() });
    }
}

/// `12 of 50 deals read`: on one line of a terminal, else a line from time to time.
struct Progress {
    total: usize,
    terminal: bool,
}

impl Progress {
    fn show(&self, read: usize) {
        let total = self.total;
        if self.terminal {
            // A terminal that cannot be written to shows no progress; nothing else is lost.
            let _ = write!(std::io::stderr(), "\r{read} of {total} deals read");
        } else if read.is_multiple_of(LINE_EVERY) || read == total {
            eprintln!("{read} of {total} deals read");
        }
    }

    fn clear(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

/// [`super::fetch::connect`] with the one account to ask: the one that was named, else the only one of `crm`, if
/// there is only one.
pub(super) fn connect(
    access: &CrmAccess,
    named: Option<&str>,
    crm: Option<CrmKind>,
) -> Result<Connected, Problem> {
    let accounts = access.accounts.iter().map(|account| account.settings.account());
    let mut fitting = accounts.filter(|account| named.is_none() && Some(account.crm) == crm);
    let only = fitting.next().filter(|_| fitting.next().is_none()).map(|only| only.to_string());
    fetch::connect(access, named.or(only.as_deref()), &Clock::machine())
}
