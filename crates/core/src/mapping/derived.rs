//! What the data shows by itself, with the numbers that show it.

use std::collections::BTreeSet;

use jiff::Zoned;

use crate::messages;
use crate::messages::condition as words;
use crate::packet::{Origin, Person, Role};
use crate::record::{DealRecord, FieldPath};

use super::condition::Verdict;
use super::{Condition, Limit, Mapping, Observation, Test, evidence};

/// What came of an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It holds; what shows that, in the order of the file.
    Holds(Vec<Sight>),
    DoesNotHold,
    /// A field cannot be read; why, in words.
    Unreadable(String),
}

/// One thing that an observation looked at and that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The field, if it is one.
    pub field: Option<FieldPath>,
    /// The comparison: `amount 54000 ≥ 50000`.
    pub words: String,
    /// For people: `Amount: 54,000`, `1 contact: Sarah Lind`.
    pub fact: String,
    /// The same where the value alone says enough: `Enterprise`.
    pub short: String,
}

/// What is looked at.
struct Scene<'a> {
    mapping: &'a Mapping,
    record: &'a DealRecord,
    /// The customer's people on the deal.
    people: &'a [Person],
    now: &'a Zoned,
}

impl Seen {
    /// True if the observation certainly holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds(_))
    }

    /// What shows that it holds, in one phrase.
    pub fn fact(self) -> Option<String> {
        let sights = self.sights();
        let facts: Vec<&str> = sights.iter().map(|sight| sight.fact.as_str()).collect();
        (!facts.is_empty()).then(|| messages::value::list(&facts))
    }

    /// What shows that it holds; nothing where it does not, or cannot be read.
    pub fn sights(self) -> Vec<Sight> {
        if let Self::Holds(sights) = self { sights } else { Vec::new() }
    }

    /// The sights of several as one list.
    fn with(self, more: Self) -> Self {
        match (self, more) {
            (Self::Holds(one), Self::Holds(other)) => Self::Holds([one, other].concat()),
            (Self::DoesNotHold, _) | (_, Self::DoesNotHold) => Self::DoesNotHold,
            (unreadable @ Self::Unreadable(_), _) | (_, unreadable) => unreadable,
        }
    }

    /// This one, or else the other.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (holds @ Self::Holds(_), _) | (_, holds @ Self::Holds(_)) => holds,
            (unreadable @ Self::Unreadable(_), _) | (_, unreadable) => unreadable,
        }
    }
}

impl Observation {
    /// Every condition on a field in it, in the order of the file.
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Field(condition) => vec![condition],
            Self::Contacts(_) | Self::RoleMissing(_) => Vec::new(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::conditions).collect(),
            Self::Not(part) => part.conditions(),
        }
    }

    /// Where its entry comes from: the field it looks at, if it is one.
    pub fn origin(&self) -> Origin {
        let fields: BTreeSet<&FieldPath> =
            self.conditions().into_iter().map(|condition| &condition.field).collect();
        Origin::Derived(fields.first().filter(|_| fields.len() == 1).map(|field| (*field).clone()))
    }

    /// Looks at the record and at `people`, the customer's people on the deal.
    pub fn look(&self, mapping: &Mapping, record: &DealRecord, people: &[Person], now: &Zoned) -> Seen {
        self.seen(&Scene { mapping, record, people, now }, true)
    }

    /// Whether it holds, or with `wanted` false whether it does not. What cannot be read is neither.
    fn seen(&self, scene: &Scene<'_>, wanted: bool) -> Seen {
        match (self, wanted) {
            (Self::Field(condition), _) => scene.field(condition, wanted),
            (Self::Contacts(limit), _) => {
                scene.people(|_| true, limit.holds(scene.people.len()) == wanted, None)
            }
            (Self::RoleMissing(role), _) => {
                let has_it = |person: &Person| person.roles.contains(role);
                let missing = !scene.people.iter().any(has_it);
                scene.people(has_it, missing == wanted, missing.then_some(*role))
            }
            (Self::All(parts), true) | (Self::Any(parts), false) => {
                let seen = parts.iter().map(|part| part.seen(scene, wanted));
                seen.reduce(Seen::with).unwrap_or(Seen::DoesNotHold)
            }
            (Self::Any(parts), true) | (Self::All(parts), false) => {
                let seen = parts.iter().map(|part| part.seen(scene, wanted));
                seen.reduce(Seen::or).unwrap_or(Seen::DoesNotHold)
            }
            (Self::Not(part), _) => part.seen(scene, !wanted),
        }
    }
}

