//! Won opportunities: those that changed lately, for the catch-up sweep, and the last ones, to learn from.

use jiff::Timestamp;
use serde::Deserialize;

use super::client::{Client, Identified};
use super::error::{CallError, unreadable};
use super::id::{Prefix, SalesforceId};
use super::soql;
use super::unreadable_fields::is_about_columns;
use super::win::instant;
use crate::crm::WonDealHint;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    id: String,
    last_modified_date: String,
    created_date: Option<String>,
    /// Null in an opportunity that is still in its first stage.
    last_stage_change_date: Option<String>,
}

/// All pages of one query. An org that hides the last stage change is asked again without it.
pub(super) async fn won_since(client: &Client, since: Timestamp) -> Result<Vec<WonDealHint>, CallError> {
    let rows: Vec<Row> = match client.query_all(&soql::won_since(since, true)).await {
        Err(error) if is_about_columns(&error) => client.query_all(&soql::won_since(since, false)).await?,
        answer => answer?,
    };
    rows.into_iter().map(|row| hint(&row).ok_or_else(unreadable)).collect()
}

/// The opportunities that were won last, by their close date: every opportunity has one.
pub(super) async fn last_won(client: &Client, most: usize) -> Result<Vec<String>, CallError> {
    let rows: Vec<Identified> = client.query_all(&soql::last_won(most)).await?;
    let id = |row: &Identified| SalesforceId::of(Prefix::Opportunity, &row.id).map(|id| id.to_string());
    rows.iter().map(|row| id(row).ok_or_else(unreadable)).collect()
}

fn hint(row: &Row) -> Option<WonDealHint> {
    Some(WonDealHint {
        deal: SalesforceId::of(Prefix::Opportunity, &row.id)?.to_string(),
        changed_at: instant(&row.last_modified_date)?,
        won_at: row.last_stage_change_date.as_ref().or(row.created_date.as_ref()).and_then(|at| instant(at)),
    })
}
