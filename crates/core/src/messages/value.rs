//! Days, lists and other values.

use jiff::civil::Date;

use crate::dates::days_between;
use crate::record::Value;
use crate::text::locale::Locale;

super::messages! { "value";
    months;
    weekdays;
    day(day, month, year);
    weekday(weekday, day);
    short_weekdays;
    short_day(day, month);
    short_weekday(weekday, day);
    yes;
    no;
    empty;
    and(first, last);
    titled(label, value);
    deal_without_name(id);
    contact_without_name(id);
}

/// A value of a field.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bool(true) => yes().to_owned(),
        Value::Bool(false) => no().to_owned(),
        Value::Day(day) => date(*day),
        Value::Choices(labels) => labels.join(", "),
    }
}

/// A value behind the label of its field, without parentheses inside others: `Discount: 35 %`.
pub fn labelled(label: &str, value: &str) -> String {
    let label = label.replace("(s)", "s");
    match label.strip_suffix(')').and_then(|label| label.rsplit_once(" (")) {
        Some((name, unit)) if value.ends_with(unit) => titled(name, value),
        Some((name, unit)) if value.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            titled(name, &format!("{value} {unit}"))
        }
        Some((name, remark)) => titled(&format!("{name}, {remark}"), value),
        None => titled(&label, value),
    }
}

/// A day as people write it without misunderstanding: `11 Dec 2026`.
pub fn date(date: Date) -> String {
    let month = nth(months(), date.month());
    day(&date.day().to_string(), month, &date.year().to_string())
}

/// The same with its day of the week.
pub fn date_with_weekday(day: Date) -> String {
    weekday(nth(weekdays(), day.weekday().to_monday_one_offset()), &date(day))
}

/// A day without its year where it lies in the ten months after `today`: `11 Dec`.
pub fn near(date: Date, today: Date) -> String {
    if (0..=300).contains(&days_between(today, date)) {
        return short_day(&date.day().to_string(), nth(months(), date.month()));
    }
    self::date(date)
}

/// The same with its day of the week: `Thu 3 Dec`.
pub fn near_with_weekday(day: Date, today: Date) -> String {
    short_weekday(nth(short_weekdays(), day.weekday().to_monday_one_offset()), &near(day, today))
}

/// The same text with a capital at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A heading as it stands inside a sentence: `risk`.
pub fn inside_a_sentence(heading: &str) -> String {
    if Locale::current().language.capitalises_nouns() { heading.to_owned() } else { heading.to_lowercase() }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => and(&first.join(", "), last),
    }
}

/// The word at a place that is counted from 1.
fn nth(words: &'static str, place: i8) -> &'static str {
    let place = usize::try_from(place).unwrap_or_default().saturating_sub(1);
    words.split_whitespace().nth(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as on;

    use super::*;

    #[test]
    fn a_day_names_its_month_and_if_wanted_its_weekday() {
        assert_eq!(date(on(2026, 11, 20)), "20 Nov 2026");
        assert_eq!(date(on(2027, 1, 5)), "5 Jan 2027");
        assert_eq!(date_with_weekday(on(2026, 12, 13)), "Sunday, 13 Dec 2026");
    }

    #[test]
    fn a_day_that_is_near_needs_no_year() {
        let today = on(2026, 11, 22);
        for (day, shown) in [
            (on(2026, 11, 22), "22 Nov"),
            (on(2027, 1, 5), "5 Jan"),
            (on(2027, 9, 18), "18 Sep"),
            (on(2027, 9, 19), "19 Sep 2027"),
            (on(2026, 11, 21), "21 Nov 2026"),
        ] {
            assert_eq!(near(day, today), shown);
        }
        assert_eq!(near_with_weekday(on(2026, 12, 3), today), "Thu 3 Dec");
    }

    #[test]
    fn a_label_leaves_its_parentheses_behind() {
        for (label, value, shown) in [
            ("Discount (%)", "35", "Discount: 35 %"),
            ("Discount", "35", "Discount: 35"),
            ("Contract (months)", "24", "Contract: 24 months"),
            ("Setup fee (EUR)", "1,200 EUR", "Setup fee: 1,200 EUR"),
            ("Main Competitor(s)", "Globex", "Main Competitors: Globex"),
            ("Tier (internal)", "Enterprise", "Tier, internal: Enterprise"),
            ("(%)", "35", "(%): 35"),
            ("Go-live (planned)", "soon", "Go-live, planned: soon"),
        ] {
            assert_eq!(labelled(label, value), shown);
        }
    }

    #[test]
    fn a_list_reads_like_a_sentence() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
