//! What one mapping says and another does not.

use std::collections::BTreeMap;

use super::{Change, Changes};
use crate::dates::hours::Patience;
use crate::mapping::{
    AskWay, Condition, Derivation, Judging, Limit, LinkMapping, ListStyle, Mapping, Observation, RollUp,
    Route, SectionMapping, Test,
};
use crate::packet::{CustomSection, Role, SectionName, Target, TaskTexts, Template, reading_order};
use crate::record::FieldPath;
use crate::text::excerpt;

/// Everything that `new` says differently from `old`, in the order of a mapping file.
pub fn mappings(old: &Mapping, new: &Mapping) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.replaced("crm", old.crm.as_str(), new.crm.as_str());
    changes.replaced("time_zone", &zone(old), &zone(new));
    changes.replaced("language", old.locale.language.as_str(), new.locale.language.as_str());
    let words = |mapping: &Mapping| match &mapping.words {
        Some(path) => format!("{} own words of {}", mapping.locale.own_count(), path.display()),
        None => "our words".to_owned(),
    };
    changes.replaced("words", &words(old), &words(new));
    applies_to(&old.pipelines, &new.pipelines, &mut changes);
    let when = |mapping: &Mapping| mapping.applies_when.iter().map(observation).collect::<Vec<_>>();
    changes.listed("applies_to", &when(old), &when(new), |when| format!("only deals of which {when}"));
    changes.listed("sections", &old.custom_sections, &new.custom_sections, custom_section);
    for name in either(&old.custom_sections, &new.custom_sections) {
        section(name, old.sections.get(&name), new.sections.get(&name), &mut changes);
    }
    let links = |mapping: &Mapping| mapping.links.iter().map(link).collect::<Vec<_>>();
    changes.listed("links", &links(old), &links(new), Clone::clone);
    roles("label", &old.roles.labels, &new.roles.labels, &mut changes);
    roles("buying role", &old.roles.buying_roles, &new.roles.buying_roles, &mut changes);
    conditions(&old.important_when, &new.important_when, &mut changes);
    changes.replaced("owner", &old.owner.from.to_string(), &new.owner.from.to_string());
    let fallback = |mapping: &Mapping| format!("fallback {}", mapping.owner.fallback);
    changes.replaced("owner", &fallback(old), &fallback(new));
    let days = |mapping: &Mapping| format!("due after {} business days", mapping.task.due_in_business_days);
    changes.replaced("task", &days(old), &days(new));
    for (what, text) in [
        ("subject", (|texts| texts.subject.as_ref()) as fn(&TaskTexts) -> Option<&Template>),
        ("note", |texts| texts.note.as_ref()),
    ] {
        let added = |mapping: &Mapping| {
            text(&mapping.task.texts).into_iter().map(|text| text.as_str().to_owned()).collect::<Vec<_>>()
        };
        changes.listed("task", &added(old), &added(new), |text| format!("{what} \"{text}\""));
    }
    changes.replaced("slack", &old.slack.channel, &new.slack.channel);
    asking(old, new, &mut changes);
    let routes = |mapping: &Mapping| mapping.slack.routes.iter().map(route).collect::<Vec<_>>();
    changes.listed("slack", &routes(old), &routes(new), Clone::clone);
    changes.listed("placeholders", &old.placeholders, &new.placeholders, quoted);
    changes.listed("colleagues", &old.colleagues, &new.colleagues, Clone::clone);
    changes.0
}

/// Everything that answers are written to and were not before, or are not any more: what an admin lets us change.
pub fn writes(old: &Mapping, new: &Mapping) -> Vec<Change> {
    let mut changes = Changes::default();
    for (about, target) in [
        ("", (|section| section.write.as_ref()) as fn(&SectionMapping) -> Option<&FieldPath>),
        (" day", |section| section.write_due.as_ref()),
    ] {
        for name in either(&old.custom_sections, &new.custom_sections) {
            let target = |mapping: &Mapping| {
                mapping.sections.get(&name).and_then(target).map(FieldPath::to_string).into_iter().collect()
            };
            let (before, after): (Vec<String>, Vec<String>) = (target(old), target(new));
            let about = format!("{}{about}", name.as_str());
            changes.listed(&about, &before, &after, |path| format!("answers are written to {path}"));
        }
    }
    let roles = |mapping: &Mapping| mapping.roles.write.map(Target::Role).into_iter().collect::<Vec<_>>();
    changes.listed("roles", &roles(old), &roles(new), |target| format!("answers are written to {target}"));
    changes.0
}

