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
    let may_create = object == Object::Task && view.org.may_edit_tasks;
    Ok(Answer::json(
        200,
        &json!({
            "name": object.name(), "label": object.name(), "keyPrefix": object.prefix(), "custom": false,
            "queryable": true, "createable": may_create, "updateable": may_create, "deletable": false,
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
    let writable = object == Object::Task && view.org.may_edit_tasks && field.entry != Entry::ReadOnly;
    json!({
        "name": field.name, "label": field.label, "type": field.kind.as_str(), "length": field.length,
        "nillable": field.kind != Type::Flag && field.kind != Type::Id && field.entry != Entry::Required,
        "createable": writable, "updateable": writable, "custom": field.is_custom(), "calculated": false,
        "filterable": !field.kind.is_long(),
        "sortable": !field.kind.is_long() && field.kind != Type::Choices,
        "htmlFormatted": field.kind == Type::RichText,
        "externalId": field.key != Key::No, "unique": field.key == Key::UniqueExternalId,
        "restrictedPicklist": object == Object::Task && field.kind == Type::Choice,
        "picklistValues": choices.collect::<Vec<_>>(),
        "referenceTo": field.refers_to.iter().map(|(to, _)| to.name()).collect::<Vec<_>>(),
        "relationshipName": field.refers_to.as_ref().map(|(_, way)| way),
    })
}
