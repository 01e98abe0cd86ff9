//! `config/handoff.toml`: one file, no secrets in it, every mistake reported at once.
//!
//! [`load`] reads it; what it may leave out stands in `defaults`. The settings of a client or a worker stand beside it:
//! nothing below imports this module.

mod defaults;
mod http;
mod hubspot;
mod load;
mod mapping_file;
mod operator;
mod salesforce;
pub mod schema;
mod secret;
mod slack;
mod store;
#[cfg(test)]
mod tests;
mod url;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use load::{Loaded, load};

pub use crate::delivery::slack::{SlackAuth, SlackConfig};
use crate::store::StoreConfig;
pub use crate::worker::WorkConfig;

/// The configuration, with secrets already read from the environment or from files.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where CRMs reach us, without a trailing slash: `https://hooks.example.com`. Signatures are checked
    /// over this, never over a `Host` header.
    pub public_url: String,
    /// Where webhooks are taken.
    pub listen: SocketAddr,
    /// Where `/metrics` and packets are served; `None` serves them nowhere.
    pub operator_listen: Option<SocketAddr>,
    /// What operators have to present there; never `None` when that is reachable from another machine.
    pub operator_token: Option<SecretString>,
    /// What webhooks may take of us before they are proved.
    pub http: HttpConfig,
    /// The database and how long rows stay.
    pub store: StoreConfig,
    /// How logs look.
    pub log: LogConfig,
    /// Workers, retries and time limits.
    pub work: WorkConfig,
    /// HubSpot portals.
    pub hubspot: Vec<HubspotConfig>,
    /// Salesforce orgs.
    pub salesforce: Vec<SalesforceConfig>,
    /// Slack.
    pub slack: SlackConfig,
}

/// What webhooks may take of us before they are proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Connections at once. One more closes the one that has waited for its client the longest.
    pub max_connections: usize,
    /// How long a connection may be open without having sent a whole request head, new or kept alive.
    pub idle_timeout: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Memory for the bodies of all requests together.
    pub body_memory_mib: u32,
    /// How long a webhook waits for the disk before its sender is told to come back.
    pub answer_within: Duration,
}

/// How logs look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// One JSON object a line instead of text.
    pub json: bool,
    /// The least important lines that are written. Of the libraries, never more than warnings: what they would
    /// say of requests is not ours to vouch for.
    pub level: tracing::Level,
}

/// One HubSpot portal.
#[derive(Debug, Clone)]
pub struct HubspotConfig {
    /// Portal id (also called hub id or account id).
    pub portal: String,
    /// The mapping file.
    pub mapping: PathBuf,
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
    /// How our calls authenticate.
    pub auth: HubspotAuth,
    /// Calls per ten seconds that we allow ourselves, all replicas together.
    pub calls_per_10s: u32,
    /// [`WorkConfig::replicas`], among which that is divided.
    pub replicas: u32,
}

/// How our calls to HubSpot authenticate.
#[derive(Debug, Clone)]
pub enum HubspotAuth {
    /// A static app token or service key.
    Token(SecretString),
    /// OAuth, by refresh token.
    OAuth {
        /// Client id of the app.
        client_id: String,
        /// Client secret of the app.
        client_secret: SecretString,
        /// The refresh token.
        refresh_token: SecretString,
        /// Where a newer refresh token is kept when HubSpot hands one out.
        refresh_token_file: Option<PathBuf>,
    },
}

/// One Salesforce org.
#[derive(Debug, Clone)]
pub struct SalesforceConfig {
    /// Organisation id, 15 or 18 characters.
    pub org: String,
    /// The mapping file.
    pub mapping: PathBuf,
    /// Where tokens are asked for: the org's My Domain, `https://acme.my.salesforce.com`.
    pub login_url: String,
    /// Where every other call goes, `https://acme.my.salesforce.com`. A token answer that names another
    /// host is refused.
    pub instance_url: String,
    /// Base of links for people: `https://acme.lightning.force.com`, or `instance_url`.
    pub app_url: String,
    /// API version, `v66.0`; at least `v58.0`.
    pub api_version: String,
    /// The `aud` of our JWT: `https://login.salesforce.com`, for a sandbox `https://test.salesforce.com`.
    pub audience: String,
    /// How our calls authenticate.
    pub auth: SalesforceAuth,
    /// `whsec_…` secrets that may sign JSON by Standard Webhooks; several during a rotation.
    pub webhook_secrets: Vec<SecretString>,
    /// Secrets of the credential formula that signs a JSON body.
    pub body_secrets: Vec<SecretString>,
    /// Hex SHA-256 of the secrets that may stand in the path of an Outbound Message; two during a rotation.
    pub outbound_secrets_sha256: Vec<String>,
    /// Hex SHA-256 of the client certificates that may send Outbound Messages; empty asks for none.
    pub client_certs_sha256: Vec<String>,
    /// The header in which a trusted proxy hands on the client certificate (RFC 9440) or its SHA-256. The
    /// proxy must remove this header from what it receives.
    pub client_cert_header: Option<String>,
    /// `Status` of new tasks; `None` takes the org's default.
    pub task_status: Option<String>,
    /// Unique external-id field of tasks, such as `Handoff_Key__c`; `None` if the org has none.
    pub task_key_field: Option<String>,
}

/// How our calls to Salesforce authenticate.
#[derive(Debug, Clone)]
pub enum SalesforceAuth {
    /// JWT bearer: no shared secret.
    Jwt {
        /// Consumer key of the external client app.
        client_id: String,
        /// The integration user.
        username: String,
        /// RSA private key in PEM, of at least 2048 bits.
        private_key: SecretString,
    },
    /// Client credentials of an external client app with a run-as user.
    ClientCredentials {
        /// Consumer key.
        client_id: String,
        /// Consumer secret.
        client_secret: SecretString,
    },
}
