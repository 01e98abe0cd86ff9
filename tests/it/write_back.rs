//! Answers are written to the deal in HubSpot: only where the mapping says so, only over what the person was shown, once.

use std::time::Duration;

use handoff_bridge::store::{AnswerState, StoredAnswer};
use handoff_sandbox::deals::PORTAL;
use handoff_sandbox::hubspot::{Kind, Portal, Property, Rule};
use handoff_sandbox::slack::{Ack, Message};
use handoff_sandbox::{Fault, Platform as _, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::json;

use crate::answers::{
    IRIS, PROMISE, TOM, are_applied, buttons, document, messages_to, opens, shown, submits,
    where_answers_are_written,
};
use crate::clicks::delivery;
use crate::follow::{hubspot_event, knows_the_open_deals};
use crate::test_database::{Engine, TestDatabase};
use crate::world::{PINEBROOK, World, told_on};
use crate::{named, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        a_refusal_is_shown_in_the_crms_words,
        a_lost_answer_to_a_write_is_decided_by_the_read,
        without_the_scope_only_writing_rests,
        a_label_is_added_to_those_a_contact_has,
        a_buying_role_is_added_to_those_a_contact_has,
        what_a_person_wrote_meanwhile_is_restored,
        what_the_crm_holds_can_be_kept,
        a_question_asked_before_there_was_a_target_has_none,
        without_targets_nothing_more_is_asked_of_the_crm,
        a_rule_that_changes_the_value_is_no_conflict,
        what_a_rule_made_of_a_value_is_recognised_by_a_later_try,
        our_own_write_heard_of_again_costs_a_look,
        our_own_write_heard_of_while_it_is_made_changes_nothing,
        a_day_goes_to_the_field_of_days,
        text_goes_to_a_rich_text_field_as_paragraphs,
        an_option_is_written_by_its_stored_value,
        a_busy_hubspot_is_asked_again,
        a_property_that_is_gone_or_read_only_keeps_the_answer_in_the_packet,
        a_conflict_that_slack_does_not_take_now_is_told_later,
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        trials.push(told_on(
            engine,
            named!(an_answer_is_written_once_and_is_the_fields_then),
            async |database| {
                an_answer_is_written_once_and_is_the_fields_then(&database).await;
            },
        ));
        trials.push(told_on(engine, named!(a_conflict_offers_both), async |database| {
            a_conflict_offers_both(&database).await;
        }));
    }
    trials
}

const PROMISES: &str = "write: deal.handoff_promises";
const LABELS: &str = "write: labels";

const THEIRS: &str = "Data import from the old system before 12 January.";

/// The half empty deal was handed over where answers are written. Its digest.
async fn is_handed_over(database: Option<&TestDatabase>, targets: &[&str]) -> (World, Message) {
    is_handed_over_where(database, targets, |_| {}).await
}

/// The same, in a portal that is changed before.
async fn is_handed_over_where(
    database: Option<&TestDatabase>,
    targets: &[&str],
    change: impl FnOnce(&mut Portal),
) -> (World, Message) {
    let mut world = where_answers_are_written(database, "", targets).await;
    portal(&world, |portal| {
        portal.grant_scope("crm.objects.deals.write");
        change(portal);
    });
    world.closes_deal(PINEBROOK).await;
    let digest = world.next_digest().await;
    world.settles().await;
    (world, digest)
}

/// The mapping is changed while the service runs.
pub async fn is_mapped_anew(world: &World, (from, to): (&str, &str)) {
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    assert!(mapping.contains(from), "{from}");
    std::fs::write(&world.installation.mapping, mapping.replacen(from, to, 1)).unwrap();
    let versions = || {
        let accounts = world.service().app.accounts.values();
        accounts.map(|account| account.mapping().version.clone()).collect::<Vec<_>>()
    };
    let before = versions();
    world.eventually("the mapping is read again", async || versions() != before).await;
}

/// What a client sends that submits the open modal with these values.
pub fn submission(world: &World, user: &str, values: &serde_json::Value) -> handoff_sandbox::Delivery {
    let open = world.sandbox.slack.see(|slack| slack.open_view(user).unwrap().view.clone());
    let view = json!({"id": "V1", "hash": "1.a", "callback_id": open["callback_id"],
        "private_metadata": open["private_metadata"], "state": {"values": values}});
    let payload = json!({"type": "view_submission", "team": {"id": "T0SANDBOX"}, "trigger_id": "1.3.b",
        "user": {"id": user, "team_id": "T0SANDBOX"}, "view": view});
    delivery(&payload, world.now())
}

