use insta::assert_snapshot;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::{Condition, Limit, ListStyle, Mapping, Observation, Test};
use crate::packet::{Role, SectionName};
use crate::record::CrmKind;
use crate::record::FieldPath;
use crate::workbench::lint::parse;

const SHIPPED: &str = include_str!("../../../../../mappings/hubspot.yaml");

/// The shortest mapping without problems.
const SHORT: &str = "\
crm: hubspot
time_zone: Europe/Berlin
owner: {from: deal.hubspot_owner_id, fallback: revops@seller.example}
slack: {channel: C0123ABCD}
sections:
  buying_reason: deal.a
  success_outcome: deal.b
  promises: deal.c
  risks: deal.d
  first_value: deal.e
roles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}
";

fn good(text: &str) -> Mapping {
    let (mapping, problems) = parse("m.yaml", text);
    assert!(problems.is_empty(), "{problems}");
    mapping.unwrap()
}

/// What is told about a mapping that is not good.
fn told(text: &str) -> String {
    let (mapping, problems) = parse("m.yaml", text);
    assert!(!problems.is_empty(), "nothing is wrong with {text}");
    assert_eq!(mapping.is_none(), problems.has_errors());
    problems.to_string()
}

const ROLES: &str =
    "roles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}\n";

/// The short mapping with one part of it replaced.
fn instead(old: &str, new: &str) -> String {
    assert!(SHORT.contains(old), "{old} is not in the short mapping");
    SHORT.replacen(old, new, 1)
}

/// The short mapping with more behind it.
fn with(more: &str) -> String {
    format!("{SHORT}{more}")
}

