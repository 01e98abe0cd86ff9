//! How packets come out: completeness, gaps, rules, sellers. Each plot is a table whose bars repeat its numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use super::Failed;
use super::layout::{Tab, page, time};
use crate::http::HttpState;
use crate::http::access::{Caller, wants_page};
use crate::operations::tally::{self, BySeller, Decisions, Kind, Tally, Verdict, percent};
use crate::store::{Store, StoreError};
use handoff_core::packet::SectionName;

/// Spans that the page offers.
const SPANS: [(&str, &str); 4] = [("", "all"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")];

#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    /// Only packets of the last days: `30d`.
    #[serde(default)]
    since: String,
}

/// How long a tally is new. Counting a hundred thousand packets takes the store most of a second.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// How long an older one is still shown, while the next is counted behind it.
const SHOWN: SignedDuration = SignedDuration::from_hours(1);

/// The latest tally of each span.
#[derive(Default)]
pub(super) struct Tallies {
    known: Mutex<BTreeMap<Span, Counted>>,
    /// Callers that come together cause one count.
    counting: tokio::sync::Mutex<()>,
}

/// So many of the last days, or all.
type Span = Option<u32>;

#[derive(Clone)]
struct Counted {
    at: Timestamp,
    tally: Arc<Tally>,
}

impl Tallies {
    /// The latest tally; waits for one only where none was counted lately.
    async fn of(self: Arc<Self>, store: &Store, span: Span, now: Timestamp) -> Result<Counted, StoreError> {
        match self.known(span, now, SHOWN) {
            Some(counted) if now.duration_since(counted.at).abs() < FRESH => Ok(counted),
            Some(counted) => {
                let store = store.clone();
                tokio::spawn(async move {
                    if let Err(error) = self.counted(&store, span, now).await {
                        tracing::warn!(%error, "packets cannot be counted");
                    }
                });
                Ok(counted)
            }
            None => self.counted(store, span, now).await,
        }
    }

    async fn counted(&self, store: &Store, span: Span, now: Timestamp) -> Result<Counted, StoreError> {
        let _counting = self.counting.lock().await;
        if let Some(counted) = self.known(span, now, FRESH) {
            return Ok(counted);
        }
        let counted = Counted { at: now, tally: Arc::new(count(store, span, now).await?) };
        self.lock().insert(span, counted.clone());
        Ok(counted)
    }

    fn known(&self, span: Span, now: Timestamp, within: SignedDuration) -> Option<Counted> {
        let mut known = self.lock();
        known.retain(|_, counted| now.duration_since(counted.at).abs() < SHOWN);
        known.get(&span).filter(|counted| now.duration_since(counted.at).abs() < within).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Span, Counted>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn span_of(text: &str) -> Result<Span, Failed> {
    let unclear = || Failed(StatusCode::BAD_REQUEST, "write a number of days, such as 30d".to_owned());
    (!text.is_empty()).then(|| tally::days(text).ok_or_else(unclear)).transpose()
}

async fn count(store: &Store, span: Span, now: Timestamp) -> Result<Tally, StoreError> {
    let since = span.map(|days| tally::days_before(days, now));
    Ok(Tally::of(&store.stats(since.unwrap_or(Timestamp::MIN), now).await?, since))
}

/// `GET /stats`: what `handoff stats` counts, and for programs what its `--json` prints.
pub(super) async fn stats(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Extension(tallies): Extension<Arc<Tallies>>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let now = state.clock.now();
    let shown = async {
        let span = span_of(&which.since)?;
        if !wants_page(&headers) {
            return Ok(Json(count(&state.store, span, now).await?).into_response());
        }
        let counted = tallies.of(&state.store, span, now).await?;
        Ok(page(Tab::Stats, "Gaps and people", &caller, &draw(&counted, &which.since)).into_response())
    };
    shown.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Stats, &caller, &headers))
}

fn draw(Counted { at, tally }: &Counted, since: &str) -> Markup {
    html! {
        h1 { "Gaps and people" }
        nav.spans aria-label="Packets of the last" {
            @for (span, name) in SPANS {
                a href=(format!("/stats?since={span}")) aria-current=[(span == since).then_some("true")] { (name) }
            }
        }
        p.quiet { "Counted " (time(*at)) }
        @if tally.packets == 0 {
            p.quiet { "No packets. Each won deal adds one." }
        } @else {
            p.lead {
                (tally.packets) @if tally.packets == 1 { " packet, " } @else { " packets, " } (tally.complete_at_close) " complete at close ("
                (percent(tally.complete_at_close, tally.packets)) ")"
                @if let Some(hours) = tally.median_hours_to_complete {
                    "; the others were completed in " (hours) " hours (median)"
                }
            }
            div.plots {
                (weeks(tally))
                (later(tally))
                (open_gaps(tally))
                (kinds("Gaps by section", "Section", &tally.by_section))
                (kinds("Gaps by kind", "Kind", &tally.by_kind))
                (kinds("Gaps by field", "Field", &tally.by_field))
                (rules(&tally.rules))
                (decisions(&tally.decisions))
                (sellers(tally))
            }
            @if tally.refused_answers > 0 { p { "Answers that the CRM refused: " (tally.refused_answers) } }
        }
    }
}

/// A table, and a bar beside the numbers of each row: its label, its cells, and how long its bar is of how much.
fn plot(title: &str, heads: &[&str], rows: Vec<(String, Vec<String>, u64, u64)>) -> Markup {
    let id = title.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "-");
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            table.plot {
                thead {
                    tr {
                        @for head in heads { th scope="col" { (head) } }
                        td {}
                    }
                }
                tbody {
                    @for (label, cells, part, whole) in rows {
                        tr {
                            th scope="row" { (label) }
                            @for cell in cells { td { (cell) } }
                            td.bar { (bar(part, whole)) }
                        }
                    }
                }
            }
        }
    }
}

