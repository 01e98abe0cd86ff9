//! Working hours, and how long to wait for an answer.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::{SignedDuration, ToSpan, Zoned};

use super::business_days_after;

/// Hours of Monday to Friday in which people are written to unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first hour, from 0.
    pub from: i8,
    /// The hour at which they end, up to 24.
    pub to: i8,
}

impl Default for Hours {
    fn default() -> Self {
        Self { from: 9, to: 17 }
    }
}

impl Hours {
    /// Reads `9-17`; `0-24` is every hour of a working day.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let hours = Self { from: from.trim().parse().ok()?, to: to.trim().parse().ok()? };
        (0 <= hours.from && hours.from < hours.to && hours.to <= 24).then_some(hours)
    }

    /// The instant itself, if it lies within the hours, else their next beginning.
    pub fn next_opening(self, at: &Zoned) -> Zoned {
        let is_weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !is_weekend && (self.from..self.to).contains(&at.hour()) {
            return at.clone();
        }
        let is_later_today = !is_weekend && at.hour() < self.from;
        let day = business_days_after(at.date(), u16::from(!is_later_today && !is_weekend));
        let opening = day.at(self.from, 0, 0, 0).to_zoned(at.time_zone().clone());
        // Only at the end of the calendar is there no such instant.
        opening.unwrap_or_else(|_| at.clone())
    }
}

/// How long to wait for an answer before the reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Nobody is reminded.
    Endless,
    BusinessDays(u16),
    Span(Duration),
}

impl Default for Patience {
    fn default() -> Self {
        Self::BusinessDays(2)
    }
}

impl Patience {
    /// When it ends; `None` if it never does.
    pub fn ends(self, since: &Zoned) -> Option<Zoned> {
        match self {
            Self::Endless => None,
            Self::BusinessDays(days) => {
                let day = business_days_after(since.date(), days);
                let days = since.date().until(day).ok()?.get_days();
                since.checked_add(days.days()).ok()
            }
            Self::Span(span) => since.checked_add(SignedDuration::try_from(span).ok()?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Zoned {
        format!("{time}[Europe/Berlin]").parse().unwrap()
    }

    #[test]
    fn people_are_written_to_in_working_hours() {
        for (hours, time, opening) in [
            ("9-17", "2026-11-20T16:59", "2026-11-20T16:59"),
            ("9-17", "2026-11-20T17:00", "2026-11-23T09:00"),
            ("9-17", "2026-11-20T08:00", "2026-11-20T09:00"),
            ("9-17", "2026-11-21T10:00", "2026-11-23T09:00"),
            ("9-17", "2026-11-22T23:00", "2026-11-23T09:00"),
            ("9-17", "2026-11-24T20:00", "2026-11-25T09:00"),
            ("0-24", "2026-11-24T23:59", "2026-11-24T23:59"),
            ("0-24", "2026-11-21T10:00", "2026-11-23T00:00"),
        ] {
            let hours = Hours::parse(hours).unwrap();
            assert_eq!(hours.next_opening(&at(time)), at(opening), "{time}");
        }
        for wrong in ["", "9", "17-9", "9-25", "9-9", "nine to five", "-1-5"] {
            assert_eq!(Hours::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn patience_counts_business_days_or_time() {
        let friday = at("2026-11-20T10:30");
        let ends = |patience: Patience| patience.ends(&friday);
        assert_eq!(ends(Patience::BusinessDays(2)), Some(at("2026-11-24T10:30")));
        assert_eq!(ends(Patience::Span(Duration::from_hours(4))), Some(at("2026-11-20T14:30")));
        assert_eq!(ends(Patience::Endless), None);
    }
}
