//! What a rule saw.

use jiff::civil::Date;

use crate::dates::days_between;
use crate::packet::{MOST_ENTRIES, Role, RuleId, SectionName};
use crate::text::evidence_text::in_quotes;
use crate::text::excerpt::within_characters;

use super::{role, value};

/// The longest word that is quoted, in characters.
const LONGEST_WORD: usize = 20;

super::messages! { "evidence";
    empty(fields);
    empty_one(fields);
    unmapped(section);
    unavailable(fields);
    unavailable_one(fields);
    placeholder(field, text);
    vague(field, text, words, answer);
    pointer(field, text, words, answer);
    weighed(words);
    answers_buying_reason;
    answers_success_outcome;
    answers_promises;
    answers_risks;
    answers_first_value;
    too_long(fields, words, entries);
    too_long_one(fields, words, entries);
    duplicate(field, earlier, section);
    activity(field, words, answer);
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

/// A model judges a text to be no answer: the words that weighed most, and what would answer.
pub fn judged(rule: RuleId, section: SectionName, field: &str, text: &str, words: &[String]) -> String {
    let words: Vec<String> =
        words.iter().map(|word| in_quotes(&within_characters(word, LONGEST_WORD))).collect();
    let words = if words.is_empty() { String::new() } else { weighed(&words.join(", ")) };
    let answer = answer_names(section);
    match rule {
        RuleId::Activity => activity(field, &words, answer),
        RuleId::Placeholder => pointer(field, text, &words, answer),
        _ => vague(field, text, &words, answer),
    }
}

/// What an answer to a section names.
pub fn answer_names(section: SectionName) -> &'static str {
    match section {
        SectionName::BuyingReason => answers_buying_reason(),
        SectionName::SuccessOutcome => answers_success_outcome(),
        SectionName::Promises => answers_promises(),
        SectionName::FirstValue => answers_first_value(),
        SectionName::Risks | SectionName::Stakeholders | SectionName::Expansion | SectionName::Custom(_) => {
            answers_risks()
        }
    }
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
