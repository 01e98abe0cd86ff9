//! Receive, verify, record, answer. Nothing else happens before the 2xx.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::Refused;
use crate::app::App;
use crate::crm::salesforce::{ACK, ACK_CONTENT_TYPE, MAX_BODY_BYTES};
use crate::crm::{RawWebhook, Received, Rejected};

/// The largest JSON body that is read, before anything is hashed or parsed: 1 MiB.
const MAX_JSON: usize = 1 << 20;

/// `POST /webhooks/hubspot`: app subscriptions, v3 signature.
pub(super) async fn hubspot(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refused> {
    let raw = read(&app, "hubspot", MAX_JSON, request).await?;
    let received = app.hubspot.app_webhook(raw, app.clock.now());
    record(&app, "hubspot", received).await
}

/// `POST /webhooks/hubspot/workflow`: a poke from a workflow, v2 signature or header secret.
pub(super) async fn hubspot_workflow(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<StatusCode, Refused> {
    let raw = read(&app, "hubspot_workflow", MAX_JSON, request).await?;
    let received = app.hubspot.workflow_webhook(raw, app.clock.now());
    record(&app, "hubspot_workflow", received).await
}

/// `POST /webhooks/salesforce`: signed JSON.
pub(super) async fn salesforce(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Refused> {
    let raw = read(&app, "salesforce", MAX_JSON, request).await?;
    let received = app.salesforce.json_webhook(raw, app.clock.now());
    record(&app, "salesforce", received).await
}

/// `POST /webhooks/salesforce/outbound/{secret}`: a SOAP Outbound Message. Only the exact Ack counts as
/// received, and it speaks for all of its notifications.
pub(super) async fn salesforce_outbound(
    State(app): State<Arc<App>>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let raw = read(&app, "salesforce_outbound", MAX_BODY_BYTES, request).await?;
    let received = app.salesforce.outbound_message(raw, &secret);
    let status = record(&app, "salesforce_outbound", received).await?;
    Ok((status, [(header::CONTENT_TYPE, ACK_CONTENT_TYPE)], ACK).into_response())
}

/// Takes the raw bytes, and nothing but the raw bytes.
async fn read(app: &App, route: &'static str, limit: usize, request: Request) -> Result<RawWebhook, Refused> {
    let (parts, body) = request.into_parts();
    let body = match collect(body, limit).await {
        Ok(body) => body,
        Err(refused) => {
            app.metrics.webhook(route, if refused == Refused::TooLarge { "too_large" } else { "incomplete" });
            return Err(refused);
        }
    };
    let path_and_query = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
    Ok(RawWebhook::new(parts.method.as_str(), path_and_query, parts.headers, body))
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Refused> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refused::TooLarge),
        Err(_) => Err(Refused::Incomplete),
    }
}

/// Commits what a verified webhook says, and only then answers 200.
async fn record(
    app: &App,
    route: &'static str,
    received: Result<Received, Rejected>,
) -> Result<StatusCode, Refused> {
    let received = match received {
        Ok(received) => received,
        Err(Rejected::Unverified(refusal)) => {
            app.metrics.webhook(route, refusal.kind);
            tracing::warn!(route, kind = refusal.kind, detail = refusal.detail, "webhook refused");
            return Err(Refused::Unverified);
        }
        Err(Rejected::Unreadable) => {
            app.metrics.webhook(route, "unreadable");
            tracing::warn!(route, "webhook is verified, but its body cannot be read");
            return Err(Refused::Unreadable);
        }
    };
    for (reason, count) in &received.dropped {
        app.metrics.event(reason, *count);
    }
    let recorded = match app.store.record(received.events).await {
        Ok(recorded) => recorded,
        Err(error) => {
            app.metrics.webhook(route, "not_stored");
            tracing::error!(route, %error, "webhook is verified, but could not be stored");
            return Err(Refused::NotStored);
        }
    };
    app.metrics.webhook(route, "accepted");
    app.metrics.event("new", recorded.new as u64);
    app.metrics.event("repeated", recorded.repeated as u64);
    tracing::info!(
        route,
        verification = %received.verification,
        new = recorded.new,
        repeated = recorded.repeated,
        dropped = received.dropped.values().sum::<u64>(),
        "webhook recorded"
    );
    Ok(StatusCode::OK)
}
