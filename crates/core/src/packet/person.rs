//! People on the customer's side, and where their roles came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answered, Role};

/// One person on the customer's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Their name, or their address if the CRM has no name.
    pub name: String,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Further addresses of the same person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_emails: Vec<String>,
    /// Their roles; none means "role unknown", and fills nothing.
    pub roles: Vec<Role>,
    /// Where the roles came from.
    pub source: RoleSource,
    /// The roles that an answer names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<AnsweredRole>,
}

/// A role that an answer gave to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnsweredRole {
    /// Which one.
    pub role: Role,
    /// Who answered.
    pub by: Answered,
}

/// Where a person's roles came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RoleSource {
    /// The label that the person carries on the deal.
    #[serde(rename = "contacts.label")]
    Label,
    /// The contact's own buying role.
    #[serde(rename = "contacts.hs_buying_role")]
    BuyingRole,
    /// Neither is mapped: the person has no role.
    #[default]
    #[serde(rename = "contacts")]
    Unknown,
    /// The person is not in the CRM: an answer names them.
    #[serde(rename = "answer")]
    Answer,
}

impl RoleSource {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Label => "contacts.label",
            Self::BuyingRole => "contacts.hs_buying_role",
            Self::Unknown => "contacts",
            Self::Answer => "answer",
        }
    }
}
