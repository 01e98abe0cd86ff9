//! Sessions without a table: what the cookie holds is signed with a key that is derived from the token it was opened
//! with, so every replica knows it, and a new token ends it.

use axum::http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{OperatorConfig, Role};

/// How long a session lasts: a working day.
const LASTS: SignedDuration = SignedDuration::from_hours(10);

/// A token, and the key of the sessions that are opened with it.
struct Secret {
    role: Role,
    /// SHA-256 of the token: comparing hashes takes the same time whatever was presented.
    digest: [u8; 32],
    key: Key,
}

pub struct Sessions {
    secrets: Vec<Secret>,
    /// Signs what forms carry.
    forms: Key,
    /// The page is reached over https only: the cookie says so.
    is_secure: bool,
}

impl Sessions {
    pub fn new(config: &OperatorConfig) -> Self {
        let secret = |role, token: &SecretString| {
            let digest: [u8; 32] = Sha256::digest(token.expose_secret()).into();
            Secret { role, digest, key: derived(&digest, "session") }
        };
        let operator = config.token.iter().map(|token| secret(Role::Operator, token));
        let reader = config.read_token.iter().map(|token| secret(Role::Reader, token));
        let secrets: Vec<Secret> = operator.chain(reader).collect();
        // Without a token there is nothing that replicas share, and one process on loopback.
        let forms = secrets.first().map_or_else(random, |secret| secret.digest);
        let is_secure = config.url.as_deref().is_some_and(|url| url.starts_with("https://"));
        Self { forms: derived(&forms, "form"), secrets, is_secure }
    }

    /// Whether callers have to prove who they are.
    pub fn are_needed(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The role of a token.
    pub fn role_of(&self, token: &str) -> Option<Role> {
        let presented: [u8; 32] = Sha256::digest(token.trim()).into();
        // All of them are compared, whichever it is.
        let fitting = self.secrets.iter().filter(|one| bool::from(presented.ct_eq(&one.digest)));
        fitting.fold(None, |_, one| Some(one.role))
    }

    /// Whether a request says by a bearer token who it is from. Of another scheme, which a proxy in front asked for and
    /// passed on, we know nothing.
    pub fn presents_token(headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        values.any(|value| {
            let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
            scheme.eq_ignore_ascii_case(b"bearer")
        })
    }

    /// The role of the one bearer token of a request.
    pub fn bearer(&self, headers: &HeaderMap) -> Option<Role> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(only), None) = (values.next(), values.next()) else { return None };
        let (scheme, presented) = only.to_str().ok()?.split_once(' ')?;
        let role = self.role_of(presented);
        role.filter(|_| scheme.eq_ignore_ascii_case("bearer"))
    }

    /// The role of the session that a request has, and the session.
    pub fn of<'h>(&self, headers: &'h HeaderMap, now: Timestamp) -> Option<(Role, &'h str)> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut sessions = pairs.filter(|(name, _)| *name == self.cookie_name()).map(|(_, session)| session);
        let (Some(session), None) = (sessions.next(), sessions.next()) else { return None };
        let (signed, signature) = session.rsplit_once('.')?;
        let signature = hex::decode(signature).ok()?;
        let mut parts = signed.split('.');
        let (role, until) = (parts.next()?, parts.next()?.parse().ok()?);
        let secret = self.secrets.iter().find(|secret| secret.role.as_str() == role)?;
        hmac::verify(&secret.key, signed.as_bytes(), &signature).ok()?;
        (now.as_second() < until).then_some((secret.role, session))
    }

    /// The cookie of a new session.
    pub fn open(&self, role: Role, now: Timestamp) -> Option<String> {
        let secret = self.secrets.iter().find(|secret| secret.role == role)?;
        let until = now.as_second() + LASTS.as_secs();
        let nonce = random();
        let signed = format!("{}.{until}.{}", role.as_str(), hex::encode(&nonce[..16]));
        let signature = hex::encode(hmac::sign(&secret.key, signed.as_bytes()));
        Some(self.cookie(&format!("{signed}.{signature}"), LASTS.as_secs()))
    }

    /// The cookie that ends a session in the browser.
    pub fn ended(&self) -> String {
        self.cookie("", 0)
    }

    /// What the forms of a session carry.
    pub fn csrf(&self, session: &str) -> String {
        hex::encode(hmac::sign(&self.forms, session.as_bytes()))
    }

    /// A name with this prefix is only taken over https and for this host:
    /// <https://www.rfc-editor.org/rfc/rfc6265.html>, and its successor's section 4.1.3.2.
    fn cookie_name(&self) -> &'static str {
        if self.is_secure { "__Host-handoff" } else { "handoff" }
    }

    fn cookie(&self, value: &str, seconds: i64) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.cookie_name();
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

fn derived(digest: &[u8; 32], purpose: &str) -> Key {
    let key =
        hmac::sign(&Key::new(HMAC_SHA256, digest), format!("handoff operators' page: {purpose}").as_bytes());
    Key::new(HMAC_SHA256, key.as_ref())
}

/// Bytes that cannot be guessed.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    // The system's source fails on no system that this runs on, and zeros would be a key that anybody knows.
    assert!(SystemRandom::new().fill(&mut bytes).is_ok(), "the system has no random bytes");
    bytes
}
