use super::*;
use crate::mapping::file;
use crate::record::{AccountMetadata, CrmObject, FieldKind, FieldMetadata};

const MAPPING: &str = "crm: hubspot
time_zone: Europe/Berlin
applies_to: {pipelines: [default]}
sections:
  buying_reason: [deal.why_now, deal.won_reason]
  promises: deal.promises
  risks: {from: deal.risks, derive: [{when: {field: company.numberofemployees, at_least: 1000}, say: Large}]}
  first_value: {from: deal.first_value, due: deal.first_value_date, who: deal.first_value_who}
roles: {labels: {Sponsor: sponsor}}
important_when: {any: [{field: deal.amount, at_least: 50000}]}
owner: {from: deal.hubspot_owner_id, fallback: revops@seller.example}
slack: {channel: C0123ABCD, routes: [{when: {field: deal.amount, at_least: 90000}, channel: C0ENTERPR}]}
";

fn mapping() -> Mapping {
    let (mapping, problems) = file::parse("m.yaml", MAPPING);
    mapping.unwrap_or_else(|| panic!("{problems}"))
}

fn record(properties: &str) -> DealRecord {
    let json = format!(
        r#"{{"crm":"hubspot","account":1,"deal":{{"id":7,"pipeline":"default",{properties}}},
            "unavailable":["deal.promises"],"fetched_at":"2026-11-22T08:00:00Z"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn coverage(candidates: &[Candidate], deals: &[&str]) -> Coverage {
    let records: Vec<DealRecord> = deals.iter().map(|deal| record(deal)).collect();
    Coverage::of(&mapping(), candidates, &records, "2026-11-22T08:00:00Z".parse().unwrap())
}

fn lines(coverage: &Coverage) -> String {
    let line = |field: &Field| {
        let Tally { filled, placeholder, hidden, empty } = field.tally;
        let key = field.key.unwrap_or("from");
        format!("{} {key} {}: {filled} {placeholder} {hidden} {empty}", field.part, field.field)
    };
    coverage.fields.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_place_that_reads_a_field_is_counted_and_a_stand_in_is_no_answer() {
    let coverage = coverage(
        &[],
        &[
            r#""why_now":"<p>Audit on 3 May</p>","won_reason":"TBD","risks":"none","amount":"TBD""#,
            r#""why_now":"see call notes","won_reason":" \u00a0<br>","risks":"REDACTED","first_value":"none""#,
            r#""why_now":null,"risks":"SSO is late","first_value_date":"TBD","hubspot_owner_id":"12""#,
        ],
    );
    insta::assert_snapshot!(lines(&coverage), @"
    buying_reason from deal.why_now: 1 1 0 1
    buying_reason from deal.won_reason: 0 1 0 2
    promises from deal.promises: 0 0 3 0
    risks from deal.risks: 2 0 1 0
    risks derive company.numberofemployees: 0 0 0 3
    first_value from deal.first_value: 0 1 0 2
    first_value due deal.first_value_date: 0 1 0 2
    first_value who deal.first_value_who: 0 0 0 3
    important_when from deal.amount: 1 0 0 2
    owner from deal.hubspot_owner_id: 1 0 0 2
    slack routes deal.amount: 1 0 0 2
    ");
    assert_eq!((coverage.deals, coverage.left_out, coverage.complete), (3, 0, 0));
}

#[test]
fn gaps_are_counted_by_section_the_most_frequent_first() {
    let coverage = coverage(
        &[],
        &[r#""why_now":"Audit on 3 May""#, r#""why_now":"TBD","risks":"none""#, r#""risks":"none""#],
    );
    let told: Vec<String> = coverage
        .gaps
        .iter()
        .map(|gaps| format!("{} {} {}", gaps.section.as_str(), gaps.gap, gaps.deals))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    buying_reason empty 1
    buying_reason placeholder 1
    success_outcome unmapped 3
    stakeholders role_missing:blocker 3
    stakeholders role_missing:evaluator 3
    stakeholders role_missing:operator 3
    stakeholders role_missing:sponsor 3
    promises unmapped 3
    risks empty 1
    first_value empty 3
    ");
}

#[test]
fn a_deal_that_the_mapping_leaves_out_counts_nowhere() {
    let mut other = record(r#""why_now":"Audit on 3 May""#);
    other.deal.properties.insert("pipeline".to_owned(), Some("other".to_owned()));
    let coverage = Coverage::of(&mapping(), &[], &[other], "2026-11-22T08:00:00Z".parse().unwrap());
    assert_eq!((coverage.deals, coverage.left_out), (0, 1));
    assert!(coverage.gaps.is_empty());
}

fn metadata(fields: &[(&str, &str, FieldKind)]) -> AccountMetadata {
    let account = "hubspot:1".parse().unwrap();
    let mut metadata = AccountMetadata::new(account, "2026-11-22T08:00:00Z".parse().unwrap());
    let field = |(name, label, kind): &(&str, &str, FieldKind)| FieldMetadata {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        kind: *kind,
        options: Vec::new(),
        custom: true,
        archived: *label == "Archived risks",
        calculated: false,
        read_only: false,
        length: None,
        needs: Vec::new(),
        lookup: None,
    };
    metadata.objects.insert(CrmObject::Deal, fields.iter().map(field).collect());
    metadata
}

#[test]
fn well_filled_fields_that_nothing_reads_are_suggested() {
    let metadata = metadata(&[
        ("why_now", "Why now", FieldKind::Text),
        ("pain_points", "Pain points", FieldKind::Text),
        ("goals", "Goals", FieldKind::Text),
        ("go_live", "Go-live", FieldKind::Date),
        ("risks_old", "Archived risks", FieldKind::Text),
        ("deal_size", "Size", FieldKind::Choice),
    ]);
    let candidates = candidates(&metadata, &mapping());
    let names: Vec<String> = candidates.iter().map(|candidate| candidate.path.to_string()).collect();
    assert_eq!(
        names,
        ["deal.pain_points", "deal.goals", "deal.go_live"],
        "read already, archived, or another matter"
    );

    let coverage = coverage(
        &candidates,
        &[
            r#""pain_points":"Forecasts differ by 20 %","goals":"TBD","go_live":"2026-12-01""#,
            r#""pain_points":"Contract ends on 31 December","goals":"tbd""#,
            r#""goals":"Weekly forecast""#,
            r#""pain_points":"n/a""#,
            r#""go_live":"2026-12-01""#,
        ],
    );
    let told: Vec<String> = coverage
        .suggestions
        .iter()
        .map(|one| format!("{} {} {} {:?}", one.field, one.tally.filled, one.section.as_str(), one.key))
        .collect();
    assert_eq!(
        told,
        ["deal.go_live 2 first_value Some(\"due\")", "deal.pain_points 2 buying_reason None"],
        "at least 40 %, and a stand-in does not count"
    );
}
