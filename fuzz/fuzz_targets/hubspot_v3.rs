//! An app's webhook is accepted exactly if another implementation finds its version 3 signature right.
#![no_main]

use handoff_bridge::crm::hubspot::verify_app;
use handoff_bridge_fuzz::hubspot::{CLIENT_SECRETS, PUBLIC_URL, expected_v3, now, secrets, sign_v3};
use handoff_bridge_fuzz::{Request, agree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(mut request) = Request::read(data) else { return };
    sign_v3(&mut request);
    let outcome = verify_app(request.raw(), PUBLIC_URL, &secrets(&CLIENT_SECRETS), now());
    agree(outcome, expected_v3(&request), &request);
});
