//! Who sent a webhook: HubSpot's signatures v3 and v2, and the header secret of a workflow.
//!
//! The signed URL is the configured public URL with the received path and query. `Host` and forwarding
//! headers never take part: they are the sender's words. Version 1 covers neither URL nor time, so it
//! proves nothing here.
//!
//! <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::signed_url;
use crate::crm::webhook::{hmac_sha256, is_hmac_sha256, require_fresh};
use crate::crm::{Candidates, RawWebhook, Refusal, Verification, VerifiedWebhook};

const V3: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
/// Carries v1 or v2; [`VERSION`] says which.
const SIGNATURE: &str = "x-hubspot-signature";
const VERSION: &str = "x-hubspot-signature-version";
/// The header an admin puts the shared secret into when the workflow uses an API key.
const HEADER_SECRET: &str = "x-handoff-secret";

/// Proves that an app subscription's webhook comes from HubSpot. Only signature v3 counts.
///
/// `public_url` has no trailing slash; any of `secrets` may have signed.
pub fn verify_app<'a>(
    raw: RawWebhook,
    public_url: &str,
    secrets: impl Into<Candidates<'a>>,
    now: Timestamp,
) -> Result<VerifiedWebhook, Refusal> {
    let Some(signature) = raw.only_header(V3)? else { return Err(without_v3(&raw)) };
    let verification = v3(&raw, signature, public_url, &secrets.into(), now)?;
    Ok(raw.verified(verification))
}

/// Proves that a workflow's "Send a webhook" comes from the portal. The strongest proof that is present
/// decides alone: signature v3, then v2, then the secret in `x-handoff-secret`. A workflow without any
/// authentication is refused.
pub fn verify_workflow<'a>(
    raw: RawWebhook,
    public_url: &str,
    client_secrets: impl Into<Candidates<'a>>,
    workflow_secrets: impl Into<Candidates<'a>>,
    now: Timestamp,
) -> Result<VerifiedWebhook, Refusal> {
    let verification = if let Some(signature) = raw.only_header(V3)? {
        v3(&raw, signature, public_url, &client_secrets.into(), now)?
    } else if let (Some(signature), Some("v2")) = (raw.only_header(SIGNATURE)?, raw.only_header(VERSION)?) {
        v2(&raw, signature, public_url, &client_secrets.into())?
    } else if let Some(presented) = raw.only_header(HEADER_SECRET)? {
        header_secret(presented, &workflow_secrets.into())?
    } else {
        return Err(without_proof(&raw));
    };
    Ok(raw.verified(verification))
}

fn v3(
    raw: &RawWebhook,
    signature: &str,
    public_url: &str,
    secrets: &Candidates<'_>,
    now: Timestamp,
) -> Result<Verification, Refusal> {
    let timestamp = raw
        .only_header(TIMESTAMP)?
        .ok_or_else(|| Refusal::new("missing", format!("{V3} arrived without {TIMESTAMP}")))?;
    let sent = sent_at(timestamp)
        .ok_or_else(|| Refusal::new("malformed", format!("{TIMESTAMP} is not a number of milliseconds")))?;
    require_fresh(sent, now, TIMESTAMP)?;
    let expected: [u8; 32] = STANDARD
        .decode(signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Refusal::new("malformed", format!("{V3} is not the base64 of 32 bytes")))?;

    let signs = |secret: &SecretString, url: &str| {
        let parts = [raw.method.as_bytes(), url.as_bytes(), &raw.body, timestamp.as_bytes()];
        is_hmac_sha256(&expected, secret.expose_secret().as_bytes(), &parts)
    };
    let url = format!("{public_url}{}", raw.path_and_query);
    let decoded = decode_listed(&url);
    let key = secrets
        .iter()
        .find(|(_, secret)| signs(secret, &url) || (*decoded != *url && signs(secret, &decoded)))
        .map(|(key, _)| key);
    match key {
        Some(key) => Ok(Verification::Signed { scheme: "hubspot-v3", key }),
        None => Err(mismatch(V3, raw, public_url, secrets, &signs)),
    }
}

