//! The page over HTTP: one document, its style and script, a stream that says when something changed, and forms.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream};

use super::form::Form;
use super::place::Place;
use super::{Playground, layout, shelf, story};
use crate::clock::delay;

/// How long changes are gathered before a page is told.
const GATHER: Duration = Duration::from_millis(120);

/// Nothing but what this server itself serves; no script and no style in the document.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Shared = Arc<Playground>;

/// Every route.
pub(super) fn router(playground: Shared) -> Router {
    Router::new()
        .route("/", get(page))
        .route(
            "/page.css",
            get(async || asset("text/css; charset=utf-8", include_str!("../../assets/page.css"))),
        )
        .route("/page.js", get(async || asset("text/javascript", include_str!("../../assets/page.js"))))
        .route("/icon.svg", get(async || asset("image/svg+xml", include_str!("../../assets/icon.svg"))))
        .route("/events", get(events))
        .route("/act/{what}", post(act))
        .layer(middleware::from_fn(guard))
        .with_state(playground)
}

/// Lets only this page's own requests in: another site's page could send a form here, or bind a name to loopback.
async fn guard(request: Request, next: Next) -> Response {
    if !is_own(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let is_loopback = host.starts_with("127.0.0.1:") || host.starts_with("localhost:");
    is_loopback && text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type)], text)
}

async fn page(State(playground): State<Shared>, RawQuery(query): RawQuery) -> Html<String> {
    let place = Place::parse(&Form::parse(&query.unwrap_or_default()), &playground);
    Html(layout::document(&playground, &place).into_string())
}

async fn act(State(playground): State<Shared>, Path(what): Path<String>, body: String) -> Redirect {
    let form = Form::parse(&body);
    let mut place = Place::parse(&form, &playground);
    if what == "story" {
        place = shelf::sheet(&playground, shelf::HALF_EMPTY)
            .map_or(place, |deal| shelf::place_of(&playground, &deal));
        if playground.board().story.begin() {
            tokio::spawn(story::play(Arc::clone(&playground)));
        }
    } else {
        let done = playground.act(&what, &form, &place).await;
        let person = place.person.clone();
        playground.note(|board| match done {
            Ok(()) => drop(board.notices.remove(&person)),
            Err(why) => drop(board.notices.insert(person, why)),
        });
    }
    Redirect::to(&place.href())
}

/// Says `changed` when a platform or the page's own state changed.
async fn events(State(playground): State<Shared>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receivers = (
        playground.hubspot.changes(),
        playground.salesforce.changes(),
        playground.slack.changes(),
        playground.changed.subscribe(),
    );
    let stream = stream::unfold(receivers, |(mut hubspot, mut salesforce, mut slack, mut own)| async {
        let changed = tokio::select! {
            changed = hubspot.changed() => changed,
            changed = salesforce.changed() => changed,
            changed = slack.changed() => changed,
            changed = own.changed() => changed,
        };
        changed.ok()?;
        delay(GATHER).await;
        for receiver in [&mut hubspot, &mut salesforce, &mut slack, &mut own] {
            receiver.mark_unchanged();
        }
        Some((Ok(Event::default().data("changed")), (hubspot, salesforce, slack, own)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
