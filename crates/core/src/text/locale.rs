//! The language in which readers are spoken to: of our own words, of numbers and of quotation marks.
//!
//! What renders text takes no language as a parameter. It asks for [`Locale::current`], which [`Locale::scope`] sets
//! for as long as one synchronous closure runs on its thread; outside of any scope it is English.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A language that all of our own words exist in.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    En,
    De,
    Fr,
    Es,
    Nl,
    Pt,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::En, Self::De, Self::Fr, Self::Es, Self::Nl, Self::Pt];

    /// Its ISO 639-1 code, as files and JSON have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Nl => "nl",
            Self::Pt => "pt",
        }
    }

    /// What stands between groups of three digits, and before the cents.
    pub(crate) fn separators(self) -> (char, char) {
        match self {
            Self::En => (',', '.'),
            Self::De | Self::Es | Self::Nl | Self::Pt => ('.', ','),
            // A narrow no-break space.
            Self::Fr => ('\u{202f}', ','),
        }
    }

    /// What stands before and behind text that is quoted.
    pub(crate) fn quotes(self) -> (&'static str, &'static str) {
        match self {
            Self::En => ("\"", "\""),
            Self::De => ("„", "“"),
            Self::Fr => ("«\u{202f}", "\u{202f}»"),
            Self::Es => ("«", "»"),
            Self::Nl | Self::Pt => ("“", "”"),
        }
    }

    /// Whether a noun keeps its capital inside a sentence.
    pub fn capitalises_nouns(self) -> bool {
        self == Self::De
    }
}

/// Messages that a team words differently, by `table.name`.
pub type OwnWords = BTreeMap<String, String>;

/// A language, and the messages that a team words differently.
#[derive(Clone, Copy, Default)]
pub struct Locale {
    pub language: Language,
    own: Option<&'static OwnWords>,
}

thread_local! {
    static CURRENT: Cell<Locale> = const { Cell::new(Locale { language: Language::En, own: None }) };
}

impl Locale {
    /// The locale of the innermost scope.
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// A language with own words. Each different set is kept for as long as the process runs: messages are handed out as
    /// `&'static str`, and a set comes from a file that people edit.
    pub fn with(language: Language, own: OwnWords) -> Self {
        static KNOWN: Mutex<Vec<&'static OwnWords>> = Mutex::new(Vec::new());
        if own.is_empty() {
            return language.into();
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.iter().find(|known| ***known == own).copied().unwrap_or_else(|| {
            let kept: &'static OwnWords = Box::leak(Box::new(own));
            known.push(kept);
            kept
        });
        Self { language, own: Some(kept) }
    }

    /// Renders in this locale.
    pub fn scope<T>(self, render: impl FnOnce() -> T) -> T {
        /// Restores the outer locale, also when rendering panics.
        struct Outer(Locale);
        impl Drop for Outer {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _outer = Outer(CURRENT.replace(self));
        render()
    }

    /// This locale, or the other one if it is of the same language: a stored packet knows its language, the mapping the
    /// team's own words.
    #[must_use]
    pub fn or_same(self, other: Self) -> Self {
        if self.language == other.language { other } else { self }
    }

    /// How many messages a team words differently.
    pub fn own_count(self) -> usize {
        self.own.map_or(0, BTreeMap::len)
    }

    pub(crate) fn own(self, key: &str) -> Option<&'static str> {
        self.own?.get(key).map(String::as_str)
    }

    /// Whether a packet says nothing about it.
    pub(crate) fn is_english(&self) -> bool {
        self.language == Language::En
    }
}

impl From<Language> for Locale {
    fn from(language: Language) -> Self {
        Self { language, own: None }
    }
}

impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.language == other.language && self.own == other.own
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.language.fmt(f)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.language.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Language::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_with_its_closure_also_by_a_panic() {
        let german = Locale::from(Language::De);
        german.scope(|| {
            assert_eq!(Locale::current().language, Language::De);
            Locale::from(Language::Fr).scope(|| assert_eq!(Locale::current().language, Language::Fr));
            assert_eq!(Locale::current().language, Language::De);
            let broken =
                std::panic::catch_unwind(|| Locale::from(Language::Es).scope(|| panic!("of this test")));
            assert!(broken.is_err());
            assert_eq!(Locale::current().language, Language::De);
        });
        assert_eq!(Locale::current().language, Language::En);
    }

    #[test]
    fn the_same_own_words_are_kept_once() {
        let own = || OwnWords::from([("value.yes".to_owned(), "aye".to_owned())]);
        let (one, two) = (Locale::with(Language::En, own()), Locale::with(Language::De, own()));
        assert!(std::ptr::eq(one.own.unwrap(), two.own.unwrap()));
        assert_eq!((one.own("value.yes"), one.own("value.no")), (Some("aye"), None));
        assert_eq!(Locale::with(Language::En, OwnWords::new()), Locale::default());
    }
}
