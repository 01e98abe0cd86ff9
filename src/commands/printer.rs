//! What commands print with. In `commands`, `print!`, `println!` and their siblings for standard error are macros of
//! [`super`] that lead here: no CRM text drives a terminal, and a reader that has gone away ends no command.

use std::fmt::{Arguments, Write as _};
use std::io::{self, ErrorKind, Write};

/// Prints to standard output.
pub(super) fn out(text: Arguments<'_>) {
    print(io::stdout().lock(), text);
}

/// Prints to standard error.
pub(super) fn err(text: Arguments<'_>) {
    print(io::stderr().lock(), text);
}

/// Output whose reader has gone (`| head`) is dropped, and the command goes on: what it has to do is done, and its
/// exit code says so. Output that is lost in another way (a full disk) ends the process with exit code 1.
fn print(mut to: impl Write, text: Arguments<'_>) {
    let written = to.write_all(escape(&text.to_string()).as_bytes()).and_then(|()| to.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = writeln!(io::stderr(), "handoff: the output cannot be written: {error}");
        std::process::exit(1);
    }
}

/// Writes control characters and changes of direction as JSON does (`\u001b`), which leaves JSON what it says.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || (letter.is_control() && !matches!(letter, '\n' | '\t')) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_written_out() {
        for (text, printed) in [
            ("plain, Żółć, 👩\u{200d}👧, ✓\n\tindented\n", "plain, Żółć, 👩\u{200d}👧, ✓\n\tindented\n"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u001b[31mred\\u001b[0m"),
            ("\u{1b}]8;;https://evil.example\u{7}link", "\\u001b]8;;https://evil.example\\u0007link"),
            ("over\rwritten", "over\\u000dwritten"),
            ("\u{9b}2J \u{90}q \u{7f}", "\\u009b2J \\u0090q \\u007f"),
            ("a\u{202e}b\u{2066}c\u{200f}", "a\\u202eb\\u2066c\\u200f"),
        ] {
            assert_eq!(escape(text), printed);
        }
        let hostile = serde_json::json!({"name": "\u{1b}[31m \u{9b}2J \u{202e}"});
        let printed = escape(&serde_json::to_string_pretty(&hostile).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), hostile, "{printed}");
    }
}
