//! What an account lacks for a mapping, by who can supply it: what can be created, and what only a person can decide.
//!
//! Pure: the account has been asked before ([`AccountMetadata`]). What exists is in no plan for creation, whatever it
//! holds, so a plan that was carried out halfway, or twice, ends the same.

use std::collections::BTreeMap;

use super::live_check::{Found, find, holds, nearest_fields};
use crate::mapping::{Mapping, Test};
use crate::record::{
    AccountMetadata, Creation, CrmObject, FieldKind, FieldMetadata, FieldObject, FieldPath, OptionMetadata,
};

/// What an account lacks for a mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub create: Vec<Creation>,
    /// What only a person can decide.
    pub decide: Vec<Decision>,
    /// How many fields and labels that the mapping names are there.
    pub present: usize,
}

/// Something that is in the way, and what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub seen: String,
    pub remedy: String,
}

/// The fields of the shipped mappings, by the part of the name that says what they are for.
const SHIPPED: [(&str, &str); 8] = [
    ("why_now", "Why now"),
    ("success_outcome", "First result they want"),
    ("promises", "Promises made"),
    ("risks", "Risks"),
    ("risk_notes", "Risk notes"),
    ("first_value", "First value"),
    ("first_value_date", "First value by"),
    ("expansion", "Expansion angle"),
];

/// The one of them that people tick, and what they can tick.
const RISKS: (&str, [(&str, &str); 5]) = (
    "risks",
    [
        ("none", "None"),
        ("security_review", "Security review still open"),
        ("data_migration", "Data migration needed"),
        ("champion_leaving", "Champion may leave"),
        ("thin_team", "Nobody has time for the rollout"),
    ],
);

/// Compares what a mapping names with what its account has.
pub fn plan(mapping: &Mapping, account: &AccountMetadata) -> Plan {
    let mut plan = Plan::default();
    for (path, (kind, options)) in wishes(mapping) {
        match find(account, &path) {
            Found::Field(field) => plan.existing(&path, field, kind),
            Found::Missing(CrmObject::Deal, name) => plan.missing(&path, name, (kind, options), account),
            Found::Missing(object, name) => {
                let records = account.dialect().records(object);
                plan.decide(
                    format!("`{path}`: {records} have no field `{name}`"),
                    "create it there, write another field, or take it out of the mapping".to_owned(),
                );
            }
            Found::Unknown => {}
        }
    }
    if let Some(known) = &account.labels {
        for label in mapping.roles.labels.keys() {
            if known.iter().any(|one| [&one.value, &one.label].iter().any(|one| alike(one, label))) {
                plan.present += 1;
            } else {
                plan.create.push(Creation::Label(label.clone()));
            }
        }
    }
    plan
}

fn alike(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

type Wish = (FieldKind, Vec<OptionMetadata>);

/// What each field that a mapping names has to hold; text where the mapping does not say.
fn wishes(mapping: &Mapping) -> BTreeMap<FieldPath, Wish> {
    let wanted = mapping.wanted_fields();
    let mut wishes: BTreeMap<FieldPath, Wish> =
        wanted.paths.into_iter().map(|path| (path, (FieldKind::Text, Vec::new()))).collect();
    let dialect = mapping.crm.dialect();
    let (stem, options) = RISKS;
    let risks = FieldPath { object: FieldObject::Deal, name: (dialect.naming.custom)(stem) };
    if let Some(wish) = wishes.get_mut(&risks) {
        let option =
            |(value, label): (&str, &str)| OptionMetadata { value: value.into(), label: label.into() };
        *wish = (FieldKind::Choices, options.map(option).into());
    }
    for condition in mapping.conditions() {
        let wish = match &condition.test {
            Test::AtLeast(_) | Test::AtMost(_) => (FieldKind::Number, Vec::new()),
            Test::OlderThanDays(_) | Test::LastDayOfQuarter(_) => (FieldKind::Date, Vec::new()),
            Test::In(values) | Test::NotIn(values) => {
                let option = |value: &String| OptionMetadata { value: value.clone(), label: value.clone() };
                (FieldKind::Choice, values.iter().map(option).collect())
            }
            Test::Filled(_) => continue,
        };
        wishes.insert(condition.field.clone(), wish);
    }
    let days = mapping.sections.values().flat_map(|section| [&section.due, &section.write_due]);
    wishes.extend(days.flatten().map(|path| (path.clone(), (FieldKind::Date, Vec::new()))));
    wishes.extend(wanted.users.into_iter().map(|path| (path, (FieldKind::User, Vec::new()))));
    wishes
}

impl Plan {
    fn decide(&mut self, seen: String, remedy: String) {
        self.decide.push(Decision { seen, remedy });
    }

    fn existing(&mut self, path: &FieldPath, field: &FieldMetadata, kind: FieldKind) {
        if field.archived {
            let remedy =
                "restore it, or write another field: a new one of that name cannot be made".to_owned();
            self.decide(format!("`{path}` is in the recycle bin"), remedy);
        } else if fits(kind, field.kind) {
            self.present += 1;
        } else {
            let (theirs, ours) = (holds(field.kind), holds(kind));
            self.decide(
                format!("`{path}` exists and holds {theirs}, and the mapping looks for {ours} there"),
                "it stays as it is: write another field in the mapping, or have an admin replace it"
                    .to_owned(),
            );
        }
    }

    fn missing(&mut self, path: &FieldPath, name: &str, (kind, options): Wish, account: &AccountMetadata) {
        let dialect = account.dialect();
        let shipped = SHIPPED.iter().find(|(stem, _)| (dialect.naming.custom)(stem) == name);
        let kept = dialect.naming.reserved_prefix.is_some_and(|prefix| name.starts_with(prefix));
        let is_own = dialect.standard_kind(path).is_some() || dialect.well_known(path).is_some();
        let meant = nearest_fields(name, account.fields(CrmObject::Deal).unwrap_or_default());
        let seen = format!("`{path}`: {} have no field `{name}`", dialect.records(CrmObject::Deal));
        if name.contains('.')
            || kept
            || is_own
            || name != path.name
            || (dialect.naming.usual)(path) != path.name
        {
            self.decide(
                seen,
                "nobody but the CRM can make a field of that name: correct the mapping".to_owned(),
            );
        } else if let (None, Some(field)) = (shipped, meant.first()) {
            let remedy =
                format!("write `deal.{}` ({}), or create it if that is another one", field.name, field.label);
            self.decide(seen, remedy);
        } else {
            let label = shipped.map_or_else(|| spoken(name), |(_, label)| (*label).to_owned());
            self.create.push(Creation::Field { name: name.to_owned(), label, kind, options });
        }
    }
}

/// Whether a field that holds `actual` answers for one that has to hold `wished`.
fn fits(wished: FieldKind, actual: FieldKind) -> bool {
    match wished {
        FieldKind::Date => matches!(actual, FieldKind::Date | FieldKind::DateTime),
        FieldKind::Number => matches!(actual, FieldKind::Number | FieldKind::Money),
        FieldKind::User => actual == FieldKind::User,
        _ => true,
    }
}

/// `order_form_url` as people would call it: `Order form url`.
fn spoken(name: &str) -> String {
    let words = name.strip_suffix("__c").unwrap_or(name).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