pub fn portal<T>(world: &World, change: impl FnOnce(&mut Portal) -> T) -> T {
    world.sandbox.hubspot.change(|hubspot| change(hubspot.portal_mut(PORTAL).unwrap()))
}

pub fn held(world: &World, field: &str) -> String {
    portal(world, |portal| {
        portal.record(Kind::Deal, PINEBROOK).unwrap().get(field).unwrap_or_default().to_owned()
    })
}

/// What was written to fields through the API.
fn writes(world: &World) -> Vec<String> {
    portal(world, |portal| portal.writes.iter().map(|(name, value)| format!("{name}: {value}")).collect())
}

fn in_the_crm(world: &World, field: &str, text: &str) {
    let now = world.now();
    portal(world, |portal| portal.set(Kind::Deal, PINEBROOK, field, text, now));
}

async fn answers(world: &World) -> Vec<StoredAnswer> {
    world.service().app.store.answers_since(Timestamp::UNIX_EPOCH).await.unwrap()
}

/// Time passes until the newest answer is in this state and every message shows it.
pub async fn becomes(world: &World, state: AnswerState) {
    are_applied(world).await;
    world
        .eventually(state.as_str(), async || {
            world.passes(Duration::from_secs(1));
            let newest = answers(world).await.pop();
            let ended =
                |answer: &StoredAnswer| !matches!(answer.state, AnswerState::Given | AnswerState::Writing);
            if let Some(wrong) = newest.as_ref().filter(|one| ended(one) && one.state != state) {
                panic!("{wrong:?}");
            }
            newest.is_some_and(|answer| answer.state == state)
        })
        .await;
    world.settles().await;
}

async fn answers_promises(world: &World, digest: &Message) {
    opens(world, TOM, digest).await;
    assert_eq!(submits(world, TOM, &[("gap.promises", json!(PROMISE))]).await, Ack::Taken);
}

async fn an_answer_is_written_once_and_is_the_fields_then(database: &TestDatabase) {
    let (world, digest) = is_handed_over(Some(database), &[PROMISES]).await;
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!(held(&world, "handoff_promises"), PROMISE);
    let entry = document(&world).await["sections"]["promises"]["entries"][0].clone();
    assert_eq!((&entry["text"], &entry["source"]), (&json!(PROMISE), &json!("deal.handoff_promises")));
    assert!(!shown(&world.digests().remove(0)).contains("not in the CRM"));

    // Seen again as a change, it changes nothing.
    let revision = document(&world).await["revision"].clone();
    let id = document(&world).await["packet_id"].as_str().unwrap().to_owned();
    world.service().app.store.recheck(&id).await.unwrap();
    for _ in 0..5 {
        world.passes(Duration::from_mins(10));
        world.settles().await;
    }
    assert_eq!(document(&world).await["revision"], revision);
    assert_eq!(writes(&world), [format!("handoff_promises: {PROMISE}")]);
    world.end().await;
}

async fn a_conflict_offers_both(database: &TestDatabase) {
    let (mut world, digest) = is_handed_over(Some(database), &[PROMISES]).await;
    opens(&world, TOM, &digest).await;
    // Once the modal shows what the CRM holds by now, it is changed there.
    world.eventually("the field was read", async || reads(&world) >= 2).await;
    in_the_crm(&world, "handoff_promises", THEIRS);
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    becomes(&world, AnswerState::Conflict).await;
    assert_eq!((held(&world, "handoff_promises").as_str(), writes(&world).len()), (THEIRS, 0));
    assert_eq!(answers(&world).await[0].detail.as_deref(), Some(THEIRS));
    assert_eq!(document(&world).await["sections"]["promises"]["entries"][0]["text"], THEIRS);

    world.eventually("a message", async || messages_to(&world, TOM).len() == 1).await;
    let message = messages_to(&world, TOM).remove(0);
    assert_eq!(
        message.text,
        "Pinebrook Clinics: \"Promises made\" was changed in the CRM after you were asked, so your answer was not written. The form offers both."
    );
    assert_eq!(buttons(&message), ["Choose"]);
    world.next_digest().await;
    let view = opens(&world, TOM, &message).await;
    let blocks = view["blocks"].as_array().unwrap();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).collect();
    assert_eq!(texts, [format!("The CRM says: {THEIRS}"), format!("You answered: {PROMISE}")]);
    assert_eq!(submits(&world, TOM, &[("gap.promises.both", json!("write_mine"))]).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;
    assert_eq!(held(&world, "handoff_promises"), PROMISE);
    let states: Vec<AnswerState> = answers(&world).await.iter().map(|answer| answer.state).collect();
    assert_eq!(states, [AnswerState::Superseded, AnswerState::Written]);
    world.end().await;
}

