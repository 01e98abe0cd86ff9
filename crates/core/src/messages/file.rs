//! The message file, and how its gaps in braces are filled.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use foldhash::fast::FixedState;

/// The file of this build.
pub(super) const FILE: &str = include_str!("en.toml");

/// Every message by `table.name`.
static MESSAGES: LazyLock<HashMap<String, String, FixedState>> = LazyLock::new(|| read(FILE));

pub(super) fn read(file: &str) -> HashMap<String, String, FixedState> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(file).unwrap_or_default();
    let message = |table: &str, (name, text)| (format!("{table}.{name}"), text);
    tables
        .into_iter()
        .flat_map(|(table, texts)| texts.into_iter().map(move |text| message(&table, text)))
        .collect()
}

/// The message as it stands in the file. A message that is not there shows as its own key; the tests of this
/// module keep that from happening.
pub(super) fn text(key: &'static str) -> &'static str {
    MESSAGES.get(key).map_or(key, String::as_str)
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
