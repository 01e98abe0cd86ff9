//! `handoff setup` against the sandbox, with the real clients over HTTP.

use super::*;
use crate::commands::test_env::TestEnv;
use crate::demo::Installation;
use handoff_sandbox::hubspot::{Kind, Property};
use handoff_sandbox::{Fault, Times, deals};

const SCOPE: &str = "crm.schemas.deals.write";

fn args(env: &TestEnv, what: &str, yes: bool) -> SetupArgs {
    let config = ConfigArg { config: env.installation.config.clone() };
    SetupArgs { config, what: what.to_owned(), account: None, yes }
}

/// An account in which nobody prepared anything, but the token may.
fn empty() -> TestEnv {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        portal.empty();
        portal.grant_scope(SCOPE);
    });
    env
}

async fn runs(env: &TestEnv, what: &str, yes: bool) -> Result<(String, bool), String> {
    let connector = CONNECTORS.into_iter().find(|known| known.crm.as_str() == what).unwrap();
    let said =
        prepare(&args(env, what, yes), &connector, &Installation::secret, &env.clock, &|_| false).await;
    said.map(|(said, complete)| (env.plain(&said), complete)).map_err(|problem| problem.to_string())
}

/// The calls that created something, or tried to.
fn writes(env: &TestEnv) -> Vec<String> {
    let log = env.sandbox.hubspot.log();
    let lines = log.calls().iter().map(handoff_sandbox::LoggedCall::line);
    lines.filter(|line| line.starts_with("POST /crm/") && !line.contains("/read")).collect()
}

fn has(env: &TestEnv, name: &str) -> bool {
    env.sandbox
        .hubspot
        .see(|hubspot| hubspot.portal(deals::PORTAL).unwrap().property(Kind::Deal, name).is_some())
}

#[tokio::test]
async fn an_empty_portal_gets_what_the_mapping_names_and_a_second_run_changes_nothing() {
    let env = empty();
    let (said, complete) = runs(&env, "hubspot", false).await.unwrap();
    assert!(!complete && said.contains("Nothing was created."), "{said}");
    assert_eq!(writes(&env), [""; 0], "the plan alone writes nothing");

    // The account's own field is on the company: a person decides about it.
    let (said, complete) = runs(&env, "hubspot", true).await.unwrap();
    assert!(!complete && said.contains("Decide: `company.customer_tier`"), "{said}");
    for name in ["handoff_why_now", "handoff_risks", "handoff_risk_notes", "handoff_first_value_date"] {
        assert!(said.contains(&format!("created  {name} (")) && has(&env, name), "{said}");
    }
    env.sandbox.hubspot.see(|hubspot| {
        let portal = hubspot.portal(deals::PORTAL).unwrap();
        let risks = portal.property(Kind::Deal, "handoff_risks").unwrap();
        assert_eq!((risks.field_type, risks.options.len(), risks.group.as_str()), ("checkbox", 5, "handoff"));
        assert_eq!(portal.property(Kind::Deal, "handoff_first_value_date").unwrap().kind, "date");
        assert_eq!(portal.labels().count(), 6);
    });
    let written = writes(&env).len();
    let (said, _) = runs(&env, "hubspot", true).await.unwrap();
    assert!(said.contains("Nothing has to be created."), "{said}");
    assert_eq!(writes(&env).len(), written, "the second run writes nothing");
    assert_eq!(env.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn a_run_that_was_cut_off_goes_on_where_it_ended() {
    let env = empty();
    let path = "POST /crm/associations/2026-03/deals/contacts/labels";
    env.sandbox.hubspot.fails(path, Fault::DropAfter, Times::Next(1));
    let told = runs(&env, "hubspot", true).await.unwrap_err();
    assert!(told.contains("Run it again"), "{told}");
    assert!(has(&env, "handoff_promises"));
    let (said, _) = runs(&env, "hubspot", true).await.unwrap();
    assert!(said.contains("created  label Sponsor") && !said.contains("created  handoff_"), "{said}");
    let (said, _) = runs(&env, "hubspot", true).await.unwrap();
    assert!(said.contains("Nothing has to be created."), "{said}");
}

#[tokio::test]
async fn what_exists_is_left_alone_and_told_when_it_holds_something_else() {
    let env = empty();
    let theirs = Property::new("handoff_first_value_date", "Our own", "string", "text");
    env.portal(|portal| portal.add_property(Kind::Deal, theirs));
    let (said, complete) = runs(&env, "hubspot", true).await.unwrap();
    assert!(!complete);
    let line = "Decide: `deal.handoff_first_value_date` exists and holds text, and the mapping looks for a day there";
    assert!(said.contains(line), "{said}");
    env.sandbox.hubspot.see(|hubspot| {
        let portal = hubspot.portal(deals::PORTAL).unwrap();
        assert_eq!(portal.property(Kind::Deal, "handoff_first_value_date").unwrap().label, "Our own");
    });
}

#[tokio::test]
async fn a_token_that_may_not_create_is_told_which_scope_it_lacks() {
    let env = empty();
    env.portal(|portal| portal.withdraw_scope(SCOPE));
    let (said, complete) = runs(&env, "hubspot", true).await.unwrap();
    assert!(!complete && said.contains("grant the app the scope crm.schemas.deals.write"), "{said}");
    assert_eq!(writes(&env), [""; 0]);
}

#[tokio::test]
async fn a_subscription_without_labels_still_gets_its_fields() {
    let env = empty();
    env.portal(|portal| portal.may_label = false);
    let (said, complete) = runs(&env, "hubspot", true).await.unwrap();
    assert!(!complete && has(&env, "handoff_promises"));
    assert!(said.contains("refused  label Sponsor:"), "{said}");
}

#[tokio::test]
async fn an_org_is_told_what_to_deploy() {
    let env = TestEnv::with_fallback();
    env.org(|org| org.remove_field(handoff_sandbox::salesforce::Object::Opportunity, "Handoff_Promises__c"));
    let (said, complete) = runs(&env, "salesforce", true).await.unwrap();
    assert!(!complete && said.contains("--manifest manifest/package-fields.xml"), "{said}");
    assert!(said.contains("Handoff_Promises__c"), "{said}");
}
