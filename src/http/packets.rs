//! Packets for operators: what `handoff list --json` and `handoff show --json` print.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::HttpState;
use crate::store::WinFilter;

/// Wins in one answer, at most.
const MOST: usize = 1000;

/// The query of `GET /packets`.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    /// At most this many of those that are done.
    #[serde(default = "fifty")]
    limit: usize,
}

fn fifty() -> usize {
    50
}

/// `GET /packets?limit=50`: wins with their state and the work that is left.
pub(super) async fn list(
    State(state): State<Arc<HttpState>>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, StatusCode> {
    let wins = state.store.wins(which.limit.min(MOST), &WinFilter::default()).await.map_err(not_read)?;
    let pauses = state.store.pauses().await.map_err(not_read)?;
    Ok(Json(json!({ "wins": wins, "paused": pauses })))
}

/// `GET /packets/{id}`: one packet with its deliveries and every attempt.
pub(super) async fn show(
    State(state): State<Arc<HttpState>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    let stored = state.store.packet(&id).await.map_err(not_read)?.ok_or(StatusCode::NOT_FOUND)?;
    let (answers, acts) = state.store.decisions(&id).await.map_err(not_read)?;
    stored.document(&answers, &acts).map(Json).map_err(|error| {
        tracing::error!(packet = stored.packet_id, %error, "a stored packet cannot be read");
        StatusCode::INTERNAL_SERVER_ERROR
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_read(error: crate::store::StoreError) -> StatusCode {
    tracing::warn!(%error, "packets cannot be read");
    StatusCode::SERVICE_UNAVAILABLE
}
