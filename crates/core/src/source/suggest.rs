//! What somebody may have meant.

/// Never offer more than this: a longer list is not read.
const ALTERNATIVES: usize = 5;

/// The one candidate that `word` is probably a slip of, if there is one.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let (best, distance) = candidates
        .into_iter()
        .map(|candidate| (candidate, strsim::damerau_levenshtein(&word, &plain(candidate))))
        .min_by_key(|(_, distance)| *distance)?;
    let longer = word.chars().count().max(best.chars().count());
    (distance * 3 <= longer).then_some(best)
}

/// What to write instead of a word of a closed set.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write {}", alternatives(word, candidates)),
    }
}

/// `` `a`, `b` or `c` ``: at most five, the likeliest first when there are more.
pub fn alternatives<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    if candidates.len() > ALTERNATIVES {
        let word = plain(word);
        // `sort_by` is stable: candidates that are equally far keep their order.
        candidates.sort_by(|a, b| {
            strsim::jaro_winkler(&word, &plain(b)).total_cmp(&strsim::jaro_winkler(&word, &plain(a)))
        });
        candidates.truncate(ALTERNATIVES);
    }
    let quoted: Vec<String> = candidates.iter().map(|candidate| format!("`{candidate}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// Case and the choice between `-`, `_` and a space are not what makes a word another word. Very long
/// words are cut: they are nobody's slip, and comparing them is slow.
fn plain(word: &str) -> String {
    word.trim()
        .chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .map(|char| if matches!(char, '-' | ' ') { '_' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        let keys = ["from", "ask", "list", "words", "due", "derive"];
        for (slip, meant) in [("form", "from"), ("From", "from"), ("dervie", "derive"), ("word", "words")] {
            assert_eq!(nearest(slip, keys), Some(meant), "{slip}");
        }
        assert_eq!(nearest("time-zone", ["time_zone"]), Some("time_zone"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest("from", []), None);
    }

    #[test]
    fn a_slip_differs_in_at_most_a_third_of_the_longer_word() {
        for (slip, meant) in [("fxm", "frm"), ("deXiXe", "derive"), ("pipeline", "pipelXnXX")] {
            assert_eq!(nearest(slip, [meant]), Some(meant), "{slip}");
        }
        for (other, word) in [("fx", "fr"), ("woXXs", "words"), ("sectXXXs", "sections")] {
            assert_eq!(nearest(other, [word]), None, "{other}");
        }
    }

    #[test]
    fn never_more_than_five_alternatives() {
        assert_eq!(alternatives("x", ["a"]), "`a`");
        assert_eq!(alternatives("x", ["a", "b", "c"]), "`a`, `b` or `c`");
        let many = ["crm", "time_zone", "applies_to", "sections", "roles", "owner", "task"];
        assert_eq!(alternatives("time", many).matches('`').count(), 10);
        assert!(alternatives("time", many).starts_with("`time_zone`"));
    }
}
