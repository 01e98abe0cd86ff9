//! What the data shows by itself, with the numbers that show it.

use jiff::Zoned;

use crate::messages;
use crate::packet::{Origin, Person, Role};
use crate::record::DealRecord;

use super::condition::Verdict;
use super::{Condition, Limit, Mapping, Observation, evidence};
use crate::record::FieldPath;

/// An observation that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub origin: Origin,
    /// What it saw there: `Discount: 25`, `1 contact: Sarah Lind`.
    pub fact: String,
}

impl Observation {
    /// The field it looks at, if it looks at one.
    pub fn field(&self) -> Option<&FieldPath> {
        match self {
            Self::Field(condition) => Some(&condition.field),
            Self::Contacts(_) | Self::RoleMissing(_) => None,
        }
    }

    /// Where its entry comes from.
    pub fn origin(&self) -> Origin {
        Origin::Derived(self.field().cloned())
    }

    /// Looks at the record and at `people`, the customer's people on the deal. Nothing where it does not
    /// hold, or where nobody can tell.
    pub fn look(
        &self,
        mapping: &Mapping,
        record: &DealRecord,
        people: &[Person],
        now: &Zoned,
    ) -> Option<Seen> {
        let fact = match self {
            Self::Field(condition) => field(condition, mapping, record, now)?,
            Self::Contacts(limit) => {
                let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
                limit.holds(people.len()).then(|| messages::fact::people_on_deal(&names))?
            }
            Self::RoleMissing(role) => {
                is_missing(*role, people).then(|| messages::fact::nobody_is(*role, people.len()))?
            }
        };
        Some(Seen { origin: self.origin(), fact })
    }
}

impl Limit {
    fn holds(self, count: usize) -> bool {
        match self {
            Self::AtLeast(least) => count >= least,
            Self::AtMost(most) => count <= most,
        }
    }
}

fn field(condition: &Condition, mapping: &Mapping, record: &DealRecord, now: &Zoned) -> Option<String> {
    let Verdict::Holds { value, .. } = condition.judge(record, now) else { return None };
    Some(evidence::of(condition, mapping, record, value.as_deref(), now))
}

fn is_missing(role: Role, people: &[Person]) -> bool {
    !people.iter().any(|person| person.roles.contains(&role))
}
