//! The first line of task and digest.

use crate::packet::SectionName;

use super::section;

super::messages! { "headline";
    unnamed;
    no_value;
    value(amount);
    owner;
    no_owner;
    stand_in(name);
    left(name);
    filled(count, all);
    missing(sections);
    missing_all;
    weak(sections);
    nothing;
    open(count);
    open_one;
}

/// How many of the six sections are filled.
pub fn filled_of_six(count: usize) -> String {
    filled(&count.to_string(), &SectionName::REQUIRED.len().to_string())
}

/// What is missing and what is weak, or that nothing is.
pub fn state(absent: &[SectionName], flagged: &[SectionName], open_questions: usize) -> String {
    let mut parts = Vec::new();
    if absent.len() == SectionName::REQUIRED.len() {
        parts.push(missing_all().to_owned());
    } else if !absent.is_empty() {
        parts.push(missing(&section::list(absent)));
    }
    if !flagged.is_empty() {
        parts.push(weak(&section::list(flagged)));
    }
    match (parts.is_empty(), open_questions) {
        (true, 0) => nothing().to_owned(),
        (true, 1) => open_one().to_owned(),
        (true, count) => open(&count.to_string()),
        (false, _) => parts.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_from_what_is_weak() {
        let absent = [SectionName::Promises, SectionName::Risks];
        assert_eq!(
            state(&absent, &[SectionName::FirstValue], 3),
            "missing: promises, risks; weak: first value"
        );
        assert_eq!(state(&SectionName::REQUIRED, &[], 6), "missing: all six sections");
        assert_eq!(state(&[], &[], 0), "nothing missing");
        assert_eq!(state(&[], &[], 1), "1 open question");
    }
}
