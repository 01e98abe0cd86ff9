//! A text as its words, in lower case and without accents, so that one list serves every spelling of it.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use foldhash::fast::FixedState;

/// Characters of a text that are looked at. Far beyond any answer worth reading; keeps a pasted book cheap.
const LOOKED_AT: usize = 4_000;

/// The words of one text: runs of letters and digits, folded.
pub(crate) struct Words {
    joined: String,
    bounds: Vec<(usize, usize)>,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self { joined: String::with_capacity(text.len().min(LOOKED_AT)), bounds: Vec::new() };
        let mut start = None;
        for character in text.chars().take(LOOKED_AT).filter(|&c| !is_combining(c) && !is_invisible(c)) {
            if character.is_alphanumeric() {
                if start.is_none() {
                    if !words.joined.is_empty() {
                        words.joined.push(' ');
                    }
                    start = Some(words.joined.len());
                }
                fold(character, &mut words.joined);
            } else if let Some(start) = start.take() {
                words.bounds.push((start, words.joined.len()));
            }
        }
        words.bounds.extend(start.map(|start| (start, words.joined.len())));
        words
    }

    /// All words with one space between them.
    pub(crate) fn joined(&self) -> &str {
        &self.joined
    }

    pub(crate) fn len(&self) -> usize {
        self.bounds.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The word at a position, or `""` beyond the ends.
    pub(crate) fn at(&self, position: usize) -> &str {
        self.run(position, 1).unwrap_or_default()
    }

    /// `count` words from a position on, with one space between them.
    pub(crate) fn run(&self, position: usize, count: usize) -> Option<&str> {
        let (start, _) = self.bounds.get(position)?;
        let (_, end) = self.bounds.get((position + count).checked_sub(1)?)?;
        self.joined.get(*start..*end)
    }
}

/// A list of words and phrases, written naturally, one string of comma-separated phrases per language.
pub(crate) struct Vocabulary {
    lists: &'static [&'static str],
    folded: OnceLock<Folded>,
}

/// Every word of a text is looked up in some twenty lists, so the hash must be quick. It need not withstand
/// anybody: what is in the lists is ours.
#[derive(Default)]
struct Folded {
    phrases: HashSet<String, FixedState>,
    /// First word → words in the longest phrase that starts with it.
    longest: HashMap<String, usize, FixedState>,
}

impl Vocabulary {
    pub(crate) const fn new(lists: &'static [&'static str]) -> Self {
        Self { lists, folded: OnceLock::new() }
    }

    fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| {
            let mut folded = Folded::default();
            for phrase in self.lists.iter().flat_map(|list| list.split(',')).map(Words::of) {
                let longest = folded.longest.entry(phrase.at(0).to_owned()).or_default();
                *longest = phrase.len().max(*longest);
                folded.phrases.insert(phrase.joined);
            }
            folded
        })
    }

    /// Whether the folded phrase is in the list, as a whole.
    pub(crate) fn lists(&self, phrase: &str) -> bool {
        self.folded().phrases.contains(phrase)
    }

    /// How many words from a position on make up a listed phrase; the longest counts.
    pub(crate) fn match_at(&self, words: &Words, position: usize) -> Option<usize> {
        let Folded { phrases, longest } = self.folded();
        (1..=*longest.get(words.at(position))?)
            .rev()
            .find(|&count| words.run(position, count).is_some_and(|phrase| phrases.contains(phrase)))
    }

    /// Whether any listed phrase stands anywhere in the text.
    pub(crate) fn found_in(&self, words: &Words) -> bool {
        (0..words.len()).any(|position| self.match_at(words, position).is_some())
    }
}

/// Takes no room on the screen, or changes the direction of what follows.
pub(crate) fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control() && !character.is_ascii_whitespace();
    }
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

pub(crate) fn is_combining(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

pub(crate) fn fold(character: char, into: &mut String) {
    if character.is_ascii() {
        into.push(character.to_ascii_lowercase());
        return;
    }
    for lower in character.to_lowercase().filter(|&c| !is_combining(c)) {
        match lower {
            'à'..='å' | 'ā' | 'ă' | 'ą' => into.push('a'),
            'ç' | 'ć' | 'č' => into.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => into.push('e'),
            'ì'..='ï' | 'ī' => into.push('i'),
            'ñ' | 'ń' | 'ň' => into.push('n'),
            'ò'..='ö' | 'ø' | 'ő' => into.push('o'),
            'ù'..='ü' | 'ů' | 'ű' => into.push('u'),
            'ý' | 'ÿ' => into.push('y'),
            'ł' => into.push('l'),
            'ś' | 'š' => into.push('s'),
            'ź' | 'ż' | 'ž' => into.push('z'),
            'ß' => into.push_str("ss"),
            'æ' => into.push_str("ae"),
            'œ' => into.push_str("oe"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_case_accents_and_punctuation() {
        assert_eq!(Words::of("  À définir… (Größe, n/a) ").joined(), "a definir grosse n a");
    }

    #[test]
    fn a_composed_and_a_decomposed_accent_are_the_same_word() {
        assert_eq!(Words::of("pre\u{301}vu").joined(), Words::of("prévu").joined());
    }

    #[test]
    fn invisible_characters_do_not_split_a_word() {
        assert_eq!(Words::of("T\u{200b}B\u{ad}D").joined(), "tbd");
    }

    #[test]
    fn a_vocabulary_finds_whole_phrases_only() {
        static EVENTS: Vocabulary = Vocabulary::new(&["go-live, audit", "fin d'année"]);
        assert!(EVENTS.found_in(&Words::of("before the Go Live")));
        assert!(EVENTS.found_in(&Words::of("avant la fin d’année")));
        assert!(!EVENTS.found_in(&Words::of("go to live auditors")));
    }
}
