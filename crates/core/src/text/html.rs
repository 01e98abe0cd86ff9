//! Rich text to plain text: lists become lines, links keep their target, nothing is ever markup again.
//!
//! CRM editors write simple HTML, and mail clients paste terrible HTML into it. Both are read the same way:
//! in one pass, without a tree, and a `<` that starts no tag is a less-than sign.

use std::collections::BTreeSet;

use super::hyperlink::{readable_target, same_place};
use super::tag::Tag;

const BULLET: &str = "• ";

/// True if plain text was clearly written as HTML: a line or paragraph tag, a picture, a comment, or a tag that is closed
/// again.
/// `a < b`, `<3`, `<sarah@acme.example>` and `if x <b and c> d` are not.
pub fn is_clearly_html(text: &str) -> bool {
    if text.split_once("<!--").is_some_and(|(_, comment)| comment.contains("-->")) {
        return true;
    }
    let mut opened = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or_default();
        let Some(tag) = Tag::at(rest) else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let name = tag.name.to_ascii_lowercase();
        if tag.closing {
            if opened.contains(&name) {
                return true;
            }
        } else if (breaks_lines(&name) || is_void(&name)) && tag.is_well_formed() {
            return true;
        } else {
            opened.insert(name);
        }
        rest = rest.get(tag.len..).unwrap_or_default();
    }
    false
}

/// The text of `html`, with a line for each block and list item. Spaces and invisible characters are left
/// for [`super::transform::clean`] to tidy.
pub fn to_text(html: &str) -> String {
    // A text area that somebody typed `<b>` into still means its line breaks.
    let keep_newlines = !has_line_tags(html);
    let mut page = Page { text: String::with_capacity(html.len()), keep_newlines, link: None };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        page.text(before);
        rest = if let Some(after) = skip_unseen(from) {
            after
        } else if let Some(tag) = Tag::at(from) {
            page.tag(&tag);
            from.get(tag.len..).unwrap_or_default()
        } else {
            page.text("<");
            from.get(1..).unwrap_or_default()
        };
    }
    page.text(rest);
    page.finish()
}

/// Decodes `&amp;`, `&nbsp;` and `&#8364;` in plain text. Only with the closing semicolon, so that
/// `?a=1&copy=2` stays a query.
pub fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        decoded.push_str(before);
        let name =
            from.bytes().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
        let entity = from.get(..name + 2).filter(|entity| name > 0 && entity.ends_with(';'));
        let (text, len) = entity.map_or(("&".into(), 1), |entity| (htmlize::unescape(entity), entity.len()));
        decoded.push_str(&text);
        rest = from.get(len..).unwrap_or_default();
    }
    decoded.push_str(rest);
    decoded
}

fn has_line_tags(html: &str) -> bool {
    html.match_indices('<').any(|(at, _)| {
        let tag = html.get(at..).and_then(Tag::at);
        tag.is_some_and(|tag| breaks_lines(&tag.name.to_ascii_lowercase()))
    })
}

fn breaks_lines(name: &str) -> bool {
    name == "br" || is_block(name)
}

/// Elements that are never closed; a picture is one, and holds no text.
fn is_void(name: &str) -> bool {
    const VOID: &str = "img input wbr area embed source track col base link meta";
    VOID.split(' ').any(|void| void == name)
}

fn is_block(name: &str) -> bool {
    const BLOCKS: &str = "p div ul ol li dl dt dd table tr hr pre blockquote h1 h2 h3 h4 h5 h6 section article header footer body";
    BLOCKS.split(' ').any(|block| block == name)
}

/// Skips what nobody sees: comments, declarations, and elements whose content is not text.
fn skip_unseen(from: &str) -> Option<&str> {
    if let Some(comment) = from.strip_prefix("<!--") {
        // Never closed: a browser shows nothing of the rest either.
        return Some(comment.split_once("-->").map_or("", |(_, after)| after));
    }
    if let Some(declaration) = from.strip_prefix("<!").or_else(|| from.strip_prefix("<?")) {
        let starts_a_name =
            declaration.starts_with(|first: char| first.is_ascii_alphabetic() || first == '[');
        return if starts_a_name { declaration.split_once('>').map(|(_, after)| after) } else { None };
    }
    let tag = Tag::at(from).filter(|tag| !tag.closing)?;
    let unseen = ["script", "style", "head", "template", "noscript"];
    let name = unseen.into_iter().find(|name| tag.name.eq_ignore_ascii_case(name))?;
    let inside = from.get(tag.len..).unwrap_or_default();
    let end = inside.match_indices("</").find_map(|(at, _)| {
        let closing = inside.get(at..).and_then(Tag::at)?;
        closing.name.eq_ignore_ascii_case(name).then_some(at + closing.len)
    });
    Some(end.and_then(|end| inside.get(end..)).unwrap_or_default())
}

