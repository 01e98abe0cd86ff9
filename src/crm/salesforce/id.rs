//! Record ids: 15 case-sensitive characters, or those and a checksum of their case.
//!
//! An id that passed here is safe to write into a query or a path: it is letters and digits only.

use std::fmt;

/// A record id in its 18-character form, checksum verified. Ids are case-sensitive.
/// <https://help.salesforce.com/apex/HTViewSolution?id=000220469>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SalesforceId(String);

/// Which kind of record an id names, by its first three characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Organization,
    Opportunity,
    Account,
    Contact,
    User,
    Task,
    ContactRole,
}

impl Prefix {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "00D",
            Self::Opportunity => "006",
            Self::Account => "001",
            Self::Contact => "003",
            Self::User => "005",
            Self::Task => "00T",
            Self::ContactRole => "00K",
        }
    }
}

const SUFFIX_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

impl SalesforceId {
    /// Reads a 15- or 18-character id. A wrong checksum means that somebody mistyped the id or changed its
    /// case, and is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, suffix) = text.split_at_checked(15)?;
        if !stem.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let checksum = checksum(stem);
        (suffix.is_empty() || suffix == checksum).then(|| Self(format!("{stem}{checksum}")))
    }

    /// Reads an id of one kind of record.
    pub fn of(prefix: Prefix, text: &str) -> Option<Self> {
        Self::parse(text).filter(|id| id.0.starts_with(prefix.as_str()))
    }

    /// All 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One character for each chunk of five: bit *i* is set when character *i* of the chunk is upper case.
fn checksum(stem: &str) -> String {
    let chunks = stem.as_bytes().chunks(5);
    let index = |chunk: &[u8]| {
        chunk.iter().enumerate().fold(0, |bits, (i, byte)| bits | usize::from(byte.is_ascii_uppercase()) << i)
    };
    chunks.filter_map(|chunk| SUFFIX_ALPHABET.get(index(chunk))).map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_of_known_ids_is_computed() {
        for (short, long) in [
            ("0067F000003pmdW", "0067F000003pmdWQAQ"),
            ("00D7F00000107Xs", "00D7F00000107XsUAI"),
            ("a01M00000062mPg", "a01M00000062mPgIAI"),
            ("001M000000qfPyS", "001M000000qfPySIAU"),
            ("a0FE000000D6r3F", "a0FE000000D6r3FMAR"),
            ("aBcDEfgHIJKLMNO", "aBcDEfgHIJKLMNO025"),
        ] {
            assert_eq!(SalesforceId::parse(short).unwrap().as_str(), long);
            assert_eq!(SalesforceId::parse(long).unwrap().as_str(), long);
        }
    }

    #[test]
    fn anything_but_a_whole_id_is_refused() {
        for text in [
            "",
            "006",
            "0067F000003pmdWQAR",
            "0067F000003pmdWqaq",
            "0067f000003pmdWQAQ",
            "0067F000003pmdWQA",
            "0067F000003pmdWQAQQ",
            "0067F000003pmd'",
            "0067F000003pmd\u{e9}QAQ",
            " 0067F000003pmdW",
        ] {
            assert_eq!(SalesforceId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_of_another_kind_of_record_is_refused() {
        assert!(SalesforceId::of(Prefix::Opportunity, "0067F000003pmdW").is_some());
        assert_eq!(SalesforceId::of(Prefix::Opportunity, "001M000000qfPyS"), None);
    }

    proptest! {
        #[test]
        fn an_accepted_id_is_letters_and_digits(text in "\\PC{0,20}") {
            if let Some(id) = SalesforceId::parse(&text) {
                prop_assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
                prop_assert_eq!(id.as_str().len(), 18);
            }
        }

        #[test]
        fn both_forms_are_the_same_id(short in "[a-zA-Z0-9]{15}") {
            let id = SalesforceId::parse(&short).unwrap();
            prop_assert_eq!(SalesforceId::parse(id.as_str()), Some(id.clone()));
            prop_assert!(id.as_str().starts_with(&short));
        }
    }
}
