//! `task`: when the task on the deal is due, and what is added to it.

use crate::packet::{Placeholder, TaskTexts, Template};
use crate::source::{Block, Problems, nearest};

/// The due day of a task when the file does not say.
pub(crate) const DUE_IN_BUSINESS_DAYS: u8 = 2;

/// The latest due day.
pub(crate) const MOST_BUSINESS_DAYS: u32 = 30;

/// Characters of the longest addition to a subject, which stands behind ours and has 200.
pub(crate) const LONGEST_SUBJECT: usize = 100;

/// Characters of the longest note.
pub(crate) const LONGEST_NOTE: usize = 500;

pub(super) fn task(section: Option<Block<'_>>, problems: &mut Problems) -> (u8, TaskTexts) {
    let Some(mut section) = section else { return (DUE_IN_BUSINESS_DAYS, TaskTexts::default()) };
    let days = section.take("due_in_business_days").integer(0, MOST_BUSINESS_DAYS, problems);
    let texts = TaskTexts {
        subject: template(&mut section, "subject", LONGEST_SUBJECT, problems),
        note: template(&mut section, "note", LONGEST_NOTE, problems),
    };
    section.finish(problems);
    (days.and_then(|days| u8::try_from(days).ok()).unwrap_or(DUE_IN_BUSINESS_DAYS), texts)
}

fn template(section: &mut Block<'_>, key: &str, longest: usize, problems: &mut Problems) -> Option<Template> {
    let (text, span) = section.take(key).text(problems)?;
    if text.chars().count() > longest {
        let help = format!("write at most {longest} characters");
        return problems.reject(span, format!("this `{key}` is too long"), help);
    }
    Template::parse(text).map_or_else(
        |wrong| {
            let words = Placeholder::ALL.map(|(word, _)| word);
            let meant = nearest(wrong.trim_matches(['{', '}', ' ']), words)
                .map(|word| format!("did you mean `{{{word}}}`? "));
            let all = words.map(|word| format!("{{{word}}}")).join(", ");
            let verb = if meant.is_some() { "There are" } else { "write one of" };
            let help = format!("{}{verb} {all}", meant.unwrap_or_default());
            problems.reject(span, format!("`{wrong}` is no placeholder"), help)
        },
        Some,
    )
}
