//! Receive, verify, record, answer. Nothing else happens before the 2xx.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::HttpState;
use super::error::Refused;
use super::server::{ReadBody, Reservation};
use crate::crm::{Event, RawWebhook, Received, Rejected, WebhookRoute};
use crate::store::{Recorded, StoreError};

/// Answers a webhook on one of the routes of a CRM.
pub(super) async fn receive(
    State(state): State<Arc<HttpState>>,
    webhook: WebhookRoute,
    secret: Option<Path<String>>,
    request: Request,
) -> Result<Response, Refused> {
    let (raw, _reservation) = read(&state, webhook.name, webhook.max_body, request).await?;
    let secret = secret.map(|Path(secret)| secret).unwrap_or_default();
    let received = (webhook.receive)(raw, &secret, state.clock.now());
    let status = record(&state, webhook.name, received).await?;
    Ok(match webhook.answer {
        Some((content_type, body)) => (status, [(header::CONTENT_TYPE, content_type)], body).into_response(),
        None => status.into_response(),
    })
}

/// Takes the raw bytes, and nothing but the raw bytes. Their memory counts until the answer.
async fn read(
    state: &HttpState,
    route: &'static str,
    limit: usize,
    request: Request,
) -> Result<(RawWebhook, Reservation), Refused> {
    let ReadBody { parts, bytes, reservation } =
        state.body_budget.read(limit, request).await.inspect_err(|refused| {
            state.metrics.webhook(route, refused.as_str());
        })?;
    let path_and_query = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    Ok((RawWebhook::new(parts.method.as_str(), path_and_query, parts.headers, bytes), reservation))
}

/// Commits what a verified webhook says, and only then answers 200.
async fn record(
    state: &HttpState,
    route: &'static str,
    received: Result<Received, Rejected>,
) -> Result<StatusCode, Refused> {
    let received = match received {
        Ok(received) => received,
        Err(Rejected::Unverified(refusal)) => {
            state.metrics.webhook(route, refusal.kind);
            tracing::warn!(route, kind = refusal.kind, detail = refusal.detail, "webhook refused");
            return Err(Refused::Unverified);
        }
        Err(Rejected::Unreadable) => {
            state.metrics.webhook(route, "unreadable");
            tracing::warn!(route, "webhook is verified, but its body cannot be read");
            return Err(Refused::Unreadable);
        }
    };
    for (reason, count) in &received.dropped {
        state.metrics.event(reason, *count);
    }
    let recorded = store(state, route, received.events).await?;
    state.metrics.webhook(route, "accepted");
    state.metrics.event("new", recorded.new as u64);
    state.metrics.event("repeated", recorded.repeated as u64);
    // A line for each would be most of what the log holds; `handoff events` and the metrics tell of them.
    tracing::debug!(
        route,
        verification = %received.verification,
        new = recorded.new,
        repeated = recorded.repeated,
        dropped = received.dropped.values().sum::<u64>(),
        "webhook recorded"
    );
    Ok(StatusCode::OK)
}

/// Waits for the commit as long as the sender would. What is committed later all the same is a repetition when
/// the sender comes back.
async fn store(state: &HttpState, route: &'static str, events: Vec<Event>) -> Result<Recorded, Refused> {
    let recorded = tokio::time::timeout(state.answer_within, state.store.record(events)).await;
    let error = match recorded {
        Ok(Ok(recorded)) => return Ok(recorded),
        Ok(Err(StoreError::Busy)) => Some(StoreError::Busy),
        Ok(Err(error)) => {
            state.metrics.webhook(route, Refused::NotStored.as_str());
            tracing::error!(route, %error, "webhook is verified, but could not be stored");
            return Err(Refused::NotStored);
        }
        Err(_) => None,
    };
    state.metrics.webhook(route, Refused::NotStored.as_str());
    if let Some(silent) = state.overload.due(state.clock.now()) {
        let why = error.map_or("the store is slow".to_owned(), |busy| busy.to_string());
        tracing::warn!(route, why, silent, "webhooks are verified, but cannot be stored now");
    }
    Err(Refused::NotStored)
}
