//! Where the mapping lets an answer be written to, and what it changes in the CRM.

use jiff::tz::TimeZone;

use super::Mapping;
use crate::packet::{Answer, Change, FieldChange, Given, RoleChange, RoleTarget, Shown, Target, Topic};
use crate::record::{DealRecord, FieldInfo, FieldKind, FieldPath};

/// Where the mapping lets an answer be written to.
pub fn target(mapping: &Mapping, topic: Topic) -> Option<Target> {
    let section = mapping.sections.get(&topic.section());
    match topic {
        Topic::Section(_) => section?.write.clone().map(Target::Field),
        Topic::Day => section?.write_due.clone().map(Target::Field),
        Topic::Role(_) => mapping.roles.write.map(Target::Role),
    }
}

/// The fingerprint of what the target of a question holds; `None` if the mapping names no target.
pub fn shown(mapping: &Mapping, record: &DealRecord, topic: Topic) -> Option<Shown> {
    Some(match target(mapping, topic)? {
        Target::Field(path) => Shown::of(record.deal.get(&path.name)),
        Target::Role(_) => Shown::of(None),
    })
}

/// The change that an answer makes; `None` if it has no target, or is about nobody and nothing that the CRM has.
pub fn change(mapping: &Mapping, record: &DealRecord, answer: &Answer, shown: Shown) -> Option<Change> {
    match (answer.target.as_ref()?, answer.topic) {
        (Target::Field(path), _) => {
            let kind = record.kind(path).unwrap_or(FieldKind::Text);
            let value = stored(kind, record.info(path), &answer.given, &mapping.time_zone)?;
            Some(Change::Field(FieldChange { name: path.name.clone(), kind, value, shown }))
        }
        (Target::Role(kept_as), Topic::Role(role)) => {
            let Given::Contact(contact) = &answer.given else { return None };
            let label = mapping.roles.written_as.get(&role)?.clone();
            Some(Change::Role(RoleChange { contact: contact.clone(), label, kept_as: *kept_as }))
        }
        (Target::Role(_), _) => None,
    }
}

/// Whether the CRM holds an answer where the packet reads it; `None` if it does not read that.
pub fn holds(mapping: &Mapping, record: &DealRecord, answer: &Answer) -> Option<bool> {
    match change(mapping, record, answer, Shown::of(None))? {
        Change::Field(change) => {
            let section = mapping.sections.get(&answer.topic.section())?;
            let path = FieldPath::deal(&change.name);
            let is_read = section.from.contains(&path) || section.due.as_ref() == Some(&path);
            is_read.then(|| change.is_made(record.deal.get(&change.name)))
        }
        Change::Role(RoleChange { contact, label, kept_as }) => {
            let contact = record.contacts.iter().find(|one| one.object.id == contact)?;
            let buying_role = record.crm.dialect().fields.buying_role;
            Some(match buying_role.filter(|_| kept_as == RoleTarget::BuyingRoles) {
                Some(name) => {
                    contact.object.get(name).is_some_and(|held| held.split(';').any(|one| one == label))
                }
                None => contact.labels.contains(&label),
            })
        }
    }
}

/// An answer as a field of this kind stores it: text exactly as it was typed, but in a rich-text field escaped, a
/// paragraph a line.
fn stored(kind: FieldKind, info: Option<&FieldInfo>, given: &Given, zone: &TimeZone) -> Option<String> {
    Some(match (kind, given) {
        (FieldKind::Html, Given::Text(text)) => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.flat_map(|line| ["<p>".to_owned(), escaped(line), "</p>".to_owned()]).collect()
        }
        (FieldKind::Choice | FieldKind::Choices, Given::Text(text)) => {
            let same = |label: &str| label.trim().to_lowercase() == text.trim().to_lowercase();
            let option =
                info.and_then(|info| info.options.iter().find(|(value, label)| same(label) || same(value)));
            option.map_or_else(|| text.clone(), |(value, _)| value.clone())
        }
        (_, Given::Text(text)) => text.replace("\r\n", "\n"),
        (_, Given::Options(values)) => values.join(";"),
        (FieldKind::DateTime, Given::Day(day)) => day.to_zoned(zone.clone()).ok()?.timestamp().to_string(),
        (_, Given::Day(day)) => day.to_string(),
        (_, Given::Contact(_) | Given::Person(_) | Given::Nonsense(_)) => return None,
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Makes the change in a copy of the deal, as the CRM shows it from now on.
pub fn apply(record: &mut DealRecord, change: &Change) {
    match change {
        Change::Field(FieldChange { name, value, .. }) => {
            record.deal.properties.insert(name.clone(), Some(value.clone()));
        }
        Change::Role(RoleChange { contact, label, kept_as }) => {
            let buying_role = record.crm.dialect().fields.buying_role;
            let Some(contact) = record.contacts.iter_mut().find(|one| one.object.id == *contact) else {
                return;
            };
            match buying_role.filter(|_| *kept_as == RoleTarget::BuyingRoles) {
                Some(name) => {
                    let held = contact.object.get(name).map(|held| format!("{held};")).unwrap_or_default();
                    contact.object.properties.insert(name.to_owned(), Some(format!("{held}{label}")));
                }
                None if contact.labels.contains(label) => {}
                None => contact.labels.push(label.clone()),
            }
        }
    }
}
