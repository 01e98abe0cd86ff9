//! What Salesforce says about an object's fields: how to read them, and which our user cannot see.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::soql::{Column, Table};
use handoff_core::record::{FieldInfo, FieldKind, FieldMetadata, Lookup, OptionMetadata, WrongSetting};

/// An object as our user sees it: a field that is missing here does not exist, or is hidden by field-level
/// security. Salesforce does not say which.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Described {
    /// Whether our user may create such a record.
    #[serde(default)]
    pub createable: bool,
    /// Whether our user may change such a record.
    #[serde(default)]
    pub updateable: bool,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "that is what Salesforce answers")]
struct Field {
    name: String,
    label: String,
    #[serde(rename = "type")]
    kind: String,
    html_formatted: Option<bool>,
    relationship_name: Option<String>,
    reference_to: Vec<String>,
    picklist_values: Vec<Choice>,
    custom: bool,
    calculated: bool,
    updateable: Option<bool>,
    length: Option<u32>,
    external_id: bool,
    unique: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Choice {
    value: String,
    label: Option<String>,
}

impl Choice {
    fn shown(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.value.clone())
    }
}

impl Described {
    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    fn has_lookup(&self, name: &str) -> bool {
        let is = |field: &Field| {
            field.relationship_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        self.fields.iter().any(is)
    }

    /// How to read a field of this object.
    pub fn info(&self, name: &str) -> Option<FieldInfo> {
        let field = self.field(name)?;
        let kind = match field.kind.as_str() {
            _ if field.html_formatted == Some(true) => FieldKind::Html,
            "int" | "long" | "double" | "percent" => FieldKind::Number,
            "currency" => FieldKind::Money,
            "boolean" => FieldKind::Bool,
            "date" => FieldKind::Date,
            "datetime" => FieldKind::DateTime,
            "picklist" => FieldKind::Choice,
            "multipicklist" => FieldKind::Choices,
            "reference" if field.reference_to.iter().any(|object| object == "User") => FieldKind::User,
            _ => FieldKind::Text,
        };
        let options = field.picklist_values.iter().map(|choice| (choice.value.clone(), choice.shown()));
        Some(FieldInfo { kind, label: field.label.clone(), options: options.collect() })
    }
}

impl Described {
    /// Every field as the org describes it. Salesforce does not show what is hidden or deleted.
    pub fn metadata(&self) -> Vec<FieldMetadata> {
        let described = |field: &Field| {
            let info = self.info(&field.name)?;
            let way = field.relationship_name.clone().filter(|_| !field.reference_to.is_empty());
            Some(FieldMetadata {
                name: field.name.clone(),
                label: info.label,
                kind: info.kind,
                options: field.picklist_values.iter().map(option).collect(),
                custom: field.custom,
                archived: false,
                calculated: field.calculated,
                read_only: field.updateable == Some(false),
                // It is 0 for what is not text.
                length: field.length.filter(|length| *length > 0),
                needs: Vec::new(),
                lookup: way.map(|way| Lookup { way, to: field.reference_to.clone() }),
            })
        };
        self.fields.iter().filter_map(described).collect()
    }

    /// The values of a pick list, the ones that are no longer offered too.
    pub fn options(&self, name: &str) -> Option<Vec<OptionMetadata>> {
        Some(self.field(name)?.picklist_values.iter().map(option).collect())
    }

