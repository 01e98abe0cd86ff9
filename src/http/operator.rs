//! Liveness, readiness, metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Mutex;

use super::HttpState;
use crate::clock::Clock;
use crate::metrics::{AgeLabels, BacklogLabels, Metrics, PauseLabels};
use crate::store::{DeliveryState, Store, StoreError};

/// How long the store has to answer; a probe gives up soon after.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long its answer holds: everybody may ask for readiness, as often as they like.
const FRESH: Duration = Duration::from_secs(1);

/// Whether the store took a write when it was asked last. Callers that come together cause one question.
#[derive(Default)]
pub struct StoreProbe(Mutex<Option<(Instant, bool)>>);

impl StoreProbe {
    async fn ask(&self, store: &Store) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, up)) = *last
            && at.elapsed() < FRESH
        {
            return up;
        }
        let answer = tokio::time::timeout(PATIENCE, store.ping()).await;
        let up = matches!(answer, Ok(Ok(())));
        if !up && last.is_none_or(|(_, up)| up) {
            let error = answer.map_or("no answer in time".to_owned(), |answer| format!("{answer:?}"));
            tracing::error!(error, "the store takes no writes; webhooks are refused until it does");
        }
        *last = Some((Clock::stopwatch(), up));
        up
    }
}

/// `GET /` on the public listener: what is served there.
pub(super) async fn public_index(State(state): State<Arc<HttpState>>) -> String {
    let paths = state.webhooks.iter().map(|webhook| webhook.path);
    let paths = paths.chain(state.clicks.iter().map(|_| super::clicks::PATH));
    let webhooks: Vec<String> = paths.map(|path| format!("POST {path}\n")).collect();
    let webhooks = webhooks.concat();
    format!("Handoff Bridge takes webhooks here:\n{webhooks}GET /healthz\nGET /readyz\n")
}

/// `GET /` for operators, said to programs: what is served there.
pub(super) const INDEX: &str = "Handoff Bridge, for operators:\n\
     GET /packets         wins, and what became of them\n\
     GET /packets/{id}    one packet, with every attempt\n\
     GET /stuck           what goes on only when a person decides, by cause\n\
     GET /stats           how packets come out\n\
     GET /events          what came in, and what was refused\n\
     GET /metrics         for Prometheus\n\
     GET /readyz          whether webhooks are taken, and what waits\n\
     GET /healthz         whether the process answers\n\
     A browser gets these as pages, everything else as JSON.\n";

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz` on the public listener: whether webhooks are taken, and not a word more.
pub(super) async fn ready(State(state): State<Arc<HttpState>>) -> (StatusCode, &'static str) {
    if state.probe.ask(&state.store).await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
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
    /// Deals and deliveries that were given up, and deliveries that may be there or not: a person has to act.
    deals_dead: u64,
    deliveries_dead: u64,
    deliveries_held: u64,
    /// Seconds since the oldest packet was made that is not delivered everywhere; 0 if there is none.
    oldest_undelivered_seconds: i64,
    /// Accounts (or `slack`) that are paused, and why.
    paused: Vec<Paused>,
    /// Sockets to Slack: how many are open, or why none is; absent where clicks do not come over sockets.
    #[serde(skip_serializing_if = "Option::is_none")]
    slack_sockets: Option<String>,
    /// Mapping files whose newest version was refused; the version before it runs on.
    refused_mappings: Vec<RefusedMapping>,
}

/// Says where to look, and nothing that stands in the file: `handoff check` and the log tell the rest.
#[derive(Debug, Serialize)]
pub struct RefusedMapping {
    pub file: String,
    /// The version that runs on.
    pub running: String,
    /// The version that does not, or why the file cannot be read.
    pub refused: String,
    /// Whose packets the file makes.
    pub accounts: Vec<String>,
    /// Where the first mistakes are.
    pub problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Paused {
    scope: String,
    reason: String,
    until: String,
}

/// `GET /readyz` for operators: whether the store takes writes, and what waits. A paused account, a refused mapping or a
/// backlog is told, but does not make the service unready: webhooks are still taken.
pub(super) async fn readyz(State(state): State<Arc<HttpState>>) -> Response {
    let ready = state.probe.ask(&state.store).await;
    let read = async { Ok::<_, StoreError>((state.store.backlog().await?, state.store.pauses().await?)) };
    let read = tokio::time::timeout(PATIENCE, read).await.ok().and_then(Result::ok);
    let store = match (ready, &read) {
        (true, Some(_)) => "ok",
        (false, Some(_)) => "takes no writes",
        (_, None) => "does not answer",
    };
    let (backlog, paused) = read.unwrap_or_default();
    let now = state.clock.now();
    let readiness = Readiness {
        ready,
        store,
        deals_waiting: backlog.deals_waiting,
        deliveries_waiting: backlog.deliveries_waiting(),
        deals_dead: backlog.deals_dead,
        deliveries_dead: backlog.deliveries_in(DeliveryState::Dead),
        deliveries_held: backlog.deliveries_in(DeliveryState::Held),
        oldest_undelivered_seconds: backlog
            .oldest_undelivered
            .map_or(0, |oldest| now.duration_since(oldest).as_secs()),
        paused: paused
            .into_iter()
            .map(|pause| Paused { scope: pause.scope, reason: pause.reason, until: pause.until.to_string() })
            .collect(),
        slack_sockets: state.sockets.as_ref().map(|sockets| sockets.describe()),
        refused_mappings: (state.refused_mappings)(),
    };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// `GET /metrics`.
pub(super) async fn metrics(State(state): State<Arc<HttpState>>) -> Response {
    measure(&state).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], state.metrics.render()).into_response()
}

/// Brings the gauges up to date that the store knows.
async fn measure(state: &HttpState) {
    let HttpState { store, metrics, .. } = state;
    metrics.store_up.set(state.probe.ask(store).await.into());
    match store.backlog().await {
        Ok(backlog) => {
            metrics.backlog.clear();
            set_backlog(metrics, "deal", "waiting", backlog.deals_waiting);
            set_backlog(metrics, "deal", "dead", backlog.deals_dead);
            for (destination, status, count) in backlog.deliveries {
                set_backlog(metrics, destination.as_str(), status.as_str(), count);
            }
            if let Ok((waiting, dead)) = store.open_clicks().await {
                set_backlog(metrics, "click", "waiting", waiting);
                set_backlog(metrics, "click", "dead", dead);
            }
            let now = state.clock.now();
            for (days, packets) in store.followed_by_age(now).await.unwrap_or_default() {
                let packets = i64::try_from(packets).unwrap_or(i64::MAX);
                metrics.open_packets.get_or_create(&AgeLabels { days: days.to_string() }).set(packets);
            }
            let age = |oldest: Option<Timestamp>| {
                oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0))
            };
            metrics.oldest_undelivered_seconds.set(age(backlog.oldest_undelivered));
            metrics.oldest_waiting_deal_seconds.set(age(backlog.oldest_deal));
        }
        Err(error) => tracing::warn!(%error, "the backlog cannot be measured"),
    }
    metrics.set_store_commits(store.commits());
    metrics.store_queue.set(i64::try_from(store.queued()).unwrap_or(i64::MAX));
    if let Ok(pauses) = store.pauses().await {
        metrics.paused.clear();
        for pause in pauses {
            metrics.paused.get_or_create(&PauseLabels { scope: pause.scope }).set(1);
        }
    }
}

fn set_backlog(metrics: &Metrics, kind: &'static str, state: &'static str, count: u64) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    metrics.backlog.get_or_create(&BacklogLabels { kind, state }).set(count);
}
