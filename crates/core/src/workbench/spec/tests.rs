use std::path::Path;

use insta::assert_snapshot;

use super::*;
use crate::mapping::sample;

const DEAL: &str = "\
mapping: ../hubspot.yaml
as_of: 2026-11-22T08:00:00Z
record:
  deal:
    amount: 54000
    handoff_why_now: The old contract ends on 31 December.
    handoff_promises: \"Field mapping\\nFirst template\"
  contacts:
    - {firstname: Sarah, lastname: Lind, email: sarah@brandt.example, labels: [Sponsor]}
cases:
";

/// What differs when `expect` is expected of the usual deal with `change`.
fn differs(change: &str, expect: &str) -> String {
    let text = format!("{DEAL}  - name: a case\n    change: {change}\n    expect: {expect}\n");
    let (file, problems) = parse("t.yaml", &text, Path::new("../../mappings/tests"));
    let file = file.unwrap_or_else(|| panic!("{problems}"));
    file.cases[0].differences(&sample::mapping()).iter().map(ToString::to_string).collect()
}

/// What is told about a file that is not good.
fn told(text: &str) -> String {
    let (file, problems) = parse("t.yaml", text, Path::new("../../mappings/tests"));
    assert!(file.is_none(), "{text} is good");
    problems.to_string()
}

#[test]
fn only_what_is_expected_is_compared() {
    for expect in [
        "{important: true}",
        "{important: [amount 54000 ≥ 50000]}",
        "{status: incomplete}",
        "{channel: C0123ABCD}",
        "{owner: revops@seller.example}",
        "{roles: {sponsor: [Sarah Lind], blocker: []}}",
        "{sections: {promises: [Field mapping, First template], risks: [], expansion: []}}",
        "{sections: {risks: {status: missing}}}",
    ] {
        assert_eq!(differs("{}", expect), "", "{expect}");
    }
}

