//! Text laid out for a terminal: wrapped at words by what it takes on the screen, and side by side where that fits.
//! Pure: the width comes from outside.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The width where nobody asks for another, and the widest that text is ever wrapped to.
pub(super) const WIDTH: usize = 100;

/// The narrowest column that can still be read; with less room, pages stand one below the other.
const NARROWEST_COLUMN: usize = 48;

/// What stands between two columns.
const BETWEEN: &str = " │ ";

/// Rows of text, none wider than the page.
pub(super) struct Page {
    width: usize,
    text: String,
}

impl Page {
    /// An empty page of `width` columns, at least 20.
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(20), text: String::new() }
    }

    pub(super) fn heading(&mut self, text: &str) {
        let title = format!("── {text} ");
        // One column stays free, as the rule is never glued to the edge of the screen.
        let rule = "─".repeat(self.width.saturating_sub(title.width() + 1).max(2));
        self.row("", &format!("{title}{rule}"));
    }

    /// One line, wrapped at words; what follows the first row is indented as far as the text began. Line breaks
    /// in `prefix` are kept; other control characters never reach the terminal.
    pub(super) fn line(&mut self, prefix: &str, text: &str) {
        let indent = " ".repeat(prefix.trim_start_matches('\n').width());
        let room = self.width.saturating_sub(indent.len()).max(1);
        let mut start = prefix;
        for paragraph in text.lines() {
            for row in wrapped(paragraph, room) {
                self.row(start, &row);
                start = &indent;
            }
        }
    }

    pub(super) fn blank(&mut self) {
        self.row("", "");
    }

    fn row(&mut self, start: &str, text: &str) {
        self.text.extend([start, text, "\n"]);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A paragraph in rows of at most `room` columns. A word that is wider than a row is broken between what a reader
/// sees as characters.
fn wrapped(paragraph: &str, room: usize) -> Vec<String> {
    let visible: String = paragraph.chars().filter(|letter| !letter.is_control()).collect();
    let mut rows = Vec::new();
    let mut row = String::new();
    for word in visible.split(' ') {
        if !row.is_empty() && row.width() + 1 + word.width() > room {
            rows.push(std::mem::take(&mut row));
        }
        if !row.is_empty() {
            row.push(' ');
        }
        if row.width() + word.width() <= room {
            row.push_str(word);
            continue;
        }
        for letter in word.graphemes(true) {
            if !row.is_empty() && row.width() + letter.width() > room {
                rows.push(std::mem::take(&mut row));
            }
            row.push_str(letter);
        }
    }
    rows.push(row);
    rows
}

/// How wide each of `pages` pages is on a screen of `screen` columns, and whether they stand side by side.
pub(super) fn columns(pages: usize, screen: usize) -> (usize, bool) {
    let between = BETWEEN.width() * pages.saturating_sub(1);
    let column = screen.saturating_sub(between) / pages.max(1);
    if column >= NARROWEST_COLUMN { (column.min(WIDTH), true) } else { (screen.min(WIDTH), false) }
}

/// Pages of `width` columns beside each other.
pub(super) fn side_by_side(pages: &[String], width: usize) -> String {
    let rows: Vec<Vec<&str>> = pages.iter().map(|page| page.trim_end().lines().collect()).collect();
    let most = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for at in 0..most {
        let cell = |page: &Vec<&str>| {
            let cell = page.get(at).copied().unwrap_or_default();
            format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
        };
        let row = rows.iter().map(cell).collect::<Vec<_>>().join(BETWEEN);
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize, prefix: &str, text: &str) -> String {
        let mut page = Page::new(width);
        page.line(prefix, text);
        page.into_text()
    }

    #[test]
    fn text_is_wrapped_at_words_and_indented() {
        assert_eq!(
            page(20, "  • ", "Field mapping and first template"),
            "  • Field mapping\n    and first\n    template\n"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = page(20, "", "納期を短縮したい 在庫を減らす");
        assert!(rows.lines().all(|row| row.width() <= 20), "{rows}");
        assert_eq!(rows, "納期を短縮したい\n在庫を減らす\n");
    }

    #[test]
    fn a_word_wider_than_the_page_is_broken_between_characters() {
        let rows = page(20, "", "see https://acme.example/a/very/long/address 👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧");
        assert!(rows.lines().all(|row| row.width() <= 20), "{rows}");
        assert!(!rows.lines().any(|row| row.starts_with('\u{200d}')), "{rows}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(page(20, "", "a\u{1b}[31mred\u{7}"), "a[31mred\n");
    }

    #[test]
    fn columns_need_room_to_be_read() {
        assert_eq!(columns(3, 160), (51, true));
        assert_eq!(columns(3, 150), (48, true));
        assert_eq!(columns(3, 149), (100, false));
        assert_eq!(columns(3, 80), (80, false));
        assert_eq!(columns(3, 500), (100, true));
    }

    #[test]
    fn columns_are_padded_by_what_they_take_on_the_screen() {
        let pages = ["納期\nab".to_owned(), "x\ny\nz".to_owned()];
        assert_eq!(side_by_side(&pages, 5), "納期  │ x\nab    │ y\n      │ z\n");
    }
}
