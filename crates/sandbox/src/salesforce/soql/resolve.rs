//! From names to fields that exist, and that the integration user may see. One that is not refuses the whole
//! query, with the same words for a typo and for a hidden field.

use rust_decimal::Decimal;

use super::{Complaint, Literal, Operator, Order, Path, Query};
use crate::salesforce::field::{Field, Type};
use crate::salesforce::id;
use crate::salesforce::object::Object;
use crate::salesforce::permissions::{PermittedView, missing};

const SEE_THE_DESCRIBE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

/// A query that can be run.
pub(super) struct Plan<'a> {
    pub(super) object: Object,
    pub(super) columns: Vec<Column<'a>>,
    /// Relationship name, the field of the rows that holds the parent's id, and the query for them.
    pub(super) children: Vec<(&'static str, &'static str, Plan<'a>)>,
    pub(super) filters: Vec<Filter<'a>>,
    pub(super) order: Vec<(Column<'a>, Sorting)>,
    pub(super) limit: Option<usize>,
}

/// Lookups on the way, each with its relationship name and where it leads, and the field at the end.
#[derive(Clone)]
pub(super) struct Column<'a> {
    pub(super) way: Vec<(&'a Field, &'a str, Object)>,
    pub(super) field: &'a Field,
}

pub(super) struct Filter<'a> {
    pub(super) column: Column<'a>,
    pub(super) operator: Operator,
    pub(super) values: Vec<Option<Key>>,
}

#[derive(Clone, Copy)]
pub(super) struct Sorting {
    pub(super) descending: bool,
    pub(super) nulls_last: bool,
}

/// How values compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Flag(bool),
    Number(Decimal),
    Instant(jiff::Timestamp),
    Text(String),
}

pub(super) fn resolve<'a>(view: PermittedView<'a>, query: &Query) -> Result<Plan<'a>, Complaint> {
    let object = view.object(&query.from.text).ok_or_else(|| {
        let name = &query.from.text;
        let message = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to \
             append the '__c' after the entity name. {SEE_THE_DESCRIBE}"
        );
        let complaint = Complaint::new("INVALID_TYPE", query.from.column, &message);
        if Object::from_name(name).is_some() { complaint.because(crate::Verdict::Absent) } else { complaint }
    })?;
    let mut children = Vec::new();
    for child in &query.children {
        let name = &child.from.text;
        let known = object.children().iter().find(|(way, ..)| way.eq_ignore_ascii_case(name));
        let Some((way, of, field)) = known.filter(|(_, of, _)| view.shows(*of)) else {
            let message = format!(
                "Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to \
                 use a custom relationship, be sure to append the '__r' after the custom relationship name. \
                 {SEE_THE_DESCRIBE}"
            );
            let complaint = Complaint::new("INVALID_TYPE", child.from.column, &message);
            return Err(if known.is_some() { complaint.because(crate::Verdict::Absent) } else { complaint });
        };
        children.push((*way, *field, plan(view, *of, child)?));
    }
    Ok(Plan { children, ..plan(view, object, query)? })
}

fn plan<'a>(view: PermittedView<'a>, object: Object, query: &Query) -> Result<Plan<'a>, Complaint> {
    for (index, path) in query.fields.iter().enumerate() {
        if query.fields.iter().take(index).any(|earlier| earlier.text.eq_ignore_ascii_case(&path.text)) {
            let message = format!("duplicate field selected: {}", path.text);
            return Err(Complaint::new("MALFORMED_QUERY", path.column, &message));
        }
    }
    let columns = query.fields.iter().map(|path| column(view, object, path)).collect::<Result<_, _>>()?;
    let mut filters = Vec::new();
    for condition in &query.conditions {
        let column = column(view, object, &condition.path)?;
        let operator = condition.operator;
        let values = condition.values.iter().map(|value| key(&column, operator, value, &condition.path));
        filters.push(Filter { values: values.collect::<Result<_, _>>()?, column, operator });
    }
    let order = query.order.iter().map(|order| sorting(view, object, order)).collect::<Result<_, _>>()?;
    Ok(Plan { object, columns, children: Vec::new(), filters, order, limit: query.limit })
}

