//! Outbound Messages: who sent one, what it says, and the answer that Salesforce takes for a yes.
//!
//! Nobody signs an Outbound Message. What proves its sender is the secret in the path it was posted to, the
//! organisation it speaks for and, if pinned, the client certificate that a trusted proxy saw. That is called
//! *authenticated*, never *signed*, and the message is only ever a reason to re-read a record.
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_security.htm>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::config::Settings;
use super::envelope::{self, OutboundMessage};
use super::id::{Prefix, SalesforceId};
use crate::crm::{RawWebhook, Refusal, Verification, VerifiedWebhook};

/// The largest body that is read: 8 MiB. Callers cut off earlier and answer 413.
pub const MAX_BODY_BYTES: usize = 8 << 20;

/// The only body that counts as "received". To be sent with status 200 and [`ACK_CONTENT_TYPE`], after every
/// notification is on disk; it speaks for the whole message.
pub const ACK: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>"#,
    r#"<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>"#,
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>",
);

/// The content type of [`ACK`].
pub const ACK_CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// An Outbound Message whose sender is proved.
pub struct VerifiedMessage {
    pub webhook: VerifiedWebhook,
    /// The configured organisation that it speaks for.
    pub organization: SalesforceId,
    pub message: OutboundMessage,
}

/// Proves who sent an Outbound Message: `path_secret` must hash to one of an organisation's
/// `outbound_secrets_sha256`, the body must speak for an organisation that holds this hash, and if that one
/// pins client certificates, its trusted header must show one of them.
pub fn verify_outbound<'a>(
    raw: RawWebhook,
    path_secret: &str,
    orgs: impl IntoIterator<Item = &'a Settings>,
) -> Result<VerifiedMessage, Refusal> {
    let presented: [u8; 32] = Sha256::digest(path_secret).into();
    let holders: Vec<(&Settings, usize)> = orgs
        .into_iter()
        .filter_map(|org| Some((org, matching(&presented, &org.outbound_secrets_sha256)?)))
        .collect();
    if holders.is_empty() {
        return Err(Refusal::new("mismatch", "the secret in the path is none of the configured ones"));
    }
    if raw.body.len() > MAX_BODY_BYTES {
        return Err(Refusal::new("malformed", format!("the body has more than {MAX_BODY_BYTES} bytes")));
    }
    let message = envelope::parse(&raw.body).map_err(|why| Refusal::new("malformed", why))?;
    let organization = SalesforceId::of(Prefix::Organization, message.organization.trim())
        .ok_or_else(|| Refusal::new("malformed", "the message names no organisation"))?;
    let (org, key) = holders
        .into_iter()
        .find(|(org, _)| SalesforceId::parse(&org.org).is_some_and(|id| id == organization))
        .ok_or_else(|| {
            Refusal::new(
                "mismatch",
                format!("organisation {organization} is not configured with this path secret"),
            )
        })?;
    let by = if org.client_certs_sha256.is_empty() {
        "url-secret+org"
    } else {
        require_certificate(&raw, org)?;
        "mtls+org"
    };
    let webhook = raw.verified(Verification::Authenticated { by, key });
    Ok(VerifiedMessage { webhook, organization, message })
}

/// The place of the hash that equals `presented`. Looks at all of them, each in constant time.
fn matching(presented: &[u8; 32], hashes: &[String]) -> Option<usize> {
    let mut found = None;
    for (place, hash) in hashes.iter().enumerate() {
        let equal = fingerprint(hash).map_or(Choice::from(0), |hash| hash.ct_eq(presented));
        if bool::from(equal) {
            found.get_or_insert(place);
        }
    }
    found
}

