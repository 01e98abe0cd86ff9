//! Reads a field of the deal record: what it holds, that it is empty, or why nobody can tell.

use crate::messages;
use crate::packet::deal;
use crate::record::{DealRecord, FieldInfo, FieldKind, Object, User};

use crate::record::{FieldObject, FieldPath};
use crate::text::clean::is_blank;

/// What a field of the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<'a> {
    /// Its values, as the CRM wrote them: one, or for line items one each. Never empty, never blank.
    Values(Vec<&'a str>),
    /// The CRM has nothing there.
    Empty,
    /// There may be something, but it cannot be read; why, in our own words.
    Hidden(&'static str),
}

impl<'a> Reading<'a> {
    /// The values, or none.
    pub fn values(self) -> Vec<&'a str> {
        match self {
            Self::Values(values) => values,
            Self::Empty | Self::Hidden(_) => Vec::new(),
        }
    }
}

/// Reads `path`.
pub fn read<'a>(record: &'a DealRecord, path: &FieldPath) -> Reading<'a> {
    let filled: Vec<&str> = match path.object {
        FieldObject::Deal => property(&record.deal, &path.name).into_iter().collect(),
        FieldObject::Company => {
            record.company.iter().filter_map(|company| property(company, &path.name)).collect()
        }
        FieldObject::Owner => {
            record.owner.iter().filter_map(|owner| property(&owner.0, &path.name)).collect()
        }
        FieldObject::LineItems => {
            record.line_items.iter().filter_map(|item| property(item, &path.name)).collect()
        }
    };
    let readable: Vec<&str> = filled.iter().copied().filter(|value| !is_redacted(value)).collect();
    if !readable.is_empty() {
        Reading::Values(readable)
    } else if !filled.is_empty() {
        Reading::Hidden(messages::condition::redacted())
    } else if record.unavailable.iter().any(|unavailable| *unavailable == path.to_string()) {
        Reading::Hidden(messages::condition::not_supplied())
    } else {
        Reading::Empty
    }
}

/// What the CRM's metadata says about a field, if it was fetched.
pub fn info<'a>(record: &'a DealRecord, path: &FieldPath) -> Option<&'a FieldInfo> {
    record.fields.get(&path.to_string())
}

/// How a field's value is read: as the metadata says, else as what it is in every account.
pub fn kind(record: &DealRecord, path: &FieldPath) -> Option<FieldKind> {
    info(record, path).map(|info| info.kind).or_else(|| deal::own_kind(record.crm, path))
}

/// A CRM user that the record knows, by id.
pub fn user<'a>(record: &'a DealRecord, id: &str) -> Option<&'a User> {
    let named = record.users.get(id).or_else(|| record.users.values().find(|user| user.id() == id));
    named.or_else(|| record.owner.as_ref().filter(|owner| owner.id() == id)).filter(|_| !id.is_empty())
}

/// True for the word that HubSpot puts in place of a sensitive value we may not see.
pub fn is_redacted(value: &str) -> bool {
    value.trim() == "REDACTED"
}

fn property<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    let id = || matches!(name, "id" | "Id").then_some(object.id.as_str());
    object.get(name).or_else(id).filter(|value| !is_blank(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    fn path(object: FieldObject, name: &str) -> FieldPath {
        FieldPath { object, name: name.to_owned() }
    }

    #[test]
    fn every_object_of_the_record_can_be_read() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"deal":{"id":7,"properties":{"a":"x","b.c":"dotted"}},
                "company":{"id":"8","tier":"Gold"},"owner":{"id":"9","email":"a@b.example"},
                "line_items":[{"id":"1","name":"Seats"},{"id":"2","name":""},{"id":"3","name":"Support"}]}"#,
        );
        let read = |object, name| read(&record, &path(object, name)).values().join(" | ");
        assert_eq!(read(FieldObject::Deal, "a"), "x");
        assert_eq!(read(FieldObject::Deal, "b.c"), "dotted");
        assert_eq!(read(FieldObject::Deal, "id"), "7");
        assert_eq!(read(FieldObject::Company, "tier"), "Gold");
        assert_eq!(read(FieldObject::Owner, "email"), "a@b.example");
        assert_eq!(read(FieldObject::LineItems, "name"), "Seats | Support");
    }

    #[test]
    fn nothing_and_hidden_are_told_apart() {
        let record = sample::record(
            r#"{"crm":"hubspot","account":1,"unavailable":["deal.gone"],
                "deal":{"id":7,"empty":"","nul":null,"tags":"<p>&nbsp;</p>","secret":" REDACTED "}}"#,
        );
        let read = |name| read(&record, &FieldPath::deal(name));
        for name in ["empty", "nul", "tags", "never_heard_of"] {
            assert_eq!(read(name), Reading::Empty, "{name}");
        }
        assert_eq!(read("secret"), Reading::Hidden("the CRM redacted it"));
        assert_eq!(read("gone"), Reading::Hidden("the CRM does not supply it"));
        assert_eq!(
            super::read(&record, &path(FieldObject::Company, "tier")),
            Reading::Empty,
            "a deal without a company"
        );
    }
}
