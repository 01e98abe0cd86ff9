//! Days as people write them in a sentence: "by 12 Dec", "bis Ende März", "dans 3 semaines", "Q1".

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use crate::text::tokens::Words;

use super::names::{
    AGREED, BY, DEADLINE, DURING, FILLERS, FIRST, UNSURE, Unit, WEEKDAYS, WITHIN, counted, is_period,
    month_number, unit,
};
use super::{business_days_after, days_between};

/// What a text says about when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct When {
    /// It holds a date, a quarter, a weekday or a span of time.
    pub(crate) is_readable: bool,
    /// Every day or month of which the calendar days are known, as first and last day.
    pub(crate) spans: Vec<(Date, Date)>,
    /// No year or order of day and month had to be guessed.
    pub(crate) is_sure: bool,
    /// The day that the text sets by counting from the close: "within 21 days", "by day 30". Between 5 days and a
    /// year: a shorter span is how fast something works ("tickets answered within 2 days"), not when it happens first.
    pub(crate) deadline: Option<Date>,
}

/// Reads every date in a text. Dates without a year are those nearest to the close; spans count from it.
/// `words` are those of `text`.
pub(crate) fn read(text: &str, words: &Words, close: Option<Date>) -> When {
    let mut when = When { is_sure: true, ..When::default() };
    for position in 0..words.len() {
        month(words, position, close, &mut when);
        count_of_units(words, position, close, &mut when);
        numbered_unit(words, position, close, &mut when);
        when.is_readable |= is_period(words, position)
            || is_year_meant(words, position)
            || AGREED.match_at(words, position).is_some()
            || WEEKDAYS.match_at(words, position).is_some();
    }
    let mut before = "";
    for token in text.split_whitespace().take(words.len()) {
        numeric(token, before, close, &mut when);
        before = token;
    }
    when.is_readable |= !when.spans.is_empty();
    when
}

/// Whether a text says nothing but when, as the value of a date field should: "end of Q3", not "end of Q3-ish".
pub(crate) fn says_only_when(words: &Words) -> bool {
    let mut at = 0;
    while at < words.len() {
        let word = words.at(at);
        let is_part = || {
            DEADLINE.lists(word)
                || FILLERS.lists(word)
                || is_period(words, at)
                || month_number(word).is_some()
                || unit(words, at).is_some()
                || number(word).is_some()
        };
        at += match AGREED.match_at(words, at).or_else(|| WEEKDAYS.match_at(words, at)) {
            Some(count) => count,
            None if is_part() => 1,
            None => return false,
        };
    }
    true
}

/// `2026-12-12`, `12.12.2026`, `12/31/26`, German `12.12.`; after "by" also `12/12`.
fn numeric(token: &str, before: &str, close: Option<Date>, when: &mut When) {
    let token = token.trim_matches(|character| matches!(character, ',' | ';' | ':' | '(' | ')' | '!' | '?'));
    if !token.starts_with(|character: char| character.is_ascii_digit()) {
        return;
    }
    let token = token.split_once('T').map_or(token, |(day, _)| day);
    let bare = token.strip_suffix('.').unwrap_or(token);
    let numbers: Vec<Option<i32>> = bare.splitn(4, ['.', '/', '-']).map(number).collect();
    let has_dots = !bare.contains(['/', '-']);
    match *numbers.as_slice() {
        [Some(year), Some(month), Some(day)] if is_year(year) => when.spans.extend(day_of(year, month, day)),
        [Some(first), Some(second), Some(year)] if is_year(year) || (20..50).contains(&year) => {
            let year = if is_year(year) { year } else { 2_000 + year };
            let read = |month, day, when: &mut When| when.spans.extend(day_of(year, month, day));
            either_order(first, second, has_dots, when, read);
        }
        [Some(first), Some(second)] if is_deadline(before) || (has_dots && bare != token) => {
            let read = |month, day, when: &mut When| nearest(close, month, Some(day), when);
            either_order(first, second, has_dots, when, read);
        }
        _ => {}
    }
}

fn is_deadline(before: &str) -> bool {
    Words::of(before).iter().last().is_some_and(|word| DEADLINE.lists(word))
}

