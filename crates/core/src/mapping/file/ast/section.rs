//! A section of the syntax tree.

use super::Observation;
use crate::mapping::{self, Judging, ListStyle};
use crate::packet::SectionName;
use crate::record::FieldPath;
use crate::source::Spanned;

/// How one section is filled.
#[derive(Debug)]
pub struct Section {
    pub name: SectionName,
    pub from: Vec<Spanned<FieldPath>>,
    /// Only the first field that answers is read.
    pub first_filled: Option<Spanned<bool>>,
    pub list: ListStyle,
    pub ask: Option<String>,
    pub words: Option<u32>,
    pub due: Option<Spanned<FieldPath>>,
    pub who: Option<Spanned<FieldPath>>,
    pub derive: Vec<Derivation>,
    pub judge: Judging,
    /// The condition with which something is asked about it.
    pub required_when: Option<Observation>,
    pub write: Option<Spanned<FieldPath>>,
    pub write_due: Option<Spanned<FieldPath>>,
}

impl Section {
    /// A section that nothing but `from` fills.
    pub fn from(name: SectionName, from: Vec<Spanned<FieldPath>>) -> Self {
        let (list, judge) = (ListStyle::default(), Judging::default());
        Self {
            name,
            from,
            first_filled: None,
            list,
            ask: None,
            words: None,
            due: None,
            who: None,
            derive: Vec::new(),
            judge,
            required_when: None,
            write: None,
            write_due: None,
        }
    }

    pub(super) fn lower(self) -> mapping::SectionMapping {
        let derivation = |Derivation { when, say }| mapping::Derivation { when: when.lower(), say };
        mapping::SectionMapping {
            from: self.from.into_iter().map(|path| path.value).collect(),
            first_filled: self.first_filled.is_some_and(|first| first.value),
            list: self.list,
            ask: self.ask,
            words: self.words,
            due: self.due.map(|path| path.value),
            who: self.who.map(|path| path.value),
            derive: self.derive.into_iter().map(derivation).collect(),
            judge: self.judge,
            required_when: self.required_when.map(Observation::lower),
            write: self.write.map(|path| path.value),
            write_due: self.write_due.map(|path| path.value),
        }
    }
}

/// An entry that the data shows.
#[derive(Debug)]
pub struct Derivation {
    pub when: Observation,
    pub say: String,
}
