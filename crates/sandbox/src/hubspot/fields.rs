//! Properties: what a portal knows about them, and the values HubSpot calculates itself.

use std::collections::BTreeMap;

use super::kind::Kind;
use super::portal::Portal;
use super::record::{Record, iso};

/// What a portal knows about a property.
#[derive(Debug, Clone)]
pub struct Property {
    /// Internal name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// `string`, `number`, `bool`, `enumeration`, `date` or `datetime`.
    pub kind: &'static str,
    /// `text`, `textarea`, `html`, `checkbox` …
    pub field_type: &'static str,
    /// Stored value and what people see.
    pub options: Vec<(String, String)>,
    /// Written by HubSpot alone.
    pub read_only: bool,
    /// In the recycle bin.
    pub archived: bool,
    /// The group it stands in.
    pub group: String,
    /// Kept from apps without a scope for it.
    pub sensitivity: Option<Sensitivity>,
}

/// How well a property is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Sensitive data.
    Sensitive,
    /// Highly sensitive data.
    Highly,
}

impl Sensitivity {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sensitive => "sensitive",
            Self::Highly => "highly_sensitive",
        }
    }
}

impl Property {
    /// A property that admins define and people fill in.
    pub fn new(name: &str, label: &str, kind: &'static str, field_type: &'static str) -> Self {
        let (name, label) = (name.to_owned(), label.to_owned());
        let (options, group) = (Vec::new(), "dealinformation".to_owned());
        Self {
            group,
            name,
            label,
            kind,
            field_type,
            options,
            read_only: false,
            archived: false,
            sensitivity: None,
        }
    }

    /// Moved to the recycle bin.
    #[must_use]
    pub fn archived(self) -> Self {
        Self { archived: true, ..self }
    }

    /// Marked as sensitive data.
    #[must_use]
    pub fn guarded(self, sensitivity: Sensitivity) -> Self {
        Self { sensitivity: Some(sensitivity), ..self }
    }

    /// With the options of an enumeration, as pairs of stored value and label.
    #[must_use]
    pub fn options(mut self, options: &[(&str, &str)]) -> Self {
        self.options = options.iter().map(|(value, label)| ((*value).into(), (*label).into())).collect();
        self
    }

    /// Holds the id of an owner.
    pub(super) fn refers_to_owner(&self) -> bool {
        self.kind == "enumeration" && (self.name.ends_with("owner_id") || self.field_type == "owner")
    }
}

type Row = (&'static str, &'static str, &'static str, &'static str);

const OWNER: Row = ("hubspot_owner_id", "Owner", "enumeration", "select");

const WRITABLE: [(Kind, &[Row]); 5] = [
    (
        Kind::Deal,
        &[
            ("dealname", "Deal name", "string", "text"),
            ("amount", "Amount", "number", "number"),
            ("deal_currency_code", "Currency", "enumeration", "select"),
            ("pipeline", "Pipeline", "enumeration", "select"),
            ("dealstage", "Deal stage", "enumeration", "radio"),
            ("closedate", "Close date", "datetime", "date"),
            ("dealtype", "Deal type", "enumeration", "radio"),
            ("description", "Deal description", "string", "textarea"),
            ("closed_won_reason", "Closed won reason", "string", "textarea"),
            ("hs_next_step", "Next step", "string", "text"),
            ("hs_priority", "Priority", "enumeration", "select"),
            OWNER,
        ],
    ),
    (
        Kind::Contact,
        &[
            ("firstname", "First name", "string", "text"),
            ("lastname", "Last name", "string", "text"),
            ("email", "Email", "string", "text"),
            ("phone", "Phone number", "string", "phonenumber"),
            ("jobtitle", "Job title", "string", "text"),
            ("hs_buying_role", "Buying role", "enumeration", "checkbox"),
            ("lifecyclestage", "Lifecycle stage", "enumeration", "radio"),
            OWNER,
        ],
    ),
    (
        Kind::Company,
        &[
            ("name", "Company name", "string", "text"),
            ("domain", "Company domain name", "string", "text"),
            ("industry", "Industry", "enumeration", "select"),
            ("numberofemployees", "Number of employees", "number", "number"),
            ("annualrevenue", "Annual revenue", "number", "number"),
            ("description", "Description", "string", "textarea"),
            OWNER,
        ],
    ),
    (
        Kind::LineItem,
        &[
            ("name", "Name", "string", "text"),
            ("quantity", "Quantity", "number", "number"),
            ("price", "Unit price", "number", "number"),
            ("amount", "Net price", "number", "number"),
            ("hs_sku", "SKU", "string", "text"),
            ("hs_product_id", "Product ID", "number", "number"),
            ("hs_recurring_billing_period", "Term", "string", "text"),
            ("recurringbillingfrequency", "Billing frequency", "enumeration", "select"),
        ],
    ),
    (
        Kind::Task,
        &[
            ("hs_timestamp", "Due date", "datetime", "date"),
            ("hs_task_subject", "Title", "string", "text"),
            ("hs_task_body", "Notes", "string", "html"),
            ("hs_task_status", "Status", "enumeration", "select"),
            ("hs_task_priority", "Priority", "enumeration", "select"),
            ("hs_task_type", "Type", "enumeration", "select"),
            ("hs_task_reminders", "Reminders", "string", "text"),
            OWNER,
        ],
    ),
];

