//! The flow and the Outbound Message that tell of changes of what open packets are made of, as source for `sf project
//! deploy`.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_visual_workflow.htm>

use std::collections::BTreeSet;

use super::soql::{Column, Table};
use crate::crm::SetupFile;

/// A record-triggered flow that sends the message whenever one of the fields of a won opportunity changes. Fields behind
/// a lookup are left to the schedule: a flow sees only the record's own.
pub fn change_flow(_public_url: &str, fields: &BTreeSet<String>) -> Vec<SetupFile> {
    let own =
        fields.iter().filter(|name| !name.contains('.') && Column::new(Table::Opportunity, name).is_some());
    let changed: Vec<String> = own.map(|name| format!("ISCHANGED({{!$Record.{name}}})")).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let formula = format!("AND({{!$Record.IsWon}}, OR({}))", changed.join(", "));
    vec![
        SetupFile {
            path: "salesforce/force-app/main/default/flows/Handoff_Opportunity_Changed.flow-meta.xml",
            text: FLOW.replace("FORMULA", &formula),
        },
        SetupFile {
            path: "salesforce/force-app/main/default/workflows/Opportunity.workflow-meta.xml",
            text: MESSAGES.to_owned(),
        },
    ]
}

const FLOW: &str = include_str!("change_flow/flow.xml");

/// Both messages, because the file holds all of an object's. Their address is the one that `sfdx-project.json` has
/// replaced when they are deployed.
const MESSAGES: &str = include_str!("change_flow/messages.xml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_watches_the_records_own_fields_and_the_message_says_why_it_is_sent() {
        let fields = ["Handoff_Promises__c", "Account.Industry", "Risk__c"].map(ToOwned::to_owned).into();
        let files = change_flow("https://bridge.example", &fields);
        assert!(files[0].text.contains(
            "<filterFormula>AND({!$Record.IsWon}, OR(ISCHANGED({!$Record.Handoff_Promises__c}), \
             ISCHANGED({!$Record.Risk__c})))</filterFormula>"
        ));
        let project = include_str!("../../../config/salesforce/sfdx-project.json");
        let replaced = "https://hooks.example.com/webhooks/salesforce/outbound/REPLACED-AT-DEPLOY";
        assert!(project.contains(replaced), "the tool puts the real address in its place");
        assert!(files[1].text.contains(&format!("{replaced}?on=change<")));
        let shipped = include_str!(
            "../../../config/salesforce/force-app/main/default/workflows/Opportunity.workflow-meta.xml"
        );
        let won =
            shipped.split("<outboundMessages>").nth(1).unwrap().split("</outboundMessages>").next().unwrap();
        assert!(files[1].text.contains(won), "the message about wins is the shipped one");
        assert!(change_flow("https://bridge.example", &BTreeSet::new()).is_empty());
    }
}