#[test]
fn the_mapping_as_shipped_has_no_problems() {
    let mapping = good(SHIPPED);
    assert_eq!(mapping.crm, CrmKind::Hubspot);
    assert_eq!(mapping.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(mapping.pipelines, ["default", "8812345"]);
    assert_eq!(mapping.sections.len(), SectionName::ALL.len());
    assert_eq!(mapping.sections[&SectionName::Promises].list, ListStyle::Lines);
    assert_eq!(
        mapping.sections[&SectionName::FirstValue].due,
        Some(FieldPath::deal("handoff_first_value_date"))
    );
    assert_eq!(mapping.roles.labels["Decision maker"], Role::Sponsor);
    assert_eq!(mapping.important_when[0].conditions()[0].test, Test::AtLeast(Decimal::from(50000)));
    assert_eq!(mapping.slack.routes[0].channel, "C0ENTERPR");
    assert_eq!(mapping.task.due_in_business_days, 2);
}

#[test]
fn a_section_is_one_path_or_several_or_a_block() {
    let mapping = good(&instead(
        "  risks: deal.d",
        "  risks: [deal.d, company.e.f]\n  expansion: {from: line_items.name}",
    ));
    let paths = |name| mapping.sections[&name].from.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(paths(SectionName::BuyingReason), ["deal.a"]);
    assert_eq!(paths(SectionName::Risks), ["deal.d", "company.e.f"]);
    assert_eq!(paths(SectionName::Expansion), ["line_items.name"]);
    assert!(paths(SectionName::Stakeholders).is_empty(), "people fill it");
}

#[test]
fn what_looks_like_a_number_or_a_yes_stays_the_text_that_was_written() {
    let mapping = good(&with(
        "applies_to: {pipelines: [8812345, 007, 1.50]}\nimportant_when:\n  any: [{field: deal.vip, in: [yes, No, true, 1e3]}]\n",
    ));
    assert_eq!(mapping.pipelines, ["8812345", "007", "1.50"]);
    let values = ["yes", "No", "true", "1e3"].map(ToOwned::to_owned).to_vec();
    assert_eq!(mapping.important_when[0].conditions()[0].test, Test::In(values));
}

#[test]
fn a_question_may_be_written_over_several_lines() {
    let mapping = good(&instead(
        "  risks: deal.d",
        "  risks:\n    from: deal.d\n    ask: >\n      What could\n      go wrong?\n",
    ));
    assert_eq!(mapping.sections[&SectionName::Risks].ask.as_deref(), Some("What could go wrong?"));
}

#[test]
fn the_version_is_the_hash_of_the_file() {
    assert_eq!(
        good(SHORT).version,
        "sha256:7b2b58e76dd98044fd9416cb5aaf2d6707d7bc22aac99cf36d8b46faaf6f8a64"
    );
}

#[test]
fn a_file_saved_on_windows_reads_the_same() {
    let mapping = good(&format!("\u{feff}{}", SHORT.replace('\n', "\r\n")));
    assert_eq!(mapping.sections[&SectionName::Risks].from, [FieldPath::deal("d")]);
}

#[test]
fn a_misspelt_key_is_named_with_the_right_one() {
    assert_snapshot!(told(&instead("time_zone: Europe/Berlin", "time-zone: Europe/Berlin")), @r"
    error: unknown key `time-zone`
     --> m.yaml:2:1
      |
    2 | time-zone: Europe/Berlin
      | ^^^^^^^^^
      |
      = help: did you mean `time_zone`?
    ");
}

#[test]
fn a_key_that_resembles_nothing_gets_at_most_five_alternatives() {
    assert_snapshot!(told(&with("colour: red\n")), @r"
    error: unknown key `colour`
      --> m.yaml:12:1
       |
    12 | colour: red
       | ^^^^^^
       |
       = help: write `colleagues`, `placeholders`, `roles`, `owner` or `language`, or remove it
    ");
}

#[test]
fn a_misspelt_section_is_named_with_the_right_one() {
    assert_snapshot!(told(&instead("  promises: deal.c", "  promise: deal.c")), @r"
    error: there is no section `promise`
     --> m.yaml:8:3
      |
    8 |   promise: deal.c
      |   ^^^^^^^
      |
      = help: did you mean `promises`? Give a section of your own a `title`
    ");
}

#[test]
fn an_invented_section_is_refused() {
    assert_snapshot!(told(&instead("  first_value: deal.e\n", "  first_value: deal.e\n  pricing: deal.f\n")), @r"
    error: there is no section `pricing`
      --> m.yaml:11:3
       |
    11 |   pricing: deal.f
       |   ^^^^^^^
       |
       = help: give a section of your own a `title`, or write one of these: buying_reason, success_outcome, stakeholders, promises, risks, first_value, expansion
    ");
}

#[test]
fn a_misspelt_key_of_a_section_is_named_once() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {form: deal.d}")), @r"
    error: unknown key `form`
     --> m.yaml:9:11
      |
    9 |   risks: {form: deal.d}
      |           ^^^^
      |
      = help: did you mean `from`?
    ");
}

#[test]
fn a_section_without_fields_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {ask: \"What could go wrong?\"}")), @r#"
    error: nothing feeds section `risks`
     --> m.yaml:9:3
      |
    9 |   risks: {ask: "What could go wrong?"}
      |   ^^^^^
      |
      = help: add `from:` with one field or a list of fields
    "#);
}

#[test]
fn an_empty_from_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {from: []}")), @r"
    error: `from` is an empty list
     --> m.yaml:9:11
      |
    9 |   risks: {from: []}
      |           ^^^^
      |
      = help: write at least one value, or remove `from`
    ");
}

#[test]
fn a_key_with_nothing_behind_it_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks:\n    from:\n    words: 40")), @r"
    error: `from` is empty
      --> m.yaml:10:5
       |
    10 |     from:
       |     ^^^^
       |
       = help: write a value behind `from:`, or remove the line
    ");
}

#[test]
fn a_field_without_its_object_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: handoff_risks")), @r"
    error: `handoff_risks` does not say whose field it is
     --> m.yaml:9:10
      |
    9 |   risks: handoff_risks
      |          ^^^^^^^^^^^^^
      |
      = help: write `deal.handoff_risks` for a field of the deal, `company.handoff_risks` for the company's
    ");
}

#[test]
fn a_misspelt_object_is_named_with_the_right_one() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: [deals.handoff_risks, oportunity.x]")), @r"
    error: there is no object `deals`
     --> m.yaml:9:11
      |
    9 |   risks: [deals.handoff_risks, oportunity.x]
      |           ^^^^^^^^^^^^^^^^^^^
      |
      = help: write `deal.handoff_risks`

    error: there is no object `oportunity`
     --> m.yaml:9:32
      |
    9 |   risks: [deals.handoff_risks, oportunity.x]
      |                                ^^^^^^^^^^^^
      |
      = help: write `deal.x`
    ");
}

#[test]
fn people_are_not_fields() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: contact.email")), @r"
    error: there is no object `contact`
     --> m.yaml:9:10
      |
    9 |   risks: contact.email
      |          ^^^^^^^^^^^^^
      |
      = help: people come from `roles`; a section can read `deal`, `company`, `owner` and `line_items`
    ");
}

