//! What people do to deals, and the webhook events HubSpot sends about it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kind::Kind;
use super::portal::{Link, Portal};

/// Which subscriptions an app has. Both kinds can fire for one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announce {
    /// `deal.*`
    PerObject,
    /// `object.*` with an object type id.
    Generic,
    /// Both.
    Both,
}

/// Numbers events.
#[derive(Debug)]
pub(super) struct Counter(pub(super) u64);

impl Counter {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// One thing that happened to a deal.
struct Happening<'a> {
    /// Behind the dot: `propertyChange`.
    name: &'a str,
    /// Subscription ids of the two kinds of subscription.
    subscriptions: (u64, u64),
    deal: &'a str,
    more: Value,
}

impl Portal {
    /// Moves a deal to a stage, and to its pipeline if that is another one.
    pub(super) fn move_deal(
        &mut self,
        deal: &str,
        stage: &str,
        at: Timestamp,
        ids: &mut Counter,
    ) -> Vec<Value> {
        let found = self.stage(stage).map(|(pipeline, stage)| (pipeline.id.clone(), stage.closed));
        let (pipeline, closed) = found.unwrap_or_default();
        let mut events = Vec::new();
        if self.record(Kind::Deal, deal).and_then(|record| record.get("pipeline")) != Some(&pipeline) {
            self.set(Kind::Deal, deal, "pipeline", &pipeline, at);
            events.extend(self.property_changed(deal, "pipeline", &pipeline, at, ids));
        }
        let was_closed = self.record(Kind::Deal, deal).and_then(|record| record.get("dealstage"));
        let was_closed =
            was_closed.and_then(|stage| self.stage(stage)).is_some_and(|(_, stage)| stage.closed);
        self.set(Kind::Deal, deal, "dealstage", stage, at);
        if closed && !was_closed {
            self.set(Kind::Deal, deal, "closedate", &super::record::iso(at), at);
        }
        events.extend(self.property_changed(deal, "dealstage", stage, at, ids));
        events
    }

    /// Sets values of a deal.
    pub(super) fn change_deal(
        &mut self,
        deal: &str,
        values: &[(&str, &str)],
        at: Timestamp,
        ids: &mut Counter,
    ) -> Vec<Value> {
        let mut events = Vec::new();
        for (name, value) in values {
            self.set(Kind::Deal, deal, name, value, at);
            events.extend(self.property_changed(deal, name, value, at, ids));
        }
        events
    }

    fn property_changed(
        &self,
        deal: &str,
        name: &str,
        value: &str,
        at: Timestamp,
        ids: &mut Counter,
    ) -> Vec<Value> {
        let more = json!({"propertyName": name, "propertyValue": value});
        self.announce(
            &Happening { name: "propertyChange", subscriptions: (410_001, 410_002), deal, more },
            at,
            ids,
        )
    }

    pub(super) fn deal_created(&self, deal: &str, at: Timestamp, ids: &mut Counter) -> Vec<Value> {
        let more = json!({"changeFlag": "CREATED"});
        self.announce(&Happening { name: "creation", subscriptions: (410_003, 410_004), deal, more }, at, ids)
    }

    /// Merges two deals into a new one with the first one's values; both old ids lead to it from now on.
    pub(super) fn merge(
        &mut self,
        (kept, other): (&str, &str),
        merged: &str,
        at: Timestamp,
        ids: &mut Counter,
    ) -> Vec<Value> {
        if let Some(mut record) = self.records.remove(&(Kind::Deal, kept.to_owned())) {
            merged.clone_into(&mut record.id);
            record.set("hs_merged_object_ids", &format!("{kept};{other}"), at);
            self.records.insert((Kind::Deal, merged.to_owned()), record);
        }
        self.records.remove(&(Kind::Deal, other.to_owned()));
        for old in [kept, other] {
            self.merged.insert(old.to_owned(), merged.to_owned());
        }
        let renamed = |(kind, id): &mut (Kind, String)| {
            if *kind == Kind::Deal && (id == kept || id == other) {
                merged.clone_into(id);
            }
        };
        for Link { from, to, .. } in &mut self.links {
            renamed(from);
            renamed(to);
        }
        let mut seen = std::collections::BTreeSet::new();
        self.links.retain(|link| seen.insert((link.from.clone(), link.to.clone())));
        let number = |id: &str| id.parse::<u64>().unwrap_or_default();
        let more = json!({
            "primaryObjectId": number(kept), "mergedObjectIds": [number(other)],
            "newObjectId": number(merged), "numberOfPropertiesMoved": 0,
        });
        let merge = Happening { name: "merge", subscriptions: (410_005, 410_006), deal: merged, more };
        self.announce(&merge, at, ids)
    }

    fn announce(&self, happening: &Happening<'_>, at: Timestamp, ids: &mut Counter) -> Vec<Value> {
        let Happening { name, subscriptions: (per_object, generic), deal, more } = happening;
        let event = |prefix: &str, subscription: u64, event_id: u64| {
            let mut event = json!({
                "eventId": event_id, "subscriptionId": subscription,
                "portalId": self.id.parse::<u64>().unwrap_or_default(), "appId": 9_050_011,
                "occurredAt": at.as_millisecond(), "subscriptionType": format!("{prefix}.{name}"),
                "attemptNumber": 0, "objectId": deal.parse::<u64>().unwrap_or_default(),
                "changeSource": "CRM_UI", "sourceId": "userId:70000001",
            });
            if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
                event.extend(more.clone());
                if *name == "merge" {
                    event.remove("objectId");
                }
                if prefix == "object" {
                    event.insert("objectTypeId".to_owned(), json!(Kind::Deal.type_id()));
                    event.insert("isSensitive".to_owned(), json!(false));
                }
            }
            event
        };
        let mut events = Vec::new();
        if self.announces != Announce::Generic {
            events.push(event("deal", *per_object, ids.next()));
        }
        if self.announces != Announce::PerObject {
            events.push(event("object", *generic, ids.next()));
        }
        events
    }
}