fn require_certificate(raw: &RawWebhook, org: &Settings) -> Result<(), Refusal> {
    let Some(header) = &org.client_cert_header else {
        return Err(Refusal::new(
            "missing",
            "client certificates are pinned, but no trusted header is configured",
        ));
    };
    let shown = raw
        .single_header(header)
        .ok_or_else(|| Refusal::new("missing", format!("{header} is not there exactly once")))?;
    let shown = certificate_hash(shown).ok_or_else(|| {
        Refusal::new("malformed", format!("{header} is neither a SHA-256 fingerprint nor a certificate"))
    })?;
    matching(&shown, &org.client_certs_sha256)
        .map(|_| ())
        .ok_or_else(|| Refusal::new("mismatch", format!("the certificate in {header} is not pinned")))
}

/// The SHA-256 of the certificate that a proxy's header speaks of: either the fingerprint itself, or the
/// certificate between colons, as RFC 9440 has it. <https://www.rfc-editor.org/rfc/rfc9440>
fn certificate_hash(header: &str) -> Option<[u8; 32]> {
    match header.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')) {
        Some(der) => Some(Sha256::digest(STANDARD.decode(der).ok()?).into()),
        None => fingerprint(header),
    }
}

/// 64 hex digits, in either case, with or without colons between the bytes.
pub(super) fn fingerprint(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.replace(':', "")).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample::{ENVELOPE_A, ORG, OTHER_ORG, config, webhook};
    use super::*;

    const SECRET: &str = "0f5a4c1e9b7d4f3a8c6e2b1d0a9f8e7c";
    const CERTIFICATE: &[u8] = b"stands for the DER of a certificate";

    fn hash(bytes: impl AsRef<[u8]>) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    fn org(id: &str, secrets: &[&str]) -> Settings {
        let outbound_secrets_sha256 = secrets.iter().map(hash).collect();
        Settings { org: id.into(), outbound_secrets_sha256, ..config("https://acme.my.salesforce.com") }
    }

    fn verdict(raw: RawWebhook, secret: &str, orgs: &[Settings]) -> Result<String, Refusal> {
        verify_outbound(raw, secret, orgs)
            .map(|verified| format!("{} for {}", verified.webhook.verification(), verified.organization))
    }

    fn refused(body: &str, secret: &str, orgs: &[Settings]) -> Refusal {
        verdict(webhook(&[], body.as_bytes()), secret, orgs).unwrap_err()
    }

    #[test]
    fn the_ack_is_byte_for_byte_what_salesforce_takes() {
        insta::assert_snapshot!(ACK, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>
        "#);
    }

    #[test]
    fn secret_and_organisation_together_authenticate() {
        let orgs = [org(OTHER_ORG, &["another"]), org(ORG, &["old", SECRET])];
        let verdict = verdict(webhook(&[], ENVELOPE_A.as_bytes()), SECRET, &orgs).unwrap();
        insta::assert_snapshot!(verdict, @"authenticated(url-secret+org, key 2) for 00DHn0000012AbCMAU");
    }

    #[test]
    fn fifteen_characters_in_the_configuration_are_the_same_organisation() {
        assert!(
            verdict(webhook(&[], ENVELOPE_A.as_bytes()), SECRET, &[org("00DHn0000012AbC", &[SECRET])])
                .is_ok()
        );
    }

    #[test]
    fn a_wrong_secret_is_refused_before_the_body_is_read() {
        let refusal = refused("not even XML", "guess", &[org(ORG, &[SECRET])]);
        assert_eq!(refusal.kind, "mismatch");
        insta::assert_snapshot!(refusal.detail, @"the secret in the path is none of the configured ones");
        assert_eq!(refused(ENVELOPE_A, "", &[org(ORG, &[])]).kind, "mismatch");
        // The stored hash is not the secret.
        assert_eq!(refused(ENVELOPE_A, &hash(SECRET), &[org(ORG, &[SECRET])]).kind, "mismatch");
    }

    #[test]
    fn the_secret_of_one_org_does_not_speak_for_another() {
        let orgs = [org(ORG, &["its own"]), org(OTHER_ORG, &[SECRET])];
        let refusal = refused(ENVELOPE_A, SECRET, &orgs);
        assert_eq!(refusal.kind, "mismatch");
        insta::assert_snapshot!(refusal.detail, @"organisation 00DHn0000012AbCMAU is not configured with this path secret");
    }

    #[test]
    fn an_organisation_in_another_case_is_another_organisation() {
        let body = ENVELOPE_A.replace(ORG, "00Dhn0000012AbC");
        assert_eq!(refused(&body, SECRET, &[org(ORG, &[SECRET])]).kind, "mismatch");
        let body = ENVELOPE_A.replace(ORG, "00dhn0000012abcmau");
        assert_eq!(refused(&body, SECRET, &[org(ORG, &[SECRET])]).kind, "malformed");
    }

    #[test]
    fn a_body_that_is_too_large_or_not_a_message_is_malformed() {
        let orgs = [org(ORG, &[SECRET])];
        assert_eq!(refused(&" ".repeat(MAX_BODY_BYTES + 1), SECRET, &orgs).kind, "malformed");
        assert_eq!(refused("<a/>", SECRET, &orgs).kind, "malformed");
        assert_eq!(refused(&ENVELOPE_A.replace(ORG, ""), SECRET, &orgs).kind, "malformed");
    }

    #[test]
    fn a_pinned_certificate_is_asked_for_beside_the_secret() {
        let header = "x-client-cert";
        let pinned = Settings {
            client_certs_sha256: vec![hash("retired"), hash(CERTIFICATE)],
            client_cert_header: Some(header.into()),
            ..org(ORG, &[SECRET])
        };
        let with = |value: &str| {
            let raw = webhook(&[(header, value)], ENVELOPE_A.as_bytes());
            verdict(raw, SECRET, std::slice::from_ref(&pinned)).map_err(|refusal| refusal.kind)
        };
        let passes = Ok("authenticated(mtls+org, key 1) for 00DHn0000012AbCMAU".to_owned());
        let digest = hash(CERTIFICATE);
        let upper = digest.to_uppercase();
        let pairs: Vec<&str> = (0..32).map(|i| &upper[2 * i..2 * i + 2]).collect();
        assert_eq!(with(&digest), passes);
        assert_eq!(with(&pairs.join(":")), passes);
        assert_eq!(with(&format!(":{}:", STANDARD.encode(CERTIFICATE))), passes);
        assert_eq!(with(&hash("somebody else's")), Err("mismatch"));
        assert_eq!(with("CN=salesforce"), Err("malformed"));
        assert_eq!(with("::"), Err("mismatch"));
        assert_eq!(refused(ENVELOPE_A, SECRET, std::slice::from_ref(&pinned)).kind, "missing");
        let doubled = webhook(&[(header, &digest), (header, &digest)], ENVELOPE_A.as_bytes());
        assert_eq!(verdict(doubled, SECRET, std::slice::from_ref(&pinned)).unwrap_err().kind, "missing");
        let no_header = Settings { client_cert_header: None, ..pinned };
        assert_eq!(refused(ENVELOPE_A, SECRET, &[no_header]).kind, "missing");
    }

    #[test]
    fn a_header_that_is_not_configured_proves_nothing() {
        let certificate = hash(CERTIFICATE);
        let shown = || webhook(&[("x-client-cert-sha256", &certificate)], ENVELOPE_A.as_bytes());
        // No certificate is pinned: whoever sends the header gets nothing for it.
        let plain = verdict(shown(), SECRET, &[org(ORG, &[SECRET])]);
        assert_eq!(plain, Ok("authenticated(url-secret+org, key 1) for 00DHn0000012AbCMAU".to_owned()));
        assert!(
            verdict(shown(), "guessed", &[org(ORG, &[SECRET])]).is_err(),
            "nor is it a way around the secret"
        );
        // A certificate is pinned, and the proxy shows it in another header.
        let pinned = Settings {
            client_certs_sha256: vec![hash(CERTIFICATE)],
            client_cert_header: Some("x-proxy-cert".into()),
            ..org(ORG, &[SECRET])
        };
        assert_eq!(verdict(shown(), SECRET, &[pinned]).unwrap_err().kind, "missing");
    }
}