fn column<'a>(view: PermittedView<'a>, object: Object, path: &Path) -> Result<Column<'a>, Complaint> {
    let mut parts: Vec<&str> = path.text.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    if parts.len() > 5 {
        return Err(Complaint::new("MALFORMED_QUERY", path.column, "SOQL goes five lookups far at most"));
    }
    let (mut here, mut way) = (object, Vec::new());
    for part in parts {
        let Some((field, to)) = view.lookup(here, part) else {
            let message = format!(
                "Didn't understand relationship '{part}' in field path. If you are attempting to use a custom \
                 relationship, be sure to append the '__r' after the custom relationship name. {SEE_THE_DESCRIBE}"
            );
            return Err(Complaint::new("INVALID_FIELD", path.column, &message).because(missing(here, part)));
        };
        way.extend(field.refers_to.as_ref().map(|(_, name)| (field, name.as_str(), to)));
        here = to;
    }
    let field = view.field(here, last).ok_or_else(|| {
        let message = format!(
            "No such column '{last}' on entity '{}'. If you are attempting to use a custom field, be sure to \
             append the '__c' after the custom field name. {SEE_THE_DESCRIBE}",
            here.name()
        );
        Complaint::new("INVALID_FIELD", path.column, &message).because(missing(here, last))
    })?;
    Ok(Column { way, field })
}

fn sorting<'a>(
    view: PermittedView<'a>,
    object: Object,
    order: &Order,
) -> Result<(Column<'a>, Sorting), Complaint> {
    let Order { path, descending, nulls_last } = order;
    let column = column(view, object, path)?;
    if column.field.kind.is_long() || column.field.kind == Type::Choices {
        let message = format!("field '{}' can not be sorted in a query call", column.field.name);
        return Err(Complaint::new("MALFORMED_QUERY", path.column, &message));
    }
    Ok((column, Sorting { descending: *descending, nulls_last: *nulls_last }))
}

/// A condition's value, which must be written as the field's type demands.
fn key(
    column: &Column<'_>,
    operator: Operator,
    value: &Literal,
    path: &Path,
) -> Result<Option<Key>, Complaint> {
    let Field { name, kind, .. } = column.field;
    let refuse = |code, message: &str| Err(Complaint::new(code, path.column, message));
    let ranks = matches!(operator, Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast);
    if kind.is_long() {
        return refuse("INVALID_FIELD", &format!("field '{name}' can not be filtered in a query call"));
    }
    if ranks && matches!(kind, Type::Id | Type::Reference | Type::Flag) {
        let message = format!("invalid operator on {} field", kind.as_str());
        return refuse("INVALID_QUERY_FILTER_OPERATOR", &message);
    }
    if matches!(value, Literal::Bare(word) if word.eq_ignore_ascii_case("null")) {
        return Ok(None);
    }
    let wants_quotes = !matches!(
        kind,
        Type::Flag | Type::Money | Type::Number | Type::Whole | Type::Percent | Type::Date | Type::DateTime
    );
    let mistyped = || {
        let kind = if wants_quotes { "string" } else { kind.as_str() };
        let not = if wants_quotes { "" } else { "not " };
        let message = format!(
            "value of filter criterion for field '{name}' must be of type {kind} and should {not}be enclosed in quotes"
        );
        Complaint::new("INVALID_FIELD", path.column, &message)
    };
    let key = match (value, kind) {
        (Literal::Quoted(text), Type::Id | Type::Reference) => {
            let Some(id) = id::full(text) else {
                return refuse("INVALID_QUERY_FILTER_OPERATOR", &format!("invalid ID field: {text}"));
            };
            Some(Key::Text(id))
        }
        (Literal::Quoted(text), _) if wants_quotes => read(*kind, text),
        (Literal::Bare(word), _) if !wants_quotes => read(*kind, word),
        _ => None,
    };
    key.map(Some).ok_or_else(mistyped)
}

/// A value as it compares. Ids by their letters, other texts without case.
pub(super) fn read(kind: Type, value: &str) -> Option<Key> {
    Some(match kind {
        Type::Flag if value.eq_ignore_ascii_case("true") => Key::Flag(true),
        Type::Flag if value.eq_ignore_ascii_case("false") => Key::Flag(false),
        Type::Flag => return None,
        Type::Money | Type::Number | Type::Whole | Type::Percent => Key::Number(value.parse().ok()?),
        Type::Date => {
            Key::Text(value.parse::<jiff::civil::Date>().ok().filter(|_| value.len() == 10)?.to_string())
        }
        Type::DateTime => Key::Instant(value.parse::<jiff::Timestamp>().ok()?),
        Type::Id | Type::Reference => Key::Text(value.to_owned()),
        _ => Key::Text(value.to_lowercase()),
    })
}
