//! Pointers where an answer should be: "see call notes", "ask Peter".

use std::sync::LazyLock;

use crate::text::tokens::{Vocabulary, Words, phrases};

const WORDS: &str = include_str!("vocabulary/pointer.toml");

/// What opens a pointer to somewhere else.
static SEE: Vocabulary = Vocabulary::new(WORDS, "see");

/// Where a pointer points, and the small words around it.
static PLACES: Vocabulary = Vocabulary::new(WORDS, "places");

/// Words in the longest pointer to a person.
const LONGEST: usize = 6;

/// Pointers to a person, folded: what stands before and after the name.
static AROUND_A_NAME: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let around = |pattern: &String| {
        let (before, after) = pattern.split_once('*')?;
        Some((Words::of(before).joined().to_owned(), Words::of(after).joined().to_owned()))
    };
    phrases(WORDS, "to_a_person").iter().filter_map(around).collect()
});

/// Words that stand for the seller without their name: "sales", "the AE".
static OUR_PEOPLE: Vocabulary = Vocabulary::new(WORDS, "our_people");

/// Words that follow "ask" in a real answer, or stand before "Fragen": no names.
static NOT_A_NAME: Vocabulary = Vocabulary::new(WORDS, "not_a_name");

/// Whether a whole value points to a place: "see call notes".
pub(super) fn is_to_a_place(words: &Words) -> bool {
    let Some(mut position) = SEE.match_at(words, 0) else { return false };
    if position == words.len() {
        return false;
    }
    while position < words.len() {
        match PLACES.match_at(words, position) {
            Some(count) => position += count,
            None => return false,
        }
    }
    true
}

/// Whether a whole value points to a person: "ask Peter".
pub(super) fn is_to_a_person(words: &Words, text: &str) -> bool {
    if words.len() > LONGEST {
        return false;
    }
    AROUND_A_NAME.iter().any(|(before, after)| {
        let name =
            words.joined().strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
        name.is_some_and(|name| {
            let stands_alone =
                (before.is_empty() || name.starts_with(' ')) && (after.is_empty() || name.ends_with(' '));
            stands_alone && is_name(name.trim(), text, after.is_empty() && !before.contains(' '))
        })
    })
}

/// One or two words that are written as names are; after a plain "ask" one word may be in lower case.
fn is_name(name: &str, text: &str, after_plain_ask: bool) -> bool {
    let has_capital = |part: &str| {
        text.split_whitespace()
            .any(|word| word.starts_with(char::is_uppercase) && Words::of(word).joined() == part)
    };
    match name.split(' ').collect::<Vec<_>>().as_slice() {
        [one] => {
            one.chars().all(char::is_alphabetic)
                && !NOT_A_NAME.lists(one)
                && (after_plain_ask || OUR_PEOPLE.lists(one) || has_capital(one))
        }
        ["the", one] => OUR_PEOPLE.lists(one),
        [first, last] => has_capital(first) && has_capital(last),
        _ => false,
    }
}
