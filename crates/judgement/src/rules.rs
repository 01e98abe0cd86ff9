//! Certain rules: values that are a stand-in, a pointer or an empty template from the first to the last word, and
//! values that say "none". What they do not cover entirely they leave to the model.

use std::sync::LazyLock;

use crate::lexicon::{Classes, Lexicon};
use crate::rule_words::{
    AROUND, AS_AGREED, BEFORE_A_NAME, FILL_IN, NO, NO_WHAT, NONE, NOT_A_NAME, OPENERS, OUR_PEOPLE, PLACES,
    SEE, STAND_INS, TO_A_PERSON,
};
use crate::tokens::{Vocabulary, Words};
use crate::{Label, Section};

/// No value that a rule is certain of has more words.
const MOST_WORDS: usize = 16;

/// The same patterns, folded: what stands before and after the name.
static AROUND_A_NAME: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let around = |pattern: &&str| {
        let (before, after) = pattern.split_once('*')?;
        Some((Words::of(before).joined().to_owned(), Words::of(after).joined().to_owned()))
    };
    TO_A_PERSON.iter().filter_map(around).collect()
});

/// The label of a value that a rule is certain of.
pub fn certain(section: Section, text: &str) -> Option<Label> {
    let prose = without_links(text);
    let words = Words::of(&prose);
    if words.is_empty() || is_template(&prose) {
        return Some(Label::Placeholder);
    }
    if words.len() > MOST_WORDS {
        return None;
    }
    let is_stand_in = STAND_INS.lists(words.joined()) || is_stand_in_with_more(&words, &prose);
    if !is_stand_in && says_none(&words) {
        let answers = matches!(section, Section::Promises | Section::Risks | Section::Expansion);
        return answers
            .then_some(Label::Ok)
            .or_else(|| NONE.lists(words.joined()).then_some(Label::Placeholder));
    }
    let points = is_to_a_place(&words, &prose) || is_to_a_person(&words, &prose);
    (is_stand_in || points).then_some(Label::Placeholder)
}

fn says_none(words: &Words) -> bool {
    NONE.lists(words.joined())
        || NO.match_at(words, 0).is_some_and(|count| is_covered(words, count, "", &[&NO_WHAT]))
}

/// The text without the addresses of links.
fn without_links(text: &str) -> String {
    let is_link = |word: &&str| !word.contains("://") && !word.starts_with("www.");
    text.lines()
        .map(|line| line.split_whitespace().filter(is_link).collect::<Vec<_>>().join(" ") + "\n")
        .collect()
}

/// "Reason 1:⏎Reason 2:", "[Insert why they bought]", "[customer] does [action] by [date]".
fn is_template(text: &str) -> bool {
    let text = text.trim();
    let lines = || {
        text.lines()
            .map(|line| line.trim().trim_end_matches(['_', '-', '.', '…', ' ']))
            .filter(|line| !line.is_empty())
    };
    let is_label = |line: &str| line.ends_with(':') && Words::of(line).len() <= 4;
    if lines().all(is_label) {
        return true;
    }
    let in_brackets =
        |open: char, close: char| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let bracketed = in_brackets('[', ']').or_else(|| in_brackets('<', '>')).or_else(|| in_brackets('{', '}'));
    let asks = |inner: &str| FILL_IN.found_in(&Words::of(inner));
    let slots = text.matches('[').count();
    bracketed.is_some_and(asks)
        || (slots >= 2
            && slots == text.matches(']').count()
            && !text.contains(char::is_numeric)
            && !text.contains("]("))
}

/// A stand-in, and then nothing but days, meetings and small words.
fn is_stand_in_with_more(words: &Words, text: &str) -> bool {
    OPENERS.match_at(words, 0).is_some_and(|count| is_covered(words, count, text, &[&AROUND, &PLACES]))
}

/// "See call notes", "as discussed in the call on 12 Nov".
fn is_to_a_place(words: &Words, text: &str) -> bool {
    let Some(count) = SEE.match_at(words, 0) else { return false };
    let says_enough = AS_AGREED.match_at(words, 0).is_some()
        || (count..words.len()).any(|position| PLACES.match_at(words, position).is_some());
    says_enough && is_covered(words, count, text, &[&PLACES, &AROUND])
}

