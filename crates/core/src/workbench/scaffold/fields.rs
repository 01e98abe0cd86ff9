//! Which fields of an account answer which section.

use std::collections::BTreeMap;

use crate::packet::SectionName;
use crate::record::{AccountMetadata, CrmObject, Dialect, FieldKind, FieldMetadata};
use crate::workbench::recogniser::{self, HINT, Target};

/// Fields of one section; more than this is no first mapping.
const MOST: usize = 2;
/// Suggestions that somebody reads.
const MOST_SUGGESTIONS: usize = 12;

/// What was recognised, and what might be relevant beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// The best fields for each, the best first.
    pub chosen: BTreeMap<Target, Vec<FieldMetadata>>,
    /// The deal field with the person in customer success, if the account has one.
    pub owner: Option<FieldMetadata>,
    /// The company's rank and its upper values.
    pub tier: Option<(FieldMetadata, Vec<String>)>,
    /// Fields that people made and that hold text, but that no section reads.
    pub suggestions: Vec<FieldMetadata>,
}

impl Targets {
    /// Matches the fields of an account against what is known.
    pub fn of(account: &AccountMetadata) -> Self {
        let dialect = account.dialect();
        let usable: Vec<&FieldMetadata> = account
            .fields(CrmObject::Deal)
            .unwrap_or_default()
            .iter()
            .filter(|field| is_usable(dialect, field))
            .collect();
        let mut chosen: BTreeMap<Target, Vec<FieldMetadata>> = BTreeMap::new();
        for target in recogniser::targets() {
            let taken =
                |field: &FieldMetadata| chosen.values().flatten().any(|other| other.name == field.name);
            let mut rated: Vec<(u32, &FieldMetadata)> = usable
                .iter()
                .filter(|field| fits(target, field.kind) && !taken(field))
                .filter_map(|field| Some((recogniser::rating(field, target)?, *field)))
                .filter(|(rating, _)| *rating > HINT)
                .collect();
            // What people made for themselves comes before what the CRM brings along, and a list of risks before
            // notes about them. Stable: else the account's order decides.
            let is_list = |field: &FieldMetadata| field.kind == FieldKind::Choices;
            rated.sort_by_key(|(rating, field)| std::cmp::Reverse((*rating, field.custom, is_list(field))));
            let most = if target == Target::FirstValueDate { 1 } else { MOST };
            let best: Vec<FieldMetadata> =
                rated.into_iter().take(most).map(|(_, field)| field.clone()).collect();
            if !best.is_empty() {
                chosen.insert(target, best);
            }
        }
        let taken = |field: &FieldMetadata| chosen.values().flatten().any(|other| other.name == field.name);
        let suggestions = usable
            .iter()
            .filter(|field| field.custom && holds_text(field.kind) && !taken(field))
            .take(MOST_SUGGESTIONS)
            .map(|field| (*field).clone())
            .collect();
        let csm = |field: &&&FieldMetadata| {
            field.custom && field.kind == FieldKind::User && recogniser::is_customer_success(field)
        };
        let owner = usable.iter().find(csm).map(|field| (*field).clone());
        Self { owner, tier: tier(account), chosen, suggestions }
    }

    /// The fields of one target.
    pub fn fields(&self, target: Target) -> &[FieldMetadata] {
        self.chosen.get(&target).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether a field of this kind can hold what is asked for: a date needs a date field, prose needs words.
fn fits(target: Target, kind: FieldKind) -> bool {
    use FieldKind::{Choice, Choices, Date, DateTime, Html, Text};
    match target {
        Target::FirstValueDate => matches!(kind, Date | DateTime),
        Target::Section(SectionName::Risks) => matches!(kind, Choices | Choice | Text | Html),
        // A traffic light or a score with the same label says nothing.
        Target::Section(SectionName::BuyingReason) => matches!(kind, Text | Html | Choice | Choices),
        Target::Section(_) => matches!(kind, Text | Html),
    }
}

fn holds_text(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::Html | FieldKind::Choices | FieldKind::Date)
}

/// Filled by people, and named in a way that a mapping can write.
fn is_usable(dialect: &Dialect, field: &FieldMetadata) -> bool {
    let plain = field.name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let reserved = dialect.naming.reserved_prefix.is_some_and(|prefix| field.name.starts_with(prefix));
    plain && !reserved && field.is_fillable()
}

/// The pick list with the company's rank, if it has upper values.
fn tier(account: &AccountMetadata) -> Option<(FieldMetadata, Vec<String>)> {
    let fields = account.fields(CrmObject::Company)?.iter();
    fields
        .filter(|field| field.kind == FieldKind::Choice && is_usable(account.dialect(), field))
        .map(|field| (field.clone(), recogniser::upper_tiers(field)))
        .find(|(_, values)| !values.is_empty())
}
