//! What operators look at and decide, once for the command line and the operators' page: which packet is meant, what
//! became of it, and the deeds on it.
//!
//! May import `store`, `assemble`, `workbench` and what is below them, never `worker`, `http` or `commands`. Read
//! [`Operations`] first.

mod answered;
mod dismiss;
mod find;
mod history;
mod inputs;
mod replay;
mod settle;
pub mod delivery_status;
pub mod stuck;
pub mod tally;

use std::sync::Arc;

use crate::store::{Store, StoreError};
use handoff_core::mapping::Mapping;
use handoff_core::record::AccountKey;

pub use answered::answer_text;
pub use dismiss::{Dismissed, clean_reason};
pub use history::{HistoryEntry, history};
pub use inputs::inputs;
pub use settle::web_address;

/// Finds the mapping that an account has now; none if the account is not configured.
pub type MappingOf = Box<dyn Fn(&AccountKey) -> Result<Option<Arc<Mapping>>, String> + Send + Sync>;

/// What deeds of operators are made with.
pub struct Operations {
    pub store: Store,
    /// Whether Slack shows what was posted: a bot may look, an incoming webhook may not.
    pub slack_reads_back: bool,
    pub mapping: MappingOf,
}

/// Why a deed was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// No packet is meant, or several are; the text lists them.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as things are; the text says why.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what is stored cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}
