//! `words:`: the file of own words beside a mapping.

use std::path::{Path, PathBuf};

use crate::messages::own;
use crate::source::{Field, Problems, Severity, beside};
use crate::text::locale::OwnWords;

/// A file of own words that could be read.
pub(super) struct Words {
    pub path: PathBuf,
    pub text: String,
    pub own: OwnWords,
}

/// Reads the file that a mapping names, relative to the mapping. What is wrong with it is told at the name.
pub(super) fn words(mapping: &str, field: Field<'_>, problems: &mut Problems) -> Option<Words> {
    let (name, span) = field.text(problems)?;
    let path = beside(Path::new(mapping).parent().unwrap_or(Path::new("")), name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let help =
                "write the path of a TOML file as seen from this one, or remove the key to keep our words";
            return problems.reject(span, format!("the file of own words cannot be read: {error}"), help);
        }
    };
    let (own, found) = own::read(name, &text);
    for problem in found.iter() {
        let place =
            problem.place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
        let message = format!("{name}{place}: {}", problem.message);
        match problem.severity {
            Severity::Error => problems.error(span, message, problem.help.clone()),
            Severity::Warning => problems.warning(span, message, problem.help.clone()),
        }
    }
    Some(Words { path, text, own })
}
