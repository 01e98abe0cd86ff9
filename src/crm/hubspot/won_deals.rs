//! Won deals: those that changed lately, for the catch-up sweep, and the last ones, to learn from. The only uses
//! of search: its index is some seconds behind, and both look back much further.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::Client;
use super::win::instant;
use super::wire::Item;
use crate::clock::later;
use crate::crm::WonDealHint;
use crate::failure::Failure;

const PAGE: usize = 200;
/// Deals that one query shows, however it is paged.
const QUERY: usize = 10_000;
/// Pages that are turned at most, of all queries of one search.
const MOST_PAGES: usize = 1_000;

const CHANGED: &str = "hs_lastmodifieddate";
/// The later one is the hint. Neither is before the win, and nobody can edit them; the first exists in
/// Professional and Enterprise portals only, and unknown names are left out of the answer.
const WON: [&str; 2] = ["hs_v2_date_entered_current_stage", "hs_closed_won_date"];

/// Asks page by page, each beginning at the last change of the page before. A query that went on by number
/// would skip a deal whenever an earlier one changes meanwhile, and end after [`QUERY`] deals. Only deals that
/// changed in one millisecond, as after a bulk edit, are paged by number.
pub(super) async fn won_since(client: &Client, since: Timestamp) -> Result<Vec<WonDealHint>, Failure> {
    let mut found = BTreeMap::new();
    let (mut from, mut after, mut pages) = (since, "0".to_owned(), 1);
    for _ in 0..MOST_PAGES {
        let page = client.search(&query(from, &after)).await?;
        let next = page.next().map(ToOwned::to_owned);
        let mut newest = from;
        for item in &page.results {
            let hint = hint(item)?;
            newest = newest.max(hint.changed_at);
            found.insert(hint.deal.clone(), hint);
        }
        let Some(next) = next else { return Ok(found.into_values().collect()) };
        if newest.as_millisecond() > from.as_millisecond() {
            (from, after, pages) = (newest, "0".to_owned(), 1);
        } else if pages * PAGE < QUERY {
            (after, pages) = (next, pages + 1);
        } else {
            tracing::warn!(at = %from, "more won deals changed in one instant than HubSpot shows; some are passed over");
            (from, after, pages) = (later(from, Duration::from_millis(1)), "0".to_owned(), 1);
        }
    }
    Err(Failure::retry(format!("searching for won deals: there are more than {MOST_PAGES} pages")))
}

/// The published schema requires all five keys.
fn query(from: Timestamp, after: &str) -> Value {
    json!({
        "filterGroups": [{"filters": [
            {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
            {"propertyName": CHANGED, "operator": "GTE", "value": from.as_millisecond().to_string()},
        ]}],
        "sorts": [{"propertyName": CHANGED, "direction": "ASCENDING"}],
        "properties": [CHANGED, WON[0], WON[1]],
        "limit": PAGE,
        "after": after,
    })
}

/// The deals that were won last, by their close date: the only date of a win that every portal has. A deal that
/// moves while the pages are turned is passed over or comes once, which is good enough for counting.
pub(super) async fn last_won(client: &Client, most: usize) -> Result<Vec<String>, Failure> {
    let mut found: Vec<String> = Vec::new();
    let mut after = "0".to_owned();
    let most = most.min(QUERY);
    for _ in 0..MOST_PAGES {
        let page = client.search(&last(most.min(PAGE), &after)).await?;
        let next = page.next().map(ToOwned::to_owned);
        for item in page.results {
            if found.len() < most && !found.contains(&item.id) {
                found.push(item.id);
            }
        }
        match next {
            Some(next) if found.len() < most => after = next,
            _ => break,
        }
    }
    Ok(found)
}

/// HubSpot sorts by one property only.
fn last(limit: usize, after: &str) -> Value {
    json!({
        "filterGroups": [{"filters": [{"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}]}],
        "sorts": [{"propertyName": "closedate", "direction": "DESCENDING"}],
        "properties": ["closedate"],
        "limit": limit,
        "after": after,
    })
}

fn hint(item: &Item) -> Result<WonDealHint, Failure> {
    let at = |name: &str| item.properties.get(name)?.as_deref().and_then(instant);
    let changed_at = at(CHANGED).ok_or_else(|| {
        Failure::retry(format!("searching for won deals: an answer without a readable {CHANGED}"))
    })?;
    let won_at = WON.iter().filter_map(|name| at(name)).max();
    Ok(WonDealHint { deal: item.id.clone(), changed_at, won_at })
}
