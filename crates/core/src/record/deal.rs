//! The deal record: a deal with company, contacts, users and line items, as fetched at one instant.
//!
//! This is also the format of `--record` files, which people write by hand or copy from `handoff fetch`,
//! so reading it is lenient: values may be strings, numbers, booleans or null, properties may stand in a
//! `properties` object or beside the `id`, and both CRMs' spellings of ids and names are understood.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::CrmKind;
use crate::text::case;
use crate::text::decimal::json_number;

/// One deal and everything about it that a packet may need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DealRecord {
    /// Which CRM it came from.
    pub crm: CrmKind,
    /// Portal or organisation id.
    #[serde(deserialize_with = "text_or_number")]
    pub account: String,
    pub deal: Object,
    /// Where a person opens the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default)]
    pub company: Option<Object>,
    /// People on the customer's side, in the CRM's order.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// The company's contacts that are not on the deal: read only when a person is asked who plays a part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Contact>,
    /// Who owns the deal: the seller.
    #[serde(default)]
    pub owner: Option<User>,
    /// Other CRM users that fields of the deal point to, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, User>,
    #[serde(default)]
    pub line_items: Vec<Object>,
    /// What the CRM says about the mapped fields, by path (`deal.handoff_risks`). May be empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldInfo>,
    /// Mapped paths that the CRM could not supply: unknown, or hidden from our user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unavailable: Vec<String>,
    /// When it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
}

impl DealRecord {
    /// A deal of which nothing but its id is known.
    pub fn empty(crm: CrmKind, account: &str, id: &str) -> Self {
        Self {
            crm,
            account: account.to_owned(),
            deal: Object { id: id.to_owned(), ..Object::default() },
            url: None,
            company: None,
            contacts: Vec::new(),
            others: Vec::new(),
            owner: None,
            users: BTreeMap::new(),
            line_items: Vec::new(),
            fields: BTreeMap::new(),
            unavailable: Vec::new(),
            fetched_at: None,
        }
    }
}

/// A CRM object: an id and named values. A null, absent or empty value are all "not there".
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Object {
    pub id: String,
    /// Values as text, exactly as the CRM wrote them; numbers keep their digits.
    pub properties: BTreeMap<String, Option<String>>,
}

impl Object {
    /// The value of a property, if there is one that is not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref().filter(|value| !value.trim().is_empty())
    }

    /// The first of several properties that has a value.
    pub fn first_of(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut raw = BTreeMap::<String, Box<RawValue>>::deserialize(deserializer)?;
        let mut properties = BTreeMap::new();
        if let Some(nested) = raw.remove("properties") {
            let nested: BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(nested.get()).map_err(D::Error::custom)?;
            for (name, value) in nested {
                properties.insert(name, scalar(&value).map_err(D::Error::custom)?);
            }
        }
        let id = ["id", "Id"].iter().find_map(|key| raw.remove(*key));
        for (name, value) in raw {
            flatten(&name, &value, &mut properties).map_err(D::Error::custom)?;
        }
        let id = match id {
            Some(id) => scalar(&id).map_err(D::Error::custom)?,
            None => properties.get("hs_object_id").cloned().flatten(),
        };
        Ok(Self { id: id.unwrap_or_default(), properties })
    }
}

/// Reads a value that stands beside the id. A nested object becomes dotted names (`Owner.Name`), the
/// way Salesforce returns what a lookup points to; lists are not properties and are passed over.
fn flatten(
    name: &str,
    value: &RawValue,
    into: &mut BTreeMap<String, Option<String>>,
) -> Result<(), serde_json::Error> {
    match value.get().as_bytes().first() {
        Some(b'{') if name != "attributes" => {
            let nested: BTreeMap<String, Box<RawValue>> = serde_json::from_str(value.get())?;
            for (inner, value) in nested {
                flatten(&format!("{name}.{inner}"), &value, into)?;
            }
        }
        Some(b'{' | b'[') => {}
        _ => {
            into.insert(name.to_owned(), scalar(value)?);
        }
    }
    Ok(())
}

/// A scalar as text; a number keeps exactly its digits, an exponent is multiplied out.
fn scalar(value: &RawValue) -> Result<Option<String>, serde_json::Error> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(text).map(Some),
        Some(b'{' | b'[') => Err(serde_json::Error::custom("expected text, a number, true, false or null")),
        _ => Ok(Some(json_number(text))),
    }
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(scalar(&raw).map_err(D::Error::custom)?.unwrap_or_default())
}

/// A person on the customer's side, with the labels they carry on this deal.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Contact {
    #[serde(flatten)]
    pub object: Object,
    /// Association labels (HubSpot) or contact roles (Salesforce) on this deal, as people see them.
    pub labels: Vec<String>,
}

impl<'de> Deserialize<'de> for Contact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Labels {
            #[serde(default)]
            labels: Vec<String>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let Labels { labels } = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let object = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { object, labels })
    }
}

impl Contact {
    /// First and last name, or the full name, or nothing.
    pub fn name(&self) -> Option<String> {
        full_name(&self.object)
    }

    pub fn title(&self) -> Option<&str> {
        self.object.first_of(&["jobtitle", "Title", "title"])
    }

    pub fn email(&self) -> Option<&str> {
        self.object.first_of(&["email", "Email"])
    }
}

/// A user of the CRM: the seller, or the person the handoff goes to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct User(pub Object);

impl User {
    /// The CRM's id of the user.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The name people know, falling back to the e-mail address.
    pub fn name(&self) -> Option<String> {
        full_name(&self.0).or_else(|| self.email().map(ToOwned::to_owned))
    }

    pub fn email(&self) -> Option<&str> {
        self.0.first_of(&["email", "Email"])
    }

    /// False for people who left: a task must not be assigned to them.
    pub fn is_active(&self) -> bool {
        self.0.get("archived") != Some("true") && self.0.get("IsActive") != Some("false")
    }
}

fn full_name(object: &Object) -> Option<String> {
    if let Some(name) = object.first_of(&["name", "Name"]) {
        return Some(name.trim().to_owned());
    }
    let first = object.first_of(&["firstname", "firstName", "FirstName"]);
    let last = object.first_of(&["lastname", "lastName", "LastName"]);
    let parts: Vec<&str> = [first, last].into_iter().flatten().map(str::trim).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What the CRM's metadata says about a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldInfo {
    /// How to read the value.
    pub kind: FieldKind,
    /// What people call the field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Stored value → what people see, for pick lists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl FieldInfo {
    /// The stored value of an option, by that or by what people see, whatever its capitals.
    pub fn option(&self, text: &str) -> Option<&str> {
        let same = |word: &str| case::is_same(word.trim(), text.trim());
        self.options.iter().find(|(value, label)| same(value) || same(label)).map(|(value, _)| value.as_str())
    }
}

/// How to read a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Html,
    Number,
    /// An amount in the deal's currency.
    Money,
    /// `true` or `false`.
    Bool,
    Date,
    DateTime,
    /// One value of a pick list.
    Choice,
    /// Several values of a pick list, joined by `;`.
    Choices,
    /// The id of a CRM user.
    User,
}
