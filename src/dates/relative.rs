//! Days that a text counts from the close: "within 21 days", "by day 30".

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::stored::business_days_after;

/// Reads "within 21 days" or "by day 30" in a text, counted from `start`. English, German, French, Spanish,
/// Portuguese and Dutch. Between 5 days and a year: a shorter span is how fast something works ("tickets
/// answered within 2 days"), not when it happens first.
pub fn day(text: &str, start: Date) -> Option<Date> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    (0..words.len()).find_map(|at| {
        let end = span_at(words.get(at..).unwrap_or_default())?.after(start)?;
        let days = start.until(end).ok()?.get_days();
        (5..=366).contains(&days).then_some(end)
    })
}

enum Spread {
    Calendar(Span),
    Business(u16),
}

impl Spread {
    fn after(&self, start: Date) -> Option<Date> {
        match self {
            Self::Calendar(span) => start.checked_add(*span).ok(),
            Self::Business(days) => Some(business_days_after(start, *days)),
        }
    }
}

/// A span that begins with the first of `words`.
fn span_at(words: &[&str]) -> Option<Spread> {
    let (first, after) = words.split_first()?;
    if let ("by" | "bis", Some((day, [number, ..]))) = (*first, after.split_first()) {
        let day = matches!(*day, "day" | "tag").then_some(*number);
        if let Some(days) = day.and_then(count) {
            return Some(Spread::Calendar(i64::from(days).days()));
        }
    }
    let fillers = after.iter().take(3).take_while(|word| is_filler(word)).count();
    let filling = after.get(..fillers)?;
    let opens = match *first {
        "within" | "innerhalb" | "binnen" | "sous" | "dentro" => true,
        // Only "in the first 30 days": "in 2 weeks" may be how long something takes.
        "in" | "during" | "dans" | "durante" | "en" | "nos" => filling.iter().any(|word| is_first(word)),
        _ => false,
    };
    let (number, unit) = after.get(fillers..)?.split_first().filter(|_| opens)?;
    let count = count(number)?;
    match unit {
        ["business" | "working", unit, ..] if is_days(unit) => Some(Spread::Business(count)),
        ["werktagen" | "werktage" | "arbeitstagen" | "werkdagen", ..] => Some(Spread::Business(count)),
        ["calendar", unit, ..] | [unit, ..] => calendar(count, unit),
        [] => None,
    }
}

fn calendar(count: u16, unit: &str) -> Option<Spread> {
    let count = i64::from(count);
    let span =
        match unit {
            unit if is_days(unit) => count.days(),
            "week" | "weeks" | "woche" | "wochen" | "semaine" | "semaines" | "semana" | "semanas"
            | "weken" => count.weeks(),
            "month" | "months" | "monat" | "monaten" | "mois" | "mes" | "meses" | "mês" | "maand"
            | "maanden" => count.months(),
            _ => return None,
        };
    Some(Spread::Calendar(span))
}

fn is_days(unit: &str) -> bool {
    matches!(
        unit,
        "day"
            | "days"
            | "tag"
            | "tage"
            | "tagen"
            | "jour"
            | "jours"
            | "día"
            | "días"
            | "dia"
            | "dias"
            | "dag"
            | "dagen"
    )
}

fn is_first(word: &str) -> bool {
    matches!(
        word,
        "first"
            | "ersten"
            | "premiers"
            | "premières"
            | "primeros"
            | "primeras"
            | "primeiros"
            | "primeiras"
            | "eerste"
    )
}

fn is_filler(word: &str) -> bool {
    is_first(word)
        || matches!(
            word,
            "the"
                | "next"
                | "von"
                | "der"
                | "den"
                | "nächsten"
                | "de"
                | "les"
                | "los"
                | "las"
                | "os"
                | "as"
                | "prochains"
                | "próximos"
        )
}

fn count(word: &str) -> Option<u16> {
    let written = match word {
        "one" | "einer" | "einem" | "une" | "una" | "uma" | "een" => 1,
        "two" | "zwei" | "deux" | "dos" | "dois" | "duas" | "twee" => 2,
        "three" | "drei" | "trois" | "tres" | "três" | "drie" => 3,
        "four" | "vier" | "quatre" | "cuatro" | "quatro" => 4,
        "six" | "sechs" | "seis" | "zes" => 6,
        "eight" | "acht" | "huit" | "ocho" | "oito" => 8,
        "ten" | "zehn" | "dix" | "diez" | "dez" | "tien" => 10,
        "fourteen" | "vierzehn" | "quatorze" | "catorce" | "veertien" => 14,
        "thirty" | "dreißig" | "trente" | "treinta" | "trinta" | "dertig" => 30,
        digits => return digits.parse().ok().filter(|count| *count <= 366),
    };
    Some(written)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_relative_date_counts_from_the_close() {
        let close = date(2026, 11, 20);
        for (text, expected) in [
            ("VP Sales uses the dashboard in the weekly call within 21 days", date(2026, 12, 11)),
            ("Within the first 30 days: first report", date(2026, 12, 20)),
            ("in the first two weeks", date(2026, 12, 4)),
            ("live by day 30", date(2026, 12, 20)),
            ("within 10 business days", date(2026, 12, 4)),
            ("within one month", date(2026, 12, 20)),
            ("Erster Bericht innerhalb von 21 Tagen", date(2026, 12, 11)),
            ("in den ersten 30 Tagen", date(2026, 12, 20)),
            ("innerhalb von zwei Wochen", date(2026, 12, 4)),
            ("premier rapport sous 21 jours", date(2026, 12, 11)),
            ("dans les premiers 30 jours", date(2026, 12, 20)),
            ("dentro de 21 días", date(2026, 12, 11)),
            ("nos primeiros 30 dias", date(2026, 12, 20)),
            ("binnen drie weken", date(2026, 12, 11)),
        ] {
            assert_eq!(day(text, close), Some(expected), "{text}");
        }
    }

    #[test]
    fn how_fast_something_works_is_no_date() {
        for text in [
            "",
            "within",
            "within days",
            "tickets answered within 2 days",
            "cut reporting from 5 days to 1 in 2 weeks",
            "21 days",
            "within 9999 days",
            "within 99999999999 days",
            "within 24 hours",
            "by day",
            "by day two of training",
            "within 3 years",
        ] {
            assert_eq!(day(text, date(2026, 11, 20)), None, "{text}");
        }
        assert_eq!(day("within 30 days", Date::MAX), None);
    }
}
