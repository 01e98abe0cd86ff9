//! A JSON webhook with Standard Webhooks headers is accepted exactly if another implementation of the HMAC
//! agrees with one of its signatures, and its time is ours.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
#![no_main]

use handoff_bridge::crm::Verification;
use handoff_bridge::crm::salesforce::verify_json;
use handoff_bridge_fuzz::hubspot::secrets;
use handoff_bridge_fuzz::proof::hmac_base64;
use handoff_bridge_fuzz::{Request, agree};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// The keys of the published vectors, and between them one that is no base64 and must never sign.
const SECRETS: [&str; 3] = [
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "whsec_not base64",
    "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=",
];

/// 2026-11-20T15:04:05Z, in seconds since 1970.
const NOW: i64 = 1_795_187_045;

fuzz_target!(|data: &[u8]| {
    let Some(mut request) = Request::read(data) else { return };
    let [first, second] = keys();
    request.sign("{first}", |request| signature(request, &first));
    request.sign("{second}", |request| signature(request, &second));
    request.sign("{text}", |request| signature(request, SECRETS[0].as_bytes()));
    request.sign("{empty}", |request| signature(request, b""));

    let now = Timestamp::from_second(NOW).expect("in range");
    // A body signature must not help: no secret for one is configured.
    let outcome = verify_json(request.raw(), &secrets(&SECRETS), &[], now);
    if let Ok(verified) = &outcome {
        assert_eq!(verified.message_id(), request.header("webhook-id").once());
    }
    agree(outcome, expected(&request), &request);
});

fn expected(request: &Request) -> Option<Verification> {
    let presented = request.header("webhook-signature").once()?;
    let id = request.header("webhook-id").once()?;
    let sent = request.header("webhook-timestamp").once()?;
    if id.is_empty() || id.contains('.') || !sent.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let age = i128::from(NOW) - sent.parse::<i128>().ok()?;
    if !(-300..=300).contains(&age) {
        return None;
    }
    let signs = |key: &[u8]| {
        let wanted = format!("v1,{}", signature(request, key));
        presented.split(' ').any(|one| one == wanted)
    };
    let [first, second] = keys();
    let key = if signs(&first) { Some(0) } else { signs(&second).then_some(2) };
    Some(Verification::Signed { scheme: "standard-webhooks", key: key? })
}

/// The bytes 00 to 1f, and ff down to e0.
fn keys() -> [[u8; 32]; 2] {
    let mut keys = [[0; 32]; 2];
    for (place, byte) in (0..32).enumerate() {
        keys[0][place] = byte;
        keys[1][place] = 255 - byte;
    }
    keys
}

fn signature(request: &Request, key: &[u8]) -> String {
    let text = |name| request.header(name).once().unwrap_or_default().as_bytes();
    hmac_base64(key, &[text("webhook-id"), b".", text("webhook-timestamp"), b".", &request.body])
}