fn reads(world: &World) -> usize {
    world.sandbox.hubspot.log().count(&format!("GET /crm/objects/*/deals/{PINEBROOK}"))
}

async fn what_the_crm_holds_can_be_kept() {
    let (mut world, digest) = is_handed_over(None, &[PROMISES]).await;
    opens(&world, TOM, &digest).await;
    world.eventually("the field was read", async || reads(&world) >= 2).await;
    in_the_crm(&world, "handoff_promises", THEIRS);
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    becomes(&world, AnswerState::Conflict).await;
    world.eventually("a message", async || messages_to(&world, TOM).len() == 1).await;
    world.next_digest().await;
    opens(&world, TOM, &messages_to(&world, TOM).remove(0)).await;
    submits(&world, TOM, &[("gap.promises.both", json!("keep"))]).await;
    are_applied(&world).await;
    assert_eq!(answers(&world).await[0].state, AnswerState::Superseded);
    assert_eq!((held(&world, "handoff_promises").as_str(), writes(&world).len()), (THEIRS, 0));
    world.end().await;
}

async fn what_a_person_wrote_meanwhile_is_restored() {
    let (mut world, digest) = is_handed_over(None, &[PROMISES]).await;
    // By the first of the portal's users, who is Iris.
    portal(&world, |portal| {
        let race = ("handoff_promises".to_owned(), THEIRS.to_owned());
        portal.overtaking.insert(PINEBROOK.to_owned(), race);
    });
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Conflict).await;
    assert_eq!(held(&world, "handoff_promises"), THEIRS);
    assert_eq!(
        writes(&world),
        [format!("handoff_promises: {PROMISE}"), format!("handoff_promises: {THEIRS}")]
    );
    world
        .eventually("both are told", async || {
            messages_to(&world, TOM).len() + messages_to(&world, IRIS).len() == 2
        })
        .await;
    world.next_digest().await;
    world.next_digest().await;
    insta::assert_snapshot!(messages_to(&world, IRIS)[0].text, @r#"Pinebrook Clinics: tom lindqvist answered a question about "Promises made" in Slack while you changed it in the CRM. What you wrote stands."#);
    world.end().await;
}

async fn a_refusal_is_shown_in_the_crms_words() {
    let (world, digest) = is_handed_over(None, &[PROMISES]).await;
    portal(&world, |portal| portal.rules.push(("handoff_promises".to_owned(), Rule::MinLength(200))));
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Refused).await;
    let refused = answers(&world).await.remove(0);
    assert_eq!(refused.code.as_deref(), Some("MIN_LENGTH"));
    insta::assert_snapshot!(refused.detail.unwrap(), @"handoff_promises must have at least 200 characters");
    assert!(shown(&world.digests().remove(0)).contains("tom lindqvist in Slack, 20 Nov, not in the CRM"));
    assert_eq!(document(&world).await["sections"]["promises"]["entries"][0]["source"], "slack:U0TOM");
    world.end().await;
}

async fn a_rule_that_changes_the_value_is_no_conflict() {
    let (world, digest) = is_handed_over(None, &[PROMISES]).await;
    portal(&world, |portal| {
        portal.rules.push(("handoff_promises".to_owned(), Rule::Normalizes(str::to_uppercase)));
    });
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!(held(&world, "handoff_promises"), PROMISE.to_uppercase());
    assert_eq!(messages_to(&world, TOM).len(), 0);
    world.end().await;
}

