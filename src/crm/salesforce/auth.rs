//! The access token: asked for once, shared by all calls, thrown away when Salesforce no longer takes it.
//!
//! <https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud.remoteaccess_oauth_jwt_flow_ca.htm>

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;

use super::config::{Auth, Settings};
use super::error::{CallError, unreadable};
use super::id::{Prefix, SalesforceId};
use crate::crm::outbound::{Answer, Outbound};
use crate::failure::Failure;

/// How long our JWT is valid, in seconds. Salesforce takes three to five minutes at most.
const JWT_SECONDS: i64 = 120;
const LOGIN: &str = "logging in to Salesforce";
const GRANT_JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Gets tokens, and keeps the current one.
pub struct Tokens {
    outbound: Outbound,
    url: Url,
    instance: Url,
    org: SalesforceId,
    grant: Grant,
    /// Whoever comes first fills the cell, the others wait for it. A token that was refused is dropped with
    /// its cell.
    current: Mutex<Arc<OnceCell<SecretString>>>,
}

enum Grant {
    Jwt { issuer: String, subject: String, audience: String, key: Box<RsaKeyPair> },
    ClientCredentials { id: String, secret: SecretString },
}

/// The token that one call uses.
pub struct Session(Arc<OnceCell<SecretString>>);

impl Session {
    /// The token. Opaque; may be longer than two kilobytes.
    pub fn token(&self) -> &str {
        self.0.get().map(ExposeSecret::expose_secret).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    instance_url: String,
    /// `https://login.salesforce.com/id/{org}/{user}`
    id: Option<String>,
}

/// What is wrong with the login's settings, if anything.
pub fn check(auth: &Auth) -> Result<(), String> {
    match auth {
        Auth::Jwt { private_key, .. } => rsa_key(private_key).map(|_| ()),
        Auth::ClientCredentials { .. } => Ok(()),
    }
}

impl Tokens {
    /// Prepares the grant; the error names what is wrong with the configuration.
    pub fn new(
        config: &Settings,
        org: SalesforceId,
        instance: Url,
        outbound: &Outbound,
    ) -> Result<Self, String> {
        let url = format!("{}/services/oauth2/token", config.login_url.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| "login_url is not a URL")?;
        let grant = match &config.auth {
            Auth::Jwt { client_id, username, private_key } => Grant::Jwt {
                issuer: client_id.clone(),
                subject: username.clone(),
                audience: config.audience.clone(),
                key: Box::new(rsa_key(private_key)?),
            },
            Auth::ClientCredentials { client_id, client_secret } => {
                Grant::ClientCredentials { id: client_id.clone(), secret: client_secret.clone() }
            }
        };
        Ok(Self { outbound: outbound.clone(), url, instance, org, grant, current: Mutex::default() })
    }

    /// The current token, or a new one. Callers that come at the same time cause one request.
    pub async fn session(&self) -> Result<Session, Failure> {
        let cell = Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner));
        cell.get_or_try_init(|| self.request()).await?;
        Ok(Session(cell))
    }

    /// Throws away a token that was refused, unless somebody else has done so already.
    pub fn discard(&self, session: &Session) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, &session.0) {
            *current = Arc::default();
        }
    }

    async fn request(&self) -> Result<SecretString, Failure> {
        let now = self.outbound.clock.now();
        let form: Vec<(&str, String)> = match &self.grant {
            Grant::Jwt { issuer, subject, audience, key } => {
                let assertion = assertion(key, issuer, subject, audience, now)?;
                vec![("grant_type", GRANT_JWT.into()), ("assertion", assertion)]
            }
            Grant::ClientCredentials { id, secret } => vec![
                ("grant_type", "client_credentials".into()),
                ("client_id", id.clone()),
                ("client_secret", secret.expose_secret().to_owned()),
            ],
        };
        let login = self.outbound.http.post(self.url.clone()).form(&form);
        let answer = self.outbound.send(login).await.map_err(|error| CallError::from(error).retry(LOGIN))?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let granted: Granted = answer.json().map_err(|_| unreadable().retry(LOGIN))?;
        self.require_our_org(&granted)?;
        Ok(granted.access_token.into())
    }

    /// A token for another org must never be used: we would read and write somebody else's deals.
    fn require_our_org(&self, granted: &Granted) -> Result<(), Failure> {
        let pause = |why: &str| Err(Failure::Pause { why: why.into(), until: None });
        let instance = Url::parse(&granted.instance_url).ok();
        if instance.is_none_or(|url| url.origin() != self.instance.origin()) {
            return pause(
                "Salesforce's token is for another host than the configured instance_url; correct instance_url or login_url",
            );
        }
        let org = granted
            .id
            .as_deref()
            .and_then(|id| id.rsplit('/').nth(1))
            .and_then(|id| SalesforceId::of(Prefix::Organization, id));
        if org.is_some_and(|org| org != self.org) {
            return pause(
                "Salesforce's token is for another organisation than the configured org; correct org or the user",
            );
        }
        Ok(())
    }
}

