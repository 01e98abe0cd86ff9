//! Salesforce's names and words.

use super::super::{CrmObject, FieldKind, FieldObject};
use super::{Dialect, Hints, Naming, Nouns, StandardFields, WellKnown};

/// <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunity.htm>
pub(super) static DIALECT: Dialect = Dialect {
    id: "salesforce",
    name: "Salesforce",
    fields: StandardFields {
        deal_name: "Name",
        amount: "Amount",
        currency: "CurrencyIsoCode",
        close_dates: &["CloseDate"],
        close_kind: FieldKind::Date,
        owner: "OwnerId",
        pipeline: "RecordType.DeveloperName",
        buying_role: None,
        person_account: Some("IsPersonAccount"),
        line_item_name: "Name",
        labels: &[],
        of_users: None,
        well_known: &[
            (FieldObject::Company, "NumberOfEmployees", WellKnown::Amount),
            (FieldObject::Deal, "CloseDate", WellKnown::Day),
            (FieldObject::Deal, "CreatedDate", WellKnown::Day),
            (FieldObject::Deal, "Name", WellKnown::Words),
            (FieldObject::Deal, "Type", WellKnown::Words),
            (FieldObject::Deal, "LeadSource", WellKnown::Words),
            (FieldObject::Deal, "CurrencyIsoCode", WellKnown::Words),
            (FieldObject::Deal, "OwnerId", WellKnown::Words),
            (FieldObject::Company, "Name", WellKnown::Words),
            (FieldObject::Company, "Industry", WellKnown::Words),
            (FieldObject::Deal, "IsWon", WellKnown::Yes),
            (FieldObject::Deal, "IsClosed", WellKnown::Yes),
            (FieldObject::Deal, "RecordType.DeveloperName", WellKnown::Pipeline),
            (FieldObject::Deal, "StageName", WellKnown::Stage),
        ],
    },
    nouns: Nouns {
        account: "org",
        deal: "opportunity",
        deals: "opportunities",
        companies: "accounts",
        contacts: "contacts",
        users: "users",
        line_items: "opportunity products",
        pipeline: "record type of opportunities",
        pipeline_label_and_id: ("label", "API name"),
        label: "contact role",
        field_kinds: &[
            (FieldKind::Text, "Long Text Area"),
            (FieldKind::Choices, "Picklist (Multi-Select)"),
            (FieldKind::Date, "Date"),
        ],
    },
    naming: Naming {
        same: str::eq_ignore_ascii_case,
        // <https://help.salesforce.com/s/articleView?id=platform.custom_field_attributes.htm>
        usual: |path| {
            let own = |part: &str| part.contains('_') && !part.contains("__");
            let part = |part: &str| if own(part) { format!("{part}__c") } else { part.to_owned() };
            path.name.split('.').map(part).collect::<Vec<_>>().join(".")
        },
        unusual: "lacks the ending that Salesforce gives to your own fields",
        custom: |stem| {
            let capital = |word: &str| {
                let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
                format!("{}{rest}", first.to_uppercase())
            };
            format!("Handoff_{}__c", stem.split('_').map(capital).collect::<Vec<_>>().join("_"))
        },
        reserved_prefix: None,
        lookups: &[
            ("Opportunity", CrmObject::Deal),
            ("Account", CrmObject::Company),
            ("Contact", CrmObject::Contact),
            ("User", CrmObject::User),
        ],
    },
    hints: Hints {
        field_name: "The name is the API name: Setup > Object Manager > Fields & Relationships, column Field Name.",
        unknown_field: "write the API name (Setup > Object Manager > Fields & Relationships, column Field Name), and \
                        give the permission set of the integration user read access to it",
        or_hidden: ", or it is hidden from the integration user",
        not_meant: " If not, give the integration user's permission set read access to it",
        user_fields: None,
        no_labels: None,
        labels: "The role of a contact on the opportunity (Contact Roles).",
        roles: "write `roles: {labels: {Decision Maker: sponsor}}` with your contact roles",
        won_stage: "give a stage the type Closed/Won under Setup > Object Manager > Opportunity > Stage",
        read_only: (
            "cannot be edited by the integration user",
            "give the permission set Handoff Write-back Edit on opportunities and on their field, and assign it to \
             the integration user; or remove the line",
        ),
        // Which fields may be edited, the describe of the object says.
        write_scope: None,
        grant: |permissions| {
            format!("give the integration user's permission set: {}", permissions.join(", "))
        },
    },
};
