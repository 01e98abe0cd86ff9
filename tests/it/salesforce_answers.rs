//! Answers are written to the opportunity in Salesforce: only where the mapping says so, only over what the person was
//! shown, once.

use std::time::Duration;

use handoff_bridge::store::{AnswerState, StoredAnswer};
use handoff_core::packet::Given;
use handoff_sandbox::deals::{PORTAL, SIGNING_SECRET};
use handoff_sandbox::opportunities::ORG;
use handoff_sandbox::salesforce::{Object, Org, ValidationRule, full_id};
use handoff_sandbox::slack::{Ack, Message, Transport};
use handoff_sandbox::{Fault, Platform as _, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;

use crate::answers::{PROMISE, TOM, are_applied, document, opens, shown, submits};
use crate::follow::{knows_the_open_deals, sends_changes};
use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{PINEBROOK, WORK, World, must, told_on};
use crate::{named, tests};

/// The seller of the half empty opportunity, and the owner of its handoff.
const NILS: &str = "U0NILS";
/// Plays a part in the half empty opportunity.
const INGUNN: &str = "0035e0000InGunNAQS";
const PROMISES: &str = "Handoff_Promises__c";
const THEIRS: &str = "Data import from the old system before 12 January.";
const WRITE: &str = "PATCH /services/data/*/sobjects/Opportunity/*";

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        an_edit_of_another_field_in_between_does_no_harm,
        a_validation_rule_is_shown_in_the_admins_words,
        a_locked_opportunity_is_tried_again_the_next_day,
        without_the_permission_set_only_writing_rests,
        a_lost_answer_to_a_write_is_decided_by_the_read,
        what_the_org_made_of_a_value_is_recognised_by_a_later_try,
        our_own_write_heard_of_again_costs_a_look,
        a_contact_of_the_account_can_be_named,
        a_contact_of_another_account_is_not_taken,
        an_account_that_does_not_answer_keeps_no_other_waiting,
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        trials.push(told_on(engine, named!(an_answer_is_written_once), async |database| {
            an_answer_is_written_once(&database).await;
        }));
        trials.push(told_on(engine, named!(an_edit_of_the_same_field_in_between_stands), async |database| {
            an_edit_of_the_same_field_in_between_stands(&database).await;
        }));
        trials.push(told_on(engine, named!(a_role_becomes_a_contact_role), async |database| {
            a_role_becomes_a_contact_role(&database).await;
        }));
    }
    trials
}

fn half_empty() -> &'static str {
    Side::Salesforce.half_empty()
}

/// The half empty opportunity was handed over where answers about promises and roles are written. Its digest.
async fn is_handed_over(database: Option<&TestDatabase>) -> (World, Message) {
    let mut world = World::without_service(Side::Salesforce, WORK);
    if let Some(database) = database {
        world.keeps_its_store_at(database);
    }
    hands_over(world).await
}

async fn hands_over(mut world: World) -> (World, Message) {
    world.installation.takes_clicks("http").unwrap();
    let mut mapping = std::fs::read_to_string(&world.installation.salesforce_mapping).unwrap();
    for (shipped, with) in [
        ("    list: lines\n", "    list: lines\n    write: deal.Handoff_Promises__c\n"),
        ("\nroles:\n", "\nroles:\n  write: roles\n"),
    ] {
        assert!(mapping.contains(shipped), "{shipped}");
        mapping = mapping.replacen(shipped, with, 1);
    }
    std::fs::write(&world.installation.salesforce_mapping, mapping).unwrap();
    let now = world.now();
    org(&world, |org| {
        org.grant_edit(&[PROMISES]);
        org.add_contact_role(half_empty(), INGUNN, "Evaluator", true, now);
    });
    world.starts().await;
    let request_url = format!("http://{}/webhooks/slack", world.service().address);
    let signing_secret = SIGNING_SECRET.to_owned();
    world.sandbox.slack.change(|slack| {
        slack.set_transport(Transport::Http { request_url, signing_secret });
        slack.add_user(NILS, "nils.achterberg@seller.example");
    });
    world.closes_deal(half_empty()).await;
    let digest = world.next_digest().await;
    world.settles().await;
    (world, digest)
}

