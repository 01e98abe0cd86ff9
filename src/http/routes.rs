//! Which path leads where.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Router, middleware};
use secrecy::SecretString;

use super::{HttpState, clicks, operator, packets, token, webhooks};

/// What CRMs may reach, and Slack.
pub fn webhook_routes(state: Arc<HttpState>) -> Router {
    let mut router = Router::new();
    for webhook in state.webhooks.clone() {
        let path = webhook.path;
        let receive =
            move |state, secret, request| webhooks::receive(state, webhook.clone(), secret, request);
        router = router.route(path, post(receive));
    }
    if let Some(route) = state.clicks.clone() {
        let receive = move |State(state), request| clicks::receive(state, route, request);
        router = router.route(clicks::PATH, post(receive));
    }
    router
        .route("/", get(operator::public_index))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::ready))
        .with_state(state)
}

/// What only operators may reach: with the token, if there is one. Whether the process lives, and what is served, is no
/// secret.
pub fn operator_routes(state: Arc<HttpState>, token: Option<&SecretString>) -> Router {
    let key = token.map(token::Key::of);
    Router::new()
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .route("/packets", get(packets::list))
        .route("/packets/{id}", get(packets::show))
        .route_layer(middleware::from_fn_with_state(key, token::require))
        .route("/", get(operator::index))
        .route("/healthz", get(operator::healthz))
        .with_state(state)
}
