//! Salesforce: an org's opportunities, from "it was won" to the task on it.
//!
//! What comes in: `signature` and `outbound_message` prove who sent a webhook, `event` says which
//! opportunities it is about; `envelope` reads the SOAP.
//!
//! What goes out: [`Salesforce`] reads and writes through `client`, which `auth` gives tokens. `soql` writes
//! the one query, `opportunity` copes with hidden fields (`unreadable_fields`, `field`), `win` finds the instant of
//! the win, `record` and `task` translate. `write` writes what people answered. `won_deals` finds won deals that no
//! webhook told of, `describe` asks what the org looks like. `error` says what a failed call means, `config` reads the settings.

mod auth;
mod change_flow;
mod client;
pub(super) mod config;
mod describe;
mod envelope;
mod error;
mod event;
mod field;
mod id;
mod opportunity;
mod outbound_message;
mod receive;
mod record;
mod setup;
mod signature;
mod soql;
mod task;
mod unreadable_fields;
mod win;
mod won_deals;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use self::auth::Tokens;
pub use self::change_flow::change_flow;
use self::client::Client;
pub use self::config::{Auth, Settings};
pub use self::envelope::{Notification, OutboundMessage};
use self::error::CallError;
pub use self::event::{parse_json, parse_outbound};
pub use self::id::{Prefix, SalesforceId};
use self::opportunity::{Reader, Reading};
pub use self::outbound_message::{ACK, ACK_CONTENT_TYPE, MAX_BODY_BYTES, VerifiedMessage, verify_outbound};
pub use self::receive::webhooks;
pub use self::setup::person_steps;
pub use self::signature::{verify_json, webhook_key};
use super::outbound::Outbound;
use super::{Crm, DealWrite, Resolution, TaskDraft, TaskEdit, TaskRef, Won, WonDealHint, WriteOutcome};
use crate::clock::Clock;
use crate::failure::Failure;
use handoff_core::record::{
    AccountKey, AccountMetadata, Contact, CrmKind, DealKey, DealRecord, Object, User, WantedFields, WinKey,
};

/// The oldest API version that answers our sub-queries.
const OLDEST_VERSION: u32 = 58;

pub struct Salesforce {
    account: AccountKey,
    clock: Clock,
    client: Client,
    reader: Reader,
    app_url: String,
    task_status: Option<String>,
    task_key_field: Option<String>,
}

/// A task as it is looked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundTask {
    id: String,
    subject: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ClosedStatus {
    api_name: String,
}

impl Salesforce {
    /// Prepares calls to one org; makes none. The error names the setting that is wrong.
    pub fn new(config: &Settings, outbound: &Outbound) -> Result<Self, String> {
        let org = SalesforceId::of(Prefix::Organization, &config.org)
            .ok_or("org is not an organisation id (00D…, 15 or 18 characters)")?;
        let instance = Url::parse(&config.instance_url).map_err(|_| "instance_url is not a URL")?;
        if instance.host_str().is_none() {
            return Err("instance_url is not a URL".into());
        }
        Self::check(config)?;
        let account = AccountKey { crm: CrmKind::Salesforce, account: org.to_string() };
        let tokens = Tokens::new(config, org, instance.clone(), outbound)?;
        Ok(Self {
            account,
            client: Client::new(outbound, tokens, &instance, &config.api_version),
            reader: Reader::new(&outbound.clock),
            clock: outbound.clock.clone(),
            app_url: config.app_url.trim_end_matches('/').to_owned(),
            task_status: config.task_status.clone(),
            task_key_field: config.task_key_field.clone(),
        })
    }

    /// What is wrong with a configuration, if anything, starting with the name of the setting.
    pub fn check(config: &Settings) -> Result<(), String> {
        require_version(&config.api_version)?;
        require_field_name(config.task_key_field.as_deref())?;
        auth::check(&config.auth)
    }

    fn deal_record(&self, reading: Reading, id: &SalesforceId, wanted: &WantedFields) -> DealRecord {
        reading.record(&self.account, self.link("Opportunity", id), wanted, self.clock.now())
    }

    fn link(&self, object: &str, id: &SalesforceId) -> String {
        format!("{}/lightning/r/{object}/{id}/view", self.app_url)
    }

    fn task_ref(&self, id: &SalesforceId) -> TaskRef {
        TaskRef { id: id.to_string(), url: self.link("Task", id) }
    }

