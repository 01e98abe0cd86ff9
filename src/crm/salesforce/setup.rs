//! Preparing an org. Nothing is created through the API: the integration user may not change metadata, and one deployment
//! with an administrator's own login brings fields, field permissions and permission sets together.

use super::soql::{Column, Table};
use crate::crm::{PersonStep, SetupAt};
use handoff_core::record::Creation;

/// The fields that the package in `config/salesforce` brings.
const PACKAGED: &str = include_str!("../../../config/salesforce/manifest/package-fields.xml");

/// What an administrator does, with the pages to open.
pub fn person_steps(at: &SetupAt<'_>) -> Vec<PersonStep> {
    let setup = |page: &str| Some(format!("{}/lightning/setup/{page}", at.app_url));
    let step = |text: String, url: Option<String>| PersonStep { text, url };
    let fields = at.lacking.iter().filter_map(|creation| match creation {
        Creation::Field { name, .. } if Column::new(Table::Opportunity, name).is_some() => {
            Some(name.as_str())
        }
        _ => None,
    });
    let (packaged, own): (Vec<&str>, Vec<&str>) =
        fields.partition(|name| PACKAGED.contains(&format!("Opportunity.{name}<")));
    let roles: Vec<&str> = at
        .lacking
        .iter()
        .filter_map(|creation| match creation {
            Creation::Label(role) => Some(role.as_str()),
            Creation::Field { .. } => None,
        })
        .collect();
    let mut steps = Vec::new();
    if !packaged.is_empty() {
        let deploy = "Deploy fields and permission sets: cd config/salesforce && sf org login web --alias handoff && \
                      sf project deploy start --target-org handoff --manifest manifest/package-fields.xml. A field that \
                      is there and hidden looks missing too: assign the permission set Handoff Integration to our user";
        steps.push(step(format!("{deploy}."), setup("PermSets/home")));
    }
    if !own.is_empty() {
        let text = format!("Create on the opportunity, or let our user read: {}.", own.join(", "));
        steps.push(step(text, setup("ObjectManager/Opportunity/FieldsAndRelationships/view")));
    }
    if !roles.is_empty() {
        let text = format!("Add to the values of the contact role (Role > New): {}.", roles.join(", "));
        steps.push(step(text, setup("ObjectManager/OpportunityContactRole/FieldsAndRelationships/view")));
    }
    let rule = "Put the handoff fields on the layout, and make them required at the win with a validation rule; the formula \
                stands in docs/salesforce.md, step 4.";
    steps.push(step(rule.to_owned(), setup("ObjectManager/Opportunity/ValidationRules/view")));
    steps.push(if at.webhooks {
        let text = "Messages, so that wins arrive within seconds: docs/salesforce.md, step 3; for changes after the win \
                    handoff init --subscriptions --force, and deploy what it writes.";
        step(text.to_owned(), setup("Flows/home"))
    } else {
        step("Messages: none are needed. Without public_url the service asks Salesforce for wins.".to_owned(), None)
    });
    steps
}
