//! The subscriptions that tell of wins, and of changes of what open packets are made of.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::config::SUBSCRIPTIONS;
use super::record::CONTACT;
use crate::crm::SetupFile;

/// Of contacts these are worth a look; they fire for every contact of the portal.
const OF_CONTACTS: [&str; 2] = [CONTACT[3], CONTACT[4]];

/// The webhooks of the app that `hs project upload` uploads. Properties without webhooks are left out.
pub fn subscriptions(public_url: &str, fields: &BTreeSet<String>) -> Vec<SetupFile> {
    let on =
        |kind: &str, object: &str| json!({"subscriptionType": kind, "objectType": object, "active": true});
    let property = |object: &str, name: &str| {
        let mut entry = on("object.propertyChange", object);
        entry["propertyName"] = json!(name);
        entry
    };
    let mut entries =
        vec![property("deal", "dealstage"), on("object.creation", "deal"), on("object.merge", "deal")];
    let told = |name: &&String| !SUBSCRIPTIONS.silent.contains(&name.as_str()) && *name != "dealstage";
    entries.extend(fields.iter().filter(told).map(|name| property("deal", name)));
    entries.extend([on("object.deletion", "deal"), on("object.associationChange", "deal")]);
    entries.extend(OF_CONTACTS.map(|name| property("contact", name)));
    let whole: Value = json!({
        "uid": "handoff_bridge_webhooks",
        "type": "webhooks",
        "config": {
            "settings": {"targetUrl": format!("{public_url}/webhooks/hubspot"), "maxConcurrentRequests": 10},
            "subscriptions": {"crmObjects": entries, "legacyCrmObjects": [], "hubEvents": []},
        },
    });
    let text = serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n";
    vec![SetupFile { path: "hubspot/src/app/webhooks/handoff-hsmeta.json", text }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_subscribed_to_once_and_wins_stay() {
        let fields = ["dealstage", "handoff_promises", "hs_lastmodifieddate"].map(ToOwned::to_owned).into();
        let files = subscriptions("https://hooks.example.com", &fields);
        let whole: Value = serde_json::from_str(&files[0].text).unwrap();
        let entries = whole["config"]["subscriptions"]["crmObjects"].as_array().unwrap();
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| {
                let name = entry["propertyName"].as_str().unwrap_or("-");
                format!(
                    "{} {} {name}",
                    entry["subscriptionType"].as_str().unwrap(),
                    entry["objectType"].as_str().unwrap()
                )
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        object.propertyChange deal dealstage
        object.creation deal -
        object.merge deal -
        object.propertyChange deal handoff_promises
        object.deletion deal -
        object.associationChange deal -
        object.propertyChange contact jobtitle
        object.propertyChange contact hs_buying_role
        ");
    }
}
