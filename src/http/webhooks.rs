//! Receive, verify, record, answer. Nothing else happens before the 2xx.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::HttpState;
use super::error::Refused;
use super::server::{ReadBody, Reservation};
use crate::crm::{Event, RawWebhook, Received, Refusal, Rejected, WebhookRoute};
use crate::store::{Recorded, StoreError};

/// Where a webhook came from: the address of the connection, behind the one that the proxy in front added last.
pub(super) fn sender(request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_string());
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last =
        forwarded.and_then(|header| header.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    let way = last.map(|address| format!("{address} by way of "));
    way.unwrap_or_default() + &peer.unwrap_or_default()
}

/// Answers a webhook on one of the routes of a CRM.
pub(super) async fn receive(
    State(state): State<Arc<HttpState>>,
    webhook: WebhookRoute,
    secret: Option<Path<String>>,
    request: Request,
) -> Result<Response, Refused> {
    let sender = sender(&request);
    let (raw, _reservation) = read(&state, webhook.max_body, request).await.inspect_err(|refused| {
        refuse(&state, webhook.name, &sender, refused.as_str(), "its body was not read");
    })?;
    let secret = secret.map(|Path(secret)| secret).unwrap_or_default();
    let now = state.clock.now();
    // The long way to the reason is taken for what is logged, not for every stranger.
    let raw =
        if state.throttle.is_due((webhook.name, Refusal::MISMATCH), now) { raw } else { raw.unexplained() };
    let received = (webhook.receive)(raw, &secret, now);
    let status = record(&state, webhook.name, &sender, received).await?;
    Ok(match webhook.answer {
        Some((content_type, body)) => (status, [(header::CONTENT_TYPE, content_type)], body).into_response(),
        None => status.into_response(),
    })
}

/// Takes the raw bytes, and nothing but the raw bytes. Their memory counts until the answer.
pub(super) async fn read(
    state: &HttpState,
    limit: usize,
    request: Request,
) -> Result<(RawWebhook, Reservation), Refused> {
    let ReadBody { parts, bytes, reservation } = state.body_budget.read(limit, request).await?;
    let path_and_query = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    Ok((RawWebhook::new(parts.method.as_str(), path_and_query, parts.headers, bytes), reservation))
}

/// Counts a refused webhook. Of many for the same reason a few are logged and written down for `handoff events`.
pub(super) fn refuse(state: &HttpState, route: &'static str, sender: &str, kind: &'static str, why: &str) {
    state.metrics.webhook(route, kind);
    note(state, route, sender, kind, why);
}

fn note(state: &HttpState, route: &'static str, sender: &str, kind: &'static str, why: &str) {
    let Some(silent) = state.throttle.due((route, kind), state.clock.now()) else { return };
    tracing::warn!(route, kind, sender, why, silent, "webhook refused");
    let (store, times) = (state.store.clone(), i64::try_from(silent + 1).unwrap_or(i64::MAX));
    let about = [route, kind, sender, why].map(ToOwned::to_owned);
    // The sender does not wait for it.
    tokio::spawn(async move {
        if let Err(error) = store.note_refusal(about, times).await {
            tracing::debug!(%error, "a refused webhook is not in `handoff events`");
        }
    });
}

/// Counts and notes why a webhook was not taken; returns what its sender hears.
pub(super) fn reject(state: &HttpState, route: &'static str, sender: &str, rejected: &Rejected) -> Refused {
    match rejected {
        Rejected::Unverified(refusal) => {
            refuse(state, route, sender, refusal.kind, &refusal.detail);
            Refused::Unverified
        }
        Rejected::Unreadable => {
            refuse(state, route, sender, "unreadable", "it is verified, but its body cannot be read");
            Refused::Unreadable
        }
    }
}

/// Commits what a verified webhook says, and only then answers 200.
async fn record(
    state: &HttpState,
    route: &'static str,
    sender: &str,
    received: Result<Received, Rejected>,
) -> Result<StatusCode, Refused> {
    let received = received.map_err(|rejected| reject(state, route, sender, &rejected))?;
    if let Some(why) = &received.useless {
        note(state, route, sender, "useless", why);
    }
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
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    not_stored(state, route, error);
    Err(Refused::NotStored)
}

/// Counts a webhook that is proved and cannot be stored, and says so now and then; without an error the store was slow.
pub(super) fn not_stored(state: &HttpState, route: &'static str, error: Option<StoreError>) {
    let kind = Refused::NotStored.as_str();
    state.metrics.webhook(route, kind);
    if let Some(silent) = state.throttle.due((route, kind), state.clock.now()) {
        match error {
            Some(error) if !matches!(error, StoreError::Busy) => {
                tracing::error!(route, %error, silent, "webhooks are verified, but cannot be stored");
            }
            busy => {
                let why = busy.map_or("the store is slow".to_owned(), |busy| busy.to_string());
                tracing::warn!(route, why, silent, "webhooks are verified, but cannot be stored now");
            }
        }
    }
}