/// The sections of either, as the new one is read.
pub(super) fn either(old: &[CustomSection], new: &[CustomSection]) -> Vec<SectionName> {
    let mut names = reading_order(&SectionName::ALL, new);
    names.extend(old.iter().map(|custom| custom.id).filter(|id| new.iter().all(|custom| custom.id != *id)));
    names
}

fn custom_section(CustomSection { id, title, required, after }: &CustomSection) -> String {
    let required = if *required { "required" } else { "optional" };
    let after = after.as_ref().map(|after| format!(", after {}", after.as_str())).unwrap_or_default();
    format!("section {} \"{title}\", {required}{after}", id.as_str())
}

/// How people are asked.
fn asking(old: &Mapping, new: &Mapping, changes: &mut Changes) {
    let way = |mapping: &Mapping| match mapping.slack.ask {
        AskWay::Channel => "people are asked in the channel",
        AskWay::Dm => "people are asked by direct message",
    };
    changes.replaced("slack", way(old), way(new));
    let patience = |mapping: &Mapping| match mapping.slack.remind_after {
        Patience::Endless => "nobody is reminded".to_owned(),
        Patience::BusinessDays(days) => format!("a reminder after {days} business days"),
        Patience::Span(span) => format!("a reminder after {span:?}"),
    };
    changes.replaced("slack", &patience(old), &patience(new));
    let hours = |mapping: &Mapping| format!("hours {}-{}", mapping.slack.hours.from, mapping.slack.hours.to);
    changes.replaced("slack", &hours(old), &hours(new));
    let (before, after) = (&old.slack.answer_by, &new.slack.answer_by);
    changes.listed("slack", before, after, |address| format!("{address} may answer"));
    let roll_up = |mapping: &Mapping| match &mapping.slack.roll_up {
        Some(RollUp { channel, day, at }) => format!("a roll-up to {channel} every {day:?} at {at}"),
        None => "no roll-up".to_owned(),
    };
    changes.replaced("slack", &roll_up(old), &roll_up(new));
}

fn zone(mapping: &Mapping) -> String {
    mapping.time_zone.iana_name().unwrap_or("unknown").to_owned()
}

/// No pipelines means all of them, so the first one that is named takes the others away.
fn applies_to(old: &[String], new: &[String], changes: &mut Changes) {
    let about = "applies_to";
    match (old, new) {
        ([], []) => {}
        ([], some) => changes.lost(about, format!("all pipelines but {}", some.join(", "))),
        (some, []) => changes.gained(about, format!("all pipelines, not only {}", some.join(", "))),
        (old, new) => {
            // Their order means nothing.
            let sorted = |list: &[String]| {
                let mut list = list.to_vec();
                list.sort();
                list
            };
            changes.listed(about, &sorted(old), &sorted(new), |pipeline| format!("pipeline {pipeline}"));
        }
    }
}

fn section(
    name: SectionName,
    old: Option<&SectionMapping>,
    new: Option<&SectionMapping>,
    changes: &mut Changes,
) {
    let about = name.as_str();
    let nothing = SectionMapping::default();
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    changes.listed(about, &old.from, &new.from, |path| format!("reads {path}"));
    let first = |section: &SectionMapping| {
        if section.first_filled { "reads the first field that answers" } else { "reads every field" }
    };
    changes.replaced(about, first(old), first(new));
    if !new_feeds(new) && new_feeds(old) && name != SectionName::Stakeholders && !name.is_custom() {
        changes.lost(about, "nothing feeds it any more: it is unmapped on every handoff");
    }
    changes.replaced(about, list(old.list), list(new.list));
    let words = |section: &SectionMapping| {
        format!("at most {} words", section.words.unwrap_or(excerpt::DEFAULT_WORDS))
    };
    changes.replaced(about, &words(old), &words(new));
    changes.replaced(about, judged(old.judge), judged(new.judge));
    let required = |section: &SectionMapping| match &section.required_when {
        Some(when) => format!("is required when {}", observation(when)),
        None => "is always required".to_owned(),
    };
    changes.replaced(about, &required(old), &required(new));
    let ask = |section: &SectionMapping| match &section.ask {
        Some(ask) => format!("asks {}", quoted(ask)),
        None => "asks the built-in question".to_owned(),
    };
    changes.replaced(about, &ask(old), &ask(new));
    let due = |section: &SectionMapping| section.due.as_ref().map(FieldPath::to_string);
    match (due(old), due(new)) {
        (None, Some(path)) => changes.gained(about, format!("takes its date from {path}")),
        (Some(path), None) => changes.lost(about, format!("takes its date from {path}")),
        (Some(old), Some(new)) => {
            changes.replaced(about, &format!("date from {old}"), &format!("date from {new}"));
        }
        (None, None) => {}
    }
    let derived = |section: &SectionMapping| section.derive.iter().map(derivation).collect::<Vec<_>>();
    changes.listed(about, &derived(old), &derived(new), Clone::clone);
}