const CALCULATED: [(Kind, &[Row]); 5] = [
    (
        Kind::Deal,
        &[
            ("hs_object_id", "Record ID", "number", "number"),
            ("createdate", "Create date", "datetime", "date"),
            ("hs_lastmodifieddate", "Last modified", "datetime", "date"),
            ("hs_is_closed", "Is closed", "bool", "calculation_read_time"),
            ("hs_is_closed_won", "Is closed won", "bool", "calculation_read_time"),
            ("hs_closed_won_date", "Closed won date", "datetime", "calculation_equation"),
            ("hs_deal_stage_probability", "Stage probability", "number", "calculation_equation"),
            ("num_associated_contacts", "Number of contacts", "number", "calculation_rollup"),
            ("hs_num_of_associated_line_items", "Number of line items", "number", "calculation_rollup"),
            ("hs_primary_associated_company", "Primary company", "number", "calculation_equation"),
            ("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox"),
        ],
    ),
    (
        Kind::Contact,
        &[
            ("hs_object_id", "Record ID", "number", "number"),
            ("createdate", "Create date", "datetime", "date"),
            ("lastmodifieddate", "Last modified", "datetime", "date"),
        ],
    ),
    (
        Kind::Company,
        &[
            ("hs_object_id", "Record ID", "number", "number"),
            ("createdate", "Create date", "datetime", "date"),
            ("hs_lastmodifieddate", "Last modified", "datetime", "date"),
        ],
    ),
    (
        Kind::LineItem,
        &[
            ("hs_object_id", "Record ID", "number", "number"),
            ("createdate", "Create date", "datetime", "date"),
            ("hs_lastmodifieddate", "Last modified", "datetime", "date"),
        ],
    ),
    (
        Kind::Task,
        &[
            ("hs_object_id", "Record ID", "number", "number"),
            ("hs_createdate", "Create date", "datetime", "date"),
            ("hs_lastmodifieddate", "Last modified", "datetime", "date"),
        ],
    ),
];

type Options = (Kind, &'static str, &'static [(&'static str, &'static str)]);

const STANDARD_OPTIONS: [Options; 4] = [
    (
        Kind::Contact,
        "hs_buying_role",
        &[
            ("BLOCKER", "Blocker"),
            ("BUDGET_HOLDER", "Budget holder"),
            ("CHAMPION", "Champion"),
            ("DECISION_MAKER", "Decision maker"),
            ("END_USER", "End user"),
            ("EXECUTIVE_SPONSOR", "Executive sponsor"),
            ("INFLUENCER", "Influencer"),
            ("LEGAL_AND_COMPLIANCE", "Legal & compliance"),
            ("OTHER", "Other"),
        ],
    ),
    (
        Kind::Task,
        "hs_task_status",
        &[
            ("NOT_STARTED", "Not started"),
            ("IN_PROGRESS", "In progress"),
            ("WAITING", "Waiting"),
            ("DEFERRED", "Deferred"),
            ("COMPLETED", "Completed"),
        ],
    ),
    (
        Kind::Task,
        "hs_task_priority",
        &[("NONE", "None"), ("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High")],
    ),
    (Kind::Task, "hs_task_type", &[("TODO", "To-do"), ("CALL", "Call"), ("EMAIL", "Email")]),
];

