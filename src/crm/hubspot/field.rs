//! What the mapped fields mean, and which of them the portal does not have.
//!
//! An unknown property is silently left out of HubSpot's answers, and so may be an empty one. Only the
//! portal's metadata tells them apart.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::wire::{Choice, Property};
use handoff_core::record::{DealRecord, FieldInfo, FieldKind, FieldMetadata, OptionMetadata, WantedFields};
use handoff_core::record::{FieldObject, FieldPath};

/// The meaning of one object's properties, by name.
pub(super) type Catalogue = BTreeMap<String, FieldInfo>;

/// By object, for those the mapping reads; `None` if we may not ask.
pub(super) type Catalogues = Vec<(FieldObject, Option<Arc<Catalogue>>)>;

/// Notes in the record what the mapped fields mean, and which of them do not exist. Where the metadata is
/// silent but the answer held the property, as with sensitive ones, the property exists.
pub(super) fn describe(record: &mut DealRecord, wanted: &WantedFields, catalogues: &Catalogues) {
    for path in &wanted.paths {
        let catalogue = catalogues.iter().find(|(object, _)| *object == path.object);
        let Some((_, Some(catalogue))) = catalogue else { continue };
        match catalogue.get(&path.name) {
            Some(info) => {
                record.fields.insert(path.to_string(), info.clone());
            }
            None if is_answered(record, path) => {}
            None => record.unavailable.push(path.to_string()),
        }
    }
}

fn is_answered(record: &DealRecord, path: &FieldPath) -> bool {
    match path.object {
        FieldObject::Deal => record.deal.properties.contains_key(&path.name),
        FieldObject::Company => {
            record.company.as_ref().is_some_and(|company| company.properties.contains_key(&path.name))
        }
        FieldObject::LineItems => {
            record.line_items.iter().any(|item| item.properties.contains_key(&path.name))
        }
        FieldObject::Owner => true,
    }
}

/// `type` decides; `fieldType` only tells markup from text and one choice from several.
pub(super) fn meaning(property: Property) -> FieldInfo {
    let kind = match (property.kind.as_str(), property.field_type.as_str()) {
        (_, _) if *property.referenced_object_type == "OWNER" => FieldKind::User,
        ("number", _) if *property.show_currency_symbol || !property.currency_property_name.is_empty() => {
            FieldKind::Money
        }
        ("number", _) => FieldKind::Number,
        ("bool", _) => FieldKind::Bool,
        ("enumeration", "checkbox") => FieldKind::Choices,
        ("enumeration", _) => FieldKind::Choice,
        ("date", _) => FieldKind::Date,
        ("datetime", _) => FieldKind::DateTime,
        (_, "html") => FieldKind::Html,
        _ => FieldKind::Text,
    };
    FieldInfo {
        kind,
        label: property.label.0,
        options: property.options.0.into_iter().map(|choice| (choice.value, choice.label.0)).collect(),
    }
}

/// A property as the portal describes it. `word` is its object in a path and in a scope. Values of a sensitive one
/// need a scope of their own, its description does not.
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/sensitive-data>
pub(super) fn described(property: Property, word: &str) -> FieldMetadata {
    let level = property.data_sensitivity.as_str();
    let needs = matches!(level, "sensitive" | "highly_sensitive").then(|| {
        let scope = format!("crm.objects.{word}.{level}.read");
        vec![format!("{scope}.v2"), scope]
    });
    let option =
        |choice: &Choice| OptionMetadata { value: choice.value.clone(), label: choice.label.0.clone() };
    FieldMetadata {
        options: property.options.iter().map(option).collect(),
        custom: !*property.hubspot_defined,
        archived: *property.archived,
        calculated: *property.calculated,
        read_only: *property.modification_metadata.read_only_value,
        length: None,
        needs: needs.unwrap_or_default(),
        lookup: None,
        name: property.name.clone(),
        label: property.label.0.clone(),
        kind: meaning(property).kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_read_by_its_type() {
        for (property, kind) in [
            (r#"{"name":"a","type":"string","fieldType":"textarea"}"#, FieldKind::Text),
            (r#"{"name":"a","type":"string","fieldType":"html"}"#, FieldKind::Html),
            (r#"{"name":"a","type":"number","fieldType":"number"}"#, FieldKind::Number),
            (r#"{"name":"a","type":"number","currencyPropertyName":"deal_currency_code"}"#, FieldKind::Money),
            (r#"{"name":"a","type":"number","showCurrencySymbol":true}"#, FieldKind::Money),
            (r#"{"name":"a","type":"bool","fieldType":"booleancheckbox"}"#, FieldKind::Bool),
            (r#"{"name":"a","type":"date"}"#, FieldKind::Date),
            (r#"{"name":"a","type":"datetime"}"#, FieldKind::DateTime),
            (r#"{"name":"a","type":"enumeration","fieldType":"select"}"#, FieldKind::Choice),
            (r#"{"name":"a","type":"enumeration","fieldType":"checkbox"}"#, FieldKind::Choices),
            (
                r#"{"name":"a","type":"enumeration","fieldType":"select","options":[],"referencedObjectType":"OWNER"}"#,
                FieldKind::User,
            ),
            (r#"{"name":"a","type":"phone_number"}"#, FieldKind::Text),
            (r#"{"name":"a"}"#, FieldKind::Text),
        ] {
            let property: Property = serde_json::from_str(property).expect(property);
            assert_eq!(meaning(property).kind, kind);
        }
    }

    #[test]
    fn options_are_shown_by_label_and_matched_by_value() {
        let property: Property = serde_json::from_str(
            r#"{"name":"risks","label":"Risks","type":"enumeration","fieldType":"checkbox",
                "options":[{"value":"no_champion","label":"No champion","hidden":true,"displayOrder":-1}]}"#,
        )
        .expect("a property");
        let info = meaning(property);
        assert_eq!(info.label, "Risks");
        assert_eq!(info.options, BTreeMap::from([("no_champion".to_owned(), "No champion".to_owned())]));
    }

    fn record() -> DealRecord {
        serde_json::from_str(
            r#"{"crm":"hubspot","account":"1","deal":{"id":"7","properties":{"promises":null,"secret_note":"x"}},
                "line_items":[{"id":"8","properties":{"name":"Seats"}}]}"#,
        )
        .expect("a record")
    }

    #[test]
    fn a_mapped_field_is_described_or_reported_as_unavailable() {
        let path = |object, name: &str| FieldPath { object, name: name.to_owned() };
        let paths = vec![
            path(FieldObject::Deal, "promises"),
            path(FieldObject::Deal, "promisses"),
            path(FieldObject::Deal, "secret_note"),
            path(FieldObject::Company, "tier"),
            path(FieldObject::Owner, "email"),
            path(FieldObject::LineItems, "name"),
        ];
        let wanted = WantedFields { paths, users: Vec::new() };
        let known = |name: &str| {
            let info =
                FieldInfo { kind: FieldKind::Text, label: name.to_uppercase(), options: BTreeMap::new() };
            Some(Arc::new(Catalogue::from([(name.to_owned(), info)])))
        };
        let catalogues = vec![
            (FieldObject::Deal, known("promises")),
            (FieldObject::Company, known("name")),
            (FieldObject::LineItems, None),
        ];
        let mut record = record();
        describe(&mut record, &wanted, &catalogues);
        assert_eq!(record.unavailable, ["deal.promisses", "company.tier"]);
        assert_eq!(record.fields.keys().collect::<Vec<_>>(), ["deal.promises"]);
        assert_eq!(record.fields["deal.promises"].label, "PROMISES");
    }
}
