//! A second opinion on HubSpot's signatures.
//! <https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>

use handoff_bridge::crm::Verification;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::proof::{hmac_base64, sha256_hex};
use crate::{Header, Request};

/// Where HubSpot calls us, without a trailing slash.
pub const PUBLIC_URL: &str = "https://hooks.example.com";

/// Secrets of the app. The empty one is a mistake of the operator's and must never vouch for anything.
pub const CLIENT_SECRETS: [&str; 3] = ["handoff-test-secret-0001", "", "handoff-test-secret-0002"];

/// The time of the published vectors, in milliseconds since 1970.
const NOW: i64 = 1_764_000_001_234;

/// The instant at which every request arrives.
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW).expect("in range")
}

/// The secrets as the product takes them.
pub fn secrets(all: &[&str]) -> Vec<SecretString> {
    all.iter().map(|secret| SecretString::from(*secret)).collect()
}

/// Replaces the placeholders of version 3: `{raw}` and `{decoded}` by the first secret over the two forms of
/// the URL, `{last}` by the last, `{empty}` by the empty one, and `{http}` as if the scheme were another.
pub fn sign_v3(request: &mut Request) {
    let [first, empty, last] = CLIENT_SECRETS;
    request.sign("{raw}", |request| v3(first, request, &url(request)));
    request.sign("{decoded}", |request| v3(first, request, &decoded(&url(request))));
    request.sign("{last}", |request| v3(last, request, &url(request)));
    request.sign("{empty}", |request| v3(empty, request, &url(request)));
    request.sign("{http}", |request| v3(first, request, &url(request).replacen("https", "http", 1)));
}

/// Replaces the placeholders of version 2: `{v2}` by the first secret, `{v2-last}`, `{v2-empty}`.
pub fn sign_v2(request: &mut Request) {
    for (placeholder, secret) in ["{v2}", "{v2-empty}", "{v2-last}"].iter().zip(CLIENT_SECRETS) {
        request.sign(placeholder, |request| v2(secret, request));
    }
}

/// Who signed by version 3, if the signature is right and fresh.
pub fn expected_v3(request: &Request) -> Option<Verification> {
    let presented = request.header("x-hubspot-signature-v3").once()?;
    let timestamp = request.header("x-hubspot-request-timestamp").once()?;
    let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || timestamp.len() < 10 || timestamp.len() > 16 {
        return None;
    }
    let age = i128::from(NOW) - timestamp.parse::<i128>().ok()?;
    if !(-300_000..=300_000).contains(&age) {
        return None;
    }
    let url = url(request);
    let signs =
        |secret: &str| [url.clone(), decoded(&url)].iter().any(|url| v3(secret, request, url) == presented);
    let key = CLIENT_SECRETS.iter().position(|secret| !secret.is_empty() && signs(secret))?;
    Some(Verification::Signed { scheme: "hubspot-v3", key })
}

/// Who vouches for a workflow's request: the strongest proof that is there decides alone.
pub fn expected_workflow(request: &Request, workflow_secrets: &[&str]) -> Option<Verification> {
    let by = |secrets: &[&str], proves: &dyn Fn(&str) -> bool| {
        secrets.iter().position(|secret| !secret.is_empty() && proves(secret))
    };
    if request.header("x-hubspot-signature-v3") != Header::Absent {
        return expected_v3(request);
    }
    let signature = request.header("x-hubspot-signature");
    let version = request.header("x-hubspot-signature-version");
    // A doubled header is a mistake or a trick, whether or not it would have counted.
    if signature == Header::Unusable || version == Header::Unusable {
        return None;
    }
    if let (Header::Once(presented), Header::Once("v2")) = (signature, version) {
        let presented = presented.to_ascii_lowercase();
        let key = by(&CLIENT_SECRETS, &|secret| v2(secret, request) == presented)?;
        return Some(Verification::Signed { scheme: "hubspot-v2", key });
    }
    let presented = request.header("x-handoff-secret").once()?;
    let key = by(workflow_secrets, &|secret| secret == presented)?;
    Some(Verification::Authenticated { by: "header-secret", key })
}

fn url(request: &Request) -> String {
    format!("{PUBLIC_URL}{}", request.path)
}

fn v3(secret: &str, request: &Request, url: &str) -> String {
    let timestamp = request.header("x-hubspot-request-timestamp").once().unwrap_or_default();
    let method = request.method.to_uppercase();
    hmac_base64(secret.as_bytes(), &[method.as_bytes(), url.as_bytes(), &request.body, timestamp.as_bytes()])
}

fn v2(secret: &str, request: &Request) -> String {
    let method = request.method.to_uppercase();
    sha256_hex(&[secret.as_bytes(), method.as_bytes(), url(request).as_bytes(), &request.body])
}

/// The twelve escapes that HubSpot decodes, found from left to right.
fn decoded(url: &str) -> String {
    let mut decoded = String::new();
    let mut rest = url;
    while let Some(letter) = rest.chars().next() {
        let plain = match rest.get(..3).map(str::to_ascii_uppercase).as_deref() {
            Some("%3A") => Some(':'),
            Some("%2F") => Some('/'),
            Some("%3F") => Some('?'),
            Some("%40") => Some('@'),
            Some("%21") => Some('!'),
            Some("%24") => Some('$'),
            Some("%27") => Some('\''),
            Some("%28") => Some('('),
            Some("%29") => Some(')'),
            Some("%2A") => Some('*'),
            Some("%2C") => Some(','),
            Some("%3B") => Some(';'),
            _ => None,
        };
        decoded.push(plain.unwrap_or(letter));
        rest = &rest[if plain.is_some() { 3 } else { letter.len_utf8() }..];
    }
    decoded
}
