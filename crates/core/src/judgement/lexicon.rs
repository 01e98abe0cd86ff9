//! Word classes: which words are small words, sales talk, job titles, our work and so on, in six languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use crate::text::tokens::Words;

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
pub(super) struct Classes(u16);

impl Classes {
    pub(super) const DAY: Self = Self(1);
    pub(super) const UNIT: Self = Self(1 << 1);
    pub(super) const NUMBER: Self = Self(1 << 2);
    pub(super) const TITLE: Self = Self(1 << 3);
    pub(super) const PROBLEM: Self = Self(1 << 5);
    pub(super) const NOT: Self = Self(1 << 6);
    pub(super) const STOCK: Self = Self(1 << 10);
    pub(super) const SMALL: Self = Self(1 << 15);

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn holds(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The class of the set that says most, as a number from 1; 0 for none.
    pub(super) fn most_telling(self) -> u8 {
        (0..16).find(|bit| self.0 & (1 << bit) != 0).map_or(0, |bit| bit + 1)
    }

    fn named(name: &str) -> Self {
        NAMES.iter().position(|&known| known == name).map_or(Self::SMALL, |position| Self(1 << position))
    }
}

/// Folded phrase to its classes, and folded first word to the length of the longest phrase that starts with it.
#[derive(Default)]
pub(super) struct Lexicon {
    phrases: HashMap<String, Classes, FixedState>,
    longest: HashMap<String, usize, FixedState>,
}

impl Lexicon {
    /// The lexicon of `lexicon.txt`, read once.
    pub(super) fn get() -> &'static Self {
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
    pub(super) fn longest_from(&self, word: &str) -> Option<usize> {
        self.longest.get(word).copied()
    }

    pub(super) fn classes_of(&self, phrase: &str) -> Option<Classes> {
        self.phrases.get(phrase).copied()
    }
}
