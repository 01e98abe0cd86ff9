//! CRM text that is repeated in a question or in evidence: one line, short, nothing invisible.

use super::clean::{clean_line, one_line};
use super::excerpt::within_characters;
use super::locale::Locale;

/// Longest quotation of CRM text in evidence, in characters.
const QUOTED: usize = 40;

/// Longest name of a company or deal in a question, in characters.
const NAMED: usize = 60;

/// A cleaned text in quotation marks, for evidence. The text between the marks has at most 40 characters.
pub(crate) fn quoted(text: &str) -> String {
    in_quotes(&within_characters(&one_line(text), QUOTED))
}

/// The text between the quotation marks of the reader's language.
pub(crate) fn in_quotes(text: &str) -> String {
    let (open, close) = Locale::current().language.quotes();
    format!("{open}{text}{close}")
}

/// A name as the CRM holds it, as it stands in a question: at most 60 characters; `None` if nothing of it can be
/// seen.
pub(crate) fn named(raw: &str) -> Option<String> {
    Some(within_characters(&clean_line(raw), NAMED)).filter(|name| name.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_becomes_one_line() {
        assert_eq!(named(" Acme\r\n\u{202e}Corp\u{200b} ").as_deref(), Some("Acme Corp"));
    }

    #[test]
    fn a_name_without_a_letter_is_no_name() {
        assert_eq!(named(" \u{200b}- "), None);
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(quoted(&"abcd ".repeat(20)), "\"abcd abcd abcd abcd abcd abcd abcd abcd…\"");
    }

    #[test]
    fn a_text_of_forty_characters_is_whole() {
        let forty = "x".repeat(40);
        assert_eq!(quoted(&forty), format!("\"{forty}\""));
        assert_eq!(quoted(&format!("{forty}y")), format!("\"{}…\"", "x".repeat(39)));
    }

    proptest! {
        #[test]
        fn a_quotation_is_never_longer_than_forty_characters(text in any::<String>()) {
            let quotation = quoted(&text);
            prop_assert!(quotation.chars().count() <= QUOTED + 2);
            prop_assert!(!quotation.chars().any(char::is_control));
        }
    }
}
