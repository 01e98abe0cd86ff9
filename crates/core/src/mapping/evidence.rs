//! The value of a field that decided something, as people write it: `Globex, Initech`.

use jiff::Zoned;

use crate::dates;
use crate::messages;
use crate::record::{DealRecord, parts};
use crate::text::clean::clean_line;
use crate::text::excerpt;

use super::{Condition, Mapping, Test};

/// Words of a value that are shown as evidence.
const WORDS: u32 = 12;

/// The value that `condition` saw in its field, or that there is none.
pub(super) fn value(
    condition: &Condition,
    mapping: &Mapping,
    record: &DealRecord,
    value: Option<&str>,
    now: &Zoned,
) -> String {
    let path = &condition.field;
    match value {
        None => messages::value::empty().to_owned(),
        Some(value) => {
            let day = || record.day(path, value, &mapping.time_zone);
            match condition.test {
                Test::OlderThanDays(_) => day().map(|day| {
                    messages::fact::ago(&messages::value::date(day), dates::days_between(day, now.date()))
                }),
                Test::LastDayOfQuarter(_) => day().map(messages::value::date),
                _ => None,
            }
            .unwrap_or_else(|| {
                let shown = messages::value::shown(&record.value(path, value, &mapping.time_zone));
                excerpt::within(&clean_line(&spaced(&shown)), WORDS).0
            })
        }
    }
}

/// A list as a CRM stores it, as people write it: `Globex, Initech`. Other text has spaces behind its semicolons.
fn spaced(shown: &str) -> String {
    let is_prose = shown.contains("; ") || shown.contains("://");
    if is_prose { shown.to_owned() } else { parts(shown).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_list_is_shown_with_spaces() {
        for (stored, shown) in [
            ("Globex;Initech", "Globex, Initech"),
            (";Globex;;Initech;", "Globex, Initech"),
            ("Globex", "Globex"),
            ("price;timing;fit", "price, timing, fit"),
            ("Globex; they lost on price", "Globex; they lost on price"),
            ("https://globex.example/a;b", "https://globex.example/a;b"),
        ] {
            assert_eq!(spaced(stored), shown);
        }
    }
}
