//! Comparing words without case.

/// Whether two texts are the same but for capitals.
pub fn is_same(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        one.to_lowercase() == other.to_lowercase()
    }
}

/// A text as it is searched for: in small letters, and those alike that capitals do not tell apart. `İ` has a dot of its
/// own in small letters, `I` may be that of `ı`, and a sigma at the end of a word is another one.
pub fn fold(text: &str) -> String {
    let letters = text.to_lowercase();
    if letters.is_ascii() {
        return letters;
    }
    let alike = letters.chars().filter(|letter| *letter != '\u{307}').map(|letter| match letter {
        'ı' => 'i',
        'ς' => 'σ',
        letter => letter,
    });
    alike.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_found_in_capitals_and_small_letters() {
        for (name, wanted) in [
            ("İstanbul Sağlık", "istanbul sağlık"),
            ("İstanbul Sağlık", "İSTANBUL SAĞLIK"),
            ("ISPARTA", "ısparta"),
            ("Οδός", "ΟΔΌΣ"),
            ("Żółć", "ŻÓŁĆ"),
        ] {
            assert_eq!(fold(name), fold(wanted));
        }
        assert_ne!(fold("école"), fold("ecole"));
    }

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
