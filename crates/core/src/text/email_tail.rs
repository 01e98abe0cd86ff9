//! E-mail pasted into a field: a quoted mail and the line of a phone say nothing about the deal and are left out.
//!
//! Only what is certain is left out, and never the first line: a lost sentence is worse than a kept signature. Text
//! below a divider, a signature or a header without quoted lines may be an answer.

use super::tokens::{Vocabulary, Words};

const WORDS: &str = include_str!("vocabulary.toml");

static DEVICE_STARTS: Vocabulary = Vocabulary::new(WORDS, "device_starts");
static DEVICES: Vocabulary = Vocabulary::new(WORDS, "devices");

/// Splits tidy lines into the text and what is left out of it: reply headers with the quoted lines below them, and
/// the line of a device at the end.
pub fn split(text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let mut rest = lines.as_slice();
    while let Some(line) = rest.first() {
        let count = if kept.is_empty() { None } else { quoted_mail(rest) };
        let (these, others) = rest.split_at(count.unwrap_or(1));
        if count.is_some() {
            left_out.extend(these);
        } else {
            kept.push(*line);
        }
        rest = others;
    }
    kept.truncate(kept.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1));
    if kept.len() > 1 && kept.last().is_some_and(|line| is_device_line(line)) {
        left_out.extend(kept.pop());
    }
    (kept.join("\n").trim_end().to_owned(), left_out.join("\n").trim_end().to_owned())
}

/// How many lines a reply header and the quoted lines below it take; `None` without quoted lines.
fn quoted_mail(rest: &[&str]) -> Option<usize> {
    let header = reply_header(rest)?;
    let below = rest.get(header..)?;
    let quoted = below.iter().take_while(|line| line.is_empty() || line.starts_with('>'));
    let count = header + quoted.count();
    below.iter().take(count - header).any(|line| line.starts_with('>')).then_some(count)
}

/// `Sent from my iPhone`: how such lines begin, and then nothing but words for devices.
fn is_device_line(line: &str) -> bool {
    let words = Words::of(line);
    DEVICE_STARTS.match_at(&words, 0).is_some_and(|start| {
        start < words.len() && (start..words.len()).all(|at| DEVICES.lists(words.at(at)))
    })
}

/// How many lines `On 12 Nov 2026 at 10:00, Sarah Lind wrote:` takes, in its six languages.
fn reply_header(rest: &[&str]) -> Option<usize> {
    const SHAPES: [(&str, &str); 6] = [
        ("on ", " wrote"),
        ("am ", " schrieb"),
        ("le ", " a écrit"),
        ("el ", " escribió"),
        ("em ", " escreveu"),
        ("op ", " schreef"),
    ];
    (1..=2).find(|count| {
        let Some(lines) = rest.get(..*count) else { return false };
        let line = lines.join(" ").to_lowercase();
        line.ends_with(':')
            && line.contains(|letter: char| letter.is_ascii_digit())
            && line.chars().count() <= 200
            && SHAPES.iter().any(|(start, verb)| line.starts_with(start) && line.contains(verb))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "They need one forecast.";

    #[test]
    fn quoted_mail_and_the_line_of_a_device_are_left_out() {
        for tail in [
            "On Thu, 12 Nov 2026 at 10:00, Sarah Lind <sarah@acme.example> wrote:\n> long story",
            "On Thu, 12 Nov 2026 at 10:00, Sarah Lind\n<sarah@acme.example> wrote:\n\n> long\n>\n> story",
            "Am 12.11.2026 um 10:00 schrieb Sarah Lind:\n> long story",
            "Le 12 nov. 2026 à 10:00, Sarah a écrit :\n> long story",
            "El 12 nov 2026, Sarah escribió:\n> long story",
            "Em 12 de nov. de 2026, Sarah escreveu:\n> long story",
            "Op 12 nov. 2026 om 10:00 schreef Sarah:\n> long story",
            "Sent from my iPhone",
            "Sent from my Samsung Galaxy smartphone.",
            "Get Outlook for iOS",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPad",
            "Enviado desde mi móvil",
            "Enviado do meu telemóvel",
            "Verzonden vanaf mijn Android-telefoon",
            "Sent from my iPhone\n\nOn 12 Nov 2026, Sarah wrote:\n> long story",
        ] {
            let (kept, left_out) = split(&format!("{ANSWER}\n\n{tail}"));
            assert_eq!(kept, ANSWER, "{tail}");
            let written = |text: &str| text.lines().filter(|line| !line.is_empty()).count();
            assert_eq!(written(&left_out), written(tail), "{left_out}");
        }
    }

    #[test]
    fn an_answer_below_the_quote_is_kept() {
        let text = "Asked her.\nOn 12 Nov 2026, Sarah wrote:\n> one\n> two\n\nShe agreed.";
        assert_eq!(split(text).0, "Asked her.\nShe agreed.");
    }

    #[test]
    fn what_may_be_an_answer_is_kept() {
        for text in [
            "",
            "--",
            "Sent from my iPhone",
            "SSO before 1 March\n--\nTwo free seats until June",
            "SSO before 1 March\n-- \nTwo free seats until June",
            "SSO before 1 March\n---------- Forwarded message ---------\nTwo free seats",
            "SSO before 1 March\n-----Original Message-----\nFrom: Sarah\nTwo free seats",
            "SSO before 1 March\nSent from my iPhone\nTwo free seats",
            "SSO before 1 March\nSent from my mobile notes",
            "SSO before 1 March\nSent from my mobile notes\nTwo free seats",
            "SSO before 1 March\nVon meinem Standpunkt aus gut",
            "SSO before 1 March\nBest regards\nTwo free seats",
            "SSO before 1 March\nMit freundlichen Grüßen\nTom Weber\nZwei Plätze frei",
            "SSO before 1 March\nFrom: Sarah Lind\nSent: Thursday\nTo: Tom Weber\nTwo free seats",
            "SSO before 1 March\nOn 12 Nov 2026 at 10:00, Sarah Lind wrote:\nTwo free seats",
            "SSO before 1 March\nOn 12 Nov they wrote: two free seats",
            "> A quote in Markdown is content\nand so is this",
            "Pros:\n---\nCons:",
            "On 12 Nov 2026, Sarah wrote:\n> all there is",
        ] {
            assert_eq!(split(text), (text.to_owned(), String::new()));
        }
    }
}