/// Whether the words from a position on are all listed, or numbers, days or names of people.
fn is_covered(words: &Words, from: usize, text: &str, lists: &[&Vocabulary]) -> bool {
    let (mut position, mut may_be_a_name) = (from, false);
    while position < words.len() {
        let word = words.at(position);
        let listed = lists.iter().filter_map(|list| list.match_at(words, position)).max();
        let is_day = || Lexicon::get().classes_of(word).is_some_and(|classes| classes.holds(Classes::DAY));
        let is_number = || word.contains(char::is_numeric) && word.len() <= 4;
        let is_name = || may_be_a_name && is_written_as_a_name(word, text);
        if listed.is_none() && !(is_number() || is_day() || is_name()) {
            return false;
        }
        may_be_a_name = BEFORE_A_NAME.lists(word) || (listed.is_none() && may_be_a_name);
        position += listed.unwrap_or(1);
    }
    true
}

/// A pointer to a person: "ask Peter".
fn is_to_a_person(words: &Words, text: &str) -> bool {
    const LONGEST: usize = 6;
    words.len() <= LONGEST
        && AROUND_A_NAME.iter().any(|(before, after)| {
            let name = words
                .joined()
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()));
            name.is_some_and(|name| {
                let stands_alone =
                    (before.is_empty() || name.starts_with(' ')) && (after.is_empty() || name.ends_with(' '));
                stands_alone && is_person(name.trim(), text, after.is_empty() && !before.contains(' '))
            })
        })
}

/// One or two words that are written as names are; after a plain "ask" one word may be in lower case.
fn is_person(name: &str, text: &str, after_plain_ask: bool) -> bool {
    match name.split(' ').collect::<Vec<_>>().as_slice() {
        [one] => {
            one.chars().all(char::is_alphabetic)
                && !NOT_A_NAME.lists(one)
                && (after_plain_ask || OUR_PEOPLE.lists(one) || is_written_as_a_name(one, text))
        }
        ["the", one] => OUR_PEOPLE.lists(one),
        [first, last] => is_written_as_a_name(first, text) && is_written_as_a_name(last, text),
        _ => false,
    }
}

/// Whether a folded word stands in the text with a capital letter, and not in capitals only.
fn is_written_as_a_name(word: &str, text: &str) -> bool {
    text.split_whitespace().any(|written| {
        written.starts_with(char::is_uppercase)
            && written.contains(char::is_lowercase)
            && Words::of(written).joined() == word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_pointers_and_templates_are_placeholders() {
        let texts = [
            "TBD",
            "n/a",
            ".",
            "👍",
            "",
            "tbd by 1 May",
            "TBD after kickoff on 4 Dec",
            "TBC with Laura by 3 Feb",
            "will follow after the kickoff",
            "to be agreed with the customer",
            "folgt nach dem Kickoff",
            "à définir avec le client",
            "por definir con el cliente",
            "a definir com o cliente",
            "volgt na de kickoff",
            "https://docs.example/d/1",
            "Link: https://gong.example/call/88213",
            "see call notes",
            "see email to Hannah from last Thursday",
            "As discussed in the call on 12 Nov",
            "as agreed",
            "as agreed with Fiona",
            "see proposal section 4.2",
            "siehe unten",
            "Siehe unten bei Erfolg",
            "is in the discovery doc",
            "siehe Angebot S. 7",
            "comme convenu",
            "voir mail de jeudi",
            "según oferta",
            "conforme proposta",
            "zoals besproken",
            "ask Peter",
            "bitte Peter fragen",
            "Reason 1:\nReason 2:",
            "Wer:\nWas:\nBis wann:",
            "Metric: ___\nTarget: ___",
            "[Insert why the customer bought]",
            "[customer] does [action] by [date]",
            "<enter reason here>",
        ];
        for text in texts {
            assert_eq!(certain(Section::BuyingReason, text), Some(Label::Placeholder), "{text}");
        }
    }

    #[test]
    fn what_says_more_is_left_to_the_model() {
        let texts = [
            "Laut Vertrag Datenmigration und Schulung",
            "As per Contract: Free Migration, Named CSM",
            "Budget TBD until 3 May",
            "See MSA 7.3: credits if uptime is below 99.5",
            "As agreed: two free seats until June",
            "In March",
            "from 1 May",
            "Open by 1 May",
            "Ask for discounts is likely at renewal",
            "[JT 3 Nov] old server dies in May",
            "No internet at the quarry",
            "kein Netz im Steinbruch",
            "sem sinal na pedreira",
            "no budget for year 2",
            "Goal: 5 days\nToday: 12 days",
            "nothing works offline",
            "no test system",
            "geen bereik in de groeve",
            "Check Q3 invoices by hand",
            "check-in on the phone",
        ];
        for text in texts {
            assert_eq!(certain(Section::Risks, text), None, "{text}");
        }
    }
}
