//! Liveness, readiness, metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::store::{Backlog, Pause, StoreError};

/// How long the store has to answer; whoever asks gives up soon after.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz` for everybody: whether webhooks are taken, and not a word more.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match look(&app).await {
        Some(_) => (StatusCode::OK, "ready\n"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

/// What `/readyz` says to operators.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    store: &'static str,
    /// Deals that are to be looked at.
    deals_waiting: u64,
    /// Deliveries that are to be made, dead ones not counted.
    deliveries_waiting: u64,
    /// Seconds since the oldest packet was made that is not delivered everywhere; 0 if there is none.
    oldest_undelivered_seconds: i64,
    /// Accounts (or `slack`) that are paused, and why.
    paused: Vec<Paused>,
    /// Mapping files whose newest version was refused; the version before it runs on.
    refused_mappings: Vec<RefusedMapping>,
}

/// Says where to look, and nothing that stands in the file: `handoff check` and the log tell the rest.
#[derive(Debug, Serialize)]
struct RefusedMapping {
    file: String,
    running: String,
    refused: String,
    accounts: Vec<String>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Paused {
    scope: String,
    reason: String,
    until: String,
}

/// `GET /readyz` for operators: the store answers, and what waits. A paused account, a refused mapping or a
/// backlog is told, but does not make the service unready: webhooks are still taken.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let seen = look(&app).await;
    let ready = seen.is_some();
    let (backlog, paused) = seen.unwrap_or_default();
    let now = app.clock.now();
    let readiness = Readiness {
        ready,
        store: if ready { "ok" } else { "does not answer" },
        deals_waiting: backlog.deals_waiting,
        deliveries_waiting: backlog.deliveries_waiting(),
        oldest_undelivered_seconds: backlog
            .oldest_undelivered
            .map_or(0, |oldest| now.duration_since(oldest).as_secs()),
        paused: paused
            .into_iter()
            .map(|pause| Paused { scope: pause.scope, reason: pause.reason, until: pause.until.to_string() })
            .collect(),
        refused_mappings: refused_mappings(&app),
    };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// What the store says, if it says it in time.
async fn look(app: &App) -> Option<(Backlog, Vec<Pause>)> {
    let look = async { Ok::<_, StoreError>((app.store.backlog().await?, app.store.pauses().await?)) };
    tokio::time::timeout(PATIENCE, look).await.ok()?.ok()
}

fn refused_mappings(app: &App) -> Vec<RefusedMapping> {
    let refused = app.refused_mappings().into_iter();
    refused
        .map(|(live, refusal, accounts)| RefusedMapping {
            file: live.path().display().to_string(),
            running: live.current().version.clone(),
            refused: refusal.version,
            accounts,
            problems: refusal.places,
        })
        .collect()
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    app.measure_backlog().await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response()
}
