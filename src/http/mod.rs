//! The two listeners: webhooks on one, operator pages on the other, loopback by default.
//!
//! May import `interactive`, `crm`, `store` and what is below them, never `worker` or `app`. [`HttpState`] is what the routes share;
//! read [`webhooks`] first.

mod clicks;
mod error;
mod log_throttle;
mod operator;
mod packets;
mod routes;
pub mod server;
mod token;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

pub use log_throttle::LogThrottle;
pub use operator::{RefusedMapping, StoreProbe};
pub use routes::{operator_routes, webhook_routes};
pub use server::BodyBudget;

use crate::clock::Clock;
use crate::crm::WebhookRoute;
use crate::interactive::{ClickRoute, SocketStatus};
use crate::metrics::Metrics;
use crate::store::Store;

/// What the routes of both listeners share.
pub struct HttpState {
    pub clock: Clock,
    pub store: Store,
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