impl Scene<'_> {
    fn field(&self, condition: &Condition, wanted: bool) -> Seen {
        let Self { mapping, record, now, .. } = self;
        let sight = |words: String, value: Option<&str>| {
            let shown = evidence::value(condition, mapping, record, value, now);
            let fact = messages::value::labelled(&record.label(&condition.field), &shown);
            let says_enough = matches!(condition.test, Test::In(_));
            let short = if says_enough { shown } else { fact.clone() };
            Seen::Holds(vec![Sight { field: Some(condition.field.clone()), words, fact, short }])
        };
        match condition.judge(record, now) {
            Verdict::Holds { words, value } if wanted => sight(words, value.as_deref()),
            Verdict::DoesNotHold if !wanted => {
                let value = record.read(&condition.field).values().first().copied();
                let name = condition.field.short_name();
                let said = match value {
                    Some(_) => words::is(name, &evidence::value(condition, mapping, record, value, now)),
                    None => words::is_empty(name),
                };
                sight(said, value)
            }
            Verdict::Unreadable(why) => Seen::Unreadable(why),
            Verdict::Holds { .. } | Verdict::DoesNotHold => Seen::DoesNotHold,
        }
    }

    /// Names the people that decide something, or the role that no contact has.
    fn people(&self, shown: impl Fn(&Person) -> bool, holds: bool, missing: Option<Role>) -> Seen {
        if !holds {
            return Seen::DoesNotHold;
        }
        let named = || {
            let people = self.people.iter().filter(|person| shown(person));
            messages::fact::people_on_deal(&people.map(|person| person.name.as_str()).collect::<Vec<_>>())
        };
        let fact = missing.map_or_else(named, |role| messages::fact::nobody_is(role, self.people.len()));
        Seen::Holds(vec![Sight { field: None, words: fact.clone(), short: fact.clone(), fact }])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::file;
    use crate::mapping::sample;

    const RECORD: &str = r#"{"crm":"hubspot","account":1,
        "deal":{"id":7,"amount":"54000","dealtype":"newbusiness","words":"about 50k","none":null},
        "company":{"id":8,"customer_tier":"Enterprise"}}"#;

    /// What is seen of `when`, as the condition of `applies_to`.
    fn seen(when: &str) -> Seen {
        let text = format!(
            "crm: hubspot\ntime_zone: Europe/Berlin\napplies_to: {{when: {when}}}\n\
             owner: {{from: deal.hubspot_owner_id, fallback: revops@seller.example}}\nslack: {{channel: C0123ABCD}}\n"
        );
        let (mapping, problems) = file::parse("m.yaml", &text);
        let mapping = mapping.unwrap_or_else(|| panic!("{problems}"));
        let record = sample::record(RECORD);
        mapping.applies_when.as_ref().unwrap().look(&mapping, &record, &[], &sample::now())
    }

    const LARGE: &str = "{field: deal.amount, at_least: 50000}";
    const SMALL: &str = "{field: deal.amount, at_most: 1000}";
    const ENTERPRISE: &str = "{field: company.customer_tier, in: [Enterprise]}";
    const UNREADABLE: &str = "{field: deal.words, at_least: 1}";
    const EMPTY: &str = "{field: deal.none, filled: true}";

    #[test]
    fn what_is_joined_holds_by_its_parts_and_says_what_decided() {
        for (when, expected) in [
            (
                format!("{{all: [{LARGE}, {ENTERPRISE}]}}"),
                Some("Amount: 54,000 and Customer tier: Enterprise"),
            ),
            (format!("{{all: [{LARGE}, {SMALL}]}}"), None),
            (format!("{{any: [{SMALL}, {ENTERPRISE}]}}"), Some("Customer tier: Enterprise")),
            (format!("{{any: [{SMALL}, {EMPTY}]}}"), None),
            (format!("{{not: {SMALL}}}"), Some("Amount: 54,000")),
            (format!("{{not: {EMPTY}}}"), Some("None: empty")),
            (format!("{{not: {LARGE}}}"), None),
            (format!("{{not: {{not: {LARGE}}}}}"), Some("Amount: 54,000")),
            (format!("{{not: {{any: [{SMALL}, {EMPTY}]}}}}"), Some("Amount: 54,000 and None: empty")),
            (format!("{{not: {{all: [{LARGE}, {SMALL}]}}}}"), Some("Amount: 54,000")),
            (format!("{{all: {LARGE}}}"), Some("Amount: 54,000")),
        ] {
            assert_eq!(seen(&when).fact().as_deref(), expected, "{when}");
        }
    }

    #[test]
    fn what_cannot_be_read_decides_nothing_that_another_part_decides() {
        let unreadable = Seen::Unreadable("Words cannot be read (\"about 50k\" is not a number)".to_owned());
        for (when, expected) in [
            (format!("{{not: {UNREADABLE}}}"), unreadable.clone()),
            (format!("{{all: [{LARGE}, {UNREADABLE}]}}"), unreadable.clone()),
            (format!("{{any: [{SMALL}, {UNREADABLE}]}}"), unreadable),
            (format!("{{all: [{SMALL}, {UNREADABLE}]}}"), Seen::DoesNotHold),
        ] {
            assert_eq!(seen(&when), expected, "{when}");
        }
        assert!(seen(&format!("{{any: [{UNREADABLE}, {LARGE}]}}")).holds());
    }

    #[test]
    fn an_entry_names_its_field_only_if_it_looks_at_one() {
        let field = |name: &str| {
            Observation::Field(Condition { field: FieldPath::deal(name), test: Test::Filled(true) })
        };
        let one = Observation::All(vec![field("a"), Observation::Not(Box::new(field("a")))]);
        assert_eq!(one.origin(), Origin::Derived(Some(FieldPath::deal("a"))));
        assert_eq!(Observation::Any(vec![field("a"), field("b")]).origin(), Origin::Derived(None));
    }
}
