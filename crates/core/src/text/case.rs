//! Comparing words whatever their capitals.

/// Whether two texts are the same, whatever their capitals.
pub fn is_same(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        one.to_lowercase() == other.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_make_no_difference() {
        for (one, other) in
            [("Sponsor", "sPONSOR"), ("ÉCOLE", "école"), ("\u{212a}elvin", "kelvin"), ("", "")]
        {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for (one, other) in [("sponsor", "sponsors"), ("école", "ecole"), ("a", "")] {
            assert!(!is_same(one, other) && !is_same(other, one), "{one} {other}");
        }
    }
}
