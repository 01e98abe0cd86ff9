//! Access tokens: JWT bearer and client credentials.
//!
//! <https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud.remoteaccess_oauth_jwt_flow_ca.htm>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::{hmac, signature};
use serde::Deserialize;
use serde_json::{Value, json};

use super::object::Object;
use super::org::Org;
use super::refusal::{no_route, only_query, refusal};
use crate::call::{Answer, Call, Verdict};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How far ahead a JWT may expire.
const LONGEST_ASSERTION: SignedDuration = SignedDuration::from_mins(5);

/// A token dies after this long without a call.
const SESSION_TIMEOUT: SignedDuration = SignedDuration::from_hours(2);

/// An external client app.
#[derive(Debug, Clone)]
pub(super) struct App {
    consumer_key: String,
    username: String,
    credential: Credential,
    approved: bool,
}

#[derive(Debug, Clone)]
enum Credential {
    /// The public key of the uploaded certificate, as PKCS #1 DER.
    Certificate(Vec<u8>),
    Secret(String),
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Session {
    token: String,
    user: String,
    last_used: Timestamp,
    revoked: bool,
}

impl Org {
    /// Adds an app with a certificate, for JWT bearer. `public_key` is PKCS #1 in DER; the user is approved for
    /// the app.
    pub fn add_jwt_app(&mut self, consumer_key: &str, public_key: &[u8], username: &str) {
        self.add_app(consumer_key, username, Credential::Certificate(public_key.to_vec()));
    }

    /// Adds an app with a secret, for client credentials, that runs as this user.
    pub fn add_secret_app(&mut self, consumer_key: &str, secret: &str, username: &str) {
        self.add_app(consumer_key, username, Credential::Secret(secret.to_owned()));
    }

    fn add_app(&mut self, consumer_key: &str, username: &str, credential: Credential) {
        let (consumer_key, username) = (consumer_key.to_owned(), username.to_owned());
        self.apps.push(App { consumer_key, username, credential, approved: true });
    }

    /// Approves the user of an app, or takes the approval back.
    pub fn approve_app(&mut self, consumer_key: &str, approved: bool) {
        for app in self.apps.iter_mut().filter(|app| app.consumer_key == consumer_key) {
            app.approved = approved;
        }
    }

    /// Makes every token that was handed out useless, as an admin or a change of the app's policy does.
    pub fn revoke_tokens(&mut self) {
        for session in &mut self.sessions {
            session.revoked = true;
        }
    }

    /// The user behind a call. `None` if the token is not of this org.
    pub(super) fn admit(&mut self, call: &Call, now: Timestamp) -> Option<Result<String, Answer>> {
        let session = self.sessions.iter_mut().find(|session| call.bearer() == Some(&session.token))?;
        if session.revoked || now.duration_since(session.last_used) >= SESSION_TIMEOUT {
            // Nobody is told in advance, so even a correct client gets here.
            return Some(Err(no_session(Verdict::Switched)));
        }
        session.last_used = now;
        Some(Ok(session.user.clone()))
    }

