//! `[[salesforce]]`: one block for each org.

use std::collections::BTreeSet;
use std::sync::Arc;

use secrecy::SecretString;

use super::{Prefix, Salesforce, SalesforceId, webhook_key};
use crate::crm::connector::no_webhooks;
use crate::crm::outbound::Outbound;
use crate::crm::{self, AccountSettings, Crm, ReadWith};
use crate::settings::{Found, Secrets, url};
use handoff_core::record::{AccountKey, CrmKind};
use handoff_core::source::{Block, Field, Problems};

/// Every org answers it; the newest one is not needed.
const API_VERSION: &str = "v66.0";
/// Where production logins are for; sandboxes use `https://test.salesforce.com`.
const AUDIENCE: &str = "https://login.salesforce.com";

#[derive(Debug, Clone)]
pub struct Settings {
    /// Organisation id, 15 or 18 characters.
    pub org: String,
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
    pub auth: Auth,
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
pub enum Auth {
    /// JWT bearer: no shared secret.
    Jwt {
        /// Consumer key of the external client app.
        client_id: String,
        username: String,
        /// RSA private key in PEM, of at least 2048 bits.
        private_key: SecretString,
    },
    /// Client credentials of an external client app with a run-as user.
    ClientCredentials { client_id: String, client_secret: SecretString },
}

impl AccountSettings for Settings {
    fn account(&self) -> AccountKey {
        AccountKey { crm: CrmKind::Salesforce, account: self.org.clone() }
    }

    fn api_url(&self) -> &str {
        &self.instance_url
    }

    fn app_url(&self) -> &str {
        self.app_url.trim_end_matches('/')
    }

    fn connect(&self, outbound: &Outbound) -> Result<Arc<dyn Crm>, String> {
        Ok(Arc::new(Salesforce::new(self, outbound)?))
    }
}

/// Reads a block. `org` is `None` if the block is of no use anyway; its other problems are found all the same.
pub fn read(
    mut section: Block<'_>,
    org: Option<String>,
    &ReadWith { secrets, webhooks, .. }: &ReadWith<'_>,
    problems: &mut Problems,
) -> Option<crm::Settings> {
    let span = section.span();
    let instance = section.require(
        "instance_url",
        "write the org's My Domain: instance_url = \"https://acme.my.salesforce.com\"",
    );
    let instance_url = url::read(instance, problems);
    let login_url = url::read(section.take("login_url"), problems);
    let app_url = url::read(section.take("app_url"), problems);
    let mut text = |key: &str| section.take(key).text(problems).map(|(text, _)| text.to_owned());
    let (api_version, client_cert_header) = (text("api_version"), text("client_cert_header"));
    let (task_status, task_key_field) = (text("task_status"), text("task_key_field"));
    let webhook = secrets.several(&mut section, "webhook_secrets", problems);
    let body = secrets.several(&mut section, "body_secrets", problems);
    let outbound = section.take("outbound_secrets_sha256");
    let outbound_secrets_sha256 = hashes(outbound, problems);
    let client_certs_sha256 = hashes(section.take("client_certs_sha256"), problems);
    let (auth, audience) = auth(&mut section, secrets, problems);
    section.finish(problems);

    if let Some(span) = webhook.named.filter(|_| webhook.secrets.iter().any(|one| webhook_key(one).is_none()))
    {
        let help = "a Standard Webhooks secret is whsec_ and at least 24 bytes in base64, as `openssl rand -base64 32` prints it";
        problems.error(span, "one of `webhook_secrets` is not a Standard Webhooks secret", help);
    }
    let no_outbound = !outbound.is_present() || outbound.is_empty_list();
    if !webhooks {
        let named = |found: &Found| found.named.filter(|_| secrets.serving && found.listed > 0);
        let of_outbound = outbound.key_span().filter(|_| secrets.serving && !no_outbound);
        no_webhooks([named(&webhook), named(&body), of_outbound], problems);
    } else if webhook.listed == 0 && body.listed == 0 && no_outbound {
        let help = "add outbound_secrets_sha256 = [\"…\"] for Outbound Messages, or webhook_secrets_env or \
                    body_secrets_env for signed JSON";
        problems.error(span, "no webhook of this org could be verified", help);
    }
    if !client_certs_sha256.is_empty() && client_cert_header.is_none() {
        let help = "add client_cert_header with the header in which your proxy hands the certificate on";
        problems.error(span, "client certificates are pinned, but nothing says where they are seen", help);
    }
    let instance_url = instance_url?;
    let settings = Settings {
        org: org?,
        login_url: login_url.unwrap_or_else(|| instance_url.clone()),
        app_url: app_url.unwrap_or_else(|| instance_url.clone()),
        instance_url,
        api_version: api_version.unwrap_or_else(|| API_VERSION.to_owned()),
        audience,
        auth: auth?,
        webhook_secrets: webhook.secrets,
        body_secrets: body.secrets,
        outbound_secrets_sha256,
        client_certs_sha256,
        client_cert_header,
        task_status,
        task_key_field,
    };
    // What only the client can judge: the version, the private key, the name of the key field.
    if let Err(problem) = Salesforce::check(&settings) {
        problems.error(span, problem, "mend this setting, or see docs/salesforce.md");
        return None;
    }
    Some(Arc::new(settings))
}

/// Reads the organisation id, which no other block may have.
pub fn org(section: &mut Block<'_>, seen: &mut BTreeSet<String>, problems: &mut Problems) -> Option<String> {
    let help = "write the organisation id from Setup > Company Information: org = \"00DHn0000012AbCMAU\"";
    let (text, span) = section.require("org", help).text(problems)?;
    let Some(org) = SalesforceId::of(Prefix::Organization, text) else {
        problems.error(span, format!("`{text}` is not an organisation id"), help);
        return None;
    };
    let org = org.to_string();
    if !seen.insert(org.clone()) {
        problems.error(span, format!("org {org} is configured twice"), "keep one [[salesforce]] block");
        return None;
    }
    Some(org)
}

/// Hex SHA-256 hashes.
fn hashes(field: Field<'_>, problems: &mut Problems) -> Vec<String> {
    let texts = if field.is_empty_list() { Vec::new() } else { field.texts(problems) };
    let mut hashes = Vec::new();
    for (text, span) in texts {
        let digits = text.replace(':', "").to_lowercase();
        if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            hashes.push(digits);
        } else {
            // Perhaps the secret itself was written here.
            problems.conceal(span);
            let help = "write the 64 digits that `printf %s THE-SECRET | sha256sum` prints";
            problems.error(span, "this is not a SHA-256 hash", help);
        }
    }
    hashes
}

