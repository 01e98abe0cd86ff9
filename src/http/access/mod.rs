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

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use reqwest::Url;
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

pub(super) use sign_in::{form as sign_in_form, sign_in, sign_out};

use super::HttpState;
use super::error::Refused;
use super::operator_page::form::Form;
use super::server::ReadBody;
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
            origin: config.url.as_deref().and_then(origin_of),
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
        if Sessions::presents_token(headers) {
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
        let mut values = headers.get_all(self.user_header.as_ref()?).iter();
        // Of two, one may be the caller's own.
        let (Some(only), None) = (values.next(), values.next()) else { return None };
        let named = str::from_utf8(only.as_bytes()).ok()?;
        let name: String = one_line(named).chars().take(LONGEST_USER).collect();
        Some(name).filter(|name| !name.is_empty())
    }

    /// Whether a browser says that a page of ours sends this: its `Origin` is the host it calls, or our address.
    fn is_from_our_page(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
        let of_host = origin.split_once("://").is_some_and(|(_, named)| named.eq_ignore_ascii_case(host));
        of_host || self.origin.as_deref() == Some(origin)
    }
}

/// Lets those pass whom we know, and posts only of operators and from our own pages. Handlers behind it find the
/// [`Caller`], and of a post its [`Form`], in the extensions of the request.
pub(super) async fn guard(
    State((access, state)): State<(Arc<Access>, Arc<HttpState>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match access.caller(&request) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        if !caller.may_act() {
            return (StatusCode::FORBIDDEN, "this role may look, and change nothing\n").into_response();
        }
        if !access.is_from_our_page(request.headers()) {
            return not_ours();
        }
        let (head, form) = match read(&state, request).await {
            Ok(read) => read,
            Err(refused) => return refused.into_response(),
        };
        if !caller.filled(&form) {
            return not_ours();
        }
        request = Request::from_parts(head, Body::empty());
        request.extensions_mut().insert(form);
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The form that a request brings: whole, in time, and with its memory counted, as the bodies of webhooks are.
async fn read(state: &HttpState, request: Request) -> Result<(Parts, Form), Refused> {
    let ReadBody { parts, bytes, .. } = state.body_budget.read(FORM, request).await?;
    Ok((parts, Form::parse(&bytes)))
}

fn not_ours() -> Response {
    (StatusCode::FORBIDDEN, "not sent by a page of ours: reload it\n").into_response()
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
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts.flat_map(|accepts| accepts.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        is_html && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
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

/// Scheme, host and port of a URL, as browsers write them.
fn origin_of(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.origin().ascii_serialization())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_page_of_ours_is_at_the_host_that_is_called_or_at_our_address() {
        let url = Some("https://Handoff.example.com:443".to_owned());
        let config = OperatorConfig { url, ..OperatorConfig::default() };
        let access = Access::new(&config, Clock::machine());
        for (origin, host, is_ours) in [
            ("https://handoff.example.com", "handoff.internal:9090", true),
            ("http://127.0.0.1:9090", "127.0.0.1:9090", true),
            ("http://[::1]:9090", "[::1]:9090", true),
            ("http://LOCALHOST:9090", "localhost:9090", true),
            ("http://localhost:3000", "localhost:9090", false),
            ("http://handoff.example.com.evil.example", "handoff.example.com", false),
            ("https://handoff.example.com:8443", "handoff.internal", false),
            ("null", "", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            let headers = headers(&[(header::ORIGIN, origin), (header::HOST, host)]);
            assert_eq!(access.is_from_our_page(&headers), is_ours, "{origin} {host}");
        }
    }

    #[test]
    fn browsers_get_pages_and_programs_do_not() {
        let wants = |accepts: &[&str]| {
            let accepts: Vec<_> = accepts.iter().map(|accepts| (header::ACCEPT, *accepts)).collect();
            wants_page(&headers(&accepts))
        };
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for program in [&[][..], &["*/*"], &["application/json"], &[prometheus], &["text/html;q=0, */*"]] {
            assert!(!wants(program), "{program:?}");
        }
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for browser in [&[firefox][..], &["Text/HTML; q=0.9"], &["image/avif", "text/html"]] {
            assert!(wants(browser), "{browser:?}");
        }
    }
}