fn rsa_key(pem: &SecretString) -> Result<RsaKeyPair, String> {
    let key = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes())
        .map_err(|_| "private_key is not a PEM file with an unencrypted private key")?;
    match &key {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("private_key is not an RSA key; Salesforce takes no other".into()),
    }
    .map_err(|why| format!("private_key is not an RSA key of 2048 to 4096 bits ({why})"))
}

/// A JWT signed with RS256.
fn assertion(
    key: &RsaKeyPair,
    issuer: &str,
    subject: &str,
    audience: &str,
    now: Timestamp,
) -> Result<String, Failure> {
    let claims =
        json!({"iss": issuer, "sub": subject, "aud": audience, "exp": now.as_second() + JWT_SECONDS});
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(br#"{"alg":"RS256"}"#), encode(claims.to_string().as_bytes()));
    let mut signature = vec![0; key.public().modulus_len()];
    // PKCS #1 v1.5 signatures are deterministic: the randomness only blinds the computation.
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| Failure::give_up("the JWT for Salesforce could not be signed"))?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

/// The token endpoint speaks OAuth: an object with `error`, not Salesforce's list.
fn refused(answer: &Answer) -> Failure {
    #[derive(Deserialize)]
    struct OauthError {
        error: String,
    }
    let status = answer.status.as_u16();
    if status == 429 || status >= 500 {
        let why = format!("{LOGIN}: Salesforce answered {status}");
        return Failure::Retry { why, after: answer.retry_after() };
    }
    let code = answer.json::<OauthError>().map(|oauth| oauth.error).unwrap_or_default();
    if code.is_empty() {
        // A proxy, a captive portal or a redirect answers in other words.
        return Failure::retry(format!("{LOGIN}: an answer of {status} that is not Salesforce's"));
    }
    let hint = match code.as_str() {
        "invalid_grant" => {
            "the user is not pre-authorised for the app, username or audience is wrong, or our clock is off"
        }
        "invalid_app_access" => "an admin has to approve the user for the app",
        "invalid_client_id" | "invalid_client" => {
            "client_id or client_secret is wrong, or the app is younger than ten minutes"
        }
        "unsupported_grant_type" => "the app does not allow this flow",
        _ => "check login_url and the app's policies",
    };
    let known = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let code = if known { format!(" {code}") } else { String::new() };
    Failure::Pause { why: format!("{LOGIN}: Salesforce answered {status}{code}: {hint}"), until: None }
}

#[cfg(test)]
mod tests {
    use handoff_sandbox::opportunities::JWT_KEY;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_jwt_says_who_for_whom_and_until_when_and_is_signed() {
        let key = rsa_key(&JWT_KEY.private_pem.as_str().into()).unwrap();
        let now = Timestamp::from_second(1_795_187_045).unwrap();
        let jwt =
            assertion(&key, "consumer", "bridge@acme.example", "https://login.salesforce.com", now).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!(text(header), r#"{"alg":"RS256"}"#);
        insta::assert_snapshot!(text(claims), @r#"{"aud":"https://login.salesforce.com","exp":1795187165,"iss":"consumer","sub":"bridge@acme.example"}"#);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref())
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
    }

    #[test]
    fn a_key_that_salesforce_would_not_take_is_named_at_the_start() {
        for text in ["", "not a key", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"]
        {
            assert!(rsa_key(&text.into()).unwrap_err().starts_with("private_key is not"), "{text}");
        }
    }
}