    /// Creates the task, or updates the one with the same key. `None` if Salesforce did not say its id.
    async fn write_task(&self, marker: &str, task: &Value) -> Result<Option<SalesforceId>, CallError> {
        match &self.task_key_field {
            Some(field) => self.client.upsert_task(field, marker, task).await,
            None => self.client.create("Task", Prefix::Task, task).await.map(Some),
        }
    }
}

#[async_trait]
impl Crm for Salesforce {
    fn account(&self) -> &AccountKey {
        &self.account
    }

    async fn resolve(&self, deal: &str, wanted: &WantedFields) -> Result<Resolution, Failure> {
        let id = opportunity_id(deal)?;
        let Some(reading) = self.reader.read(&self.client, &id, wanted).await? else {
            return Ok(Resolution::Gone);
        };
        if !reading.row.is_won() {
            let stage = reading.row.deal.get("StageName").unwrap_or_default().to_owned();
            return Ok(Resolution::NotWon { stage });
        }
        let won_at = self.reader.won_at(&self.client, &id, &reading.row).await?.ok_or_else(|| {
            Failure::give_up(
                "nothing says when the opportunity was won: the integration user can read neither its history \
                 nor LastStageChangeDate nor CloseDate",
            )
        })?;
        let deal = DealKey { account: self.account.clone(), deal: id.to_string() };
        let record = self.deal_record(reading, &id, wanted);
        Ok(Resolution::Won(Box::new(Won { win: WinKey { deal, won_at }, merged_from: Vec::new(), record })))
    }

    async fn fetch(&self, deal: &str, wanted: &WantedFields) -> Result<Option<DealRecord>, Failure> {
        let id = opportunity_id(deal)?;
        let reading = self.reader.read(&self.client, &id, wanted).await?;
        Ok(reading.map(|reading| self.deal_record(reading, &id, wanted)))
    }

    async fn other_contacts(&self, deal: &DealRecord) -> Result<Vec<Contact>, Failure> {
        let account =
            deal.company.as_ref().and_then(|company| SalesforceId::of(Prefix::Account, &company.id));
        let Some(account) = account else { return Ok(Vec::new()) };
        let rows = self.client.query::<Object>(&soql::contacts_of(&account)).await;
        let rows = rows.map_err(|error| error.retry("reading the account's contacts"))?;
        let is_new = |one: &Object| deal.contacts.iter().all(|known| known.object.id != one.id);
        let contact = |object| Contact { object, labels: Vec::new() };
        Ok(rows.records.into_iter().filter(is_new).map(contact).collect())
    }

    async fn fingerprints(
        &self,
        deals: &[String],
        wanted: &WantedFields,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let ids: Vec<SalesforceId> = deals.iter().filter_map(|deal| opportunity_id(deal).ok()).collect();
        self.reader.fingerprints(&self.client, &ids, wanted).await
    }

    async fn won_since(&self, since: Timestamp) -> Result<Vec<WonDealHint>, Failure> {
        let failed = |error: CallError| error.retry("asking for won opportunities");
        won_deals::won_since(&self.client, since).await.map_err(failed)
    }

    async fn metadata(&self, wanted: &WantedFields) -> Result<AccountMetadata, Failure> {
        let settings = describe::TaskSettings {
            task_status: self.task_status.as_deref(),
            task_key_field: self.task_key_field.as_deref(),
        };
        describe::metadata(&self.client, &self.account, wanted, &settings, &self.clock).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Failure> {
        let failed = |error: CallError| error.retry("looking for a user");
        describe::user_by_email(&self.client, email).await.map_err(failed)
    }

    async fn last_won(&self, most: usize) -> Result<Vec<String>, Failure> {
        let failed = |error: CallError| error.retry("asking for won opportunities");
        won_deals::last_won(&self.client, most).await.map_err(failed)
    }

    async fn find_task(&self, deal: &str, marker: &str) -> Result<Option<TaskRef>, Failure> {
        let failed = |error: CallError| error.retry("looking for the task");
        if let Some(field) = &self.task_key_field {
            let id = self.client.task_by_key(field, marker).await.map_err(failed)?;
            return Ok(id.map(|id| self.task_ref(&id)));
        }
        let soql = soql::tasks(&opportunity_id(deal)?);
        let tasks = self.client.query::<FoundTask>(&soql).await.map_err(failed)?;
        let holds = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(marker));
        let found = tasks.records.iter().find(|task| holds(&task.subject) || holds(&task.description));
        Ok(found.and_then(|task| SalesforceId::of(Prefix::Task, &task.id)).map(|id| self.task_ref(&id)))
    }

