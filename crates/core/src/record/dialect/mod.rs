//! What each CRM calls things, a file a CRM: its own fields, the words of its users, hints about its settings.

mod hubspot;
mod salesforce;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CrmObject, FieldKind, FieldObject, FieldPath};

/// Which CRM an account lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CrmKind {
    /// HubSpot; an account is a portal.
    Hubspot,
    /// Salesforce; an account is an org.
    Salesforce,
}

impl CrmKind {
    pub const ALL: [Self; 2] = [Self::Hubspot, Self::Salesforce];

    /// What this CRM calls things.
    pub fn dialect(self) -> &'static Dialect {
        match self {
            Self::Hubspot => &hubspot::DIALECT,
            Self::Salesforce => &salesforce::DIALECT,
        }
    }

    /// The name used in files, keys and routes.
    pub fn as_str(self) -> &'static str {
        self.dialect().id
    }
}

impl fmt::Display for CrmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CrmKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|crm| crm.as_str() == text).ok_or(())
    }
}

/// What one CRM calls things: its own fields, the words of its users, and where its settings stand.
#[derive(Debug)]
pub struct Dialect {
    /// In files, keys and routes: `hubspot`.
    pub id: &'static str,
    /// In sentences: `HubSpot`.
    pub name: &'static str,
    pub fields: StandardFields,
    /// Words of its users.
    pub nouns: Nouns,
    /// How its fields are named.
    pub naming: Naming,
    /// What to do in its settings.
    pub hints: Hints,
}

/// Fields that every account of a CRM has.
#[derive(Debug)]
pub struct StandardFields {
    pub deal_name: &'static str,
    pub amount: &'static str,
    /// The deal's currency code.
    pub currency: &'static str,
    /// The day the deal was closed; the first one that is filled counts.
    pub close_dates: &'static [&'static str],
    /// How a close date is stored: Salesforce has a day, HubSpot an instant.
    pub close_kind: FieldKind,
    pub owner: &'static str,
    /// What `applies_to` names: the deal's pipeline or record type.
    pub pipeline: &'static str,
    /// The contact's buying role; its values are the keys of `buying_roles`.
    pub buying_role: Option<&'static str>,
    /// `true` on a company that is one person.
    pub person_account: Option<&'static str>,
    /// The name of a line item.
    pub line_item_name: &'static str,
    /// What people call fields whose names hold no words.
    pub labels: &'static [(&'static str, &'static str)],
    /// What a seller's record holds, where no metadata tells.
    pub of_users: Option<&'static [&'static str]>,
    /// What is known about fields without asking the account.
    pub well_known: &'static [(FieldObject, &'static str, WellKnown)],
}

/// What a field of a won deal is, in every account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WellKnown {
    /// A number that is not below zero.
    Amount,
    /// A calendar day or an instant.
    Day,
    Words,
    /// `true` on every won deal.
    Yes,
    /// The pipeline or record type that `applies_to` names.
    Pipeline,
    /// The stage: never empty.
    Stage,
}

/// Words of a CRM's users; plurals where several are meant.
#[derive(Debug)]
pub struct Nouns {
    /// `portal`; also the key of the account's id in the configuration.
    pub account: &'static str,
    /// `deal`.
    pub deal: &'static str,
    /// `deals`.
    pub deals: &'static str,
    /// `companies`.
    pub companies: &'static str,
    /// `contacts`.
    pub contacts: &'static str,
    /// `owners`.
    pub users: &'static str,
    /// `line items`.
    pub line_items: &'static str,
    /// What `applies_to` names: `pipeline`.
    pub pipeline: &'static str,
    /// What people see of a pipeline, and what is stored: `name`, `id`.
    pub pipeline_label_and_id: (&'static str, &'static str),
    /// What a person carries on a deal: `association label`.
    pub label: &'static str,
    /// The kinds of fields that an admin can make.
    pub field_kinds: &'static [(FieldKind, &'static str)],
}

/// How a CRM names fields.
#[derive(Debug)]
pub struct Naming {
    /// Whether two names are the same field.
    pub same: fn(&str, &str) -> bool,
    /// A field's name as the CRM would have made it; differs from the name of a field that no account has.
    pub usual: fn(&FieldPath) -> String,
    /// What is wrong with a name that is not the usual one.
    pub unusual: &'static str,
    /// The name of a field that an admin makes for this product: `why_now` becomes `handoff_why_now`.
    pub custom: fn(&str) -> String,
    /// How names of fields begin that the CRM keeps for itself.
    pub reserved_prefix: Option<&'static str>,
    /// Objects behind lookups, as the CRM calls them; none where a name holds no dots.
    pub lookups: &'static [(&'static str, CrmObject)],
}

/// What to do in a CRM's settings, as the help of a message.
#[derive(Debug)]
pub struct Hints {
    /// Which of a field's names is meant, and where it stands.
    pub field_name: &'static str,
    /// Where it stands, and what else may keep a field away.
    pub unknown_field: &'static str,
    /// Behind "there is no such field": why there may be one after all.
    pub or_hidden: &'static str,
    /// Behind "did you mean …?": what to do if not.
    pub not_meant: &'static str,
    /// What to write for a field of the seller that does not exist, where no metadata tells.
    pub user_fields: Option<&'static str>,
    /// Where labels are made, for accounts that may have none at all.
    pub no_labels: Option<&'static str>,
    /// Where people get the label that leads to a role.
    pub labels: &'static str,
    /// A first `roles`.
    pub roles: &'static str,
    /// How a stage becomes one that counts as won.
    pub won_stage: &'static str,
    /// What keeps a field from being written, and what to do about it.
    pub read_only: (&'static str, &'static str),
    /// The permission to change deals, where the CRM tells which were granted.
    pub write_scope: Option<&'static str>,
    /// How to grant what is lacking; several permissions that do equally well are joined by `or`.
    pub grant: fn(&[String]) -> String,
}

impl Dialect {
    /// Records of one kind, in the plural.
    pub fn records(&self, object: CrmObject) -> &'static str {
        match object {
            CrmObject::Deal => self.nouns.deals,
            CrmObject::Company => self.nouns.companies,
            CrmObject::LineItem => self.nouns.line_items,
            CrmObject::Contact => self.nouns.contacts,
            CrmObject::User => self.nouns.users,
        }
    }

    /// What an admin calls a kind of field; empty for a kind that `handoff` asks no admin to make.
    pub fn field_kind(&self, kind: FieldKind) -> &'static str {
        let mut kinds = self.nouns.field_kinds.iter();
        kinds.find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
    }

    /// What is known about a field without asking the account. Capitals make no difference.
    pub fn well_known(&self, path: &FieldPath) -> Option<WellKnown> {
        let mut known = self.fields.well_known.iter();
        known
            .find(|(object, name, _)| *object == path.object && name.eq_ignore_ascii_case(&path.name))
            .map(|(_, _, known)| *known)
    }

    /// How the CRM's own amount and close date are stored in every account.
    pub fn standard_kind(&self, path: &FieldPath) -> Option<FieldKind> {
        match path.name.as_str() {
            _ if path.object != FieldObject::Deal => None,
            name if name == self.fields.amount => Some(FieldKind::Money),
            name if self.fields.close_dates.contains(&name) => Some(self.fields.close_kind),
            _ => None,
        }
    }
}
