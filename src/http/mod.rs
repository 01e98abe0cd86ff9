//! The two listeners: webhooks on one, operator pages on the other, loopback by default.

mod body;
mod connections;
mod error;
pub mod listener;
mod operator;
mod packets;
mod seldom;
mod token;
mod webhooks;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};
use secrecy::SecretString;

pub use body::Bodies;
pub use seldom::Seldom;

use crate::app::App;

/// What CRMs may reach.
pub fn webhook_routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/webhooks/hubspot", post(webhooks::hubspot))
        .route("/webhooks/hubspot/workflow", post(webhooks::hubspot_workflow))
        .route("/webhooks/salesforce", post(webhooks::salesforce))
        .route("/webhooks/salesforce/outbound/{secret}", post(webhooks::salesforce_outbound))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::ready))
        .with_state(app)
}

/// What only operators may reach: with the token, if there is one. Whether the process lives is no secret.
pub fn operator_routes(app: Arc<App>, token: Option<&SecretString>) -> Router {
    let key = token.map(token::Key::of);
    Router::new()
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .route("/packets", get(packets::list))
        .route("/packets/{id}", get(packets::show))
        .route_layer(middleware::from_fn_with_state(key, token::require))
        .route("/healthz", get(operator::healthz))
        .with_state(app)
}