/// The headers of signature v3 as HubSpot sets them on a `POST` to `url`, for `doctor` to try the public address.
pub fn sign_v3(url: &str, secret: &SecretString, body: &[u8], now: Timestamp) -> [(&'static str, String); 2] {
    let (url, timestamp) = (decode_listed(url), now.as_millisecond().to_string());
    let parts = ["POST".as_bytes(), url.as_bytes(), body, timestamp.as_bytes()];
    let signature = STANDARD.encode(hmac_sha256(secret.expose_secret().as_bytes(), &parts));
    [(V3, signature), (TIMESTAMP, timestamp)]
}

fn v2(
    raw: &RawWebhook,
    signature: &str,
    public_url: &str,
    secrets: &Candidates<'_>,
) -> Result<Verification, Refusal> {
    let mut expected = [0; 32];
    hex::decode_to_slice(signature, &mut expected)
        .map_err(|_| Refusal::new("malformed", format!("{SIGNATURE} is not the hex of 32 bytes")))?;

    let signs = |secret: &SecretString, url: &str| {
        let hash = Sha256::new()
            .chain_update(secret.expose_secret())
            .chain_update(&raw.method)
            .chain_update(url)
            .chain_update(&raw.body)
            .finalize();
        hash.ct_eq(&expected).into()
    };
    let url = format!("{public_url}{}", raw.path_and_query);
    match secrets.iter().find(|(_, secret)| signs(secret, &url)) {
        Some((key, _)) => Ok(Verification::Signed { scheme: "hubspot-v2", key }),
        None => Err(mismatch(SIGNATURE, raw, public_url, secrets, &signs)),
    }
}

fn header_secret(presented: &str, secrets: &Candidates<'_>) -> Result<Verification, Refusal> {
    // Hashing first makes both sides equally long, so not even the length of the secret leaks.
    let presented = Sha256::digest(presented);
    secrets
        .iter()
        .find(|(_, secret)| presented.ct_eq(&Sha256::digest(secret.expose_secret())).into())
        .map(|(key, _)| Verification::Authenticated { by: "header-secret", key })
        .ok_or_else(|| Refusal::new("mismatch", format!("{HEADER_SECRET} is none of {secrets}")))
}

/// The time of a request, in milliseconds since 1970.
fn sent_at(timestamp: &str) -> Option<Timestamp> {
    let plain = (10..=16).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let millis = plain.then(|| timestamp.parse().ok()).flatten()?;
    // Sixteen digits can name an instant that no calendar has: far too late in any case.
    Some(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX))
}

/// The URL with the twelve escapes decoded that HubSpot's document lists, and no others. HubSpot's own
/// helpers do not decode, so callers accept both forms.
fn decode_listed(url: &str) -> Cow<'_, str> {
    if url.contains('%') {
        Cow::Owned(signed_url::decode(url, |byte| b":/?@!$'()*,;".contains(&byte)))
    } else {
        Cow::Borrowed(url)
    }
}

fn without_v3(raw: &RawWebhook) -> Refusal {
    let arrived = match (raw.headers.contains_key(SIGNATURE), raw.single_header(VERSION)) {
        (false, _) => "no HubSpot signature arrived".to_owned(),
        (true, Some(version @ ("v1" | "v2"))) => format!("only {SIGNATURE} ({version}) arrived"),
        (true, _) => format!("only {SIGNATURE} (no known version) arrived"),
    };
    Refusal::new("missing", format!("{arrived}; app subscriptions are verified by {V3} alone"))
}

fn without_proof(raw: &RawWebhook) -> Refusal {
    let arrived = if raw.headers.contains_key(SIGNATURE) {
        format!("{SIGNATURE} arrived, but {VERSION} is not v2")
    } else {
        "no signature and no secret arrived".to_owned()
    };
    Refusal::new(
        "missing",
        format!(
            "{arrived}; set the workflow to sign its requests, or to send {HEADER_SECRET} as its API key"
        ),
    )
}