#[test]
fn a_label_instead_of_an_internal_name_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: deal.Handoff risks")), @"
    error: `deal.Handoff risks` is not the internal name of a field
     --> m.yaml:9:10
      |
    9 |   risks: deal.Handoff risks
      |          ^^^^^^^^^^^^^^^^^^
      |
      = help: write the internal name, not the label that people see: it has no spaces, as in `deal.handoff_risks`
    ");
}

#[test]
fn words_have_limits() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {from: deal.d, words: 5}")), @r"
    error: `words` cannot be `5`
     --> m.yaml:9:32
      |
    9 |   risks: {from: deal.d, words: 5}
      |                                ^
      |
      = help: write a whole number from 10 to 500
    ");
}

#[test]
fn an_unknown_list_style_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {from: deal.d, list: line}")), @r"
    error: `list` cannot be `line`
     --> m.yaml:9:31
      |
    9 |   risks: {from: deal.d, list: line}
      |                               ^^^^
      |
      = help: did you mean `lines`?
    ");
}

#[test]
fn only_first_value_has_a_date() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {from: deal.d, due: deal.date}")), @"
    error: only `first_value` has a date, and this is `risks`
     --> m.yaml:9:25
      |
    9 |   risks: {from: deal.d, due: deal.date}
      |                         ^^^
      |
      = help: remove `due`, or move it to `first_value`
    ");
}

#[test]
fn a_derived_entry_needs_something_to_say() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {derive: [{when: {field: deal.n, at_most: 1}}]}")), @r"
    error: `say` is missing
     --> m.yaml:9:21
      |
    9 |   risks: {derive: [{when: {field: deal.n, at_most: 1}}]}
      |                     ^^^^
      |
      = help: write what the packet says then: `say: Only one contact on the deal`
    ");
}

/// The observation of `risks` in the short mapping.
fn observed(when: &str) -> Observation {
    let mapping =
        good(&instead("  risks: deal.d", &format!("  risks: {{derive: [{{when: {when}, say: x}}]}}")));
    mapping.sections[&SectionName::Risks].derive[0].when.clone()
}

fn observed_wrongly(when: &str) -> String {
    told(&instead("  risks: deal.d", &format!("  risks: {{derive: [{{when: {when}, say: x}}]}}")))
}

#[test]
fn the_data_can_show_a_field() {
    for (when, expected) in [
        ("{field: deal.n, at_least: 20}", Test::AtLeast(Decimal::from(20))),
        ("{field: deal.n, older_than_days: 14}", Test::OlderThanDays(14)),
        ("{field: deal.n, last_day_of_quarter: true}", Test::LastDayOfQuarter(true)),
        ("{field: deal.n, last_day_of_quarter: false}", Test::LastDayOfQuarter(false)),
    ] {
        let Observation::Field(Condition { field, test }) = observed(when) else { panic!("{when}") };
        assert_eq!((field, test), (FieldPath::deal("n"), expected), "{when}");
    }
}

#[test]
fn the_data_can_show_who_is_on_the_deal() {
    for (when, least, most) in
        [("{contacts: {at_most: 1}}", None, Some(1)), ("{contacts: {at_least: 12}}", Some(12), None)]
    {
        let expected = least.map(Limit::AtLeast).or(most.map(Limit::AtMost));
        let Observation::Contacts(limit) = observed(when) else { panic!("{when}") };
        assert_eq!(Some(limit), expected);
    }
    let Observation::RoleMissing(role) = observed("{role_missing: executive_backer}") else { panic!() };
    assert_eq!(role, Role::ExecutiveBacker);
}

