//! Preparing a portal: properties in a group of their own, association labels, and what the API has no call for.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide>

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::error::CallError;
use crate::crm::{Created, PersonStep, SetupAt};
use crate::failure::Failure;
use handoff_core::record::{Creation, FieldKind, OptionMetadata};

/// The scope under which properties and labels of deals are made.
pub(super) const SCOPE: &str = "crm.schemas.deals.write";

/// The group that our properties stand in.
const GROUP: (&str, &str) = ("handoff", "Handoff");

/// Creates it unless it is there. The group of a property comes first: a portal refuses a property without its group.
pub(super) async fn create(client: &Client, creation: &Creation) -> Result<Created, Failure> {
    match creation {
        Creation::Field { name, label, kind, options } => {
            let (name_of_group, label_of_group) = GROUP;
            let group = json!({"name": name_of_group, "label": label_of_group, "displayOrder": -1});
            match post(client, &client.dated("properties", "/deals/groups"), &group).await? {
                Created::Created | Created::Existed => {}
                refused => return Ok(refused),
            }
            let property = property(name, label, *kind, options);
            post(client, &client.dated("properties", "/deals"), &property).await
        }
        Creation::Label(label) => {
            let body = json!({"label": label, "name": internal(label)});
            post(client, &client.dated("associations", "/deals/contacts/labels"), &body).await
        }
    }
}

fn property(name: &str, label: &str, kind: FieldKind, options: &[OptionMetadata]) -> Value {
    let (of_type, field_type) = match kind {
        FieldKind::Text => ("string", "textarea"),
        FieldKind::Html => ("string", "html"),
        FieldKind::Number | FieldKind::Money => ("number", "number"),
        FieldKind::Bool => ("bool", "booleancheckbox"),
        FieldKind::Date => ("date", "date"),
        FieldKind::DateTime => ("datetime", "date"),
        FieldKind::Choice | FieldKind::User => ("enumeration", "select"),
        FieldKind::Choices => ("enumeration", "checkbox"),
    };
    let mut body =
        json!({"name": name, "label": label, "type": of_type, "fieldType": field_type, "groupName": GROUP.0});
    if kind == FieldKind::User {
        body["externalOptions"] = json!(true);
        body["referencedObjectType"] = json!("OWNER");
    } else if of_type == "enumeration" {
        let option = |(order, option): (usize, &OptionMetadata)| json!({"label": option.label, "value": option.value, "displayOrder": order, "hidden": false});
        body["options"] = options.iter().enumerate().map(option).collect();
    } else if kind == FieldKind::Bool {
        body["options"] = json!([{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]);
    }
    body
}

/// A label's internal name: it may not begin with a digit, nor hold anything but letters, digits and underscores.
fn internal(label: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    format!("handoff_{}", label.chars().map(plain).collect::<String>())
}

async fn post(client: &Client, path: &str, body: &Value) -> Result<Created, Failure> {
    let request = client.request(Method::POST, path).json(body);
    match client.call::<Value>(request).await {
        Ok(_) => Ok(Created::Created),
        Err(error) if error.is_conflict() => Ok(Created::Existed),
        Err(error) if error.is_forbidden() => {
            let scopes = error.required_scopes();
            Ok(Created::NotAllowed(if scopes.is_empty() { vec![SCOPE.to_owned()] } else { scopes }))
        }
        Err(error) => match error.refusal() {
            Some(refusal) => Ok(Created::Refused(refusal.words)),
            None => Err(CallError::retry(error, "creating what the mapping names")),
        },
    }
}

/// What the API has no call for.
pub fn person_steps(at: &SetupAt<'_>) -> Vec<PersonStep> {
    let SetupAt { app_url, account, webhooks, .. } = at;
    let step = |text: &str, url: Option<String>| PersonStep { text: text.to_owned(), url };
    let mut steps = vec![step(
        "Make the handoff properties required at the win: your pipeline > the won stage > Edit stage properties. \
         HubSpot has no call for that.",
        Some(format!("{app_url}/sales-products-settings/{account}/object/0-3/pipelines")),
    )];
    steps.push(if *webhooks {
        step(
            "Webhooks, so that wins arrive within seconds: handoff init --subscriptions --force, then hs project upload \
             in config/hubspot.",
            Some(format!("{app_url}/developer-projects/{account}")),
        )
    } else {
        step("Webhooks: none are needed. Without public_url the service asks HubSpot for wins.", None)
    });
    steps
}
