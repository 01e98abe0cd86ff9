//! What keeps a write out of a record that can be read: rights that no permission set gives, locks, the rules of an
//! admin; and what a write sets off.

use jiff::Timestamp;

use super::Notification;
use super::field::Entry;
use super::object::Object;
use super::org::Org;
use super::record::Record;

/// Why one record takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// An approval process has locked it.
    Locked,
    /// It is shared for reading only.
    ReadOnly,
}

/// What a flow makes of a value before it is saved.
pub type BeforeSave = fn(&str) -> String;

/// A validation rule of opportunities.
#[derive(Debug, Clone)]
pub struct ValidationRule {
    /// The field it looks at.
    pub field: String,
    /// Whether a value of that field is refused; a blank one is `""`.
    pub refuses: fn(&str) -> bool,
    /// The admin's words.
    pub message: String,
    /// Shown at the field, and not at the top of the page.
    pub at_field: bool,
}

/// A change as change data capture tells of it.
/// <https://developer.salesforce.com/docs/atlas.en-us.264.0.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeEvent {
    /// The object of the record.
    pub object: Object,
    /// The record's id.
    pub record: String,
    /// Fields that the caller sent, by name.
    pub fields: Vec<String>,
    /// `com/salesforce/api/rest/66.0;client=NAME`; without the client if the caller did not name itself.
    pub origin: String,
    /// Id of the user who committed it.
    pub user: String,
    /// When.
    pub at: Timestamp,
}

impl Org {
    /// Lets the integration user edit opportunities, and of their fields these.
    pub fn grant_edit(&mut self, fields: &[&str]) {
        self.edits_deals = Some(true);
        self.editable.extend(fields.iter().map(|field| (*field).to_owned()));
    }

    /// Takes the right to edit opportunities away again. From now on a refused write is the admin's doing.
    pub fn revoke_edit(&mut self) {
        self.edits_deals = Some(false);
    }

    /// Takes the right to edit a field away again.
    pub fn revoke_edit_of(&mut self, field: &str) {
        self.editable.remove(field);
    }

    /// Whether the integration user may set a field of a record, apart from what keeps the record itself closed.
    pub(super) fn may_set(&self, object: Object, field: &super::Field) -> bool {
        let edits = match object {
            Object::Task => self.may_edit_tasks,
            Object::Opportunity => self.edits_deals == Some(true) && self.editable.contains(&field.name),
            Object::ContactRole => self.edits_deals == Some(true),
            _ => false,
        };
        edits && !matches!(field.entry, Entry::ReadOnly | Entry::Formula)
    }

    /// Whether the integration user may create and change records of an object.
    pub(super) fn may_edit(&self, object: Object) -> bool {
        match object {
            Object::Task => self.may_edit_tasks,
            Object::Opportunity | Object::ContactRole => self.edits_deals == Some(true),
            _ => false,
        }
    }

    /// Locks a record, as an approval process does.
    pub fn lock(&mut self, id: &str) {
        self.holds.insert(id.to_owned(), Hold::Locked);
    }

    /// Shares a record with the integration user for reading only.
    pub fn share_read_only(&mut self, id: &str) {
        self.holds.insert(id.to_owned(), Hold::ReadOnly);
    }

    /// Ends a lock or a restricted share.
    pub fn unlock(&mut self, id: &str) {
        self.holds.remove(id);
    }

    /// Adds a validation rule, which every write through the API has to pass.
    pub fn add_validation_rule(&mut self, rule: ValidationRule) {
        self.rules.push(rule);
    }

    /// Adds a flow that makes another value of what is written to a field, before it is saved.
    pub fn add_before_save_flow(&mut self, field: &str, makes: BeforeSave) {
        self.flows.push((field.to_owned(), makes));
    }

    pub(super) fn before_save(&self, changes: Vec<(String, String)>) -> Vec<(String, String)> {
        let flows = |name: &str, value: String| {
            let own = self.flows.iter().filter(|(field, _)| field == name);
            own.fold(value, |value, (_, makes)| makes(&value))
        };
        changes.into_iter().map(|(name, value)| (name.clone(), flows(&name, value))).collect()
    }

    /// Switches every validation rule off.
    pub fn clear_validation_rules(&mut self) {
        self.rules.clear();
    }

    /// The rule that a record with these changes breaks.
    pub(super) fn broken_rule(
        &self,
        record: &Record,
        changes: &[(String, String)],
    ) -> Option<&ValidationRule> {
        let value = |name: &str| {
            let written = changes.iter().rev().find(|(field, _)| field == name);
            written.map_or_else(|| record.get(name).unwrap_or_default(), |(_, value)| value.as_str())
        };
        self.rules.iter().find(|rule| (rule.refuses)(value(&rule.field)))
    }

    /// Activates the flow that sends a message whenever one of these fields of a won opportunity changes.
    pub fn watch_changes(&mut self, fields: &[&str]) {
        self.watched = fields.iter().map(|field| (*field).to_owned()).collect();
    }

    /// Notifications that writes through the API set off, each once.
    pub fn take_notifications(&mut self) -> Vec<Notification> {
        std::mem::take(&mut self.raised)
    }

    /// Every change that came through the API to something else than a task, oldest first.
    pub fn change_events(&self) -> &[ChangeEvent] {
        &self.change_events
    }
}