fn org<T>(world: &World, change: impl FnOnce(&mut Org) -> T) -> T {
    world.sandbox.salesforce.change(|salesforce| change(salesforce.org_mut(ORG).unwrap()))
}

fn held(world: &World) -> String {
    org(world, |org| {
        let deal = org.record(Object::Opportunity, half_empty()).unwrap();
        deal.get(PROMISES).unwrap_or_default().to_owned()
    })
}

/// How often something was written through the API, tasks left out.
fn writes(world: &World) -> usize {
    org(world, |org| org.change_events().len())
}

async fn newest(world: &World) -> StoredAnswer {
    world.service().app.store.answers_since(Timestamp::UNIX_EPOCH).await.unwrap().pop().unwrap()
}

/// Time passes until the newest answer is in this state and every message shows it.
async fn becomes(world: &World, state: AnswerState) {
    are_applied(world).await;
    world
        .eventually(state.as_str(), async || {
            world.passes(Duration::from_secs(1));
            newest(world).await.state == state
        })
        .await;
    world.settles().await;
}

async fn answers_promises(world: &World, digest: &Message) {
    opens(world, NILS, digest).await;
    assert_eq!(submits(world, NILS, &[("gap.promises", json!(PROMISE))]).await, Ack::Taken);
}

/// The answer is on its way when a seller edits a field of the opportunity.
async fn answers_while_edited(world: &World, digest: &Message, field: &str, value: &str) {
    world.crm_fails(WRITE, Fault::HangBefore, Times::Next(1));
    answers_promises(world, digest).await;
    let salesforce = &world.sandbox.salesforce;
    world
        .eventually("the write is on its way", async || {
            world.passes(Duration::from_secs(1));
            salesforce.see(|state| state.recorder().faults.hung() == 1)
        })
        .await;
    salesforce.change(|state| state.changes(half_empty(), &[(field, value)])).unwrap();
    salesforce.release();
}

async fn an_answer_is_written_once(database: &TestDatabase) {
    let (world, digest) = is_handed_over(Some(database)).await;
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!((held(&world).as_str(), writes(&world)), (PROMISE, 1));
    let origin = org(&world, |org| org.change_events()[0].origin.clone());
    assert_eq!(origin, "com/salesforce/api/rest/66.0;client=HandoffBridge");
    let document = document(&world).await;
    let entry = &document["sections"]["promises"]["entries"][0];
    assert_eq!((&entry["text"], &entry["source"]), (&json!(PROMISE), &json!("deal.Handoff_Promises__c")));
    assert!(!shown(&world.digests().remove(0)).contains("not in the CRM"));
    // Seen again as a change, it changes nothing.
    world.service().app.store.recheck(document["packet_id"].as_str().unwrap()).await.unwrap();
    world.settles().await;
    assert_eq!(
        (crate::answers::document(&world).await["revision"].clone(), writes(&world)),
        (document["revision"].clone(), 1)
    );
    world.end().await;
}

async fn an_edit_of_the_same_field_in_between_stands(database: &TestDatabase) {
    let (mut world, digest) = is_handed_over(Some(database)).await;
    answers_while_edited(&world, &digest, PROMISES, THEIRS).await;
    becomes(&world, AnswerState::Conflict).await;
    assert_eq!((held(&world).as_str(), writes(&world)), (THEIRS, 0));
    assert_eq!(newest(&world).await.detail.as_deref(), Some(THEIRS));
    assert_eq!(document(&world).await["sections"]["promises"]["entries"][0]["text"], THEIRS);
    let told = world.next_digest().await;
    assert_eq!(
        told.text,
        r#"Harbour Lane Dental: "Promises made" was changed in the CRM after you were asked, so your answer was not written. The form offers both."#
    );
    world.end().await;
}

