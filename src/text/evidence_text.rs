//! CRM text that is repeated in a question or in evidence: one line, short, nothing invisible.

/// Longest quotation of CRM text in evidence, in characters.
const QUOTED: usize = 40;

/// Longest name of a company or deal in a question, in characters.
const NAMED: usize = 60;

/// A text in quotation marks, for evidence. The text between the marks has at most 40 characters.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text, QUOTED))
}

/// A name as it stands in a question, with at most 60 characters; `None` if nothing of it can be seen.
pub(crate) fn named(text: &str) -> Option<String> {
    Some(one_line(text, NAMED)).filter(|name| name.chars().any(char::is_alphanumeric))
}

/// Whether anything of the text can be seen.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || is_invisible(character))
}

/// Takes no room on the screen, or changes the direction of what follows.
pub(crate) fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control() && !character.is_ascii_whitespace();
    }
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
    ) || (character.is_control() && !character.is_whitespace())
}

fn one_line(text: &str, longest: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    let mut gap = false;
    for character in text.chars().filter(|&character| !is_invisible(character)) {
        if character.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if length + 1 + usize::from(gap) > longest {
            while line.chars().count() >= longest {
                line.pop();
            }
            line.truncate(line.trim_end().len());
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            length += 1;
        }
        line.push(character);
        length += 1;
    }
    line
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
