//! One organisation: what its admins set up and what its people entered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::Notification;
use super::field::{Choice, Field};
use super::guards::{BeforeSave, ChangeEvent, Hold, ValidationRule};
use super::id;
use super::login::{App, Session};
use super::object::Object;
use super::record::Record;
use super::standard_fields;

/// One organisation.
#[derive(Debug)]
pub struct Org {
    /// 18 characters.
    pub id: String,
    /// The first part of `https://….my.salesforce.com`, as Outbound Messages spell it.
    pub my_domain: String,
    /// The `aud` that a JWT must carry: `https://login.salesforce.com` unless changed.
    pub audience: String,
    /// What the token answer gives as `instance_url`; where it was asked for unless changed.
    pub instance_url: Option<String>,
    /// Requests allowed in 24 hours; 100,000 unless changed.
    pub daily_api_requests: usize,
    /// Rows on one page of a query; 2000 unless changed.
    pub page_size: usize,
    /// Whether the integration user may create and change tasks.
    pub may_edit_tasks: bool,
    /// The fields that the Outbound Message was set up with.
    pub message_fields: Vec<String>,
    pub(super) apps: Vec<App>,
    pub(super) sessions: Vec<Session>,
    pub(super) calls: VecDeque<Timestamp>,
    pub(super) calls_about: BTreeMap<String, u32>,
    pub(super) fields: BTreeMap<Object, Vec<Field>>,
    pub(super) hidden_objects: BTreeSet<Object>,
    pub(super) unshared: BTreeSet<String>,
    /// Whether opportunities may be edited; `None` until an admin decided about it.
    pub(super) edits_deals: Option<bool>,
    pub(super) editable: BTreeSet<String>,
    pub(super) holds: BTreeMap<String, Hold>,
    pub(super) rules: Vec<ValidationRule>,
    pub(super) flows: Vec<(String, BeforeSave)>,
    pub(super) watched: BTreeSet<String>,
    pub(super) raised: Vec<Notification>,
    pub(super) change_events: Vec<ChangeEvent>,
    records: BTreeMap<(Object, String), Record>,
    next_id: u64,
}

impl Org {
    /// An org with the standard fields, stages and task statuses, without anybody in it. `id` has 15 or 18
    /// characters.
    pub fn new(id: &str, my_domain: &str) -> Self {
        let mut org = Self {
            id: id::full(id).unwrap_or_else(|| id.to_owned()),
            my_domain: my_domain.to_owned(),
            audience: "https://login.salesforce.com".to_owned(),
            instance_url: None,
            daily_api_requests: 100_000,
            page_size: 2000,
            may_edit_tasks: true,
            message_fields: MESSAGE_FIELDS.map(ToOwned::to_owned).to_vec(),
            apps: Vec::new(),
            sessions: Vec::new(),
            calls: VecDeque::new(),
            calls_about: BTreeMap::new(),
            fields: standard_fields::all(),
            hidden_objects: BTreeSet::new(),
            unshared: BTreeSet::new(),
            edits_deals: None,
            editable: BTreeSet::new(),
            holds: BTreeMap::new(),
            rules: Vec::new(),
            flows: Vec::new(),
            watched: BTreeSet::new(),
            raised: Vec::new(),
            change_events: Vec::new(),
            records: BTreeMap::new(),
            next_id: 0,
        };
        let id = org.id.clone();
        let values = [("Name", my_domain), ("TimeZoneSidKey", "Europe/Berlin")];
        org.add(Object::Organization, &id, Timestamp::UNIX_EPOCH, &values);
        for (name, closed, won) in STAGES {
            org.add_stage(name, closed, won);
        }
        for (name, closed) in [("Not Started", false), ("In Progress", false), ("Completed", true)] {
            org.add_task_status(name, closed);
        }
        org
    }

    /// The org's own zone; `Europe/Berlin` unless changed.
    pub fn set_time_zone(&mut self, zone: &str) {
        let id = self.id.clone();
        self.set(Object::Organization, &id, "TimeZoneSidKey", zone, Timestamp::UNIX_EPOCH);
    }