    fn user(&self, username: &str) -> Option<&super::Record> {
        self.records(Object::User).find(|user| user.get("Username") == Some(username))
    }
}

/// 401 for a token that is not valid, or not valid any more.
pub(super) fn no_session(verdict: Verdict) -> Answer {
    refusal(401, "INVALID_SESSION_ID", "Session expired or invalid", verdict)
}

/// `POST /services/oauth2/token`. `number` tells tokens apart.
pub(super) fn token<'a>(
    mut orgs: impl Iterator<Item = &'a mut Org>,
    call: &Call,
    number: u64,
    now: Timestamp,
) -> Result<Answer, Answer> {
    if call.method != "POST" {
        return Err(no_route(call));
    }
    only_query(call, &[]).map_err(|_| refused("invalid_request", "secrets do not belong into the query"))?;
    if call.media_type() != Some("application/x-www-form-urlencoded") {
        return Err(refused("invalid_request", "the body must be a form"));
    }
    let form: BTreeMap<String, String> = call.form().into_iter().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let (known, assertion) = match field("grant_type") {
        JWT_BEARER => (["grant_type", "assertion", ""], Some(Assertion::read(field("assertion"))?)),
        "client_credentials" => (["grant_type", "client_id", "client_secret"], None),
        _ => return Err(refused("unsupported_grant_type", "grant type not supported")),
    };
    if let Some(name) = form.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(refused("invalid_request", &format!("unknown field {name:?}")));
    }
    let client = assertion.as_ref().map_or(field("client_id"), |assertion| &assertion.claims.iss);
    let has_app = |org: &&'a mut Org| org.apps.iter().any(|app| app.consumer_key == client);
    let unknown = || refused("invalid_client_id", "client identifier invalid");
    let org = orgs.find(has_app).ok_or_else(unknown)?;
    let app = org.apps.iter().find(|app| app.consumer_key == client).cloned().ok_or_else(unknown)?;
    match (&assertion, &app.credential) {
        (Some(assertion), Credential::Certificate(key)) => assertion.check(org, &app, key, now)?,
        (None, Credential::Secret(secret)) if secret == field("client_secret") => {}
        (None, Credential::Secret(_)) => return Err(refused("invalid_client", "invalid client credentials")),
        (Some(_), _) => return Err(refused("invalid_grant", "invalid assertion")),
        (None, _) => return Err(refused("invalid_grant", "no client credentials user enabled")),
    }
    let user = org.user(&app.username).filter(|user| user.get("IsActive") == Some("true"));
    let Some(user) = user.map(|user| user.id.clone()).filter(|_| app.approved) else {
        let why = "user is not admin approved to access this app";
        return Err(refused("invalid_app_access", why).because(Verdict::Switched));
    };
    let short = org.id.get(..15).unwrap_or_default();
    let token = format!("{short}!AQ{}", URL_SAFE_NO_PAD.encode(format!("sandbox-session-{number:06}")));
    org.sessions.push(Session { token: token.clone(), user: user.clone(), last_used: now, revoked: false });
    Ok(Answer::json(200, &granted(org, call, &user, &token, assertion.is_none().then_some(now))))
}

/// A token answer never says when the token expires. Client credentials come with a time and a signature.
fn granted(org: &Org, call: &Call, user: &str, token: &str, issued: Option<Timestamp>) -> Value {
    let here = format!("http://{}", call.header("host").unwrap_or_default());
    let id = format!("https://login.salesforce.com/id/{}/{user}", org.id);
    let mut body = json!({
        "access_token": token, "scope": "api", "id": id, "token_type": "Bearer",
        "instance_url": org.instance_url.as_ref().unwrap_or(&here),
    });
    if let (Some(issued), Some(body)) = (issued, body.as_object_mut()) {
        let issued = issued.as_millisecond().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"sandbox");
        let signature = STANDARD.encode(hmac::sign(&key, format!("{id}{issued}").as_bytes()));
        body.insert("signature".to_owned(), json!(signature));
        body.insert("issued_at".to_owned(), json!(issued));
    }
    body
}

/// A JWT as it came.
struct Assertion {
    claims: Claims,
    signed: String,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// `aud` is one text, and `exp` is in whole seconds.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
}

impl Assertion {
    fn read(jwt: &str) -> Result<Self, Answer> {
        let invalid = || refused("invalid_grant", "invalid assertion");
        let (signed, signature) = jwt.rsplit_once('.').ok_or_else(invalid)?;
        let (header, claims) = signed.split_once('.').ok_or_else(invalid)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid());
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| invalid())?;
        if header.alg != "RS256" {
            return Err(refused("invalid_grant", "algorithm type not supported"));
        }
        let claims = serde_json::from_slice(&decode(claims)?).map_err(|_| invalid())?;
        Ok(Self { claims, signed: signed.to_owned(), signature: decode(signature)? })
    }

    fn check(&self, org: &Org, app: &App, key: &[u8], now: Timestamp) -> Result<(), Answer> {
        signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| refused("invalid_grant", "invalid assertion"))?;
        let left = self.claims.exp.saturating_sub(now.as_second());
        if left <= 0 || left > LONGEST_ASSERTION.as_secs() {
            return Err(refused("invalid_grant", "expired authorization code"));
        }
        if self.claims.aud != org.audience {
            return Err(refused("invalid_grant", "audience is invalid"));
        }
        if self.claims.sub != app.username {
            return Err(refused("invalid_grant", "user hasn't approved this consumer"));
        }
        Ok(())
    }
}

/// The token endpoint speaks OAuth: an object, not Salesforce's list.
fn refused(error: &str, why: &str) -> Answer {
    let body = json!({"error": error, "error_description": why});
    Answer::json(400, &body).because(Verdict::Wrong(format!("{error}: {why}")))
}
