//! Search: an index that lags behind, never to be trusted about something that just happened.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;
use super::objects::Wanted;
use super::portal::Portal;
use super::record::Record;
use super::refusal::{body, invalid, only_query, page};
use crate::call::{Answer, Call};

/// The published schema marks all five as required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Search {
    after: Value,
    filter_groups: Vec<Group>,
    limit: usize,
    properties: Vec<String>,
    sorts: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Filter {
    property_name: String,
    operator: String,
    value: Option<String>,
    high_value: Option<String>,
    values: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Sort {
    property_name: String,
    direction: String,
}

/// `POST /crm/objects/{ver}/{type}/search`
pub(super) fn search(portal: &Portal, call: &Call, kind: Kind, now: Timestamp) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    if String::from_utf8_lossy(&call.body).chars().count() > 3000 {
        return Err(invalid("a search body may hold 3000 characters"));
    }
    let search: Search = body(call)?;
    check(portal, kind, &search)?;
    let after = match &search.after {
        Value::String(text) if text.is_empty() => 0,
        Value::String(text) => text.parse().map_err(|_| invalid("after is not one of our cursors"))?,
        Value::Number(number) => number.as_u64().and_then(|after| usize::try_from(after).ok()).unwrap_or(0),
        _ => return Err(invalid("after must be a string")),
    };
    let indexed = now.checked_sub(SignedDuration::from_secs(portal.search_lag_seconds)).unwrap_or(now);
    let mut found: Vec<&Record> = portal
        .records(kind)
        .filter(|record| !record.archived && record.updated <= indexed && portal.found(kind, record, &search))
        .collect();
    for sort in &search.sorts {
        let sort: Sort = serde_json::from_value(sort.clone())
            .map_err(|error| invalid(&format!("a sort must be an object: {error}")))?;
        if portal.property(kind, &sort.property_name).is_none() {
            return Err(invalid(&format!("no property {:?} to sort by", sort.property_name)));
        }
        found.sort_by_key(|record| portal.rank(kind, record, &sort.property_name));
        match sort.direction.as_str() {
            "ASCENDING" => {}
            "DESCENDING" => found.reverse(),
            other => return Err(invalid(&format!("unknown sort direction {other:?}"))),
        }
    }
    let wanted = Wanted { properties: search.properties, history: Vec::new() };
    let items: Vec<Value> =
        found.iter().map(|record| Value::Object(portal.json(kind, record, &wanted))).collect();
    let mut answer = page(&items, after, search.limit);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("total".to_owned(), json!(items.len()));
    }
    Ok(Answer::json(200, &answer))
}

fn check(portal: &Portal, kind: Kind, search: &Search) -> Result<(), Answer> {
    if !(1..=200).contains(&search.limit) {
        return Err(invalid("limit must be a number from 1 to 200"));
    }
    let filters = || search.filter_groups.iter().flat_map(|group| &group.filters);
    let crowded = search.filter_groups.iter().any(|group| group.filters.len() > 6);
    if search.filter_groups.len() > 5 || crowded || filters().count() > 18 {
        return Err(invalid("a search may hold 5 groups of 6 filters, and 18 filters in all"));
    }
    if search.sorts.len() > 1 {
        return Err(invalid("a search sorts by one property"));
    }
    for filter in filters() {
        if portal.property(kind, &filter.property_name).is_none() {
            return Err(invalid(&format!(
                "There was a problem with the request: no property {:?}",
                filter.property_name
            )));
        }
        let complete = match filter.operator.as_str() {
            "EQ" | "NEQ" | "GT" | "GTE" | "LT" | "LTE" => filter.value.is_some(),
            "BETWEEN" => filter.value.is_some() && filter.high_value.is_some(),
            "IN" | "NOT_IN" => filter.values.is_some(),
            "HAS_PROPERTY" | "NOT_HAS_PROPERTY" => true,
            other => return Err(invalid(&format!("unknown operator {other:?}"))),
        };
        if !complete {
            return Err(invalid(&format!("operator {} lacks its value", filter.operator)));
        }
    }
    Ok(())
}

impl Portal {
    fn found(&self, kind: Kind, record: &Record, search: &Search) -> bool {
        let holds = |group: &Group| group.filters.iter().all(|filter| self.holds(kind, record, filter));
        search.filter_groups.is_empty() || search.filter_groups.iter().any(holds)
    }

    fn holds(&self, kind: Kind, record: &Record, filter: &Filter) -> bool {
        let value = self.value(kind, record, &filter.property_name).filter(|value| !value.is_empty());
        let Some(value) = value else {
            return matches!(filter.operator.as_str(), "NOT_HAS_PROPERTY" | "NOT_IN" | "NEQ");
        };
        let wanted = filter.value.as_deref().unwrap_or_default();
        let among = || filter.values.iter().flatten().any(|wanted| rank(wanted) == rank(&value));
        match filter.operator.as_str() {
            "EQ" => rank(&value) == rank(wanted),
            "NEQ" => rank(&value) != rank(wanted),
            "GT" => rank(&value) > rank(wanted),
            "GTE" => rank(&value) >= rank(wanted),
            "LT" => rank(&value) < rank(wanted),
            "LTE" => rank(&value) <= rank(wanted),
            "BETWEEN" => {
                let high = filter.high_value.as_deref().unwrap_or_default();
                (rank(wanted)..=rank(high)).contains(&rank(&value))
            }
            "IN" => among(),
            "NOT_IN" => !among(),
            other => other == "HAS_PROPERTY",
        }
    }

    fn rank(&self, kind: Kind, record: &Record, name: &str) -> Option<Rank> {
        self.value(kind, record, name).map(|value| rank(&value))
    }
}

/// How values compare: numbers and instants (in milliseconds) by size, everything else as text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(Decimal),
    Text(String),
}

fn rank(value: &str) -> Rank {
    if let Ok(instant) = value.parse::<Timestamp>() {
        return Rank::Number(instant.as_millisecond().into());
    }
    value.parse().map_or_else(|_| Rank::Text(value.to_lowercase()), Rank::Number)
}
