//! Cleans one value: whatever a CRM stores becomes short, plain, visible text.

use super::visible::{is_dropped, is_flag_tag, is_invisible, is_joiner};
use super::{excerpt, html};

/// Characters that no line made of a name, a title or a label exceeds.
const LONGEST_LINE: usize = 200;

/// The text a person wrote, as plain lines: no markup, no control or bidirectional characters. Text that clearly
/// holds markup is read as HTML. Returns an empty text if nothing visible is left.
pub fn clean(raw: &str) -> String {
    if is_clean_line(raw) { raw.to_owned() } else { tidy(&plain(raw)) }
}

/// The same for a field that holds HTML.
pub fn clean_html(raw: &str) -> String {
    tidy(&html::to_text(raw))
}

/// The same on one line, within 200 characters: for names, titles and labels.
pub fn clean_line(raw: &str) -> String {
    if is_clean_line(raw) {
        return excerpt::within_characters(raw, LONGEST_LINE);
    }
    let text = tidy(&plain(raw));
    excerpt::within_characters(&text.split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_LINE)
}

/// Text that is no markup, on one line and without anything invisible.
pub fn one_line(raw: &str) -> String {
    tidy(raw).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True if nothing is left once tags, spaces, no-break spaces and invisible characters are gone.
pub fn is_blank(raw: &str) -> bool {
    let visible = |letter: char| !letter.is_whitespace() && !is_invisible(letter);
    // No markup takes away a letter or digit that stands before it.
    if raw.starts_with(|first: char| first.is_alphanumeric() && visible(first)) {
        return false;
    }
    let holds_markup = raw.contains(['<', '&']);
    if holds_markup { !plain(raw).chars().any(visible) } else { !raw.chars().any(visible) }
}

/// Most values are one line with nothing to clean in it: no markup, nothing invisible, one space between words.
fn is_clean_line(raw: &str) -> bool {
    let mut previous = ' ';
    for letter in raw.chars() {
        let is_clean = match letter {
            ' ' => previous != ' ',
            '<' | '&' => false,
            '!'..='~' => true,
            letter => !letter.is_whitespace() && !is_dropped(letter) && !is_joiner(letter),
        };
        if !is_clean {
            return false;
        }
        previous = letter;
    }
    previous != ' '
}

fn plain(raw: &str) -> String {
    if html::is_clearly_html(raw) { html::to_text(raw) } else { html::decode_entities(raw) }
}

/// One kind of line break, one kind of space, nothing invisible, no two blank lines in a row.
fn tidy(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut previous = '\n';
    for letter in text.replace("\r\n", "\n").chars() {
        let letter = match letter {
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            space if space != '\n' && space.is_whitespace() => ' ',
            other => other,
        };
        let in_flag = is_flag_tag(letter) && (previous == '🏴' || is_flag_tag(previous));
        if in_flag || !is_dropped(letter) {
            lines.push(letter);
            previous = letter;
        }
    }
    let mut tidied = String::with_capacity(lines.len());
    let mut blank_before = true;
    for line in lines.lines() {
        let start = tidied.len();
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            if tidied.len() > start {
                tidied.push(' ');
            }
            tidied.push_str(word);
        }
        let blank = tidied.len() == start;
        if !(blank && blank_before) {
            tidied.push('\n');
        }
        blank_before = blank;
    }
    tidied.truncate(tidied.trim_end().len());
    if tidied.chars().all(|letter| letter.is_whitespace() || is_joiner(letter)) {
        String::new()
    } else {
        tidied
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_blank_if_nothing_of_it_is_left(raw in any::<String>(), markup in "[ab1<>/pli!&; •\u{200b}-]{0,16}") {
            for raw in [raw, markup] {
                prop_assert_eq!(is_blank(&raw), clean(&raw).is_empty(), "{:?}", raw);
            }
        }

        #[test]
        fn cleaning_changes_nothing_in_a_line_that_is_clean(raw in any::<String>(), line in "[a-zé0-9 .,•🏴–-]{0,24}") {
            for raw in [raw, line] {
                let cleaned = tidy(&plain(&raw));
                prop_assert!(!is_clean_line(&raw) || cleaned == raw, "{raw:?}");
            }
        }
    }

    #[test]
    fn nothing_visible_is_blank() {
        for raw in [
            "",
            " ",
            "\n\t",
            "\u{a0}",
            "&nbsp;",
            "&#160;",
            "<p></p>",
            "<p>&nbsp;</p>",
            "<div><br></div>",
            "\u{200b}",
            "\u{feff}\u{2060}",
            "<ul><li></li></ul>",
            "<p>\u{200d}</p>",
            "\u{3000}",
            "\u{2800}",
            "<o:p></o:p>",
            "<!-- x --><p></p>",
            "\u{202e}",
            "\u{0}",
            "<style>p{}</style>",
            "<img src=\"https://a.example/shot.png\">",
            "<img>",
            " <img src='x'/> \n<img src='y'/>",
            "<!-- why now -->",
            "<!--[if gte mso 9]><xml></xml><![endif]-->",
            "<input type=\"hidden\" value=\"1\">",
            "<wbr>",
        ] {
            assert!(is_blank(raw), "{raw:?}");
            assert_eq!(clean(raw), "", "{raw:?}");
        }
        for raw in [
            "x",
            ".",
            "0",
            "-",
            "none",
            "<3",
            "<TBD>",
            "🎉",
            "<p>x</p>",
            "é",
            "&",
            "a\u{200b}b",
            "<!here>",
            "<!-- x",
        ] {
            assert!(!is_blank(raw), "{raw:?}");
            assert_ne!(clean(raw), "", "{raw:?}");
        }
    }

    #[test]
    fn text_becomes_plain_and_visible() {
        for (raw, text) in [
            ("one\r\ntwo\rthree\u{2028}four", "one\ntwo\nthree\nfour"),
            ("  many \u{a0} spaces\t here  ", "many spaces here"),
            ("\n\nfirst\n\n\n\nsecond\n\n", "first\n\nsecond"),
            ("bell\u{7}, nul\u{0}, esc\u{1b}[31m", "bell, nul, esc[31m"),
            ("ab\u{202e}cd\u{2066}ef\u{200f}", "abcdef"),
            ("soft\u{ad}hyphen zero\u{200b}width", "softhyphen zerowidth"),
            ("party 🎉 family 👩‍👩‍👧‍👦 heart ❤️", "party 🎉 family 👩‍👩‍👧‍👦 heart ❤️"),
            ("flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿, hidden\u{e0041}\u{e0042}", "flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿, hidden"),
            ("**bold** _x_ # not a heading `code`", "**bold** _x_ # not a heading `code`"),
            ("a < b, <3 & R&amp;D", "a < b, <3 & R&D"),
            ("<p>Rich &lt;b&gt;</p>", "Rich <b>"),
            ("<!channel> and {{ 7*7 }}", "<!channel> and {{ 7*7 }}"),
            ("persian \u{645}\u{6cc}\u{200c}\u{62e}", "persian \u{645}\u{6cc}\u{200c}\u{62e}"),
        ] {
            assert_eq!(clean(raw), text);
        }
    }

    #[test]
    fn a_field_of_markup_is_always_read_as_markup() {
        assert_eq!(clean_html("Ask <unknown>Sarah"), "Ask Sarah");
        assert_eq!(clean("Ask <unknown>Sarah"), "Ask <unknown>Sarah");
        assert_eq!(clean_html("we <3 a < b"), "we <3 a < b");
    }

    #[test]
    fn a_line_holds_no_line_breaks_and_ends_in_time() {
        assert_eq!(clean_line(" Acme\r\nGmbH &amp; Co\u{a0}KG "), "Acme GmbH & Co KG");
        assert_eq!(clean_line(&"x".repeat(500)).chars().count(), LONGEST_LINE);
    }
}
