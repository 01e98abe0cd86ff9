//! The message files, one for each language, and how their gaps in braces are filled.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use foldhash::fast::FixedState;

use crate::text::locale::{Language, Locale};

type Messages = HashMap<String, String, FixedState>;

/// The file of a language.
pub(super) const fn file(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("en.toml"),
        Language::De => include_str!("de.toml"),
        Language::Fr => include_str!("fr.toml"),
        Language::Es => include_str!("es.toml"),
        Language::Nl => include_str!("nl.toml"),
        Language::Pt => include_str!("pt.toml"),
    }
}

/// Every message of a language by `table.name`, read when it is spoken for the first time.
pub(super) fn messages(language: Language) -> &'static Messages {
    static READ: [OnceLock<Messages>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
    READ[language as usize].get_or_init(|| read(file(language)))
}

pub(super) fn read(file: &str) -> Messages {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(file).unwrap_or_default();
    let message = |table: &str, (name, text)| (format!("{table}.{name}"), text);
    tables
        .into_iter()
        .flat_map(|(table, texts)| texts.into_iter().map(move |text| message(&table, text)))
        .collect()
}

/// The message in the current locale, as it stands in the file or in a team's own words. A message that is not there shows
/// as its own key; the tests of this module keep that from happening.
pub(super) fn text(key: &'static str) -> &'static str {
    let locale = Locale::current();
    locale.own(key).unwrap_or_else(|| messages(locale.language).get(key).map_or(key, String::as_str))
}

/// The message with its braces filled. Values are put in as they are: a `{day}` in a customer's name stays.
pub(super) fn filled(key: &'static str, values: &[(&str, &str)]) -> String {
    fill(text(key), values)
}

pub(super) fn fill(message: &str, values: &[(&str, &str)]) -> String {
    let room = message.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>();
    let mut filled = String::with_capacity(room);
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let named = after.split_once('}').and_then(|(name, behind)| {
            values.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value, behind))
        });
        let (value, behind) = named.unwrap_or(("{", after));
        filled.push_str(value);
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_never_filled_itself() {
        let values = [("name", "{day} {name} {"), ("day", "Monday")];
        assert_eq!(fill("{name} on {day}", &values), "{day} {name} { on Monday");
    }

    #[test]
    fn other_braces_stay_as_they_are() {
        assert_eq!(fill("{unknown} {open", &[("name", "x")]), "{unknown} {open");
    }
}
