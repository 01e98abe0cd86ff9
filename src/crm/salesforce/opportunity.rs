//! Reads one opportunity, whatever of it is hidden: the query is asked again without the columns that
//! Salesforce refuses, and what is left out is remembered for an hour and reported in the record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::client::{Client, Identified};
use super::error::{CallError, unless_denied, unreadable};
use super::field::{self, Described, Objects};
use super::id::SalesforceId;
use super::record::Row;
use super::soql::{self, Column, HISTORY_ROWS, Selection, Table};
use super::win::{self, Entered, HistoryRow};
use crate::clock::Clock;
use crate::crm::Cache;
use crate::failure::Failure;
use handoff_core::record::{AccountKey, DealRecord, FieldObject, WantedFields};

/// Ids that one query names, so that it fits into an address.
const IDS: usize = 200;
const MAX_AGE: Duration = Duration::from_hours(1);
const READING: &str = "reading the opportunity";
/// Queries for one deal. Every refused one is followed by a smaller one.
const MAX_QUERIES: usize = 20;

/// Reads opportunities of one org.
pub(super) struct Reader {
    /// Columns that were refused, by table and name.
    refused: Cache<()>,
    /// Objects as our user sees them; `None` for one that may not be described.
    described: Cache<Option<Arc<Described>>>,
    won_stages: Cache<Arc<BTreeSet<String>>>,
}