/// Dots mean that the day stands first. With a slash or a dash both orders are tried.
fn either_order(
    first: i32,
    second: i32,
    has_dots: bool,
    when: &mut When,
    read: impl Fn(i32, i32, &mut When),
) {
    let found = when.spans.len();
    read(second, first, when);
    if !has_dots && first != second {
        let day_first = when.spans.len();
        read(first, second, when);
        when.is_sure &= day_first == found || day_first == when.spans.len();
    }
}

/// `by 2027`: readable, although it is hardly a day.
fn is_year_meant(words: &Words, at: usize) -> bool {
    DEADLINE.lists(before(words, at, 1)) && number(words.at(at)).is_some_and(is_year)
}

/// `12 Dec`, `12. Dezember 2026`, `le 1er mars`, `12 de diciembre`, `December 12th`, `mid-December`.
fn month(words: &Words, at: usize, close: Option<Date>, when: &mut When) {
    let Some(month) = month_number(words.at(at)) else { return };
    if unit(words, at + 1).is_some() {
        // "em dez dias": ten, not December.
        return;
    }
    let day_before = match before(words, at, 1) {
        "de" | "of" => ordinal(before(words, at, 2)),
        word => ordinal(word),
    };
    let day = day_before.or_else(|| ordinal(words.at(at + 1)));
    if day.is_none() && UNSURE.lists(words.at(at)) && !DEADLINE.lists(before(words, at, 1)) {
        return;
    }
    let year = (1..=3).filter_map(|steps| number(words.at(at + steps))).find(|&year| is_year(year));
    match year {
        Some(year) => when.spans.extend(span_of(year, month, day)),
        None => nearest(close, month, day, when),
    }
}

/// `within 21 days`, `in drei Wochen`, `dans un mois`.
fn count_of_units(words: &Words, at: usize, close: Option<Date>, when: &mut When) {
    let Some(count) = counted(words.at(at)) else { return };
    let Some(unit) = unit(words, at + 1) else { return };
    let sets_deadline = sets_deadline(words, at);
    let is_when = sets_deadline
        || DEADLINE.lists(words.at(at))
        || (1..=3).any(|steps| DEADLINE.lists(before(words, at, steps)));
    if is_when {
        after_close(close, count, unit, sets_deadline, when);
    }
}

/// Whether a deadline opens in front of the count at a position, and not merely how long something takes.
fn sets_deadline(words: &Words, at: usize) -> bool {
    let mut is_first = false;
    for word in (1..=4).map(|steps| before(words, at, steps)) {
        if WITHIN.lists(word) {
            return true;
        } else if FIRST.lists(word) {
            is_first = true;
        } else if DURING.lists(word) {
            return is_first;
        } else if !FILLERS.lists(word) {
            return false;
        }
    }
    false
}

/// `day 30`, `Woche 2`; a high number of weeks is a week of the calendar.
fn numbered_unit(words: &Words, at: usize, close: Option<Date>, when: &mut When) {
    let Some(count) = number(words.at(at + 1)) else { return };
    let Some(unit_here) = unit(words, at) else { return };
    // "in 3 days 2 reports": the unit belongs to the number before it.
    if counted(before(words, at, 1)).is_some() || unit(words, at + 2).is_some() {
        return;
    }
    if unit_here == Unit::Week && count > 8 {
        when.is_readable = true;
    } else {
        let sets_deadline = unit_here == Unit::Day && BY.lists(before(words, at, 1));
        after_close(close, count, unit_here, sets_deadline, when);
    }
}

/// The word so many steps before a position, or `""`.
fn before(words: &Words, at: usize, steps: usize) -> &str {
    at.checked_sub(steps).map_or("", |position| words.at(position))
}

fn after_close(close: Option<Date>, count: i32, unit: Unit, sets_deadline: bool, when: &mut When) {
    when.is_readable = true;
    let Some((close, (first, last))) =
        close.and_then(|close| Some((close, counted_from(close, count, unit)?)))
    else {
        return;
    };
    when.spans.push((first, last));
    if sets_deadline && (5..=366).contains(&days_between(close, last)) {
        when.deadline.get_or_insert(last);
    }
}

/// The day so many units after the close; for months, which some count as 30 days, from the first to the last day that
/// may be meant.
fn counted_from(close: Date, count: i32, unit: Unit) -> Option<(Date, Date)> {
    let after = |span: Span| close.checked_add(span).ok();
    let days = |days: i32| after(i64::from(days.min(3_650)).days());
    let day = match unit {
        Unit::Day => days(count)?,
        Unit::Week => days(count.saturating_mul(7))?,
        Unit::BusinessDay => business_days_after(close, u16::try_from(count).ok()?),
        Unit::Month => {
            let (one, other) = (days(count.saturating_mul(30))?, after(i64::from(count.min(120)).months())?);
            return Some((one.min(other), one.max(other)));
        }
    };
    Some((day, day))
}