    /// What keeps a field of tasks from being the key that tasks are found by.
    pub fn wrong_key(&self, name: &str) -> Option<WrongSetting> {
        let (message, help) = match self.field(name) {
            None => (
                format!("tasks of this org have no field `{name}`, or our user cannot see it"),
                "create it on Activity and give the permission set read and edit access, or remove the setting",
            ),
            Some(field) if !field.external_id || !field.unique => (
                format!("`{name}` is not a unique external id: two tasks could have the same key"),
                "tick External ID and Unique in the field's definition, or remove the setting",
            ),
            Some(_) => return None,
        };
        Some(WrongSetting { key: "task_key_field", message, help: help.to_owned() })
    }
}

fn option(choice: &Choice) -> OptionMetadata {
    OptionMetadata { value: choice.value.clone(), label: choice.shown() }
}

/// The objects that were described, by API name.
pub type Objects = BTreeMap<&'static str, std::sync::Arc<Described>>;

/// Which described object a column's field belongs to, and its name there; `None` for what lies behind a
/// lookup to an object that is not described.
pub fn home(column: &Column) -> Option<(&'static str, &str)> {
    match (column.table, column.name.split_once('.')) {
        (table, None) => Some((table.object(), column.name.as_str())),
        (Table::Opportunity, Some((lookup, field))) if lookup.eq_ignore_ascii_case("Account") => {
            (!field.contains('.')).then_some(("Account", field))
        }
        _ => None,
    }
}

/// Whether the descriptions show that our user cannot read a column. Unknown is not hidden.
pub fn hides(objects: &Objects, column: &Column) -> bool {
    if let Some((object, field)) = home(column)
        && let Some(described) = objects.get(object)
    {
        return described.field(field).is_none();
    }
    // `RecordType.DeveloperName` exists only where the lookup does.
    match (column.name.split_once('.'), objects.get(column.table.object())) {
        (Some((lookup, _)), Some(described)) => !described.has_lookup(lookup),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn objects() -> Objects {
        let opportunity = r#"{"fields":[
            {"name":"Id","type":"id","label":"Opportunity ID"},
            {"name":"Amount","type":"currency","label":"Amount"},
            {"name":"Terms__c","type":"textarea","htmlFormatted":true,"label":"Terms"},
            {"name":"Risks__c","type":"multipicklist","label":"Risks","picklistValues":[
                {"value":"legal","label":"Legal review","active":true},{"value":"it","label":null,"active":false}]},
            {"name":"Csm__c","type":"reference","referenceTo":["User"],"relationshipName":"Csm__r","label":"CSM"},
            {"name":"AccountId","type":"reference","referenceTo":["Account"],"relationshipName":"Account","label":"Account"}]}"#;
        BTreeMap::from([("Opportunity", Arc::new(serde_json::from_str(opportunity).unwrap()))])
    }

    fn column(name: &str) -> Column {
        Column::new(Table::Opportunity, name).unwrap()
    }

    #[test]
    fn a_field_or_lookup_that_is_not_described_is_hidden() {
        let objects = objects();
        for (name, hidden) in [
            ("amount", false),
            ("Pain__c", true),
            ("CurrencyIsoCode", true),
            ("RecordType.DeveloperName", true),
            ("Csm__r.Name", false),
            ("Account.Industry", false),
        ] {
            assert_eq!(hides(&objects, &column(name)), hidden, "{name}");
        }
    }

    #[test]
    fn what_was_not_described_is_not_called_hidden() {
        assert!(!hides(&Objects::new(), &column("Pain__c")));
        assert!(!hides(&objects(), &Column::new(Table::LineItem, "ServiceDate").unwrap()));
    }

    #[test]
    fn types_say_how_to_read_a_value() {
        let opportunity = &objects()["Opportunity"];
        let kind = |name| opportunity.info(name).unwrap().kind;
        assert_eq!(kind("Amount"), FieldKind::Money);
        assert_eq!(kind("Terms__c"), FieldKind::Html);
        assert_eq!(kind("Risks__c"), FieldKind::Choices);
        assert_eq!(kind("Csm__c"), FieldKind::User);
        assert_eq!(kind("AccountId"), FieldKind::Text);
        let options = opportunity.info("Risks__c").unwrap().options;
        assert_eq!(options["legal"], "Legal review");
        assert_eq!(options["it"], "it");
        assert_eq!(opportunity.info("Pain__c"), None);
    }
}
