//! What admins grant an app that writes answers to deals.

use crate::Sandbox;
use crate::deals::PORTAL;
use crate::opportunities::ORG;

/// Fields that the shipped mapping for Salesforce names as targets.
const FIELDS: [&str; 2] = ["Handoff_First_Value__c", "Handoff_First_Value_Date__c"];

/// Both CRMs let the app write to deals.
pub fn grant(sandbox: &Sandbox) {
    sandbox.hubspot.change(|hubspot| {
        if let Some(portal) = hubspot.portal_mut(PORTAL) {
            portal.grant_scope("crm.objects.deals.write");
        }
    });
    sandbox.salesforce.change(|salesforce| {
        if let Some(org) = salesforce.org_mut(ORG) {
            org.grant_edit(&FIELDS);
        }
    });
}
