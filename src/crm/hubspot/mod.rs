//! HubSpot: a portal's deals, from "it was won" to the task on it.
//!
//! In the order of a webhook's life: [`signature`] proves who sent it ([`signed_url`] explains why not),
//! [`event`] and [`workflow_event`] reduce it to "look at this deal", [`receive`] puts that together. Then [`record`]
//! re-reads the deal through [`client`], [`win`] decides whether it is won and since when, and [`task`] writes the task. [`write`] writes a
//! person's answer to a field of the deal, where a mapping asks for it.
//! [`won_deals`] finds won deals that no webhook told of.
//! Under the client: [`auth`] with its [`token_file`], [`error`] and [`wire`]. [`metadata`] keeps in a
//! cache what rarely changes, such as what a [`field`] means; [`describe`] asks for all of it, for a person.

mod auth;
mod client;
pub(super) mod config;
mod describe;
mod error;
mod event;
mod field;
mod fingerprint;
mod metadata;
mod receive;
mod record;
mod setup;
mod signature;
mod signed_url;
mod subscriptions;
mod task;
mod token_file;
mod win;
mod wire;
mod won_deals;
mod workflow_event;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::try_join;

use self::client::Client;
pub use self::config::{Auth, Settings};
pub use self::event::{Interest, parse_batch};
use self::metadata::Metadata;
pub use self::receive::webhooks;
use self::record::Found;
pub use self::setup::person_steps;
pub use self::signature::{sign_v3, verify_app, verify_workflow};
pub use self::subscriptions::subscriptions;
pub use self::workflow_event::{CORRELATION_HEADER, UselessWorkflowEvent, parse_workflow_event};
use super::outbound::Outbound;
use super::{
    Created, Crm, DealWrite, Resolution, TaskDraft, TaskEdit, TaskRef, Won, WonDealHint, WriteOutcome,
};
use crate::clock::Clock;
use crate::failure::Failure;
use handoff_core::packet::Change;
use handoff_core::record::{
    AccountKey, AccountMetadata, Creation, CrmKind, DealKey, DealRecord, FieldPath, User, WantedFields,
    WinKey,
};

/// HubSpot's type ids, as they stand in links.
const DEAL: &str = "0-3";
const TASK: &str = "0-27";

pub struct HubSpot {
    account: AccountKey,
    /// Base of the web app, without a trailing slash.
    app_url: String,
    client: Arc<Client>,
    metadata: Metadata,
    clock: Clock,
}

impl HubSpot {
    /// Prepares calls to one portal; makes none.
    pub fn new(config: &Settings, outbound: &Outbound) -> Self {
        let client = Arc::new(Client::new(config, outbound));
        Self {
            account: AccountKey { crm: CrmKind::Hubspot, account: config.portal.clone() },
            app_url: config.app_url.trim_end_matches('/').to_owned(),
            metadata: Metadata::new(client.clone(), &outbound.clock),
            client,
            clock: outbound.clock.clone(),
        }
    }

    /// Whether the deal is won, and the win it is in.
    async fn judge(
        &self,
        found: &Found,
        stages: (Arc<win::Stages>, bool),
    ) -> Result<Option<WinKey>, Failure> {
        let deal = &found.deal;
        let (pipeline, stage) = (deal.get("pipeline"), deal.get("dealstage").unwrap_or_default());
        let derived = deal.get("hs_is_closed_won").map(|value| value == "true");

        let (mut stages, fresh) = stages;
        let known = stages.is_won(pipeline, stage);
        // An unknown stage, or one whose meaning an admin changed within the hour.
        if !fresh && (known.is_none() || derived.is_some_and(|derived| known != Some(derived))) {
            stages = self.metadata.fresh_stages().await?;
        }
        // The derived property may lag behind, so it only speaks where the metadata is silent.
        let won = stages.is_won(pipeline, stage).unwrap_or(derived == Some(true));
        if !won {
            return Ok(None);
        }
        let counts = |other: &str| stages.is_won(pipeline, other).unwrap_or(other == stage);
        let won_at = win::won_at(&found.history, deal, counts).ok_or_else(|| {
            Failure::give_up("the deal is won, but HubSpot shows neither its stage history nor a date")
        })?;
        let deal = DealKey { account: self.account.clone(), deal: deal.id.clone() };
        Ok(Some(WinKey { deal, won_at }))
    }

    /// The second round trip, put together with the first.
    async fn record(&self, found: Found, wanted: &WantedFields) -> Result<DealRecord, Failure> {
        let around = record::around(&self.client, &self.metadata, &found, wanted).await?;
        let mut record = DealRecord {
            crm: CrmKind::Hubspot,
            account: self.account.account.clone(),
            url: Some(self.link(DEAL, &found.deal.id)),
            deal: found.deal,
            company: around.company,
            contacts: around.contacts,
            others: Vec::new(),
            owner: around.owner,
            users: around.users,
            line_items: around.line_items,
            fields: BTreeMap::new(),
            unavailable: Vec::new(),
            fetched_at: Some(self.clock.now()),
        };
        field::describe(&mut record, wanted, &around.catalogues);
        if win::LABELLED.iter().any(|name| record.fields.contains_key(&FieldPath::deal(name).to_string())) {
            self.metadata.stages().await?.0.label(&mut record);
        }
        Ok(record)
    }

