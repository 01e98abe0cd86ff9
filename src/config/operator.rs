//! `operator_listen` and its token.

use std::net::SocketAddr;

use secrecy::SecretString;

use super::{defaults, load};
use crate::settings::Secrets;
use handoff_core::source::{Block, Problems};

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
    (listen, token.only())
}
