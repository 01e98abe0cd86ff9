//! Word classes: which words are small words, sales talk, job titles, our work and so on, in six languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use crate::tokens::Words;

/// The class names of `lexicon.txt`, the most telling first; `small` is whatever has none of them.
const NAMES: [&str; 15] = [
    "day",
    "unit",
    "number",
    "title",
    "event",
    "problem",
    "not",
    "their_work",
    "our_work",
    "goal_verb",
    "stock",
    "hedge",
    "later",
    "point",
    "we",
];

/// A set of word classes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Classes(u16);

impl Classes {
    pub(crate) const DAY: Self = Self(1);
    pub(crate) const UNIT: Self = Self(1 << 1);
    pub(crate) const NUMBER: Self = Self(1 << 2);
    pub(crate) const TITLE: Self = Self(1 << 3);
    pub(crate) const PROBLEM: Self = Self(1 << 5);
    pub(crate) const NOT: Self = Self(1 << 6);
    pub(crate) const STOCK: Self = Self(1 << 10);
    pub(crate) const SMALL: Self = Self(1 << 15);

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn holds(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The class of the set that says most, as a number from 1; 0 for none.
    pub(crate) fn most_telling(self) -> u8 {
        (0..16).find(|bit| self.0 & (1 << bit) != 0).map_or(0, |bit| bit + 1)
    }

    fn named(name: &str) -> Self {
        NAMES.iter().position(|&known| known == name).map_or(Self::SMALL, |position| Self(1 << position))
    }
}

/// Folded phrase to its classes, and folded first word to the length of the longest phrase that starts with it.
#[derive(Default)]
pub(crate) struct Lexicon {
    phrases: HashMap<String, Classes, FixedState>,
    longest: HashMap<String, usize, FixedState>,
}

impl Lexicon {
    /// The lexicon of `lexicon.txt`, read once.
    pub(crate) fn get() -> &'static Self {
        static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(include_str!("lexicon.txt")));
        &LEXICON
    }

    fn parse(file: &str) -> Self {
        let mut lexicon = Self::default();
        let lines =
            file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
        for (name, phrases) in lines {
            for phrase in phrases.split(',').map(Words::of).filter(|phrase| !phrase.is_empty()) {
                let longest = lexicon.longest.entry(phrase.at(0).to_owned()).or_default();
                *longest = phrase.len().max(*longest);
                let classes = lexicon.phrases.entry(phrase.joined().to_owned()).or_default();
                *classes = classes.with(Classes::named(name));
            }
        }
        lexicon
    }

    /// Words in the longest phrase that starts with a word; `None` if no phrase does.
    pub(crate) fn longest_from(&self, word: &str) -> Option<usize> {
        self.longest.get(word).copied()
    }

    pub(crate) fn classes_of(&self, phrase: &str) -> Option<Classes> {
        self.phrases.get(phrase).copied()
    }
}
