//! The two listeners: webhooks on one, operator pages on the other, loopback by default.

mod error;
mod operator;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// What CRMs may reach.
pub fn webhook_routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/webhooks/hubspot", post(webhooks::hubspot))
        .route("/webhooks/hubspot/workflow", post(webhooks::hubspot_workflow))
        .route("/webhooks/salesforce", post(webhooks::salesforce))
        .route("/webhooks/salesforce/outbound/{secret}", post(webhooks::salesforce_outbound))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .with_state(app)
}

/// What only operators may reach.
pub fn operator_routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .with_state(app)
}
