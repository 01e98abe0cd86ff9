//! Short enough to be read: a text is cut at a sentence end within its budget.

use unicode_segmentation::UnicodeSegmentation;

/// Words of an entry when the mapping says nothing.
pub const DEFAULT_WORDS: u32 = 60;

/// Characters (Unicode scalar values) that no entry exceeds, whatever its words. Keeps text without spaces
/// in bounds.
pub const MOST_CHARACTERS: usize = 600;

const ELLIPSIS: char = '…';

/// The text within `words` words and [`MOST_CHARACTERS`], and whether something was cut. Cuts after a
/// sentence or a line where that keeps at least a third of what fits; else after a word, with `…`; never
/// inside what a reader sees as one character.
pub fn within(text: &str, words: u32) -> (String, bool) {
    let words = usize::try_from(words).unwrap_or(usize::MAX).max(1);
    let by_words = end_of_words(text, words);
    if by_words == text.len() && holds_at_most(MOST_CHARACTERS, text) {
        return (text.to_owned(), false);
    }
    // One character is kept free for the ellipsis.
    let end = by_words.min(end_of_characters(text, MOST_CHARACTERS - 1));
    let fits = text.get(..end).unwrap_or_default();
    if let Some(sentences) = last_sentence_end(text, end).and_then(|end| text.get(..end)) {
        return (sentences.to_owned(), true);
    }
    let whole_words = if text.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
        fits
    } else {
        let at = fits.rfind(char::is_whitespace).filter(|at| *at >= fits.len() / 3);
        at.and_then(|at| fits.get(..at)).unwrap_or(fits)
    };
    let mut cut =
        whole_words.trim_end_matches(|c: char| c.is_whitespace() || ",;:-–(".contains(c)).to_owned();
    cut.push(ELLIPSIS);
    (cut, true)
}

/// One line within `most` characters: for names and titles.
pub fn within_characters(line: &str, most: usize) -> String {
    if holds_at_most(most, line) {
        return line.to_owned();
    }
    let end = end_of_characters(line, most.saturating_sub(1));
    let mut cut = line.get(..end).unwrap_or_default().trim_end().to_owned();
    cut.push(ELLIPSIS);
    cut
}

/// Whether a text has at most so many characters. None has more characters than bytes.
fn holds_at_most(most: usize, text: &str) -> bool {
    text.len() <= most || text.chars().count() <= most
}

/// Where the last of the first `words` words ends.
fn end_of_words(text: &str, words: usize) -> usize {
    let mut seen = 0;
    let mut in_word = false;
    for (at, letter) in text.char_indices() {
        if letter.is_whitespace() {
            if in_word && seen == words {
                let more = text.get(at..).is_some_and(|rest| !rest.trim_start().is_empty());
                return if more { at } else { text.len() };
            }
            in_word = false;
        } else if !in_word {
            in_word = true;
            seen += 1;
        }
    }
    text.len()
}

/// The end of the longest run of whole graphemes with at most `most` characters. A single grapheme that
/// is longer than that is no writing, and is cut inside.
fn end_of_characters(text: &str, most: usize) -> usize {
    let mut characters = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        characters += grapheme.chars().count();
        if characters > most {
            break;
        }
        end = at + grapheme.len();
    }
    if end == 0 {
        return text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    }
    end
}

/// Where the last whole sentence ends, in bytes.
pub fn sentence_end(text: &str) -> Option<usize> {
    let is_whole = |text: &str| text.ends_with(['.', '!', '?', '。']);
    sentence_ends(text).filter(|end| text.get(..*end).is_some_and(is_whole)).last()
}

fn last_sentence_end(text: &str, limit: usize) -> Option<usize> {
    sentence_ends(text).take_while(|end| *end <= limit).last().filter(|end| *end >= limit / 3 && *end > 0)
}

fn sentence_ends(text: &str) -> impl Iterator<Item = usize> {
    let ends = text.split_sentence_bound_indices().map(|(at, sentence)| at + sentence.trim_end().len());
    ends.filter(|end| text.get(..*end).is_some_and(|sentences| !ends_in_abbreviation(sentences)))
}

/// `Dr.`, `z. B.` and `e.g.` end no sentence.
fn ends_in_abbreviation(text: &str) -> bool {
    const SHORT: [&str; 14] = [
        "mrs", "prof", "inc", "ltd", "bzw", "inkl", "incl", "approx", "ggf", "evtl", "env", "aprox", "máx",
        "bijv",
    ];
    let Some(word) = text.strip_suffix('.').and_then(|text| text.split_whitespace().next_back()) else {
        return false;
    };
    let letters = word.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let short = letters.chars().count() <= 2
        && (letters.chars().all(char::is_alphabetic) || letters.chars().all(char::is_numeric));
    short || letters.contains('.') || SHORT.contains(&letters.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_within_its_budget_stays_as_it_is() {
        for text in ["", "One.", "one two three", "one two three ", "a\nb"] {
            assert_eq!(within(text, 3), (text.to_owned(), false));
        }
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_a_line_or_a_word() {
        for (text, words, expected) in [
            ("One two three. Four five six. Seven eight.", 7, "One two three. Four five six."),
            ("Line one here\nline two here\nline three", 6, "Line one here\nline two here"),
            ("one two, three four", 2, "one two…"),
            (
                "No. Because the board wanted one number for all regions",
                8,
                "No. Because the board wanted one number for…",
            ),
            ("They met Dr. Lind at the fair. It went on", 5, "They met Dr. Lind at…"),
            ("Wir brauchen z. B. Berichte jeden Montag", 4, "Wir brauchen z. B.…"),
            ("Warum jetzt? Weil der Vertrag endet.", 3, "Warum jetzt?"),
            ("one two three", 0, "one…"),
        ] {
            assert_eq!(within(text, words), (expected.to_owned(), true));
        }
    }

    #[test]
    fn text_without_spaces_is_cut_between_what_readers_see_as_characters() {
        let (cut, _) = within(&"👩‍👩‍👧‍👦".repeat(200), 60);
        assert!(cut.chars().count() <= MOST_CHARACTERS);
        assert_eq!(cut.trim_end_matches('…').graphemes(true).filter(|one| *one != "👩‍👩‍👧‍👦").count(), 0);

        let (cut, _) = within(&"予測の見通しが悪い。".repeat(100), 60);
        assert!(cut.ends_with('。'), "{cut}");
        assert!(cut.chars().count() > 500);

        let (cut, was_cut) = within(&format!("e{}", "\u{301}".repeat(5000)), 60);
        assert!(was_cut && cut.chars().count() <= MOST_CHARACTERS);
    }

    #[test]
    fn a_name_is_cut_to_its_characters() {
        assert_eq!(within_characters("Müller & Söhne", 6), "Mülle…");
        assert_eq!(within_characters("Müller", 6), "Müller");
        assert_eq!(within_characters("🇩🇪🇫🇷", 3), "🇩🇪…");
    }

    proptest! {
        #[test]
        fn no_text_exceeds_its_budget(text in "(\\PC|[ \n.👩‍👧]){0,900}", words in 1u32..80) {
            let (cut, was_cut) = within(&text, words);
            prop_assert!(cut.split_whitespace().count() <= words as usize);
            prop_assert!(cut.chars().count() <= MOST_CHARACTERS);
            prop_assert_eq!(was_cut, cut != text);
            prop_assert!(text.starts_with(cut.trim_end_matches('…')) || !was_cut);
        }
    }
}
