//! Liveness, readiness, metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// What `/readyz` says; safe to show to anyone.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    store: &'static str,
    /// Accounts (or `slack`) that are paused, and why.
    paused: Vec<Paused>,
    /// Mapping files whose newest version was refused; the version before it runs on.
    refused_mappings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Paused {
    scope: String,
    reason: String,
    until: String,
}

/// `GET /readyz`: the store answers. A paused account or a refused mapping is told, but does not make the
/// service unready: webhooks are still taken.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let (store, paused) = match app.store.pauses().await {
        Ok(paused) => ("ok", paused),
        Err(_) => ("does not answer", Vec::new()),
    };
    let ready = store == "ok";
    let paused = paused
        .into_iter()
        .map(|pause| Paused { scope: pause.scope, reason: pause.reason, until: pause.until.to_string() })
        .collect();
    let refused_mappings = app.refused_mappings();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, store, paused, refused_mappings })).into_response()
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    app.measure_backlog().await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response()
}
