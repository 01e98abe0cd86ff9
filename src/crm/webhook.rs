//! The typestate of a webhook: raw bytes that nobody can read, then verified ones.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{Event, EventKind, OpenDeals};

/// A request as received. Its body is private: only a verifier in `crm/*` can look at it, and only a verifier
/// hands it out, as a [`VerifiedWebhook`]; verifiers elsewhere use [`RawWebhook::verify_body`]. A handler that reads it unverified does not compile:
///
/// ```compile_fail,E0616
/// # use handoff_bridge::crm::RawWebhook;
/// let raw = RawWebhook::new("POST", "/webhooks/hubspot", Default::default(), b"[]".to_vec());
/// let body = raw.body;
/// ```
///
/// ```compile_fail,E0451
/// # use handoff_bridge::crm::{RawWebhook, Verification, VerifiedWebhook};
/// let verification = Verification::Signed { scheme: "mine", key: 0 };
/// let forged = VerifiedWebhook { body: b"[]".to_vec(), verification, message_id: None };
/// ```
pub struct RawWebhook {
    pub(super) method: String,
    /// Path and query as received, undecoded.
    pub(super) path_and_query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether a verifier may look for what would have matched, which costs many times what verifying costs.
    pub(super) explained: bool,
}

impl RawWebhook {
    /// Wraps what the server received.
    pub fn new(method: &str, path_and_query: &str, headers: HeaderMap, body: Vec<u8>) -> Self {
        let (method, path_and_query) = (method.to_uppercase(), path_and_query.to_owned());
        Self { method, path_and_query, headers, body, explained: true }
    }

    /// The same request, whose refusal names no reason that would have to be looked for.
    #[must_use]
    pub fn unexplained(self) -> Self {
        Self { explained: false, ..self }
    }

    /// Proves a webhook whose body is signed, without showing the body before: `mac` must be the HMAC-SHA256 of `before`
    /// and the body by one of the secrets. `header` is where it stands.
    pub(crate) fn verify_body(
        self,
        scheme: &'static str,
        header: &str,
        mac: &[u8],
        before: &[u8],
        secrets: &[SecretString],
    ) -> Result<VerifiedWebhook, Refusal> {
        let signs = |secret: &SecretString| {
            let key = secret.expose_secret().as_bytes();
            !key.is_empty() && is_hmac_sha256(mac, key, &[before, &self.body])
        };
        let Some(key) = secrets.iter().position(signs) else {
            let secrets = secrets.len();
            let why =
                format!("{header} matches none of {secrets} secrets: wrong secret, or the body was changed");
            return Err(Refusal::new(Refusal::MISMATCH, why));
        };
        Ok(self.verified(Verification::Signed { scheme, key }))
    }

    /// Called by a verifier once the sender is proved.
    pub(super) fn verified(self, verification: Verification) -> VerifiedWebhook {
        self.verified_message(verification, None)
    }

    /// Called by a verifier when the sender's own id of the message stands in a header and is proved too.
    pub(super) fn verified_message(
        self,
        verification: Verification,
        message_id: Option<String>,
    ) -> VerifiedWebhook {
        VerifiedWebhook { body: self.body, verification, message_id }
    }

    /// The value of a header that must not be repeated; `None` if it is absent.
    pub(crate) fn only_header(&self, name: &str) -> Result<Option<&str>, Refusal> {
        if !self.headers.contains_key(name) {
            return Ok(None);
        }
        let repeated = || Refusal::new("malformed", format!("{name} is repeated or not plain ASCII"));
        self.single_header(name).map(Some).ok_or_else(repeated)
    }

    /// The only value of a header: none, several or unreadable ones are `None`.
    pub(super) fn single_header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let only = values.next()?;
        if values.next().is_some() {
            return None;
        }
        only.to_str().ok()
    }
}

/// A webhook whose sender is proved. There is no other way to get at a body.
pub struct VerifiedWebhook {
    body: Vec<u8>,
    verification: Verification,
    message_id: Option<String>,
}

impl VerifiedWebhook {
    /// The exact bytes that were verified.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How the sender was proved.
    pub fn verification(&self) -> &Verification {
        &self.verification
    }

    /// The sender's own id of the message, if it came in a header that was verified with the body.
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }
}

/// A route on which one CRM sends webhooks.
#[derive(Clone)]
pub struct WebhookRoute {
    /// `/webhooks/hubspot`; it may end in `{secret}`.
    pub path: &'static str,
    /// In logs and metrics.
    pub name: &'static str,
    /// The largest body that is read, in bytes, before anything is hashed or parsed.
    pub max_body: usize,
    /// Verifies a webhook and reads its events; takes what stood in place of `{secret}` as well.
    pub receive: Receive,
    /// Content type and body of the answer, where the CRM wants more than a status.
    pub answer: Option<(&'static str, &'static str)>,
}

/// How a route verifies a webhook and reads its events.
pub type Receive = Arc<dyn Fn(RawWebhook, &str, Timestamp) -> Result<Received, Rejected> + Send + Sync>;

/// The largest JSON body that is read: 1 MiB.
pub(super) const MAX_JSON: usize = 1 << 20;