async fn an_edit_of_another_field_in_between_does_no_harm() {
    let (world, digest) = is_handed_over(None).await;
    answers_while_edited(&world, &digest, "NextStep", "Call the front desk").await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!((held(&world).as_str(), writes(&world)), (PROMISE, 1));
    assert_eq!(world.sandbox.salesforce.log().count(WRITE), 2);
    world.end().await;
}

async fn a_validation_rule_is_shown_in_the_admins_words() {
    let (world, digest) = is_handed_over(None).await;
    let message = "Say <b>who</b> promised it, *not* <!channel>".to_owned();
    let refuses = |text: &str| !text.contains("promised by");
    let rule = ValidationRule { field: PROMISES.to_owned(), refuses, message, at_field: false };
    org(&world, |org| org.add_validation_rule(rule));
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Refused).await;
    let newest = newest(&world).await;
    assert_eq!(newest.code.as_deref(), Some("FIELD_CUSTOM_VALIDATION_EXCEPTION"));
    assert!(newest.detail.unwrap().starts_with("Say who promised it"));
    let digest = shown(&world.digests().remove(0));
    assert!(digest.contains("not in the CRM") && !digest.contains("<!channel>"), "{digest}");
    assert_eq!(writes(&world), 0);
    world.end().await;
}

async fn a_locked_opportunity_is_tried_again_the_next_day() {
    let (world, digest) = is_handed_over(None).await;
    org(&world, |org| org.lock(half_empty()));
    answers_promises(&world, &digest).await;
    are_applied(&world).await;
    world
        .eventually("the lock is met", async || {
            world.passes(Duration::from_secs(1));
            world.sandbox.salesforce.log().count(WRITE) == 1
        })
        .await;
    org(&world, |org| org.unlock(half_empty()));
    world.passes(Duration::from_hours(25));
    becomes(&world, AnswerState::Written).await;
    assert_eq!((held(&world).as_str(), writes(&world)), (PROMISE, 1));
    world.end().await;
}

async fn without_the_permission_set_only_writing_rests() {
    let (mut world, digest) = is_handed_over(None).await;
    org(&world, Org::revoke_edit);
    answers_promises(&world, &digest).await;
    let pause = world.pause().await;
    assert_eq!(pause.scope, format!("writes:salesforce:{ORG}"));
    assert!(pause.reason.ends_with("(permission set Handoff Write-back)"), "{}", pause.reason);
    world.closes_deal(Side::Salesforce.complete()).await;
    world.next_digest().await;
    org(&world, |org| org.grant_edit(&[]));
    world.passes(Duration::from_mins(20));
    becomes(&world, AnswerState::Written).await;
    world.end().await;
}

async fn a_lost_answer_to_a_write_is_decided_by_the_read() {
    for (fault, sent) in [(Fault::DropAfter, 1), (Fault::FailAfter, 1), (Fault::DropBefore, 2)] {
        let (world, digest) = is_handed_over(None).await;
        world.crm_fails(WRITE, fault, Times::Next(1));
        answers_promises(&world, &digest).await;
        becomes(&world, AnswerState::Written).await;
        assert_eq!((held(&world).as_str(), writes(&world)), (PROMISE, 1));
        assert_eq!(world.sandbox.salesforce.log().count(WRITE), sent);
        world.end().await;
    }
}

/// The org's own rules make another text of what is written, and the answer to the write is lost.
async fn what_the_org_made_of_a_value_is_recognised_by_a_later_try() {
    let makes: [fn(&str) -> String; 2] = [|text| text.to_uppercase(), |text| format!(" {text}  \n")];
    for make in makes {
        let (world, digest) = is_handed_over(None).await;
        org(&world, |org| org.add_before_save_flow(PROMISES, make));
        world.crm_fails(WRITE, Fault::DropAfter, Times::Next(1));
        answers_promises(&world, &digest).await;
        becomes(&world, AnswerState::Written).await;
        assert_eq!((held(&world), writes(&world)), (make(PROMISE), 1));
        world.end().await;
    }
}