/// The numbers beside it say the same.
fn bar(part: u64, whole: u64) -> Markup {
    let permille = (part * 1000).checked_div(whole).unwrap_or(0).min(1000);
    html! {
        svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect width="1000" height="10" class="all" {}
            rect width=(permille) height="10" {}
        }
    }
}

fn weeks(tally: &Tally) -> Markup {
    let rows = tally.weeks.iter().map(|week| {
        let share = percent(week.complete, week.packets);
        let cells = vec![week.packets.to_string(), week.complete_at_close.to_string(), share];
        (week.from.to_string(), cells, week.complete, week.packets)
    });
    plot("Complete, week by week", &["Week of", "packets", "at close", "now"], rows.collect())
}

fn later(tally: &Tally) -> Markup {
    let rows = tally.complete_later.iter().map(|later| {
        let label = later.days.map_or("now".to_owned(), |days| format!("after {days} d"));
        let cells = vec![format!("{} of {}", later.complete, later.of), percent(later.complete, later.of)];
        (label, cells, later.complete, later.of)
    });
    plot("Time to complete", &["Complete", "packets", "share"], rows.collect())
}

fn open_gaps(tally: &Tally) -> Markup {
    let all = tally.open_gaps_by_age.iter().map(|open| open.gaps).sum();
    let rows = tally
        .open_gaps_by_age
        .iter()
        .map(|open| (tally::age(open.from_days).to_owned(), vec![open.gaps.to_string()], open.gaps, all));
    plot("Open gaps by age", &["Open for", "gaps"], rows.collect())
}

fn kinds(title: &str, head: &str, kinds: &[Kind]) -> Markup {
    let most = kinds.iter().map(|kind| kind.gaps).max().unwrap_or(0);
    let rows = kinds.iter().map(|kind| {
        let section: Result<SectionName, ()> = kind.name.parse();
        let label = section.map_or_else(|()| kind.name.clone(), |name| name.title().into_owned());
        (label, vec![kind.gaps.to_string(), kind.hints.to_string()], kind.gaps, most)
    });
    plot(title, &[head, "gaps", "hints"], rows.collect())
}

/// Only rules that somebody judged have a precision: without a dismissal nothing is known.
fn rules(rules: &[Verdict]) -> Markup {
    let rows = rules.iter().map(|rule| {
        let right = rule.raised.saturating_sub(rule.dismissed);
        let (precision, part) = match rule.dismissed {
            0 => ("not judged".to_owned(), 0),
            _ => (percent(right, rule.raised), right),
        };
        let cells = vec![rule.raised.to_string(), rule.dismissed.to_string(), precision];
        (rule.of.name().to_owned(), cells, part, rule.raised)
    });
    plot("Precision of rules", &["Rule", "raised", "dismissed", "right"], rows.collect())
}

fn decisions(decisions: &Decisions) -> Markup {
    let sent_back = decisions.sent_back.iter().map(|one| (format!("sent back: {}", one.reason), one.packets));
    let rows: Vec<(String, u64)> = [("accepted".to_owned(), decisions.accepted)]
        .into_iter()
        .chain(sent_back)
        .chain([
            ("review held".to_owned(), decisions.reviews_held),
            ("first value reached".to_owned(), decisions.first_value_reached),
            ("first value missed".to_owned(), decisions.first_value_missed),
        ])
        .filter(|(_, packets)| *packets > 0)
        .collect();
    let most = rows.iter().map(|(_, packets)| *packets).max().unwrap_or(0);
    let rows = rows.into_iter().map(|(what, packets)| (what, vec![packets.to_string()], packets, most));
    let rows: Vec<_> = rows.collect();
    html! { @if !rows.is_empty() { (plot("What customer success decided", &["Decision", "packets"], rows)) } }
}

/// Sellers with fewer than five deals stand together.
fn sellers(tally: &Tally) -> Markup {
    let rows = tally.sellers.iter().chain(&tally.others).map(|seller| {
        let BySeller { name, deals, packets, complete_at_close, gaps } = seller;
        let cells = [deals, packets, complete_at_close, gaps].map(ToString::to_string).into();
        (name.clone(), cells, *complete_at_close, *packets)
    });
    let heads = ["Seller", "deals", "packets", "complete at close", "gaps"];
    plot("Sellers, from five deals up", &heads, rows.collect())
}
