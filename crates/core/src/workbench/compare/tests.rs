use insta::assert_snapshot;

use super::*;
use crate::assemble::assemble;
use crate::mapping::{Mapping, file, sample};

const SHIPPED: &str = include_str!("../../../../../mappings/hubspot.yaml");

fn mapping(replacements: &[(&str, &str)]) -> Mapping {
    let mut text = SHIPPED.to_owned();
    for (old, new) in replacements {
        assert!(text.contains(old), "{old} is not in the mapping");
        text = text.replacen(old, new, 1);
    }
    let (mapping, problems) = file::parse("m.yaml", &text);
    mapping.unwrap_or_else(|| panic!("{problems}"))
}

fn told(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_mapping_does_not_differ_from_itself() {
    assert_eq!(mappings(&mapping(&[]), &mapping(&[])), []);
}

#[test]
fn every_part_of_a_mapping_tells_its_changes_in_words() {
    let new = mapping(&[
        ("Europe/Berlin", "America/New_York"),
        ("[default, \"8812345\"]", "[default, \"77\"]"),
        ("[deal.handoff_why_now, deal.closed_won_reason]", "[deal.closed_won_reason, deal.handoff_why_now]"),
        ("from: [deal.handoff_promises]\n    list: lines", "from: [deal.handoff_promises, deal.side_letter]"),
        ("words: 80", "words: 40\n    required_when: {field: deal.amount, at_least: 20000}"),
        ("at_most: 1}", "at_most: 2}"),
        ("    due: deal.handoff_first_value_date\n", ""),
        ("from: [deal.handoff_expansion]", "ask: \"What next?\"\n    from: [deal.handoff_expansion]"),
        ("roles:\n", "links:\n  Order form: deal.order_form_url\nroles:\n"),
        ("    Blocker: blocker\n", ""),
        ("    Sponsor: sponsor\n", "    Sponsor: executive_backer\n    Lawyer: blocker\n"),
        ("at_least: 50000", "at_least: 75000"),
        (
            "    - {field: company.customer_tier, in: [Enterprise, Strategic]}\n",
            "    - {field: deal.vip, filled: true}\n",
        ),
        ("fallback: revops@seller.example", "fallback: cs@example.com"),
        ("due_in_business_days: 2", "due_in_business_days: 5"),
        ("channel: C0123ABCD", "channel: C0999WINS"),
        ("placeholders: [\"ask the AE\", ", "placeholders: ["),
    ]);
    assert_snapshot!(told(&mappings(&mapping(&[]), &new)), @r#"
    ~ time_zone: America/New_York instead of Europe/Berlin
    − applies_to: pipeline 8812345
    + applies_to: pipeline 77
    ~ buying_reason: another order: reads deal.closed_won_reason, then reads deal.handoff_why_now
    + promises: reads deal.side_letter
    ~ promises: entries by the field's type instead of one entry a line
    ~ risks: at most 40 words instead of at most 80 words
    ~ risks: is required when deal.amount is at least 20000 instead of is always required
    − first_value: takes its date from deal.handoff_first_value_date
    ~ expansion: asks "What next?" instead of asks the built-in question
    + links: Order form from deal.order_form_url
    − roles: label Blocker leads to blocker
    ~ roles: label Sponsor leads to executive backer instead of label Sponsor leads to sponsor
    + roles: label Lawyer leads to blocker
    ~ important_when: deal.amount is at least 75000 instead of deal.amount is at least 50000
    − important_when: company.customer_tier is Enterprise or Strategic
    + important_when: deal.vip is filled
    ~ owner: fallback cs@example.com instead of fallback revops@seller.example
    ~ task: due after 5 business days instead of due after 2 business days
    ~ slack: C0999WINS instead of C0123ABCD
    − placeholders: "ask the AE"
    "#);
}

#[test]
fn naming_the_first_pipeline_takes_the_others_away() {
    let all = mapping(&[("applies_to:\n  pipelines: [default, \"8812345\"]\n", "")]);
    assert_snapshot!(told(&mappings(&all, &mapping(&[]))), @"− applies_to: all pipelines but default, 8812345");
    assert_snapshot!(told(&mappings(&mapping(&[]), &all)), @"+ applies_to: all pipelines, not only default, 8812345");
}

#[test]
fn a_section_that_loses_its_last_field_says_what_that_means() {
    let without = mapping(&[("  expansion:\n    from: [deal.handoff_expansion]\n", "")]);
    assert_snapshot!(told(&mappings(&mapping(&[]), &without)), @r"
    − expansion: reads deal.handoff_expansion
    − expansion: nothing feeds it any more: it is unmapped on every handoff
    ");
}

#[test]
fn a_deal_tells_what_its_packet_gains_and_loses() {
    let record = sample::record(
        r#"{"crm":"hubspot","account":1,
            "deal":{"id":7,"amount":"54000","handoff_promises":"First template","side_letter":"Two seats free",
                    "num_associated_contacts":"2"},
            "contacts":[{"id":1,"firstname":"Sarah","lastname":"Lind","labels":["Sponsor"]}]}"#,
    );
    let old = mapping(&[]);
    let new = mapping(&[
        ("from: [deal.handoff_promises]", "from: [deal.side_letter]"),
        ("Sponsor: sponsor", "Sponsor: operator"),
        ("at_least: 50000", "at_least: 75000"),
        ("channel: C0123ABCD", "channel: C0999WINS"),
        ("fallback: revops@seller.example", "fallback: cs@example.com"),
    ]);
    let as_of = "2026-11-22T08:00:00Z".parse().unwrap();
    let [old, new] = [old, new].map(|mapping| assemble(&mapping, &record, "pkt_x", as_of));
    let changes = packets((&old.0, &old.1), (&new.0, &new.1));
    let lines: Vec<String> =
        changes.iter().filter(|change| change.about != "gaps").map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    − stakeholders: Sarah Lind: sponsor  [contacts.label]
    + stakeholders: Sarah Lind: operator  [contacts.label]
    − promises: "First template"  [deal.handoff_promises]
    + promises: "Two seats free"  [deal.side_letter]
    − important: amount 54000 ≥ 50000
    ~ owner: cs@example.com (the fallback) instead of revops@seller.example (the fallback)
    ~ task: for user cs@example.com instead of for user revops@seller.example
    ~ channel: C0999WINS instead of C0123ABCD
    "#);
    assert!(
        changes.iter().any(|change| change.about == "gaps" && change.kind == Kind::Gained),
        "{changes:?}"
    );
    assert_eq!(packets((&old.0, &old.1), (&old.0, &old.1)), []);
}

#[test]
fn a_section_of_the_mappings_own_is_compared_by_its_id() {
    let own =
        "  security_review: {title: Security review, from: deal.security, after: promises}\n  expansion:\n";
    let (with, without) = (mapping(&[("  expansion:\n", own)]), mapping(&[]));
    assert_snapshot!(told(&mappings(&without, &with)), @r#"
    + sections: section security_review "Security review", optional, after promises
    + security_review: reads deal.security
    "#);
    assert_snapshot!(told(&mappings(&with, &without)), @r#"
    − sections: section security_review "Security review", optional, after promises
    − security_review: reads deal.security
    "#);
    let record = sample::record(r#"{"crm":"hubspot","account":1,"deal":{"id":7,"security":"ISO 27001"}}"#);
    let packet = |mapping| assemble(mapping, &record, "pkt_x", "2026-11-22T08:00:00Z".parse().unwrap()).0;
    assert_snapshot!(told(&revisions(&packet(&without), &packet(&with))), @r#"
    ~ security_review: filled instead of missing
    + security_review: "ISO 27001"  [deal.security]
    "#);
}
