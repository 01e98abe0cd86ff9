//! A mapping and deal records for unit tests.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{
    Condition, Derivation, ListStyle, Mapping, Observation, OwnerMapping, RoleMapping, Route, SectionMapping,
    SlackMapping, TaskMapping, Test,
};
use crate::packet::{Role, SectionName, TaskTexts};
use crate::record::DealRecord;
use crate::record::{FieldObject, FieldPath};

/// Reads a deal record; the test fails if it is not one.
pub fn record(json: &str) -> DealRecord {
    serde_json::from_str(json).unwrap()
}

/// Sunday, 22 November 2026, nine in the morning in Berlin.
pub fn now() -> Zoned {
    let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    now.to_zoned(TimeZone::get("Europe/Berlin").unwrap())
}

/// All six sections from `deal.handoff_…` fields, Berlin time, important from 50000 or by tier.
pub fn mapping() -> Mapping {
    let company = |name: &str| FieldPath { object: FieldObject::Company, name: name.to_owned() };
    let section = |names: &[&str]| SectionMapping {
        from: names.iter().map(|name| FieldPath::deal(name)).collect(),
        ..SectionMapping::default()
    };
    let at_least = |amount: i64| {
        Observation::Field(Condition { field: FieldPath::deal("amount"), test: Test::AtLeast(amount.into()) })
    };
    let single_contact = Derivation {
        when: Observation::Field(Condition {
            field: FieldPath::deal("num_associated_contacts"),
            test: Test::AtMost(1.into()),
        }),
        say: "Only one contact on the deal".to_owned(),
    };
    Mapping {
        custom_sections: Vec::new(),
        file: "mappings/hubspot.yaml".to_owned(),
        version: "sha256:0123".to_owned(),
        crm: "hubspot".parse().unwrap(),
        time_zone: TimeZone::get("Europe/Berlin").unwrap(),
        locale: crate::text::locale::Locale::default(),
        words: None,
        applies_when: None,
        pipelines: Vec::new(),
        sections: BTreeMap::from([
            (SectionName::BuyingReason, section(&["handoff_why_now", "closed_won_reason"])),
            (SectionName::SuccessOutcome, section(&["handoff_success"])),
            (SectionName::Stakeholders, section(&[])),
            (
                SectionName::Promises,
                SectionMapping { list: ListStyle::Lines, ..section(&["handoff_promises"]) },
            ),
            (
                SectionName::Risks,
                SectionMapping {
                    derive: vec![single_contact],
                    ..section(&["handoff_risks", "handoff_risk_notes"])
                },
            ),
            (
                SectionName::FirstValue,
                SectionMapping {
                    due: Some(FieldPath::deal("handoff_first_value_date")),
                    ..section(&["handoff_first_value"])
                },
            ),
        ]),
        links: Vec::new(),
        roles: RoleMapping {
            labels: BTreeMap::from([
                ("Sponsor".to_owned(), Role::Sponsor),
                ("Decision maker".to_owned(), Role::Sponsor),
                ("Evaluator".to_owned(), Role::Evaluator),
                ("Executive Sponsor".to_owned(), Role::ExecutiveBacker),
            ]),
            buying_roles: BTreeMap::from([
                ("BLOCKER".to_owned(), Role::Blocker),
                ("END_USER".to_owned(), Role::Operator),
                ("CHAMPION".to_owned(), Role::Sponsor),
            ]),
            ..RoleMapping::default()
        },
        important_when: vec![
            at_least(50_000),
            Observation::Field(Condition {
                field: company("customer_tier"),
                test: Test::In(vec!["Enterprise".to_owned(), "Strategic".to_owned()]),
            }),
        ],
        owner: OwnerMapping {
            from: FieldPath::deal("handoff_owner"),
            fallback: "revops@seller.example".to_owned(),
        },
        task: TaskMapping { due_in_business_days: 2, texts: TaskTexts::default() },
        slack: SlackMapping {
            routes: vec![Route { when: at_least(100_000), channel: "C0ENTERPR".to_owned() }],
            ..SlackMapping::of("C0123ABCD")
        },
        placeholders: Vec::new(),
        colleagues: vec!["seller.example".to_owned()],
    }
}
