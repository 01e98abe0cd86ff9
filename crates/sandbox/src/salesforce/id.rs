//! Record ids: 15 characters whose case counts, or 18 with a checksum of that case. Written apart from the
//! product's: the two must agree.
//!
//! <https://help.salesforce.com/apex/HTViewSolution?id=000220469>

const ALPHABET: [char; 32] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U',
    'V', 'W', 'X', 'Y', 'Z', '0', '1', '2', '3', '4', '5',
];

/// The 18-character form. `None` if the text is no id, or its checksum is wrong.
pub fn full(text: &str) -> Option<String> {
    let short = text.get(..15).filter(|short| short.chars().all(|char| char.is_ascii_alphanumeric()))?;
    let full = with_checksum(short);
    (text == short || text == full).then_some(full)
}

/// The id of the `number`th record with a prefix such as `00T`.
pub(super) fn numbered(prefix: &str, number: u64) -> String {
    with_checksum(&format!("{prefix}Sb{number:010}"))
}

fn with_checksum(short: &str) -> String {
    let letters: Vec<char> = short.chars().collect();
    let mut full = short.to_owned();
    for chunk in letters.chunks(5) {
        let upper =
            chunk.iter().rev().fold(0, |bits, char| bits * 2 + usize::from(char.is_ascii_uppercase()));
        full.extend(ALPHABET.get(upper));
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_known_ids_comes_out() {
        for known in ["0067F000003pmdWQAQ", "00D7F00000107XsUAI", "aBcDEfgHIJKLMNO025", "a0FE000000D6r3FMAR"]
        {
            assert_eq!(full(&known[..15]).as_deref(), Some(known));
            assert_eq!(full(known).as_deref(), Some(known));
        }
        assert_eq!(full(&numbered("00T", 7)), Some(numbered("00T", 7)));
    }

    #[test]
    fn a_wrong_checksum_or_length_is_no_id() {
        for text in
            ["0067F000003pmdWQAR", "0067f000003pmdWQAQ", "0067F000003pmdWQA", "0067F000003pmd'", "", "006"]
        {
            assert_eq!(full(text), None, "{text}");
        }
    }
}
