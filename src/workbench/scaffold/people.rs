//! Which labels, contact roles and buying roles lead to which role.

use super::fields::plain;
use super::known;
use crate::packet::Role;
use crate::record::OptionMetadata;

/// The role that a label or value stands for; `None` if nobody can tell. Whole words first, then the longest word
/// that it begins or ends with: an executive sponsor is not a sponsor.
pub(crate) fn role(option: &OptionMetadata) -> Option<Role> {
    [&option.label, &option.value].into_iter().find_map(|text| of(&plain(text)))
}

fn of(text: &str) -> Option<Role> {
    let words =
        || known::ROLES.iter().flat_map(|(role, words)| known::words(words).map(|word| (*role, plain(word))));
    let whole = words().find(|(_, word)| word == text);
    let edge = |word: &str| word.chars().count() >= 4 && (text.starts_with(word) || text.ends_with(word));
    whole
        .or_else(|| words().filter(|(_, word)| edge(word)).max_by_key(|(_, word)| word.chars().count()))
        .map(|(role, _)| role)
}
