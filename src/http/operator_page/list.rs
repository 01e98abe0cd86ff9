//! Packets: what was handed over, and what still needs work.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::Failed;
use super::layout::{Tab, age, csrf, page, time};
use crate::http::HttpState;
use crate::http::access::{Caller, wants_page};
use crate::operations::delivery_status;
use crate::store::{
    DealRow, DealState, DeliveryState, PacketRow, Pause, WinCursor, WinFilter, WinPage, WinRow,
};
use handoff_core::messages;
use handoff_core::packet::PacketStatus;

/// Wins in one answer, at most.
const MOST: usize = 1000;

/// Wins on one page.
const PAGE: usize = 50;

/// The query of `GET /packets`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    /// At most this many; in JSON, of those that are done.
    limit: Option<usize>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    account: String,
    /// See [`WinFilter::about`].
    #[serde(default)]
    q: String,
    /// The place in the list that the page before ended at.
    #[serde(default)]
    after: String,
}

impl Which {
    fn filter(&self) -> Result<WinFilter, Failed> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter =
            WinFilter { state: given(&self.state), account: given(&self.account), about: given(&self.q) };
        match &filter.state {
            Some(state) if !WinFilter::STATES.contains(&state.as_str()) => {
                Err(Failed(StatusCode::BAD_REQUEST, "there is no such state".to_owned()))
            }
            _ => Ok(filter),
        }
    }

    /// The address of the same list behind a place.
    fn behind(&self, place: &WinCursor) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("state", &self.state), ("account", &self.account), ("q", &self.q)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("after", &place.to_string());
        format!("/packets?{}", query.finish())
    }
}

/// `GET /packets`: a page of the list, or for programs what `handoff list --json` prints.
pub(super) async fn list(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let filter = which.filter()?;
        let pauses = state.store.pauses().await?;
        if wants_page(&headers) {
            let after = which.after.parse().ok();
            let limit = which.limit.unwrap_or(PAGE).clamp(1, MOST);
            let wins = state.store.win_page(&filter, after.as_ref(), limit).await?;
            let body = draw(&which, &state.account_keys, &wins, &pauses, &caller, state.clock.now());
            return Ok(page(Tab::Packets, "Packets", &caller, &body).into_response());
        }
        let wins = state.store.wins(which.limit.unwrap_or(PAGE).min(MOST), &filter).await?;
        Ok(Json(json!({ "wins": wins, "paused": pauses })).into_response())
    };
    shown.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Packets, &caller, &headers))
}

fn draw(
    which: &Which,
    accounts: &[String],
    page: &WinPage,
    pauses: &[Pause],
    caller: &Caller,
    now: Timestamp,
) -> Markup {
    html! {
        h1 { "Packets" }
        (paused(pauses))
        form.filters method="get" action="/packets" role="search" {
            div {
                label for="q" { "Customer, deal or packet" }
                input id="q" name="q" type="search" value=(which.q) autocomplete="off";
            }
            div {
                label for="state" { "State" }
                select id="state" name="state" {
                    option value="" { "any" }
                    @for state in WinFilter::STATES {
                        option value=(state) selected[state == which.state] { (state) }
                    }
                }
            }
            div {
                label for="account" { "Account" }
                select id="account" name="account" {
                    option value="" { "any" }
                    @for account in accounts {
                        option value=(account) selected[*account == which.account] { (account) }
                    }
                }
            }
            button { "Show" }
        }
        @if page.wins.is_empty() {
            p.quiet { "Nothing here. Each won deal adds a packet." }
        } @else {
            table.list {
                caption { "Open and stuck first, then the newest" }
                thead {
                    tr {
                        @for head in ["Deal", "Account", "Takes over", "Filled", "Asked", "Age", "State"] {
                            th scope="col" { (head) }
                        }
                    }
                }
                tbody {
                    @for win in &page.wins {
                        @match win {
                            WinRow::Deal(deal) => { (deal_row(deal, caller, now)) },
                            WinRow::Packet(packet) => { (packet_row(packet, now)) },
                        }
                    }
                }
            }
        }
        @if let Some(next) = &page.next {
            p.more { a href=(which.behind(next)) rel="next" { "Further packets" } }
        }
    }
}

/// What is not called at the moment, and why.
pub(super) fn paused(pauses: &[Pause]) -> Markup {
    html! {
        @for pause in pauses {
            p.notice { strong { (pause.scope) " is paused" } " until " (time(pause.until)) ": " (pause.reason) }
        }
    }
}

fn deal_row(deal: &DealRow, caller: &Caller, now: Timestamp) -> Markup {
    let is_dead = deal.state == DealState::Dead;
    let (account, id) = deal.deal.rsplit_once(':').unwrap_or_default();
    html! {
        tr {
            th scope="row" { "Deal " (id) span.sub { "no packet yet" } }
            td data-label="Account" { (account) }
            td data-label="Takes over" { "–" }
            td data-label="Filled" { "–" }
            td data-label="Asked" { "–" }
            td data-label="Age" { (age(deal.heard_at, now)) }
            td data-label="State" {
                span.state data-bad[is_dead] { (deal.state.as_str()) } " after " (deal.tries) " tries"
                @if let Some(error) = &deal.error { span.sub { (error) } }
                @if is_dead && caller.may_act() {
                    form method="post" action="/deals/replay" {
                        (csrf(caller))
                        input type="hidden" name="deal" value=(deal.deal);
                        button { "Look at it again" }
                    }
                }
            }
        }
    }
}

fn packet_row(packet: &PacketRow, now: Timestamp) -> Markup {
    let account = packet.deal.rsplit_once(':').unwrap_or_default().0;
    let summary = packet.summary.as_ref();
    let name = summary.map_or(packet.packet_id.as_str(), |summary| summary.name.as_str());
    let amount = summary.and_then(|summary| {
        Some(messages::headline::amount(summary.amount.as_deref()?, summary.currency.as_deref()))
    });
    let about: Vec<String> =
        summary.and_then(|summary| summary.customer.clone()).into_iter().chain(amount).collect();
    html! {
        tr {
            th scope="row" {
                a href=(format!("/packets/{}", packet.packet_id)) { (name) }
                span.sub { (about.join(" · ")) }
            }
            td data-label="Account" { (account) }
            @if let Some(summary) = summary {
                td data-label="Takes over" { (summary.owner.as_deref().unwrap_or("not known yet")) }
                td data-label="Filled" {
                    (summary.filled) " of " (summary.required)
                    @if summary.status == PacketStatus::Complete { span.sub { "complete" } }
                }
                td data-label="Asked" {
                    @if summary.asked.is_empty() { "–" } @else { (summary.asked.join(", ")) }
                }
            } @else {
                td colspan="3" { "cannot be read by this version" }
            }
            td data-label="Age" { (age(packet.won_at, now)) }
            td data-label="State" { (states(packet)) }
        }
    }
}

/// What is not done, or that everything is.
fn states(packet: &PacketRow) -> Markup {
    let open = packet.deliveries.iter().filter(|one| one.state != DeliveryState::Done);
    let open: Vec<_> = open.collect();
    html! {
        @if open.is_empty() { span.state data-good { "delivered" } }
        @for one in open {
            @let is_bad = matches!(one.state, DeliveryState::Dead | DeliveryState::Held);
            span.state data-bad[is_bad] { (one.destination) " " (delivery_status::state(one.state)) } " "
        }
    }
}