fn new_feeds(section: &SectionMapping) -> bool {
    !section.from.is_empty() || !section.derive.is_empty()
}

/// How values become entries, as people say it.
pub fn list(style: ListStyle) -> &'static str {
    match style {
        ListStyle::Auto => "entries by the field's type",
        ListStyle::Whole => "one entry a value",
        ListStyle::Lines => "one entry a line",
        ListStyle::Semicolons => "one entry between semicolons",
    }
}

/// Whether vague prose is flagged, as people say it.
fn judged(judge: Judging) -> &'static str {
    match judge {
        Judging::On => "vague prose is flagged",
        Judging::Off => "vague prose is not flagged",
    }
}

fn derivation(derivation: &Derivation) -> String {
    format!("says {} when {}", quoted(&derivation.say), observation(&derivation.when))
}

fn roles(what: &str, old: &BTreeMap<String, Role>, new: &BTreeMap<String, Role>, changes: &mut Changes) {
    let leads = |label: &String, role: &Role| format!("{what} {label} leads to {}", role.title());
    for (label, role) in old {
        match new.get(label) {
            None => changes.lost("roles", leads(label, role)),
            Some(other) => changes.replaced("roles", &leads(label, role), &leads(label, other)),
        }
    }
    for (label, role) in new.iter().filter(|(label, _)| !old.contains_key(*label)) {
        changes.gained("roles", leads(label, role));
    }
}

/// A threshold that moved is one change, not a loss and a gain.
fn conditions(old: &[Observation], new: &[Observation], changes: &mut Changes) {
    let key = |one: &Observation| match one {
        Observation::Field(Condition { field, test }) => {
            (field.to_string(), Some(std::mem::discriminant(test)))
        }
        joined => (observation(joined), None),
    };
    let about = "important_when";
    for one in old {
        match new.iter().find(|other| key(other) == key(one)) {
            Some(other) => changes.replaced(about, &observation(one), &observation(other)),
            None => changes.lost(about, observation(one)),
        }
    }
    for one in new.iter().filter(|one| old.iter().all(|other| key(other) != key(one))) {
        changes.gained(about, observation(one));
    }
}

fn link(LinkMapping { name, from }: &LinkMapping) -> String {
    format!("{name} from {from}")
}

fn route(route: &Route) -> String {
    format!("to {} when {}", route.channel, observation(&route.when))
}

/// A condition as people say it: `deal.amount is at least 50000`.
fn words(condition: &Condition) -> String {
    let field = &condition.field;
    match &condition.test {
        Test::AtLeast(limit) => format!("{field} is at least {limit}"),
        Test::AtMost(limit) => format!("{field} is at most {limit}"),
        Test::In(values) => format!("{field} is {}", values.join(" or ")),
        Test::NotIn(values) => format!("{field} is not {}", values.join(" or ")),
        Test::Filled(true) => format!("{field} is filled"),
        Test::Filled(false) => format!("{field} is empty"),
        Test::OlderThanDays(days) => format!("{field} lies more than {days} days back"),
        Test::LastDayOfQuarter(true) => format!("{field} is the last day of a quarter"),
        Test::LastDayOfQuarter(false) => format!("{field} is not the last day of a quarter"),
    }
}

/// An observation as people say it: `the deal has at most 1 contact`.
pub fn observation(one: &Observation) -> String {
    match one {
        Observation::Field(condition) => words(condition),
        Observation::Contacts(Limit::AtLeast(count)) => format!("the deal has at least {count} contacts"),
        Observation::Contacts(Limit::AtMost(count)) => format!("the deal has at most {count} contacts"),
        Observation::RoleMissing(role) => format!("nobody is recorded as {}", role.title()),
        Observation::All(parts) => join(parts, " and "),
        Observation::Any(parts) => join(parts, " or "),
        Observation::Not(part) => format!("not ({})", observation(part)),
    }
}

/// What is joined itself stands in parentheses.
fn join(parts: &[Observation], word: &str) -> String {
    let part = |part: &Observation| match part {
        Observation::All(_) | Observation::Any(_) => format!("({})", observation(part)),
        _ => observation(part),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(word)
}

fn quoted(text: &String) -> String {
    format!("\"{text}\"")
}
