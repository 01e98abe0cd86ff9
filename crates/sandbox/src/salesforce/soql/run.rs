//! Runs a plan: filters, sorts and shapes rows.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::Operator;
use super::resolve::{Column, Filter, Key, Plan, Sorting, read};
use crate::salesforce::object::Object;
use crate::salesforce::permissions::PermittedView;
use crate::salesforce::record::Record;

/// The rows of a plan; of a child plan those whose `field` holds the parent's id.
pub(super) fn rows(view: PermittedView<'_>, plan: &Plan<'_>, parent: Option<(&str, &str)>) -> Vec<Value> {
    let belongs = |record: &&Record| parent.is_none_or(|(field, id)| record.get(field) == Some(id));
    let passes =
        |record: &&Record| plan.filters.iter().all(|filter| holds(view, plan.object, record, filter));
    let mut found: Vec<&Record> = view.records(plan.object).filter(belongs).filter(passes).collect();
    found.sort_by(|one, other| {
        let compared = plan.order.iter().map(|(column, sorting)| {
            sorting.compare(value(view, plan.object, one, column), value(view, plan.object, other, column))
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
    found.truncate(plan.limit.unwrap_or(usize::MAX));
    found.into_iter().map(|record| row(view, plan, record)).collect()
}

fn row(view: PermittedView<'_>, plan: &Plan<'_>, record: &Record) -> Value {
    let mut row = Map::from_iter([("attributes".to_owned(), view.attributes(plan.object, &record.id))]);
    for column in &plan.columns {
        put(view, &mut row, plan.object, record, column);
    }
    for (way, field, child) in &plan.children {
        let records = rows(view, child, Some((field, &record.id)));
        let result = json!({"totalSize": records.len(), "done": true, "records": records});
        // A relationship without rows is null, not an empty list.
        row.insert((*way).to_owned(), if records.is_empty() { Value::Null } else { result });
    }
    Value::Object(row)
}

/// Puts a value into a row, behind the lookups on its way. A lookup that leads nowhere is null.
fn put(
    view: PermittedView<'_>,
    row: &mut Map<String, Value>,
    object: Object,
    record: &Record,
    column: &Column<'_>,
) {
    let (mut row, mut object, mut record) = (row, object, record);
    for (field, way, to) in &column.way {
        let target = record.get(&field.name).and_then(|id| view.record(*to, id));
        let Some(target) = target else {
            row.insert((*way).to_owned(), Value::Null);
            return;
        };
        let inner = row
            .entry((*way).to_owned())
            .or_insert_with(|| json!({"attributes": view.attributes(*to, &target.id)}));
        let Some(inner) = inner.as_object_mut() else { return };
        (row, object, record) = (inner, *to, target);
    }
    row.insert(column.field.name.clone(), view.json(object, record, column.field));
}

fn value(view: PermittedView<'_>, object: Object, record: &Record, column: &Column<'_>) -> Option<Key> {
    let (mut object, mut record) = (object, record);
    for (field, _, to) in &column.way {
        record = view.record(*to, record.get(&field.name)?)?;
        object = *to;
    }
    read(column.field.kind, &view.org.value(object, record, column.field)?)
}

fn holds(view: PermittedView<'_>, object: Object, record: &Record, filter: &Filter<'_>) -> bool {
    let value = value(view, object, record, &filter.column);
    let among = filter.values.contains(&value);
    let compares = |wanted: fn(Ordering) -> bool| {
        let wanted = |key: &Key| value.as_ref().is_some_and(|value| wanted(value.cmp(key)));
        filter.values.iter().flatten().any(wanted)
    };
    match filter.operator {
        Operator::Is | Operator::In => among,
        Operator::IsNot | Operator::NotIn => !among,
        Operator::Less => compares(Ordering::is_lt),
        Operator::AtMost => compares(Ordering::is_le),
        Operator::More => compares(Ordering::is_gt),
        Operator::AtLeast => compares(Ordering::is_ge),
    }
}

impl Sorting {
    fn compare(self, one: Option<Key>, other: Option<Key>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if self.descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) if self.nulls_last => other.is_some().cmp(&one.is_some()),
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }
}
