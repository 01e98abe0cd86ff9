//! `config/handoff.toml`: one file, no secrets in it, every mistake reported at once.
//!
//! [`load`] reads it; what it may leave out stands in `defaults`. The settings of a client or a worker stand beside it:
//! nothing below imports this module.

mod accounts;
mod defaults;
mod follow;
mod load;
mod operator;
pub mod part;
pub mod schema;
mod slack;
mod store;
#[cfg(test)]
mod tests;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use load::{Loaded, load};

use crate::crm;
use crate::delivery::slack::Settings as SlackSettings;
use crate::http::OperatorConfig;
use crate::store::StoreConfig;
pub use crate::worker::WorkConfig;

/// The configuration, with secrets already read from the environment or from files.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where CRMs reach us, without a trailing slash: `https://hooks.example.com`. Signatures are checked
    /// over this, never over a `Host` header. `None`: they do not, and are asked.
    pub public_url: Option<String>,
    pub listen: SocketAddr,
    /// Where `/metrics` and packets are served; `None` serves them nowhere.
    pub operator_listen: Option<SocketAddr>,
    /// Who may see and do what there.
    pub operator: OperatorConfig,
    /// What webhooks may take of us before they are proved.
    pub http: HttpConfig,
    /// The database and how long rows stay.
    pub store: StoreConfig,
    pub log: LogConfig,
    /// Workers, retries and time limits.
    pub work: WorkConfig,
    /// Portals and orgs, CRM by CRM in the order of the file.
    pub accounts: Vec<AccountConfig>,
    pub slack: SlackSettings,
}

/// What webhooks may take of us before they are proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Connections at once. One more closes the one that has waited for its client the longest.
    pub max_connections: usize,
    /// How long a connection may be open without having sent a whole request head, new or kept alive.
    pub idle_timeout: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Memory for the bodies of all requests together.
    pub body_memory_mib: u32,
    /// How long a webhook waits for the disk before its sender is told to come back.
    pub answer_within: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// One JSON object a line instead of text.
    pub json: bool,
    /// The least important lines that are written. Of the libraries, never more than warnings: what they would
    /// say of requests is not ours to vouch for.
    pub level: tracing::Level,
}

#[derive(Debug, Clone)]
pub struct AccountConfig {
    pub settings: crm::Settings,
    pub mapping: PathBuf,
}
