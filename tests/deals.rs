//! Twenty invented deals, as the CRMs return them, with reviewed copies of what seller and customer success
//! get: `tests/deals/CRM/NAME.json` is a deal record, `NAME.txt` beside it is what `handoff preview` prints.
//!
//! After a change of wording: `REWRITE_DEALS=1 cargo test --test deals`, then read the difference in Git.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

/// Set to anything, it rewrites the reviewed copies.
const REWRITE: &str = "REWRITE_DEALS";

/// Lines shown around a difference.
const AROUND: usize = 2;

fn folder(crm: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deals").join(crm)
}

/// Every deal of one CRM, in order.
fn records(crm: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder(crm)).unwrap().map(|entry| entry.unwrap().path());
    let mut records: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    records.sort();
    records
}

/// What `handoff preview` prints for a record, as of the instant it was fetched.
fn preview(record: &Path, mapping: &Path, format: &str) -> String {
    run(record, mapping, None, &["--format", format])
}

/// The same with other arguments, perhaps on a screen of `columns` columns.
fn run(record: &Path, mapping: &Path, columns: Option<usize>, arguments: &[&str]) -> String {
    let json: Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_handoff"))
        .env_remove("COLUMNS")
        .envs(columns.map(|columns| ("COLUMNS", columns.to_string())))
        .args(["preview", "--as-of", json["fetched_at"].as_str().unwrap()])
        .args(arguments)
        .arg("--mapping")
        .arg(mapping)
        .arg("--record")
        .arg(record)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", record.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn mapping(crm: &str) -> PathBuf {
    folder(crm).with_extension("yaml")
}

/// The deals whose preview is no longer the reviewed one, each with what changed.
fn changed(crm: &str) -> String {
    let mut changed = String::new();
    for record in records(crm) {
        let now = preview(&record, &mapping(crm), "text");
        changed += &unlike(&record.with_extension("txt"), &now);
    }
    changed
}

/// How `now` differs from the reviewed copy; nothing if it does not.
fn unlike(reviewed: &Path, now: &str) -> String {
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(reviewed, now).unwrap();
    }
    let before = std::fs::read_to_string(reviewed).unwrap_or_default();
    if before == now {
        String::new()
    } else {
        format!("\n{}\n{}", reviewed.display(), difference(&before, now))
    }
}

#[test]
fn a_wide_screen_shows_them_side_by_side_and_a_narrow_one_stacked() {
    let record = folder("hubspot").join("03_enterprise_complete.json");
    for (columns, name) in [(160, "wide"), (80, "narrow")] {
        let shown = run(&record, &mapping("hubspot"), Some(columns), &[]);
        assert!(shown.lines().all(|line| line.width() <= columns), "{shown}");
        let changed = unlike(&record.with_extension(format!("{name}.txt")), &shown);
        assert!(changed.is_empty(), "{changed}");
    }
}

#[test]
fn text_that_is_wide_or_has_no_spaces_stays_inside_the_screen() {
    for record in records("hubspot").into_iter().chain(records("salesforce")) {
        let crm = if record.starts_with(folder("hubspot")) { "hubspot" } else { "salesforce" };
        for columns in [40, 80, 160] {
            let shown = run(&record, &mapping(crm), Some(columns), &["--explain"]);
            let beyond: Vec<&str> = shown.lines().filter(|line| line.width() > columns).collect();
            assert!(beyond.is_empty(), "{} at {columns}: {beyond:?}", record.display());
        }
    }
}

#[test]
fn a_preview_can_explain_itself() {
    for name in ["01_bad_handoff.json", "03_enterprise_complete.json"] {
        let record = folder("hubspot").join(name);
        let shown = run(&record, &mapping("hubspot"), None, &["--explain"]);
        let text = preview(&record, &mapping("hubspot"), "text");
        let explanation = shown.strip_prefix(&text).expect("the explanation stands below the text");
        let changed = unlike(&record.with_extension("explained.txt"), explanation);
        assert!(changed.is_empty(), "{changed}");
    }
}

