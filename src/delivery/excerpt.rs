//! Fitting CRM text into a place of limited length: clean it, cut it at the end of a word, say so with `…`.
//!
//! Lengths are UTF-16 units, the strictest of the ways in which the platforms may count characters.

use unicode_segmentation::UnicodeSegmentation;

use handoff_core::text::clean::one_line;
use handoff_core::text::excerpt::sentence_end;
use handoff_core::text::greeting::is_greeting;

/// Marks the place where text was cut.
pub const CUT: char = '…';

/// How long a text is, in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text on one line of at most `max` units. Empty if nothing visible is left.
pub fn line(text: &str, max: usize) -> String {
    cut(&one_line(text), max)
}

/// The text with its line breaks, at most `max` units; every line is clean, blank lines go.
pub fn lines(text: &str, max: usize) -> String {
    cut(&clean_lines(text).join("\n"), max)
}

/// The lines of a text on one line, parted as in a sentence; at most `max` units, see [`sentences`].
pub fn joined(text: &str, max: usize) -> String {
    let mut line = String::new();
    for next in clean_lines(text) {
        let next = next.trim_start_matches("• ");
        let between = match line.chars().next_back() {
            None => "",
            Some('.' | '!' | '?' | ':' | ';' | ',' | '。') => " ",
            Some(_) => "; ",
        };
        line.extend([between, next]);
    }
    sentences(&line, max)
}

/// A line of at most `max` units: whole if it fits, else up to the end of a word, or of a sentence where that keeps
/// half of it.
pub fn sentences(line: &str, max: usize) -> String {
    if units(line) <= max {
        return line.to_owned();
    }
    let head = cut(line, max);
    let end = sentence_end(&head).filter(|end| *end >= head.len() / 2);
    end.and_then(|end| head.get(..end)).map_or(head.clone(), |sentences| format!("{sentences} {CUT}"))
}

/// Without the line that greets the reader of a pasted mail.
fn clean_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(one_line).filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 && lines.first().is_some_and(|line| is_greeting(line)) {
        lines.remove(0);
    }
    lines
}

/// A name inside a sentence of ours: one line, and if it is written from right to left, isolated so that
/// it cannot reorder what stands around it.
pub fn name(text: &str, max: usize) -> String {
    let name = line(text, max);
    if name.chars().any(is_right_to_left) {
        return format!("\u{2068}{}\u{2069}", cut(&name, max.saturating_sub(2)));
    }
    name
}

/// At most `max` units: whole if it fits, else up to the end of a word, with [`CUT`] behind it.
pub fn cut(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let mut kept = 0;
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += units(grapheme);
        if used > room {
            break;
        }
        kept += grapheme.len();
    }
    let (head, rest) = text.split_at_checked(kept).unwrap_or((text, ""));
    // A word longer than a third of the room is cut inside rather than given up.
    let word_end = if rest.starts_with([' ', '\n']) { Some(kept) } else { head.rfind([' ', '\n']) };
    let end = word_end.filter(|end| *end >= kept - kept / 3).unwrap_or(kept);
    let head = head.get(..end).unwrap_or(head).trim_end();
    if max == 0 { String::new() } else { format!("{head}{CUT}") }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_fits_is_left_alone() {
        assert_eq!(line("Forecast visibility is poor.", 60), "Forecast visibility is poor.");
    }

    #[test]
    fn text_is_cut_behind_a_whole_word() {
        assert_eq!(line("The board wants one forecast by March", 20), "The board wants one…");
    }

    #[test]
    fn a_word_without_end_is_cut_inside() {
        assert_eq!(line(&"x".repeat(50), 10), "xxxxxxxxx…");
    }

    #[test]
    fn an_emoji_of_several_code_points_is_never_torn() {
        let family = "👩‍👩‍👧";
        assert_eq!(line(&format!("ab {family}{family}"), 12), format!("ab {family}…"));
    }

    #[test]
    fn control_characters_and_direction_overrides_go() {
        assert_eq!(line("a\u{0}b\r\n\tc\u{202E}d\u{200B}\u{a0}e", 60), "ab cd e");
        assert_eq!(line("\u{200B}\u{202E}\n", 60), "");
    }

    #[test]
    fn line_breaks_are_kept_or_shown() {
        let promises = "- field mapping\r\n\r\n- first  template\n";
        assert_eq!(lines(promises, 60), "- field mapping\n- first template");
        assert_eq!(joined(promises, 60), "- field mapping; - first template");
    }

    #[test]
    fn a_right_to_left_name_is_isolated() {
        assert_eq!(name("שלום בע״מ", 60), "\u{2068}שלום בע״מ\u{2069}");
        assert_eq!(name("Müller & Söhne", 60), "Müller & Söhne");
    }

    proptest! {
        #[test]
        fn no_text_gets_longer_than_its_place(text in any::<String>(), max in 0usize..200) {
            prop_assert!(units(&line(&text, max)) <= max);
            if max >= 2 {
                prop_assert!(units(&name(&text, max)) <= max.max(3));
            }
        }

        #[test]
        fn what_is_kept_is_the_beginning_of_the_text(text in "[a-z ]{0,80}", max in 1usize..40) {
            let kept = line(&text, max);
            prop_assert!(one_line(&text).starts_with(kept.trim_end_matches(CUT)));
        }
    }
}
