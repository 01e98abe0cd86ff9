//! Certain rules: values that are a stand-in, a pointer or an empty template from the first to the last word, and
//! values that say "none". What they do not cover entirely they leave to the model.

use std::sync::LazyLock;

use super::lexicon::{Classes, Lexicon};
use crate::packet::SectionName;
use crate::text::tokens::{Vocabulary, Words, phrases};

/// No value that a rule is certain of has more words.
const MOST_WORDS: usize = 16;

const WORDS: &str = include_str!("rules.toml");

static STAND_INS: Vocabulary = Vocabulary::new(WORDS, "stand_ins");
static OPENERS: Vocabulary = Vocabulary::new(WORDS, "openers");
static AROUND: Vocabulary = Vocabulary::new(WORDS, "around");
static SEE: Vocabulary = Vocabulary::new(WORDS, "see");
static AS_AGREED: Vocabulary = Vocabulary::new(WORDS, "as_agreed");
static PLACES: Vocabulary = Vocabulary::new(WORDS, "places");
static NONE: Vocabulary = Vocabulary::new(WORDS, "none");
static NO: Vocabulary = Vocabulary::new(WORDS, "no");
static NO_WHAT: Vocabulary = Vocabulary::new(WORDS, "no_what");
static FILL_IN: Vocabulary = Vocabulary::new(WORDS, "fill_in");
static OUR_PEOPLE: Vocabulary = Vocabulary::new(WORDS, "our_people");
static NOT_A_NAME: Vocabulary = Vocabulary::new(WORDS, "not_a_name");
static BEFORE_A_NAME: Vocabulary = Vocabulary::new(WORDS, "before_a_name");

/// Pointers to a person, folded: what stands before and after the name.
static AROUND_A_NAME: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let around = |pattern: &String| {
        let (before, after) = pattern.split_once('*')?;
        Some((Words::of(before).joined().to_owned(), Words::of(after).joined().to_owned()))
    };
    phrases(WORDS, "to_a_person").iter().filter_map(around).collect()
});

/// What a rule is certain of about a whole value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certain {
    /// "TBD", "n/a", a lone dot.
    StandIn,
    /// "See call notes", "ask Peter", a bare link, a template that was left as it is.
    Pointer,
    /// "None", in a section of which that is an answer.
    SaysNone,
}

/// What the rules are certain of about a value of a section.
pub fn certain(section: SectionName, text: &str) -> Option<Certain> {
    of_words(section, text, &Words::of(text))
}

/// The same of a text whose words are known.
pub(crate) fn of_words(section: SectionName, text: &str, words: &Words) -> Option<Certain> {
    if !holds_link(text) {
        return of_prose(section, text, words);
    }
    let is_link = |word: &&str| !holds_link(word);
    let lines =
        text.lines().map(|line| line.split_whitespace().filter(is_link).collect::<Vec<_>>().join(" "));
    let prose = lines.collect::<Vec<_>>().join("\n");
    of_prose(section, &prose, &Words::of(&prose)).map(|_| Certain::Pointer)
}

/// Whether a text holds the address of a page.
pub fn holds_link(text: &str) -> bool {
    text.contains("://") || text.contains("www.")
}

fn of_prose(section: SectionName, text: &str, words: &Words) -> Option<Certain> {
    if words.is_empty() {
        return Some(Certain::StandIn);
    }
    if is_template(text) {
        return Some(Certain::Pointer);
    }
    if words.len() > MOST_WORDS {
        return None;
    }
    let none_answers = none_is_an_answer(section);
    let is_listed = STAND_INS.lists(words.joined());
    let opens = OPENERS.match_at(words, 0);
    if is_listed || opens.is_some_and(|count| is_covered(words, count, text, &[&AROUND, &PLACES])) {
        return Some(Certain::StandIn);
    }
    if NONE.lists(words.joined()) {
        return Some(if none_answers { Certain::SaysNone } else { Certain::StandIn });
    }
    if says_none(words) {
        return none_answers.then_some(Certain::SaysNone);
    }
    (is_to_a_place(words, text) || is_to_a_person(words, text)).then_some(Certain::Pointer)
}

/// Whether "none" answers the question of a section. It does in a custom one: what a mapping asks for need not be there.
pub(crate) fn none_is_an_answer(section: SectionName) -> bool {
    matches!(
        section,
        SectionName::Promises | SectionName::Risks | SectionName::Expansion | SectionName::Custom(_)
    )
}

/// Whether a whole value says "there are none".
pub(crate) fn says_none(words: &Words) -> bool {
    let opens = || NO.match_at(words, 0).filter(|_| words.len() <= MOST_WORDS);
    NONE.lists(words.joined()) || opens().is_some_and(|count| is_covered(words, count, "", &[&NO_WHAT]))
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

/// "See call notes", "as discussed in the call on 12 Nov".
fn is_to_a_place(words: &Words, text: &str) -> bool {
    let Some(count) = SEE.match_at(words, 0) else { return false };
    let says_enough = AS_AGREED.match_at(words, 0).is_some()
        || (count..words.len()).any(|position| PLACES.match_at(words, position).is_some());
    says_enough && is_covered(words, count, text, &[&PLACES, &AROUND])
}

/// Whether the words from a position on are all listed, or numbers, days, job titles or names of people.
fn is_covered(words: &Words, from: usize, text: &str, lists: &[&Vocabulary]) -> bool {
    let (mut position, mut may_be_a_name) = (from, false);
    while position < words.len() {
        let word = words.at(position);
        let listed = lists.iter().filter_map(|list| list.match_at(words, position)).max();
        let is_of = |class| Lexicon::get().classes_of(word).is_some_and(|classes| classes.holds(class));
        let is_day_or_title = || is_of(Classes::DAY.with(Classes::TITLE));
        let is_number = || word.contains(char::is_numeric) && word.len() <= 4;
        let is_name = || may_be_a_name && is_written_as_a_name(word, text);
        if listed.is_none() && !(is_number() || is_day_or_title() || is_name()) {
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

    fn is_placeholder(text: &str) -> bool {
        matches!(certain(SectionName::BuyingReason, text), Some(Certain::StandIn | Certain::Pointer))
    }

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
            "Siehe Angebot vom 3. Mai, Position 4",
            "À définir avec le CFO avant mars",
            "to be agreed with the CFO by 12 May",
            "Ver propuesta, página 3",
            "follows next week",
            "Reden:\nDatum:",
            "www.notion.so/acme/goals",
            "Recording: https://zoom.example/rec/1",
            "as discussed with Sarah on 3 Dec",
        ];
        for text in texts {
            assert!(is_placeholder(text), "{text}");
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
            assert_eq!(certain(SectionName::Risks, text), None, "{text}");
        }
    }
}
