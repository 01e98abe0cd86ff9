//! Decimal numbers as CRMs write them. Never through floats.

use rust_decimal::Decimal;

/// Reads `54000`, `54000.00` or `-3.5`. Anything else is not a number: exponents, grouping and currency
/// signs are a person's writing, and guessing at them is how 54.000 becomes 54.
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    is_decimal(text).then(|| text.parse().ok()).flatten()
}

/// True for digits with at most one point between them and at most one sign before them.
pub fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A number without a fraction that says nothing: `54000.00` is `54000`, `54000.50` stays.
pub fn trimmed(text: &str) -> &str {
    let text = text.trim();
    match text.split_once('.') {
        Some((whole, fraction)) if is_decimal(text) && fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_a_crm_writes_them_are_read_exactly() {
        for (text, expected) in [
            ("54000", "54000"),
            (" 54000.00 ", "54000.00"),
            ("-3.5", "-3.5"),
            ("+7", "7"),
            ("0.1", "0.1"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(decimal(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
        let long = decimal("0.200000000000000011102230246251565404236316680908203125");
        assert!(long.is_some_and(|number| number > Decimal::ZERO), "a long fraction is rounded, not refused");
    }

    #[test]
    fn anything_else_is_not_a_number() {
        let huge = "9".repeat(60);
        for text in [
            "",
            " ",
            ".",
            "1.",
            ".5",
            "1e3",
            "54,000",
            "54.000,00",
            "1_000",
            "€54000",
            "54k",
            "--1",
            "0x1f",
            "٣",
            &huge,
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_fraction_of_zeros_is_trimmed() {
        for (text, expected) in [
            ("54000.00", "54000"),
            ("54000.0", "54000"),
            ("54000", "54000"),
            ("54000.50", "54000.50"),
            ("1.0.0", "1.0.0"),
            ("about 5.0", "about 5.0"),
        ] {
            assert_eq!(trimmed(text), expected);
        }
    }
}
