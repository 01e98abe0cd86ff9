use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::text::locale::{Language, Locale};

fn declared() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let tables = [
        answer::MESSAGES,
        ask::MESSAGES,
        condition::MESSAGES,
        digest::MESSAGES,
        evidence::MESSAGES,
        fact::MESSAGES,
        first_value::MESSAGES,
        headline::MESSAGES,
        packet::MESSAGES,
        question::MESSAGES,
        reply::MESSAGES,
        review::MESSAGES,
        role::MESSAGES,
        roll_up::MESSAGES,
        section::MESSAGES,
        task::MESSAGES,
        value::MESSAGES,
    ];
    tables.into_iter().flatten().map(|(key, values)| (*key, values.iter().copied().collect())).collect()
}

#[test]
fn each_file_holds_exactly_the_messages_that_are_used() {
    let used: BTreeSet<&str> = declared().into_keys().collect();
    for language in Language::ALL {
        let written: BTreeSet<&str> = file::messages(language).keys().map(String::as_str).collect();
        let (missing, unknown): (Vec<_>, Vec<_>) =
            (used.difference(&written).collect(), written.difference(&used).collect());
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{language:?}: missing {missing:?}, unknown {unknown:?}"
        );
    }
}

#[test]
fn every_message_holds_exactly_its_words_in_braces() {
    for language in Language::ALL {
        for (key, values) in declared() {
            assert_eq!(own::in_braces(&file::messages(language)[key]), values, "{language:?}: {key}");
        }
    }
}

#[test]
fn every_message_is_one_line_with_something_in_it() {
    for language in Language::ALL {
        for (key, message) in file::messages(language) {
            assert!(!message.trim().is_empty() && !message.contains('\n'), "{language:?}: {key}");
        }
    }
}

#[test]
fn titles_and_buttons_of_a_modal_are_short_enough_for_slack() {
    let (most, keys) = own::SHORT;
    for (language, key) in Language::ALL.into_iter().flat_map(|language| keys.map(|key| (language, key))) {
        let text = &file::messages(language)[key];
        assert!(text.chars().count() <= most, "{language:?}: {key} = {text:?}");
    }
}

#[test]
fn months_and_weekdays_are_complete() {
    for language in Language::ALL {
        Locale::from(language).scope(|| {
            let counts = [value::months(), value::weekdays(), value::short_weekdays()]
                .map(|words| words.split_whitespace().count());
            assert_eq!(counts, [12, 7, 7], "{language:?}");
        });
    }
}

/// What packet, task and digest are made of; everything else speaks to operators and to RevOps.
const SPEAKING: [&str; 8] = [
    "src/gaps",
    "src/packet",
    "src/assemble",
    "src/mapping",
    "../../src/delivery/headline.rs",
    "../../src/delivery/lines.rs",
    "../../src/delivery/task.rs",
    "../../src/delivery/slack/digest.rs",
];

/// Parts of it that speak to RevOps: about the mapping file, not about a deal.
const FOR_REVOPS: [&str; 2] = ["file", "live.rs"];

#[test]
fn no_other_module_holds_sentences() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut held = Vec::new();
    for file in SPEAKING.iter().flat_map(|path| sources(&root.join(path))) {
        let source = std::fs::read_to_string(&file).unwrap();
        let sentences = literals(&speaking_part(&source)).into_iter().filter(|text| is_sentence(text));
        held.extend(sentences.map(|text| format!("{}: {text:?}", file.display())));
    }
    assert!(held.is_empty(), "these belong into crates/core/src/messages/en.toml:\n{}", held.join("\n"));
}

#[test]
fn a_sentence_in_the_code_is_found() {
    let source = r##"
        //! "a comment is none"
        const QUOTE: char = '"';
        static LIST: Vocabulary = Vocabulary::new(&[
            "what people write",
        ]);
        const RULE: Rule = Rule {
            catches: "this is documentation",
        };
        fn said<'a>() { say(r#"nothing "to" see"#, "{day} only", "The deal is \"won\"") }
        #[cfg(test)]
        mod tests { "not this one" }
    "##;
    let found: Vec<String> =
        literals(&speaking_part(source)).into_iter().filter(|text| is_sentence(text)).collect();
    assert_eq!(found, [r#"nothing "to" see"#, r#"The deal is \"won\""#]);
}

fn sources(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let speaks = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        !FOR_REVOPS.contains(&name.as_str())
            && name != "vocabulary"
            && name != "tests.rs"
            && name != "deal_on_paper.rs"
            && name != "custom_sections.rs"
            && name != "sample.rs"
    };
    entries.into_iter().filter(speaks).flat_map(|path| sources(&path)).collect()
}

/// Without tests, and without lists of what people write and the descriptions of rules.
fn speaking_part(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = code.split("#[cfg(test)]\n        mod tests").next().unwrap_or_default();
    let mut part = String::new();
    let mut inside_list = false;
    for line in code.lines() {
        let opens = ["static ", "const "].iter().any(|word| line.contains(word))
            && ["Vocabulary", "Numbered", "[&str", "[(&str", "Rule {"].iter().any(|kind| line.contains(kind));
        let was_inside = inside_list || opens;
        inside_list = was_inside && !line.trim_end().ends_with(';');
        if !was_inside && !line.trim_start().starts_with("//") {
            part.push_str(line);
            part.push('\n');
        }
    }
    part
}

/// The texts between quotation marks, as they are written.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at(at);
        let hashes = before.chars().rev().take_while(|letter| *letter == '#').count();
        let is_raw = before.trim_end_matches('#').ends_with('r');
        if let Some(character) = quoted.strip_prefix('\'') {
            // A character, or else a lifetime.
            let escaped = character.starts_with('\\');
            let end = character.char_indices().skip(if escaped { 2 } else { 1 }).find(|(_, c)| *c == '\'');
            let is_character = escaped || character.chars().nth(1) == Some('\'');
            rest = end.filter(|_| is_character).map_or(character, |(end, _)| &character[end + 1..]);
            continue;
        }
        let text = &quoted[1..];
        let close = if is_raw { format!("\"{}", "#".repeat(hashes)) } else { "\"".to_owned() };
        let mut end = text.find(&close).unwrap_or(text.len());
        while !is_raw && text[..end].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            end += 1 + text[end + 1..].find(&close).unwrap_or(text.len() - end - 1);
        }
        literals.push(text[..end].to_owned());
        rest = text.get(end + close.len()..).unwrap_or_default();
    }
    literals
}

/// Two words that are not filled in.
fn is_sentence(text: &str) -> bool {
    let mut plain = String::new();
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    let is_word = |word: &&str| word.chars().count() > 1 && word.chars().all(char::is_alphabetic);
    plain
        .split([' ', '\n'])
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(is_word)
        .count()
        > 1
}