    /// Adds a stage behind the others. Several may be won.
    pub fn add_stage(&mut self, name: &str, closed: bool, won: bool) {
        let order = self.records(Object::Stage).count() + 1;
        let values = [
            ("ApiName", name),
            ("MasterLabel", name),
            ("IsActive", "true"),
            ("IsClosed", &closed.to_string()),
            ("IsWon", &won.to_string()),
            ("SortOrder", &order.to_string()),
        ];
        self.create(Object::Stage, Timestamp::UNIX_EPOCH, &values);
    }

    /// Adds a value of a task's `Status`. The first one is the default.
    pub fn add_task_status(&mut self, name: &str, closed: bool) {
        let order = self.records(Object::TaskStatus).count() + 1;
        let values = [
            ("ApiName", name),
            ("MasterLabel", name),
            ("IsDefault", &(order == 1).to_string()),
            ("IsClosed", &closed.to_string()),
            ("SortOrder", &order.to_string()),
        ];
        self.create(Object::TaskStatus, Timestamp::UNIX_EPOCH, &values);
    }

    /// Removes the standard stages or task statuses, for an org that has its own.
    pub fn clear(&mut self, object: Object) {
        self.records.retain(|(known, _), _| *known != object);
    }

    /// Defines a record type of opportunities, and with the first one `RecordTypeId` and `RecordType`.
    pub fn add_record_type(&mut self, id: &str, developer_name: &str, at: Timestamp) {
        if self.field(Object::Opportunity, "RecordTypeId").is_none() {
            self.add_field(Object::Opportunity, standard_fields::record_type());
        }
        let values = [
            ("Name", developer_name),
            ("DeveloperName", developer_name),
            ("SobjectType", "Opportunity"),
            ("IsActive", "true"),
        ];
        self.add(Object::RecordType, id, at, &values);
    }

    /// Switches multi-currency on, which no admin can undo: from now on there is `CurrencyIsoCode`.
    pub fn enable_multi_currency(&mut self) {
        for object in Object::ALL {
            if let Some(field) = standard_fields::currency(object) {
                self.add_field(object, field);
            }
        }
    }

    /// Switches person accounts on, which no admin can undo either.
    pub fn enable_person_accounts(&mut self) {
        for object in Object::ALL {
            for field in standard_fields::person_account(object) {
                self.add_field(object, field);
            }
        }
    }

    /// Adds a field.
    pub fn add_field(&mut self, object: Object, field: Field) {
        self.fields.entry(object).or_default().push(field);
    }

    /// Adds a value to a pick list.
    pub fn add_choice(&mut self, object: Object, field: &str, value: &str) {
        let choice = Choice { value: value.to_owned(), label: value.to_owned(), active: true };
        if let Some(field) = self.field_mut(object, field) {
            field.choices.push(choice);
        }
    }

    /// Hides a field from the integration user, by field-level security.
    pub fn hide_field(&mut self, object: Object, name: &str) {
        if let Some(field) = self.field_mut(object, name) {
            field.hidden = true;
        }
    }

    /// Shows it again.
    pub fn show_field(&mut self, object: Object, name: &str) {
        if let Some(field) = self.field_mut(object, name) {
            field.hidden = false;
        }
    }

    /// Removes a field.
    pub fn remove_field(&mut self, object: Object, name: &str) {
        self.fields.entry(object).or_default().retain(|field| field.name != name);
    }

    /// Takes a whole object away from the integration user.
    pub fn hide_object(&mut self, object: Object) {
        self.hidden_objects.insert(object);
    }

    /// Hides one record from the integration user: nobody shares it with them.
    pub fn unshare(&mut self, id: &str) {
        self.unshared.insert(id.to_owned());
    }

    /// A field as it is set up, hidden or not.
    pub fn field(&self, object: Object, name: &str) -> Option<&Field> {
        self.fields.get(&object)?.iter().find(|field| field.name == name)
    }

    /// Every field of an object as it is set up, hidden or not.
    pub fn fields_of(&self, object: Object) -> impl Iterator<Item = &Field> {
        self.fields.get(&object).into_iter().flatten()
    }

