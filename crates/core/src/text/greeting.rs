//! The line that opens a pasted mail: `Hi Tom,`. It says nothing about the deal, and stays out of what people read.

use super::tokens::{Vocabulary, Words};

/// Words of the longest greeting: `Sehr geehrte Frau Dr. Marie Weber,`.
const LONGEST: usize = 7;

static GREETINGS: Vocabulary = Vocabulary::new(include_str!("vocabulary.toml"), "greetings");

/// Whether a line greets and does nothing else.
pub fn is_greeting(line: &str) -> bool {
    let line = line.trim_end();
    let words = line.ends_with([',', '!', ':']).then(|| Words::of(line));
    words.is_some_and(|words| words.len() <= LONGEST && GREETINGS.match_at(&words, 0).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_only_greets_is_told_from_one_that_says_something() {
        for line in [
            "Hi Tom,",
            "Hello all!",
            "Dear Ms Castellan,",
            "Good morning Tom and Iris,",
            "Hallo Tom,",
            "Sehr geehrte Frau Dr. Marie Weber,",
            "Liebe Iris,",
            "Bonjour Madame Lefèvre,",
            "Buenos días, Kai:",
            "Estimada Ana:",
            "Olá Bruna,",
            "Prezados,",
            "Beste Joost,",
            "Geachte mevrouw Bos,",
        ] {
            assert!(is_greeting(line), "{line}");
        }
        for line in [
            "Hi-fi stores want one price list",
            "Dear customers of theirs complain about the old portal every single week,",
            "Hello world demo for the board",
            "Beste Lösung im Vergleich",
            "Chère à exploiter, l'ancienne solution",
            "Tom,",
            "SSO before 1 March,",
            "",
        ] {
            assert!(!is_greeting(line), "{line}");
        }
    }
}
