//! One object with its values and their history.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

/// One object.
#[derive(Debug, Clone)]
pub struct Record {
    /// The id.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// In the recycle bin.
    pub archived: bool,
    history: BTreeMap<String, Vec<(Timestamp, String)>>,
    /// Which entries of a property's history an app wrote.
    by_app: BTreeSet<(String, usize)>,
}

impl Record {
    pub(super) fn new(id: &str, at: Timestamp, values: &[(&str, &str)]) -> Self {
        let id = id.to_owned();
        let (history, by_app) = (BTreeMap::new(), BTreeSet::new());
        let mut record = Self { id, created: at, updated: at, archived: false, history, by_app };
        for (name, value) in values {
            record.set(name, value, at);
        }
        record
    }

    /// The current value. A property that was cleared holds `""`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.history.get(name)?.last().map(|(_, value)| value.as_str())
    }

    /// Every value a property has had, oldest first.
    pub fn history(&self, name: &str) -> &[(Timestamp, String)] {
        self.history.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every property that was ever set, with its current value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.history.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.1.as_str())))
    }

    pub(super) fn set(&mut self, name: &str, value: &str, at: Timestamp) {
        self.updated = at;
        self.history.entry(name.to_owned()).or_default().push((at, value.to_owned()));
    }

    pub(super) fn set_by_app(&mut self, name: &str, value: &str, at: Timestamp) {
        self.by_app.insert((name.to_owned(), self.history(name).len()));
        self.set(name, value, at);
    }

    /// A property's history as HubSpot returns it. The order is not promised, so it is none: every second
    /// entry first.
    pub(super) fn history_json(&self, name: &str) -> Vec<Value> {
        let entries = || self.history(name).iter().enumerate();
        let odd = entries().skip(1).step_by(2);
        let even = entries().step_by(2);
        let entry = |(index, (at, value)): (usize, &(Timestamp, String))| {
            if self.by_app.contains(&(name.to_owned(), index)) {
                return json!({"value": value, "timestamp": iso(*at), "sourceType": "INTEGRATION", "sourceId": "9050011"});
            }
            json!({
                "value": value, "timestamp": iso(*at), "sourceType": "CRM_UI",
                "sourceId": "userId:5000001", "updatedByUserId": 5_000_001,
            })
        };
        odd.chain(even).map(entry).collect()
    }
}

/// As HubSpot writes instants: UTC with milliseconds.
pub(super) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
