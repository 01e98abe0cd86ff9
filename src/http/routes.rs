//! Which path leads where.

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};
use secrecy::SecretString;

use super::{HttpState, operator, packets, token, webhooks};

/// What CRMs may reach.
pub fn webhook_routes(state: Arc<HttpState>) -> Router {
    Router::new()
        .route("/webhooks/hubspot", post(webhooks::hubspot))
        .route("/webhooks/hubspot/workflow", post(webhooks::hubspot_workflow))
        .route("/webhooks/salesforce", post(webhooks::salesforce))
        .route("/webhooks/salesforce/outbound/{secret}", post(webhooks::salesforce_outbound))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::ready))
        .with_state(state)
}

/// What only operators may reach: with the token, if there is one. Whether the process lives is no secret.
pub fn operator_routes(state: Arc<HttpState>, token: Option<&SecretString>) -> Router {
    let key = token.map(token::Key::of);
    Router::new()
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .route("/packets", get(packets::list))
        .route("/packets/{id}", get(packets::show))
        .route_layer(middleware::from_fn_with_state(key, token::require))
        .route("/healthz", get(operator::healthz))
        .with_state(state)
}
