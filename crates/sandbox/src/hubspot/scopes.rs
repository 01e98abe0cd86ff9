//! What an app was granted, and the refusal of everything else.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes>

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::fields::{Property, Sensitivity};
use super::kind::Kind;
use super::portal::Portal;
use super::refusal::body;
use crate::call::{Answer, Call, Verdict};

/// What the app's project file asks for.
const GRANTED: [&str; 6] = [
    "crm.objects.deals.read",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.line_items.read",
    "crm.objects.owners.read",
];

pub(super) fn granted() -> BTreeSet<String> {
    GRANTED.map(ToOwned::to_owned).into()
}

impl Portal {
    /// Grants one scope more.
    pub fn grant_scope(&mut self, scope: &str) {
        self.scopes.insert(scope.to_owned());
    }

    /// Takes a scope away, as an admin can.
    pub fn withdraw_scope(&mut self, scope: &str) {
        self.scopes.remove(scope);
    }

    /// Lets a call pass if the app has one of the scopes that it needs.
    pub(super) fn permit(&self, method: &str, family: &str, rest: &[&str]) -> Result<(), Answer> {
        let objects = |kind: &str, right: &str| format!("crm.objects.{kind}.{right}");
        let needed = match (method, family, rest) {
            (_, "owners", _) => vec!["crm.objects.owners.read".to_owned()],
            // Activities have no scope of their own.
            ("POST", "objects", ["tasks"]) | ("PATCH", "objects", ["tasks", _]) => {
                vec![objects("contacts", "write")]
            }
            ("POST", "properties" | "associations", [kind, rest @ ..])
                if family == "properties" || rest.ends_with(&["labels"]) =>
            {
                vec![format!("crm.schemas.{}.write", named(kind))]
            }
            ("PATCH" | "PUT", "objects", [kind, ..]) => vec![objects(named(kind), "write")],
            (_, "objects", ["tasks" | "0-27", ..]) => vec![objects("contacts", "read")],
            (_, "properties" | "pipelines", [kind, ..]) => {
                vec![objects(named(kind), "read"), format!("crm.schemas.{}.read", named(kind))]
            }
            (_, "objects" | "associations", [kind, ..]) => vec![objects(named(kind), "read")],
            _ => return Ok(()),
        };
        if needed.iter().any(|scope| self.scopes.contains(scope)) { Ok(()) } else { Err(missing(&needed)) }
    }

    /// Values of a sensitive property need a scope of their own.
    pub(super) fn permit_values(&self, kind: Kind, names: &[String]) -> Result<(), Answer> {
        let needs = |property: &Property| {
            let level = property.sensitivity.map(Sensitivity::as_str)?;
            let scope = format!("crm.objects.{}.{level}.read", kind.path());
            let needed = [format!("{scope}.v2"), scope];
            (!needed.iter().any(|scope| self.scopes.contains(scope))).then_some(needed)
        };
        let asked = names.iter().filter_map(|name| self.property(kind, name));
        match asked.into_iter().find_map(needs) {
            Some(needed) => Err(missing(&needed)),
            None => Ok(()),
        }
    }
}

fn named(kind: &str) -> &str {
    match Kind::from_path(kind) {
        Some(kind) => kind.path(),
        None => kind,
    }
}

fn missing(needed: &[String]) -> Answer {
    let body = json!({
        "status": "error", "category": "MISSING_SCOPES",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "correlationId": "00000000-0000-4000-8000-000000000403",
        "errors": [{"message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": needed}}],
    });
    Answer::json(403, &body).because(Verdict::Switched)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TokenInfo {
    token_key: String,
}

/// `POST /oauth/v2/private-apps/get/access-token-info`: what a static token may do.
pub(super) fn token_info(portal: &Portal, call: &Call) -> Result<Answer, Answer> {
    let TokenInfo { token_key } = body(call)?;
    if call.bearer() != Some(token_key.as_str()) {
        return Err(super::refusal::invalid("tokenKey is not the token of this call"));
    }
    Ok(Answer::json(
        200,
        &json!({
            "userId": 5_000_001, "hubId": portal.id.parse::<u64>().unwrap_or_default(), "appId": 9_050_011,
            "scopes": portal.scopes,
        }),
    ))
}
