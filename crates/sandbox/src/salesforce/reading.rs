//! Reading by query and by address.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::object::Object;
use super::permissions::{PermittedView, missing};
use super::record::Record;
use super::refusal::{absent, only_query, wrong};
use super::{id, soql};
use crate::call::{Answer, Call};

/// Pages of large results that were not fetched yet, by their names.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    pages: BTreeMap<String, (usize, Vec<Value>)>,
    last: u64,
}

/// `GET query?q=…`
pub(super) fn query(view: PermittedView<'_>, call: &Call, cursors: &mut Cursors) -> Result<Answer, Answer> {
    only_query(call, &["q"])?;
    let soql =
        call.query("q").ok_or_else(|| wrong("MALFORMED_QUERY", "A query string has to be specified"))?;
    let rows = soql::run(view, soql)?;
    Ok(cursors.page(view, rows.len(), rows))
}

/// `GET query/{cursor}`: the next page, once.
pub(super) fn next_page(
    view: PermittedView<'_>,
    call: &Call,
    cursor: &str,
    cursors: &mut Cursors,
) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let unknown = || wrong("INVALID_QUERY_LOCATOR", "invalid query locator");
    let (total, rows) = cursors.pages.remove(cursor).ok_or_else(unknown)?;
    Ok(cursors.page(view, total, rows))
}

impl Cursors {
    fn page(&mut self, view: PermittedView<'_>, total: usize, mut rows: Vec<Value>) -> Answer {
        let rest = rows.split_off(view.org.page_size.min(rows.len()));
        let mut page = json!({"totalSize": total, "done": rest.is_empty(), "records": rows});
        if !rest.is_empty()
            && let Some(page) = page.as_object_mut()
        {
            self.last += 1;
            let cursor = format!("{}-{}", id::numbered("01g", self.last), total - rest.len());
            let url = format!("/services/data/{}/query/{cursor}", view.version);
            page.insert("nextRecordsUrl".to_owned(), json!(url));
            self.pages.insert(cursor, (total, rest));
        }
        Answer::json(200, &page)
    }
}

/// `GET sobjects/{Object}/{id}`: every field that is visible, or those named by `fields`, of which none may
/// be hidden.
pub(super) fn read(view: PermittedView<'_>, call: &Call, object: &str, id: &str) -> Result<Answer, Answer> {
    let not_there = || absent("The requested resource does not exist");
    let object = view.object(object).ok_or_else(not_there)?;
    let id = id::full(id).ok_or_else(|| wrong("MALFORMED_ID", &format!("malformed id {id}")))?;
    show(view, call, object, view.record(object, &id).ok_or_else(not_there)?)
}

/// A record that was found, with the fields that the call names.
pub(super) fn show(
    view: PermittedView<'_>,
    call: &Call,
    object: Object,
    record: &Record,
) -> Result<Answer, Answer> {
    only_query(call, &["fields"])?;
    let mut shown = Map::from_iter([("attributes".to_owned(), view.attributes(object, &record.id))]);
    let mut show = |field: &super::Field| shown.insert(field.name.clone(), view.json(object, record, field));
    match call.query("fields") {
        None => view.fields(object).for_each(|field| drop(show(field))),
        Some(names) => {
            for name in names.split(',') {
                let field = view.field(object, name).ok_or_else(|| {
                    let message = format!("No such column '{name}' on sobject of type {}", object.name());
                    wrong("INVALID_FIELD", &message).because(missing(object, name))
                })?;
                show(field);
            }
        }
    }
    Ok(Answer::json(200, &Value::Object(shown)))
}