/// The properties every portal starts with.
pub(super) fn standard_fields() -> BTreeMap<Kind, BTreeMap<String, Property>> {
    let mut all: BTreeMap<Kind, BTreeMap<String, Property>> = BTreeMap::new();
    for (table, read_only) in [(WRITABLE, false), (CALCULATED, true)] {
        for (object, rows) in table {
            for (name, label, kind, field_type) in rows {
                let property = Property { read_only, ..Property::new(name, label, kind, field_type) };
                all.entry(object).or_default().insert((*name).to_owned(), property);
            }
        }
    }
    for (kind, name, options) in STANDARD_OPTIONS {
        if let Some(property) = all.get_mut(&kind).and_then(|properties| properties.get_mut(name)) {
            *property = property.clone().options(options);
        }
    }
    all
}

/// Whether every portal has this property by itself.
pub(super) fn is_standard(kind: Kind, name: &str) -> bool {
    let tables = WRITABLE.iter().chain(&CALCULATED).filter(|(object, _)| *object == kind);
    tables.flat_map(|(_, rows)| *rows).any(|(known, ..)| *known == name)
}

/// What every answer about a record holds, asked for or not.
pub(super) fn always(kind: Kind) -> [&'static str; 3] {
    match kind {
        Kind::Contact => ["hs_object_id", "createdate", "lastmodifieddate"],
        Kind::Task => ["hs_object_id", "hs_createdate", "hs_lastmodifieddate"],
        Kind::Deal | Kind::Company | Kind::LineItem => ["hs_object_id", "createdate", "hs_lastmodifieddate"],
    }
}

impl Portal {
    /// A property's value as the API returns it. Nothing if there is none, or no such property.
    pub(super) fn value(&self, kind: Kind, record: &Record, name: &str) -> Option<String> {
        let property = self.property(kind, name).filter(|property| !property.archived)?;
        if !property.read_only || name == "hs_merged_object_ids" {
            return record.get(name).map(ToOwned::to_owned);
        }
        match name {
            "hs_object_id" => Some(record.id.clone()),
            "createdate" | "hs_createdate" => Some(iso(record.created)),
            "hs_lastmodifieddate" | "lastmodifieddate" => Some(iso(record.updated)),
            _ => self.calculated(record, name),
        }
    }

    fn calculated(&self, deal: &Record, name: &str) -> Option<String> {
        let stage = deal.get("dealstage").and_then(|stage| self.stage(stage)).map(|(_, stage)| stage);
        let linked = |kind| self.links_between(Kind::Deal, &deal.id, kind);
        match name {
            "hs_is_closed" => stage.map(|stage| stage.closed.to_string()),
            "hs_is_closed_won" => stage.map(|stage| stage.is_won().to_string()),
            "hs_deal_stage_probability" => stage.map(|stage| stage.probability.clone()),
            "hs_closed_won_date" => {
                let won = |stage: &str| self.stage(stage).is_some_and(|(_, stage)| stage.is_won());
                let entered = deal.history("dealstage").last().filter(|(_, stage)| won(stage));
                entered.map(|(at, _)| iso(*at))
            }
            "num_associated_contacts" => Some(linked(Kind::Contact).count().to_string()),
            "hs_num_of_associated_line_items" => Some(linked(Kind::LineItem).count().to_string()),
            "hs_primary_associated_company" => {
                let primary = linked(Kind::Company).find(|link| link.types.iter().any(|kind| kind.id == 5));
                primary.map(|link| link.to.1.clone())
            }
            _ => None,
        }
    }
}
