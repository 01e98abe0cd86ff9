//! Days as CRMs write them, counted in the account's time zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Digits from which a bare number is epoch milliseconds (March 1973): less is a typing error or a year.
const SHORTEST_MILLIS: usize = 12;

const DAY_IN_MILLIS: i64 = 86_400_000;

/// How a field holds a day, as far as the CRM's metadata says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredAs {
    /// A calendar day, which has no zone.
    Day,
    Instant,
    Unknown,
}

/// Reads a value as a day: `2026-11-20`, an instant with any ISO offset, epoch milliseconds, or `20.11.2026`.
///
/// An instant is the day it has in `zone`. A `date` field has no zone, so its midnight in UTC is that day
/// everywhere; without metadata, milliseconds at exactly midnight in UTC are taken for such a date.
/// `20/11/2026` is nobody's guess to make: it is the 20th of November only if it cannot be anything else.
pub fn day(text: &str, stored: StoredAs, zone: &TimeZone) -> Option<Date> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let millis = Some(text).filter(|text| text.len() >= SHORTEST_MILLIS)?.parse::<i64>().ok()?;
        let is_date = stored == StoredAs::Day || (stored == StoredAs::Unknown && millis % DAY_IN_MILLIS == 0);
        let zone = if is_date { &TimeZone::UTC } else { zone };
        return Some(Timestamp::from_millisecond(millis).ok()?.to_zoned(zone.clone()).date());
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        let zone = if stored == StoredAs::Day { &TimeZone::UTC } else { zone };
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn days_are_read_in_the_accounts_time_zone() {
        let none = StoredAs::Unknown;
        for (text, kind, expected) in [
            ("2026-11-20", none, date(2026, 11, 20)),
            (" 2026-11-20 ", StoredAs::Day, date(2026, 11, 20)),
            ("2026-12-31T23:30:00Z", StoredAs::Instant, date(2027, 1, 1)),
            ("2026-12-31T23:30:00.000+0000", none, date(2027, 1, 1)),
            ("2026-12-31T22:30:00Z", none, date(2026, 12, 31)),
            ("2026-07-31T22:30:00Z", none, date(2026, 8, 1)),
            ("2026-12-31T23:30:00+01:00", none, date(2026, 12, 31)),
            ("2026-12-11T00:00:00.000Z", StoredAs::Day, date(2026, 12, 11)),
            ("2026-12-11T09:30:00", none, date(2026, 12, 11)),
            // 2026-12-11T00:00:00Z and 2026-12-31T23:30:00Z
            ("1796947200000", StoredAs::Day, date(2026, 12, 11)),
            ("1796947200000", none, date(2026, 12, 11)),
            ("1798759800000", StoredAs::Instant, date(2027, 1, 1)),
            ("11.12.2026", none, date(2026, 12, 11)),
            ("1.2.2027", none, date(2027, 2, 1)),
            ("25/12/2026", none, date(2026, 12, 25)),
            ("12/25/2026", none, date(2026, 12, 25)),
        ] {
            assert_eq!(day(text, kind, &berlin()), Some(expected), "{text} {kind:?}");
        }
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(day("1796947200000", StoredAs::Day, &new_york), Some(date(2026, 12, 11)));
        assert_eq!(day("2026-12-11T03:00:00Z", StoredAs::Unknown, &new_york), Some(date(2026, 12, 10)));
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
            let day = day("2026-12-31T23:30:00Z", StoredAs::Instant, &zone);
            assert_eq!(day, Some(expected), "{zone:?}");
        }
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
            assert_eq!(day(text, StoredAs::Unknown, &berlin()), None, "{text}");
        }
    }
}