#[test]
fn a_difference_shows_both_sides_and_the_field_that_a_surprise_came_from() {
    assert_snapshot!(differs(
        "{deal: {handoff_promises: \"First template\\nTwo seats\", amount: 120000}}",
        "{sections: {promises: [Field mapping, First template]}, channel: C0123ABCD, important: false, \
          owner: Mia Sand, roles: {sponsor: [Ahmet Kaya]}}"
    ), @r"
    promises
      − Field mapping
        First template
      + Two seats  [deal.handoff_promises]
    sponsor
      − Ahmet Kaya
      + Sarah Lind  [contacts.label]
    important
      − not important
      + important  [amount 120000 ≥ 50000]
    owner
      − Mia Sand
      + revops@seller.example  [the fallback]
    channel
      − C0123ABCD
      + C0ENTERPR  [amount 120000 ≥ 100000]
    ");
}

#[test]
fn whether_a_deal_gets_a_packet_is_told_with_what_leaves_it_out() {
    let others = "crm: hubspot\ntime_zone: Europe/Berlin\nowner: {from: deal.o, fallback: a@b.example}\n\
                  slack: {channel: C0123ABCD}\n";
    let told = |applies_to: &str, expect: bool| {
        let mapping = crate::mapping::file::parse("m.yaml", &format!("{others}applies_to: {applies_to}\n")).0;
        let text = format!("{DEAL}  - name: a\n    expect: {{applies: {expect}}}\n");
        let case = parse("t.yaml", &text, Path::new("")).0.unwrap().cases.remove(0);
        case.differences(&mapping.unwrap()).iter().map(ToString::to_string).collect::<String>()
    };
    let large = "{when: {field: deal.amount, at_least: 100000}}";
    assert_eq!(told(large, false), "");
    assert_snapshot!(told(large, true), @r"
    applies
      − the deal gets a packet
      + the deal gets no packet  [applies_to.when does not hold]
    ");
    assert_snapshot!(told("{pipelines: default}", true), @r"
    applies
      − the deal gets a packet
      + the deal gets no packet  [the deal has no pipeline]
    ");
    assert_snapshot!(told("{when: {field: deal.amount, at_least: 1}}", false), @r"
    applies
      − the deal gets no packet
      + the deal gets a packet
    ");
}

#[test]
fn gaps_are_compared_as_a_whole_and_in_any_order() {
    let gaps = "[role_missing:blocker, role_missing:evaluator, role_missing:operator, risks/empty, \
                first_value/empty, success_outcome/empty, role_missing:executive_backer]";
    assert_eq!(differs("{}", &format!("{{gaps: {gaps}}}")), "");
    let other = gaps.replace("risks/empty", "risks/placeholder");
    let told = differs("{deal: {handoff_promises: TBD}}", &format!("{{gaps: {other}}}"));
    let told: Vec<&str> = told.lines().map(|line| line.split("  [").next().unwrap_or(line)).collect();
    assert_eq!(told, ["gaps", "  − risks/placeholder", "  + promises/placeholder", "  + risks/empty"]);
}

#[test]
fn a_change_replaces_lists_and_adds_values() {
    let record = |change: &str| {
        let text = format!("{DEAL}  - name: a\n    change: {change}\n    expect: {{status: complete}}\n");
        parse("t.yaml", &text, Path::new("")).0.unwrap().cases.remove(0).record
    };
    let deal = record("{deal: {properties: {a: 1.50}, Owner: {Name: Iris}, amount: null}}").deal;
    assert_eq!(deal.get("a"), Some("1.50"));
    assert_eq!(deal.get("Owner.Name"), Some("Iris"));
    assert_eq!(deal.get("amount"), None);
    assert!(deal.get("handoff_why_now").is_some());
    assert!(record("{contacts: []}").contacts.is_empty());
    assert_eq!(record("{users: {77: {email: a@b.example}}}").users["77"].email(), Some("a@b.example"));
}

#[test]
fn a_record_written_in_a_case_replaces_the_usual_one() {
    let text = format!(
        "{DEAL}  - name: a\n    record: {{crm: salesforce, deal: {{Id: 006A, x: y}}}}\n    expect: {{status: complete}}\n"
    );
    let case = parse("t.yaml", &text, Path::new("")).0.unwrap().cases.remove(0);
    assert_eq!(case.record.deal.id, "006A");
    assert!(case.record.contacts.is_empty());
    assert_snapshot!(case.differences(&sample::mapping())[0], @r"
    crm
      − a deal from hubspot
      + a deal from salesforce
    ");
}

#[test]
fn the_mapping_is_named_as_seen_from_the_file() {
    let file = parse("t.yaml", DEAL.trim_end_matches("cases:\n"), Path::new("")).1;
    assert!(file.to_string().contains("`cases` is missing"), "{file}");
    let text = format!("{DEAL}  - {{name: a, expect: {{status: complete}}}}\n");
    let (file, _) = parse("t.yaml", &text, Path::new("../../mappings/tests"));
    assert_eq!(file.unwrap().mapping, Path::new("../../mappings/hubspot.yaml"));
}

#[test]
fn mistakes_in_a_case_are_told_like_mistakes_in_a_mapping() {
    let text = format!(
        "{DEAL}  - name: a\n    expect:\n      sections: {{promisses: [x]}}\n      gaps: [promises/emtpy]\n      \
         roles: {{sponser: [x]}}\n  - name: b\n    expectt: {{}}\n  - name: c\n    change: {{company: {{tier: [a, b]}}}}\n    expect: {{}}\n"
    );
    assert_snapshot!(told(&text), @r"
    error: there is no section `promisses`
      --> t.yaml:13:18
       |
    13 |       sections: {promisses: [x]}
       |                  ^^^^^^^^^
       |
       = help: did you mean `promises`?

    error: there is no gap `emtpy`
      --> t.yaml:14:14
       |
    14 |       gaps: [promises/emtpy]
       |              ^^^^^^^^^^^^^^
       |
       = help: did you mean `empty`?

    error: there is no role `sponser`
      --> t.yaml:15:15
       |
    15 |       roles: {sponser: [x]}
       |               ^^^^^^^
       |
       = help: did you mean `sponsor`?

    error: unknown key `expectt`
      --> t.yaml:17:5
       |
    17 |     expectt: {}
       |     ^^^^^^^
       |
       = help: did you mean `expect`?

    error: `tier` holds a list
      --> t.yaml:19:24
       |
    19 |     change: {company: {tier: [a, b]}}
       |                        ^^^^
       |
       = help: write one value; several values of a pick list are joined by `;`
    ");
}

#[test]
fn a_case_needs_a_deal_a_day_and_something_to_expect() {
    assert_snapshot!(told("mapping: m.yaml\ncases:\n  - name: a\n    expect: {}\n"), @r"
    error: `as_of` is missing
     --> t.yaml:3:5
      |
    3 |   - name: a
      |     ^^^^
      |
      = help: write the day the packet is made, here or at the top: `as_of: 2026-11-22T08:00:00Z`

    error: this case has no deal
     --> t.yaml:3:5
      |
    3 |   - name: a
      |     ^^^^
      |
      = help: write the deal behind `record:`, or name a saved one behind `record_file:`

    error: this case expects nothing, so it cannot fail
     --> t.yaml:4:5
      |
    4 |     expect: {}
      |     ^^^^^^
      |
      = help: write at least one thing, such as `status: complete` or `gaps: []`
    ");
}

#[test]
fn a_saved_record_that_is_none_is_told_without_jargon() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("d.json"), "{\"crm\": \"hubspot\",\n \"deal\": 7}").unwrap();
    let text = "mapping: m.yaml\nas_of: 2026-11-22T08:00:00Z\ncases:\n  - name: a\n    record_file: d.json\n    expect: {status: complete}\n";
    let (file, problems) = parse("t.yaml", text, directory.path());
    assert!(file.is_none());
    assert_snapshot!(problems, @r"
    error: `d.json` is not a deal record: see its line 2, column 10
     --> t.yaml:5:18
      |
    5 |     record_file: d.json
      |                  ^^^^^^
      |
      = help: save one with `handoff fetch --deal ID > deal.json`; the path is relative to this file
    ");
}

#[test]
fn the_tests_as_shipped_pass() {
    let mut files: Vec<_> =
        std::fs::read_dir("../../mappings/tests").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    assert!(!files.is_empty());
    for path in files {
        let (file, problems) = read(&path);
        let file = file.unwrap_or_else(|| panic!("{problems}"));
        let (mapping, problems) = crate::workbench::lint::read(&file.mapping);
        let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
        assert!(file.cases.len() >= 5, "{}", path.display());
        for case in file.cases {
            let told: String = case.differences(&mapping).iter().map(ToString::to_string).collect();
            assert_eq!(told, "", "{}: {}", path.display(), case.name);
        }
    }
}

#[test]
fn a_section_that_the_mapping_does_not_have_is_told_when_the_case_runs() {
    assert_snapshot!(differs("{}", "{sections: {security_review: [ISO 27001]}}"), @r"
    security_review
      − a section of this name
      + there is none  [mappings/hubspot.yaml]
    ");
    let misspelt = told(&format!("{DEAL}  - name: a case\n    expect: {{sections: {{promise: []}}}}\n"));
    assert!(misspelt.contains("did you mean `promises`?"), "{misspelt}");
}
