//! What somebody probably meant, among what the account has.

use super::or;
use crate::record::{FieldMetadata, OptionMetadata};

/// More suggestions than this are not read.
const MOST: usize = 3;
/// How alike two words must be, from 0 to 1.
const ALIKE: f64 = 0.84;

/// Letters and digits alone: `Why now?`, `why_now` and `WhyNow__c` are the same.
pub(crate) fn plain(text: &str) -> String {
    let text = text.strip_suffix("__c").or_else(|| text.strip_suffix("__r")).unwrap_or(text);
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

/// Fields whose name or label is like `name`, the likeliest first. Archived ones are no suggestion.
pub(crate) fn fields<'a>(name: &str, fields: &'a [FieldMetadata]) -> Vec<&'a FieldMetadata> {
    let wanted = plain(name);
    let likeness = |field: &FieldMetadata| {
        likeness_of_names(name, &field.name).max(likeness_of_label(&wanted, &plain(&field.label)))
    };
    let usable = fields.iter().filter(|field| !field.archived);
    best(usable.map(|field| (likeness(field), field)))
}

/// Options like `value`, the likeliest first.
fn options<'a>(value: &str, options: &'a [OptionMetadata]) -> Vec<&'a OptionMetadata> {
    let wanted = plain(value);
    let likeness = |option: &OptionMetadata| {
        likeness(&wanted, &plain(&option.value)).max(likeness(&wanted, &plain(&option.label)))
    };
    best(options.iter().map(|option| (likeness(option), option)))
}

/// The likeliest options, and the first five of all, each as `a`, `b` or `c`.
pub(crate) fn offers(
    value: &str,
    among: &[OptionMetadata],
    shown: impl Fn(&OptionMetadata) -> String,
) -> (Option<String>, Option<String>) {
    let meant: Vec<String> = options(value, among).into_iter().map(&shown).collect();
    let first: Vec<String> = among.iter().take(5).map(shown).collect();
    (or(&meant), or(&first))
}

fn best<T>(rated: impl Iterator<Item = (f64, T)>) -> Vec<T> {
    let mut rated: Vec<(f64, T)> = rated.filter(|(likeness, _)| *likeness >= ALIKE).collect();
    // Stable: what is equally like keeps the CRM's order.
    rated.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    // One that is all but the same leaves no doubt.
    let clear = rated.first().is_some_and(|(likeness, _)| *likeness >= 0.97);
    rated.into_iter().take(if clear { 1 } else { MOST }).map(|(_, one)| one).collect()
}

/// A name that holds the other one is as like it as a slip: `why_now` and `handoff_why_now`.
fn likeness(one: &str, other: &str) -> f64 {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let held = short.chars().count() >= 5 && long.contains(short);
    strsim::jaro_winkler(one, other).max(if held { 0.9 } else { 0.0 })
}

/// The word in front that a family of fields shares, as in `handoff_why_now`, says nothing about which one is meant.
fn likeness_of_names(one: &str, other: &str) -> f64 {
    let parts = |name: &str| name.split_once('_').map(|(first, rest)| (plain(first), plain(rest)));
    match (parts(one), parts(other)) {
        (Some((first, rest)), Some((same, other))) if first == same => likeness(&rest, &other),
        (_, Some((_, rest))) => likeness(&plain(one), &plain(other)).max(likeness(&plain(one), &rest)),
        _ => likeness(&plain(one), &plain(other)),
    }
}

/// Labels are longer than names, and a word of one says little.
fn likeness_of_label(wanted: &str, label: &str) -> f64 {
    if wanted == label { 1.0 } else { likeness(wanted, label) - 0.02 }
}