    fn task(&self, id: String) -> TaskRef {
        TaskRef { url: self.link(TASK, &id), id }
    }

    /// Where a person opens a record. `kind` is HubSpot's type id.
    fn link(&self, kind: &str, id: &str) -> String {
        format!("{}/contacts/{}/record/{kind}/{id}", self.app_url, self.account.account)
    }
}

#[async_trait]
impl Crm for HubSpot {
    fn account(&self) -> &AccountKey {
        &self.account
    }

    fn known_stage(&self, stage: &str) -> Option<bool> {
        self.metadata.known_stage(stage)
    }

    async fn resolve(&self, deal: &str, wanted: &WantedFields) -> Result<Resolution, Failure> {
        let deal = deal_id(deal)?;
        let (found, stages) = try_join!(record::deal(&self.client, deal, wanted), self.metadata.stages())?;
        let Some(found) = found else { return Ok(Resolution::Gone) };
        let Some(win) = self.judge(&found, stages).await? else {
            let stage = found.deal.get("dealstage").unwrap_or("no stage").to_owned();
            return Ok(Resolution::NotWon { stage });
        };
        let merged = found.deal.get("hs_merged_object_ids").unwrap_or_default();
        let merged_from =
            merged.split(';').map(str::trim).filter(|id| !id.is_empty()).map(Into::into).collect();
        let record = self.record(found, wanted).await?;
        Ok(Resolution::Won(Box::new(Won { win, merged_from, record })))
    }

    async fn fetch(&self, deal: &str, wanted: &WantedFields) -> Result<Option<DealRecord>, Failure> {
        match record::deal(&self.client, deal_id(deal)?, wanted).await? {
            Some(found) => self.record(found, wanted).await.map(Some),
            None => Ok(None),
        }
    }

    async fn fingerprints(
        &self,
        deals: &[String],
        wanted: &WantedFields,
    ) -> Result<BTreeMap<String, String>, Failure> {
        fingerprint::of(&self.client, deals, wanted).await
    }

    async fn won_since(&self, since: Timestamp) -> Result<Vec<WonDealHint>, Failure> {
        won_deals::won_since(&self.client, since).await
    }

    async fn metadata(&self, wanted: &WantedFields) -> Result<AccountMetadata, Failure> {
        describe::metadata(&self.client, &self.account, wanted, &self.clock).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Failure> {
        self.client.owner_by_email(email).await
    }

    async fn last_won(&self, most: usize) -> Result<Vec<String>, Failure> {
        won_deals::last_won(&self.client, most).await
    }

    async fn find_task(&self, deal: &str, marker: &str) -> Result<Option<TaskRef>, Failure> {
        let deal = deal_id(deal)?;
        let mut links = self.client.links(deal, "tasks").await?;
        if links.is_empty()
            && let Some(merged) = self.client.deal(deal, "hs_object_id").await?.filter(|now| now.id != deal)
        {
            links = self.client.links(&merged.id, "tasks").await?;
        }
        let ids: Vec<String> = links.into_iter().map(|link| link.to_object_id).collect();
        let tasks = self.client.items("tasks", &ids, &task::READ.map(ToOwned::to_owned)).await?;
        Ok(task::find(tasks, marker).map(|task| self.task(task.id)))
    }

    fn room(&self, running: usize) -> Result<usize, Duration> {
        self.client.room(running)
    }

    async fn prepare_write(&self) -> Result<(), Failure> {
        self.client.prepare_write().await
    }

    async fn create_task(&self, draft: &TaskDraft) -> Result<TaskRef, Failure> {
        self.client.create_task(&task::create(draft)).await.map(|id| self.task(id))
    }

    async fn edit_task(&self, task: &str, draft: &TaskDraft, complete: bool) -> Result<TaskEdit, Failure> {
        let status = self.client.items("tasks", &[task.to_owned()], &[task::STATUS.to_owned()]).await?;
        let Some(status) = status.into_iter().next() else { return Ok(TaskEdit::Deleted) };
        if task::is_completed(&status) {
            return Ok(TaskEdit::Closed);
        }
        let edited = self.client.edit_task(task, &task::edit(draft, complete)).await?;
        Ok(if edited { TaskEdit::Edited } else { TaskEdit::Deleted })
    }

    fn creates_with(&self) -> Option<&'static str> {
        Some(setup::SCOPE)
    }

    async fn create(&self, creation: &Creation) -> Result<Created, Failure> {
        setup::create(&self.client, creation).await
    }

    async fn write(&self, write: &DealWrite) -> Result<WriteOutcome, Failure> {
        deal_id(&write.deal)?;
        if let Change::Role(role) = &write.change {
            deal_id(&role.contact)?;
        }
        write::write(&self.client, write).await
    }
}

/// Ids become part of a path, and one that came from a command line may be anything.
fn deal_id(text: &str) -> Result<&str, Failure> {
    let valid = wire::is_id(text);
    valid.then_some(text).ok_or_else(|| Failure::give_up("an id of HubSpot is a number of up to 20 digits"))
}