/// The plain text so far.
struct Page {
    text: String,
    keep_newlines: bool,
    /// Target of the open link, and where its label begins.
    link: Option<(String, usize)>,
}

impl Page {
    fn text(&mut self, raw: &str) {
        for letter in htmlize::unescape(raw).chars() {
            match letter {
                '\n' if self.keep_newlines => self.break_line(),
                space if space.is_ascii_whitespace() => {
                    if !self.text.ends_with([' ', '\n']) && !self.text.is_empty() {
                        self.text.push(' ');
                    }
                }
                letter => self.text.push(letter),
            }
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        match (tag.name.to_ascii_lowercase().as_str(), tag.closing) {
            ("br", _) => self.break_line(),
            ("li", false) => {
                self.start_line();
                if !self.text.ends_with(BULLET) {
                    self.text.push_str(BULLET);
                }
            }
            ("td" | "th", false) if !self.text.is_empty() && !self.text.ends_with('\n') => {
                self.text.push_str(" | ");
            }
            ("a", closing) => {
                self.end_link();
                let target = tag.attribute("href").filter(|_| !closing).and_then(readable_target);
                self.link = target.map(|target| (target, self.text.len()));
            }
            (name, _) if is_block(name) => self.start_line(),
            _ => {}
        }
    }

    fn break_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    fn start_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') && !self.text.ends_with(BULLET) {
            self.break_line();
        }
    }

    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        // Line breaks may have eaten the space before the label.
        let Some(label) = self.text.get(start.min(self.text.len())..) else { return };
        let start = self.text.len() - label.len();
        let label = label.trim();
        let is_bare = label.is_empty() || same_place(label, &target);
        self.text.truncate(self.text.trim_end().len().max(start));
        if is_bare {
            self.text.truncate(start);
            self.text.push_str(&target);
        } else {
            self.text.extend([" (", target.as_str(), ")"]);
        }
    }

    fn finish(mut self) -> String {
        self.end_link();
        let bare_bullet = |line: &&str| line.trim() != BULLET.trim();
        self.text.lines().filter(bare_bullet).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_for_html_only_when_it_clearly_is() {
        for html in [
            "<p>Hello",
            "one<br>two",
            "one<BR/>two",
            "a <b>bold</b> word",
            "<div class=\"x\">y</div>",
            "<o:p></o:p>",
            "<a href='https://a.example'>x</a>",
            "<img src=\"https://a.example/shot.png\" width=\"400\">",
            "<IMG SRC=cid:image001.png@01DB>",
            "text, and <img alt='the goals' src='x'/>",
            "<img>",
            "<!-- why now -->",
            "<!--[if !supportLists]-->",
            "a<!-- b -->c",
            "<wbr>",
            "<input type=\"checkbox\">",
        ] {
            assert!(is_clearly_html(html), "{html}");
        }
        for plain in [
            "",
            "a < b and b > c",
            "we <3 it",
            "if x <b and c> d",
            "x <p and q> y",
            "<sarah@acme.example>",
            "see <https://acme.example/p>",
            "<TBD>",
            "</p>",
            "x << y >> z",
            "<p",
            "->",
            "<!channel> and <!here>",
            "<!-- never closed",
            "--> see above",
            "<img and more>",
            "<base camp>",
        ] {
            assert!(!is_clearly_html(plain), "{plain}");
        }
    }

    #[test]
    fn markup_becomes_lines() {
        for (html, text) in [
            ("<p>One</p><p>Two</p>", "One\nTwo"),
            ("One<br>Two<br/>Three", "One\nTwo\nThree"),
            ("<ul><li>One</li><li>Two</li></ul>", "• One\n• Two"),
            (
                "<p>Promised:</p><ul><li><p>One</p></li><li></li><li> Two</li></ul>After",
                "Promised:\n• One\n• Two\nAfter",
            ),
            ("<div><div>Deep</div></div>", "Deep"),
            ("<p>Split\n   over\tlines</p>", "Split over lines"),
            ("Line one\n<b>Line</b> two", "Line one\nLine two"),
            ("<table><tr><th>Who</th><td>Sarah</td></tr><tr><td>What</td></tr></table>", "Who | Sarah\nWhat"),
            ("<p>R&amp;D &lt;fast&gt; &euro;5 &#x1F389;</p>", "R&D <fast> €5 🎉"),
            ("<p>a < b, we <3 it</p>", "a < b, we <3 it"),
            ("<p>mail <sarah@acme.example></p>", "mail <sarah@acme.example>"),
            ("<p title=\"a > b\">x</p>", "x"),
            ("<ul><li></li></ul>", ""),
        ] {
            assert_eq!(to_text(html).trim(), text, "{html}");
        }
    }

    #[test]
    fn what_nobody_sees_is_dropped() {
        for (html, text) in [
            ("<script>alert('x < y')</script>Hi", "Hi"),
            ("<STYLE type=text/css>p{color:red}</StYlE>Hi", "Hi"),
            ("<script>never closed", ""),
            ("a<!-- never > closed", "a"),
            ("a<!-- secret > -->b", "ab"),
            ("<!--[if mso]><p>Outlook</p><![endif]-->b", "b"),
            ("<!DOCTYPE html><?xml version='1.0'?><head><title>t</title></head><body>x</body>", "x"),
            ("<img src=\"data:image/png;base64,AAAA\" onerror=\"alert(1)\">x", "x"),
        ] {
            assert_eq!(to_text(html).trim(), text, "{html}");
        }
    }

    #[test]
    fn links_keep_their_target() {
        for (html, text) in [
            (
                "see <a href=\"https://acme.example/plan\">the plan</a>.",
                "see the plan (https://acme.example/plan).",
            ),
            ("<a href='https://acme.example/'>acme.example</a>", "https://acme.example/"),
            ("<a href=https://acme.example>https://acme.example</a>", "https://acme.example"),
            ("<a class=x href=\"https://a.example/?b=1&amp;c=2\">x</a>", "x (https://a.example/?b=1&c=2)"),
            ("<a href=\"mailto:sarah@acme.example?subject=x\">Sarah</a>", "Sarah (sarah@acme.example)"),
            ("<a href=\"mailto:sarah@acme.example\">sarah@acme.example</a>", "sarah@acme.example"),
            ("<a href=\"https://a.example\"><img src=x></a>", "https://a.example"),
            ("<a href=\"javascript:alert(1)\">click</a>", "click"),
            ("<a href=\"#top\">top</a>", "top"),
            ("<a href=\"https://a.example\">never closed", "never closed (https://a.example)"),
            ("<a href=\"https://a.example/é\">Ü", "Ü (https://a.example/é)"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
        let tracked = format!("<a href=\"https://a.example/p?{}\">x</a>", "t".repeat(300));
        assert_eq!(to_text(&tracked), "x (https://a.example/p)");
    }

    #[test]
    fn entities_in_plain_text_need_their_semicolon() {
        for (raw, text) in [
            ("R&amp;D", "R&D"),
            ("AT&T &co; &", "AT&T &co; &"),
            ("?a=1&copy=2", "?a=1&copy=2"),
            ("&#8364;5&nbsp;m", "€5\u{a0}m"),
            ("&;&#;&é;", "&;&#;&é;"),
        ] {
            assert_eq!(decode_entities(raw), text);
        }
    }

    #[test]
    fn hostile_markup_is_read_in_one_pass_and_never_grows() {
        for unit in
            ["<a ", "<a \"'", "<a '\"'\"", "</", "<!--", "<!a", "<a href=\"", "&", "<script>", "< ", "<br x"]
        {
            let hostile = unit.repeat(5_000);
            assert!(to_text(&hostile).len() <= hostile.len(), "{unit}");
            assert!(!is_clearly_html(&hostile), "{unit}");
        }
    }
}
