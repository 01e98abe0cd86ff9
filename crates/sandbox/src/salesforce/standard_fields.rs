//! Standard fields: those that objects have before an admin adds any, as far as the sandbox knows them.
//!
//! <https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects>

use std::collections::BTreeMap;

use super::field::{Field, Type};
use super::object::Object;

type Row = (&'static str, &'static str, Type);

fn writable(object: Object) -> &'static [Row] {
    match object {
        Object::Opportunity => &[
            ("Name", "Opportunity Name", Type::Text),
            ("Description", "Description", Type::LongText),
            ("NextStep", "Next Step", Type::Text),
            ("Type", "Opportunity Type", Type::Choice),
            ("LeadSource", "Lead Source", Type::Choice),
            ("StageName", "Stage", Type::Choice),
            ("Amount", "Amount", Type::Money),
            ("Probability", "Probability (%)", Type::Percent),
            ("CloseDate", "Close Date", Type::Date),
        ],
        Object::Account => &[
            ("Name", "Account Name", Type::Text),
            ("Industry", "Industry", Type::Choice),
            ("NumberOfEmployees", "Employees", Type::Whole),
            ("AnnualRevenue", "Annual Revenue", Type::Money),
            ("Website", "Website", Type::Url),
            ("Phone", "Account Phone", Type::Phone),
            ("Description", "Account Description", Type::LongText),
        ],
        Object::Contact => &[
            ("FirstName", "First Name", Type::Text),
            ("LastName", "Last Name", Type::Text),
            ("Title", "Title", Type::Text),
            ("Department", "Department", Type::Text),
            ("Email", "Email", Type::Email),
            ("Phone", "Business Phone", Type::Phone),
        ],
        Object::User => &[
            ("Username", "Username", Type::Text),
            ("FirstName", "First Name", Type::Text),
            ("LastName", "Last Name", Type::Text),
            ("Email", "Email", Type::Email),
            ("Title", "Title", Type::Text),
            ("IsActive", "Active", Type::Flag),
        ],
        Object::ContactRole => &[("Role", "Role", Type::Choice), ("IsPrimary", "Primary", Type::Flag)],
        Object::LineItem => &[
            ("Name", "Opportunity Product Name", Type::Text),
            ("ProductCode", "Product Code", Type::Text),
            ("Quantity", "Quantity", Type::Number),
            ("UnitPrice", "Sales Price", Type::Money),
            ("TotalPrice", "Total Price", Type::Money),
            ("ServiceDate", "Date", Type::Date),
            ("Description", "Line Description", Type::Text),
        ],
        Object::History => &[
            ("StageName", "Stage", Type::Choice),
            ("Amount", "Amount", Type::Money),
            ("Probability", "Probability (%)", Type::Percent),
            ("CloseDate", "Close Date", Type::Date),
        ],
        Object::Stage => &[
            ("MasterLabel", "Master Label", Type::Text),
            ("ApiName", "API Name", Type::Text),
            ("IsActive", "Is Active", Type::Flag),
            ("IsClosed", "Closed", Type::Flag),
            ("IsWon", "Won", Type::Flag),
            ("DefaultProbability", "Probability (%)", Type::Percent),
            ("SortOrder", "Order", Type::Whole),
        ],
        Object::Task => &[
            ("Subject", "Subject", Type::Text),
            ("Description", "Description", Type::LongText),
            ("ActivityDate", "Due Date Only", Type::Date),
            ("Status", "Status", Type::Choice),
            ("Priority", "Priority", Type::Choice),
            ("TaskSubtype", "Task Subtype", Type::Choice),
            ("IsReminderSet", "Reminder Set", Type::Flag),
            ("ReminderDateTime", "Reminder Date/Time", Type::DateTime),
        ],
        Object::TaskStatus => &[
            ("MasterLabel", "Master Label", Type::Text),
            ("ApiName", "API Name", Type::Text),
            ("IsDefault", "Is Default", Type::Flag),
            ("IsClosed", "Closed", Type::Flag),
            ("SortOrder", "Order", Type::Whole),
        ],
        Object::Product => &[
            ("Name", "Product Name", Type::Text),
            ("ProductCode", "Product Code", Type::Text),
            ("IsActive", "Active", Type::Flag),
        ],
        Object::Organization => {
            &[("Name", "Name", Type::Text), ("TimeZoneSidKey", "Time Zone", Type::Choice)]
        }
        Object::RecordType => &[
            ("Name", "Name", Type::Text),
            ("DeveloperName", "Record Type Name", Type::Text),
            ("SobjectType", "Sobject Type Name", Type::Text),
            ("IsActive", "Active", Type::Flag),
        ],
    }
}

fn calculated(object: Object) -> &'static [Row] {
    match object {
        Object::Opportunity => &[
            ("IsWon", "Won", Type::Flag),
            ("IsClosed", "Closed", Type::Flag),
            ("LastStageChangeDate", "Last Stage Change Date", Type::DateTime),
            ("HasOpenActivity", "Has Open Activity", Type::Flag),
            ("HasOpportunityLineItem", "Has Line Item", Type::Flag),
        ],
        Object::Contact | Object::User => &[("Name", "Full Name", Type::Text)],
        Object::Task => &[("IsClosed", "Closed", Type::Flag)],
        _ => &[],
    }
}

