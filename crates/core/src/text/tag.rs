//! Finds one HTML tag, and tells it from a less-than sign.

/// How far quotes inside a tag are honoured; beyond that the next `>` ends it. Keeps hostile text linear.
const LONGEST_QUOTED_TAG: usize = 2048;

/// One tag at the start of a text.
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    pub(crate) closing: bool,
    attributes: &'a str,
    /// Bytes from `<` to `>`.
    pub(crate) len: usize,
}

impl<'a> Tag<'a> {
    /// The tag that `text` starts with; `None` if its `<` is a less-than sign or an address in brackets.
    pub(crate) fn at(text: &'a str) -> Option<Self> {
        let inner = text.strip_prefix('<')?;
        let (closing, inner) = match inner.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, inner),
        };
        let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == ':' || letter == '-';
        let (name, after) = inner.split_at(inner.find(|letter| !in_name(letter)).unwrap_or(inner.len()));
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.ends_with(':');
        let ends_name = |next: char| next.is_ascii_whitespace() || next == '/' || next == '>';
        if !starts_well || !after.starts_with(ends_name) {
            return None;
        }
        let end = tag_end(after)?;
        let len = text.len() - after.len() + end + 1;
        Some(Self { name, closing, attributes: after.get(..end).unwrap_or_default(), len })
    }

    /// Nothing but attributes with values: `<p and q>` is prose.
    pub(crate) fn is_well_formed(&self) -> bool {
        let attributes = self.attributes.trim().trim_end_matches('/');
        attributes.is_empty() || attributes.contains('=')
    }

    /// The value of an attribute, still encoded.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<&'a str> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/' || c == '=');
            if rest.is_empty() {
                return None;
            }
            let ends_name = |c: char| c.is_ascii_whitespace() || c == '=' || c == '/';
            let (name, after) = rest.split_at(rest.find(ends_name).unwrap_or(rest.len()));
            let Some(value) = after.trim_start().strip_prefix('=') else {
                rest = after;
                continue;
            };
            let value = value.trim_start();
            let (value, after) = match value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
                Some(quote) => {
                    let quoted = value.strip_prefix(quote).unwrap_or_default();
                    quoted.split_once(quote).unwrap_or((quoted, ""))
                }
                None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(value);
            }
            rest = after;
        }
    }
}

/// Where the `>` of a tag is, past quoted attributes. A `<` outside quotes means that this was no tag.
fn tag_end(after_name: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in after_name.bytes().enumerate().take(LONGEST_QUOTED_TAG) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    after_name.find('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_outside_its_quotes() {
        for (text, name, len) in [
            ("<p>x", "p", 3),
            ("</P >x", "P", 5),
            ("<br/>", "br", 5),
            ("<p title=\"a > b\">x", "p", 17),
            ("<p title='\">'>x", "p", 14),
            ("<p title=\"never closed>x", "p", 23),
            ("<o:p>", "o:p", 5),
        ] {
            let tag = Tag::at(text).unwrap();
            assert_eq!((tag.name, tag.len), (name, len), "{text}");
        }
    }

    #[test]
    fn a_less_than_sign_is_no_tag() {
        for text in
            ["<", "<3", "< p>", "<p", "<p <b>", "<a@b.example>", "<https://a.example>", "<é>", "</>", "p>"]
        {
            assert!(Tag::at(text).is_none(), "{text}");
        }
    }

    #[test]
    fn attributes_are_found_however_they_are_written() {
        for text in [
            "<a href=x>",
            "<a HREF = 'x' class=y>",
            "<a data-href=z disabled href=\"x\">",
            "<a title=\"href=z\" href=x >",
        ] {
            assert_eq!(Tag::at(text).and_then(|tag| tag.attribute("href")), Some("x"), "{text}");
        }
        assert_eq!(Tag::at("<a hrefs=x =>").and_then(|tag| tag.attribute("href")), None);
    }
}