/// What HubSpot made of the value is told in the answer to the write; where that is lost, or the service was cut off behind
/// it, the history tells.
async fn what_a_rule_made_of_a_value_is_recognised_by_a_later_try() {
    let read = format!("GET /crm/objects/*/deals/{PINEBROOK}");
    let write = format!("PATCH /crm/objects/2026-09/deals/{PINEBROOK}");
    let makes: [fn(&str) -> String; 3] = [
        |text| text.to_uppercase(),
        |text| format!("{text}\n"),
        |text| text.replace("1 March", "2027-03-01"),
    ];
    for (make, unread) in makes.into_iter().flat_map(|make| [(make, false), (make, true)]) {
        let (world, digest) = is_handed_over(None, &[PROMISES]).await;
        portal(&world, |portal| {
            portal.rules.push(("handoff_promises".to_owned(), Rule::Normalizes(make)));
        });
        opens(&world, TOM, &digest).await;
        world.eventually("the field was read", async || reads(&world) >= 2).await;
        world.crm_fails(&write, Fault::HangAfter, Times::Next(1));
        submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
        let hubspot = &world.sandbox.hubspot;
        world
            .eventually("it is written", async || {
                world.passes(Duration::from_millis(200));
                hubspot.see(|state| state.recorder().faults.hung() == 1)
            })
            .await;
        if unread {
            world.crm_fails(&read, Fault::FailAfter, Times::Next(3));
        }
        becomes(&world, AnswerState::Written).await;
        assert_eq!((held(&world, "handoff_promises"), writes(&world).len()), (make(PROMISE), 1));
        assert_eq!(messages_to(&world, TOM).len(), 0);
        world.end().await;
    }
}

/// HubSpot tells us of our own write like of any other.
fn echo(number: u64) -> serde_json::Value {
    let mut event = hubspot_event("deal.propertyChange", PINEBROOK, "handoff_promises", number);
    event["propertyValue"] = json!(PROMISE);
    event["changeSource"] = json!("INTEGRATION");
    event["sourceId"] = json!("9050011");
    event
}

/// Requests since the mark that change something.
fn changes_since(world: &World, mark: handoff_sandbox::Mark) -> Vec<String> {
    let mut calls = world.side.calls_since(&world.sandbox, mark);
    calls.retain(|call| !call.starts_with("GET ") && !call.ends_with("/read"));
    calls
}

async fn our_own_write_heard_of_again_costs_a_look() {
    let (world, digest) = is_handed_over(None, &[PROMISES]).await;
    knows_the_open_deals(&world, PINEBROOK).await;
    answers_promises(&world, &digest).await;
    becomes(&world, AnswerState::Written).await;
    let before = (document(&world).await["revision"].clone(), world.digests().remove(0).edits);
    let (mark, slack) = (world.side.mark(&world.sandbox), world.sandbox.slack.log().mark());
    // Delivered twice, as HubSpot does.
    for _ in 0..2 {
        assert_eq!(world.hubspot_sends(&[echo(1)]).await, StatusCode::OK);
    }
    world.outcomes().await;
    world.settles().await;
    let looked = world.side.calls_since(&world.sandbox, mark);
    let reads = looked.iter().filter(|call| call.ends_with(&format!("/deals/{PINEBROOK}"))).count();
    assert_eq!((changes_since(&world, mark), reads), (Vec::new(), 1), "{looked:#?}");
    assert!(world.sandbox.slack.log().calls_since(slack).is_empty());
    for _ in 0..4 {
        world.passes(Duration::from_hours(1));
        world.settles().await;
    }
    assert_eq!(changes_since(&world, mark), Vec::<String>::new());
    let after = (document(&world).await["revision"].clone(), world.digests().remove(0).edits);
    assert_eq!((after, writes(&world).len(), answers(&world).await.len()), (before, 1, 1));
    world.end().await;
}

async fn our_own_write_heard_of_while_it_is_made_changes_nothing() {
    let (world, digest) = is_handed_over(None, &[PROMISES]).await;
    knows_the_open_deals(&world, PINEBROOK).await;
    let write = format!("PATCH /crm/objects/2026-09/deals/{PINEBROOK}");
    world.crm_fails(&write, Fault::HangAfter, Times::Next(1));
    answers_promises(&world, &digest).await;
    are_applied(&world).await;
    let hubspot = &world.sandbox.hubspot;
    world
        .eventually("it is written, and not answered", async || {
            world.passes(Duration::from_millis(200));
            hubspot.see(|state| state.recorder().faults.hung() == 1)
        })
        .await;
    assert_eq!(world.hubspot_sends(&[echo(1)]).await, StatusCode::OK);
    world.outcomes().await;
    hubspot.release();
    // An edit that a look caused waits for a minute.
    world.finishes().await;
    becomes(&world, AnswerState::Written).await;
    assert_eq!(writes(&world), [format!("handoff_promises: {PROMISE}")]);
    // Won, answered, and the field's: whoever of the look and the write saw that first.
    assert_eq!(document(&world).await["revision"], 3);
    assert_eq!(messages_to(&world, TOM).len(), 0);
    world.end().await;
}

