//! Bearer authentication of the operator's pages. Without a token every client of the listener may see them that calls
//! it by an address or as `localhost`; it is then on loopback.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// SHA-256 of the operator's token: comparing hashes takes the same time whatever was presented.
#[derive(Clone, Copy)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(token: &SecretString) -> Self {
        Self(Sha256::digest(token.expose_secret()).into())
    }

    fn opens(&self, request: &Request) -> bool {
        let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
        let (Some(only), None) = (values.next(), values.next()) else { return false };
        let Some((scheme, presented)) = only.to_str().ok().and_then(|value| value.split_once(' ')) else {
            return false;
        };
        let presented: [u8; 32] = Sha256::digest(presented.trim()).into();
        scheme.eq_ignore_ascii_case("bearer") & bool::from(presented.ct_eq(&self.0))
    }
}

/// Whether a request names this machine. A name that an attacker resolves to us (DNS rebinding) lets a browser here
/// show our pages to the attacker's.
fn is_addressed_to_us(request: &Request) -> bool {
    let Some(host) = request.headers().get(header::HOST) else { return true };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
    })
}

/// Lets a request with the token pass; everything else is a 401 that says nothing.
pub(super) async fn require(State(key): State<Option<Key>>, request: Request, next: Next) -> Response {
    match key {
        Some(key) if key.opens(&request) => return next.run(request).await,
        Some(_) => {}
        None if is_addressed_to_us(&request) => return next.run(request).await,
        None => {
            let why = "not called by an address or as localhost; operator_token allows every name\n";
            return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
        }
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], "not authorised\n").into_response()
}
