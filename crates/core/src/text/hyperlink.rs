//! Targets of links, written as a person would type them.

/// Longer targets lose their query, and are left out if that is not enough: nobody reads them.
const LONGEST_TARGET: usize = 200;

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
    fn a_label_that_is_the_target_says_it_once() {
        assert!(same_place("acme.example", "https://Acme.example/"));
        assert!(!same_place("the plan", "https://acme.example/plan"));
    }
}
