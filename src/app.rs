//! What a running service holds. State only: [`crate::server`] builds it, starts what works on it, and stops that.

use std::sync::Arc;

use crate::http::HttpState;
use crate::interactive::SocketMode;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::worker::{Accounts, Context};

/// One service. Its parts share the store, the accounts and the metrics.
pub struct App {
    pub store: Store,
    /// Every portal and org, with its mapping.
    pub accounts: Arc<Accounts>,
    pub metrics: Arc<Metrics>,
    pub worker: Arc<Context>,
    pub http: Arc<HttpState>,
    /// Takes clicks over sockets, if they come that way.
    pub sockets: Option<Arc<SocketMode>>,
}