#[test]
fn a_number_of_days_is_a_whole_number() {
    assert_snapshot!(observed_wrongly("{field: deal.n, older_than_days: two weeks}"), @r"
    error: `older_than_days` cannot be `two weeks`
     --> m.yaml:9:60
      |
    9 |   risks: {derive: [{when: {field: deal.n, older_than_days: two weeks}, say: x}]}
      |                                                            ^^^^^^^^^
      |
      = help: write a whole number from 1 to 3650
    ");
}

#[test]
fn the_end_of_a_quarter_is_true_or_false() {
    assert_snapshot!(observed_wrongly("{field: deal.n, last_day_of_quarter: Q4}"), @r"
    error: `last_day_of_quarter` cannot be `Q4`
     --> m.yaml:9:64
      |
    9 |   risks: {derive: [{when: {field: deal.n, last_day_of_quarter: Q4}, say: x}]}
      |                                                                ^^
      |
      = help: write `true` or `false`
    ");
}

#[test]
fn contacts_are_counted_with_one_limit() {
    assert_snapshot!(observed_wrongly("{contacts: {at_least: 1, at_most: 3}}"), @r"
    error: `at_most` is a second limit to `contacts`
     --> m.yaml:9:52
      |
    9 |   risks: {derive: [{when: {contacts: {at_least: 1, at_most: 3}}, say: x}]}
      |                                                    ^^^^^^^
      |
      = help: keep one of the two
    ");
    assert_snapshot!(observed_wrongly("{contacts: 1}"), @"
    error: `contacts` is a block of keys, not one value
     --> m.yaml:9:38
      |
    9 |   risks: {derive: [{when: {contacts: 1}, say: x}]}
      |                                      ^
      |
      = help: write `key: value` lines, indented below
    ");
}

#[test]
fn a_role_that_nobody_knows_cannot_be_missing() {
    assert_snapshot!(observed_wrongly("{role_missing: executive}"), @r"
    error: there is no role `executive`
     --> m.yaml:9:42
      |
    9 |   risks: {derive: [{when: {role_missing: executive}, say: x}]}
      |                                          ^^^^^^^^^
      |
      = help: write `sponsor`, `operator`, `evaluator`, `blocker` or `executive_backer`
    ");
}

#[test]
fn people_and_fields_are_two_entries() {
    assert_snapshot!(observed_wrongly("{contacts: {at_most: 1}, field: deal.n}"), @r"
    error: `field` does not belong beside `contacts` or `role_missing`
     --> m.yaml:9:52
      |
    9 |   risks: {derive: [{when: {contacts: {at_most: 1}, field: deal.n}, say: x}]}
      |                                                    ^^^^^
      |
      = help: remove it, or write a second entry for it under `derive`
    ");
}

#[test]
fn only_first_value_says_who() {
    let mapping = good(&instead("  first_value: deal.e", "  first_value: {from: deal.e, who: deal.who}"));
    assert_eq!(mapping.sections[&SectionName::FirstValue].who, Some(FieldPath::deal("who")));
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: {from: deal.d, who: deal.who}")), @"
    error: only `first_value` has a person, and this is `risks`
     --> m.yaml:9:25
      |
    9 |   risks: {from: deal.d, who: deal.who}
      |                         ^^^
      |
      = help: remove `who`, or move it to `first_value`
    ");
}

#[test]
fn conditions_are_joined_wherever_one_stands() {
    let mapping = good(&with(
        "applies_to: {when: {not: {field: deal.dealtype, in: [renewal]}}}\n\
         important_when:\n  all: [{field: deal.amount, at_least: 50000}, {any: [{field: deal.vip, filled: true}]}]\n",
    ));
    assert!(matches!(mapping.applies_when, Some(Observation::Not(_))));
    assert!(matches!(mapping.important_when.as_slice(), [Observation::All(parts)] if parts.len() == 2));
    let observed = observed("{all: [{contacts: {at_most: 1}}, {not: {role_missing: sponsor}}]}");
    assert!(matches!(observed, Observation::All(parts) if parts.len() == 2));
}

#[test]
fn what_joins_conditions_stands_alone_and_joins_some() {
    let wrong = [
        "{all: [{field: deal.a, filled: true}], any: [{field: deal.b, filled: true}]}",
        "{all: [{field: deal.a, filled: true}], field: deal.b, filled: true}",
        "{any: []}",
        "{not: [{field: deal.a, filled: true}]}",
        "{all: [{contacts: {at_most: 1}}]}",
    ];
    let told = wrong.map(|when| told(&with(&format!("applies_to:\n  when: {when}\n"))));
    assert_snapshot!(told.join("\n\n"), @r"
    error: `any` stands beside `all`
      --> m.yaml:13:48
       |
    13 |   when: {all: [{field: deal.a, filled: true}], any: [{field: deal.b, filled: true}]}
       |                                                ^^^
       |
       = help: keep one of the two; write the other one as a condition below `all`

    error: `field` does not belong beside `all`
      --> m.yaml:13:48
       |
    13 |   when: {all: [{field: deal.a, filled: true}], field: deal.b, filled: true}
       |                                                ^^^^^
       |
       = help: move this condition below `all`

    error: `filled` does not belong beside `all`
      --> m.yaml:13:63
       |
    13 |   when: {all: [{field: deal.a, filled: true}], field: deal.b, filled: true}
       |                                                               ^^^^^^
       |
       = help: move this condition below `all`

    error: `any` joins no conditions
      --> m.yaml:13:10
       |
    13 |   when: {any: []}
       |          ^^^
       |
       = help: write conditions below it, such as `any: [{field: deal.amount, at_least: 50000}]`

    error: `not` turns one condition round, and this is a list
      --> m.yaml:13:10
       |
    13 |   when: {not: [{field: deal.a, filled: true}]}
       |          ^^^
       |
       = help: write `not: {any: […]}` (none of them holds) or `not: {all: […]}`

    error: `contacts` looks at people, which only `derive` can
      --> m.yaml:13:17
       |
    13 |   when: {all: [{contacts: {at_most: 1}}]}
       |                 ^^^^^^^^
       |
       = help: write a condition on a field here: `{field: deal.amount, at_least: 50000}`

    error: `field` is missing
      --> m.yaml:13:17
       |
    13 |   when: {all: [{contacts: {at_most: 1}}]}
       |                 ^^^^^^^^
       |
       = help: write which field to look at: `field: deal.amount`
    ");
}

#[test]
fn an_unknown_operator_is_refused() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount, greater_than: 50000}]\n")), @r"
    error: unknown operator `greater_than`
      --> m.yaml:13:30
       |
    13 |   any: [{field: deal.amount, greater_than: 50000}]
       |                              ^^^^^^^^^^^^
       |
       = help: did you mean `at_least`?
    ");
}

#[test]
fn two_operators_in_one_condition_are_refused() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount, at_least: 1, at_most: 9}]\n")), @r"
    error: `at_most` is a second operator in one condition
      --> m.yaml:13:43
       |
    13 |   any: [{field: deal.amount, at_least: 1, at_most: 9}]
       |                                           ^^^^^^^
       |
       = help: keep one: a condition asks one thing; join two with `all: [{…}, {…}]`
    ");
}

#[test]
fn a_condition_without_operator_is_refused() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount}]\n")), @r"
    error: this condition does not say what must hold
      --> m.yaml:13:10
       |
    13 |   any: [{field: deal.amount}]
       |          ^^^^^
       |
       = help: add one of `at_least`, `at_most`, `in`, `not_in` or `filled`
    ");
}

