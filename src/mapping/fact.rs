//! A field as people call it, with the value that decided something: `Number of contacts: 1`.

use jiff::Zoned;

use crate::messages;
use crate::record::DealRecord;

use super::condition::short_name;
use super::{Condition, Mapping, Test, field, value};
use crate::dates::stored as dates;
use crate::record::FieldPath;
use crate::text::clean::clean_line;
use crate::text::excerpt;

/// Words of a value that are shown as evidence.
const WORDS: u32 = 12;

/// What `condition` saw in its field: the value, or that there is none.
pub(crate) fn of(
    condition: &Condition,
    mapping: &Mapping,
    record: &DealRecord,
    value: Option<&str>,
    now: &Zoned,
) -> String {
    let path = &condition.field;
    let shown = match value {
        None => messages::value::empty().to_owned(),
        Some(value) => {
            let day = || dates::day(value, field::kind(record, path), &mapping.time_zone);
            match condition.test {
                Test::OlderThanDays(_) => day().map(|day| {
                    messages::fact::ago(&messages::value::date(day), dates::days_between(day, now.date()))
                }),
                Test::LastDayOfQuarter(_) => day().map(messages::value::date),
                _ => None,
            }
            .unwrap_or_else(|| {
                excerpt::within(&clean_line(&value::words(mapping, record, path, value)), WORDS).0
            })
        }
    };
    messages::value::titled(&label(record, path), &shown)
}

/// What people call a field; without metadata, its name as far as it can be read.
pub(crate) fn label(record: &DealRecord, path: &FieldPath) -> String {
    let label = field::info(record, path).map(|info| clean_line(&info.label));
    label.filter(|label| !label.is_empty()).unwrap_or_else(|| spoken(&clean_line(short_name(path))))
}

/// `customer_tier` is "Customer tier", `Handoff_Why_Now__c` is "Handoff Why Now", `PushCount` is "Push Count".
fn spoken(name: &str) -> String {
    let name = name.strip_suffix("__c").or_else(|| name.strip_suffix("__r")).unwrap_or(name);
    let mut spoken = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        let inside_word = spoken.ends_with(char::is_lowercase);
        if letter == '_' {
            spoken.push(' ');
            continue;
        }
        if letter.is_uppercase() && inside_word {
            spoken.push(' ');
        }
        if spoken.is_empty() { spoken.extend(letter.to_uppercase()) } else { spoken.push(letter) }
    }
    spoken.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_label_is_called_by_its_name() {
        for (name, called) in [
            ("customer_tier", "Customer tier"),
            ("amount", "Amount"),
            ("Handoff_Why_Now__c", "Handoff Why Now"),
            ("PushCount", "Push Count"),
            ("hs_acv", "Hs acv"),
            ("ARR", "ARR"),
            ("", ""),
        ] {
            assert_eq!(spoken(name), called);
        }
    }
}
