//! What is stuck, by cause.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use maud::{Markup, html};
use serde::Deserialize;

use super::Failed;
use super::layout::{Tab, csrf, page};
use crate::http::HttpState;
use crate::http::access::{Caller, wants_page};
use crate::operations::stuck::StuckGroup;

/// Packets of a group that are listed.
const LISTED: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    done: String,
}

/// `GET /stuck`.
pub(super) async fn stuck(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Query(said): Query<Said>,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let groups = state.operations.stuck().await?;
        if !wants_page(&headers) {
            return Ok(Json(groups).into_response());
        }
        Ok(page(Tab::Stuck, "Stuck", &caller, &draw(&groups, &said.done, &caller)).into_response())
    };
    shown.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Stuck, &caller, &headers))
}

fn draw(groups: &[StuckGroup], done: &str, caller: &Caller) -> Markup {
    html! {
        h1 { "Stuck" }
        @if let Some(notice) = super::deeds::notice(done) { p.notice.good role="status" { (notice) } }
        @if groups.is_empty() {
            p.quiet { "Nothing is dead, held or refused." }
        } @else {
            p { "These go on only when a person decides. Mend the cause first, then try everything again that it stopped." }
        }
        @for group in groups {
            section.group aria-labelledby=(group.group) {
                h2 id=(group.group) { (group.ids.len()) " × " (group.what) " " (group.state) }
                p { (group.cause) }
                @if !group.scope.is_empty() { p.quiet { (group.scope) } }
                @if caller.may_act() && group.can_be_replayed() {
                    form method="post" action="/stuck/replay" {
                        (csrf(caller))
                        button name="group" value=(group.group) {
                            @if group.what == "deal" { "Look at all of them again" } @else { "Send all of them again" }
                        }
                    }
                    @if group.state == "held" {
                        p.quiet {
                            "They may be there. Where that can be looked up it is; where it cannot, as with an incoming \
                             webhook, they are sent once more: look there, and settle them one by one."
                        }
                    }
                }
                details {
                    summary { "Which" }
                    ul {
                        @for id in group.ids.iter().take(LISTED) {
                            li { @if id.starts_with("pkt_") { a href=(format!("/packets/{id}")) { (id) } } @else { (id) } }
                        }
                        @if group.ids.len() > LISTED { li { "and " (group.ids.len() - LISTED) " more" } }
                    }
                }
            }
        }
    }
}