#[test]
fn a_preview_explains_what_the_shipped_mappings_leave_off() {
    let record = Path::new("tests/deals/more.json");
    let shown = run(record, Path::new("mappings/tests/more/hubspot.yaml"), None, &["--explain"]);
    let changed = unlike(&record.with_extension("explained.txt"), &shown);
    assert!(changed.is_empty(), "{changed}");
}

/// The packet of a HubSpot deal that was closed on 20 November 2026 and says this about first value, which is due on
/// `day` if there is one.
fn with_first_value(text: &str, day: Option<&str>) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let (record, mapping) = (directory.path().join("deal.json"), directory.path().join("mapping.yaml"));
    let deal = json!({
        "crm": "hubspot", "account": "48210077", "fetched_at": "2026-11-22T08:00:00Z",
        "deal": {"id": "1", "closedate": "2026-11-20T12:00:00Z", "first_value": text, "first_value_date": day},
    });
    std::fs::write(&record, deal.to_string()).unwrap();
    let lines = "crm: hubspot\ntime_zone: Europe/Berlin\n\
                 sections: {first_value: {from: [deal.first_value], due: deal.first_value_date}}\n\
                 owner: {from: deal.hubspot_owner_id, fallback: revops@seller.example}\n\
                 slack: {channel: C0123ABCD}\n";
    std::fs::write(&mapping, lines).unwrap();
    serde_json::from_str(&preview(&record, &mapping, "json")).unwrap()
}

