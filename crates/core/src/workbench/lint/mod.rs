//! A second look at a mapping file as a whole: what can be read, but cannot be meant.
//!
//! One file per family of findings. Each looks at the [`MappingFile`] and says what the consequence is. All of them
//! are warnings: the file can be used, and does less (or more) than its author thinks. [`parse`] and [`read`] are for
//! commands, which print what they find; the service, which only runs mappings, uses [`file::parse`].

mod conditions;
mod fields;
pub(crate) mod logic;
mod people;
mod routes;

use std::collections::BTreeSet;
use std::path::Path;

use crate::mapping::Mapping;
use crate::mapping::file::{self, ast::MappingFile};
use crate::record::CrmKind;
use crate::source::{Problems, Spanned};

/// Every family, in the order of the mapping file.
const FAMILIES: [fn(&MappingFile, &mut Problems); 6] =
    [repeats, fields::lint, people::lint, conditions::lint, conditions::lint_joined, routes::lint];

/// Parses a mapping file and lints it, also one that has mistakes. No mapping if one of the problems is an error.
pub fn parse(name: &str, text: &str) -> (Option<Mapping>, Problems) {
    let (file, mut problems) = file::tree(name, text);
    if let Some(file) = &file {
        for family in FAMILIES {
            family(file, &mut problems);
        }
    }
    let readable = problems.can_be_read();
    (file.filter(|_| readable).and_then(MappingFile::lower), problems)
}

/// [`parse`] for a file on disk.
pub fn read(path: &Path) -> (Option<Mapping>, Problems) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text),
        Err(error) => (None, file::unreadable(&name, &error)),
    }
}

/// [`read`] for the mapping file that an account of this CRM names.
pub fn read_for(crm: CrmKind, path: &Path) -> (Option<Mapping>, Problems) {
    let (mapping, mut problems) = read(path);
    (file::only_for(crm, mapping, &mut problems), problems)
}

fn repeats(file: &MappingFile, problems: &mut Problems) {
    repeated(&file.pipelines, "this pipeline", problems);
    repeated(&file.placeholders, "this placeholder", problems);
    repeated(&file.colleagues, "this domain", problems);
}

/// Reports each value that an earlier one repeats; capitals make no difference.
fn repeated(values: &[Spanned<String>], what: &str, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for Spanned { value, span } in values {
        if !seen.insert(value.trim().to_lowercase()) {
            let message = format!("{what} is in the list already: `{value}`");
            problems.warning(*span, message, "remove one of the two; capitals make no difference");
        }
    }
}
