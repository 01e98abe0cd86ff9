//! How amounts are written, in the locale of who reads them.

use crate::text::decimal::digits;
use crate::text::locale::Locale;

/// An amount with its currency: `54,000 EUR`, `1,234.50 USD`. `amount` is decimal text; anything else is
/// shown as it is. Works on digits, so no amount is too long or loses a cent.
pub fn money(amount: &str, currency: Option<&str>) -> String {
    let number = digits(amount).map_or_else(|| amount.trim().to_owned(), |digits| grouped(&digits));
    match currency.map(str::trim).filter(|currency| !currency.is_empty()) {
        Some(currency) => format!("{number} {currency}"),
        None => number,
    }
}

/// Groups of three, and either no fraction or one of two digits or more.
fn grouped(amount: &str) -> String {
    let (thousands, decimal) = Locale::current().language.separators();
    let (sign, unsigned) = match amount.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", amount.strip_prefix('+').unwrap_or(amount)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    if whole.is_empty() {
        text.push('0');
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push(decimal);
        text.push_str(fraction);
        if fraction.len() == 1 {
            text.push('0');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_cents() {
        for (amount, currency, expected) in [
            ("54000", Some("EUR"), "54,000 EUR"),
            ("1234.5", Some("USD"), "1,234.50 USD"),
            ("1234.50", Some("USD"), "1,234.50 USD"),
            ("54000.00", Some("EUR"), "54,000 EUR"),
            ("999", None, "999"),
            ("1000", None, "1,000"),
            ("100000", None, "100,000"),
            ("-1234567.891", Some("JPY"), "-1,234,567.891 JPY"),
            ("0", Some("EUR"), "0 EUR"),
            ("0.00", Some("EUR"), "0 EUR"),
            ("0.5", Some("EUR"), "0.50 EUR"),
            ("1.2E7", Some("EUR"), "12,000,000 EUR"),
            ("007", Some(" "), "7"),
            ("12345678901234567890123456789012345", None, "12,345,678,901,234,567,890,123,456,789,012,345"),
        ] {
            assert_eq!(money(amount, currency), expected, "{amount}");
        }
    }

    #[test]
    fn an_amount_that_is_no_number_is_shown_as_it_is() {
        assert_eq!(money("about 50k", Some("EUR")), "about 50k EUR");
        assert_eq!(money("1e3", None), "1e3");
    }
}
