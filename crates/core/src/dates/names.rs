//! The words for months, weekdays and spans of time, in six languages.

use crate::text::tokens::{Numbered, Vocabulary, Words};

use super::written::number;

const WORDS: &str = include_str!("vocabulary.toml");

/// The months, each in six languages, January first. Short words that mean something else stand in [`UNSURE`].
static MONTHS: Numbered = Numbered::new(WORDS, "months");

/// Months only when a day or "in", "by", "end of" stands beside them.
pub(crate) static UNSURE: Vocabulary = Vocabulary::new(WORDS, "unsure");

pub(crate) static WEEKDAYS: Vocabulary = Vocabulary::new(WORDS, "weekdays");

/// A time that people agree on without a date.
pub(crate) static AGREED: Vocabulary = Vocabulary::new(WORDS, "agreed");

/// The word before a day or a span of time that is meant as a deadline. Single words only.
pub(crate) static DEADLINE: Vocabulary = Vocabulary::new(WORDS, "deadline");

/// What opens a deadline that is counted from the close: "within 21 days".
pub(super) static WITHIN: Vocabulary = Vocabulary::new(WORDS, "within");

/// What opens one only together with [`FIRST`]: "in the first 30 days"; "in 2 weeks" may be how long something takes.
pub(super) static DURING: Vocabulary = Vocabulary::new(WORDS, "during");

pub(super) static FIRST: Vocabulary = Vocabulary::new(WORDS, "first");

/// Small words between a deadline's opening and its count.
pub(super) static FILLERS: Vocabulary = Vocabulary::new(WORDS, "fillers");

/// What opens a numbered day that is a deadline: "by day 30".
pub(super) static BY: Vocabulary = Vocabulary::new(WORDS, "by");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    BusinessDay,
    Week,
    Month,
}

static DAYS: Vocabulary = Vocabulary::new(WORDS, "days");
static WORKING_DAYS: Vocabulary = Vocabulary::new(WORDS, "working_days");
static WEEKS: Vocabulary = Vocabulary::new(WORDS, "weeks");
static MONTH_UNITS: Vocabulary = Vocabulary::new(WORDS, "month_units");

/// Small numbers in words. "dez" is a month before it is a ten.
static COUNTS: Numbered = Numbered::new(WORDS, "counts");

/// The number of a month, from its name.
pub(crate) fn month_number(word: &str) -> Option<i32> {
    MONTHS.number(word)
}

/// The unit of time that stands at a position.
pub(super) fn unit(words: &Words, at: usize) -> Option<Unit> {
    let units = [
        (&WORKING_DAYS, Unit::BusinessDay),
        (&DAYS, Unit::Day),
        (&WEEKS, Unit::Week),
        (&MONTH_UNITS, Unit::Month),
    ];
    units.into_iter().find(|(names, _)| names.match_at(words, at).is_some()).map(|(_, unit)| unit)
}

/// A small number, in digits or in words.
pub(crate) fn counted(word: &str) -> Option<i32> {
    number(word).filter(|count| *count < 1_000).or_else(|| COUNTS.number(word))
}

/// `q3`, `h1`, `t2`, `fy27`, `KW 50`: readable, although only the customer knows its days.
pub(crate) fn is_period(words: &Words, at: usize) -> bool {
    let is_digits =
        |tail: &str| (1..=4).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_digit());
    let word = words.at(at);
    let quarter = ["q", "t", "h"].iter().filter_map(|letter| word.strip_prefix(letter));
    let counted = ["fy", "kw", "cw"].iter().filter_map(|letters| word.strip_prefix(letters));
    quarter.into_iter().any(|tail| tail.len() <= 5 && tail.starts_with(['1', '2', '3', '4']))
        || counted.into_iter().any(|tail| is_digits(tail) || (tail.is_empty() && is_digits(words.at(at + 1))))
}
