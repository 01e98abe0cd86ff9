//! A field as people call it, with the value that decided something: `Number of contacts: 1`.

use jiff::Zoned;

use crate::dates;
use crate::messages;
use crate::record::DealRecord;
use crate::text::clean::clean_line;
use crate::text::excerpt;

use super::{Condition, Mapping, Test};

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
            let day = || record.day(path, value, &mapping.time_zone);
            match condition.test {
                Test::OlderThanDays(_) => day().map(|day| {
                    messages::fact::ago(&messages::value::date(day), dates::days_between(day, now.date()))
                }),
                Test::LastDayOfQuarter(_) => day().map(messages::value::date),
                _ => None,
            }
            .unwrap_or_else(|| {
                excerpt::within(
                    &clean_line(&messages::value::shown(&record.value(path, value, &mapping.time_zone))),
                    WORDS,
                )
                .0
            })
        }
    };
    messages::value::titled(&record.label(path), &shown)
}
