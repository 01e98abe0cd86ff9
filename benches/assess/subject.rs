//! The deal that is measured, and its mapping.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;

use handoff_core::assemble::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::record::DealRecord;
use handoff_core::workbench::lint;
use jiff::Timestamp;

use super::by_hand;

/// Properties of a real deal.
pub const PROPERTIES: usize = 60;

const ID: &str = "pkt_0123456789ab";

/// A realistic deal record: 60 properties, 5 customers and a colleague, company, owner.
pub struct Subject {
    mapping: Mapping,
    pub json: String,
    pub record: DealRecord,
    as_of: Timestamp,
    made_by: handoff_core::packet::MappingRef,
}

impl Subject {
    /// Reads it, and makes sure that both ways lead to the same packet.
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deals");
        let (mapping, problems) = lint::read(&root.join("hubspot.yaml"));
        let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
        let json = record(&root.join("hubspot/03_enterprise_complete.json"));
        let record: DealRecord = serde_json::from_str(&json).unwrap();
        let as_of: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let packet = assemble(&mapping, &record, ID, as_of);
        let made_by = packet.0.mapping.clone();
        let by_hand = by_hand::assemble(&record, &made_by, &mapping.time_zone, ID, as_of);
        assert_eq!(by_hand, packet, "both make the same packet");
        Self { mapping, json, record, as_of, made_by }
    }

    /// As the service does it.
    pub fn assess(&self) {
        let (mapping, record) = (black_box(&self.mapping), black_box(&self.record));
        drop(black_box(assemble(mapping, record, ID, self.as_of)));
    }

    /// The floor.
    pub fn by_hand(&self) {
        let (record, zone) = (black_box(&self.record), &self.mapping.time_zone);
        drop(black_box(by_hand::assemble(record, &self.made_by, zone, ID, self.as_of)));
    }
}

/// The deal's record as text, with further properties up to the number of a real deal.
fn record(path: &Path) -> String {
    let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let properties = record["deal"]["properties"].as_object_mut().unwrap();
    let further: BTreeMap<String, serde_json::Value> = (properties.len()..PROPERTIES)
        .map(|n| (format!("custom_property_{n}"), format!("Some value that nobody maps, number {n}").into()))
        .collect();
    properties.extend(further);
    record.to_string()
}
