//! What an object looks like to the integration user: a hidden field is as absent as one that does not exist.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>

use serde_json::{Value, json};

use super::field::{Entry, Field, Key, Type};
use super::object::Object;
use super::permissions::PermittedView;
use super::refusal::{absent, only_query};
use crate::call::{Answer, Call};

/// `GET sobjects/{Object}/describe`
pub(super) fn describe(view: PermittedView<'_>, call: &Call, name: &str) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let object = view.object(name).ok_or_else(|| absent("The requested resource does not exist"))?;
    let fields: Vec<Value> = view.fields(object).map(|field| field_json(view, object, field)).collect();
    let shown = object.children().iter().filter(|(_, child, _)| view.shows(*child));
    let children: Vec<Value> = shown
        .map(|(way, child, field)| {
            json!({"relationshipName": way, "childSObject": child.name(), "field": field, "deprecatedAndHidden": false})
        })
        .collect();
    let may_edit = view.org.may_edit(object);
    let may_create = may_edit && object != Object::Opportunity;
    Ok(Answer::json(
        200,
        &json!({
            "name": object.name(), "label": object.name(), "keyPrefix": object.prefix(), "custom": false,
            "queryable": true, "createable": may_create, "updateable": may_edit, "deletable": false,
            "fields": fields, "childRelationships": children,
        }),
    ))
}

fn field_json(view: PermittedView<'_>, object: Object, field: &Field) -> Value {
    let choices = view.org.choices(object, field);
    let choices = choices.into_iter().map(|choice| {
        json!({
            "value": choice.value, "label": choice.label, "active": choice.active, "defaultValue": false,
            "validFor": null,
        })
    });
    let writable = view.org.may_set(object, field);
    let fixed = object == Object::ContactRole && field.kind == Type::Reference;
    json!({
        "name": field.name, "label": field.label, "type": field.kind.as_str(), "length": field.length,
        "nillable": field.kind != Type::Flag && field.kind != Type::Id && field.entry != Entry::Required,
        "createable": writable, "updateable": writable && !fixed, "custom": field.is_custom(),
        "calculated": field.entry == Entry::Formula,
        "filterable": !field.kind.is_long(),
        "sortable": !field.kind.is_long() && field.kind != Type::Choices,
        "htmlFormatted": field.kind == Type::RichText,
        "externalId": field.key != Key::No, "unique": field.key == Key::UniqueExternalId,
        "restrictedPicklist": field.is_restricted(object),
        "picklistValues": choices.collect::<Vec<_>>(),
        "referenceTo": field.refers_to.iter().map(|(to, _)| to.name()).collect::<Vec<_>>(),
        "relationshipName": field.refers_to.as_ref().map(|(_, way)| way),
    })
}
