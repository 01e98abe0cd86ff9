//! What a running service holds. State only: [`crate::server`] builds it, starts what works on it, and stops that.

use std::sync::Arc;

use crate::http::HttpState;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::worker::{Accounts, Context};

/// One service. Its parts share the store, the accounts and the metrics.
pub struct App {
    /// The durable state.
    pub store: Store,
    /// Every portal and org, with its mapping.
    pub accounts: Arc<Accounts>,
    /// What `/metrics` says.
    pub metrics: Arc<Metrics>,
    /// What the workers have.
    pub worker: Arc<Context>,
    /// What the listeners have.
    pub http: Arc<HttpState>,
}
