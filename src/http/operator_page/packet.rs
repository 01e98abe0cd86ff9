//! One packet: as its reader sees it, its gaps, its deliveries and the deeds on them.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::layout::{Tab, csrf, outward, page, time};
use super::{Failed, UNREADABLE, timeline};
use crate::http::HttpState;
use crate::http::access::{Caller, wants_page};
use crate::operations::{answer_text, delivery_status, history};
use crate::store::{DeliveryState, StoredAnswer, StoredDelivery, StoredPacket, StoredRecord};
use handoff_core::messages::outline::{Line, LineKind};
use handoff_core::packet::{Packet, SectionName, SectionStatus};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    /// Which deed was done: see [`super::deeds`].
    #[serde(default)]
    done: String,
}

/// `GET /packets/{id}`: the packet, or for programs what `handoff show --json` prints.
pub(super) async fn show(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(said): Query<Said>,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let missing = || Failed(StatusCode::NOT_FOUND, "there is no such packet".to_owned());
        let stored = state.store.packet(&id).await?.ok_or_else(missing)?;
        let (answers, acts) = state.store.decisions(&id).await?;
        let document = stored.document(&answers, &acts);
        if !wants_page(&headers) {
            return Ok(Json(document?).into_response());
        }
        let packet = document.and_then(|document| Ok((serde_json::from_str(&stored.packet)?, document)));
        let revisions = state.store.revisions(&id).await?;
        let steps = timeline::steps(&stored, &history(&revisions, &acts), &revisions, &answers);
        let shown = Shown { stored: &stored, caller: &caller };
        let body = html! {
            (shown.head(packet.as_ref().ok().map(|(packet, _)| packet), &said.done))
            @match &packet {
                Ok((packet, document)) => { (reading(packet)) (shown.gaps(packet, document)) }
                // What was sent can be looked after all the same.
                Err(_) => { p.notice role="alert" { (UNREADABLE) } }
            }
            (shown.deliveries(state.operations.slack_reads_back))
            (answered(&answers))
            (timeline::draw(&steps))
        };
        let status = if packet.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        let title = format!("Packet {}", stored.packet_id);
        Ok((status, page(Tab::Packets, &title, &caller, &body)).into_response())
    };
    shown.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Packets, &caller, &headers))
}

/// A packet and who looks at it.
struct Shown<'a> {
    stored: &'a StoredPacket,
    caller: &'a Caller,
}

