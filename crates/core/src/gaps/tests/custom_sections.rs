//! Sections that a mapping adds: record → packet → gap.

use serde_json::{Value, json};

use crate::assemble;
use crate::mapping::{self, sample};
use crate::packet::{Packet, PacketStatus};

const MAPPING: &str = r#"crm: hubspot
time_zone: Europe/Berlin
sections:
  promises: deal.promises
  second_phase: {title: Second phase, from: deal.phase, after: promises}
  security_review:
    title: Security review
    from: deal.security
    ask: "Which certificates do they need?"
    required: true
    after: promises
  procurement:
    title: Procurement
    from: deal.procurement
    ask: "Who signs?"
    required_when: {field: deal.amount, at_least: 20000}
owner: {from: deal.hubspot_owner_id, fallback: revops@seller.example}
slack: {channel: C0123ABCD}
"#;

fn packet(properties: &Value) -> Packet {
    let (mapping, problems) = mapping::file::parse("m.yaml", MAPPING);
    let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
    let mut deal = json!({"id": "7", "amount": "50000", "promises": "SSO before 1 March"});
    for (name, value) in properties.as_object().unwrap() {
        deal[name] = value.clone();
    }
    let record = sample::record(&json!({"crm": "hubspot", "account": 1, "deal": deal}).to_string());
    let (packet, _) = assemble::assemble(&mapping, &record, "pkt_x", "2026-11-22T08:00:00Z".parse().unwrap());
    // As every reader of a stored packet sees it.
    let json = serde_json::to_string(&packet).unwrap();
    let read: Packet = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    packet
}

/// The gaps of the custom sections.
fn gaps(properties: &Value) -> Vec<String> {
    let gaps = packet(properties).gaps;
    let own = gaps.iter().filter(|gap| gap.section.is_custom() && gap.counts());
    own.map(|gap| format!("{} {}: {}", gap.section.as_str(), gap.id(), gap.question())).collect()
}

#[test]
fn an_empty_required_section_is_asked_about_in_its_own_words() {
    insta::assert_snapshot!(gaps(&json!({})).join("\n"), @r"
    security_review empty: Which certificates do they need?
    procurement empty: Who signs?
    ");
}

#[test]
fn only_the_certain_rules_judge_it() {
    let book = "They need one more certificate. ".repeat(60);
    for (text, gap) in [
        ("TBD", "placeholder: Which certificates do they need?"),
        ("see call notes", "placeholder: Which certificates do they need?"),
        ("SSO before 1 March", "duplicate: Which certificates do they need?"),
        (&book, "too_long: Can you say it in one sentence?"),
    ] {
        let found = gaps(&json!({"security": text, "amount": "1"}));
        assert_eq!(found, [format!("security_review {gap}")], "{text}");
    }
    for text in ["none", "Great team", "Kickoff call", "ISO 27001"] {
        assert_eq!(gaps(&json!({"security": text, "amount": "1"})), [""; 0], "{text}");
    }
}

#[test]
fn the_built_in_section_that_says_the_same_is_not_flagged() {
    let packet = packet(&json!({"second_phase": "SSO before 1 March", "security": "SSO before 1 March"}));
    let flagged: Vec<&str> =
        packet.gaps.iter().filter(|gap| gap.id() == "duplicate").map(|gap| gap.section.as_str()).collect();
    assert_eq!(flagged, ["security_review"]);
}

#[test]
fn required_ones_count_and_an_optional_one_is_there_only_if_it_says_something() {
    let names = |packet: &Packet| {
        packet.in_reading_order().map(|(name, _)| name.as_str().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let small = packet(&json!({"amount": "1", "security": "ISO 27001"}));
    assert_eq!((small.filled, small.required()), (2, 7));
    insta::assert_snapshot!(names(&small), @"buying_reason success_outcome stakeholders promises security_review risks first_value");
    let large = packet(&json!({"security": "ISO 27001", "phase": "Two more plants"}));
    assert_eq!((large.filled, large.required(), large.status), (2, 8, PacketStatus::Incomplete));
    insta::assert_snapshot!(names(&large), @"buying_reason success_outcome stakeholders promises second_phase security_review risks first_value procurement");
}

#[test]
fn gaps_stand_in_reading_order() {
    let sections: Vec<String> =
        packet(&json!({})).gaps.iter().map(|gap| gap.section.as_str().to_owned()).collect();
    let place = |name: &str| sections.iter().position(|section| section == name).unwrap();
    assert!(place("stakeholders") < place("security_review") && place("security_review") < place("risks"));
    assert!(place("first_value") < place("procurement"));
}

#[test]
fn its_packet_says_what_is_needed_to_show_it_without_the_mapping() {
    let packet = serde_json::to_value(packet(&json!({"security": "ISO 27001"}))).unwrap();
    insta::assert_snapshot!(packet["custom_sections"].to_string(), @r#"[{"after":"promises","id":"second_phase","required":false,"title":"Second phase"},{"after":"promises","id":"security_review","required":true,"title":"Security review"},{"id":"procurement","required":true,"title":"Procurement"}]"#);
    assert_eq!(packet["sections"]["security_review"]["entries"][0]["text"], "ISO 27001");
    assert_eq!(packet["sections"]["security_review"]["entries"][0]["source"], "deal.security");
}

#[test]
fn a_packet_without_any_has_no_word_of_them() {
    let record = sample::record(r#"{"crm":"hubspot","account":1,"deal":{"id":7}}"#);
    let as_of = "2026-11-22T08:00:00Z".parse().unwrap();
    let (packet, _) = assemble::assemble(&sample::mapping(), &record, "pkt_x", as_of);
    assert!(serde_json::to_value(&packet).unwrap().get("custom_sections").is_none());
}
