//! A deal of the sandbox's HubSpot as the page shows it, and changing it there.

use serde_json::Value;

use super::Playground;
use super::deal::{DealSheet, FormField, Participant, Shape, TaskBody, TaskCard};
use super::edit::Edit;
use crate::deals::PORTAL;
use crate::hubspot::{HubspotState, Kind, NotThere, Portal, Property, Record};

/// What the shipped mapping reads of a deal, in the order of the form.
pub(super) const FIELDS: [&str; 11] = [
    "dealname",
    "amount",
    "handoff_why_now",
    "closed_won_reason",
    "handoff_success_outcome",
    "handoff_promises",
    "handoff_risks",
    "handoff_risk_notes",
    "handoff_first_value",
    "handoff_first_value_date",
    "handoff_expansion",
];

/// Reads a deal.
pub(super) fn sheet(hubspot: &HubspotState, id: &str) -> Option<DealSheet> {
    let portal = hubspot.portal(PORTAL)?;
    let deal = portal.record(Kind::Deal, id)?;
    let of = |name: &str| deal.get(name).unwrap_or_default().to_owned();
    let owner = portal.owner(&of("hubspot_owner_id"));
    let seller =
        owner.map(|owner| (format!("{} {}", owner.first_name, owner.last_name), owner.email.clone()));
    let stage = portal.stage_of(id);
    let people = portal.contacts_of(id).into_iter().map(|(contact, labels)| participant(contact, &labels));
    Some(DealSheet {
        id: id.to_owned(),
        name: of("dealname"),
        account: portal.company_of(id).and_then(|company| company.get("name")).unwrap_or_default().to_owned(),
        amount: format!("{} {}", super::shelf::grouped(&of("amount")), of("deal_currency_code")),
        stage: stage.map(|stage| stage.label.clone()).unwrap_or_default(),
        is_won: stage.is_some_and(crate::hubspot::Stage::is_won),
        seller: seller.unwrap_or_default(),
        fields: FIELDS
            .iter()
            .filter_map(|name| Some(field(portal.property(Kind::Deal, name)?, &of(name))))
            .collect(),
        people: people.collect(),
        roles: portal.contact_labels().map(ToOwned::to_owned).collect(),
        tasks: portal.tasks_of(id).into_iter().map(|record| task(portal, record)).collect(),
    })
}

fn field(property: &Property, value: &str) -> FormField {
    let shape = match (property.kind, property.field_type) {
        ("enumeration", _) => Shape::Choices(property.options.clone()),
        ("date", _) => Shape::Day,
        (_, "textarea") => Shape::Text,
        _ => Shape::Line,
    };
    FormField { name: property.name.clone(), label: property.label.clone(), value: value.to_owned(), shape }
}

fn participant(contact: &Record, labels: &[&str]) -> Participant {
    let of = |name: &str| contact.get(name).unwrap_or_default();
    Participant {
        id: contact.id.clone(),
        name: format!("{} {}", of("firstname"), of("lastname")),
        title: of("jobtitle").to_owned(),
        roles: labels.iter().map(|&label| label.to_owned()).collect(),
    }
}

fn task(portal: &Portal, task: &Record) -> TaskCard {
    let of = |name: &str| task.get(name).unwrap_or_default();
    let owner = portal.owner(of("hubspot_owner_id"));
    TaskCard {
        subject: of("hs_task_subject").to_owned(),
        body: TaskBody::Html(of("hs_task_body").to_owned()),
        is_done: of("hs_task_status") == "COMPLETED",
        due: of("hs_timestamp").split('T').next().unwrap_or_default().to_owned(),
        assignee: owner.map(|owner| format!("{} {}", owner.first_name, owner.last_name)),
        is_urgent: of("hs_task_priority") == "HIGH",
        changed: task.updated,
    }
}

/// Makes an edit, and returns the events that HubSpot sends about it. Associations have none.
///
/// # Errors
///
/// There is no such deal.
pub(super) fn save(playground: &Playground, id: &str, edit: &Edit) -> Result<Vec<Value>, NotThere> {
    let now = playground.clock.now();
    playground.hubspot.change(|hubspot| {
        if let Some(portal) = hubspot.portal_mut(PORTAL) {
            for (contact, roles) in &edit.roles {
                let labels: Vec<&str> = roles.iter().map(String::as_str).collect();
                portal.relabel_contact(id, contact, &labels);
            }
            for contact in &edit.gone {
                portal.unlink_contact(id, contact);
            }
            if let Some(new) = &edit.new {
                let ids = portal.records(Kind::Contact).filter_map(|contact| contact.id.parse::<u64>().ok());
                let contact = (ids.max().unwrap_or(500) + 1).to_string();
                let (first, last) = &new.name;
                let values = [("firstname", &**first), ("lastname", last), ("jobtitle", &new.title)];
                portal.add(Kind::Contact, &contact, now, &values);
                portal.link_contact(id, &contact, &[&*new.role]);
            }
        }
        hubspot.changes_deal(id, &edit.values())
    })
}
