//! `POST /webhooks/slack`: clicks in Slack, verified and stored before they are acknowledged.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::error::Refused;
use super::{HttpState, webhooks};
use crate::interactive::ClickRoute;

/// The path, which is the Request URL of the Slack app behind the public address.
pub(super) const PATH: &str = "/webhooks/slack";

/// In logs and metrics.
const ROUTE: &str = "slack";

/// The largest body that is read: 1 MiB. A view has at most 250 KB, which its form triples at worst.
const MAX_BODY: usize = 1 << 20;

/// Answers one click. An empty 200 closes a submitted modal, so there is no body unless something has to be said.
pub(super) async fn receive(
    state: Arc<HttpState>,
    route: Arc<ClickRoute>,
    request: Request,
) -> Result<Response, Refused> {
    let sender = webhooks::sender(&request);
    let (raw, _reservation) = webhooks::read(&state, MAX_BODY, request).await.inspect_err(|refused| {
        webhooks::refuse(&state, ROUTE, &sender, refused.as_str(), "its body was not read");
    })?;
    let interaction = route
        .verify(raw, state.clock.now())
        .map_err(|rejected| webhooks::reject(&state, ROUTE, &sender, &rejected))?;
    let reply = route.receiver.take(interaction).await.map_err(|error| {
        webhooks::not_stored(&state, ROUTE, Some(error));
        Refused::NotStored
    })?;
    state.metrics.webhook(ROUTE, "accepted");
    Ok(match reply.body() {
        None => StatusCode::OK.into_response(),
        Some(body) => Json(body).into_response(),
    })
}
