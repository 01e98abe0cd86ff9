//! What the people of each CRM call things.

use crate::record::{AccountMetadata, CrmKind, CrmObject, FieldKind};

/// The account: `portal 48210077`.
pub(crate) fn account(metadata: &AccountMetadata) -> String {
    let what = match metadata.account.crm {
        CrmKind::Hubspot => "portal",
        CrmKind::Salesforce => "org",
    };
    format!("{what} {}", metadata.account.account)
}

/// Records of one kind, in the plural.
pub(crate) fn records(crm: CrmKind, object: CrmObject) -> &'static str {
    match (crm, object) {
        (CrmKind::Hubspot, CrmObject::Deal) => "deals",
        (CrmKind::Hubspot, CrmObject::Company) => "companies",
        (CrmKind::Hubspot, CrmObject::User) => "owners",
        (CrmKind::Salesforce, CrmObject::Deal) => "opportunities",
        (CrmKind::Salesforce, CrmObject::Company) => "accounts",
        (CrmKind::Salesforce, CrmObject::User) => "users",
        (CrmKind::Salesforce, CrmObject::LineItem) => "opportunity products",
        (CrmKind::Hubspot, CrmObject::LineItem) => "line items",
        (_, CrmObject::Contact) => "contacts",
    }
}

/// Where an admin finds the name of a field.
pub(crate) fn where_names_stand(crm: CrmKind) -> &'static str {
    match crm {
        CrmKind::Hubspot => {
            "write the internal name: in HubSpot open Settings > Properties, click the property, then </>"
        }
        CrmKind::Salesforce => {
            "write the API name (Setup > Object Manager > Fields & Relationships, column Field Name), and give the \
             permission set of the integration user read access to it"
        }
    }
}

/// What a field holds, in a sentence.
pub(crate) fn holds(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Html => "text",
        FieldKind::Number => "a number",
        FieldKind::Money => "an amount",
        FieldKind::Bool => "yes or no",
        FieldKind::Date | FieldKind::DateTime => "a day",
        FieldKind::Choice => "one value of a list",
        FieldKind::Choices => "values of a list",
        FieldKind::User => "a CRM user",
    }
}
