//! Days as CRMs write them, counted in the account's time zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use crate::record::FieldKind;

/// Digits from which a bare number is epoch milliseconds (March 1973): less is a typing error or a year.
const SHORTEST_MILLIS: usize = 12;

const DAY_IN_MILLIS: i64 = 86_400_000;

/// Reads a value as a day: `2026-11-20`, an instant with any ISO offset, epoch milliseconds, or `20.11.2026`.
///
/// An instant is the day it has in `zone`. A `date` field has no zone, so its midnight in UTC is that day
/// everywhere; without metadata, milliseconds at exactly midnight in UTC are taken for such a date.
/// `20/11/2026` is nobody's guess to make: it is the 20th of November only if it cannot be anything else.
pub fn day(text: &str, kind: Option<FieldKind>, zone: &TimeZone) -> Option<Date> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let millis = Some(text).filter(|text| text.len() >= SHORTEST_MILLIS)?.parse::<i64>().ok()?;
        let is_date = kind == Some(FieldKind::Date) || (kind.is_none() && millis % DAY_IN_MILLIS == 0);
        let zone = if is_date { &TimeZone::UTC } else { zone };
        return Some(Timestamp::from_millisecond(millis).ok()?.to_zoned(zone.clone()).date());
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        let zone = if kind == Some(FieldKind::Date) { &TimeZone::UTC } else { zone };
        return Some(instant.to_zoned(zone.clone()).date());
    }
    if text.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit())) {
        return text.parse::<DateTime>().ok().map(DateTime::date);
    }
    written_day(text)
}

/// `20.11.2026` (always day first), and `20/11/2026` where the day is over twelve.
fn written_day(text: &str) -> Option<Date> {
    let dotted = text.contains('.');
    let mut parts = text.split(if dotted { '.' } else { '/' }).map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (day, month) = (day.parse::<i8>().ok()?, month.parse::<i8>().ok()?);
    let (day, month) = match (dotted, day > 12, month > 12) {
        (true, ..) | (false, true, false) => (day, month),
        (false, false, true) => (month, day),
        (false, ..) => return None,
    };
    Date::new(year.parse().ok()?, month, day).ok()
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
    let is_weekend = |day: Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn days_are_read_in_the_accounts_time_zone() {
        let none = None;
        for (text, kind, expected) in [
            ("2026-11-20", none, date(2026, 11, 20)),
            (" 2026-11-20 ", Some(FieldKind::Date), date(2026, 11, 20)),
            ("2026-12-31T23:30:00Z", Some(FieldKind::DateTime), date(2027, 1, 1)),
            ("2026-12-31T23:30:00.000+0000", none, date(2027, 1, 1)),
            ("2026-12-31T22:30:00Z", none, date(2026, 12, 31)),
            ("2026-07-31T22:30:00Z", none, date(2026, 8, 1)),
            ("2026-12-31T23:30:00+01:00", none, date(2026, 12, 31)),
            ("2026-12-11T00:00:00.000Z", Some(FieldKind::Date), date(2026, 12, 11)),
            ("2026-12-11T09:30:00", none, date(2026, 12, 11)),
            // 2026-12-11T00:00:00Z and 2026-12-31T23:30:00Z
            ("1796947200000", Some(FieldKind::Date), date(2026, 12, 11)),
            ("1796947200000", none, date(2026, 12, 11)),
            ("1798759800000", Some(FieldKind::DateTime), date(2027, 1, 1)),
            ("11.12.2026", none, date(2026, 12, 11)),
            ("1.2.2027", none, date(2027, 2, 1)),
            ("25/12/2026", none, date(2026, 12, 25)),
            ("12/25/2026", none, date(2026, 12, 25)),
        ] {
            assert_eq!(day(text, kind, &berlin()), Some(expected), "{text} {kind:?}");
        }
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(day("1796947200000", Some(FieldKind::Date), &new_york), Some(date(2026, 12, 11)));
        assert_eq!(day("2026-12-11T03:00:00Z", None, &new_york), Some(date(2026, 12, 10)));
    }

    #[test]
    fn the_last_evening_of_a_month_belongs_to_the_day_it_has_in_the_account() {
        for (zone, expected) in [
            ("Europe/Berlin", date(2027, 1, 1)),
            ("Asia/Tokyo", date(2027, 1, 1)),
            ("Europe/London", date(2026, 12, 31)),
            ("America/New_York", date(2026, 12, 31)),
            ("America/Los_Angeles", date(2026, 12, 31)),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let day = day("2026-12-31T23:30:00Z", Some(FieldKind::DateTime), &zone);
            assert_eq!(day, Some(expected), "{zone:?}");
        }
    }

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
    fn what_is_no_day_is_not_guessed_at() {
        for text in [
            "",
            "soon",
            "2026",
            "20261211",
            "2026-13-01",
            "2026-02-30",
            "11/12/2026",
            "31.02.2026",
            "Q4",
            "12.2026",
            "99999999999999999999",
            "9223372036854775807",
            "-1",
            "2026-W50",
            "1.2.3.4",
            "11.12.26",
            "²⁰²⁶",
        ] {
            assert_eq!(day(text, None, &berlin()), None, "{text}");
        }
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
    }
}
