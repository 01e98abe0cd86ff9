//! Access tokens by refresh token.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::portal::{Portal, Token};
use super::refusal::{no_route, only_query};
use crate::call::{Answer, Call, Verdict};

/// Seconds that an access token lives.
const LIFETIME: i64 = 1800;

/// An app that was installed by OAuth.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Client id of the app.
    pub client_id: String,
    /// Client secret of the app.
    pub client_secret: String,
    /// The refresh token that works now.
    pub refresh_token: String,
    /// Hand out a new refresh token with every access token; the old one stops working.
    pub rotates: bool,
}

impl Portal {
    /// Installs an app by OAuth.
    pub fn add_grant(&mut self, grant: Grant) {
        self.grants.push(grant);
    }
}

/// `POST /oauth/{ver}/token`. `number` tells tokens apart.
pub(super) fn token<'a>(
    portals: impl Iterator<Item = &'a mut Portal>,
    call: &Call,
    number: u64,
    now: Timestamp,
) -> Result<Answer, Answer> {
    if call.method != "POST" {
        return Err(no_route(call));
    }
    only_query(call, &[])?;
    if call.media_type() != Some("application/x-www-form-urlencoded") {
        return Err(refused("invalid_request", "the body must be a form"));
    }
    let form: BTreeMap<String, String> = call.form().into_iter().collect();
    let known = ["grant_type", "client_id", "client_secret", "refresh_token", "redirect_uri"];
    if let Some(name) = form.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(refused("invalid_request", &format!("unknown field {name:?}")));
    }
    let field = |name: &str| form.get(name).map(String::as_str);
    if field("grant_type") != Some("refresh_token") {
        return Err(refused("unsupported_grant_type", "grant_type must be refresh_token"));
    }
    for portal in portals {
        let presented = |grant: &&mut Grant| {
            field("refresh_token") == Some(&grant.refresh_token)
                && field("client_id") == Some(&grant.client_id)
                && field("client_secret") == Some(&grant.client_secret)
        };
        let Some(grant) = portal.grants.iter_mut().find(presented) else { continue };
        if grant.rotates {
            grant.refresh_token = format!("refresh-{number}");
        }
        let refresh_token = grant.refresh_token.clone();
        let value = format!("access-{number}");
        let expires = now.checked_add(SignedDuration::from_secs(LIFETIME)).ok();
        portal.tokens.push(Token { value: value.clone(), expires, revoked: false });
        let body = json!({
            "token_type": "bearer", "access_token": value, "refresh_token": refresh_token,
            "expires_in": LIFETIME, "hub_id": portal.id.parse::<u64>().unwrap_or_default(),
            "scopes": portal.scopes, "user_id": 5_000_001, "token_use": "access_token",
        });
        return Ok(Answer::json(200, &body));
    }
    Err(refused("invalid_grant", "missing or unknown refresh token, client id or client secret"))
}

fn refused(error: &str, why: &str) -> Answer {
    let body = json!({
        "error": error, "error_description": why, "status": "BAD_REFRESH_TOKEN", "message": why,
    });
    Answer::json(400, &body).because(Verdict::Wrong(why.to_owned()))
}
