//! What the product needs from a CRM, and the CRMs it knows. Wire formats stop here: nothing outside `crm/*` knows
//! what an answer of HubSpot or Salesforce looks like.
//!
//! Imports `clock`, `failure`, `record`, and `settings` and `source` for the blocks of the configuration. Read first:
//! [`Crm`], then the list of [`CONNECTORS`]. Each CRM's folder has the same files: `config`, `receive` with
//! `signature` and `event`, `client` over `auth` and `error`, `record`, `win`, `won_deals`, `describe`, `field`, `task`.

mod cache;
mod connector;
mod creation;
pub mod hubspot;
mod keys;
mod open_deals;
pub mod outbound;
pub mod rate_limiter;
pub mod salesforce;
mod webhook;
mod write;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub(crate) use cache::Cache;
pub use connector::{
    AccountSettings, CONNECTORS, Connected, Connector, ReadWith, Settings, SetupFile, Subscriptions,
};
pub use creation::{Created, PersonStep, SetupAt};
pub use handoff_core::record::{Event, EventKind};
pub use keys::Candidates;
pub use open_deals::OpenDeals;
#[cfg(test)]
pub(crate) use webhook::hmac_sha256;
pub(crate) use webhook::require_fresh;
pub use webhook::{
    Batch, NotJson, RawWebhook, Receive, Received, Refusal, Rejected, Unwanted, Verification,
    VerifiedWebhook, WebhookRoute,
};
pub use write::{DealWrite, WriteOutcome, WriteRefusal};

use crate::failure::Failure;
use handoff_core::record::{
    AccountKey, AccountMetadata, Contact, Creation, DealRecord, User, WantedFields, WinKey,
};

/// What re-reading a deal found.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    Won(Box<Won>),
    /// It exists, but is not in a won stage (any more).
    NotWon {
        /// The stage it is in, as the CRM names it.
        stage: String,
    },
    /// It is archived, deleted, or hidden from us.
    Gone,
}

/// A deal that is won now.
#[derive(Debug, Clone, PartialEq)]
pub struct Won {
    pub win: WinKey,
    /// Deal ids that were merged into this one.
    pub merged_from: Vec<String>,
    pub record: DealRecord,
}

/// A won deal as the catch-up search lists it, before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WonDealHint {
    /// The CRM's own id of the deal.
    pub deal: String,
    /// When anything about it was last changed.
    pub changed_at: Timestamp,
    /// A hint that saves reading known deals: the instant of the win, or a later one. `None` if the CRM does not
    /// say.
    pub won_at: Option<Timestamp>,
}

/// A task to put on a deal. All text is final: plain for the subject, and for the body the lines that
/// each CRM renders in its own way.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDraft {
    /// One line, plain text.
    pub subject: String,
    /// Body as blocks; a client renders them as HTML (HubSpot) or plain text (Salesforce).
    pub body: Vec<TaskBlock>,
    /// The task is found again by this text, which no other task holds; a client puts it below the body.
    pub marker: String,
    /// CRM user who gets the task; `None` leaves it unassigned.
    pub assignee: Option<String>,
    pub due: Timestamp,
    /// Deal the task hangs on.
    pub deal: String,
    /// Contacts to associate (HubSpot: all; Salesforce: the first).
    pub contacts: Vec<String>,
    pub company: Option<String>,
    pub urgent: bool,
}

/// One block of a task's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskBlock {
    /// A line on its own that introduces what follows.
    Heading(String),
    /// A paragraph; line breaks inside are kept.
    Paragraph(String),
    List(Vec<String>),
    /// Pages to open, one a line: what is read, and the address.
    Links(Vec<(String, String)>),
}

/// A task that exists in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRef {
    /// The CRM's id of the task.
    pub id: String,
    /// Where a person opens it.
    pub url: String,
}

/// What became of an edit of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEdit {
    /// The task says what it was meant to say, and is completed if that was asked for.
    Edited,
    /// The task says what it was meant to say; the CRM refused to complete it, for the reason given in its codes.
    NotCompleted { why: String },
    /// The task was completed before; nothing was changed.
    Closed,
    /// There is no such task any more.
    Deleted,
}

/// One account of a CRM, as the middle of the product sees it.
#[async_trait]
pub trait Crm: Send + Sync {
    fn account(&self) -> &AccountKey;

