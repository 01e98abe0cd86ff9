//! What a mapping takes for a placeholder, beside what the certain rules do.

use super::Mapping;
use crate::judgement::rules::{self, Certain};
use crate::packet::SectionName;
use crate::text::tokens::Words;

/// The stand-ins of a mapping's own list, beside the built-in ones.
pub(crate) struct Placeholders<'a> {
    own: Vec<(&'a str, Words)>,
}

impl<'a> Placeholders<'a> {
    pub(crate) fn of(mapping: &'a Mapping) -> Self {
        Self { own: mapping.placeholders.iter().map(|own| (own.trim(), Words::of(own))).collect() }
    }

    /// What is certain of a whole value, whose words are `words`.
    pub(crate) fn certain(&self, section: SectionName, text: &str, words: &Words) -> Option<Certain> {
        let is_own = |(own, own_words): &(&str, Words)| {
            if own_words.is_empty() { *own == text.trim() } else { own_words.joined() == words.joined() }
        };
        match rules::of_words(section, text, words) {
            Some(Certain::SaysNone) => Some(Certain::SaysNone),
            _ if self.own.iter().any(is_own) => Some(Certain::StandIn),
            other => other,
        }
    }

    /// Whether a value is more than a stand-in or a pointer.
    pub(crate) fn is_answer(&self, section: SectionName, text: &str) -> bool {
        matches!(self.certain(section, text, &Words::of(text)), None | Some(Certain::SaysNone))
    }
}
