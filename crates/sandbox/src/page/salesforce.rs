//! An opportunity of the sandbox's Salesforce as the page shows it, and changing it there.

use super::Playground;
use super::deal::{DealSheet, FormField, Participant, Shape, TaskBody, TaskCard};
use super::edit::Edit;
use crate::opportunities::ORG;
use crate::salesforce::{Field, NotThere, Notification, Object, Org, Record, SalesforceState, Type};

/// What the shipped mapping reads of an opportunity, in the order of the form.
const FIELDS: [&str; 9] = [
    "Name",
    "Amount",
    "Handoff_Why_Now__c",
    "Handoff_Success_Outcome__c",
    "Handoff_Promises__c",
    "Handoff_Risks__c",
    "Handoff_First_Value__c",
    "Handoff_First_Value_Date__c",
    "Handoff_Expansion__c",
];

/// Reads an opportunity.
pub(super) fn sheet(salesforce: &SalesforceState, id: &str) -> Option<DealSheet> {
    let org = salesforce.org(ORG)?;
    let deal = org.record(Object::Opportunity, id)?;
    let of = |name: &str| deal.get(name).unwrap_or_default().to_owned();
    let field = |name: &&str| Some(field(org.field(Object::Opportunity, name)?, &of(name)));
    let seller = org.record(Object::User, &of("OwnerId"));
    let email = seller.and_then(|user| user.get("Email")).unwrap_or_default().to_owned();
    let roles = org.field(Object::ContactRole, "Role").map(|field| &field.choices);
    let account = org.record(Object::Account, &of("AccountId"));
    Some(DealSheet {
        id: id.to_owned(),
        name: of("Name"),
        account: account.map(name).unwrap_or_default(),
        amount: format!("{} {}", super::shelf::grouped(&of("Amount")), of("CurrencyIsoCode")),
        stage: of("StageName"),
        is_won: org.is_won(id),
        seller: (seller.map(name).unwrap_or_default(), email),
        fields: FIELDS.iter().filter_map(field).collect(),
        people: contact_roles(org, id).filter_map(|role| participant(org, role)).collect(),
        roles: roles.into_iter().flatten().map(|choice| choice.value.clone()).collect(),
        tasks: org.tasks_of(id).into_iter().map(|record| task(org, record)).collect(),
    })
}

fn name(record: &Record) -> String {
    let parts = ["FirstName", "LastName"].into_iter().filter_map(|part| record.get(part));
    record.get("Name").map_or_else(|| parts.collect::<Vec<_>>().join(" "), ToOwned::to_owned)
}

fn field(field: &Field, value: &str) -> FormField {
    let shape = match field.kind {
        Type::Choice | Type::Choices => {
            let choices = field.choices.iter();
            Shape::Choices(choices.map(|choice| (choice.value.clone(), choice.label.clone())).collect())
        }
        Type::Date => Shape::Day,
        Type::LongText => Shape::Text,
        _ => Shape::Line,
    };
    FormField { name: field.name.clone(), label: field.label.clone(), value: value.to_owned(), shape }
}

/// Each row is one role of one contact.
fn contact_roles<'a>(org: &'a Org, opportunity: &'a str) -> impl Iterator<Item = &'a Record> {
    let on = move |role: &&Record| role.get("OpportunityId") == Some(opportunity) && !role.deleted;
    org.records(Object::ContactRole).filter(on)
}

fn participant(org: &Org, role: &Record) -> Option<Participant> {
    let contact = org.record(Object::Contact, role.get("ContactId")?)?;
    Some(Participant {
        id: role.id.clone(),
        name: name(contact),
        title: contact.get("Title").unwrap_or_default().to_owned(),
        roles: role.get("Role").map(ToOwned::to_owned).into_iter().collect(),
    })
}

fn task(org: &Org, task: &Record) -> TaskCard {
    let of = |name: &str| task.get(name).unwrap_or_default().to_owned();
    TaskCard {
        subject: of("Subject"),
        body: TaskBody::Plain(of("Description")),
        is_done: of("Status") == "Completed",
        due: of("ActivityDate"),
        assignee: org.record(Object::User, &of("OwnerId")).map(name),
        is_urgent: of("Priority") == "High",
        changed: task.modified,
    }
}

/// Makes an edit, and returns what the flow sends about it.
///
/// # Errors
///
/// There is no such opportunity.
pub(super) fn save(playground: &Playground, id: &str, edit: &Edit) -> Result<Vec<Notification>, NotThere> {
    let now = playground.clock.now();
    playground.salesforce.change(|salesforce| {
        if let Some(org) = salesforce.org_mut(ORG) {
            for (row, roles) in &edit.roles {
                org.set(Object::ContactRole, row, "Role", roles.first().map_or("", String::as_str), now);
            }
            for row in &edit.gone {
                org.delete(Object::ContactRole, row);
            }
            if let Some(new) = &edit.new {
                let account = org.record(Object::Opportunity, id).and_then(|deal| deal.get("AccountId"));
                let account = account.unwrap_or_default().to_owned();
                let (first, last) = &new.name;
                let values = [
                    ("AccountId", &*account),
                    ("FirstName", first),
                    ("LastName", last),
                    ("Title", &new.title),
                ];
                let contact = org.create(Object::Contact, now, &values);
                org.add_contact_role(id, &contact, &new.role, false, now);
            }
        }
        salesforce.changes(id, &edit.values())
    })
}