/// How a sender was proved, honestly named: a secret in a URL is never called a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// An HMAC or hash over the request, by the n-th configured secret (from 0).
    Signed {
        /// `hubspot-v3`, `hubspot-v2`, `standard-webhooks`, `body-hmac`.
        scheme: &'static str,
        /// Index of the secret that matched.
        key: usize,
    },
    /// A shared secret was presented, the body is not signed: `header-secret`, `url-secret+org`, `mtls+org`.
    Authenticated {
        by: &'static str,
        /// Index of the secret that matched.
        key: usize,
    },
}

impl Verification {
    /// Index of the secret that matched, in the order of the configuration.
    pub fn key(&self) -> usize {
        match self {
            Self::Signed { key, .. } | Self::Authenticated { key, .. } => *key,
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed { scheme, key } => write!(f, "signed({scheme}, key {})", key + 1),
            Self::Authenticated { by, key } => write!(f, "authenticated({by}, key {})", key + 1),
        }
    }
}

/// A webhook whose sender could not be proved. The text is for the operator's log only: the caller
/// gets a bare 401. It never contains a secret, a signature or a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Short and stable, for metrics: `missing`, `mismatch`, `stale`, `malformed`.
    pub kind: &'static str,
    /// What arrived, and what would have matched.
    pub detail: String,
}

impl Refusal {
    /// The kind of a proof that none of the secrets made.
    pub const MISMATCH: &str = "mismatch";

    pub(crate) fn new(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// How far a webhook's time may lie from ours, before or after. HubSpot says five minutes back; as much ahead is for
/// clocks that differ.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Refuses a webhook that was sent too long before `now`, or after it. `what` names where its time stands.
pub(crate) fn require_fresh(sent: Timestamp, now: Timestamp, what: &str) -> Result<(), Refusal> {
    let age = now.duration_since(sent);
    if age.abs() <= TOLERANCE {
        return Ok(());
    }
    let side = if sent < now { "behind" } else { "ahead of" };
    let seconds = age.abs().as_secs();
    Err(Refusal::new("stale", format!("{what} is {seconds} s {side} our clock; 300 s are allowed")))
}

/// Whether a MAC is the HMAC-SHA256 of these parts by this key, compared in constant time.
pub(super) fn is_hmac_sha256(mac: &[u8], key: &[u8], parts: &[&[u8]]) -> bool {
    bool::from(hmac_sha256(key, parts).ct_eq(mac))
}

/// The HMAC-SHA256 of these parts.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of any length will do.
    let hmac = Hmac::<Sha256>::new_from_slice(key).ok();
    let hmac = hmac.map(|hmac| parts.iter().fold(hmac, Hmac::chain_update));
    hmac.map(|hmac| hmac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// The events of one request, and what was left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Worth recording, in the order they came in. Accounts may be mixed, and may be unknown to us.
    pub events: Vec<Event>,
    /// How many elements were left out, by reason.
    pub dropped: BTreeMap<Unwanted, usize>,
}

impl Batch {
    pub(super) fn add(&mut self, read: Result<Event, Unwanted>) {
        match read {
            Ok(event) => self.events.push(event),
            Err(reason) => *self.dropped.entry(reason).or_default() += 1,
        }
    }

    pub(super) fn add_all(&mut self, read: Result<Vec<Event>, Unwanted>) {
        match read {
            Ok(events) => self.events.extend(events),
            Err(reason) => self.add(Err(reason)),
        }
    }

    /// Leaves out changes of deals without an open packet.
    pub(super) fn keep_open(&mut self, open: &OpenDeals) {
        let before = self.events.len();
        self.events.retain(|Event { kind, deal, .. }| {
            *kind != EventKind::Changed || open.has(&deal.account, &deal.deal)
        });
        let closed = before - self.events.len();
        if closed > 0 {
            *self.dropped.entry(Unwanted::OtherChange).or_default() += closed;
        }
    }

    pub(super) fn received(self, verification: Verification) -> Received {
        let dropped = self.dropped.into_iter().map(|(reason, count)| (reason.as_str(), count as u64));
        Received { events: self.events, dropped: dropped.collect(), useless: None, verification }
    }
}

/// Why an element of a webhook is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unwanted {
    /// No type, account or deal id could be read. The record of a deleted opportunity looks like this.
    Broken,
    /// It speaks of something that is not a deal.
    OtherObject,
    /// Deals, but nothing that can win one: a deletion, an association.
    OtherChange,
    /// A property other than the stage.
    OtherProperty,
    /// The stage it names is known not to be a won one.
    OpenStage,
    /// It speaks for an organisation that the secret does not belong to.
    OtherOrg,
}

impl Unwanted {
    /// The name used in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OtherObject => "other_object",
            Self::OtherChange => "other_change",
            Self::OtherProperty => "other_property",
            Self::OpenStage => "open_stage",
            Self::OtherOrg => "other_org",
        }
    }
}

/// The body is not the JSON array (HubSpot) or object (Salesforce) that it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON of the expected kind")]
pub struct NotJson;

/// What a verified webhook brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub events: Vec<Event>,
    /// How many others were dropped, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What its author has to change before it says anything.
    pub useless: Option<String>,
    /// How the sender was proved.
    pub verification: Verification,
}

/// Why a webhook brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// The sender could not be proved.
    Unverified(Refusal),
    /// The sender is proved, but the body is not what it should be.
    Unreadable,
}
