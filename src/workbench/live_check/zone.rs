//! `time_zone`: whether the account counts its days elsewhere.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::speech;
use crate::record::AccountMetadata;
use crate::source::Problems;
use crate::workbench::lint::draft::Draft;

pub(crate) fn look(draft: &Draft<'_>, account: &AccountMetadata, problems: &mut Problems) {
    let (Some((name, span)), Some(theirs)) = (draft.time_zone, account.time_zone.as_deref()) else { return };
    // A name that one of the two databases lacks has been reported, or nothing can be said about it.
    let (Ok(zone), Ok(their_zone)) = (TimeZone::get(name), TimeZone::get(theirs)) else { return };
    if !same_clock(&zone, &their_zone, account.read_at) {
        let message = format!("{} is in {theirs}: days here are counted in {name}", speech::account(account));
        let help =
            format!("write `time_zone: {theirs}`, unless the people who work with the digest live elsewhere");
        problems.warning(span, message, help);
    }
}

/// Whether two zones show the same time during the coming year, whatever they are called.
fn same_clock(one: &TimeZone, other: &TimeZone, from: Timestamp) -> bool {
    (0..53).all(|week: i64| {
        let at = from.checked_add((week * 7 * 24).hours()).unwrap_or(from);
        one.to_offset(at) == other.to_offset(at)
    })
}
