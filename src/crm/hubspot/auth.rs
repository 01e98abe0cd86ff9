//! The token of our calls: a static one, or one that OAuth hands out for half an hour.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens>

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::config::{self, Settings};
use super::error::{ApiError, CallError};
use super::token_file;
use crate::clock::later;
use crate::crm::outbound::Outbound;
use crate::failure::Failure;

/// A token is renewed this long before it ends, so that none ends on its way.
const EARLY: Duration = Duration::from_mins(1);

pub(super) enum Auth {
    /// An app token or service key; it never ends by itself.
    Token(SecretString),
    /// An app that was installed with OAuth.
    OAuth(Box<OAuth>),
}

/// The token for one call.
#[derive(Clone)]
pub(super) struct Bearer {
    pub(super) token: SecretString,
    /// Counts renewals, so that two callers who were refused together renew once.
    renewal: u64,
}

impl Auth {
    pub(super) fn new(config: &Settings, outbound: &Outbound) -> Self {
        match &config.auth {
            config::Auth::Token(token) => Self::Token(token.clone()),
            config::Auth::OAuth { client_id, client_secret, refresh_token, refresh_token_file } => {
                let kept = refresh_token_file.as_deref().and_then(token_file::read);
                Self::OAuth(Box::new(OAuth {
                    outbound: outbound.clone(),
                    url: format!(
                        "{}/oauth/{}/token",
                        config.api_url.trim_end_matches('/'),
                        config.api_version
                    ),
                    client_id: client_id.clone(),
                    client_secret: client_secret.clone(),
                    configured: refresh_token.clone(),
                    file: refresh_token_file.clone(),
                    tokens: Mutex::new(Tokens {
                        refresh: kept.unwrap_or_else(|| refresh_token.clone()),
                        access: None,
                        renewals: 0,
                        scopes: None,
                    }),
                }))
            }
        }
    }

    /// A token that is good for at least [`EARLY`], fetched if need be.
    pub(super) async fn bearer(&self) -> Result<Bearer, Failure> {
        match self {
            Self::Token(token) => Ok(Bearer { token: token.clone(), renewal: 0 }),
            Self::OAuth(oauth) => oauth.bearer().await,
        }
    }

    /// The scopes that came with the newest OAuth token.
    pub(super) async fn scopes(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::Token(_) => None,
            Self::OAuth(oauth) => oauth.tokens.lock().await.scopes.clone(),
        }
    }

    /// HubSpot refused this token. Says whether asking again gives another one.
    pub(super) async fn discard(&self, refused: &Bearer) -> bool {
        let Self::OAuth(oauth) = self else { return false };
        let mut tokens = oauth.tokens.lock().await;
        if tokens.renewals == refused.renewal {
            tokens.access = None;
        }
        true
    }
}

/// Turns a refresh token into access tokens.
pub(super) struct OAuth {
    outbound: Outbound,
    url: String,
    client_id: String,
    client_secret: SecretString,
    /// The refresh token of the configuration: what is left when the kept one has gone stale.
    configured: SecretString,
    file: Option<PathBuf>,
    /// Held while a new token is on its way, so that only one is asked for.
    tokens: Mutex<Tokens>,
}

struct Tokens {
    refresh: SecretString,
    access: Option<(SecretString, Timestamp)>,
    renewals: u64,
    /// Of the newest access token, if HubSpot said.
    scopes: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Issued {
    scopes: Option<BTreeSet<String>>,
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

impl OAuth {
    async fn bearer(&self) -> Result<Bearer, Failure> {
        let mut tokens = self.tokens.lock().await;
        if let Some((token, until)) = &tokens.access
            && later(self.outbound.clock.now(), EARLY) < *until
        {
            return Ok(Bearer { token: token.clone(), renewal: tokens.renewals });
        }

        let asked_at = self.outbound.clock.now();
        let issued = match self.renew(&tokens.refresh).await {
            // The file may be older than the configuration: somebody installed the app again.
            Err(CallError::Refused(refused))
                if is_final(&refused) && !same(&tokens.refresh, &self.configured) =>
            {
                tokens.refresh = self.configured.clone();
                self.renew(&self.configured).await
            }
            result => result,
        };
        let issued = issued.map_err(|error| match error {
            CallError::Refused(refused) if is_final(&refused) => Failure::Pause {
                why: format!("{}; connect the app again", CallError::Refused(refused).retry(RENEWING).why()),
                until: None,
            },
            other => other.retry(RENEWING),
        })?;

        if let Some(newer) =
            issued.refresh_token.map(SecretString::from).filter(|newer| !same(newer, &tokens.refresh))
        {
            tokens.refresh = newer;
            if let Some(file) = &self.file {
                token_file::keep(file.clone(), tokens.refresh.clone()).await;
            }
        }
        let until = later(asked_at, Duration::from_secs(issued.expires_in));
        let token = SecretString::from(issued.access_token);
        tokens.access = Some((token.clone(), until));
        tokens.renewals += 1;
        tokens.scopes = issued.scopes;
        Ok(Bearer { token, renewal: tokens.renewals })
    }

    async fn renew(&self, refresh: &SecretString) -> Result<Issued, CallError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("refresh_token", refresh.expose_secret()),
        ];
        let answer = self.outbound.send(self.outbound.http.post(&self.url).form(&form)).await?;
        if !answer.status.is_success() {
            return Err(CallError::Refused(Box::new(ApiError::read(&answer, self.outbound.clock.now()))));
        }
        // The error's text could quote the body, which is a token.
        answer.json().map_err(|_| CallError::Unreadable("the answer holds no token".to_owned()))
    }
}

const RENEWING: &str = "renewing the access token";

/// HubSpot will not take this refresh token, now or later.
fn is_final(refused: &ApiError) -> bool {
    matches!(refused.status.as_u16(), 400 | 401 | 403) && refused.is_hubspots_own()
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_oauth_token_can_be_renewed() {
        let bearer = Bearer { token: "pat".into(), renewal: 0 };
        let discarded = futures_util::FutureExt::now_or_never(Auth::Token("pat".into()).discard(&bearer));
        assert_eq!(discarded, Some(false));
    }
}
