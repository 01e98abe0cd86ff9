//! Text and links that Slack takes as data.

use reqwest::Url;
use unicode_segmentation::UnicodeSegmentation;

use crate::delivery::excerpt;

/// Longest link.
const LINK: usize = 3_000;

/// The text with the three characters escaped that Slack gives a meaning, at most `max` UTF-16 units
/// including the escapes; no escape is ever cut in half.
/// <https://docs.slack.dev/messaging/formatting-message-text>
pub fn escaped(text: &str, max: usize) -> String {
    let whole = escape(text);
    if excerpt::units(&whole) <= max {
        return whole;
    }
    let mut kept = String::new();
    let mut used = 0;
    for part in text.graphemes(true).map(escape) {
        used += excerpt::units(&part);
        if used >= max {
            break;
        }
        kept.push_str(&part);
    }
    kept.push(excerpt::CUT);
    kept
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The link as a message may carry it: http or https, percent-encoded, to a host without credentials in
/// front. Anything else is no link.
pub fn link(link: &str) -> Option<String> {
    let url = Url::parse(link.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let plain = url.username().is_empty() && url.password().is_none();
    let link = url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E");
    (web && plain && excerpt::units(&link) <= LINK).then_some(link)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_characters_are_escaped_once() {
        assert_eq!(
            escaped("<!channel> & <https://evil|Open>", 99),
            "&lt;!channel&gt; &amp; &lt;https://evil|Open&gt;"
        );
        assert_eq!(escaped("&amp;", 99), "&amp;amp;");
    }

    #[test]
    fn an_escape_is_never_cut_in_half() {
        assert_eq!(escaped("a&&&", 8), "a&amp;…");
        assert_eq!(escaped("a&&&", 16), "a&amp;&amp;&amp;");
    }

    #[test]
    fn a_link_cannot_leave_its_place() {
        assert_eq!(
            link("https://app.example.com/deal/7?q=a b|c<d>"),
            Some("https://app.example.com/deal/7?q=a%20b%7Cc%3Cd%3E".to_owned())
        );
    }

    #[test]
    fn only_web_links_are_links() {
        for refused in [
            "javascript:alert(1)",
            "data:text/html,x",
            "/deal/7",
            "",
            "https://",
            "https://app.hubspot.com@evil.example/deal",
            "slack://channel?id=C1",
        ] {
            assert_eq!(link(refused), None, "{refused}");
        }
        assert_eq!(link(&format!("https://example.com/{}", "x".repeat(3_000))), None);
    }

    proptest! {
        #[test]
        fn escaped_text_fits_and_holds_no_control_sequence(text in "[a-c&<>|!@…😀 ]{0,60}", max in 1usize..80) {
            let escaped = escaped(&text, max);
            prop_assert!(excerpt::units(&escaped) <= max);
            prop_assert!(!escaped.contains(['<', '>']));
            let unescaped = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            prop_assert!(text.starts_with(unescaped.trim_end_matches(excerpt::CUT)));
        }

        #[test]
        fn a_link_holds_nothing_that_ends_it(text in "https?://[a-z.]{1,10}/\\PC{0,40}") {
            if let Some(link) = link(&text) {
                prop_assert!(!link.contains(['<', '>', '|', ' ', '"']));
            }
        }
    }
}