    async fn prepare_write(&self) -> Result<(), Failure> {
        self.client.tokens.session().await.map(drop)
    }

    async fn create_task(&self, draft: &TaskDraft) -> Result<TaskRef, Failure> {
        let not_a_deal = || Failure::give_up("the task does not hang on an opportunity");
        let mut fields = task::fields(draft, self.task_status.as_deref()).ok_or_else(not_a_deal)?;
        let id = loop {
            match self.write_task(&draft.marker, &Value::Object(fields.clone())).await {
                Ok(id) => break id,
                Err(error) => match task::dispensable(&error, &fields) {
                    Some(field) => {
                        tracing::warn!(
                            field,
                            "Salesforce refused a field of a task; the task goes without it"
                        );
                        fields.remove(field);
                    }
                    None => return Err(error.read_back("creating the task")),
                },
            }
        };
        match id {
            Some(id) => Ok(self.task_ref(&id)),
            // It is written, whatever becomes of the question after its id.
            None => match self.find_task(&draft.deal, &draft.marker).await {
                Ok(Some(task)) => Ok(task),
                Ok(None) => Err(Failure::unknown("Salesforce updated a task that it does not show")),
                Err(failure) => Err(Failure::unknown(failure.why())),
            },
        }
    }

    async fn edit_task(&self, task: &str, draft: &TaskDraft, complete: bool) -> Result<TaskEdit, Failure> {
        let failed = |error: CallError| error.retry("editing the task");
        let id = SalesforceId::of(Prefix::Task, task);
        let id = id.ok_or_else(|| Failure::give_up("this is not the id of a task (00T…)"))?;
        match self.client.task_is_closed(&id).await.map_err(failed)? {
            None => return Ok(TaskEdit::Deleted),
            Some(true) => return Ok(TaskEdit::Closed),
            Some(false) => {}
        }
        let text = task::text(draft);
        if !complete {
            self.client.update("Task", &id, &Value::Object(text), None).await.map_err(failed)?;
            return Ok(TaskEdit::Edited);
        }
        let statuses = self.client.query::<ClosedStatus>(soql::CLOSED_TASK_STATUS).await.map_err(failed)?;
        let status = statuses.records.into_iter().next().map(|status| status.api_name);
        let status = status.ok_or_else(|| Failure::give_up("the org has no task status that is closed"))?;
        let mut closing = text.clone();
        closing.insert("Status".to_owned(), status.into());
        let Err(refused) = self.client.update("Task", &id, &Value::Object(closing), None).await else {
            return Ok(TaskEdit::Edited);
        };
        // An admin's rule may ask for more before a task is closed: then its text is edited, and it stays open.
        match refused.retry("completing the task") {
            Failure::GiveUp { why } => {
                self.client.update("Task", &id, &Value::Object(text), None).await.map_err(failed)?;
                Ok(TaskEdit::NotCompleted { why })
            }
            other => Err(other),
        }
    }

    async fn write(&self, write: &DealWrite) -> Result<WriteOutcome, Failure> {
        self.write_answer(write).await
    }
}

fn opportunity_id(deal: &str) -> Result<SalesforceId, Failure> {
    SalesforceId::of(Prefix::Opportunity, deal)
        .ok_or_else(|| Failure::give_up("this is not the id of an opportunity (006…, 15 or 18 characters)"))
}

fn require_field_name(field: Option<&str>) -> Result<(), String> {
    let Some(field) = field else { return Ok(()) };
    let plain = soql::Column::new(soql::Table::Opportunity, field);
    plain
        .filter(|column| !column.name.contains('.'))
        .map(|_| ())
        .ok_or("task_key_field is not a field name".into())
}

fn require_version(version: &str) -> Result<(), String> {
    let number = version
        .strip_prefix('v')
        .and_then(|rest| rest.strip_suffix(".0"))
        .and_then(|n| n.parse::<u32>().ok());
    match number {
        Some(number) if number >= OLDEST_VERSION => Ok(()),
        _ => Err(format!("api_version must be v{OLDEST_VERSION}.0 or later, such as v66.0")),
    }
}
