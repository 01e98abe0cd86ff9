//! A mapping held against the account it is for: what it names and the account does not have, or does not show.
//!
//! One file per family of findings, beside those of `lint`, which need no account. All of it is pure: the account
//! has been asked before ([`AccountMetadata`]). A name that does not exist is an error, because it can never have
//! an effect; what works, but probably not for long or not as meant, is a warning.

mod conditions;
mod fields;
mod nearest;
mod people;
mod pipelines;

pub(super) use fields::{Found, find};
pub(super) use nearest::fields as nearest_fields;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::lint::logic::same;
use crate::mapping::file::{self, ast::MappingFile};
use crate::record::{AccountMetadata, FieldKind, FieldPath, OptionMetadata, WantedFields};
use crate::source::{Problems, Spanned};

/// What a mapping names beyond the fields of its CRM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub wanted: WantedFields,
    /// Slack channels by id, each where it stands first.
    pub channels: Vec<Spanned<String>>,
    /// The `fallback:` address, which takes the handoffs without an owner.
    pub fallback: Option<Spanned<String>>,
}

/// Every family, in the order of the mapping file.
const FAMILIES: [fn(&MappingFile, &AccountMetadata, &mut Problems); 5] =
    [time_zone, pipelines::check, fields::check, people::check, conditions::check];

/// What the mapping file of `problems` names. A file that is not YAML names nothing.
pub fn named(problems: &Problems) -> Named {
    let (Some(file), _) = file::tree(problems.file(), problems.text()) else { return Named::default() };
    let mut paths: Vec<FieldPath> = file.mentions().map(|(path, _)| path.clone()).collect();
    paths.sort();
    paths.dedup();
    let mut channels: Vec<Spanned<String>> = Vec::new();
    for channel in
        file.slack.channel.into_iter().chain(file.slack.routes.into_iter().map(|route| route.channel))
    {
        if channels.iter().all(|known| known.value != channel.value) {
            channels.push(channel);
        }
    }
    Named { wanted: WantedFields { paths, users: Vec::new() }, channels, fallback: file.fallback }
}

/// Compares a mapping file, also one with mistakes, with its account, and adds what is found to its problems.
pub fn compare(account: &AccountMetadata, problems: &mut Problems) {
    let (Some(file), _) = file::tree(problems.file(), problems.text()) else { return };
    // What is written for the other CRM names nothing here.
    if file.crm == Some(account.account.crm) {
        for family in FAMILIES {
            family(&file, account, problems);
        }
    }
}

/// `time_zone`: whether the account counts its days elsewhere.
fn time_zone(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    let (Some(Spanned { value: name, span }), Some(theirs)) = (&file.time_zone, account.time_zone.as_deref())
    else {
        return;
    };
    // A name that one of the two databases lacks has been reported, or nothing can be said about it.
    let (Ok(zone), Ok(their_zone)) = (TimeZone::get(name), TimeZone::get(theirs)) else { return };
    if !same_clock(&zone, &their_zone, account.read_at) {
        let message = format!("{} is in {theirs}: days here are counted in {name}", account.named());
        let help =
            format!("write `time_zone: {theirs}`, unless the people who work with the digest live elsewhere");
        problems.warning(*span, message, help);
    }
}

/// Whether two zones show the same time during the coming year, whatever they are called.
fn same_clock(one: &TimeZone, other: &TimeZone, from: Timestamp) -> bool {
    (0..53).all(|week: i64| {
        let at = from.checked_add((week * 7 * 24).hours()).unwrap_or(from);
        one.to_offset(at) == other.to_offset(at)
    })
}

/// What a field holds, in a sentence.
pub(super) fn holds(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Html => "text",
        FieldKind::Number => "a number",
        FieldKind::Money => "an amount",
        FieldKind::Bool => "yes or no",
        FieldKind::Date | FieldKind::DateTime => "a day",
        FieldKind::Choice => "one value of a list",
        FieldKind::Choices => "values of a list",
        FieldKind::User => "a CRM user",
    }
}

/// A value with its label, if that is another one.
fn with_label(OptionMetadata { value, label }: &OptionMetadata) -> String {
    if same(value, label) { format!("`{value}`") } else { format!("`{value}` ({label})") }
}

/// `a`, `b` or `c`.
fn or(words: &[String]) -> Option<String> {
    match words.split_last()? {
        (last, []) => Some(last.clone()),
        (last, others) => Some(format!("{} or {last}", others.join(", "))),
    }
}
