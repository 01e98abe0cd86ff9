//! HubSpot's names and words.

use super::super::{FieldKind, FieldObject};
use super::{Dialect, Hints, Naming, Nouns, StandardFields, WellKnown};

/// <https://developers.hubspot.com/docs/guides/api/crm/objects/deals>
pub(super) static DIALECT: Dialect = Dialect {
    id: "hubspot",
    name: "HubSpot",
    fields: StandardFields {
        deal_name: "dealname",
        amount: "amount",
        currency: "deal_currency_code",
        close_dates: &["closedate", "hs_closed_won_date"],
        close_kind: FieldKind::DateTime,
        owner: "hubspot_owner_id",
        pipeline: "pipeline",
        buying_role: Some("hs_buying_role"),
        person_account: None,
        line_item_name: "name",
        labels: &[
            ("numberofemployees", "Number of employees"),
            ("annualrevenue", "Annual revenue"),
            ("closedate", "Close date"),
            ("createdate", "Create date"),
            ("dealname", "Deal name"),
            ("dealstage", "Deal stage"),
            ("dealtype", "Deal type"),
            ("hs_acv", "Annual contract value"),
            ("hs_arr", "Annual recurring revenue"),
            ("hs_mrr", "Monthly recurring revenue"),
            ("hs_tcv", "Total contract value"),
        ],
        // <https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide>
        of_users: Some(&[
            "id",
            "email",
            "firstName",
            "lastName",
            "userId",
            "userIdIncludingInactive",
            "type",
            "archived",
            "createdAt",
            "updatedAt",
        ]),
        well_known: &[
            (FieldObject::Deal, "amount", WellKnown::Amount),
            (FieldObject::Deal, "num_associated_contacts", WellKnown::Amount),
            (FieldObject::Company, "numberofemployees", WellKnown::Amount),
            (FieldObject::Deal, "closedate", WellKnown::Day),
            (FieldObject::Deal, "createdate", WellKnown::Day),
            (FieldObject::Deal, "hs_closed_won_date", WellKnown::Day),
            (FieldObject::Deal, "dealname", WellKnown::Words),
            (FieldObject::Deal, "dealtype", WellKnown::Words),
            (FieldObject::Deal, "closed_won_reason", WellKnown::Words),
            (FieldObject::Deal, "deal_currency_code", WellKnown::Words),
            (FieldObject::Company, "name", WellKnown::Words),
            (FieldObject::Company, "domain", WellKnown::Words),
            (FieldObject::Deal, "pipeline", WellKnown::Pipeline),
            (FieldObject::Deal, "dealstage", WellKnown::Stage),
        ],
    },
    nouns: Nouns {
        account: "portal",
        deal: "deal",
        deals: "deals",
        companies: "companies",
        contacts: "contacts",
        users: "owners",
        line_items: "line items",
        pipeline: "pipeline",
        pipeline_label_and_id: ("name", "id"),
        label: "association label",
        field_kinds: &[
            (FieldKind::Text, "multi-line text"),
            (FieldKind::Choices, "multiple checkboxes"),
            (FieldKind::Date, "date"),
        ],
    },
    naming: Naming {
        same: |one, other| one == other,
        usual: |path| match path.object {
            // The seller is not a HubSpot object: its fields are `firstName`, `lastName` and `email`.
            FieldObject::Owner => path.name.clone(),
            // <https://knowledge.hubspot.com/properties/create-and-edit-properties>
            _ => path.name.to_lowercase(),
        },
        unusual: "has capitals, and internal names in HubSpot have none",
        custom: |stem| format!("handoff_{stem}"),
        reserved_prefix: Some("hs_"),
        lookups: &[],
    },
    hints: Hints {
        field_name: "The name is the internal name: in HubSpot open Settings > Properties, click the property, then </>.",
        unknown_field: "write the internal name: in HubSpot open Settings > Properties, click the property, then </>",
        or_hidden: "",
        not_meant: "",
        user_fields: Some("write `owner.email`, `owner.firstName` or `owner.lastName`"),
        no_labels: Some(
            "make them under Settings > Objects > Deals > Associations (Professional or Enterprise), or rely on \
             `buying_roles`",
        ),
        labels: "The label of a contact on the deal (Settings > Objects > Deals > Associations).",
        roles: "write `roles: {labels: {Sponsor: sponsor}}` with the labels of your contacts",
        won_stage: "give a stage the probability Won (100 %) under Settings > Objects > Deals > Pipelines",
        read_only: ("is read-only", "write a field that people fill in"),
        write_scope: Some("crm.objects.deals.write"),
        grant: |scopes| format!("grant the app the scope {} and install it again", scopes.join(" or ")),
    },
};
