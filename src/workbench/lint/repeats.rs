//! Values that are written twice in one list.

use std::collections::BTreeSet;

use crate::source::{Problems, Span};

use super::draft::Draft;

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    values(&draft.pipelines, "this pipeline", problems);
    values(&draft.placeholders, "this placeholder", problems);
    values(&draft.colleagues, "this domain", problems);
}

/// Reports each value that an earlier one repeats; capitals make no difference.
pub(crate) fn values<T: AsRef<str>>(values: &[(T, Span)], what: &str, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (value, span) in values {
        let value = value.as_ref();
        if !seen.insert(value.trim().to_lowercase()) {
            let message = format!("{what} is in the list already: `{value}`");
            problems.warning(*span, message, "remove one of the two; capitals make no difference");
        }
    }
}