    fn field_mut(&mut self, object: Object, name: &str) -> Option<&mut Field> {
        self.fields.get_mut(&object)?.iter_mut().find(|field| field.name == name)
    }

    /// Puts a record in, created at `at`.
    pub fn add(&mut self, object: Object, id: &str, at: Timestamp, values: &[(&str, &str)]) {
        self.records.insert((object, id.to_owned()), Record::new(id, at, values));
    }

    /// Puts a record in under a new id, which is returned. Later ids are greater.
    pub fn create(&mut self, object: Object, at: Timestamp, values: &[(&str, &str)]) -> String {
        self.next_id += 1;
        let id = id::numbered(object.prefix(), self.next_id);
        self.add(object, &id, at, values);
        id
    }

    pub(super) fn next_notification(&mut self) -> String {
        self.next_id += 1;
        id::numbered("04l", self.next_id)
    }

    /// A record, deleted or not.
    pub fn record(&self, object: Object, id: &str) -> Option<&Record> {
        self.records.get(&(object, id.to_owned()))
    }

    /// Every record of an object by id, deleted or not.
    pub fn records(&self, object: Object) -> impl DoubleEndedIterator<Item = &Record> {
        // Ids are ASCII, so that none comes after this one.
        let all = (object, String::new())..(object, char::MAX.to_string());
        self.records.range(all).map(|(_, record)| record)
    }

    /// Changes a value, as a person would; `""` clears it. Nothing happens if there is no such record.
    /// Changes of an opportunity that leave a row in its history are made by
    /// [`super::SalesforceState::changes`].
    pub fn set(&mut self, object: Object, id: &str, name: &str, value: &str, at: Timestamp) {
        if let Some(record) = self.records.get_mut(&(object, id.to_owned())) {
            record.set(name, value, at);
        }
    }

    /// Moves a record to the recycle bin.
    pub fn delete(&mut self, object: Object, id: &str) {
        if let Some(record) = self.records.get_mut(&(object, id.to_owned())) {
            record.deleted = true;
        }
    }

    /// Takes a record out of the recycle bin.
    pub fn undelete(&mut self, object: Object, id: &str) {
        if let Some(record) = self.records.get_mut(&(object, id.to_owned())) {
            record.deleted = false;
        }
    }

    /// The tasks on an opportunity, oldest first.
    pub fn tasks_of(&self, opportunity: &str) -> Vec<&Record> {
        let on = |task: &&Record| task.get("WhatId") == Some(opportunity) && !task.deleted;
        self.records(Object::Task).filter(on).collect()
    }

    pub(super) fn stage(&self, name: &str) -> Option<&Record> {
        self.records(Object::Stage).find(|stage| stage.get("ApiName") == Some(name))
    }

    pub(super) fn task_status(&self, name: &str) -> Option<&Record> {
        self.records(Object::TaskStatus).find(|status| status.get("ApiName") == Some(name))
    }

    /// The values that a pick list offers now.
    pub(super) fn choices(&self, object: Object, field: &Field) -> Vec<Choice> {
        let table = match (object, field.name.as_str()) {
            (Object::Opportunity | Object::History, "StageName") => Object::Stage,
            (Object::Task, "Status") => Object::TaskStatus,
            _ => return field.choices.clone(),
        };
        let choice = |row: &Record| Choice {
            value: row.get("ApiName").unwrap_or_default().to_owned(),
            label: row.get("MasterLabel").unwrap_or_default().to_owned(),
            active: row.get("IsActive") != Some("false"),
        };
        self.records(table).map(choice).collect()
    }
}

const STAGES: [(&str, bool, bool); 6] = [
    ("Prospecting", false, false),
    ("Qualification", false, false),
    ("Proposal/Price Quote", false, false),
    ("Negotiation/Review", false, false),
    ("Closed Won", true, true),
    ("Closed Lost", true, false),
];

const MESSAGE_FIELDS: [&str; 11] = [
    "Id",
    "AccountId",
    "Amount",
    "CloseDate",
    "CreatedDate",
    "IsClosed",
    "IsWon",
    "LastModifiedDate",
    "Name",
    "OwnerId",
    "StageName",
];
