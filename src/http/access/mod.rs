//! Who a request to the operators' listener is from, and what they may do: a bearer token, a session that was opened
//! with one, or, without a token, every client that calls the listener by an address or as `localhost`; it is then on
//! loopback.
//!
//! A post changes something, so it also has to come from a page of ours: the `Origin` is checked, and every form carries
//! a token that is derived from its session. Read [`guard`] first.

mod attempts;
mod session;
mod sign_in;

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

pub(super) use sign_in::{form as sign_in_form, sign_in, sign_out};

use super::operator_page::form::Form;
use crate::clock::Clock;
use attempts::Attempts;
use handoff_core::text::clean::one_line;
use session::Sessions;

/// What a form may hold, in bytes.
const FORM: usize = 64 * 1024;

/// The longest name of a user that a proxy may say, in characters.
const LONGEST_USER: usize = 100;

/// Who may do what on the operators' listener.
#[derive(Debug, Clone, Default)]
pub struct OperatorConfig {
    /// What operators have to present; never `None` when other machines reach the listener.
    pub token: Option<SecretString>,
    /// What those present who may look and nothing else.
    pub read_token: Option<SecretString>,
    /// Where people open the page, without a trailing slash.
    pub url: Option<String>,
    /// The header in which a trusted proxy names the user.
    pub user_header: Option<HeaderName>,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything that the command line can.
    Operator,
    /// Look.
    Reader,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Reader => "reader",
        }
    }
}

/// Who a request is from.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub role: Role,
    /// Signed in, and so can sign out.
    pub has_session: bool,
    /// As a trusted proxy names them.
    pub user: Option<String>,
    /// What every form has to carry.
    pub csrf: String,
}

impl Caller {
    pub fn may_act(&self) -> bool {
        self.role == Role::Operator
    }

    /// Whether a form carries what the caller's pages put into it.
    fn filled(&self, form: &Form) -> bool {
        form.get("csrf").is_some_and(|text| bool::from(text.as_bytes().ct_eq(self.csrf.as_bytes())))
    }
}

/// What [`guard`] decides by.
pub struct Access {
    sessions: Sessions,
    attempts: Attempts,
    /// `https://ops.example.com`, if the page has an address.
    origin: Option<String>,
    user_header: Option<HeaderName>,
    clock: Clock,
}

impl Access {
    pub fn new(config: &OperatorConfig, clock: Clock) -> Self {
        Self {
            sessions: Sessions::new(config),
            attempts: Attempts::default(),
            origin: config.url.as_deref().map(origin_of),
            user_header: config.user_header.clone(),
            clock,
        }
    }

    /// Who the request is from, or the answer to one that is from nobody we know.
    fn caller(&self, request: &Request) -> Result<Caller, Box<Response>> {
        let headers = request.headers();
        let known = |role, session: Option<&str>| Caller {
            role,
            has_session: session.is_some(),
            user: self.user(headers),
            csrf: self.sessions.csrf(session.unwrap_or_default()),
        };
        if !self.sessions.are_needed() {
            if is_addressed_to_us(headers) {
                return Ok(known(Role::Operator, None));
            }
            let why = "not called by an address or as localhost; operator_token allows every name\n";
            return Err((StatusCode::MISDIRECTED_REQUEST, why).into_response().into());
        }
        if headers.contains_key(header::AUTHORIZATION) {
            return match self.sessions.bearer(headers) {
                Some(role) => Ok(known(role, None)),
                None => Err(unauthorised().into()),
            };
        }
        match self.sessions.of(headers, self.clock.now()) {
            Some((role, session)) => Ok(known(role, Some(session))),
            None => Err(sign_in::invite(request).into()),
        }
    }

    fn user(&self, headers: &HeaderMap) -> Option<String> {
        let named = headers.get(self.user_header.as_ref()?)?.to_str().ok()?;
        let name: String = one_line(named).chars().take(LONGEST_USER).collect();
        Some(name).filter(|name| !name.is_empty())
    }

    /// Whether a browser says that a page of ours sends this: its `Origin` is the host it calls, or our address.
    fn is_from_our_page(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
        let (_, named) = origin.split_once("://").unwrap_or_default();
        named.eq_ignore_ascii_case(host) || self.origin.as_deref() == Some(origin)
    }
}

/// Lets those pass whom we know, and posts only of operators and from our own pages. Handlers behind it find the
/// [`Caller`], and of a post its [`Form`], in the extensions of the request.
pub(super) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let caller = match access.caller(&request) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let (mut head, body) = request.into_parts();
    let mut rest = Body::empty();
    if matches!(head.method, Method::GET | Method::HEAD) {
        rest = body;
    } else {
        if !caller.may_act() {
            return (StatusCode::FORBIDDEN, "this role may look, and change nothing\n").into_response();
        }
        let form = match to_bytes(body, FORM).await {
            Ok(bytes) => Form::parse(&bytes),
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        };
        if !access.is_from_our_page(&head.headers) || !caller.filled(&form) {
            return (StatusCode::FORBIDDEN, "not sent by a page of ours: reload it\n").into_response();
        }
        head.extensions.insert(form);
    }
    head.extensions.insert(caller);
    next.run(Request::from_parts(head, rest)).await
}

/// Adds what keeps a browser from doing more with an answer than showing it.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                          form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a browser asks for a page to show. Programs hear JSON.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

fn unauthorised() -> Response {
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], "not authorised\n").into_response()
}

/// Whether a request names this machine. A name that an attacker resolves to us (DNS rebinding) lets a browser here
/// show our pages to the attacker's.
fn is_addressed_to_us(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
    })
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
}

/// Where a person goes on to: a page of ours, and no other address.
fn own_page(wanted: Option<&str>) -> Redirect {
    let is_ours = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    Redirect::to(wanted.filter(is_ours).unwrap_or("/packets"))
}
