//! What HubSpot's answers look like. Reading is lenient: unknown fields are ignored, ids may be numbers or
//! strings, and an optional field of an unexpected shape counts as absent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use handoff_core::record::Object;
use handoff_core::text::decimal::json_number;

/// A record: deal, contact, company, line item or task.
///
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/using-object-apis>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(deserialize_with = "required_id")]
    pub id: String,
    #[serde(default, deserialize_with = "scalars")]
    pub properties: BTreeMap<String, Option<String>>,
    /// Every stage the deal was in; only present when asked for.
    pub properties_with_history: Lax<History>,
    /// By plural name; line items are under `line items`. Never carries labels.
    pub associations: Lax<BTreeMap<String, Page<Association>>>,
}

impl Item {
    /// The associated records of one kind.
    pub fn associated(&self, kinds: &[&str]) -> Option<&Page<Association>> {
        kinds.iter().find_map(|kind| self.associations.get(*kind))
    }
}

impl From<Item> for Object {
    fn from(item: Item) -> Self {
        Self { id: item.id, properties: item.properties }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct History {
    #[serde(default)]
    pub dealstage: Vec<Change>,
}

/// One value a property had, and since when.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Change {
    #[serde(default, deserialize_with = "scalar_field")]
    pub value: Option<String>,
    /// ISO 8601 or epoch milliseconds.
    #[serde(default, deserialize_with = "scalar_field")]
    pub timestamp: Option<String>,
    /// `CRM_UI` for a person, `INTEGRATION` for an app.
    #[serde(default, rename = "sourceType")]
    pub source_type: Lax<String>,
    /// The user, not the owner, if a person set it.
    #[serde(default, rename = "updatedByUserId", deserialize_with = "scalar_field")]
    pub updated_by_user_id: Option<String>,
}

/// A record with the history of its properties.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithHistory {
    #[serde(deserialize_with = "required_id")]
    pub id: String,
    #[serde(default, deserialize_with = "scalars")]
    pub properties: BTreeMap<String, Option<String>>,
    #[serde(rename = "propertiesWithHistory")]
    pub history: Lax<BTreeMap<String, Vec<Change>>>,
}

/// An association as it stands inside a record. The same id comes once per association type.
#[derive(Debug, Deserialize)]
pub(super) struct Association {
    #[serde(deserialize_with = "required_id")]
    pub id: String,
    #[serde(rename = "type")]
    pub kind: Lax<String>,
}

/// One page of a list, or the records a batch read found, in no promised order. What it did not find is not an error
/// here: an answer of 207 is a success with some records missing.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub results: Vec<T>,
    paging: Lax<Paging>,
}

#[derive(Debug, Default, Deserialize)]
struct Paging {
    next: Lax<Next>,
}

#[derive(Debug, Default, Deserialize)]
struct Next {
    #[serde(default, deserialize_with = "scalar_field")]
    after: Option<String>,
}

impl<T> Page<T> {
    /// Where the next page begins, if there is one.
    pub fn next(&self) -> Option<&str> {
        self.paging.next.after.as_deref()
    }
}