#[test]
fn a_span_of_five_days_or_more_is_a_due_date_and_a_shorter_one_is_none() {
    let due = |days: u16| {
        let packet = with_first_value(&format!("The planners book within {days} days"), None);
        packet["sections"]["first_value"]["entries"][0]["due"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(due(5).as_deref(), Some("2026-11-25"));
    assert_eq!(due(366).as_deref(), Some("2027-11-21"));
    assert_eq!([due(4), due(367)], [None, None]);
}

#[test]
fn a_gap_that_counts_replaces_one_that_does_not() {
    let asked = |text: &str| -> Vec<String> {
        let packet = with_first_value(text, Some("2026-12-11"));
        let gaps = packet["gaps"].as_array().unwrap().iter();
        gaps.filter(|gap| gap["section"] == "first_value")
            .map(|gap| format!("{} {}", gap["id"], gap["confidence"]).replace('"', ""))
            .collect()
    };
    // That it is long is a hint, which stays out of the digest …
    let long = "The planners book every shipment of the Hamburg warehouse in the tool. ".repeat(6);
    assert_eq!(asked(&long), ["too_long certain"]);
    // … and must not keep out what is plain: it says nothing.
    let long = "A very smooth and really successful training for all of them. ".repeat(7);
    assert!(asked(&long).concat().ends_with(" likely"), "{:?}", asked(&long));
}

#[test]
fn a_day_in_the_date_field_is_read_once_for_the_entry_and_its_gaps() {
    for (day, due, words, gap) in [
        ("1796947200", None, Some("1796947200"), Some("bad_date")),
        ("within five weeks", Some("2026-12-25"), Some("within five weeks"), Some("outside_window")),
        ("end of Q3-ish", None, Some("end of Q3-ish"), Some("bad_date")),
        ("1796947200000", Some("2026-12-11"), None, None),
        ("2026-12-11T00:00:00Z", Some("2026-12-11"), None, None),
        ("within two weeks", Some("2026-12-04"), Some("within two weeks"), None),
        ("2026", None, Some("2026"), Some("bad_date")),
        ("soon", None, Some("soon"), Some("bad_date")),
    ] {
        let packet = with_first_value("The planners book 40 tours a week", Some(day));
        let entry = &packet["sections"]["first_value"]["entries"][0];
        let told = packet["gaps"].as_array().unwrap().iter().find(|gap| gap["section"] == "first_value");
        assert_eq!(entry["due"].as_str(), due, "{day}: {entry}");
        assert_eq!(entry["due_words"].as_str(), words, "{day}");
        assert_eq!(told.and_then(|gap| gap["id"].as_str()), gap, "{day}: {told:?}");
    }
}

#[test]
fn a_deal_outside_of_applies_to_is_said_first() {
    let record = folder("hubspot").join("02_good_handoff.json");
    let directory = tempfile::tempdir().unwrap();
    let narrow = directory.path().join("narrow.yaml");
    let text = std::fs::read_to_string(mapping("hubspot")).unwrap();
    let at = text.find("time_zone").unwrap();
    let with = |pipelines: &str| {
        let block = format!("applies_to: {{pipelines: [{pipelines}]}}\n");
        let rest =
            text.lines().filter(|line| !line.starts_with("applies_to:") && !line.starts_with("  pipelines:"));
        let rest = rest.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
        std::fs::write(&narrow, rest[..at].to_owned() + &block + &rest[at..]).unwrap();
        preview(&record, &narrow, "text")
    };
    for pipelines in ["\"8812345\"", "Default", "sales, \"99\""] {
        let told = with(pipelines);
        let first = told.lines().next().unwrap_or_default();
        assert!(first.starts_with("No packet is made of this deal: `applies_to` in "), "{told}");
        assert!(first.contains("the pipeline here is default"), "{first}");
        let json = preview(&record, &narrow, "json");
        assert!(serde_json::from_str::<Value>(&json).is_ok(), "what programs read stays as it is: {json}");
    }
    assert!(!with("default").contains("No packet is made"));
}

#[test]
fn a_field_that_the_record_never_held_is_not_called_empty() {
    let record = folder("hubspot").join("02_good_handoff.json");
    let directory = tempfile::tempdir().unwrap();
    let wider = directory.path().join("wider.yaml");
    let text = std::fs::read_to_string(mapping("hubspot")).unwrap();
    std::fs::write(
        &wider,
        text.replacen("deal.handoff_why_now", "deal.handoff_why_now, deal.side_letter", 1),
    )
    .unwrap();
    let told = run(&record, &wider, None, &["--explain"]);
    assert!(told.contains("deal.side_letter: not in this record"), "{told}");
    assert!(!told.contains("deal.closed_won_reason: not in this record"), "{told}");
}

/// The lines between the first and the last difference, with a few around them.
fn difference(before: &str, now: &str) -> String {
    let (before, now): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let same_start = before.iter().zip(&now).take_while(|(one, other)| one == other).count();
    let rest = before.len().min(now.len()) - same_start;
    let ends = before.iter().rev().zip(now.iter().rev()).take(rest);
    let same_end = ends.take_while(|(one, other)| one == other).count();
    let mut shown = String::new();
    let mut show = |mark: &str, lines: &[&str]| {
        for line in lines {
            let _ = writeln!(shown, "{mark} {line}");
        }
    };
    show(" ", &before[same_start.saturating_sub(AROUND)..same_start]);
    show("-", &before[same_start..before.len() - same_end]);
    show("+", &now[same_start..now.len() - same_end]);
    let end = before.len() - same_end;
    show(" ", &before[end..(end + AROUND).min(before.len())]);
    shown
}

#[test]
fn hubspot_deals_read_as_reviewed() {
    let changed = changed("hubspot");
    assert!(changed.is_empty(), "read it, then run again with {REWRITE}=1 if it is better:\n{changed}");
}

#[test]
fn salesforce_deals_read_as_reviewed() {
    let changed = changed("salesforce");
    assert!(changed.is_empty(), "read it, then run again with {REWRITE}=1 if it is better:\n{changed}");
}

/// The packet of a HubSpot deal after a change to its record, through the mapping of these tests.
fn packet_of(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut record: Value =
        serde_json::from_slice(&std::fs::read(folder("hubspot").join(name)).unwrap()).unwrap();
    change(&mut record);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), record.to_string()).unwrap();
    serde_json::from_str(&preview(file.path(), &mapping("hubspot"), "json")).unwrap()
}

