//! What is known about a few standard fields without asking the CRM.
//!
//! HubSpot: <https://developers.hubspot.com/docs/guides/api/crm/objects/deals>, Salesforce:
//! <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunity.htm>

use crate::record::CrmKind;

use crate::record::{FieldObject, FieldPath};

/// What a field of a won deal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// A number that is not below zero.
    Amount,
    /// A calendar day or an instant.
    Day,
    /// Text.
    Words,
    /// `true` on every won deal.
    Yes,
    /// The pipeline or record type that `applies_to` names.
    Pipeline,
    /// The stage: never empty.
    Stage,
}

const HUBSPOT: [(FieldObject, &str, Known); 14] = [
    (FieldObject::Deal, "amount", Known::Amount),
    (FieldObject::Deal, "num_associated_contacts", Known::Amount),
    (FieldObject::Company, "numberofemployees", Known::Amount),
    (FieldObject::Deal, "closedate", Known::Day),
    (FieldObject::Deal, "createdate", Known::Day),
    (FieldObject::Deal, "hs_closed_won_date", Known::Day),
    (FieldObject::Deal, "dealname", Known::Words),
    (FieldObject::Deal, "dealtype", Known::Words),
    (FieldObject::Deal, "closed_won_reason", Known::Words),
    (FieldObject::Deal, "deal_currency_code", Known::Words),
    (FieldObject::Company, "name", Known::Words),
    (FieldObject::Company, "domain", Known::Words),
    (FieldObject::Deal, "pipeline", Known::Pipeline),
    (FieldObject::Deal, "dealstage", Known::Stage),
];

const SALESFORCE: [(FieldObject, &str, Known); 14] = [
    (FieldObject::Company, "NumberOfEmployees", Known::Amount),
    (FieldObject::Deal, "CloseDate", Known::Day),
    (FieldObject::Deal, "CreatedDate", Known::Day),
    (FieldObject::Deal, "Name", Known::Words),
    (FieldObject::Deal, "Type", Known::Words),
    (FieldObject::Deal, "LeadSource", Known::Words),
    (FieldObject::Deal, "CurrencyIsoCode", Known::Words),
    (FieldObject::Deal, "OwnerId", Known::Words),
    (FieldObject::Company, "Name", Known::Words),
    (FieldObject::Company, "Industry", Known::Words),
    (FieldObject::Deal, "IsWon", Known::Yes),
    (FieldObject::Deal, "IsClosed", Known::Yes),
    (FieldObject::Deal, "RecordType.DeveloperName", Known::Pipeline),
    (FieldObject::Deal, "StageName", Known::Stage),
];

/// What is known about `path`, if anything is.
pub(crate) fn known(crm: CrmKind, path: &FieldPath) -> Option<Known> {
    let fields: &[(FieldObject, &str, Known)] = match crm {
        CrmKind::Hubspot => &HUBSPOT,
        CrmKind::Salesforce => &SALESFORCE,
    };
    let same = |(object, name, _): &&(FieldObject, &str, Known)| {
        *object == path.object && name.eq_ignore_ascii_case(&path.name)
    };
    fields.iter().find(same).map(|(_, _, known)| *known)
}
