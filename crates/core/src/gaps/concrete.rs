//! Signs that a text says something that can be checked: numbers, days, people, job titles, named events.

use crate::packet::SectionName;

use super::Evidence;
use crate::dates::written as calendar;
use crate::text::tokens::{Vocabulary, Words};

const WORDS: &str = include_str!("vocabulary/concrete.toml");

/// Job titles, and the words for the people who use what was sold.
static TITLES: Vocabulary = Vocabulary::new(WORDS, "titles");

/// Endings of German and Dutch compounds that name a job: Vertriebsleiterin, Werksleiter, teamleider.
const TITLE_ENDINGS: [&str; 7] =
    ["leiter", "leiterin", "leitung", "leider", "beauftragter", "beauftragte", "referent"];

/// Events that happen on a day, and deadlines that force one.
static EVENTS: Vocabulary = Vocabulary::new(WORDS, "events");

static NUMBERS: Vocabulary = Vocabulary::new(WORDS, "numbers");

/// Whether a text holds anything that can be checked.
pub(super) fn is_concrete(words: &Words, evidence: &Evidence<'_>) -> bool {
    words.iter().any(|word| word.chars().any(char::is_numeric))
        || calendar::names_a_day_or_month(words)
        || NUMBERS.found_in(words)
        || EVENTS.found_in(words)
        || names_a_role(words)
        || names_a_contact(words, evidence)
}

/// Whether a job title or another word for the customer's people stands in the text.
pub(super) fn names_a_role(words: &Words) -> bool {
    TITLES.found_in(words)
        || words.iter().any(|word| TITLE_ENDINGS.iter().any(|ending| word.ends_with(ending)))
}

/// Whether a person stands in the text that the CRM lists on this deal.
pub(super) fn names_a_contact(words: &Words, evidence: &Evidence<'_>) -> bool {
    let shown = evidence.sections.get(&SectionName::Stakeholders);
    let shown = shown.into_iter().flat_map(|section| &section.people).map(|person| person.name.clone());
    let listed = evidence.record.contacts.iter().filter_map(crate::record::Contact::name);
    shown.chain(listed).take(MOST_CONTACTS).any(|name| {
        let name = Words::of(&name);
        name.iter().any(|part| part.chars().count() > 2 && words.iter().any(|word| word == part))
    })
}

/// Contacts that are looked for in a text.
const MOST_CONTACTS: usize = 50;
