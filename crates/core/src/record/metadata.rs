//! What an account says about itself: its fields, pipelines, labels and what it lets us do.
//!
//! Pure data. Each CRM's client fills it; what it means for a mapping is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{AccountKey, Dialect, FieldKind, FieldObject};

/// One account at one instant. What could not be asked is `None`, or not in [`AccountMetadata::objects`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMetadata {
    /// The account as it is configured.
    pub account: AccountKey,
    /// The account that our credentials open, if the CRM says so.
    pub opened: Option<String>,
    /// When it was asked.
    pub read_at: Timestamp,
    /// Every field of an object, in the CRM's order.
    pub objects: BTreeMap<CrmObject, Vec<FieldMetadata>>,
    /// Pipelines (HubSpot) or record types (Salesforce); empty if there are none.
    pub pipelines: Option<Vec<PipelineMetadata>>,
    /// Stages that count as won, by the label people see, of all pipelines together.
    pub won_stages: Option<Vec<String>>,
    /// Association labels between deals and contacts (HubSpot), or contact roles (Salesforce).
    pub labels: Option<Vec<OptionMetadata>>,
    /// Whether we may give contacts of a deal a role, if the CRM says so.
    pub may_give_roles: Option<bool>,
    /// The account's own time zone, such as `Europe/Berlin` or `US/Eastern`.
    pub time_zone: Option<String>,
    /// The account's own currency, such as `EUR`.
    pub currency: Option<String>,
    /// Permissions that our credentials were granted, if the CRM tells.
    pub granted: Option<BTreeSet<String>>,
    /// What we need and were not granted.
    pub lacking: Vec<Lacking>,
    /// Settings of the account's block in the configuration that the account contradicts.
    pub settings: Vec<WrongSetting>,
}

impl AccountMetadata {
    /// An account about which nothing is known yet.
    pub fn new(account: AccountKey, read_at: Timestamp) -> Self {
        Self {
            account,
            opened: None,
            read_at,
            objects: BTreeMap::new(),
            pipelines: None,
            won_stages: None,
            labels: None,
            may_give_roles: None,
            time_zone: None,
            currency: None,
            granted: None,
            lacking: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// The fields of an object; `None` if they could not be asked for.
    pub fn fields(&self, object: CrmObject) -> Option<&[FieldMetadata]> {
        self.objects.get(&object).map(Vec::as_slice)
    }

    /// A field by name. Salesforce does not look at case.
    pub fn field(&self, object: CrmObject, name: &str) -> Option<&FieldMetadata> {
        let same = self.dialect().naming.same;
        self.fields(object)?.iter().find(|field| same(&field.name, name))
    }

    /// What the account's CRM calls things.
    pub fn dialect(&self) -> &'static Dialect {
        self.account.crm.dialect()
    }

    /// The account in a sentence: `portal 48210077`.
    pub fn named(&self) -> String {
        format!("{} {}", self.dialect().nouns.account, self.account.account)
    }
}

/// An object of a CRM whose fields may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrmObject {
    Deal,
    Company,
    LineItem,
    /// People of the customer. A mapping cannot read their fields.
    Contact,
    /// Users of the CRM, sellers among them.
    User,
}

impl From<FieldObject> for CrmObject {
    fn from(object: FieldObject) -> Self {
        match object {
            FieldObject::Deal => Self::Deal,
            FieldObject::Company => Self::Company,
            FieldObject::LineItems => Self::LineItem,
            FieldObject::Owner => Self::User,
        }
    }
}

impl CrmObject {
    /// As a mapping spells it; `None` if it cannot read it.
    pub fn mapped(self) -> Option<FieldObject> {
        match self {
            Self::Deal => Some(FieldObject::Deal),
            Self::Company => Some(FieldObject::Company),
            Self::LineItem => Some(FieldObject::LineItems),
            Self::User => Some(FieldObject::Owner),
            Self::Contact => None,
        }
    }
}

/// A field as the account describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "that is what the CRMs answer")]
pub struct FieldMetadata {
    /// Internal or API name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// How its values are read.
    pub kind: FieldKind,
    /// Pick-list values; empty for anything else, and for owner fields.
    pub options: Vec<OptionMetadata>,
    /// Made by the account's own admins.
    pub custom: bool,
    /// In the recycle bin: values are neither shown nor returned.
    pub archived: bool,
    /// The CRM computes it; nobody fills it in, and no webhook tells of its changes.
    pub calculated: bool,
    /// Nobody may set it through the API, or not we.
    pub read_only: bool,
    /// The longest text it holds, if the CRM says so.
    pub length: Option<u32>,
    /// Its values are kept from us until one of these is granted; empty for a field that we can read.
    pub needs: Vec<String>,
    /// Where a lookup leads: the name in front of the dot (`Owner`) and the objects behind it.
    pub lookup: Option<Lookup>,
}

impl FieldMetadata {
    /// Whether people fill it in and we can read it.
    pub fn is_fillable(&self) -> bool {
        !self.archived && !self.calculated && self.needs.is_empty()
    }
}

/// A field that leads to another record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The name in front of the dot: `Owner`, `Csm__r`.
    pub way: String,
    /// Objects by API name: `User`.
    pub to: Vec<String>,
}

/// A value of a pick list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionMetadata {
    pub value: String,
    pub label: String,
}

/// A pipeline, or a record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineMetadata {
    /// What a mapping names: the pipeline's id, or the record type's API name.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Whether a deal in it can be won; `None` where stages do not belong to one pipeline.
    pub can_win: Option<bool>,
}

/// Something to be created in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// A field of the deal.
    Field {
        /// Internal or API name.
        name: String,
        /// What people call it.
        label: String,
        kind: FieldKind,
        /// Pick-list values; empty for anything else.
        options: Vec<OptionMetadata>,
    },
    /// An association label between deals and contacts, or a contact role.
    Label(String),
}

/// A permission that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// What to grant, in the CRM's own words; several if any one of them would do.
    pub permissions: Vec<String>,
    /// What does not work without it, as a clause: `no task can be created`.
    pub consequence: String,
}

/// A setting that does not fit the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    /// Its key in the account's block.
    pub key: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// What to do instead.
    pub help: String,
}
