//! `[[hubspot]]`: one block for each portal.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use super::HubSpot;
use crate::crm::connector::no_webhooks;
use crate::crm::outbound::Outbound;
use crate::crm::{self, AccountSettings, Crm, ReadWith, Subscriptions};
use crate::settings::{Found, Secrets, url};
use handoff_core::record::{AccountKey, CrmKind};
use handoff_core::source::{Block, Field, Problems};

const API: &str = "https://api.hubapi.com";
const APP: &str = "https://app.hubspot.com";
/// <https://developers.hubspot.com/changelog/introducing-date-based-api-versioning>
const API_VERSION: &str = "2026-03";
/// An app may call 100 times in ten seconds on the smallest plan; a few are left for other uses of the same app.
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>
const CALLS_PER_10S: u32 = 90;

/// Where `hs project upload` looks for webhooks.
pub const SUBSCRIPTIONS: Subscriptions = Subscriptions {
    directory: "hubspot/src/app/webhooks",
    silent: &["hs_lastmodifieddate", "num_unique_conversion_events"],
};

#[derive(Debug, Clone)]
pub struct Settings {
    /// Portal id (also called hub id or account id).
    pub portal: String,
    /// Base of the API, `https://api.hubapi.com`.
    pub api_url: String,
    /// Base of the web app, for links: `https://app.hubspot.com`.
    pub app_url: String,
    /// Dated API version, such as `2026-03`.
    pub api_version: String,
    /// App client secrets that may sign webhooks; several during a rotation.
    pub client_secrets: Vec<SecretString>,
    /// Secrets that a workflow may present in the `x-handoff-secret` header.
    pub workflow_secrets: Vec<SecretString>,
    pub auth: Auth,
    /// Calls per ten seconds that we allow ourselves, all replicas together.
    pub calls_per_10s: u32,
    /// Processes that serve this installation together, among which that is divided.
    pub replicas: u32,
}

/// How our calls to HubSpot authenticate.
#[derive(Debug, Clone)]
pub enum Auth {
    /// A static app token or service key.
    Token(SecretString),
    OAuth {
        /// Client id of the app.
        client_id: String,
        /// Client secret of the app.
        client_secret: SecretString,
        refresh_token: SecretString,
        /// Where a newer refresh token is kept when HubSpot hands one out.
        refresh_token_file: Option<PathBuf>,
    },
}

impl AccountSettings for Settings {
    fn account(&self) -> AccountKey {
        AccountKey { crm: CrmKind::Hubspot, account: self.portal.clone() }
    }

    fn api_url(&self) -> &str {
        &self.api_url
    }

    fn app_url(&self) -> &str {
        self.app_url.trim_end_matches('/')
    }

    fn address_secrets(&self) -> &[SecretString] {
        &self.client_secrets
    }

    fn connect(&self, outbound: &Outbound) -> Result<Arc<dyn Crm>, String> {
        Ok(Arc::new(HubSpot::new(self, outbound)))
    }
}

