//! Decimal numbers as CRMs write them. Never through floats.

use std::borrow::Cow;

use rust_decimal::Decimal;

/// The largest power of ten of a double: what no CRM exceeds.
const MOST_EXPONENT: usize = 308;

/// Reads a number as [`digits`] does.
pub fn decimal(text: &str) -> Option<Decimal> {
    digits(text)?.parse().ok()
}

/// The digits of `54000`, `54000.00` or `-3.5`; `1.2E7` and `1e+21`, as Salesforce, Java and JavaScript write large
/// numbers, multiplied out. Anything else is not a number: grouping, currency signs and `1e3` are a person's writing,
/// and guessing at them is how 54.000 becomes 54.
pub fn digits(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if is_decimal(text) {
        return Some(Cow::Borrowed(text));
    }
    let by_program = |(_, exponent): &(&str, &str)| exponent.starts_with(['+', '-']);
    let (mantissa, exponent) = text.split_once('E').or_else(|| text.split_once('e').filter(by_program))?;
    multiplied_out(mantissa, exponent).map(Cow::Owned)
}

/// A number of JSON, where every exponent is a program's, without it; other JSON as it is.
pub fn json_number(raw: &str) -> String {
    let plain =
        raw.split_once(['e', 'E']).and_then(|(mantissa, exponent)| multiplied_out(mantissa, exponent));
    plain.unwrap_or_else(|| raw.to_owned())
}

fn multiplied_out(mantissa: &str, exponent: &str) -> Option<String> {
    let (sign, unsigned) = mantissa.split_at(usize::from(mantissa.starts_with(['-', '+'])));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let power: usize =
        exponent.trim_start_matches(['-', '+']).parse().ok().filter(|power| *power <= MOST_EXPONENT)?;
    if !is_decimal(mantissa) || !is_decimal(exponent) {
        return None;
    }
    let zeros = "0".repeat(power);
    let (whole, fraction) = if exponent.starts_with('-') {
        let all = format!("{zeros}{whole}");
        let (whole, moved) = all.split_at(all.len() - power);
        (whole.to_owned(), format!("{moved}{fraction}"))
    } else {
        let all = format!("{fraction}{zeros}");
        let (moved, fraction) = all.split_at(power);
        (format!("{whole}{moved}"), fraction.trim_end_matches('0').to_owned())
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// True for digits with at most one point between them and at most one sign before them.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The [`digits`] of a number without a fraction that says nothing: `54000.00` is `54000`, `54000.50` stays. Other
/// text as it is.
pub fn trimmed(text: &str) -> Cow<'_, str> {
    let Some(digits) = digits(text) else { return Cow::Borrowed(text.trim()) };
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => Cow::Owned(whole.to_owned()),
        _ => digits,
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
    fn an_exponent_is_multiplied_out_exactly() {
        for (text, expected) in [
            ("1.2E7", "12000000"),
            ("1.23456789E8", "123456789"),
            ("1.234567891E8", "123456789.1"),
            ("-1.5E+7", "-15000000"),
            ("5.0E-4", "0.00050"),
            ("1e+21", "1000000000000000000000"),
            ("1.5e-7", "0.00000015"),
            ("9.007199254740993E15", "9007199254740993"),
            ("0.0E0", "0"),
            ("12.5E1", "125"),
            (" 1.0E7 ", "10000000"),
        ] {
            assert_eq!(digits(text).as_deref(), Some(expected), "{text}");
        }
        for (raw, expected) in [
            ("1.2e7", "12000000"),
            ("1e5", "100000"),
            ("true", "true"),
            ("false", "false"),
            ("54000.0", "54000.0"),
        ] {
            assert_eq!(json_number(raw), expected);
        }
        assert_eq!(trimmed("1.0E7"), "10000000");
    }

    #[test]
    fn an_exponent_that_no_double_has_is_left_alone() {
        for text in
            ["1E309", "1E99999999999999999999", "1E", "E7", "1.E7", "1E1.5", "1E--7", "1E7E7", "12E5x"]
        {
            assert_eq!(digits(text), None, "{text}");
            assert_eq!(json_number(text), text);
        }
        assert_eq!(digits("1E308").map(|digits| digits.len()), Some(309));
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
