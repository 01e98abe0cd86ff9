//! `operator_listen` and its token.

use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};

use super::{defaults, load};
use crate::settings::Secrets;
use handoff_core::source::{Block, Problems};

/// A shorter token could be guessed by somebody who keeps trying.
const SHORTEST: usize = 16;

/// Where operators are served, and what they present.
pub(super) fn read(
    top: &mut Block<'_>,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> (Option<SocketAddr>, Option<SecretString>) {
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
    if let (Some(span), Some(secret)) = (token.named, token.secrets.first())
        && secret.expose_secret().chars().count() < SHORTEST
    {
        let help = "make one with: openssl rand -hex 32";
        problems.error(span, format!("the operator token is shorter than {SHORTEST} characters"), help);
    }
    (listen, token.only())
}
