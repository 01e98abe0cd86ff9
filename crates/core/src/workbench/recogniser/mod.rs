//! Recognises what a field, a label or a role is about by what it is called: the one place that both `init` and
//! `coverage` ask.
//!
//! Pure. [`rating`] says how surely a field is called like a section, [`sounds_like`] which section that is.

mod words;

use crate::packet::{Role, SectionName};
use crate::record::{FieldKind, FieldMetadata, OptionMetadata};

/// What a field can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Adds to a section.
    Section(SectionName),
    /// The date of first value.
    FirstValueDate,
}

/// The prefix of fields that were made for this.
const OURS: &str = "handoff";

/// The rating of a field that only hints at what it is for: too little to write it into a mapping.
pub(super) const HINT: u32 = 0;

/// Every target. The date first: its words hold those of first value.
pub(super) fn targets() -> impl Iterator<Item = Target> {
    [Target::FirstValueDate].into_iter().chain(words::SECTIONS.map(|(section, ..)| Target::Section(section)))
}

/// How surely a field is called like a target; higher is surer, `None` is not at all.
pub(super) fn rating(field: &FieldMetadata, target: Target) -> Option<u32> {
    let said = format!(" {} {} ", split(&field.name), split(&field.label));
    let holds = |list| words::words(list).any(|word| contains(&said, word));
    if holds(words::OTHER) {
        return None;
    }
    let of_section = |wanted| words::SECTIONS.into_iter().find(|(section, ..)| *section == wanted);
    let (called, hints) = match target {
        Target::FirstValueDate => (words::FIRST_VALUE_DATES, ""),
        Target::Section(section) => of_section(section).map(|(_, called, hints)| (called, hints))?,
    };
    is_called(field, called).or_else(|| (holds(called) || holds(hints)).then_some(HINT))
}

/// What a field sounds like and can hold. Of sections that fit equally the later one is the more specific.
pub(super) fn sounds_like(field: &FieldMetadata) -> Option<Target> {
    match field.kind {
        FieldKind::Date | FieldKind::DateTime => {
            let dated = [Target::FirstValueDate, Target::Section(SectionName::FirstValue)];
            dated.iter().any(|target| rating(field, *target).is_some()).then_some(Target::FirstValueDate)
        }
        FieldKind::Text | FieldKind::Html | FieldKind::Choice | FieldKind::Choices => {
            let sections = targets().filter(|target| *target != Target::FirstValueDate);
            let rated = sections.filter_map(|target| Some((rating(field, target)?, target)));
            rated.max_by_key(|(rating, _)| *rating).map(|(_, target)| target)
        }
        FieldKind::Number | FieldKind::Money | FieldKind::Bool | FieldKind::User => None,
    }
}

/// Whether a field holds the person in customer success, by what it is called.
pub(super) fn is_customer_success(field: &FieldMetadata) -> bool {
    is_called(field, words::CUSTOMER_SUCCESS).is_some()
}

/// The upper values of a field, if it is called like the customer's rank.
pub(super) fn upper_tiers(field: &FieldMetadata) -> Vec<String> {
    let is_tier = is_called(field, words::TIERS).is_some_and(|rating| rating > 1);
    let upper = |text: &str| words::words(words::UPPER_TIERS).any(|word| plain(word) == plain(text));
    let options =
        field.options.iter().filter(|option| is_tier && (upper(&option.label) || upper(&option.value)));
    options.map(|option| option.value.clone()).collect()
}

/// The role that a label or value stands for; `None` if nothing tells. Whole words first, then the longest word that
/// it begins or ends with: an executive sponsor is not a sponsor.
pub(super) fn role(option: &OptionMetadata) -> Option<Role> {
    let of = |text: &str| {
        let words = || {
            words::ROLES.iter().flat_map(|(role, list)| words::words(list).map(|word| (*role, plain(word))))
        };
        let whole = words().find(|(_, word)| word == text);
        let edge = |word: &str| word.chars().count() >= 4 && (text.starts_with(word) || text.ends_with(word));
        let longest = || words().filter(|(_, word)| edge(word)).max_by_key(|(_, word)| word.chars().count());
        whole.or_else(longest).map(|(role, _)| role)
    };
    [&option.label, &option.value].into_iter().find_map(|text| of(&plain(text)))
}