fn mismatch(
    header: &str,
    raw: &RawWebhook,
    public_url: &str,
    secrets: &Candidates<'_>,
    signs: &dyn Fn(&SecretString, &str) -> bool,
) -> Refusal {
    let signs = |url: &str| secrets.iter().any(|(_, secret)| signs(secret, url));
    let explanation = if raw.explained {
        signed_url::explain(raw, public_url, &signs)
    } else {
        "no reason was looked for".to_owned()
    };
    Refusal::new(Refusal::MISMATCH, format!("{header} matches none of {secrets}; {explanation}"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use hmac::{Hmac, KeyInit as _, Mac as _};

    use super::*;

    const SECRET: &str = "handoff-test-secret-0001";
    const PUBLIC: &str = "https://hooks.example.com";
    const PATH: &str = "/v1/hubspot";
    const B1: &str = r#"[{"eventId":7100000001,"subscriptionId":410001,"portalId":48210077,"appId":9050011,"occurredAt":1764000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":301000000417,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM_UI","sourceId":"userId:70000001"}]"#;
    const B2: &str = r#"[{"eventId":7100000002,"subscriptionId":410002,"portalId":48210077,"appId":9050011,"occurredAt":1764000000500,"subscriptionType":"object.propertyChange","attemptNumber":2,"objectId":301000000418,"objectTypeId":"0-3","propertyName":"dealname","propertyValue":"Zoë & Müller – Phase 2","changeSource":"INTEGRATION","sourceId":"9050011","isSensitive":false}]"#;
    const T1: &str = "1764000001234";
    const V3_A: &str = "sq7nk4/TGUt2zF2RGMyS3k+kVutkJv2g0A4TxEbMHg4=";
    const V3_B: &str = "gZ1DWaK9+522vK4e6/5IEatu+V8lP1iq6o90M0hax70=";
    const V3_C: &str = "w/YavhIgaDh/MrWKenr9Xb3bNi5nwEZRoj187QJDu5Y=";
    const V3_C_UNDECODED: &str = "IuGAyx4F97HO4xWszTyLoGknoIgxL/HDMOKQOHDy528=";
    const N1_HTTP: &str = "3/VLTyy+qYBD2bqLhTDAL/XRRR6GzF2N4CsTs56Nyr0=";
    const N2_SLASH: &str = "Sol7JA+gBEZSTr7ICSowRjrPSoz2AegcVW7dAjFLvOc=";
    const V2_A: &str = "cf006fe471bf34ef3745ef2ad2aad5ddb3b55eea2db3db7b7475d35e0300709e";
    const QUERY_PATH: &str = "/v1/hubspot?tenant=acme%2Feu&tag=a%3Ab%2Cc&note=x%20y";

    fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> RawWebhook {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        RawWebhook::new(method, path, map, body.as_bytes().to_vec())
    }

    fn app_post(path: &str, signature: &str, timestamp: &str, body: &str) -> RawWebhook {
        request("POST", path, &[(V3, signature), (TIMESTAMP, timestamp)], body)
    }

    fn millis(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn secrets(all: &[&str]) -> Vec<SecretString> {
        all.iter().map(|secret| SecretString::from(*secret)).collect()
    }

    /// Checks an app webhook with our secret at the time of the vectors.
    fn check_app(raw: RawWebhook) -> Result<VerifiedWebhook, Refusal> {
        verify_app(raw, PUBLIC, &secrets(&[SECRET]), millis(1_764_000_001_234))
    }

    fn check_workflow(raw: RawWebhook) -> Result<VerifiedWebhook, Refusal> {
        let now = millis(1_764_000_001_234);
        verify_workflow(raw, PUBLIC, &secrets(&[SECRET]), &secrets(&["shared one", "shared two"]), now)
    }

    fn refused(result: Result<VerifiedWebhook, Refusal>) -> Refusal {
        result.err().expect("the webhook must be refused")
    }

    fn proof(result: Result<VerifiedWebhook, Refusal>) -> String {
        result.expect("the webhook must be accepted").verification().to_string()
    }

    #[test]
    fn the_bodies_of_the_vectors_have_their_published_length() {
        assert_eq!((B1.len(), B2.len()), (302, 358));
    }

    #[test]
    fn a_genuine_v3_signature_is_accepted_and_hands_out_the_body() {
        let webhook = check_app(app_post(PATH, V3_A, T1, B1)).expect("genuine");
        assert_eq!(webhook.body(), B1.as_bytes());
        assert_eq!(webhook.verification(), &Verification::Signed { scheme: "hubspot-v3", key: 0 });
    }

    #[test]
    fn a_body_outside_ascii_is_signed_as_its_bytes() {
        assert_eq!(proof(check_app(app_post(PATH, V3_B, "1764000002500", B2))), "signed(hubspot-v3, key 1)");
    }

    #[test]
    fn a_url_with_escapes_may_be_signed_decoded_or_as_it_is() {
        for signature in [V3_C, V3_C_UNDECODED] {
            assert!(check_app(app_post(QUERY_PATH, signature, T1, "[]")).is_ok(), "{signature}");
        }
    }

    #[test]
    fn our_own_v3_signature_is_the_one_that_hubspot_publishes() {
        let now = millis(T1.parse().unwrap());
        for (path, body, signature) in [(PATH, B1, V3_A), (QUERY_PATH, "[]", V3_C)] {
            let signed = sign_v3(&format!("{PUBLIC}{path}"), &SECRET.into(), body.as_bytes(), now);
            assert_eq!(signed, [(V3, signature.to_owned()), (TIMESTAMP, T1.to_owned())]);
        }
    }

    #[test]
    fn only_the_twelve_listed_escapes_are_decoded() {
        let listed = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%3a%2f";
        assert_eq!(decode_listed(listed), ":/?@!$'()*,;:/");
        for untouched in ["a%20b%26c%3D%25", "%", "%2", "%é", "100%2", "plain"] {
            assert_eq!(decode_listed(untouched), untouched);
        }
        assert_eq!(decode_listed("%253A"), "%253A", "decoding happens once");
    }

    #[test]
    fn a_signature_over_another_scheme_is_refused_and_explained() {
        let refusal = refused(check_app(app_post(PATH, N1_HTTP, T1, B1)));
        assert_eq!(refusal.kind, "mismatch");
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature-v3 matches none of 1 secrets; it would have matched with scheme http"
        );
    }

    #[test]
    fn a_signature_over_a_trailing_slash_is_refused_and_explained() {
        let refusal = refused(check_app(app_post(PATH, N2_SLASH, T1, B1)));
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature-v3 matches none of 1 secrets; it would have matched with a trailing slash"
        );
    }

    #[test]
    fn a_signature_over_the_received_host_is_refused_and_explained() {
        let headers = [(V3, V3_A), (TIMESTAMP, T1), ("host", "hooks.example.com")];
        let raw = request("POST", PATH, &headers, B1);
        let now = millis(1_764_000_001_234);
        let refusal = refused(verify_app(raw, "http://tunnel.example.net", &secrets(&[SECRET]), now));
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature-v3 matches none of 1 secrets; it would have matched with scheme https and host hooks.example.com"
        );
    }

    #[test]
    fn a_signature_over_another_query_form_is_refused_and_explained() {
        let raw = app_post("/v1/hubspot?tenant=acme", V3_A, T1, B1);
        assert!(refused(check_app(raw)).detail.ends_with("it would have matched with no query in the URL"));
    }

    #[test]
    fn a_wrong_secret_or_a_changed_body_finds_no_other_url() {
        let changed = B1.replace("closedwon", "closedwin");
        let refusal = refused(check_app(app_post(PATH, V3_A, T1, &changed)));
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature-v3 matches none of 1 secrets; no other scheme, host, slash or query form matches: wrong secret, or the body was changed"
        );
    }

    #[test]
    fn the_host_header_never_takes_part_in_the_signed_url() {
        let headers =
            [(V3, V3_A), (TIMESTAMP, T1), ("host", "evil.example"), ("x-forwarded-host", "evil.example")];
        assert!(check_app(request("POST", PATH, &headers, B1)).is_ok());
    }

    #[test]
    fn method_and_timestamp_are_part_of_what_is_signed() {
        let get = request("GET", PATH, &[(V3, V3_A), (TIMESTAMP, T1)], B1);
        assert_eq!(refused(check_app(get)).kind, "mismatch");
        assert_eq!(refused(check_app(app_post(PATH, V3_A, "1764000001235", B1))).kind, "mismatch");
    }

    #[test]
    fn any_active_secret_may_sign_and_an_empty_one_never_does() {
        let now = millis(1_764_000_001_234);
        let rotating = secrets(&["", "the next secret", SECRET]);
        let proof = proof(verify_app(app_post(PATH, V3_A, T1, B1), PUBLIC, &rotating, now));
        assert_eq!(proof, "signed(hubspot-v3, key 3)");

        let mac =
            Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(format!("POST{PUBLIC}{PATH}{B1}{T1}"));
        let by_nobody = STANDARD.encode(mac.finalize().into_bytes());
        assert!(verify_app(app_post(PATH, &by_nobody, T1, B1), PUBLIC, &secrets(&[""]), now).is_err());
        assert!(verify_app(app_post(PATH, V3_A, T1, B1), PUBLIC, &[], now).is_err());
    }

    #[test]
    fn five_minutes_either_way_are_allowed_and_a_millisecond_more_is_stale() {
        let sent = 1_764_000_001_234;
        for (now, kind) in [
            (sent - 300_001, Some("stale")),
            (sent - 300_000, None),
            (sent + 300_000, None),
            (sent + 300_001, Some("stale")),
        ] {
            let result = verify_app(app_post(PATH, V3_A, T1, B1), PUBLIC, &secrets(&[SECRET]), millis(now));
            assert_eq!(result.err().map(|refusal| refusal.kind), kind, "{now}");
        }
    }

    #[test]
    fn a_timestamp_that_is_not_plain_milliseconds_is_malformed() {
        for odd in [
            "",
            "176400000",
            "1764000001234.0",
            "+1764000001234",
            "17640000012341234",
            "1764OOOO01234",
            "-764000001234",
        ] {
            assert_eq!(refused(check_app(app_post(PATH, V3_A, odd, B1))).kind, "malformed", "{odd:?}");
        }
    }

    #[test]
    fn a_missing_timestamp_is_refused() {
        assert_eq!(refused(check_app(request("POST", PATH, &[(V3, V3_A)], B1))).kind, "missing");
    }

    #[test]
    fn repeated_headers_are_malformed() {
        for repeated in [(V3, V3_A), (TIMESTAMP, T1)] {
            let raw = request("POST", PATH, &[(V3, V3_A), (TIMESTAMP, T1), repeated], B1);
            assert_eq!(refused(check_app(raw)).kind, "malformed");
        }
    }

    #[test]
    fn a_signature_that_is_not_the_base64_of_32_bytes_is_malformed() {
        for odd in
            ["", "!!!!", "sq7nk4/TGUt2zF2RGMyS3k+kVutkJv2g0A4TxEbMHg4", "sq7nk4==", &format!("{V3_A}AAAA")]
        {
            assert_eq!(refused(check_app(app_post(PATH, odd, T1, B1))).kind, "malformed", "{odd:?}");
        }
    }

    #[test]
    fn the_v1_vector_agrees_with_us_and_is_refused_all_the_same() {
        let v1 = hex::encode(Sha256::digest(format!("{SECRET}{B1}")));
        assert_eq!(v1, "4e399320d872b7518e0b8478671421114e7519f6a52f58439c883d6a24c6b2f0");
        let headers = [(SIGNATURE, v1.as_str()), (VERSION, "v1")];
        let refusal = refused(check_app(request("POST", PATH, &headers, B1)));
        assert_eq!(refusal.kind, "missing");
        insta::assert_snapshot!(
            refusal.detail,
            @"only x-hubspot-signature (v1) arrived; app subscriptions are verified by x-hubspot-signature-v3 alone"
        );
        let refusal = refused(check_workflow(request("POST", PATH, &headers, B1)));
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature arrived, but x-hubspot-signature-version is not v2; set the workflow to sign its requests, or to send x-handoff-secret as its API key"
        );
    }

    #[test]
    fn a_bad_v3_is_not_rescued_by_a_good_v1_v2_or_header_secret() {
        let v1 = hex::encode(Sha256::digest(format!("{SECRET}{B1}")));
        let with_v1 = [(V3, N1_HTTP), (TIMESTAMP, T1), (SIGNATURE, &v1), (VERSION, "v1")];
        assert_eq!(refused(check_app(request("POST", PATH, &with_v1, B1))).kind, "mismatch");
        let with_v2 = [
            (V3, N1_HTTP),
            (TIMESTAMP, T1),
            (SIGNATURE, V2_A),
            (VERSION, "v2"),
            (HEADER_SECRET, "shared one"),
        ];
        assert_eq!(refused(check_workflow(request("POST", PATH, &with_v2, B1))).kind, "mismatch");
    }

    #[test]
    fn app_subscriptions_never_take_v2_or_a_header_secret() {
        let headers = [(SIGNATURE, V2_A), (VERSION, "v2"), (HEADER_SECRET, "shared one")];
        assert_eq!(refused(check_app(request("POST", PATH, &headers, B1))).kind, "missing");
    }

    #[test]
    fn workflows_may_sign_with_v2() {
        let post = [(SIGNATURE, V2_A), (VERSION, "v2")];
        assert_eq!(proof(check_workflow(request("POST", PATH, &post, B1))), "signed(hubspot-v2, key 1)");
        let get = [
            (SIGNATURE, "9d2c1f8635a014da9abd58d2d8aa13ec8c9155dd4fd0a4689dc18cab65133f6e"),
            (VERSION, "v2"),
        ];
        assert!(check_workflow(request("GET", PATH, &get, "")).is_ok());
    }

    #[test]
    fn a_bad_v2_is_explained_and_not_rescued_by_a_header_secret() {
        let headers = [(SIGNATURE, V2_A), (VERSION, "v2"), (HEADER_SECRET, "shared one")];
        let refusal = refused(check_workflow(request("POST", "/v1/hubspot/", &headers, B1)));
        insta::assert_snapshot!(
            refusal.detail,
            @"x-hubspot-signature matches none of 1 secrets; it would have matched with no trailing slash"
        );
    }

    #[test]
    fn an_unexplained_refusal_costs_no_search_for_a_reason() {
        let headers = [(SIGNATURE, V2_A), (VERSION, "v2")];
        for raw in [app_post(PATH, N1_HTTP, T1, B1), request("POST", "/v1/hubspot/", &headers, B1)] {
            let refusal = refused(check_workflow(raw.unexplained()));
            assert!(
                refusal.kind == "mismatch" && refusal.detail.ends_with("no reason was looked for"),
                "{refusal:?}"
            );
        }
    }

    #[test]
    fn workflows_may_sign_with_v3_too() {
        assert_eq!(proof(check_workflow(app_post(PATH, V3_A, T1, B1))), "signed(hubspot-v3, key 1)");
    }

    #[test]
    fn workflows_may_present_a_shared_secret_in_a_header() {
        let raw = request("POST", PATH, &[(HEADER_SECRET, "shared two")], "{}");
        assert_eq!(proof(check_workflow(raw)), "authenticated(header-secret, key 2)");
        for wrong in ["", "shared", "shared two ", "Shared two"] {
            let refusal = refused(check_workflow(request("POST", PATH, &[(HEADER_SECRET, wrong)], "{}")));
            assert_eq!(refusal.kind, "mismatch", "{wrong:?}");
        }
    }

    #[test]
    fn an_empty_configured_secret_is_matched_by_nothing() {
        let raw = request("POST", PATH, &[(HEADER_SECRET, "")], "{}");
        assert!(verify_workflow(raw, PUBLIC, &[], &secrets(&[""]), millis(0)).is_err());
    }

    #[test]
    fn a_workflow_that_proves_nothing_is_refused() {
        let refusal = refused(check_workflow(request("POST", PATH, &[], "{}")));
        insta::assert_snapshot!(
            refusal.detail,
            @"no signature and no secret arrived; set the workflow to sign its requests, or to send x-handoff-secret as its API key"
        );
    }

    #[test]
    fn hubspots_own_fixture_agrees() {
        let secret = secrets(&["yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"]);
        let public = "https://www.example.com";
        let sent = millis(1_693_657_560_000);
        let v3_headers = [(V3, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="), (TIMESTAMP, "1693657560000")];
        let raw = request("POST", "/webhook_uri", &v3_headers, "{'example_field':'example_value'}");
        assert!(verify_app(raw, public, &secret, sent).is_ok());

        for (method, body, hash) in [
            ("GET", "", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
            (
                "POST",
                r#"{"example_field":"example_value"}"#,
                "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
            ),
        ] {
            let raw = request(method, "/webhook_uri", &[(SIGNATURE, hash), (VERSION, "v2")], body);
            assert!(verify_workflow(raw, public, &secret, &[], sent).is_ok(), "{method}");
        }
    }

    #[test]
    fn a_refusal_repeats_neither_secret_nor_signature_nor_body() {
        for raw in [app_post(PATH, N1_HTTP, T1, B1), app_post(PATH, "bm90IHRoaXM=", T1, B1)] {
            let detail = refused(check_app(raw)).detail;
            for private in [SECRET, N1_HTTP, "bm90IHRoaXM=", "dealstage"] {
                assert!(!detail.contains(private), "{detail}");
            }
        }
    }
}