/// An association with its types and labels.
///
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    #[serde(deserialize_with = "required_id")]
    pub to_object_id: String,
    #[serde(default)]
    pub association_types: Vec<LinkType>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED` or `WORK`.
    pub category: Lax<String>,
    pub type_id: Lax<u64>,
    /// `None` for the unlabelled type that always comes along.
    pub label: Lax<Option<String>>,
}

/// The associations of one record, as a batch read of them answers.
#[derive(Debug, Deserialize)]
pub(super) struct LinksOf {
    pub from: Identified,
    #[serde(default = "Vec::new")]
    pub to: Vec<Link>,
    paging: Lax<Paging>,
}

impl LinksOf {
    /// Whether there are more than fit into the answer.
    pub fn is_cut(&self) -> bool {
        self.paging.next.after.is_some()
    }
}

/// A record by its id alone.
#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    #[serde(deserialize_with = "required_id")]
    pub id: String,
}

/// <https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>
#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    #[serde(deserialize_with = "required_text")]
    pub id: String,
    pub label: Lax<String>,
    #[serde(default)]
    pub stages: Vec<Stage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stage {
    #[serde(deserialize_with = "required_text")]
    pub id: String,
    pub label: Lax<String>,
    #[serde(default, deserialize_with = "scalars")]
    pub metadata: BTreeMap<String, Option<String>>,
}

/// <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Property {
    pub name: String,
    pub label: Lax<String>,
    #[serde(rename = "type")]
    pub kind: Lax<String>,
    pub field_type: Lax<String>,
    pub options: Lax<Vec<Choice>>,
    pub referenced_object_type: Lax<String>,
    pub currency_property_name: Lax<String>,
    pub show_currency_symbol: Lax<bool>,
    pub calculated: Lax<bool>,
    pub archived: Lax<bool>,
    pub hubspot_defined: Lax<bool>,
    /// `non_sensitive`, `sensitive` or `highly_sensitive`.
    pub data_sensitivity: Lax<String>,
    pub modification_metadata: Lax<ModificationMetadata>,
}

/// What of a property may be changed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ModificationMetadata {
    pub read_only_value: Lax<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    #[serde(deserialize_with = "required_text")]
    pub value: String,
    pub label: Lax<String>,
}

/// The account's own settings.
///
/// <https://developers.hubspot.com/docs/api-reference/latest/account/account-information/get-account-details>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(default, deserialize_with = "scalar_field")]
    pub portal_id: Option<String>,
    pub time_zone: Lax<Option<String>>,
    pub company_currency: Lax<Option<String>>,
}

/// What a static token may do.
#[derive(Debug, Deserialize)]
pub(super) struct TokenInfo {
    pub scopes: Vec<String>,
}

pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// An id: a JSON number or string of 1 to 20 digits. Ids outgrew 32 bits, so they stay text.
pub(super) fn id(raw: &RawValue) -> Option<Cow<'_, str>> {
    let digits = if raw.get().starts_with('"') { text(raw)? } else { Cow::Borrowed(raw.get()) };
    is_id(&digits).then_some(digits)
}

/// Whether this is an id as HubSpot gives them to records: 1 to 20 digits.
pub(super) fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A string, number or boolean as text; a number keeps its digits, an exponent is multiplied out.
fn scalar(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => text(raw).map(Cow::into_owned),
        b'n' | b'{' | b'[' => None,
        _ => Some(json_number(raw.get())),
    }
}

/// A field that may be absent: anything that does not have the expected shape becomes the default.
#[derive(Debug, Clone, Default)]
pub(super) struct Lax<T>(pub T);

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
        Ok(Self(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()))
    }
}

impl<T> Deref for Lax<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

fn scalar_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(&Box::<RawValue>::deserialize(deserializer)?))
}

fn required_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    scalar_field(deserializer)?.ok_or_else(|| D::Error::custom("expected text"))
}

fn required_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    id(&raw).map(Cow::into_owned).ok_or_else(|| D::Error::custom("expected an id"))
}

fn scalars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Option<String>>, D::Error> {
    let raw = Option::<BTreeMap<String, Box<RawValue>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(raw.into_iter().map(|(name, value)| (name, scalar(&value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_whatever_shape_its_values_have() {
        let item: Item = serde_json::from_str(
            r#"{"id":301000000417,"properties":{"dealname":"Zo\u00eb","amount":54000.10,"won":true,"empty":null,"odd":{"a":1}},
                "propertiesWithHistory":null,"associations":{"line items":{"results":[{"id":"7","type":"deal_to_line_item"}]}},
                "archived":false,"url":"x","warnings":["y"]}"#,
        )
        .expect("a record");
        assert_eq!(item.id, "301000000417");
        let value = |name: &str| item.properties.get(name).cloned().flatten();
        assert_eq!(value("dealname").as_deref(), Some("Zoë"));
        assert_eq!(value("amount").as_deref(), Some("54000.10"));
        assert_eq!(value("won").as_deref(), Some("true"));
        assert_eq!((value("empty"), value("odd")), (None, None));
        assert!(item.properties.contains_key("empty"), "an empty property is not an unknown one");
        let line_items = item.associated(&["line_items", "line items"]).expect("line items");
        assert_eq!(line_items.results[0].id, "7");
    }

    #[test]
    fn an_association_id_may_be_a_number_or_text() {
        for id in ["501", "\"501\""] {
            let link: Link = serde_json::from_str(&format!(
                r#"{{"toObjectId":{id},"associationTypes":[{{"category":"USER_DEFINED","typeId":37,"label":"Sponsor"}}]}}"#
            ))
            .expect("a link");
            assert_eq!(link.to_object_id, "501");
            assert_eq!(link.association_types[0].label.as_deref(), Some("Sponsor"));
        }
    }

    #[test]
    fn the_next_page_is_named_by_an_opaque_text() {
        let page = |paging: &str| -> Page<Link> {
            serde_json::from_str(&format!(r#"{{"results":[]{paging}}}"#)).expect("a page")
        };
        assert_eq!(page(r#","paging":{"next":{"after":"NTAx","link":"…"}}"#).next(), Some("NTAx"));
        assert_eq!(page(r#","paging":{"next":{"after":501}}"#).next(), Some("501"));
        assert_eq!(page("").next(), None);
        assert_eq!(page(r#","paging":null"#).next(), None);
    }
}
