//! Whatever stands between two good elements of a batch, both survive; and whatever stands beside a deal's id
//! in a workflow's body, the deal is found.
#![no_main]

use handoff_bridge::crm::hubspot::{Interest, parse_batch, parse_workflow_event};
use handoff_bridge::crm::{Batch, Event, NotJson, OpenDeals, Verification};
use handoff_bridge_fuzz::hubspot::now;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

const SIGNED: Verification = Verification::Signed { scheme: "hubspot-v3", key: 0 };

fuzz_target!(|data: &[u8]| {
    // As it came, it may be anything: only what it announces must be usable.
    if let Ok(batch) = parse(data) {
        batch.events.iter().for_each(is_usable);
    }
    if let Ok(event) = parse_workflow_event(data, Some("c-1"), Some("48210077"), &SIGNED, now()) {
        is_usable(&event);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    between_siblings(text);
    beside_an_id(text);
});

fn between_siblings(text: &str) {
    let body = format!("[{},{text},{}]", stage_change(1), stage_change(2));
    let Ok(elements) = serde_json::from_str::<Vec<IgnoredAny>>(&body) else { return };
    let batch = parse(body.as_bytes()).expect("it is an array");
    let dropped: usize = batch.dropped.values().sum();
    assert_eq!(batch.events.len() + dropped, elements.len());
    batch.events.iter().for_each(is_usable);
    for (sibling, number) in [(batch.events.first(), "1"), (batch.events.last(), "2")] {
        let sibling = sibling.expect("a good element is never dropped");
        assert_eq!(sibling.deal.to_string(), "hubspot:48210077:301000000417");
        assert_eq!(sibling.provider_id, number);
    }
}

fn beside_an_id(text: &str) {
    // More than one value could name another deal or portal.
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return;
    }
    let body =
        format!(r#"{{"portalId":48210077,"note":{text},"objectId":301000000417,"properties":{text}}}"#);
    let event = parse_workflow_event(body.as_bytes(), None, None, &SIGNED, now()).expect("the deal is named");
    assert_eq!(event.deal.to_string(), "hubspot:48210077:301000000417");
}

fn parse(body: &[u8]) -> Result<Batch, NotJson> {
    parse_batch(body, &SIGNED, &Interest { known_stage: &known_stage, open: &OpenDeals::default() })
}

fn stage_change(number: u8) -> String {
    format!(
        r#"{{"eventId":{number},"subscriptionId":410001,"portalId":48210077,"occurredAt":1764000000000,
            "subscriptionType":"deal.propertyChange","objectId":301000000417,
            "propertyName":"dealstage","propertyValue":"closedwon"}}"#
    )
}

fn known_stage(_portal: &str, stage: &str) -> Option<bool> {
    [("closedwon", true), ("open", false)].iter().find(|(known, _)| *known == stage).map(|(_, won)| *won)
}

/// Its ids are numbers of up to 20 digits: they end up in keys and in paths.
fn is_usable(event: &Event) {
    let is_id = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    assert!(is_id(&event.deal.deal) && is_id(&event.deal.account.account), "{event:?}");
    let own = is_id(&event.provider_id) || ["-", "c-1"].contains(&event.provider_id.as_str());
    assert!(own, "{event:?}");
    let prefix = format!("hubspot:{}:", event.deal.account.account);
    assert!(event.dedupe_key.starts_with(&prefix), "{event:?}");
}
