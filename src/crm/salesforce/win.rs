//! When the opportunity was won, so that a reopened and re-won one counts as two wins, and one that moves
//! between won stages, or is edited afterwards, as one.
//!
//! In this order: the newest row of the stage history that enters a won stage from outside; else the
//! instant of the last stage change; else midnight UTC of the close date. The first never changes once the
//! deal is won. The others are for orgs that hide the history from our user, and change with later edits.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// One row of `OpportunityHistory`: written whenever amount, probability, stage or close date change.
/// <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_objects_opportunityhistory.htm>
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HistoryRow {
    /// The stage after the change.
    pub stage_name: Option<String>,
    pub created_date: Option<String>,
}

/// What the history says about the latest win.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// The deal entered a won stage from outside.
    At(Timestamp),
    /// It was in a won stage through all of these rows, and older ones exist.
    Earlier,
    /// The rows do not fit a deal that is won, or there are none.
    Unclear,
}

/// Looks for the latest entry into a won stage. `rows` are the newest, newest first; `all` says that there
/// are no older ones.
pub fn entered(rows: &[HistoryRow], won_stages: &BTreeSet<String>, all: bool) -> Entered {
    let is_won = |row: &&HistoryRow| row.stage_name.as_ref().is_some_and(|stage| won_stages.contains(stage));
    let won: Vec<&HistoryRow> = rows.iter().take_while(is_won).collect();
    if won.len() == rows.len() && !rows.is_empty() && !all {
        return Entered::Earlier;
    }
    let first = won.last().and_then(|row| instant(row.created_date.as_deref()?));
    first.map_or(Entered::Unclear, Entered::At)
}

/// The instant for a deal whose history does not tell.
pub fn estimated(last_stage_change: Option<&str>, close_date: Option<&str>) -> Option<Timestamp> {
    last_stage_change.and_then(instant).or_else(|| {
        let day: Date = close_date?.parse().ok()?;
        day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    })
}

/// Salesforce writes `2026-11-20T15:04:05.000+0000`.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first, one a minute, the oldest at 10:00.
    fn history(stages: &[&str]) -> Vec<HistoryRow> {
        let minutes = (0..stages.len()).rev();
        let rows = stages.iter().zip(minutes).map(|(stage, minute)| HistoryRow {
            stage_name: Some((*stage).to_owned()),
            created_date: Some(format!("2026-11-20T10:{minute:02}:00.000+0000")),
        });
        rows.collect()
    }

    fn at(minute: u8) -> Entered {
        Entered::At(format!("2026-11-20T10:{minute:02}:00Z").parse().unwrap())
    }

    fn won() -> BTreeSet<String> {
        ["Closed Won", "Signed"].map(str::to_owned).into()
    }

    #[test]
    fn the_latest_entry_from_outside_is_the_win() {
        for (stages, all, expected) in [
            (&["Closed Won", "Open"][..], true, at(1)),
            (&["Closed Won", "Closed Won", "Open"], true, at(1)),
            (&["Signed", "Closed Won", "Open"], true, at(1)),
            (&["Closed Won", "Open", "Closed Won", "Open"], true, at(3)),
            (&["Closed Won"], true, at(0)),
            (&["Signed", "Closed Won"], true, at(0)),
            (&["Closed Won", "Open"], false, at(1)),
            (&["Signed", "Closed Won"], false, Entered::Earlier),
            (&["Open", "Closed Won"], true, Entered::Unclear),
            (&[], true, Entered::Unclear),
            (&[], false, Entered::Unclear),
        ] {
            assert_eq!(entered(&history(stages), &won(), all), expected, "{stages:?} {all}");
        }
    }

    #[test]
    fn without_a_history_the_stage_change_counts_and_then_the_close_date() {
        let estimate = |change, close| estimated(change, close).map(|at| at.to_string());
        let change = Some("2026-11-20T15:04:05.000+0000");
        assert_eq!(estimate(change, Some("2026-11-30")).as_deref(), Some("2026-11-20T15:04:05Z"));
        assert_eq!(estimate(None, Some("2026-11-30")).as_deref(), Some("2026-11-30T00:00:00Z"));
        assert_eq!(estimate(Some("soon"), None), None);
    }
}