/// How surely a field is called by one of these words, from 1.
fn is_called(field: &FieldMetadata, list: &'static str) -> Option<u32> {
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
    words::words(list).filter_map(one).max()
}

/// Letters and digits of any script, in small letters.
fn plain(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `said` stands between blanks, and so does each of its words.
fn contains(said: &str, word: &str) -> bool {
    match word.strip_suffix('-') {
        Some(begin) => said.contains(&format!(" {begin}")),
        None => said.contains(&format!(" {word} ")),
    }
}

/// A name or label as words in small letters: `PainPoints__c` and `pain_points` are `pain points`.
fn split(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 8);
    let mut after_small = false;
    for letter in text.strip_suffix("__c").unwrap_or(text).chars() {
        if after_small && letter.is_uppercase() {
            words.push(' ');
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
        if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, label: &str, kind: FieldKind) -> Option<String> {
        let (name, label) = (name.to_owned(), label.to_owned());
        let field = FieldMetadata {
            name,
            label,
            kind,
            options: Vec::new(),
            custom: true,
            archived: false,
            calculated: false,
            read_only: false,
            length: None,
            needs: Vec::new(),
            lookup: None,
        };
        Some(match sounds_like(&field)? {
            Target::Section(section) => section.as_str().to_owned(),
            Target::FirstValueDate => "first_value.due".to_owned(),
        })
    }

    #[test]
    fn a_field_goes_where_its_name_or_label_sounds_like() {
        use FieldKind::{Choice, Choices, Date, DateTime, Html, Text};
        for (name, label, kind, expected) in [
            ("pain_points", "", Text, "buying_reason"),
            ("PainPoints__c", "Pain points", Html, "buying_reason"),
            ("x17", "Why did they buy?", Text, "buying_reason"),
            ("closed_won_reason", "Closed won reason", Choice, "buying_reason"),
            ("kaufgrund", "Grund des Kaufs", Text, "buying_reason"),
            ("Success_Criteria__c", "Success criteria", Text, "success_outcome"),
            ("kpis", "KPIs", Choices, "success_outcome"),
            ("side_letter", "Side letter", Text, "promises"),
            ("NextStep", "Next Step", Text, "promises"),
            ("Zusagen__c", "Zusagen an den Kunden", Text, "promises"),
            ("MainCompetitors__c", "Main Competitor(s)", Text, "risks"),
            ("implementation_risks", "Implementation risks", Choices, "risks"),
            ("go_live_date", "Go-live date", Date, "first_value.due"),
            ("golive", "Planned go-live", DateTime, "first_value.due"),
            ("first_milestone", "First milestone", Text, "first_value"),
            ("upsell_potential", "Upsell potential", Text, "expansion"),
        ] {
            assert_eq!(section(name, label, kind).as_deref(), Some(expected), "{name} {label}");
        }
    }

    #[test]
    fn other_fields_and_other_kinds_are_left_alone() {
        use FieldKind::{Date, Money, Number, Text, User};
        for (name, label, kind) in [
            ("dealname", "Deal name", Text),
            ("closed_lost_reason", "Closed lost reason", Text),
            ("hs_analytics_source", "Original reason of traffic", Text),
            ("painting_budget", "Painting budget", Text),
            ("risk_score", "Risk score", Number),
            ("success_fee", "Success fee", Money),
            ("success_manager", "Success manager", User),
            ("closedate", "Close date", Date),
            ("contract_end", "Contract end", Date),
            ("", "", Text),
        ] {
            assert_eq!(section(name, label, kind), None, "{name}");
        }
    }
}
