//! The fields to create for sections that nothing in an account answers.

use super::fields::{Target, Targets};
use crate::packet::SectionName;
use crate::record::CrmKind;

/// A field to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// What it is for.
    pub target: Target,
    /// Its name, as the CRM spells it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its type, in the words of the CRM's settings.
    pub kind: &'static str,
}

/// Target, label, name and type in HubSpot, name and type in Salesforce.
type Row = (Target, &'static str, (&'static str, &'static str), (&'static str, &'static str));

const KIT: [Row; 6] = [
    (
        Target::Section(SectionName::BuyingReason),
        "Why now",
        ("handoff_why_now", "multi-line text"),
        ("Handoff_Why_Now__c", "Long Text Area"),
    ),
    (
        Target::Section(SectionName::SuccessOutcome),
        "Success outcome",
        ("handoff_success_outcome", "multi-line text"),
        ("Handoff_Success_Outcome__c", "Long Text Area"),
    ),
    (
        Target::Section(SectionName::Promises),
        "Promises",
        ("handoff_promises", "multi-line text"),
        ("Handoff_Promises__c", "Long Text Area"),
    ),
    (
        Target::Section(SectionName::Risks),
        "Risks",
        ("handoff_risks", "multiple checkboxes"),
        ("Handoff_Risks__c", "Picklist (Multi-Select)"),
    ),
    (
        Target::Section(SectionName::FirstValue),
        "First value",
        ("handoff_first_value", "multi-line text"),
        ("Handoff_First_Value__c", "Long Text Area"),
    ),
    (
        Target::FirstValueDate,
        "First value by",
        ("handoff_first_value_date", "date"),
        ("Handoff_First_Value_Date__c", "Date"),
    ),
];

/// What is missing in an account, in the order of the sections.
pub(crate) fn missing(crm: CrmKind, targets: &Targets) -> Vec<Missing> {
    let field = |(target, label, hubspot, salesforce): Row| {
        let (name, kind) = if crm == CrmKind::Hubspot { hubspot } else { salesforce };
        Missing { target, name, label, kind }
    };
    KIT.map(field).into_iter().filter(|missing| targets.fields(missing.target).is_empty()).collect()
}
