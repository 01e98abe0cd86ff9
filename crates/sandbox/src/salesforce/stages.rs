//! What people do to opportunities: each change that matters leaves a row in the history, and each entry
//! into a won stage sets the flow off. So does a change of a watched field of a won one, if the org has that flow.

use jiff::Timestamp;

use super::object::Object;
use super::org::Org;
use super::{NotThere, Notification};

/// Fields whose changes leave a row in the history.
const TRACKED: [&str; 4] = ["StageName", "Amount", "Probability", "CloseDate"];

impl Org {
    /// Puts an opportunity in, with the first row of its history.
    pub fn add_opportunity(&mut self, id: &str, at: Timestamp, values: &[(&str, &str)]) {
        self.add(Object::Opportunity, id, at, values);
        self.record_history(id, at);
    }

    pub(super) fn change_opportunity(
        &mut self,
        id: &str,
        changes: &[(&str, &str)],
        at: Timestamp,
    ) -> Result<Vec<Notification>, NotThere> {
        let known = self.record(Object::Opportunity, id).filter(|record| !record.deleted);
        known.ok_or_else(|| NotThere(format!("no opportunity {id}")))?;
        for (name, value) in changes {
            if *name == "StageName" && self.stage(value).is_none() {
                return Err(NotThere(format!("no stage {value}")));
            }
        }
        let was_won = self.is_won(id);
        let before = |name: &str| self.record(Object::Opportunity, id).and_then(|record| record.get(name));
        let told = changes.iter().any(|(name, value)| {
            self.watched.contains(*name) && before(name).unwrap_or_default() != value.trim()
        });
        for (name, value) in changes {
            self.set(Object::Opportunity, id, name, value, at);
        }
        if changes.iter().any(|(name, _)| TRACKED.contains(name)) {
            self.record_history(id, at);
        }
        let is_won = self.is_won(id);
        Ok(if is_won && (!was_won || told) { vec![self.notification(id)] } else { Vec::new() })
    }

    /// The first active stage that is won, or the last one that is open.
    pub(super) fn stage_where(&self, won: bool) -> Option<String> {
        let fits = |stage: &&super::Record| {
            let flag = |name| stage.get(name) == Some("true");
            flag("IsActive") && flag("IsWon") == won && flag("IsClosed") == won
        };
        let mut stages: Vec<_> = self.records(Object::Stage).filter(fits).collect();
        stages.sort_by_key(|stage| stage.get("SortOrder").and_then(|order| order.parse::<u32>().ok()));
        let stage = if won { stages.first() } else { stages.last() };
        stage.and_then(|stage| stage.get("ApiName")).map(ToOwned::to_owned)
    }

    /// Whether the opportunity is won now.
    pub fn is_won(&self, opportunity: &str) -> bool {
        let stage = self.record(Object::Opportunity, opportunity).and_then(|record| record.get("StageName"));
        stage.and_then(|stage| self.stage(stage)).is_some_and(|stage| stage.get("IsWon") == Some("true"))
    }

    /// Something to send about an opportunity, under an id of its own.
    pub fn notification(&mut self, opportunity: &str) -> Notification {
        Notification { id: self.next_notification(), opportunity: opportunity.to_owned() }
    }

    fn record_history(&mut self, id: &str, at: Timestamp) {
        let record = self.record(Object::Opportunity, id);
        let kept: Vec<(String, String)> = record
            .into_iter()
            .flat_map(super::Record::values)
            .filter(|(name, _)| TRACKED.contains(name) || *name == "CurrencyIsoCode")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut values: Vec<(&str, &str)> =
            kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        values.push(("OpportunityId", id));
        self.create(Object::History, at, &values);
    }
}