fn lookups(object: Object) -> &'static [(&'static str, Object, &'static str)] {
    match object {
        Object::Opportunity => {
            &[("AccountId", Object::Account, "Account"), ("OwnerId", Object::User, "Owner")]
        }
        Object::Account => &[("OwnerId", Object::User, "Owner")],
        Object::Contact => &[("AccountId", Object::Account, "Account"), ("OwnerId", Object::User, "Owner")],
        Object::ContactRole => &[
            ("OpportunityId", Object::Opportunity, "Opportunity"),
            ("ContactId", Object::Contact, "Contact"),
        ],
        Object::LineItem => &[
            ("OpportunityId", Object::Opportunity, "Opportunity"),
            ("Product2Id", Object::Product, "Product2"),
        ],
        Object::History => &[("OpportunityId", Object::Opportunity, "Opportunity")],
        Object::Task => &[
            ("WhatId", Object::Opportunity, "What"),
            ("WhoId", Object::Contact, "Who"),
            ("OwnerId", Object::User, "Owner"),
        ],
        _ => &[],
    }
}

/// The fields of every object in an org without optional features.
pub(super) fn all() -> BTreeMap<Object, Vec<Field>> {
    Object::ALL.into_iter().map(|object| (object, fields(object))).collect()
}

fn fields(object: Object) -> Vec<Field> {
    let field = |(name, label, kind): &Row| Field::new(name, label, *kind);
    let mut fields = vec![Field::new("Id", &format!("{} ID", object.name()), Type::Id).read_only()];
    fields.extend(writable(object).iter().map(field));
    fields.extend(calculated(object).iter().map(|row| field(row).read_only()));
    fields.extend(lookups(object).iter().map(|(name, to, way)| {
        Field::new(name, &format!("{} ID", to.name()), Type::Reference).refers_to(*to, way)
    }));
    for name in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
        fields.push(Field::new(name, name, Type::DateTime).read_only());
    }
    for field in &mut fields {
        match (object, field.name.as_str()) {
            (Object::Opportunity, "Name") => *field = field.clone().up_to(120),
            (Object::ContactRole, "Role") => *field = field.clone().choices(&ROLES).restricted(),
            (Object::Task, "Priority") => *field = field.clone().choices(&PRIORITIES),
            (Object::Task, "TaskSubtype") => {
                *field = field.clone().choices(&[("Task", "Task"), ("Call", "Call")]);
            }
            _ => {}
        }
    }
    fields
}

const PRIORITIES: [(&str, &str); 3] = [("High", "High"), ("Normal", "Normal"), ("Low", "Low")];

const ROLES: [(&str, &str); 9] = [
    ("Business User", "Business User"),
    ("Decision Maker", "Decision Maker"),
    ("Economic Buyer", "Economic Buyer"),
    ("Economic Decision Maker", "Economic Decision Maker"),
    ("Evaluator", "Evaluator"),
    ("Executive Sponsor", "Executive Sponsor"),
    ("Influencer", "Influencer"),
    ("Technical Buyer", "Technical Buyer"),
    ("Other", "Other"),
];

/// `CurrencyIsoCode`, which objects with amounts have in a multi-currency org and nowhere else.
pub(super) fn currency(object: Object) -> Option<Field> {
    let has = matches!(
        object,
        Object::Opportunity
            | Object::Account
            | Object::Contact
            | Object::LineItem
            | Object::History
            | Object::Task
    );
    let choices = [("EUR", "Euro"), ("USD", "U.S. Dollar"), ("GBP", "British Pound"), ("CHF", "Swiss Franc")];
    has.then(|| Field::new("CurrencyIsoCode", "Currency ISO Code", Type::Choice).choices(&choices).up_to(3))
}

/// What accounts and contacts have where people can be accounts.
pub(super) fn person_account(object: Object) -> Vec<Field> {
    let flag = Field::new("IsPersonAccount", "Is Person Account", Type::Flag).read_only();
    match object {
        Object::Account => vec![
            flag,
            Field::new("FirstName", "First Name", Type::Text),
            Field::new("LastName", "Last Name", Type::Text),
            Field::new("PersonTitle", "Title", Type::Text),
            Field::new("PersonEmail", "Email", Type::Email),
            Field::new("PersonContactId", "Contact ID", Type::Reference)
                .refers_to(Object::Contact, "PersonContact")
                .read_only(),
        ],
        Object::Contact => vec![flag],
        _ => Vec::new(),
    }
}

/// The lookup to a record type, which opportunities have once one is defined.
pub(super) fn record_type() -> Field {
    Field::new("RecordTypeId", "Record Type ID", Type::Reference).refers_to(Object::RecordType, "RecordType")
}