    /// Whether a stage is a won one, if that is known for sure right now without asking: an event about a stage
    /// that is known not to be won can be left out.
    fn known_stage(&self, _stage: &str) -> Option<bool> {
        None
    }

    /// How many pieces of work may begin beside the `running` ones without waiting for the rate limit, or how long until one
    /// may.
    fn room(&self, _running: usize) -> Result<usize, Duration> {
        Ok(usize::MAX)
    }

    /// Re-reads a deal in the fewest calls and says whether it is won now. Never fails with
    /// [`Failure::Unknown`]: reading changes nothing.
    async fn resolve(&self, deal: &str, wanted: &WantedFields) -> Result<Resolution, Failure>;

    /// The deal as it is, won or not; `None` if there is no such deal.
    async fn fetch(&self, deal: &str, wanted: &WantedFields) -> Result<Option<DealRecord>, Failure>;

    /// The contacts of a deal's company that are not on the deal, at most 100, where the CRM lets them play a part in it.
    /// Never fails with [`Failure::Unknown`].
    async fn other_contacts(&self, _deal: &DealRecord) -> Result<Vec<Contact>, Failure> {
        Ok(Vec::new())
    }

    /// What the CRM shows of these deals, in the fewest calls: by the id that was asked for, a hash that stays the same
    /// as long as nothing does that a packet is made of. A deal that is gone, or was merged into another, is left out.
    /// Never fails with [`Failure::Unknown`].
    async fn fingerprints(
        &self,
        deals: &[String],
        wanted: &WantedFields,
    ) -> Result<BTreeMap<String, String>, Failure>;

    /// Deals that are won now and were changed at `since` or later, once each. What happened in the last few
    /// seconds may be missing. Never fails with [`Failure::Unknown`].
    async fn won_since(&self, since: Timestamp) -> Result<Vec<WonDealHint>, Failure>;

    /// What the account says about itself, in a few calls: about ten, and three more for each object in which a
    /// wanted field is not found. A permission that we lack is part of the answer; the call fails only when the
    /// account cannot be asked at all. Never fails with [`Failure::Unknown`].
    async fn metadata(&self, wanted: &WantedFields) -> Result<AccountMetadata, Failure>;

    /// The active CRM user with this e-mail address.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, Failure>;

    /// Ids of up to `most` deals that are won now, each once, those with the latest close date first. What happened
    /// in the last few seconds may be missing. Never fails with [`Failure::Unknown`].
    async fn last_won(&self, most: usize) -> Result<Vec<String>, Failure>;

    /// Looks on the deal itself for a task with this marker. Must not use a search index that lags.
    async fn find_task(&self, deal: &str, marker: &str) -> Result<Option<TaskRef>, Failure>;

    /// Waits for the rate limit, and for a token: the next [`Crm::create_task`] begins its call at once. Must be
    /// awaited before it. Never fails with [`Failure::Unknown`].
    async fn prepare_write(&self) -> Result<(), Failure>;

    /// Creates the task. [`Failure::Unknown`] if it may exist although the call failed.
    async fn create_task(&self, draft: &TaskDraft) -> Result<TaskRef, Failure>;

    /// Replaces the text of a task of ours, and completes it if `complete`. A completed task stays as it is. The same
    /// edit may be repeated, so this never fails with [`Failure::Unknown`].
    async fn edit_task(&self, task: &str, draft: &TaskDraft, complete: bool) -> Result<TaskEdit, Failure>;

    /// Changes the deal as a person's answer asks: reads, compares with what the person was shown, writes, reads back. What
    /// a write of unknown outcome did is decided by the read; if that fails too, this fails with [`Failure::Unknown`],
    /// and the same call may be repeated.
    ///
    /// # Errors
    ///
    /// Anything but a refusal of this value. [`Failure::Pause`] is about all calls to the account.
    async fn write(&self, write: &DealWrite) -> Result<WriteOutcome, Failure>;

    /// The permission that [`Crm::create`] needs; `None` if nothing is created through this CRM's API.
    fn creates_with(&self) -> Option<&'static str> {
        None
    }

    /// Creates a field or a label, and changes nothing that exists. A call of unknown outcome is simply repeated.
    async fn create(&self, _creation: &Creation) -> Result<Created, Failure> {
        Err(Failure::give_up("nothing is created through this CRM's API"))
    }
}
