//! Which fields of an account answer which section.

use std::collections::BTreeMap;

use super::known;
use crate::packet::SectionName;
use crate::record::{AccountMetadata, CrmObject, Dialect, FieldKind, FieldMetadata};

/// Fields of one section; more than this is no first mapping.
const MOST: usize = 2;
/// Suggestions that somebody reads.
const MOST_SUGGESTIONS: usize = 12;
/// The prefix of fields that were made for this.
const OURS: &str = "handoff";

/// Where a field would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Adds to a section.
    Section(SectionName),
    /// The date of first value.
    FirstValueDate,
}

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
        for target in targets() {
            let taken =
                |field: &FieldMetadata| chosen.values().flatten().any(|other| other.name == field.name);
            let mut rated: Vec<(u32, &FieldMetadata)> = usable
                .iter()
                .filter(|field| fits(target, field.kind) && !taken(field))
                .filter_map(|field| Some((rating(field, words(target))?, *field)))
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
            .filter(|field| field.custom && speaks(field.kind) && !taken(field))
            .take(MOST_SUGGESTIONS)
            .map(|field| (*field).clone())
            .collect();
        let csm = |field: &&&FieldMetadata| {
            field.custom && field.kind == FieldKind::User && rating(field, known::CUSTOMER_SUCCESS).is_some()
        };
        let owner = usable.iter().find(csm).map(|field| (*field).clone());
        Self { owner, tier: tier(account), chosen, suggestions }
    }

    /// The fields of one target.
    pub fn fields(&self, target: Target) -> &[FieldMetadata] {
        self.chosen.get(&target).map(Vec::as_slice).unwrap_or_default()
    }
}

fn targets() -> impl Iterator<Item = Target> {
    // The date first: its words hold those of first value.
    [Target::FirstValueDate].into_iter().chain(known::SECTIONS.map(|(section, _)| Target::Section(section)))
}

fn words(target: Target) -> &'static str {
    match target {
        Target::FirstValueDate => known::FIRST_VALUE_DATES,
        Target::Section(section) => known::SECTIONS
            .iter()
            .find(|(name, _)| *name == section)
            .map(|(_, words)| *words)
            .unwrap_or_default(),
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

fn speaks(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::Html | FieldKind::Choices | FieldKind::Date)
}

/// Readable, not in the bin, not computed, and named in a way that a mapping can write.
fn is_usable(dialect: &Dialect, field: &FieldMetadata) -> bool {
    let plain = field.name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    let reserved = dialect.naming.reserved_prefix.is_some_and(|prefix| field.name.starts_with(prefix));
    plain && !reserved && !field.archived && !field.calculated && field.needs.is_empty()
}

/// How surely a field is called by one of these words; higher is surer, `None` is not at all.
fn rating(field: &FieldMetadata, words: &'static str) -> Option<u32> {
    let name = plain(field.name.strip_suffix("__c").unwrap_or(&field.name));
    let label = plain(&field.label);
    let ours = name.strip_prefix(OURS);
    let one = |word: &str| {
        let word = plain(word);
        let whole = |text: &str| text == word;
        // A word inside a longer one is chance, and so is a short one.
        let edge =
            |text: &str| word.chars().count() >= 5 && (text.starts_with(&word) || text.ends_with(&word));
        if ours.is_some_and(whole) {
            Some(5)
        } else if ours.is_some_and(edge) {
            Some(4)
        } else if whole(&label) {
            Some(3)
        } else if whole(&name) {
            Some(2)
        } else {
            (edge(&label) || edge(&name)).then_some(1)
        }
    };
    known::words(words).filter_map(one).max()
}

/// Letters and digits of any script, in small letters.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The pick list with the company's rank, if it has upper values.
fn tier(account: &AccountMetadata) -> Option<(FieldMetadata, Vec<String>)> {
    let dialect = account.dialect();
    let fields = account.fields(CrmObject::Company)?.iter();
    fields
        .filter(|field| is_usable(dialect, field) && field.kind == FieldKind::Choice)
        .filter(|field| rating(field, known::TIERS).is_some_and(|rating| rating > 1))
        .find_map(|field| {
            let upper =
                |label: &str| known::words(known::UPPER_TIERS).any(|word| plain(word) == plain(label));
            let values: Vec<String> = field
                .options
                .iter()
                .filter(|option| upper(&option.label) || upper(&option.value))
                .map(|option| option.value.clone())
                .collect();
            (!values.is_empty()).then(|| (field.clone(), values))
        })
}
