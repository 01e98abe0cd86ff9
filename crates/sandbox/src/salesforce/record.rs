//! One record, and the values that Salesforce works out itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Number, Value, json};

use super::field::{Entry, Field, Type};
use super::object::Object;
use super::org::Org;

/// One record. Its values are texts, whatever their type.
#[derive(Debug, Clone)]
pub struct Record {
    /// 18 characters.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// In the recycle bin.
    pub deleted: bool,
    values: BTreeMap<String, String>,
}

impl Record {
    pub(super) fn new(id: &str, at: Timestamp, values: &[(&str, &str)]) -> Self {
        let (id, at) = (id.to_owned(), whole_second(at));
        let mut record = Self { id, created: at, modified: at, deleted: false, values: BTreeMap::new() };
        for (name, value) in values {
            record.set(name, value, at);
        }
        record
    }

    /// A value that somebody entered. A blank one is kept as none, like Salesforce does.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Every value that somebody entered.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn set(&mut self, name: &str, value: &str, at: Timestamp) {
        self.modified = whole_second(at);
        if value.trim().is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Org {
    /// A field's value as text: entered, or worked out.
    pub(super) fn value(&self, object: Object, record: &Record, field: &Field) -> Option<String> {
        let value = match (object, field.name.as_str()) {
            (_, "Id") => Some(record.id.clone()),
            (_, "CreatedDate") => Some(record.created.to_string()),
            (_, "LastModifiedDate" | "SystemModstamp") => Some(record.modified.to_string()),
            (Object::Opportunity, name) if field.entry == Entry::ReadOnly => {
                self.of_opportunity(record, name)
            }
            (Object::Contact | Object::User, "Name") => full_name(record),
            (Object::Account, "Name") => {
                record.get("Name").map(ToOwned::to_owned).or_else(|| full_name(record))
            }
            (Object::Account, "IsPersonAccount") => Some(record.get("PersonContactId").is_some().to_string()),
            (Object::Contact, "IsPersonAccount") => Some(self.is_person(&record.id).to_string()),
            (Object::Task, "IsClosed") => {
                let status = self.task_status(record.get("Status").unwrap_or_default());
                Some((status.and_then(|status| status.get("IsClosed")) == Some("true")).to_string())
            }
            (_, name) => record.get(name).map(ToOwned::to_owned),
        };
        value.or_else(|| (field.kind == Type::Flag).then(|| false.to_string()))
    }

    fn of_opportunity(&self, record: &Record, name: &str) -> Option<String> {
        let stage = record.get("StageName").and_then(|name| self.stage(name));
        let linked = |object, field: &str| {
            let of = move |other: &&Record| other.get(field) == Some(&record.id) && !other.deleted;
            self.records(object).filter(of).collect::<Vec<_>>()
        };
        match name {
            "IsWon" | "IsClosed" => stage?.get(name).map(ToOwned::to_owned),
            "LastStageChangeDate" => {
                let mut rows = linked(Object::History, "OpportunityId");
                rows.sort_by(|one, other| one.id.cmp(&other.id));
                let mut changes = rows.windows(2).rev().filter_map(|pair| match pair {
                    [before, after] if before.get("StageName") != after.get("StageName") => Some(after),
                    _ => None,
                });
                changes.next().map(|row| row.created.to_string())
            }
            "HasOpportunityLineItem" => {
                Some((!linked(Object::LineItem, "OpportunityId").is_empty()).to_string())
            }
            "HasOpenActivity" => {
                let is_closed = Field::new("IsClosed", "Closed", Type::Flag);
                let open =
                    |task: &&Record| self.value(Object::Task, task, &is_closed).as_deref() == Some("false");
                Some(linked(Object::Task, "WhatId").iter().any(open).to_string())
            }
            _ => None,
        }
    }

    fn is_person(&self, contact: &str) -> bool {
        self.records(Object::Account).any(|account| account.get("PersonContactId") == Some(contact))
    }
}

fn full_name(record: &Record) -> Option<String> {
    let parts: Vec<&str> =
        ["FirstName", "LastName"].into_iter().filter_map(|name| record.get(name)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Salesforce keeps no fractions of a second.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// A value as REST writes it.
pub(super) fn json(field: &Field, value: &str) -> Value {
    match field.kind {
        // Salesforce itself keeps these as double precision numbers: 120000 comes back as 120000.0.
        Type::Money | Type::Number | Type::Percent => {
            value.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
        }
        Type::Whole => value.parse::<i64>().map_or(Value::Null, Value::from),
        Type::Flag => json!(value == "true"),
        Type::DateTime => json!(instant(value, "+0000")),
        _ => json!(value),
    }
}

/// A value as an Outbound Message writes it, not yet escaped.
pub(super) fn text(field: &Field, value: &str) -> String {
    match field.kind {
        Type::Money | Type::Number | Type::Percent if !value.contains('.') => format!("{value}.0"),
        Type::DateTime => instant(value, "Z"),
        _ => value.to_owned(),
    }
}

/// Milliseconds are written, and are zero.
fn instant(value: &str, zone: &str) -> String {
    let at: Option<Timestamp> = value.parse().ok();
    at.map_or_else(String::new, |at| format!("{}.000{zone}", at.strftime("%Y-%m-%dT%H:%M:%S")))
}