async fn our_own_write_heard_of_again_costs_a_look() {
    let (world, digest) = is_handed_over(None).await;
    knows_the_open_deals(&world, half_empty()).await;
    org(&world, |org| org.watch_changes(&[PROMISES]));
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    let before = (document(&world).await["revision"].clone(), world.digests().remove(0).edits);
    let (mark, slack) = (world.side.mark(&world.sandbox), world.sandbox.slack.log().mark());
    let raised = org(&world, Org::take_notifications);
    assert_eq!(raised.len(), 1, "our own write");
    for _ in 0..2 {
        sends_changes(&world, &raised).await;
    }
    world.outcomes().await;
    world.settles().await;
    let looked = world.side.calls_since(&world.sandbox, mark);
    assert!(looked.len() <= 2 && looked.iter().all(|call| call.starts_with("GET ")), "{looked:#?}");
    assert!(world.sandbox.slack.log().calls_since(slack).is_empty());
    for _ in 0..4 {
        world.passes(Duration::from_hours(1));
        world.settles().await;
    }
    let looked = world.side.calls_since(&world.sandbox, mark);
    let only_reads = |call: &String| call.starts_with("GET ") || call.ends_with("/oauth2/token");
    assert!(looked.iter().all(only_reads), "{looked:#?}");
    let after = (document(&world).await["revision"].clone(), world.digests().remove(0).edits);
    assert_eq!((after, writes(&world)), (before, 1));
    world.end().await;
}

/// Works for the customer, and has no part in the opportunity yet.
fn adds_contact(world: &World, account: &str) -> String {
    let id = full_id("0035e0000JudiTh").unwrap();
    let now = world.now();
    let values = [("Title", "Practice manager"), ("Email", "judith@harbour-lane.example")];
    org(world, |org| org.add_contact(&id, account, now, ("Judith", "Okafor"), &values));
    id
}