#[test]
fn a_threshold_that_is_not_a_number_is_refused() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount, at_least: 50k}]\n")), @r"
    error: `50k` is not a number
      --> m.yaml:13:40
       |
    13 |   any: [{field: deal.amount, at_least: 50k}]
       |                                        ^^^
       |
       = help: write `50000`, digits only
    ");
}

#[test]
fn a_threshold_with_a_thousands_separator_is_refused() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount, at_least: 50.000}]\n")), @r"
    error: `50.000` can be read as two different numbers
      --> m.yaml:13:40
       |
    13 |   any: [{field: deal.amount, at_least: 50.000}]
       |                                        ^^^^^^
       |
       = help: write `50000`, without separators between the thousands
    ");
}

#[test]
fn filled_is_true_or_false() {
    assert_snapshot!(told(&with("important_when:\n  any: [{field: deal.amount, filled: yes}]\n")), @r"
    error: `filled` cannot be `yes`
      --> m.yaml:13:38
       |
    13 |   any: [{field: deal.amount, filled: yes}]
       |                                      ^^^
       |
       = help: write `true`
    ");
}

#[test]
fn a_time_zone_that_does_not_exist_gets_near_names() {
    assert_snapshot!(told(&instead("Europe/Berlin", "Europe/Berln")), @r"
    error: there is no time zone `Europe/Berln`
     --> m.yaml:2:12
      |
    2 | time_zone: Europe/Berln
      |            ^^^^^^^^^^^^
      |
      = help: write `Europe/Berlin`
    ");
}

#[test]
fn a_city_alone_is_not_a_time_zone() {
    assert_snapshot!(told(&instead("Europe/Berlin", "New York")), @"
    error: there is no time zone `New York`
     --> m.yaml:2:12
      |
    2 | time_zone: New York
      |            ^^^^^^^^
      |
      = help: did you mean `America/New_York`?
    ");
}

#[test]
fn a_channel_name_is_not_a_channel_id() {
    assert_snapshot!(told(&instead("C0123ABCD", "\"#wins\"")), @r##"
    error: `#wins` is the name of a channel, not its id
     --> m.yaml:4:18
      |
    4 | slack: {channel: "#wins"}
      |                  ^^^^^^^
      |
      = help: write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at the bottom of About
    "##);
}

#[test]
fn a_channel_name_without_quotes_is_a_comment() {
    assert_snapshot!(told(&instead("slack: {channel: C0123ABCD}", "slack:\n  channel: #wins")), @r"
    error: `channel` holds no channel id (text behind `#` is a comment)
     --> m.yaml:5:3
      |
    5 |   channel: #wins
      |   ^^^^^^^
      |
      = help: write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at the bottom of About
    ");
}

#[test]
fn a_person_is_not_a_channel() {
    assert_snapshot!(told(&instead("C0123ABCD", "U0123ABCD")), @r"
    error: `U0123ABCD` is the id of a person or a direct message, not of a channel
     --> m.yaml:4:18
      |
    4 | slack: {channel: U0123ABCD}
      |                  ^^^^^^^^^
      |
      = help: write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at the bottom of About
    ");
}

#[test]
fn a_fallback_must_be_an_address() {
    assert_snapshot!(told(&instead("revops@seller.example", "RevOps team")), @r"
    error: `RevOps team` is not an e-mail address
     --> m.yaml:3:48
      |
    3 | owner: {from: deal.hubspot_owner_id, fallback: RevOps team}
      |                                                ^^^^^^^^^^^
      |
      = help: write the address of a person or a team: `fallback: revops@seller.example`
    ");
}

#[test]
fn the_owner_comes_from_the_deal() {
    assert_snapshot!(told(&instead("deal.hubspot_owner_id", "owner.id")), @r"
    error: the owner of the handoff cannot come from `owner.id`
     --> m.yaml:3:15
      |
    3 | owner: {from: owner.id, fallback: revops@seller.example}
      |               ^^^^^^^^
      |
      = help: write a field of the deal, such as `deal.hubspot_owner_id`
    ");
}

#[test]
fn an_unknown_role_is_refused() {
    assert_snapshot!(told(&instead(ROLES, "roles:\n  labels: {Champion: sponser}\n")), @r"
    error: there is no role `sponser`
      --> m.yaml:12:22
       |
    12 |   labels: {Champion: sponser}
       |                      ^^^^^^^
       |
       = help: did you mean `sponsor`?
    ");
}

#[test]
fn a_label_mapped_twice_is_refused_whatever_its_capitals() {
    assert_snapshot!(told(&instead("roles: {labels: {Sponsor", "roles: {labels: {sponsor: operator, Sponsor")), @r"
    error: `Sponsor` and `sponsor` are the same: capitals make no difference
      --> m.yaml:11:37
       |
    11 | roles: {labels: {sponsor: operator, Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}
       |                                     ^^^^^^^
       |
       = help: keep one of the two
    ");
}

#[test]
fn a_mail_address_is_not_a_domain() {
    assert_snapshot!(told(&with("colleagues: [me@example.com]\n")), @r"
    error: `me@example.com` is not a mail domain
      --> m.yaml:12:14
       |
    12 | colleagues: [me@example.com]
       |              ^^^^^^^^^^^^^^
       |
       = help: write `example.com`
    ");
}

#[test]
fn every_missing_top_level_key_is_named() {
    assert_snapshot!(told("sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}\n"), @r"
    error: `crm` is missing
     --> m.yaml:1:1
      |
    1 | sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}
      | ^^^^^^^^
      |
      = help: write `crm: hubspot` or `crm: salesforce`

    error: `time_zone` is missing
     --> m.yaml:1:1
      |
    1 | sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}
      | ^^^^^^^^
      |
      = help: write the zone days are counted in: `time_zone: Europe/Berlin`

    error: `owner` is missing
     --> m.yaml:1:1
      |
    1 | sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}
      | ^^^^^^^^
      |
      = help: write who takes the handoff: `owner: {from: deal.…, fallback: …}`

    error: `slack` is missing
     --> m.yaml:1:1
      |
    1 | sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}
      | ^^^^^^^^
      |
      = help: write where the digest goes: `slack: {channel: C0123ABCD}`

    warning: there is no `roles`: nobody has a role, and four roles will be reported as missing on every handoff
     --> m.yaml:1:1
      |
    1 | sections: {buying_reason: deal.a, success_outcome: deal.b, promises: deal.c, risks: deal.d, first_value: deal.e}
      | ^^^^^^^^
      |
      = help: write `roles: {labels: {Sponsor: sponsor}}` with the labels of your contacts
    ");
}

#[test]
fn sections_that_are_absent_are_warnings() {
    assert_snapshot!(told("crm: hubspot\ntime_zone: UTC\nowner: {from: deal.x, fallback: a@example.com}\nslack: {channel: C0123ABCD}\nsections:\n  buying_reason: deal.a\n  success_outcome: deal.b\n  risks: deal.c\nroles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}\n"), @r"
    warning: no field feeds `promises`: it will be reported as unmapped on every handoff
     --> m.yaml:5:1
      |
    5 | sections:
      | ^^^^^^^^
      |
      = help: write `promises: deal.…` with the field that answers it, under `sections`

    warning: no field feeds `first_value`: it will be reported as unmapped on every handoff
     --> m.yaml:5:1
      |
    5 | sections:
      | ^^^^^^^^
      |
      = help: write `first_value: deal.…` with the field that answers it, under `sections`
    ");
}

#[test]
fn a_block_where_one_value_belongs_is_refused() {
    assert_snapshot!(told(&instead("crm: hubspot", "crm: {name: hubspot}")), @r"
    error: `crm` takes one value, not a block of keys
     --> m.yaml:1:6
      |
    1 | crm: {name: hubspot}
      |      ^^^^^^^^^^^^^^^
      |
      = help: write a single value here
    ");
}

#[test]
fn a_value_where_a_block_belongs_is_refused() {
    assert_snapshot!(told(&instead("slack: {channel: C0123ABCD}", "slack: C0123ABCD")), @r"
    error: `slack` is a block of keys, not one value
     --> m.yaml:4:8
      |
    4 | slack: C0123ABCD
      |        ^^^^^^^^^
      |
      = help: write `key: value` lines, indented below
    ");
}

#[test]
fn a_crm_we_do_not_know_is_refused() {
    assert_snapshot!(told(&instead("crm: hubspot", "crm: Hub Spot")), @r"
    error: `crm` cannot be `Hub Spot`
     --> m.yaml:1:6
      |
    1 | crm: Hub Spot
      |      ^^^^^^^^
      |
      = help: did you mean `hubspot`?
    ");
}

#[test]
fn a_key_written_twice_is_refused() {
    assert_snapshot!(told(&instead("crm: hubspot", "crm: hubspot\ncrm: salesforce")), @r"
    error: `crm` is written twice in this block
     --> m.yaml:2:1
      |
    2 | crm: salesforce
      | ^^^
      |
      = help: keep one of the two, or put both values behind one key
    ");
}

#[test]
fn a_tab_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks:\n	from: deal.d")), @r"
    error: a tab stands where only spaces may stand
      --> m.yaml:10:1
       |
    10 |     from: deal.d
       | ^^^^
       |
       = help: replace the tab by spaces: two for each level
    ");
}

#[test]
fn a_colon_in_unquoted_text_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks:\n    ask: Why now: what forced it?")), @r#"
    error: there is a second `:` in this line
      --> m.yaml:10:17
       |
    10 |     ask: Why now: what forced it?
       |                 ^
       |
       = help: put text that contains `: ` in quotes: "Why now: what forced the date?"
    "#);
}

#[test]
fn an_unclosed_quote_is_refused() {
    assert_snapshot!(told(&instead("crm: hubspot", "crm: \"hubspot")), @r#"
    error: a quote is opened here and never closed
     --> m.yaml:1:6
      |
    1 | crm: "hubspot
      |      ^
      |
      = help: add the closing quote at the end of the text
    "#);
}

#[test]
fn an_unclosed_bracket_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: [deal.d")), @"
    error: a `[` is opened here and never closed
     --> m.yaml:9:10
      |
    9 |   risks: [deal.d
      |          ^
      |
      = help: close it with `]` at the end of its values
    ");
}

#[test]
fn a_line_that_is_indented_wrongly_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "   risks: deal.d")), @"
    error: this line does not line up with the lines above it
     --> m.yaml:9:9
      |
    9 |    risks: deal.d
      |         ^
      |
      = help: give all keys of one block the same number of spaces in front; if they have, look above for a missing `:` or an open quote
    ");
}

#[test]
fn a_line_without_colon_is_refused() {
    assert_snapshot!(told(&instead("crm: hubspot", "crm hubspot")), @"
    error: this line has no `:`
     --> m.yaml:1:1
      |
    1 | crm hubspot
      | ^^^^^^^^^^^
      |
      = help: write `crm: hubspot`
    ");
}

#[test]
fn a_reference_is_refused() {
    assert_snapshot!(told(&instead("  risks: deal.d", "  risks: *other")), @r"
    error: `*` refers to another place in the file, which is not supported
     --> m.yaml:9:10
      |
    9 |   risks: *other
      |          ^
      |
      = help: write the value out here; if it is text that begins with `*`, put it in quotes
    ");
}

#[test]
fn an_exclamation_mark_needs_quotes() {
    assert_snapshot!(told(&with("placeholders: [!none]\n")), @r"
    error: `!` has a special meaning at the start of a value
      --> m.yaml:12:16
       |
    12 | placeholders: [!none]
       |                ^^^^^
       |
       = help: put the text in quotes if it begins with an exclamation mark
    ");
}

#[test]
fn a_second_document_is_refused() {
    assert_snapshot!(told(&with("---\ncrm: hubspot\n")), @r"
    error: `---` begins a second document
      --> m.yaml:12:1
       |
    12 | ---
       | ^^^
       |
       = help: keep only one document a file
    ");
}

#[test]
fn an_empty_file_is_refused() {
    assert_snapshot!(told("# nothing but a comment\n"), @r"
    error: this file is empty
     --> m.yaml:1:1
      |
    1 | # nothing but a comment
      | ^
      |
      = help: begin with a copy of mappings/hubspot.yaml
    ");
}

#[test]
fn several_mistakes_are_told_at_once() {
    assert_snapshot!(told("crm: hubspt\ntime_zone: Europe/Berlin\nowner: {from: hubspot_owner_id, fallback: nobody}\nslack: {channel: wins}\nsections:\n  buying_reason: deal.a\n  success_outcome: deal.b\n  promises: deal.c\n  risks: deal.d\n  first_value: deal.e\nroles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}\n"), @r"
    error: `crm` cannot be `hubspt`
     --> m.yaml:1:6
      |
    1 | crm: hubspt
      |      ^^^^^^
      |
      = help: did you mean `hubspot`?

    error: `hubspot_owner_id` does not say whose field it is
     --> m.yaml:3:15
      |
    3 | owner: {from: hubspot_owner_id, fallback: nobody}
      |               ^^^^^^^^^^^^^^^^
      |
      = help: write `deal.hubspot_owner_id` for a field of the deal, `company.hubspot_owner_id` for the company's

    error: `nobody` is not an e-mail address
     --> m.yaml:3:43
      |
    3 | owner: {from: hubspot_owner_id, fallback: nobody}
      |                                           ^^^^^^
      |
      = help: write the address of a person or a team: `fallback: revops@seller.example`

    error: `wins` is not the id of a Slack channel
     --> m.yaml:4:18
      |
    4 | slack: {channel: wins}
      |                  ^^^^
      |
      = help: write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at the bottom of About
    ");
}

#[test]
fn a_file_that_unfolds_is_refused_before_it_does() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(told(&format!("a: {deep}")).contains("too large or nested too deeply"));
    let wide = "- a\n".repeat(30_000);
    assert!(told(&format!("a:\n{wide}")).contains("too large or nested too deeply"));
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert!(told(bomb).contains("refers to another place"));
}

proptest! {
    #[test]
    fn no_text_makes_reading_or_telling_panic(text in any::<String>()) {
        let (mapping, problems) = parse("m.yaml", &text);
        prop_assert_eq!(mapping.is_none(), problems.has_errors());
        prop_assert!(problems.to_string().contains("m.yaml"));
    }

    #[test]
    fn no_damage_to_a_good_file_makes_reading_or_telling_panic(
        at in 0..SHIPPED.chars().count(),
        cut in 0usize..40,
        put in "[-:#{}\\[\\]'\"&*!|>%@\t\n a0\u{feff}ß]{0,6}",
    ) {
        let damaged: String =
            SHIPPED.chars().take(at).chain(put.chars()).chain(SHIPPED.chars().skip(at + cut)).collect();
        let (mapping, problems) = parse("m.yaml", &damaged);
        prop_assert_eq!(mapping.is_none(), problems.has_errors());
        prop_assert_eq!(problems.to_string().is_empty(), problems.is_empty());
    }
}

#[test]
fn what_has_to_be_replaced_is_an_error_and_yet_can_be_previewed() {
    let mapping = "crm: hubspot\ntime_zone: UTC\nsections: {buying_reason: deal.a}\n\
                   owner: {from: deal.x, fallback: revops@seller.example}\nslack: {channel: C0123ABCD}\n";
    for (real, stand_in) in [("revops@seller.example", "revops@example.com"), ("C0123ABCD", "C000000000")] {
        let (mapping, problems) = parse("m.yaml", &mapping.replace(real, stand_in));
        assert!(mapping.is_some() && problems.has_errors(), "{problems}");
        assert_eq!(
            crate::mapping::file::only_for(crate::record::CrmKind::Hubspot, mapping, &mut problems.clone())
                .map(|one| one.crm),
            None
        );
    }
}
