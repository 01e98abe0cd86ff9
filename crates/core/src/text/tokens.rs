//! A text as its words, in lower case and without accents, so that one list serves every spelling of it.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use foldhash::fast::FixedState;

use super::visible::is_invisible;

/// Characters of a text that are looked at. Far beyond any answer worth reading; keeps a pasted book cheap.
const LOOKED_AT: usize = 4_000;

/// The words of one text: runs of letters and digits, folded.
pub(crate) struct Words {
    joined: String,
    bounds: Vec<(usize, usize)>,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let room = text.len().min(LOOKED_AT);
        let mut words =
            Self { joined: String::with_capacity(room), bounds: Vec::with_capacity(room / 4 + 1) };
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.bounds.iter().filter_map(|&(start, end)| self.joined.get(start..end))
    }
}

/// A list of words and phrases of a vocabulary file (TOML): strings of comma-separated phrases, written naturally.
pub(crate) struct Vocabulary {
    file: &'static str,
    key: &'static str,
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
    pub(crate) const fn new(file: &'static str, key: &'static str) -> Self {
        Self { file, key, folded: OnceLock::new() }
    }

    fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| {
            let mut folded = Folded::default();
            for phrase in phrases(self.file, self.key).iter().map(|phrase| Words::of(phrase)) {
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

/// Words of a vocabulary file that stand for a number: a table of lists by number. No phrases.
pub(crate) struct Numbered {
    file: &'static str,
    key: &'static str,
    folded: OnceLock<HashMap<String, i32, FixedState>>,
}

impl Numbered {
    pub(crate) const fn new(file: &'static str, key: &'static str) -> Self {
        Self { file, key, folded: OnceLock::new() }
    }

    /// The number of a folded word.
    pub(crate) fn number(&self, word: &str) -> Option<i32> {
        let folded = self.folded.get_or_init(|| {
            let mut folded = HashMap::default();
            for (number, list) in entry(self.file, self.key).as_table().into_iter().flatten() {
                let Some((number, list)) = number.parse().ok().zip(list.as_str()) else { continue };
                folded.extend(list.split(',').map(|word| (Words::of(word).joined, number)));
            }
            folded
        });
        folded.get(word).copied()
    }
}

/// The words and phrases of a vocabulary file under a key.
pub(crate) fn phrases(file: &str, key: &str) -> Vec<String> {
    let lists = entry(file, key);
    let lists = lists.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
    lists.flat_map(|list| list.split(',')).map(|phrase| phrase.trim().to_owned()).collect()
}

/// What a vocabulary file holds under a key. The files are part of the program, and a test reads each of them.
fn entry(file: &str, key: &str) -> toml::Value {
    let mut table: toml::Table = file.parse().unwrap_or_default();
    table.remove(key).unwrap_or(toml::Value::Boolean(false))
}

pub(crate) fn is_combining(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

#[inline]
pub(crate) fn fold(character: char, into: &mut String) {
    if character.is_ascii() {
        into.push(character.to_ascii_lowercase());
    } else {
        fold_accented(character, into);
    }
}

fn fold_accented(character: char, into: &mut String) {
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
        static EVENTS: Vocabulary =
            Vocabulary::new(r#"events = ["go-live, audit", "fin d'année"]"#, "events");
        assert!(EVENTS.found_in(&Words::of("before the Go Live")));
        assert!(EVENTS.found_in(&Words::of("avant la fin d’année")));
        assert!(!EVENTS.found_in(&Words::of("go to live auditors")));
    }

    #[test]
    fn every_vocabulary_file_can_be_read_and_holds_words() {
        for file in [
            include_str!("../dates/vocabulary.toml"),
            include_str!("../gaps/vocabulary/roles.toml"),
            include_str!("../judgement/rules.toml"),
            include_str!("vocabulary.toml"),
        ] {
            let table: toml::Table = file.parse().unwrap();
            for (key, list) in table {
                let words = phrases(file, &key).len() + list.as_table().map_or(0, toml::Table::len);
                assert!(words > 0 && !phrases(file, &key).contains(&String::new()), "{key}");
            }
        }
    }
}