impl Shown<'_> {
    fn head(&self, packet: Option<&Packet>, done: &str) -> Markup {
        let Self { stored, .. } = self;
        html! {
            p.crumb { a href="/packets" { "Packets" } " / " code { (stored.packet_id) } }
            h1 { (packet.map_or(stored.packet_id.as_str(), |packet| packet.deal.name.as_str())) }
            @if let Some(notice) = super::deeds::notice(done) { p.notice.good role="status" { (notice) } }
            p.quiet {
                "Won " (time(stored.won_at)) " · " (stored.deal)
                @if let Some(url) = packet.and_then(|packet| packet.deal.url.as_deref()) { " · " (outward(url, "the deal in its CRM")) }
                " · revision " (stored.revision)
            }
            p.quiet {
                @if let Some(packet) = packet {
                    "Made by " (packet.mapping.file.rsplit('/').next().unwrap_or_default()) " · "
                }
                @match stored.record {
                    StoredRecord::Kept(_) => { "the deal record is kept" },
                    StoredRecord::Deleted(at) => { "the deal record was deleted " (time(at)) },
                }
            }
            @if self.caller.may_act() {
                form.inline method="post" action=(self.deed("recheck")) {
                    (csrf(self.caller))
                    button { "Look at the deal again" }
                }
            }
        }
    }

    fn deed(&self, deed: &str) -> String {
        format!("/packets/{}/{deed}", self.stored.packet_id)
    }

    /// The gaps of a packet as JSON, where it says what became of each.
    fn gaps(&self, packet: &Packet, document: &Value) -> Markup {
        let gaps = document["gaps"].as_array().map_or(&[][..], Vec::as_slice);
        html! {
            section aria-labelledby="gaps" {
                h2 #gaps { "Gaps" }
                @if gaps.is_empty() { p.quiet { "Nothing is missing." } } @else {
                    table.list {
                        caption { "What the CRM could not fill, and who is asked" }
                        thead {
                            tr {
                                @for head in ["Section", "Question", "For", "State"] { th scope="col" { (head) } }
                            }
                        }
                        tbody { @for gap in gaps { (self.gap(packet, gap)) } }
                    }
                }
            }
        }
    }

    fn gap(&self, packet: &Packet, gap: &Value) -> Markup {
        let text = |key: &str| gap[key].as_str().unwrap_or_default();
        let (section, id) = (text("section"), text("id"));
        let title = section.parse().map_or(section.into(), |name: SectionName| packet.title(name));
        html! {
            tr {
                th scope="row" { (title) span.sub { code { (id) } } }
                td data-label="Question" {
                    (text("question"))
                    details { summary { "Evidence" } (text("evidence")) }
                }
                td data-label="For" { (text("for")) }
                td data-label="State" {
                    (text("state")) @if text("severity") == "hint" { ", a hint" }
                    @if let Some(reason) = gap["dismissed"]["reason"].as_str() {
                        span.sub { "dismissed: " (reason) }
                    }
                    @if self.caller.may_act() { (self.dismissal(section, id, gap["dismissed"].is_object())) }
                }
            }
        }
    }

    /// The form that says that a gap is none, or takes that back.
    fn dismissal(&self, section: &str, id: &str, is_dismissed: bool) -> Markup {
        let input = format!("reason.{section}.{id}");
        html! {
            details {
                summary { @if is_dismissed { "Dismissed" } @else { "Dismiss" } }
                form method="post" action=(self.deed("dismiss")) {
                    (csrf(self.caller))
                    input type="hidden" name="section" value=(section);
                    input type="hidden" name="gap" value=(id);
                    label for=(input) { "Why it is none" }
                    input id=(input) name="reason" maxlength="500" autocomplete="off";
                    button name="undo" value="" { "Dismiss" }
                    @if is_dismissed { " " button name="undo" value="1" { "Take it back" } }
                }
            }
        }
    }

    fn deliveries(&self, looks_back: bool) -> Markup {
        html! {
            section aria-labelledby="deliveries" {
                h2 #deliveries { "Deliveries" }
                ul.deliveries {
                    @for one in &self.stored.deliveries { li { (self.delivery(one, looks_back)) } }
                }
            }
        }
    }

    fn delivery(&self, one: &StoredDelivery, looks_back: bool) -> Markup {
        let is_stuck = matches!(one.state, DeliveryState::Dead | DeliveryState::Held);
        let can_be_settled = is_stuck || one.state == DeliveryState::Unknown;
        html! {
            p {
                strong { (delivery_status::name(one)) } ": "
                span.state data-bad[is_stuck] { (delivery_status::state(one.state)) }
                @if let Some(url) = &one.url { " · " (outward(url, "open it")) }
                @if let Some(next) = one.next_at { " · next at " (time(next)) }
            }
            @if let Some(advice) = delivery_status::advice(&self.stored.packet_id, one, looks_back) {
                p.quiet { (advice) }
            }
            @if is_stuck && self.caller.may_act() {
                form.inline method="post" action=(self.deed("replay")) {
                    (csrf(self.caller))
                    button name="destination" value=(one.destination) { "Send it again" }
                }
            }
            @if can_be_settled && self.caller.may_act() { (self.settlement(one)) }
        }
    }

    /// The form that decides whether a delivery is there.
    fn settlement(&self, one: &StoredDelivery) -> Markup {
        let [url, id] = ["url", "id"].map(|field| format!("{field}.{}", one.destination));
        html! {
            details {
                summary { "I have looked" }
                form method="post" action=(self.deed("settle")) {
                    (csrf(self.caller))
                    input type="hidden" name="destination" value=(one.destination);
                    label for=(url) { "Its address, if it is there" }
                    input id=(url) name="url" type="url" autocomplete="off";
                    label for=(id) { "Its id, if you know it" }
                    input id=(id) name="id" autocomplete="off";
                    button name="seen" value="done" { "It is there" } " "
                    button name="seen" value="not_done" { "It is not there: send it again" }
                }
            }
        }
    }
}

/// The texts of `handoff show`, with the field of each line on demand. Gaps have a table of their own.
fn reading(packet: &Packet) -> Markup {
    let lines = packet.outline();
    let is_gap = |line: &Line| matches!(line.kind, LineKind::Gap | LineKind::Evidence);
    let of_gaps = |pair: &[Line]| pair[0].kind == LineKind::Title && is_gap(&pair[1]);
    let titles_gaps = lines.windows(2).position(of_gaps);
    let lines: Vec<&Line> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| Some(*at) != titles_gaps && !is_gap(line))
        .map(|(_, line)| line)
        .collect();
    html! {
        section.reading aria-labelledby="reading" {
            h2 #reading { "As its reader sees it" }
            @for line in lines { (read(line)) }
        }
    }
}

fn read(line: &Line) -> Markup {
    let provenance = html! {
        @if let Some(source) = &line.source { details.source { summary { "source" } code { (source) } } }
    };
    html! {
        @match line.kind {
            LineKind::Head => p.lead { (line.text) },
            LineKind::Section(status) => h3 data-status=(name_of(status)) {
                (line.text) " " span.state { (name_of(status)) }
            },
            LineKind::Title => h3 { (line.text) },
            LineKind::Point => p.entry { strong { (line.text) } },
            _ => div.entry { p { (line.text) } (provenance) },
        }
    }
}

fn name_of(status: SectionStatus) -> &'static str {
    match status {
        SectionStatus::Filled => "filled",
        SectionStatus::Weak => "weak",
        SectionStatus::Missing => "missing",
    }
}

fn answered(answers: &[StoredAnswer]) -> Markup {
    html! {
        @if !answers.is_empty() {
            section aria-labelledby="answers" {
                h2 #answers { "Answers" }
                ul {
                    @for StoredAnswer { answer, state, detail, .. } in answers {
                        li {
                            p.entry { (answer_text(&answer.given)) }
                            p.quiet {
                                (answer.topic) " · " (answer.by.name) " · " (time(answer.by.at)) " · "
                                @match &answer.target {
                                    Some(target) => { (state.as_str()) ": " (target) },
                                    None => { "not in the CRM" },
                                }
                                @if let Some(detail) = detail { " (" (detail) ")" }
                            }
                        }
                    }
                }
            }
        }
    }
}
