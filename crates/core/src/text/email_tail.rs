//! E-mail pasted into a field: quoted answers and signatures say nothing about the deal and are cut.
//!
//! Only what is unmistakable is cut, and never the first line: a lost sentence is worse than a kept
//! signature.

use std::sync::LazyLock;

use super::tokens::phrases;

/// Longest signature, in lines and in characters a line.
const SIGNATURE: (usize, usize) = (6, 80);

const WORDS: &str = include_str!("vocabulary.toml");

static DIVIDERS: LazyLock<Vec<String>> = LazyLock::new(|| phrases(WORDS, "dividers"));
static SIGN_OFFS: LazyLock<Vec<String>> = LazyLock::new(|| phrases(WORDS, "sign_offs"));

/// The text without a recognisable quoted tail or signature. Expects tidy lines.
pub fn without_tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut at = 0;
    while let Some(&line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        if kept.iter().any(|line| !line.is_empty()) {
            if ends_the_message(rest) {
                break;
            }
            if let Some(signature) = signature(rest) {
                at += signature;
                continue;
            }
            if let Some(header) = reply_header(rest) {
                let quoted =
                    rest.iter().skip(header).take_while(|line| line.is_empty() || line.starts_with('>'));
                let quoted = quoted.count();
                let answer_follows = rest.iter().skip(header).any(|line| line.starts_with('>'));
                if !answer_follows {
                    break;
                }
                at += header + quoted;
                continue;
            }
        }
        kept.push(line);
        at += 1;
    }
    kept.join("\n").trim_end().to_owned()
}

fn ends_the_message(rest: &[&str]) -> bool {
    let Some(line) = rest.first() else { return false };
    *line == "--" || is_divider(line) || is_device_line(line) || is_header_block(rest)
}

fn is_divider(line: &str) -> bool {
    let words = line.trim_matches(|letter: char| letter == '-' || letter == '_' || letter == ' ');
    line.starts_with("--") && DIVIDERS.contains(&words.to_lowercase())
}

fn is_device_line(line: &str) -> bool {
    const STARTS: [&str; 7] = [
        "sent from my ",
        "get outlook for ",
        "von meinem ",
        "envoyé de mon ",
        "enviado desde mi ",
        "enviado do meu ",
        "verzonden vanaf mijn ",
    ];
    let line = line.to_lowercase();
    let short = line.split_whitespace().count() <= 6;
    short
        && STARTS.iter().any(|start| line.starts_with(start))
        && (!line.starts_with("von") || line.contains("gesendet"))
}

/// `From: … Sent: … To: …` as Outlook writes it above the mail that is answered.
fn is_header_block(rest: &[&str]) -> bool {
    const SENT: [&str; 9] =
        ["sent", "date", "gesendet", "datum", "envoyé", "enviado", "enviado el", "data", "verzonden"];
    let starts = |line: &str, names: &[&str]| {
        let name = line.split(':').next().filter(|name| name.len() < line.len());
        name.is_some_and(|name| names.contains(&name.trim().trim_matches('*').to_lowercase().as_str()))
    };
    let Some((first, after)) = rest.split_first() else { return false };
    let near = after.get(..after.len().min(4)).unwrap_or_default();
    starts(first, &["from", "von", "de", "van"])
        && near.iter().any(|line| starts(line, &SENT))
        && near.iter().any(|line| starts(line, &["to", "an", "à", "para", "aan"]))
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

/// How many lines a sign-off and the few short lines under it take, if nothing but a quoted tail follows.
fn signature(rest: &[&str]) -> Option<usize> {
    let (_, after) = rest.split_first().filter(|(line, _)| is_sign_off(line))?;
    let (most_lines, most_letters) = SIGNATURE;
    let mut written = 0;
    let mut lines = 1;
    for (at, line) in after.iter().enumerate() {
        let behind = after.get(at..).unwrap_or_default();
        if ends_the_message(behind) || reply_header(behind).is_some() {
            break;
        }
        written += usize::from(!line.is_empty());
        if written > most_lines || line.chars().count() > most_letters {
            return None;
        }
        lines += 1;
    }
    Some(lines)
}

fn is_sign_off(line: &str) -> bool {
    let words = line.trim_end_matches([',', '.', '!', ' ']).to_lowercase();
    SIGN_OFFS.contains(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recognisable_tail_is_cut() {
        for tail in [
            "--\nTom Weber\nAccount Executive",
            "Best regards\nPriya\n\nPriya Castellan | Finance Director\nHarbor & Finch Ltd\n\nOn 12 Nov 2026, Tom wrote:\n> thanks",
            "-----Original Message-----\nFrom: Sarah\nlong story",
            "-------- Ursprüngliche Nachricht --------\nlong story",
            "On Thu, 12 Nov 2026 at 10:00, Sarah Lind <sarah@acme.example> wrote:\nlong story",
            "On Thu, 12 Nov 2026 at 10:00, Sarah Lind\n<sarah@acme.example> wrote:\n> long story",
            "Am 12.11.2026 um 10:00 schrieb Sarah Lind:\nlong story",
            "Le 12 nov. 2026 à 10:00, Sarah a écrit :\nlong story",
            "El 12 nov 2026, Sarah escribió:\nlong story",
            "Em 12 de nov. de 2026, Sarah escreveu:\nlong story",
            "Op 12 nov. 2026 om 10:00 schreef Sarah:\nlong story",
            "From: Sarah Lind\nSent: Thursday, 12 November 2026\nTo: Tom Weber\nSubject: x\nlong story",
            "Von: Sarah Lind\nGesendet: Donnerstag\nAn: Tom Weber\nlong story",
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Best regards,\nTom",
            "Mit freundlichen Grüßen\nTom Weber\nAcme GmbH",
        ] {
            let text = format!("They need one forecast.\n\n{tail}");
            assert_eq!(without_tail(&text), "They need one forecast.", "{tail}");
        }
    }

    #[test]
    fn an_answer_below_the_quote_is_kept() {
        let text = "Asked her.\nOn 12 Nov 2026, Sarah wrote:\n> one\n> two\n\nShe agreed.";
        assert_eq!(without_tail(text), "Asked her.\nShe agreed.");
    }

    #[test]
    fn everything_else_is_left_alone() {
        let long_after = format!("They sent\nbest regards\n{}", "and then we talked at length ".repeat(5));
        for text in [
            "",
            "--",
            "> A quote in Markdown is content\nand so is this",
            "Pros:\n---\nCons:",
            "On 12 Nov 2026, Sarah wrote:\n> all there is",
            "From: Berlin to Paris\nand back",
            "Needs:\nFrom: sales\nTo: success",
            "On Monday they wrote: we want it",
            "Von meinem Standpunkt aus gut",
            "They want\nregards from the board to be in the report, every single week and in two languages at once, please",
            &long_after,
        ] {
            assert_eq!(without_tail(text), text.trim_end());
        }
    }
}