fn gaps(packet: &Value) -> Vec<String> {
    let gaps = packet["gaps"].as_array().unwrap().iter();
    gaps.map(|gap| format!("{} {}", gap["section"].as_str().unwrap(), gap["id"].as_str().unwrap())).collect()
}

/// The numbered questions of a task.
fn questions(task: &str) -> Vec<&str> {
    let numbered =
        |line: &&str| line.trim_start().split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
    task.lines().filter(numbered).collect()
}

#[test]
fn a_handoff_that_says_nothing_comes_back_with_at_most_five_questions() {
    let bad = folder("hubspot").join("01_bad_handoff.json");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/hubspot.yaml");
    for mapping in [mapping("hubspot"), shipped] {
        let packet: Value = serde_json::from_str(&preview(&bad, &mapping, "json")).unwrap();
        assert_eq!((packet["status"].as_str(), packet["filled"].as_u64()), (Some("incomplete"), Some(0)));
        let task = preview(&bad, &mapping, "task");
        assert!((1..=5).contains(&questions(&task).len()), "{task}");
    }
}

#[test]
fn a_handoff_that_says_it_all_is_complete_and_silent() {
    let packet = packet_of("02_good_handoff.json", |_| ());
    assert_eq!((packet["status"].as_str(), packet["filled"].as_u64()), (Some("complete"), Some(6)));
    assert_eq!(gaps(&packet), [""; 0]);
}

#[test]
fn without_a_measured_outcome_it_is_asked_for_and_nothing_else() {
    for outcome in [Value::Null, "They need reporting.".into()] {
        let packet = packet_of("02_good_handoff.json", |record| {
            record["deal"]["properties"]["handoff_success_outcome"] = outcome.clone();
        });
        let rule = if outcome.is_null() { "empty" } else { "vague" };
        assert_eq!(gaps(&packet), [format!("success_outcome {rule}")]);
    }
}

#[test]
fn without_the_four_roles_they_are_asked_for_and_nothing_else() {
    let packet = packet_of("02_good_handoff.json", |record| {
        for contact in record["contacts"].as_array_mut().unwrap() {
            contact["labels"] = Value::Array(Vec::new());
        }
    });
    let roles = ["sponsor", "operator", "evaluator", "blocker"];
    assert_eq!(gaps(&packet), roles.map(|role| format!("stakeholders role_missing:{role}")));
}

#[test]
fn without_both_exactly_those_five_are_asked_for() {
    let packet = packet_of("02_good_handoff.json", |record| {
        record["deal"]["properties"]["handoff_success_outcome"] = Value::Null;
        record["contacts"] = Value::Array(Vec::new());
    });
    let roles = ["sponsor", "operator", "evaluator", "blocker"];
    let roles = roles.map(|role| format!("stakeholders role_missing:{role}"));
    assert_eq!(gaps(&packet), [&["success_outcome empty".to_owned()][..], &roles].concat());
}

/// Deals whose texts are in one language, with what `handoff preview` prints of them in that language.
const IN_THEIR_LANGUAGE: [(&str, &str, &str); 4] = [
    ("hubspot", "04_german_messy", "de"),
    ("hubspot", "05_french_partial", "fr"),
    ("salesforce", "01_spanish_complete", "es"),
    ("salesforce", "09_dutch", "nl"),
];

/// The mapping of these tests in another language, in a directory of its own.
fn mapping_in(language: &str, crm: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(mapping(crm)).unwrap();
    let file = directory.path().join("mapping.yaml");
    std::fs::write(&file, format!("{text}\nlanguage: {language}\n")).unwrap();
    (directory, file)
}

#[test]
fn a_deal_reads_entirely_in_its_language() {
    let mut changed = String::new();
    for (crm, name, language) in IN_THEIR_LANGUAGE {
        let (_directory, mapping) = mapping_in(language, crm);
        let record = folder(crm).join(name).with_extension("json");
        let now = preview(&record, &mapping, "text");
        changed += &unlike(&record.with_extension(format!("{language}.txt")), &now);
    }
    assert!(changed.is_empty(), "read it aloud, then run again with {REWRITE}=1 if it is better:\n{changed}");
}

