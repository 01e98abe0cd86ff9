//! What a rule saw.

use jiff::civil::Date;

use crate::dates::days_between;
use crate::packet::{MOST_ENTRIES, Role};

use super::{role, value};

super::messages! { "evidence";
    empty(fields);
    empty_one(fields);
    unmapped(section);
    unavailable(fields);
    unavailable_one(fields);
    placeholder(field, text);
    vague(field, text);
    too_long(fields, words, entries);
    too_long_one(fields, words, entries);
    duplicate(field, earlier, section);
    activity(field);
    conflict(field, other);
    conflict_one(field);
    bad_date(field, value);
    no_date(field, text);
    no_date_in_text(text);
    stale_date(field, day, close);
    outside_window(field, day, days, close);
    no_contacts;
    role_missing(count, role);
    role_missing_one(role);
    unnamed(source, role, name);
    more_fields(first, count);
}

/// `deal.a`, `deal.a and deal.b`; of more than five fields the first three.
pub fn fields(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if rest.len() > 2 => {
            more_fields(&format!("{a}, {b}, {c}"), &rest.len().to_string())
        }
        names => value::list(&names.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

/// Texts of these fields exceed a budget of words, or a list is too long.
pub fn longer_than(names: &[String], words: u32) -> String {
    let longer = if names.len() == 1 { too_long_one } else { too_long };
    longer(&fields(names), &words.to_string(), &MOST_ENTRIES.to_string())
}

/// A day lies too far behind the close.
pub fn beyond(field: &str, day: Date, close: Date) -> String {
    outside_window(field, &day.to_string(), &days_between(close, day).to_string(), &close.to_string())
}

/// Nobody of so many contacts is recorded in a role.
pub fn nobody_is(wanted: Role, contacts: usize) -> String {
    let wanted = role::title(wanted);
    match contacts {
        0 => no_contacts().to_owned(),
        1 => role_missing_one(wanted),
        count => role_missing(&count.to_string(), wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_read_like_a_sentence() {
        let names = ["deal.f0", "deal.f1", "deal.f2", "deal.f3", "deal.f4", "deal.f5"].map(str::to_owned);
        assert_eq!(fields(&names[..1]), "deal.f0");
        assert_eq!(fields(&names[..2]), "deal.f0 and deal.f1");
        assert_eq!(fields(&names[..3]), "deal.f0, deal.f1 and deal.f2");
        assert_eq!(fields(&names), "deal.f0, deal.f1, deal.f2 and 3 more");
    }
}
