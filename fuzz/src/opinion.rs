//! Two opinions on one request.

use handoff_bridge::crm::{Refusal, Verification, VerifiedWebhook};

use crate::{Header, Request};

/// Headers that hold a proof: no text for a log may repeat them.
const PROOFS: [&str; 5] = [
    "webhook-signature",
    "x-handoff-signature",
    "x-handoff-secret",
    "x-hubspot-signature",
    "x-hubspot-signature-v3",
];

/// Shorter words may stand in a refusal by chance.
const SHORTEST_PROOF: usize = 44;

/// The product must accept the request exactly if `expected` says so, by the same key, and hand out the bytes
/// that came in; and it must refuse in words that are safe to log.
pub fn agree(outcome: Result<VerifiedWebhook, Refusal>, expected: Option<Verification>, request: &Request) {
    match outcome {
        Ok(verified) => {
            assert_eq!(Some(verified.verification()), expected.as_ref(), "accepted");
            assert_eq!(verified.body(), request.body);
        }
        Err(refusal) => {
            assert_eq!(expected, None, "refused: {refusal:?}");
            is_safe_to_log(&refusal, request);
        }
    }
}

/// A refusal has a known kind, fits one line and repeats no proof.
pub fn is_safe_to_log(refusal: &Refusal, request: &Request) {
    assert!(["missing", "mismatch", "stale", "malformed"].contains(&refusal.kind), "{refusal:?}");
    assert!(!refusal.detail.contains(['\n', '\r', '\u{1b}']), "{refusal:?}");
    for name in PROOFS {
        if let Header::Once(proof) = request.header(name) {
            let repeated = |part: &str| part.len() >= SHORTEST_PROOF && refusal.detail.contains(part);
            assert!(!proof.split(' ').any(repeated), "{refusal:?}");
        }
    }
}
