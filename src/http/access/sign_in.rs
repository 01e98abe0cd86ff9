//! The page that asks for the token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::{Access, not_ours, own_page, read, unauthorised, wants_page};
use crate::http::HttpState;
use crate::http::operator_page::layout;

#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    /// Where to go then.
    next: Option<String>,
    /// The token was wrong.
    refused: Option<String>,
}

/// What somebody hears whom we do not know: a browser where to sign in, everything else that it is not authorised.
pub(super) fn invite(request: &Request) -> Response {
    let is_page = wants_page(request.headers()) && matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(path) = request.uri().path_and_query().map(PathAndQuery::as_str).filter(|_| is_page) else {
        return unauthorised();
    };
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site == Some("cross-site") {
        // A strict cookie does not come along from a link in Slack; it does from a page of ours.
        return layout::onward(path).into_response();
    }
    Redirect::to(&address(path, false)).into_response()
}

fn address(next: &str, is_refused: bool) -> String {
    let path = "/sign-in?";
    let mut query = form_urlencoded::Serializer::for_suffix(path.to_owned(), path.len());
    query.append_pair("next", next);
    if is_refused {
        query.append_pair("refused", "1");
    }
    query.finish()
}

/// `GET /sign-in`.
pub async fn form(Extension(access): Extension<Arc<Access>>, Query(wanted): Query<Wanted>) -> Response {
    if !access.sessions.are_needed() {
        return own_page(None).into_response();
    }
    let next = wanted.next.unwrap_or_default();
    layout::bare("Sign in", &html! {
        form.sign-in method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            @if wanted.refused.is_some() {
                p.notice role="alert" { "This token is not known here." }
            }
            label for="token" { "Token" }
            input id="token" name="token" type="password" autocomplete="current-password" required autofocus;
            p.quiet { "The operator token, or the one for reading, as the configuration names them." }
            button { "Sign in" }
        }
    })
    .into_response()
}

/// `POST /sign-in`: a session for a token.
pub async fn sign_in(
    State(state): State<Arc<HttpState>>,
    Extension(access): Extension<Arc<Access>>,
    request: Request,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let now = access.clock.now();
    if !access.is_from_our_page(request.headers()) {
        return not_ours();
    }
    if peer.is_none_or(|peer| !access.attempts.may_try(peer, now)) {
        let wait = [(header::RETRY_AFTER, "60")];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many attempts: wait a minute\n").into_response();
    }
    let form = match read(&state, request).await {
        Ok((_, form)) => form,
        Err(refused) => return refused.into_response(),
    };
    let role = access.sessions.role_of(form.get("token").unwrap_or_default());
    let opened = role.and_then(|role| Some((role, access.sessions.open(role, now)?)));
    let Some((role, cookie)) = opened else {
        tracing::warn!(?peer, "an attempt to sign in to the operators' page was refused");
        return Redirect::to(&address(form.get("next").unwrap_or_default(), true)).into_response();
    };
    tracing::info!(role = role.as_str(), ?peer, "signed in to the operators' page");
    ([(header::SET_COOKIE, cookie)], own_page(form.get("next"))).into_response()
}

/// `POST /sign-out`.
pub async fn sign_out(Extension(access): Extension<Arc<Access>>, headers: HeaderMap) -> Response {
    if !access.is_from_our_page(&headers) {
        return not_ours();
    }
    ([(header::SET_COOKIE, access.sessions.ended())], Redirect::to("/sign-in")).into_response()
}
