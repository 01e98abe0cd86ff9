//! `operator_listen`: where operators are served, what they present, and where they open the page.

use std::net::SocketAddr;

use axum::http::HeaderName;
use reqwest::Url;
use secrecy::ExposeSecret as _;

use super::{defaults, load};
use crate::http::OperatorConfig;
use crate::settings::{Secrets, url};
use handoff_core::source::{Block, Field, Problems};

/// Where operators are served, and who may see and do what there.
pub(super) fn read(
    top: &mut Block<'_>,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> (Option<SocketAddr>, OperatorConfig) {
    let field = top.take("operator_listen");
    let listen = match field.is_present().then(|| field.text(problems)) {
        None => Some(defaults::OPERATOR_LISTEN),
        Some(Some(("off", _))) => None,
        Some(_) => load::address(field, problems),
    };
    let token = secrets.one(top, "operator_token", problems);
    if let (Some(span), Some(listen)) = (field.value_span(), listen)
        && !listen.ip().is_loopback()
        && token.named.is_none()
    {
        let help = "name a token that operators present, operator_token_env = \"HANDOFF_OPERATOR_TOKEN\", or listen on \
                    this machine only: operator_listen = \"127.0.0.1:9090\"";
        problems.error(span, format!("{listen} shows packets and metrics to other machines"), help);
    }
    let read_token = secrets.one(top, "operator_read_token", problems);
    if let Some(span) = read_token.named.filter(|_| token.named.is_none()) {
        let help = "name an operator_token too: without one every caller of operator_listen is an operator";
        problems.error(span, "operator_read_token limits nobody", help);
    }
    let (named, token, read_token) = (read_token.named, token.only(), read_token.only());
    if let (Some(span), Some(token), Some(read_token)) = (named, &token, &read_token)
        && token.expose_secret() == read_token.expose_secret()
    {
        problems.error(
            span,
            "operator_read_token is the operator_token",
            "make another one for those who only look",
        );
    }
    let url = address(top.take("operator_url"), problems);
    let user_header = top.take("operator_user_header").text(problems).and_then(|(name, span)| {
        let header = name.parse::<HeaderName>().ok();
        if header.is_none() {
            problems.error(
                span,
                format!("`{name}` is no name of a header"),
                "write the one in which your proxy names the user: \"X-Forwarded-User\"",
            );
        }
        header
    });
    (listen, OperatorConfig { token, read_token, url, user_header })
}

/// Where the page is opened. Its links begin at `/`, and so does its cookie.
fn address(field: Field<'_>, problems: &mut Problems) -> Option<String> {
    let span = field.value_span();
    let address = url::read(field, problems)?;
    let path = Url::parse(&address).ok()?.path().to_owned();
    if path != "/" {
        let help = "give the page a host of its own, and end with that: \"https://handoff.example.com\"";
        problems.error(span?, format!("the page is not served below `{path}`"), help);
        return None;
    }
    Some(address)
}