/// The texts of a file of messages by their keys, each without what is filled in.
fn fragments(language: &str) -> std::collections::BTreeMap<String, Vec<String>> {
    let file = format!("crates/core/src/messages/{language}.toml");
    let file: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let texts = file.into_iter().flat_map(|(table, texts)| {
        let texts = texts.as_table().unwrap().clone().into_iter();
        texts.map(move |(key, text)| (format!("{table}.{key}"), text.as_str().unwrap().to_owned()))
    });
    let plain = |text: &str| {
        let parts = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, behind)| behind));
        let long = parts.map(str::trim).filter(|part| part.contains(' ') && part.chars().count() >= 8);
        long.map(ToOwned::to_owned).collect()
    };
    texts.map(|(key, text)| (key, plain(&text))).collect()
}

/// Whether a text holds another one that ends with its word.
fn holds(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(at, _)| !text[at + part.len()..].starts_with(char::is_alphanumeric))
}

#[test]
fn no_sentence_of_ours_is_left_in_english() {
    let english = fragments("en");
    for language in ["de", "fr", "es", "nl", "pt"] {
        let translated = fragments(language);
        let mut said = 0;
        for crm in ["hubspot", "salesforce"] {
            let (_directory, mapping) = mapping_in(language, crm);
            for record in records(crm) {
                let raw = std::fs::read_to_string(&record).unwrap();
                let texts = ["text", "json"].map(|format| preview(&record, &mapping, format));
                for (key, fragments) in &english {
                    let ours = |text: &String| texts.iter().any(|shown| holds(shown, text));
                    said += translated[key].iter().filter(|text| ours(text)).count();
                    let left = |text: &&String| {
                        ours(text) && !raw.contains(text.as_str()) && !translated[key].contains(text)
                    };
                    let left: Vec<&String> = fragments.iter().filter(left).collect();
                    assert!(
                        left.is_empty(),
                        "{language}: {key} is left in English in {}: {left:?}",
                        record.display()
                    );
                }
            }
        }
        assert!(said > 100, "{language}: only {said} sentences were found");
    }
}

#[test]
fn there_are_ten_deals_of_each_crm() {
    assert_eq!((records("hubspot").len(), records("salesforce").len()), (10, 10));
}

/// Words a minute of a person who reads quietly. <https://doi.org/10.1016/j.jml.2019.104047>
const READING_SPEED: usize = 238;

#[test]
fn a_digest_is_read_in_twenty_seconds() {
    let mut tenths = Vec::new();
    let mut table = String::new();
    for crm in ["hubspot", "salesforce"] {
        for record in records(crm) {
            let slack: Value = serde_json::from_str(&preview(&record, &mapping(crm), "slack")).unwrap();
            let text = slack["text"].as_str().unwrap();
            assert!(text.lines().count() <= 12, "{text}");
            assert!(text.lines().all(|line| line.encode_utf16().count() <= 140), "{text}");
            let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
            tenths.push(words * 600 / READING_SPEED);
            let name = record.file_stem().unwrap().to_string_lossy();
            let (seconds, tenth) = (words * 600 / READING_SPEED / 10, words * 600 / READING_SPEED % 10);
            let _ = writeln!(table, "{crm:10}  {name:24}  {words:3} words  {seconds:2}.{tenth} s");
        }
    }
    println!("{table}");
    let changed = unlike(&folder("").join("reading_time.txt"), &table);
    assert!(changed.is_empty(), "{changed}");
    tenths.sort_unstable();
    let median = tenths[tenths.len() / 2 - 1].midpoint(tenths[tenths.len() / 2]);
    assert!(median <= 220 && tenths.last() <= Some(&300), "median {median} tenths of a second:\n{table}");
}
