//! Which path leads where.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};

use super::access::{self, Access};
use super::{HttpState, clicks, operator, operator_page, webhooks};

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

/// What only operators may reach: with a token, if there is one. Whether the process lives, what is served, and the page
/// that asks for the token are no secret.
pub fn operator_routes(state: Arc<HttpState>, access: Access) -> Router {
    let access = Arc::new(access);
    let guarded = operator_page::routes()
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(&access), Arc::clone(&state)),
            access::guard,
        ));
    Router::new()
        .route("/", get(operator_page::index))
        .route("/healthz", get(operator::healthz))
        .route("/page.css", get(operator_page::style))
        .route("/sign-in", get(access::sign_in_form).post(access::sign_in))
        .route("/sign-out", post(access::sign_out))
        .merge(guarded)
        .layer(Extension(access))
        .layer(middleware::from_fn(access::harden))
        .with_state(state)
}