/// The day or month without a year that is nearest to the close.
fn nearest(close: Option<Date>, month: i32, day: Option<i32>, when: &mut When) {
    let Some(close) = close else {
        when.is_readable |= span_of(2024, month, day).is_some();
        return;
    };
    let year = i32::from(close.year());
    let distance = |(first, last): &(Date, Date)| {
        let until =
            |date: &Date| close.until(*date).map_or(i32::MAX, |span| span.get_days().saturating_abs());
        until(first).min(until(last))
    };
    let candidates = (year - 1..=year + 1).filter_map(|year| span_of(year, month, day));
    if let Some(span) = candidates.min_by_key(distance) {
        when.is_sure = false;
        when.spans.push(span);
    }
}

fn span_of(year: i32, month: i32, day: Option<i32>) -> Option<(Date, Date)> {
    if let Some(day) = day {
        return day_of(year, month, day);
    }
    let (first, _) = day_of(year, month, 1)?;
    Some((first, first.last_of_month()))
}

fn day_of(year: i32, month: i32, day: i32) -> Option<(Date, Date)> {
    let (year, month, day) = (year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?);
    let date = Date::new(year, month, day).ok()?;
    Some((date, date))
}

/// A number of at most four digits.
pub(crate) fn number(word: &str) -> Option<i32> {
    let is_short = (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_short.then(|| word.parse().ok()).flatten()
}

/// A day of the month: `12`, `12th`, `1er`.
fn ordinal(word: &str) -> Option<i32> {
    let digits = ["st", "nd", "rd", "th", "er", "o", "e"].iter().find_map(|ending| word.strip_suffix(ending));
    number(digits.unwrap_or(word)).filter(|day| (1..=31).contains(day))
}

fn is_year(number: i32) -> bool {
    (2_000..2_100).contains(&number)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The close of every test here: 20 November 2026.
    fn when(text: &str) -> When {
        read(text, &Words::of(text), Some(Date::constant(2026, 11, 20)))
    }

    fn spans(text: &str) -> String {
        let spans = when(text).spans;
        let mut spans: Vec<String> = spans
            .iter()
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}..{last}") })
            .collect();
        spans.dedup();
        spans.join(" ")
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let dates = [
            ("by 2026-12-12", "2026-12-12"),
            ("Used by 2026-12-25.", "2026-12-25"),
            ("bis 12.12.2026", "2026-12-12"),
            ("Nutzung ab 01.02.2027.", "2027-02-01"),
            ("bis 12.12.", "2026-12-12"),
            ("by 12/31/2026", "2026-12-31"),
            ("le 31/12/26", "2026-12-31"),
            ("by 03/04/2027", "2027-04-03 2027-03-04"),
            ("by 12 Dec", "2026-12-12"),
            ("December 12th, 2026", "2026-12-12"),
            ("12. Dezember", "2026-12-12"),
            ("le 1er décembre", "2026-12-01"),
            ("12 de diciembre de 2026", "2026-12-12"),
            ("até 12 de dezembro", "2026-12-12"),
            ("vóór 12 december", "2026-12-12"),
            ("by 5 January", "2027-01-05"),
            ("since 2 November", "2026-11-02"),
            ("in March", "2027-03-01..2027-03-31"),
            ("bis Ende März 2027", "2027-03-01..2027-03-31"),
            ("fin mars", "2027-03-01..2027-03-31"),
            ("end of May", "2027-05-01..2027-05-31"),
            ("within 21 days", "2026-12-11"),
            ("innerhalb von 21 Tagen", "2026-12-11"),
            ("in drei Wochen", "2026-12-11"),
            ("dans trois semaines", "2026-12-11"),
            ("dentro de 21 días", "2026-12-11"),
            ("em 3 semanas", "2026-12-11"),
            ("binnen 3 weken", "2026-12-11"),
            ("in a month", "2026-12-20"),
            ("day 30", "2026-12-20"),
            ("week 2", "2026-12-04"),
            ("in the first week", "2026-11-27"),
        ];
        for (text, expected) in dates {
            assert_eq!(spans(text), expected, "{text}");
        }
    }

    #[test]
    fn some_times_are_readable_although_their_days_are_not_known() {
        for text in [
            "Q1",
            "by 2027",
            "by end of Q3",
            "FY27",
            "H1",
            "KW 50",
            "week 50",
            "next month",
            "bis Quartalsende",
            "fin d'année",
            "fim do mês",
            "by Friday",
            "bis Freitag",
            "avant vendredi",
            "volgende week",
        ] {
            assert!(when(text).is_readable, "{text}");
        }
    }

    #[test]
    fn other_numbers_and_words_are_no_dates() {
        let texts = [
            "Cut the close from 10 days to 4 days",
            "10 reports a week",
            "24/7 support",
            "They may need reporting",
            "The march of progress",
            "Log out",
            "Set up the account",
            "SAP S/4HANA",
            "3/4 of the team",
            "Version 1.2.3",
            "1,500 users",
            "99.9 %",
            "asap",
            "soon",
            "as soon as possible",
            "so bald wie möglich",
            "dès que possible",
            "lo antes posible",
            "40 k",
            "Two teams",
            "Phase 2",
            "every week",
            "tl;dr",
            "31.02.2027",
            "99/99/2026",
            "",
        ];
        for text in texts {
            assert_eq!(when(text), When { is_sure: true, ..When::default() }, "{text}");
        }
    }

    #[test]
    fn a_year_that_is_not_written_is_a_guess() {
        assert!(when("by 12 Dec 2026").is_sure);
        assert!(!when("by 12 Dec").is_sure);
        assert!(!when("by 03/04/2027").is_sure);
    }

    /// The day that a text sets by counting from the close.
    fn deadline(text: &str, close: Date) -> Option<Date> {
        read(text, &Words::of(text), Some(close)).deadline
    }

    #[test]
    fn a_relative_date_counts_from_the_close() {
        let close = date(2026, 11, 20);
        for (text, expected) in [
            ("VP Sales uses the dashboard in the weekly call within 21 days", date(2026, 12, 11)),
            ("Within the first 30 days: first report", date(2026, 12, 20)),
            ("in the first two weeks", date(2026, 12, 4)),
            ("live by day 30", date(2026, 12, 20)),
            ("within 10 business days", date(2026, 12, 4)),
            ("within one month", date(2026, 12, 20)),
            ("Erster Bericht innerhalb von 21 Tagen", date(2026, 12, 11)),
            ("in den ersten 30 Tagen", date(2026, 12, 20)),
            ("innerhalb von zwei Wochen", date(2026, 12, 4)),
            ("premier rapport sous 21 jours", date(2026, 12, 11)),
            ("dans les premiers 30 jours", date(2026, 12, 20)),
            ("dentro de 21 días", date(2026, 12, 11)),
            ("nos primeiros 30 dias", date(2026, 12, 20)),
            ("binnen drie weken", date(2026, 12, 11)),
            ("dentro de dez dias", date(2026, 11, 30)),
            ("within five weeks", date(2026, 12, 25)),
            ("within 5 days", date(2026, 11, 25)),
            ("within a month", date(2026, 12, 20)),
        ] {
            assert_eq!(deadline(text, close), Some(expected), "{text}");
        }
    }

    #[test]
    fn how_fast_something_works_is_no_date() {
        for text in [
            "",
            "within",
            "within days",
            "tickets answered within 2 days",
            "cut reporting from 5 days to 1 in 2 weeks",
            "21 days",
            "within 4 days",
            "within 9999 days",
            "within 99999999999 days",
            "within 24 hours",
            "by day",
            "by day two of training",
            "within 3 years",
        ] {
            assert_eq!(deadline(text, date(2026, 11, 20)), None, "{text}");
        }
        assert_eq!(deadline("within 30 days", Date::MAX), None);
    }

    #[test]
    fn a_date_field_says_when_and_nothing_else() {
        for text in [
            "end of Q3",
            "Q1",
            "KW 50",
            "by Friday",
            "mid December",
            "bis Ende des Jahres",
            "fin d'année",
            "in 3 weeks",
        ] {
            assert!(says_only_when(&Words::of(text)), "{text}");
        }
        for text in ["end of Q3-ish", "Q1 maybe", "Friday or so", "next month if IT agrees"] {
            assert!(!says_only_when(&Words::of(text)), "{text}");
        }
    }
}
