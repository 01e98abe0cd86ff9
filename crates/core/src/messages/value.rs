//! Days, lists and other values.

use jiff::civil::Date;

use crate::record::Value;

super::messages! { "value";
    months;
    weekdays;
    day(day, month, year);
    weekday(weekday, day);
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

/// A day as people write it without misunderstanding: `11 Dec 2026`.
pub fn date(date: Date) -> String {
    let month = nth(months(), date.month());
    day(&date.day().to_string(), month, &date.year().to_string())
}

/// The same with its day of the week.
pub fn date_with_weekday(day: Date) -> String {
    weekday(nth(weekdays(), day.weekday().to_monday_one_offset()), &date(day))
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
    fn a_list_reads_like_a_sentence() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
