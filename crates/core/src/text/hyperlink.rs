//! Targets of links, written as a person would type them.

/// Longer targets lose their query, and are left out if that is not enough: nobody reads them.
const LONGEST_TARGET: usize = 200;

/// Longest address of a page.
const LONGEST_ADDRESS: usize = 2_000;

/// Why a text is not the address of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAddress {
    /// It does not begin with `http://` or `https://` and a host, or holds more than an address.
    NotWeb,
    /// A user name or password stands before the host, where it looks like another host.
    Credentials,
    TooLong,
}

/// The address of a page, as mark-up and messages may carry it: http or https to a host. Whatever could end it there, or
/// change the direction of reading, is percent-encoded.
pub fn web_address(text: &str) -> Result<String, NoAddress> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").ok_or(NoAddress::NotWeb)?;
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let breaks = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\\';
    if !is_web || rest.contains(breaks) {
        return Err(NoAddress::NotWeb);
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(NoAddress::Credentials);
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let of_host = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if !host.starts_with(char::is_alphanumeric) || !host.chars().all(of_host) || port.parse::<u16>().is_err()
    {
        return Err(NoAddress::NotWeb);
    }
    let mut address = format!("{}://{authority}", scheme.to_ascii_lowercase());
    for letter in path.chars() {
        if letter.is_ascii() && !"\"'<>`|{}^".contains(letter) {
            address.push(letter);
        } else {
            address.extend(letter.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    if address.len() > LONGEST_ADDRESS { Err(NoAddress::TooLong) } else { Ok(address) }
}

/// A link's target as a person would type it; `None` for scripts, anchors and other places nobody can go.
pub(crate) fn readable_target(href: &str) -> Option<String> {
    let href = htmlize::unescape_attribute(href.trim());
    if href.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    let scheme = |name: &str| href.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if scheme("mailto:") {
        let address = href.get("mailto:".len()..).and_then(|rest| rest.split('?').next());
        return address.filter(|address| !address.is_empty()).map(ToOwned::to_owned);
    }
    if !scheme("http://") && !scheme("https://") {
        return None;
    }
    let short = if href.len() > LONGEST_TARGET { href.split(['?', '#']).next() } else { Some(&*href) };
    short.filter(|target| target.len() <= LONGEST_TARGET).map(ToOwned::to_owned)
}

/// True if a label says no more than the target itself.
pub(crate) fn same_place(label: &str, target: &str) -> bool {
    let bare = |address: &str| {
        let address = address.to_lowercase();
        let rest = address.trim_start_matches("https://").trim_start_matches("http://");
        rest.trim_end_matches('/').to_owned()
    };
    bare(label) == bare(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_a_person_can_go_are_targets() {
        for (href, target) in [
            (" https://a.example/?b=1&amp;c=2 ", Some("https://a.example/?b=1&c=2")),
            ("HTTP://a.example", Some("HTTP://a.example")),
            ("mailto:sarah@acme.example?subject=x", Some("sarah@acme.example")),
            ("mailto:", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("/relative", None),
            ("#top", None),
            ("https://a.example/with space", None),
            ("https://a.example/&#10;x", None),
            ("é", None),
        ] {
            assert_eq!(readable_target(href).as_deref(), target, "{href}");
        }
    }

    #[test]
    fn only_the_address_of_a_page_becomes_a_link() {
        for (text, address) in [
            (" https://a.example/x?b=1&c=2#d ", "https://a.example/x?b=1&c=2#d"),
            ("HTTPS://a.example", "https://a.example"),
            ("http://a.example:8080/", "http://a.example:8080/"),
            ("https://müller.example/Verträge/a|b", "https://müller.example/Vertr%C3%A4ge/a%7Cb"),
            ("https://a.example/\"><script>'", "https://a.example/%22%3E%3Cscript%3E%27"),
            ("https://a.example/\u{202e}fdp", "https://a.example/%E2%80%AEfdp"),
            ("https://a.example/me@b.example", "https://a.example/me@b.example"),
        ] {
            assert_eq!(web_address(text).as_deref(), Ok(address), "{text}");
        }
        for (text, why) in [
            ("", NoAddress::NotWeb),
            ("a.example/form", NoAddress::NotWeb),
            ("see https://a.example", NoAddress::NotWeb),
            ("https://a.example, https://b.example", NoAddress::NotWeb),
            ("javascript:alert(1)//http://a.example", NoAddress::NotWeb),
            ("javascript://a.example/%0Aalert(1)", NoAddress::NotWeb),
            ("https://", NoAddress::NotWeb),
            ("https:///form", NoAddress::NotWeb),
            ("https://a.example:form/", NoAddress::NotWeb),
            ("https://evil.example\\@a.example", NoAddress::NotWeb),
            ("https://<script>", NoAddress::NotWeb),
            ("https://a.example@evil.example/", NoAddress::Credentials),
            ("https://a:b@evil.example/", NoAddress::Credentials),
        ] {
            assert_eq!(web_address(text), Err(why), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(2_000));
        assert_eq!(web_address(&long), Err(NoAddress::TooLong));
    }

    #[test]
    fn a_label_that_is_the_target_says_it_once() {
        assert!(same_place("acme.example", "https://Acme.example/"));
        assert!(!same_place("the plan", "https://acme.example/plan"));
    }
}