/// An opportunity, and what could be asked about it.
pub(super) struct Reading {
    pub(super) row: Row,
    selection: Selection,
    objects: Objects,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stage {
    api_name: Option<String>,
    master_label: Option<String>,
}

impl Reader {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            refused: Cache::new(clock.clone()),
            described: Cache::new(clock.clone()),
            won_stages: Cache::new(clock.clone()),
        }
    }

    /// The opportunity; `None` if it is deleted or not shared with our user.
    pub(super) async fn read(
        &self,
        client: &Client,
        id: &SalesforceId,
        wanted: &WantedFields,
    ) -> Result<Option<Reading>, Failure> {
        let ids = std::slice::from_ref(id);
        let (rows, selection, objects) = self.rows(client, ids, wanted, |_| false).await?;
        let Some(raw) = rows.into_iter().next() else { return Ok(None) };
        let row = Row::read(&raw, wanted).map_err(|_| unreadable().retry(READING))?;
        Ok(Some(Reading { row, selection, objects }))
    }

    /// A hash of each opportunity's row by its id. Every edit counts, whatever field it is of.
    pub(super) async fn fingerprints(
        &self,
        client: &Client,
        ids: &[SalesforceId],
        wanted: &WantedFields,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(IDS) {
            let without = |column: &Column| column.table == Table::History;
            let (rows, ..) = self.rows(client, ids, wanted, without).await?;
            for row in rows {
                let Identified { id } =
                    serde_json::from_str(row.get()).map_err(|_| unreadable().retry(READING))?;
                found.insert(id, hex::encode(Sha256::digest(row.get())));
            }
        }
        Ok(found)
    }

    /// The rows of these opportunities, with the columns that were asked for in the end.
    async fn rows(
        &self,
        client: &Client,
        ids: &[SalesforceId],
        wanted: &WantedFields,
        without: impl Fn(&Column) -> bool,
    ) -> Result<(Vec<Box<RawValue>>, Selection, Objects), Failure> {
        let objects = self.describe(client, wanted).await?;
        for _ in 0..MAX_QUERIES {
            let selection = Selection::new(wanted, |column| {
                let refused = self.refused.get(&key(column), MAX_AGE).is_some();
                refused || without(column) || field::hides(&objects, column)
            });
            match client.query_all::<Box<RawValue>>(&selection.soql(ids)).await {
                Ok(rows) => return Ok((rows, selection, objects)),
                Err(error) if super::unreadable_fields::is_about_columns(&error) => {
                    self.leave_out(&error, &selection)?;
                }
                Err(error) => return Err(error.retry(READING)),
            }
        }
        Err(Failure::give_up(
            "Salesforce refuses one field after the other; check the integration user's access",
        ))
    }

    /// Remembers which columns to leave out from now on: those that the refusal names, else the optional
    /// ones, else everything that the win can be decided without.
    fn leave_out(&self, error: &CallError, selection: &Selection) -> Result<(), Failure> {
        let mut columns = super::unreadable_fields::refused(error, selection.columns());
        if columns.is_empty() {
            let standard = Selection::new(&WantedFields::default(), |_| false);
            columns = selection.columns().iter().filter(|column| !standard.has(column)).cloned().collect();
        }
        if columns.is_empty() {
            columns = selection.columns().to_vec();
        }
        columns.retain(|column| !column.is_essential());
        if columns.is_empty() {
            return Err(Failure::give_up(
                "the integration user cannot read Id, StageName and IsWon of opportunities; \
                 give its permission set read access",
            ));
        }
        for column in columns {
            let name = key(&column);
            tracing::warn!(column = name, "Salesforce cannot supply a field; it is left out for an hour");
            self.refused.put(&name, ());
        }
        Ok(())
    }

    /// When the opportunity, which is won now, was won. One more call if its history is long.
    pub(super) async fn won_at(
        &self,
        client: &Client,
        id: &SalesforceId,
        row: &Row,
    ) -> Result<Option<Timestamp>, Failure> {
        if let Some(history) = &row.history {
            let mut won_stages = BTreeSet::clone(&*self.won_stages(client).await?);
            won_stages.extend(row.deal.get("StageName").map(ToOwned::to_owned));
            let mut entered = win::entered(history, &won_stages, history.len() < HISTORY_ROWS);
            if entered == Entered::Earlier {
                let rows = client.query::<HistoryRow>(&soql::history(id)).await;
                let rows = rows.map_err(|error| error.retry("reading the stage history"))?;
                entered = win::entered(&rows.records, &won_stages, true);
            }
            if let Entered::At(instant) = entered {
                return Ok(Some(instant));
            }
        }
        Ok(win::estimated(row.deal.get("LastStageChangeDate"), row.deal.get("CloseDate")))
    }

    /// Names and labels of the won stages. History rows may hold either.
    async fn won_stages(&self, client: &Client) -> Result<Arc<BTreeSet<String>>, Failure> {
        if let Some(stages) = self.won_stages.get("", MAX_AGE) {
            return Ok(stages);
        }
        // Without them an entry from another won stage would count as a new win, and get a second packet.
        let rows = client.query::<Stage>(soql::WON_STAGES).await;
        let rows = rows.map_err(|error| error.retry("reading the won stages"))?;
        let names = rows.records.into_iter().flat_map(|stage| [stage.api_name, stage.master_label]).flatten();
        let stages = Arc::new(names.collect());
        self.won_stages.put("", Arc::clone(&stages));
        Ok(stages)
    }

    /// Descriptions of the objects whose fields are wanted. They save refused queries and say how to read
    /// values; a deal is read without them if need be.
    async fn describe(&self, client: &Client, wanted: &WantedFields) -> Result<Objects, Failure> {
        let mut objects = Objects::new();
        let wants = |object| wanted.paths.iter().any(|path| path.object == object);
        for (object, needed) in [
            ("Opportunity", true),
            ("Account", wants(FieldObject::Company)),
            ("OpportunityLineItem", wants(FieldObject::LineItems)),
        ] {
            if needed && let Some(described) = self.described(client, object).await? {
                objects.insert(object, described);
            }
        }
        Ok(objects)
    }

    /// A contact role as the org spells it, whatever the case of `word`; as it stands if the org does not show any.
    pub(super) async fn role(&self, client: &Client, word: &str) -> Result<String, Failure> {
        let described = self.described(client, Table::ContactRole.object()).await?;
        let offered = described.and_then(|described| described.options("Role")).unwrap_or_default();
        let same = |value: &String| value.trim().to_lowercase() == word.to_lowercase();
        Ok(offered.into_iter().map(|option| option.value).find(same).unwrap_or_else(|| word.to_owned()))
    }

    async fn described(&self, client: &Client, object: &str) -> Result<Option<Arc<Described>>, Failure> {
        if let Some(described) = self.described.get(object, MAX_AGE) {
            return Ok(described);
        }
        let described = match unless_denied(client.describe(object).await, "describing the object") {
            Ok(described) => described.map(Arc::new),
            Err(pause @ Failure::Pause { .. }) => return Err(pause),
            Err(_) => return Ok(None),
        };
        self.described.put(object, described.clone());
        Ok(described)
    }
}

impl Reading {
    /// The record, with what the query says about the mapped fields.
    pub(super) fn record(
        self,
        account: &AccountKey,
        url: String,
        wanted: &WantedFields,
        now: Timestamp,
    ) -> DealRecord {
        let (mut fields, mut unavailable) = (BTreeMap::new(), Vec::new());
        for path in &wanted.paths {
            let Some(column) = Column::of_path(path).filter(|column| self.selection.has(column)) else {
                unavailable.push(path.to_string());
                continue;
            };
            let info = field::home(&column).and_then(|(object, name)| self.objects.get(object)?.info(name));
            fields.extend(info.map(|info| (path.to_string(), info)));
        }
        if !self.selection.columns().iter().any(|column| column.table == Table::ContactRole) {
            unavailable.push("contacts".to_owned());
        }
        DealRecord {
            crm: account.crm,
            account: account.account.clone(),
            deal: self.row.deal,
            url: Some(url),
            company: self.row.company,
            contacts: self.row.contacts,
            others: Vec::new(),
            owner: self.row.owner,
            users: self.row.users,
            line_items: self.row.line_items,
            fields,
            unavailable,
            fetched_at: Some(now),
        }
    }
}

fn key(column: &Column) -> String {
    format!("{}.{}", column.table.object(), column.name.to_ascii_lowercase())
}