fn auth(section: &mut Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> (Option<Auth>, String) {
    let span = section.span();
    let (jwt, credentials) = (section.take("jwt"), section.take("client_credentials"));
    match (jwt.key_span(), credentials.key_span()) {
        (None, None) => {
            let help = "add a [salesforce.jwt] block with client_id, username and private_key_file";
            problems.error(span, "nothing says how to log in to this org", help);
        }
        (Some(_), Some(second)) => {
            problems.error(second, "this org has two ways to log in", "keep [salesforce.jwt]");
        }
        _ => {}
    }
    let mut audience = AUDIENCE.to_owned();
    let jwt = jwt.block(problems).and_then(|section| self::jwt(section, &mut audience, secrets, problems));
    let credentials =
        credentials.block(problems).and_then(|section| self::credentials(section, secrets, problems));
    (jwt.or(credentials), audience)
}

fn jwt(
    mut section: Block<'_>,
    audience: &mut String,
    secrets: &Secrets<'_>,
    problems: &mut Problems,
) -> Option<Auth> {
    let client_id = section.require("client_id", "write the consumer key").text(problems);
    let username = section.require("username", "write the integration user's name").text(problems);
    let key = secrets.one(&mut section, "private_key", problems);
    if key.named.is_none() {
        let help = "add private_key_file = \"handoff-salesforce.key\"";
        problems.error(section.span(), "the login needs `private_key`", help);
    }
    if let Some(url) = url::read(section.take("audience"), problems) {
        *audience = url;
    }
    section.finish(problems);
    let (client_id, username) = (client_id?.0.to_owned(), username?.0.to_owned());
    Some(Auth::Jwt { client_id, username, private_key: key.only()? })
}

fn credentials(mut section: Block<'_>, secrets: &Secrets<'_>, problems: &mut Problems) -> Option<Auth> {
    let client_id = section.require("client_id", "write the consumer key").text(problems);
    let secret = secrets.one(&mut section, "client_secret", problems);
    if secret.named.is_none() {
        let help = "add client_secret_env = \"SALESFORCE_CLIENT_SECRET\"";
        problems.error(section.span(), "the login needs `client_secret`", help);
    }
    section.finish(problems);
    Some(Auth::ClientCredentials { client_id: client_id?.0.to_owned(), client_secret: secret.only()? })
}