/// Reads a block. `portal` is `None` if the block is of no use anyway; its other problems are found all the same.
pub fn read(
    mut section: Block<'_>,
    portal: Option<String>,
    &ReadWith { secrets, replicas, webhooks, .. }: &ReadWith<'_>,
    problems: &mut Problems,
) -> Option<crm::Settings> {
    let span = section.span();
    let api = url::read(section.take("api_url"), problems);
    let app = url::read(section.take("app_url"), problems);
    let api_version = api_version(section.take("api_version"), problems);
    let client = secrets.several(&mut section, "client_secrets", problems);
    let workflow = secrets.several(&mut section, "workflow_secrets", problems);
    let auth = auth(&mut section, secrets, problems);
    let calls = section.take("calls_per_10s");
    let calls_per_10s = calls.integer(1, 250, problems).unwrap_or(CALLS_PER_10S);
    if let Some(span) = calls.value_span().filter(|_| calls_per_10s < replicas) {
        let help = format!("write at least {replicas}, one for each of the replicas under [work]");
        problems.error(
            span,
            format!("{calls_per_10s} calls cannot be divided among {replicas} replicas"),
            help,
        );
    }
    section.finish(problems);
    if !webhooks {
        let named = |found: &Found| found.named.filter(|_| secrets.serving && found.listed > 0);
        no_webhooks([named(&client), named(&workflow)], problems);
    } else if client.named.is_none() && workflow.named.is_none() {
        let help = "add client_secrets_env = [\"HUBSPOT_CLIENT_SECRET\"] with the client secret of the app";
        problems.error(span, "no webhook of this portal could be verified", help);
    } else if client.listed == 0 && workflow.listed == 0 {
        let help = "name at least one client secret";
        problems.error(
            client.named.or(workflow.named).unwrap_or(span),
            "no webhook of this portal could be verified",
            help,
        );
    }
    Some(Arc::new(Settings {
        portal: portal?,
        api_url: api.unwrap_or_else(|| API.to_owned()),
        app_url: app.unwrap_or_else(|| APP.to_owned()),
        api_version: api_version.unwrap_or_else(|| API_VERSION.to_owned()),
        client_secrets: client.secrets,
        workflow_secrets: workflow.secrets,
        auth: auth?,
        calls_per_10s,
        replicas,
    }))
}

/// Reads the portal id, which no other block may have.
pub fn portal(
    section: &mut Block<'_>,
    seen: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<String> {
    let field = section
        .require("portal", "write the portal id, the number in HubSpot's address bar: portal = \"48210077\"");
    let (portal, span) = field.text(problems)?;
    if !portal.bytes().all(|byte| byte.is_ascii_digit()) {
        let help = "write the number in HubSpot's address bar: portal = \"48210077\"";
        problems.error(span, format!("`{portal}` is not a portal id"), help);
        return None;
    }
    if !seen.insert(portal.to_owned()) {
        let message = format!("portal {portal} is configured twice");
        problems.error(span, message, "keep one [[hubspot]] block; it can list several secrets");
        return None;
    }
    Some(portal.to_owned())
}

/// Versions are named by year and month, some with `-beta`.
fn api_version(field: Field<'_>, problems: &mut Problems) -> Option<String> {
    let (text, span) = field.text(problems)?;
    let date = text.strip_suffix("-beta").unwrap_or(text);
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if date.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2)) {
        return Some(text.to_owned());
    }
    let help = format!("write year and month: api_version = \"{API_VERSION}\"");
    problems.error(span, format!("`{text}` is not a dated API version"), help);
    None
}

fn auth(section: &mut Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<Auth> {
    let span = section.span();
    let token = secrets.one(section, "token", problems);
    let oauth = section.take("oauth");
    match (token.named, oauth.key_span()) {
        (None, None) => {
            let help = "add token_env = \"HUBSPOT_TOKEN\", or a [hubspot.oauth] block";
            problems.error(span, "no token to call this portal with", help);
        }
        (Some(_), Some(second)) => {
            problems.error(second, "this portal has a token and OAuth", "keep one of the two");
        }
        _ => {}
    }
    let oauth = oauth.block(problems).and_then(|oauth| self::oauth(oauth, secrets, problems));
    token.only().map(Auth::Token).or(oauth)
}

fn oauth(mut section: Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<Auth> {
    let span = section.span();
    let client_id = section.require("client_id", "write the app's client id").text(problems);
    let secret = secrets.one(&mut section, "client_secret", problems);
    let refresh = secrets.one(&mut section, "refresh_token", problems);
    section.finish(problems);
    for (key, found) in [("client_secret", &secret), ("refresh_token", &refresh)] {
        if found.named.is_none() {
            let help = format!("add {key}_env with the name of an environment variable");
            problems.error(span, format!("OAuth needs `{key}`"), help);
        }
    }
    let refresh_token_file = refresh.files.first().cloned();
    Some(Auth::OAuth {
        client_id: client_id?.0.to_owned(),
        client_secret: secret.only()?,
        refresh_token: refresh.only()?,
        refresh_token_file,
    })
}
