//! Permissions: what the integration user sees of an org.

use super::field::Field;
use super::object::Object;
use super::org::Org;
use super::record::Record;
use crate::call::Verdict;

/// An org as the permissions of the integration user show it.
#[derive(Clone, Copy)]
pub(super) struct PermittedView<'a> {
    pub(super) org: &'a Org,
    /// `v66.0`
    pub(super) version: &'a str,
}

impl<'a> PermittedView<'a> {
    /// An object by its API name.
    pub(super) fn object(self, name: &str) -> Option<Object> {
        Object::from_name(name).filter(|object| self.shows(*object))
    }

    /// Whether the user may read an object at all. Record types exist only once one is defined.
    pub(super) fn shows(self, object: Object) -> bool {
        !self.org.hidden_objects.contains(&object)
            && (object != Object::RecordType || self.org.records(object).next().is_some())
    }

    /// Every field of an object.
    pub(super) fn fields(self, object: Object) -> impl Iterator<Item = &'a Field> {
        self.org.fields.get(&object).into_iter().flatten().filter(|field| !field.hidden)
    }

    /// A field by name. Case makes no difference.
    pub(super) fn field(self, object: Object, name: &str) -> Option<&'a Field> {
        self.fields(object).find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The field behind a relationship name such as `Owner`, and where it leads.
    pub(super) fn lookup(self, object: Object, way: &str) -> Option<(&'a Field, Object)> {
        self.fields(object).find_map(|field| {
            let (to, known) = field.refers_to.as_ref()?;
            (known.eq_ignore_ascii_case(way) && self.shows(*to)).then_some((field, *to))
        })
    }

    /// A record by id.
    pub(super) fn record(self, object: Object, id: &str) -> Option<&'a Record> {
        self.org.record(object, id).filter(|record| self.reads(object, record))
    }

    /// Every record of an object, in an order that nobody should rely on.
    pub(super) fn records(self, object: Object) -> impl Iterator<Item = &'a Record> {
        self.org.records(object).rev().filter(move |record| self.reads(object, record))
    }

    /// What hangs on an opportunity follows access to it, and to nothing else: a contact role may name a
    /// contact that is not shared.
    fn reads(self, object: Object, record: &Record) -> bool {
        let parent = match object {
            Object::ContactRole | Object::LineItem | Object::History => record.get("OpportunityId"),
            _ => None,
        };
        let unshared = |id: &str| self.org.unshared.contains(id);
        !record.deleted && !unshared(&record.id) && !parent.is_some_and(unshared)
    }

    /// A field's value as JSON. A null is present.
    pub(super) fn json(self, object: Object, record: &Record, field: &Field) -> serde_json::Value {
        let value = self.org.value(object, record, field);
        value.map_or(serde_json::Value::Null, |value| super::record::json(field, &value))
    }

    /// Type and address of a record, as they stand beside its values.
    pub(super) fn attributes(self, object: Object, id: &str) -> serde_json::Value {
        serde_json::json!({"type": object.name(), "url": self.path(object, id)})
    }

    /// Where a record is.
    pub(super) fn path(self, object: Object, id: &str) -> String {
        format!("/services/data/{}/sobjects/{}/{id}", self.version, object.name())
    }
}

/// Whose fault it is that a field or relationship is not there. Names of admins and of optional features
/// differ from org to org; any other name exists in every org or in none.
pub(super) fn missing(object: Object, name: &str) -> Verdict {
    let optional = [
        "CurrencyIsoCode",
        "RecordTypeId",
        "RecordType",
        "IsPersonAccount",
        "PersonContactId",
        "PersonEmail",
    ];
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    let of_admin = name.ends_with("__c") || name.ends_with("__r") || optional.into_iter().any(is);
    let standard = super::standard_fields::all();
    let hidden = standard
        .get(&object)
        .into_iter()
        .flatten()
        .any(|field| is(&field.name) || field.refers_to.as_ref().is_some_and(|(_, way)| is(way)));
    if of_admin || hidden {
        Verdict::Absent
    } else {
        Verdict::Wrong(format!("as far as the sandbox knows no org has {name:?} on {}", object.name()))
    }
}
