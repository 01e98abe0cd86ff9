//! What came in, how its sender was proved, what was refused and why; and what keeps work from being done.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use maud::{Markup, html};
use serde::Deserialize;

use super::Failed;
use super::layout::{Tab, page, time};
use super::list::paused;
use crate::http::HttpState;
use crate::http::access::{Caller, wants_page};
use crate::operations::inputs;
use crate::store::{Backlog, DeliveryState, EventRow, Pause, StoreError};

/// Events in one answer, at most.
const MOST: u32 = 1000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    limit: Option<u32>,
}

/// `GET /events`: the inputs, or for programs what `handoff events --json` prints.
pub(super) async fn inputs_page(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let limit = which.limit.unwrap_or(50).clamp(1, MOST);
    let shown = async {
        let events = inputs(&state.store, limit).await?;
        if !wants_page(&headers) {
            return Ok(Json(events).into_response());
        }
        let standing = Standing::read(&state).await?;
        let body = html! {
            h1 { "Inputs" }
            (standing.draw(&state))
            (came_in(&events, limit))
        };
        Ok(page(Tab::Inputs, "Inputs", &caller, &body).into_response())
    };
    shown.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Inputs, &caller, &headers))
}

/// What `/readyz` and `/metrics` say, for people.
struct Standing {
    pauses: Vec<Pause>,
    backlog: Backlog,
    /// Clicks to apply, and those that were given up.
    clicks: (u64, u64),
    /// Open packets whose deals are looked at again.
    followed: u64,
}

impl Standing {
    async fn read(HttpState { store, clock, .. }: &HttpState) -> Result<Self, StoreError> {
        Ok(Self {
            pauses: store.pauses().await?,
            backlog: store.backlog().await?,
            clicks: store.open_clicks().await?,
            followed: store.followed_by_age(clock.now()).await?.iter().map(|(_, packets)| packets).sum(),
        })
    }

    fn draw(&self, state: &HttpState) -> Markup {
        let Self { pauses, backlog, clicks, followed } = self;
        let refused = (state.refused_mappings)();
        let facts = [
            ("Deals to look at", backlog.deals_waiting),
            ("Deals given up", backlog.deals_dead),
            ("Deliveries to make", backlog.deliveries_waiting()),
            ("Deliveries given up", backlog.deliveries_in(DeliveryState::Dead)),
            ("Deliveries held", backlog.deliveries_in(DeliveryState::Held)),
            ("Clicks to apply", clicks.0),
            ("Clicks given up", clicks.1),
            ("Open packets that are followed", *followed),
        ];
        html! {
            section aria-labelledby="standing" {
                h2 #standing { "How things stand" }
                (paused(pauses))
                @for one in &refused {
                    p.notice {
                        strong { "The newest version of " (one.file) " does not run" } ": the one before it makes the packets of "
                        (one.accounts.join(", ")) "; see " (one.problems.join(", "))
                    }
                }
                dl {
                    @for (name, count) in facts { div { dt { (name) } dd { (count) } } }
                    @if let Some(oldest) = backlog.oldest_deal {
                        div { dt { "Oldest deal to look at" } dd { (time(oldest)) } }
                    }
                    @if let Some(oldest) = backlog.oldest_undelivered {
                        div { dt { "Oldest packet not delivered everywhere" } dd { (time(oldest)) } }
                    }
                    @if let Some(sockets) = &state.sockets { div { dt { "Sockets to Slack" } dd { (sockets.describe()) } } }
                    div { dt { "Writes that wait for the store" } dd { (state.store.queued()) } }
                    @for (name, budget) in &state.budgets { div { dt { (name) } dd { (budget) } } }
                }
            }
        }
    }
}

fn came_in(events: &[EventRow], limit: u32) -> Markup {
    let is_full = u32::try_from(events.len()).is_ok_and(|count| count >= limit) && limit < MOST;
    html! {
        section aria-labelledby="events" {
            h2 #events { "What came in" }
            @if events.is_empty() { p.quiet { "Nothing yet." } } @else {
                table.list {
                    caption { "The latest first; refused webhooks of one day and for one reason together" }
                    thead {
                        tr {
                            @for head in ["When", "Deal", "Kind", "Sender proved by", "What became of it"] {
                                th scope="col" { (head) }
                            }
                        }
                    }
                    tbody {
                        @for event in events {
                            tr {
                                th scope="row" { (time(event.received_at)) }
                                td data-label="Deal" { (event.deal) span.sub { (event.provider_id) } }
                                td data-label="Kind" { span.state data-bad[event.kind == "refused"] { (event.kind) } }
                                td data-label="Sender proved by" { (event.verification) }
                                td data-label="What became of it" { (event.outcome) }
                            }
                        }
                    }
                }
            }
            @if is_full { p.more { a href=(format!("/events?limit={}", MOST.min(limit * 4))) { "More of them" } } }
        }
    }
}
