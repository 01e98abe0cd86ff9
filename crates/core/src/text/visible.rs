//! Which characters a reader sees: the one table that cleaning, quoting and reading words share.

/// Whether a character takes no room on the screen, or changes the direction of what follows.
pub fn is_invisible(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_control() && !letter.is_ascii_whitespace();
    }
    is_joiner(letter) || (is_dropped(letter) && !letter.is_whitespace())
}

/// Whether a character is dropped from every text: it cannot be seen, and can hide or reorder what is there.
pub(super) fn is_dropped(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
        || is_flag_tag(letter)
        || letter == '\u{e0001}'
}

/// Whether a character is kept inside words and emoji, but is nothing to read on its own.
pub(super) fn is_joiner(letter: char) -> bool {
    matches!(letter,
        '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{34f}' | '\u{2800}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of 🏴󠁧󠁢󠁳󠁣󠁴󠁿, which are invisible text anywhere else.
pub(super) fn is_flag_tag(letter: char) -> bool {
    matches!(letter, '\u{e0020}'..='\u{e007f}')
}
