//! Mapping files that people broke, and what they are told. Beside each `NN-what.yaml` stands the text that
//! `handoff check` prints for it, in `NN-what.expected`.
//!
//! After a wording changed, `UPDATE_EXPECTED=1 cargo test --test mappings` writes the files anew; read the
//! difference before you commit it.

use std::path::{Path, PathBuf};

use handoff_core::packet::Role;
use handoff_core::source::{Problem, Problems, Severity};
use handoff_core::workbench::{lint, spec};

/// Every broken file, in order.
fn broken() -> Vec<(PathBuf, Problems)> {
    let entries = std::fs::read_dir("tests/mappings").unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    let read = |path: PathBuf| {
        let (_, problems) = lint::read(&path);
        (path, problems)
    };
    paths.into_iter().map(read).collect()
}

/// Every message and every help text, with the file it is about.
fn sentences() -> Vec<(PathBuf, String)> {
    let both = |problem: &Problem| [problem.message.clone(), problem.help.clone()];
    let of_file = |(path, problems): (PathBuf, Problems)| {
        let sentences: Vec<String> = problems.iter().flat_map(both).collect();
        sentences.into_iter().map(move |sentence| (path.clone(), sentence)).collect::<Vec<_>>()
    };
    broken().into_iter().flat_map(of_file).collect()
}

#[test]
fn every_broken_file_is_told_in_the_words_that_stand_beside_it() {
    let files = broken();
    assert!(files.len() >= 30, "only {} files", files.len());
    for (path, problems) in files {
        let told = format!("{problems}\n");
        let beside = path.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&beside, &told).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        assert!(told == expected, "{}\n--- expected\n{expected}\n--- told\n{told}", path.display());
    }
}

#[test]
fn every_broken_file_has_something_to_mend() {
    for (path, problems) in broken() {
        assert!(!problems.is_empty(), "{}", path.display());
    }
}

#[test]
fn no_expected_text_is_left_without_its_file() {
    let entries = std::fs::read_dir("tests/mappings").unwrap();
    for entry in entries.filter(|entry| entry.as_ref().unwrap().path().is_file()) {
        let path = entry.unwrap().path();
        assert!(path.with_extension("yaml").exists(), "{}", path.display());
    }
}

#[test]
fn no_message_speaks_of_types() {
    // Words that a parser's own errors hold, and that mean nothing to an admin.
    let jargon = [
        "::",
        "struct",
        "enum",
        "string",
        "String",
        "Option",
        "Vec<",
        "u8",
        "u32",
        "i64",
        "f64",
        "usize",
        "bool",
        "sequence",
        "scalar",
        "variant",
        "deserialize",
        "serde",
        "invalid type",
        "null",
        "EOF",
        "parse",
    ];
    for (path, sentence) in sentences() {
        for word in jargon {
            assert!(!sentence.contains(word), "{}: `{word}` in: {sentence}", path.display());
        }
        let camel = sentence.split(|char: char| !char.is_alphanumeric()).find(|word| {
            let inner: Vec<char> = word.chars().collect();
            inner.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase())
        });
        let known = ["HubSpot", "RevOps"];
        assert!(camel.is_none_or(|word| known.contains(&word)), "{}: {sentence}", path.display());
    }
}

#[test]
fn no_message_offers_more_than_five_words_to_choose_from() {
    for (path, sentence) in sentences() {
        assert!(!sentence.contains("expected one of"), "{}: {sentence}", path.display());
        // `a`, `b` or `c`: what stands between backticks, where a comma or an "or" follows.
        let offered = sentence.matches("`, `").count() + sentence.matches("` or `").count() + 1;
        assert!(offered <= 5, "{}: {sentence}", path.display());
    }
}

#[test]
fn every_message_says_what_to_do() {
    let verbs = [
        "write",
        "remove",
        "add",
        "keep",
        "put",
        "move",
        "did you mean",
        "close",
        "replace",
        "give",
        "begin",
        "use",
        "compare",
        "see",
        "save",
        "days cannot",
        "people come",
        "the likeliest",
    ];
    for (path, problems) in broken() {
        for problem in problems.iter() {
            let help = problem.help.trim();
            assert!(verbs.iter().any(|verb| help.starts_with(verb)), "{}: {help}", path.display());
        }
    }
}

#[test]
fn what_cannot_be_used_is_an_error_and_what_is_not_meant_is_a_warning() {
    for (path, problems) in broken() {
        let (mapping, again) = lint::parse("m.yaml", problems.text());
        // What only has to be replaced can be previewed.
        let is_stand_in = path.to_string_lossy().contains("stand-in");
        assert_eq!(mapping.is_none(), again.count(Severity::Error) > 0 && !is_stand_in, "{}", path.display());
    }
}

#[test]
fn the_shipped_mappings_have_nothing_to_mend() {
    let of = |folder: &str| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in of("mappings").chain(of("mappings/tests/more")) {
        if path.extension().is_some_and(|end| end == "yaml") {
            let (mapping, problems) = lint::read(&path);
            assert!(mapping.is_some() && problems.is_empty(), "{problems}");
        }
    }
}

