//! Days: as a CRM stores them, as people write them in six languages, and counted from one another.
//!
//! Pure. [`stored`] reads a field's value, [`written`] a text; [`DueDate`] says which of the two a due date came from.

pub mod hours;
mod names;
pub mod stored;
pub(crate) mod written;

use jiff::civil::{Date, Weekday};

use crate::text::tokens::Words;

/// A day by which something is due, and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDate {
    pub day: Date,
    /// Where it came from.
    pub source: DueSource,
}

/// Where a due date came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueSource {
    /// The section's date field.
    Field,
    /// The text of the entry, which counts from the close: "within 21 days".
    Text,
    /// This program: the day that counts as long as no person gives one.
    Proposed,
}

/// Whether a text holds a date, a quarter, a weekday or a span of time.
pub fn names_time(text: &str) -> bool {
    written::read(text, &Words::of(text), None).is_readable
}

/// How many days lie between two days; negative if the second comes first.
pub fn days_between(earlier: Date, later: Date) -> i32 {
    earlier.until(later).map_or(0, |span| span.get_days())
}

/// Whether a day is the last of a calendar quarter.
pub fn is_last_of_quarter(day: Date) -> bool {
    day.month() % 3 == 0 && day == day.last_of_month()
}

/// The day that is `days` business days (Monday to Friday) after `start`; with none, `start` itself, or
/// the Monday after a weekend.
pub fn business_days_after(start: Date, days: u16) -> Date {
    let mut day = start;
    let mut left = days;
    while left > 0 || is_weekend(day) {
        let Ok(next) = day.tomorrow() else { return day };
        day = next;
        if !is_weekend(day) {
            left = left.saturating_sub(1);
        }
    }
    day
}

/// The day so many business days (Monday to Friday) before `start`.
pub fn business_days_before(start: Date, days: u16) -> Date {
    let (mut day, mut left) = (start, days);
    while left > 0 {
        let Ok(earlier) = day.yesterday() else { return day };
        day = earlier;
        left -= u16::from(!is_weekend(day));
    }
    day
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_quarter_ends_on_four_days_a_year() {
        let ends = date(2028, 1, 1)
            .series(jiff::Span::new().days(1))
            .take(366)
            .filter(|day| is_last_of_quarter(*day));
        let ends: Vec<String> = ends.map(|day| day.to_string()).collect();
        assert_eq!(ends, ["2028-03-31", "2028-06-30", "2028-09-30", "2028-12-31"]);
    }

    #[test]
    fn business_days_skip_weekends() {
        // 20 November 2026 is a Friday.
        for (start, days, expected) in [
            (date(2026, 11, 20), 0, date(2026, 11, 20)),
            (date(2026, 11, 20), 1, date(2026, 11, 23)),
            (date(2026, 11, 20), 2, date(2026, 11, 24)),
            (date(2026, 11, 20), 5, date(2026, 11, 27)),
            (date(2026, 11, 21), 0, date(2026, 11, 23)),
            (date(2026, 11, 22), 1, date(2026, 11, 23)),
            (Date::MAX, 3, Date::MAX),
        ] {
            assert_eq!(business_days_after(start, days), expected, "{start} + {days}");
        }
        for (start, days, expected) in [
            (date(2026, 11, 30), 5, date(2026, 11, 23)),
            (date(2026, 12, 2), 5, date(2026, 11, 25)),
            (date(2026, 11, 29), 1, date(2026, 11, 27)),
            (Date::MIN, 3, Date::MIN),
        ] {
            assert_eq!(business_days_before(start, days), expected, "{start} - {days}");
        }
    }
}
