//! A workflow's webhook is accepted exactly if its strongest proof holds: version 3, version 2, or the secret.
#![no_main]

use handoff_bridge::crm::hubspot::verify_workflow;
use handoff_bridge_fuzz::hubspot::{
    CLIENT_SECRETS, PUBLIC_URL, expected_workflow, now, secrets, sign_v2, sign_v3,
};
use handoff_bridge_fuzz::{Request, agree};
use libfuzzer_sys::fuzz_target;

const WORKFLOW_SECRETS: [&str; 3] = ["shared one", "", "shared two"];

fuzz_target!(|data: &[u8]| {
    let Some(mut request) = Request::read(data) else { return };
    sign_v3(&mut request);
    sign_v2(&mut request);
    let (client, workflow) = (secrets(&CLIENT_SECRETS), secrets(&WORKFLOW_SECRETS));
    let outcome = verify_workflow(request.raw(), PUBLIC_URL, &client, &workflow, now());
    agree(outcome, expected_workflow(&request, &WORKFLOW_SECRETS), &request);
});