#[test]
fn the_shipped_mappings_do_what_the_tests_beside_them_say() {
    let mut tried = Vec::new();
    for entry in std::fs::read_dir("mappings/tests").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let (cases, problems) = spec::read(&path);
        assert!(problems.is_empty(), "{problems}");
        let cases = cases.unwrap();
        assert!(cases.cases.len() >= 5, "{}", path.display());
        let mapping = lint::read(&cases.mapping).0.unwrap();
        for case in &cases.cases {
            let told: String = case.differences(&mapping).iter().map(ToString::to_string).collect();
            assert_eq!(told, "", "{}: {}", path.display(), case.name);
        }
        tried.push(cases.mapping);
    }
    for entry in std::fs::read_dir("mappings").unwrap() {
        let path = entry.unwrap().path();
        let is_mapping = path.extension().is_some_and(|extension| extension == "yaml");
        assert!(!is_mapping || tried.contains(&path), "{} has no tests", path.display());
    }
}

const SHIPPED: &str = "mappings/hubspot.yaml";
const SHIPPED_TESTS: &str = "mappings/tests/hubspot.yaml";

/// The YAML examples of the manual, without the fences.
fn examples() -> Vec<String> {
    let manual = std::fs::read_to_string("docs/mapping.md").unwrap();
    let blocks = manual.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// A text without the blocks whose top-level keys `part` has, and then `part`.
fn with(text: &str, part: &str) -> String {
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
    let is_top = |line: &&str| line.starts_with(|char: char| char.is_ascii_lowercase());
    let replaced: Vec<_> = part.lines().filter(is_top).filter_map(key).collect();
    let mut keep = true;
    let mut kept = String::new();
    for line in text.lines() {
        if is_top(&line) {
            keep = key(line).is_none_or(|key| !replaced.contains(&key));
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept + part
}

#[test]
fn every_example_of_the_manual_is_right() {
    let shipped = std::fs::read_to_string(SHIPPED).unwrap();
    let cases = std::fs::read_to_string(SHIPPED_TESTS).unwrap();
    let folder = Path::new("mappings/tests");
    let examples = examples();
    assert!(examples.len() >= 15, "{}", examples.len());
    for example in examples {
        let problems = if example.starts_with("  - name:") {
            spec::parse("manual", &(cases.clone() + &example), folder).1
        } else if example.contains("cases:") {
            let (file, problems) = spec::parse("manual", &example, folder);
            let mapping = lint::read(Path::new(SHIPPED)).0.unwrap();
            for case in file.iter().flat_map(|file| &file.cases) {
                let told: String = case.differences(&mapping).iter().map(ToString::to_string).collect();
                assert_eq!(told, "", "{}", case.name);
            }
            problems
        } else {
            lint::parse(SHIPPED, &with(&shipped, &example)).1
        };
        assert!(!problems.has_errors(), "{example}\n{problems}");
    }
}

#[test]
fn the_first_change_of_the_manual_works_as_it_says() {
    let manual = std::fs::read_to_string("docs/mapping.md").unwrap();
    let shipped = std::fs::read_to_string(SHIPPED).unwrap();
    let old = "from: [deal.handoff_success_outcome]";
    let new = "from: [deal.handoff_success_outcome, deal.success_metric]";
    assert!(shipped.contains(old) && manual.contains(new));
    let changed = shipped.replacen(old, new, 1);
    let mapping = lint::parse(SHIPPED, &changed).0.unwrap();

    let test = examples().into_iter().find(|example| example.starts_with("  - name:")).unwrap();
    let cases = std::fs::read_to_string(SHIPPED_TESTS).unwrap() + &test;
    let cases = spec::parse(SHIPPED_TESTS, &cases, Path::new("mappings/tests")).0.unwrap().cases;
    for case in &cases {
        let told: String = case.differences(&mapping).iter().map(ToString::to_string).collect();
        assert_eq!(told, "", "{}", case.name);
    }
    let before = lint::parse(SHIPPED, &shipped).0.unwrap();
    assert!(!cases.last().unwrap().differences(&before).is_empty(), "the new test tests nothing");

    let broken = lint::parse(SHIPPED, &changed.replacen(new, &new.replacen("from", "form", 1), 1)).1;
    assert!(manual.contains(&broken.to_string()), "the manual shows something else than\n{broken}");
}

#[test]
fn the_manual_explains_every_key() {
    fn keys(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(object) => {
                if let Some(properties) = object.get("properties").and_then(|all| all.as_object()) {
                    found.extend(properties.keys().cloned());
                }
                object.values().for_each(|inner| keys(inner, found));
            }
            serde_json::Value::Array(all) => all.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }
    let manual = std::fs::read_to_string("docs/mapping.md").unwrap();
    let mut found = Vec::new();
    keys(&handoff_core::workbench::schema::mapping(), &mut found);
    assert!(found.len() > 30, "{found:?}");
    let roles = Role::ALL.map(|role| role.as_str().to_owned());
    for key in found.into_iter().chain(roles) {
        assert!(manual.contains(&format!("`{key}`")), "{key}");
        let in_example = examples().iter().any(|example| example.contains(&key));
        assert!(in_example || key == "stakeholders" || key == "expansion", "no example holds {key}");
    }
}

#[test]
fn looking_at_a_huge_mapping_takes_no_huge_time() {
    // Every condition repeats every other one: the most there can be to say.
    let condition = "    - {field: deal.amount, at_least: 50000}\n".repeat(3_000);
    let text =
        with(&std::fs::read_to_string(SHIPPED).unwrap(), &format!("important_when:\n  any:\n{condition}"));
    let problems = lint::parse("m.yaml", &text).1;
    assert!(!problems.has_errors());
    assert_eq!(problems.iter().count(), 100, "more is not read");
}
