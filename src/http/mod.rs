//! The two listeners: webhooks on one, operator pages on the other, loopback by default.
//!
//! May import `operations`, `interactive`, `crm`, `store` and what is below them, never `worker` or `app`. [`HttpState`] is what the routes share;
//! read [`webhooks`] first.

mod access;
mod clicks;
mod error;
mod log_throttle;
mod operator;
mod operator_page;
mod routes;
pub mod server;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use access::{Access, OperatorConfig};
pub use log_throttle::LogThrottle;
pub use operator::{RefusedMapping, StoreProbe};
pub use routes::{operator_routes, webhook_routes};
pub use server::BodyBudget;

use crate::clock::Clock;
use crate::crm::WebhookRoute;
use crate::interactive::{ClickRoute, SocketStatus};
use crate::metrics::Metrics;
use crate::operations::Operations;
use crate::store::Store;

/// What the routes of both listeners share.
pub struct HttpState {
    pub clock: Clock,
    pub store: Store,
    /// The deeds of operators.
    pub operations: Operations,
    /// Every portal and org by its key.
    pub account_keys: Vec<String>,
    /// What calls are limited to, for people: a name and the limit.
    pub budgets: Vec<(String, String)>,
    pub metrics: Arc<Metrics>,
    /// Where CRMs send webhooks, and how those are verified.
    pub webhooks: Vec<WebhookRoute>,
    /// Where Slack posts clicks, if it does.
    pub clicks: Option<Arc<ClickRoute>>,
    /// Whether clicks can come in over sockets, if they do.
    pub sockets: Option<Arc<SocketStatus>>,
    pub probe: StoreProbe,
    /// Memory for the bodies of webhooks.
    pub body_budget: BodyBudget,
    /// How long a webhook waits for its commit before its sender is told to come back.
    pub answer_within: Duration,
    /// Keeps the log short while webhooks are refused.
    pub throttle: LogThrottle,
    /// Asks who reloads them for the mapping files whose newest version does not run.
    pub refused_mappings: Box<dyn Fn() -> Vec<RefusedMapping> + Send + Sync>,
}
