//! Where the mapping lets an answer be written to, and what it changes in the CRM.

use jiff::tz::TimeZone;

use super::Mapping;
use crate::packet::{Answer, Change, FieldChange, Given, RoleChange, RoleTarget, Shown, Target, Topic};
use crate::record::{DealRecord, FieldInfo, FieldKind, FieldPath};
use crate::text::case;

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

/// The change that an answer makes; `None` if it has no target, or names a person, a role or an option that the CRM does
/// not have.
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
                Some(name) => contact
                    .object
                    .get(name)
                    .is_some_and(|held| held.split(';').any(|one| is_same(one, &label))),
                None => contact.labels.iter().any(|one| is_same(one, &label)),
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
        (FieldKind::Choice | FieldKind::Choices, Given::Text(text)) => match info {
            Some(info) if !info.options.is_empty() => info.option(text)?.to_owned(),
            _ => text.clone(),
        },
        (_, Given::Text(text)) => text.replace("\r\n", "\n"),
        (_, Given::Options(values)) => values.join(";"),
        (FieldKind::DateTime, Given::Day(day)) => day.to_zoned(zone.clone()).ok()?.timestamp().to_string(),
        (_, Given::Day(day)) => day.to_string(),
        (_, Given::Contact(_) | Given::Person(_) | Given::Nonsense(_)) => return None,
    })
}

/// Whether a CRM's label is that of the mapping: as everywhere, capitals make no difference.
fn is_same(one: &str, other: &str) -> bool {
    case::is_same(one.trim(), other.trim())
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
                None if contact.labels.iter().any(|one| is_same(one, label)) => {}
                None => contact.labels.push(label.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;
    use crate::packet::{Answered, Role};

    #[test]
    fn a_label_is_recognised_whatever_its_capitals() {
        let mut record = sample::record(
            r#"{"crm":"hubspot","account":1,"deal":{"id":7},"contacts":[{"id":501,"labels":["decision MAKER "]}]}"#,
        );
        let mut mapping = sample::mapping();
        mapping.roles.write = Some(RoleTarget::Labels);
        mapping.roles.written_as.insert(Role::Sponsor, "Decision maker".to_owned());
        let by = Answered {
            user: "U1".to_owned(),
            name: "Tom Lindqvist".to_owned(),
            at: sample::now().timestamp(),
            not_in_crm: false,
        };
        let answer = Answer {
            topic: Topic::Role(Role::Sponsor),
            given: Given::Contact("501".to_owned()),
            by,
            field: None,
            target: target(&mapping, Topic::Role(Role::Sponsor)),
            name: None,
            refused: false,
        };
        assert_eq!(holds(&mapping, &record, &answer), Some(true));
        let change = change(&mapping, &record, &answer, Shown::of(None)).unwrap();
        apply(&mut record, &change);
        assert_eq!(record.contacts[0].labels, ["decision MAKER "], "it has the label already");
        record.contacts[0].labels.clear();
        assert_eq!(holds(&mapping, &record, &answer), Some(false));
    }
}
