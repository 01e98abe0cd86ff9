//! Which column a refused query stumbled over. One hidden or misspelt field makes Salesforce refuse all of
//! a query, with the same words for both; the others must still be read.

use super::error::{CallError, ListedError};
use super::soql::{Column, Table};

/// The selected columns that a refusal names. Empty if it names none of them.
pub fn refused(error: &CallError, selected: &[Column]) -> Vec<Column> {
    let readable = |error: &&ListedError| matches!(error.code.as_str(), "INVALID_FIELD" | "INVALID_TYPE");
    error.listed().iter().filter(readable).flat_map(|error| named(&error.message, selected)).collect()
}

/// Whether a query was refused for what it asks, rather than for who asks or when.
pub fn is_about_columns(error: &CallError) -> bool {
    ["INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"].iter().any(|code| error.is(code))
}

fn named(message: &str, selected: &[Column]) -> Vec<Column> {
    let matching =
        |test: &dyn Fn(&Column) -> bool| selected.iter().filter(|column| test(column)).cloned().collect();
    if let Some(field) = quoted_after(message, "No such column '") {
        let entity = quoted_after(message, "on entity '").unwrap_or_default();
        let is_named = |column: &Column| last(&column.name).eq_ignore_ascii_case(field);
        let exact: Vec<Column> = matching(&|column| is_named(column) && may_be_of(column, entity));
        // Better one column too many than no handoff.
        return if exact.is_empty() { matching(&is_named) } else { exact };
    }
    if let Some(relationship) = quoted_after(message, "Didn't understand relationship '") {
        return matching(&|column| {
            let mut lookups = column.name.split('.').rev().skip(1);
            column.table != Table::Opportunity
                && column.table.relationship().eq_ignore_ascii_case(relationship)
                || lookups.any(|lookup| lookup.eq_ignore_ascii_case(relationship))
        });
    }
    if let Some(object) = quoted_after(message, "sObject type '") {
        return matching(&|column| {
            column.table != Table::Opportunity
                && [column.table.object(), column.table.relationship()]
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(object))
        });
    }
    Vec::new()
}

/// What stands between `before` and the next quote.
fn quoted_after<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(before)?;
    rest.split_once('\'').map(|(quoted, _)| quoted)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether a column can be a field of this object. A custom lookup may lead anywhere.
fn may_be_of(column: &Column, entity: &str) -> bool {
    match column.name.rsplit('.').nth(1) {
        None => column.table.object().eq_ignore_ascii_case(entity),
        Some(lookup) if lookup.eq_ignore_ascii_case("Owner") => entity == "User" || entity == "Name",
        Some(lookup) if lookup.ends_with("__r") => true,
        Some(lookup) => lookup.eq_ignore_ascii_case(entity),
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::ApiError;
    use super::*;

    fn names(code: &str, message: &str) -> Vec<String> {
        let columns = [
            (Table::Opportunity, "Name"),
            (Table::Opportunity, "Pain__c"),
            (Table::Opportunity, "Account.Name"),
            (Table::Opportunity, "Account.Pain__c"),
            (Table::Opportunity, "Csm__r.Email"),
            (Table::Opportunity, "Csm__r.Name"),
            (Table::Opportunity, "Owner.Email"),
            (Table::ContactRole, "ContactId"),
            (Table::ContactRole, "Contact.Email"),
            (Table::LineItem, "Pain__c"),
            (Table::History, "StageName"),
        ];
        let selected: Vec<Column> =
            columns.iter().filter_map(|(table, name)| Column::new(*table, name)).collect();
        let error = ListedError { code: code.into(), message: message.into(), fields: vec![] };
        let error = CallError::Refused(Box::new(ApiError {
            status: 400,
            errors: vec![error],
            retry_after: None,
            at: jiff::Timestamp::UNIX_EPOCH,
        }));
        refused(&error, &selected)
            .iter()
            .map(|column| format!("{:?} {}", column.table, column.name))
            .collect()
    }

    #[test]
    fn the_column_is_found_on_the_object_that_the_message_names() {
        let message = |field: &str, entity: &str| {
            format!(
                "\nSELECT Id, Pain__c FROM Opportunity\n           ^\nERROR at Row:1:Column:12\nNo such column \
                 '{field}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append \
                 the '__c' after the custom field name."
            )
        };
        let named = |field, entity| names("INVALID_FIELD", &message(field, entity));
        assert_eq!(named("Pain__c", "Opportunity"), ["Opportunity Pain__c"]);
        assert_eq!(named("pain__c", "Account"), ["Opportunity Account.Pain__c"]);
        assert_eq!(named("Pain__c", "OpportunityLineItem"), ["LineItem Pain__c"]);
        assert_eq!(named("Email", "Contact"), ["Opportunity Csm__r.Email", "ContactRole Contact.Email"]);
        assert_eq!(named("Email", "User"), ["Opportunity Csm__r.Email", "Opportunity Owner.Email"]);
        assert_eq!(named("Unheard__c", "Opportunity"), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_lookup_takes_all_columns_behind_it() {
        let message = "Didn't understand relationship 'Csm__r' in field path.";
        assert_eq!(names("INVALID_FIELD", message), ["Opportunity Csm__r.Email", "Opportunity Csm__r.Name"]);
    }

    #[test]
    fn rows_that_may_not_be_read_are_named_in_two_ways() {
        let message = "Didn't understand relationship 'OpportunityHistories' in FROM part of query call.";
        assert_eq!(names("INVALID_TYPE", message), ["History StageName"]);
        let message = "sObject type 'OpportunityContactRole' is not supported.";
        assert_eq!(names("INVALID_TYPE", message), ["ContactRole ContactId", "ContactRole Contact.Email"]);
    }

    #[test]
    fn another_kind_of_refusal_names_no_column() {
        assert!(names("INSUFFICIENT_ACCESS", "No such column 'Pain__c' on entity 'Opportunity'").is_empty());
        assert!(names("INVALID_FIELD", "it's broken").is_empty());
    }
}