async fn a_day_goes_to_the_field_of_days() {
    let (world, digest) = is_handed_over(None, &["write_due: deal.handoff_first_value_date"]).await;
    opens(&world, TOM, &digest).await;
    assert_eq!(submits(&world, TOM, &[("gap.first_value_due", json!("2026-12-11"))]).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;
    assert_eq!(writes(&world), ["handoff_first_value_date: 2026-12-11"]);
    let entry = document(&world).await["sections"]["first_value"]["entries"][0].clone();
    assert_eq!((&entry["due"], entry.get("due_answered")), (&json!("2026-12-11"), None), "{entry}");
    assert!(!shown(&world.digests().remove(0)).contains("not in the CRM"));
    world.end().await;
}

async fn text_goes_to_a_rich_text_field_as_paragraphs() {
    let (world, digest) = is_handed_over_where(None, &[PROMISES], |portal| {
        portal.add_property(Kind::Deal, Property::new("handoff_promises", "Promises made", "string", "html"));
    })
    .await;
    opens(&world, TOM, &digest).await;
    let typed = "SSO <before> 1 March & no fee\n\nTwo training days";
    assert_eq!(submits(&world, TOM, &[("gap.promises", json!(typed))]).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;
    let markup = "<p>SSO &lt;before&gt; 1 March &amp; no fee</p><p>Two training days</p>";
    assert_eq!(held(&world, "handoff_promises"), markup);
    let entries = document(&world).await["sections"]["promises"]["entries"].clone();
    let texts: Vec<&str> =
        entries.as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["SSO <before> 1 March & no fee", "Two training days"]);
    assert!(entries.to_string().contains("deal.handoff_promises"), "{entries}");
    world.end().await;
}

async fn an_option_is_written_by_its_stored_value() {
    let (world, digest) = is_handed_over(None, &[]).await;
    let target = ("from: [deal.handoff_risks", "write: deal.handoff_risks\n    from: [deal.handoff_risks");
    is_mapped_anew(&world, target).await;
    let view = opens(&world, TOM, &digest).await;
    let blocks = view["blocks"].as_array().unwrap();
    let input = blocks.iter().find(|block| block["block_id"] == "gap.risks").unwrap();
    let offered = input["element"]["options"].as_array().unwrap().iter();
    let offered: Vec<(&str, &str)> =
        offered.map(|one| (one["value"].as_str().unwrap(), one["text"]["text"].as_str().unwrap())).collect();
    assert!(offered.contains(&("data_migration", "Data migration needed")), "{offered:?}");

    // A client that sends what was never offered.
    let forged = submission(
        &world,
        TOM,
        &json!({"gap.risks": {"pick": {"type": "multi_static_select",
        "selected_options": [{"text": {"type": "plain_text", "text": "x"}, "value": "made_up"}]}}}),
    );
    let answer: serde_json::Value = world.answer(&forged).await.json().await.unwrap();
    assert_eq!(answer["response_action"], "errors");
    insta::assert_snapshot!(answer["errors"]["gap.risks"].as_str().unwrap(), @"The CRM does not offer this. Choose from the list; if there is none, write an option as the CRM spells it.");
    assert_eq!(answers(&world).await, []);

    let picked = [("gap.risks", json!(["data_migration", "thin_team"]))];
    assert_eq!(submits(&world, TOM, &picked).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;
    assert_eq!(held(&world, "handoff_risks"), "data_migration;thin_team");
    let entries = document(&world).await["sections"]["risks"]["entries"].clone();
    assert!(entries.to_string().contains("Data migration needed"), "{entries}");
    world.end().await;
}

/// HubSpot has the deal in hand: tried again, and the person hears nothing of it.
async fn a_busy_hubspot_is_asked_again() {
    let write = format!("PATCH /crm/objects/2026-09/deals/{PINEBROOK}");
    for (status, category) in [(423, "LOCKED"), (409, "CONFLICT")] {
        let (world, digest) = is_handed_over(None, &[PROMISES]).await;
        let body = json!({"status": "error", "category": category, "message": "try again",
            "correlationId": "00000000-0000-4000-8000-000000000423"});
        let refused = Fault::Refuse(handoff_sandbox::Answer::json(status, &body));
        world.crm_fails(&write, refused, Times::Next(2));
        answers_promises(&world, &digest).await;
        becomes(&world, AnswerState::Written).await;
        assert_eq!((held(&world, "handoff_promises").as_str(), writes(&world).len()), (PROMISE, 1));
        assert_eq!(world.sandbox.hubspot.log().count(&write), 3);
        assert!(!shown(&world.digests().remove(0)).contains("not in the CRM"));
        world.end().await;
    }
}

/// Where HubSpot says why, the code stands inside the message only.
async fn a_property_that_is_gone_or_read_only_keeps_the_answer_in_the_packet() {
    for code in ["PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"] {
        let (world, digest) = is_handed_over_where(None, &[PROMISES], |portal| {
            if code == "READ_ONLY_VALUE" {
                let promises = Property::new("handoff_promises", "Promises made", "string", "textarea");
                portal.add_property(Kind::Deal, Property { read_only: true, ..promises });
            }
        })
        .await;
        opens(&world, TOM, &digest).await;
        world.eventually("the field was read", async || reads(&world) >= 2).await;
        if code == "PROPERTY_DOESNT_EXIST" {
            portal(&world, |portal| portal.remove_property(Kind::Deal, "handoff_promises"));
        }
        submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
        becomes(&world, AnswerState::Refused).await;
        let refused = answers(&world).await.remove(0);
        assert_eq!(refused.code.as_deref(), Some(code));
        assert!(refused.detail.unwrap().contains("handoff_promises"));
        assert!(shown(&world.digests().remove(0)).contains("tom lindqvist in Slack, 20 Nov, not in the CRM"));
        for _ in 0..3 {
            world.passes(Duration::from_hours(12));
            world.settles().await;
        }
        let tries =
            world.sandbox.hubspot.log().count(&format!("PATCH /crm/objects/2026-09/deals/{PINEBROOK}"));
        assert!(tries <= 1 && messages_to(&world, TOM).is_empty(), "given up, and said where it is read");
        world.end().await;
    }
}

/// Neither a Slack that fails nor one that does not say what became of it loses or doubles the message.
async fn a_conflict_that_slack_does_not_take_now_is_told_later() {
    for (fault, times) in [(Fault::DropBefore, 3), (Fault::DropAfter, 1)] {
        let (mut world, digest) = is_handed_over(None, &[PROMISES]).await;
        opens(&world, TOM, &digest).await;
        world.eventually("the field was read", async || reads(&world) >= 2).await;
        in_the_crm(&world, "handoff_promises", THEIRS);
        world.sandbox.slack.fails("POST /api/chat.postMessage", fault, Times::Next(times));
        submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
        becomes(&world, AnswerState::Conflict).await;
        world
            .eventually("nobody is left to be told", async || {
                world.passes(Duration::from_secs(2));
                world.service().app.store.due_writes().await.unwrap().is_empty()
            })
            .await;
        assert_eq!(messages_to(&world, TOM).len(), 1);
        world.next_digest().await;
        world.end().await;
    }
}

async fn a_lost_answer_to_a_write_is_decided_by_the_read() {
    let write = format!("PATCH /crm/objects/2026-09/deals/{PINEBROOK}");
    for (fault, arrived) in [
        (Fault::DropAfter, true),
        (Fault::FailAfter, true),
        (Fault::Truncate, true),
        (Fault::DropBefore, false),
    ] {
        let (world, digest) = is_handed_over(None, &[PROMISES]).await;
        world.crm_fails(&write, fault.clone(), Times::Next(1));
        answers_promises(&world, &digest).await;
        becomes(&world, AnswerState::Written).await;
        assert_eq!((held(&world, "handoff_promises").as_str(), writes(&world).len()), (PROMISE, 1));
        let sent = world.sandbox.hubspot.log().count(&write);
        assert_eq!(sent, if arrived { 1 } else { 2 }, "{fault:?}");
        world.end().await;
    }
}

async fn without_the_scope_only_writing_rests() {
    let (mut world, digest) = is_handed_over(None, &[PROMISES]).await;
    portal(&world, |portal| portal.withdraw_scope("crm.objects.deals.write"));
    answers_promises(&world, &digest).await;
    let pause = world.pause().await;
    assert_eq!(pause.scope, format!("writes:hubspot:{PORTAL}"));
    insta::assert_snapshot!(pause.reason, @"writing an answer to the deal: HubSpot answered 403 MISSING_SCOPES, correlation 00000000-0000-4000-8000-000000000403; grant the app crm.objects.deals.write");
    world.closes_deal(crate::world::NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(answers(&world).await[0].state, AnswerState::Given);
    portal(&world, |portal| portal.grant_scope("crm.objects.deals.write"));
    world.passes(Duration::from_mins(20));
    becomes(&world, AnswerState::Written).await;
    assert_eq!(world.service().app.store.pauses().await.unwrap(), []);
    world.end().await;
}

/// The contacts of the deal, by id, with their labels there.
fn contacts(world: &World) -> Vec<(String, Vec<String>)> {
    portal(world, |portal| {
        let contacts = portal.contacts_of(PINEBROOK).into_iter();
        contacts
            .map(|(contact, labels)| {
                (contact.id.clone(), labels.into_iter().map(ToOwned::to_owned).collect())
            })
            .collect()
    })
}

async fn a_label_is_added_to_those_a_contact_has() {
    let (world, digest) = is_handed_over(None, &[LABELS]).await;
    let (id, before) = contacts(&world).remove(0);
    opens(&world, TOM, &digest).await;
    submits(&world, TOM, &[("gap.stakeholders.blocker", json!(id))]).await;
    becomes(&world, AnswerState::Written).await;
    let (_, after) = contacts(&world).into_iter().find(|(contact, _)| *contact == id).unwrap();
    assert_eq!(after, [before, vec!["Blocker".to_owned()]].concat());
    let people = document(&world).await["sections"]["stakeholders"]["people"].clone();
    let person =
        people.as_array().unwrap().iter().find(|one| one["roles"].to_string().contains("blocker")).unwrap();
    assert_eq!((&person["source"], person.get("answered")), (&json!("contacts.label"), None), "{person}");
    world.end().await;
}

async fn a_buying_role_is_added_to_those_a_contact_has() {
    let (world, digest) = is_handed_over(None, &[]).await;
    is_mapped_anew(&world, ("# write: labels", "write: buying_roles")).await;
    let (contact, _) = contacts(&world).remove(0);
    let now = world.now();
    portal(&world, |portal| portal.set(Kind::Contact, &contact, "hs_buying_role", "OTHER", now));
    opens(&world, TOM, &digest).await;
    submits(&world, TOM, &[("gap.stakeholders.blocker", json!(contact))]).await;
    becomes(&world, AnswerState::Written).await;
    let roles = portal(&world, |portal| {
        portal.record(Kind::Contact, &contact).unwrap().get("hs_buying_role").unwrap().to_owned()
    });
    assert_eq!(roles, "OTHER;LEGAL_AND_COMPLIANCE");
    world.end().await;
}

async fn a_question_asked_before_there_was_a_target_has_none() {
    let (world, digest) = is_handed_over(None, &[]).await;
    opens(&world, TOM, &digest).await;
    is_mapped_anew(&world, (&format!("# {PROMISES}"), PROMISES)).await;
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    are_applied(&world).await;
    assert_eq!(answers(&world).await[0].answer.target, None);
    assert!(shown(&world.digests().remove(0)).contains("not in the CRM"));
    assert_eq!(writes(&world), Vec::<String>::new());
    world.end().await;
}

/// What was asked of HubSpot, each kind of request once.
fn requests(world: &World) -> std::collections::BTreeSet<String> {
    world.sandbox.hubspot.log().calls().iter().map(handoff_sandbox::LoggedCall::line).collect()
}

async fn without_targets_nothing_more_is_asked_of_the_crm() {
    let (with, digest) = is_handed_over(None, &[PROMISES, LABELS]).await;
    let (without, digest_without) = is_handed_over(None, &[]).await;
    assert_eq!(requests(&with), requests(&without), "as long as nobody has answered");
    assert_eq!(buttons(&digest), buttons(&digest_without));
    let before = requests(&without);
    answers_promises(&without, &digest_without).await;
    are_applied(&without).await;
    without.finishes().await;
    let more: Vec<String> = requests(&without).difference(&before).cloned().collect();
    assert!(
        !more
            .iter()
            .any(|request| request.contains("2026-09")
                || request.starts_with("PATCH /crm/objects/2026-03/deals")),
        "{more:?}"
    );
    assert_eq!(writes(&without), Vec::<String>::new());
    with.end().await;
    without.end().await;
}