/// Who is offered for a role, once the modal shows what the CRM has by now.
async fn offered(world: &World, wanted: &str) -> Vec<String> {
    let offered = || {
        world.sandbox.slack.see(|slack| {
            let view = slack.open_view(NILS).unwrap().view.clone();
            let blocks = view["blocks"].as_array().unwrap().clone();
            let input =
                blocks.into_iter().find(|block| block["block_id"] == "gap.stakeholders.sponsor").unwrap();
            let options = input["element"]["options"].as_array().unwrap().iter();
            options.map(|one| one["text"]["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
    };
    world.eventually("the newest contacts", async || offered().iter().any(|name| name == wanted)).await;
    offered()
}

async fn a_contact_of_the_account_can_be_named() {
    let (world, digest) = is_handed_over(None).await;
    let judith = adds_contact(&world, "0015e0000HarbOrAQI");
    opens(&world, NILS, &digest).await;
    let offered = offered(&world, "Judith Okafor, Practice manager").await;
    assert_eq!(offered, ["Ingunn Dahl, Head of Operations", "Judith Okafor, Practice manager"]);
    assert_eq!(submits(&world, NILS, &[("gap.stakeholders.sponsor", json!(judith))]).await, Ack::Taken);
    are_applied(&world).await;
    let named = |document: &serde_json::Value| document["sections"]["stakeholders"]["people"].to_string();
    assert!(named(&document(&world).await).contains("Judith Okafor"), "at once");
    becomes(&world, AnswerState::Written).await;
    let roles = org(&world, |org| {
        let rows = org.records(Object::ContactRole);
        let own = rows.filter(|row| row.get("ContactId") == Some(&judith));
        own.map(|row| row.get("Role").unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(roles, ["Decision Maker"]);
    // Read from the CRM she is a contact like any other.
    world.service().app.store.recheck(document(&world).await["packet_id"].as_str().unwrap()).await.unwrap();
    world
        .eventually("she is read", async || {
            world.passes(Duration::from_secs(5));
            document(&world).await["sections"]["stakeholders"]["people"].to_string().contains("judith@")
        })
        .await;
    world.finishes().await;
    let people = document(&world).await["sections"]["stakeholders"]["people"].clone();
    let judith = people.as_array().unwrap().iter().find(|one| one["name"] == "Judith Okafor").unwrap();
    assert_eq!((&judith["roles"], &judith["source"]), (&json!(["sponsor"]), &json!("contacts.label")));
    assert_eq!(people.as_array().unwrap().len(), 2, "{people}");
    world.end().await;
}

/// A client may send any id: only a contact of the deal or of its account is one.
async fn a_contact_of_another_account_is_not_taken() {
    let (world, digest) = is_handed_over(None).await;
    let stranger = adds_contact(&world, "0015e0000FjelLvAQI");
    opens(&world, NILS, &digest).await;
    let forged = crate::write_back::submission(
        &world,
        NILS,
        &json!({"gap.stakeholders.sponsor": {"pick": {
        "type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": stranger}}}}),
    );
    assert_eq!(world.receives(&forged).await, reqwest::StatusCode::OK);
    are_applied(&world).await;
    let answers = world.service().app.store.answers_since(Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(!answers.iter().any(|one| matches!(one.answer.given, Given::Contact(_))), "{answers:?}");
    assert_eq!(writes(&world), 0);
    world.end().await;
}

async fn an_account_that_does_not_answer_keeps_no_other_waiting() {
    let patient = WORK.replace(r#"http_timeout = "1s""#, r#"http_timeout = "20s""#);
    let patient = patient.replace(r#"lease = "30s""#, r#"lease = "90s""#);
    let world = World::without_service(Side::Salesforce, &patient);
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let mapping = mapping.replacen("# write: deal.handoff_promises", "write: deal.handoff_promises", 1);
    std::fs::write(&world.installation.mapping, mapping).unwrap();
    world.sandbox.slack.change(|slack| slack.add_user(TOM, "tom.lindqvist@seller.example"));
    let hubspot = &world.sandbox.hubspot;
    hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().grant_scope("crm.objects.deals.write"));
    let (mut world, digest) = hands_over(world).await;
    let won = Side::Hubspot.wins(&world.sandbox, PINEBROOK);
    world.hears(&won).await;
    let of_hubspot = world.next_digest().await;
    world.settles().await;
    opens(&world, TOM, &of_hubspot).await;
    // The modal is as it stays before HubSpot falls silent.
    let reads = || world.sandbox.hubspot.log().count(&format!("GET /crm/objects/*/deals/{PINEBROOK}"));
    world.eventually("the field was read", async || reads() >= 2).await;
    world.sandbox.hubspot.fails("GET /crm/objects/*/deals/*", Fault::HangBefore, Times::UntilCleared);
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    must("HubSpot hangs", world.sandbox.hubspot.until(|state| state.recorder().faults.hung() > 0)).await;

    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!(held(&world), PROMISE);
    let states = async || {
        let answers = world.service().app.store.answers_since(Timestamp::UNIX_EPOCH).await.unwrap();
        answers.into_iter().map(|one| one.state).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [AnswerState::Writing, AnswerState::Written], "HubSpot still hangs");
    Side::Hubspot.recovers(&world.sandbox);
    world
        .eventually("the other answer is written", async || {
            world.passes(Duration::from_millis(200));
            states().await == [AnswerState::Written; 2]
        })
        .await;
    world.settles().await;
    world.end().await;
}

async fn a_role_becomes_a_contact_role(database: &TestDatabase) {
    let (world, digest) = is_handed_over(Some(database)).await;
    opens(&world, NILS, &digest).await;
    assert_eq!(submits(&world, NILS, &[("gap.stakeholders.sponsor", json!(INGUNN))]).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;
    let roles = org(&world, |org| {
        let rows = org.records(Object::ContactRole);
        let own = rows.filter(|row| row.get("OpportunityId") == Some(half_empty()));
        own.map(|row| row.get("Role").unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(roles, ["Evaluator", "Decision Maker"]);
    let people = document(&world).await["sections"]["stakeholders"]["people"].clone();
    assert_eq!(people[0]["roles"], json!(["sponsor", "evaluator"]));
    world.end().await;
}
