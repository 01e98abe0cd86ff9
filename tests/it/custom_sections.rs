//! A section that the mapping adds is asked about in Slack, answered, written to the deal and shown like the others.

use handoff_bridge::store::AnswerState;
use handoff_sandbox::hubspot::{Kind, Property};
use handoff_sandbox::slack::Ack;
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;

use crate::answers::{TOM, document, opens, shown, submits, where_answers_are_written};
use crate::named;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{PINEBROOK, told_on};
use crate::write_back::{becomes, held, is_mapped_anew, portal};

pub fn trials() -> Vec<Trial> {
    let story = |engine| {
        told_on(engine, named!(a_required_section_is_asked_answered_and_shown), async |database| {
            a_required_section_is_asked_answered_and_shown(&database).await;
        })
    };
    [Engine::Sqlite, Engine::Postgres].map(story).into()
}

const SECTIONS: &str = "  security_review:
    title: Security review
    from: deal.security_review
    ask: \"Which certificates and reviews does their IT require?\"
    required: true
    after: promises
    write: deal.security_review
  pricing_notes: {title: Pricing notes, from: deal.pricing_notes}
  expansion:
";

const ANSWER: &str = "ISO 27001 certificate and a penetration test report, before go-live.";

async fn a_required_section_is_asked_answered_and_shown(database: &TestDatabase) {
    let mut world = where_answers_are_written(Some(database), "", &[]).await;
    let now = world.now();
    portal(&world, |portal| {
        portal.grant_scope("crm.objects.deals.write");
        for (name, label) in [("security_review", "Security"), ("pricing_notes", "Pricing")] {
            portal.add_property(Kind::Deal, Property::new(name, label, "string", "textarea"));
        }
        portal.set(Kind::Deal, PINEBROOK, "pricing_notes", "Three years at a fixed price", now);
    });
    is_mapped_anew(&world, ("  expansion:\n", SECTIONS)).await;
    world.closes_deal(PINEBROOK).await;
    let digest = world.next_digest().await;
    world.settles().await;
    let packet = document(&world).await;
    assert!(
        shown(&digest).contains("Pricing notes: ") && shown(&digest).contains("Three years at a fixed price")
    );
    assert_eq!(packet["sections"]["security_review"]["status"], "missing");
    let task = world.task_on(PINEBROOK).await;
    assert!(
        task.body.contains("Security review (deal field &quot;Security&quot;): Which certificates"),
        "{}",
        task.body
    );

    let view = opens(&world, TOM, &digest).await;
    let input =
        view["blocks"].as_array().unwrap().iter().find(|block| block["block_id"] == "gap.security_review");
    assert_eq!(input.unwrap()["label"]["text"], "Which certificates and reviews does their IT require?");
    let told = submits(&world, TOM, &[("gap.security_review", json!("n/a"))]).await;
    let Ack::Errors(errors) = told else { panic!("a stand-in is no answer: {told:?}") };
    assert!(errors["gap.security_review"].contains("stands for an answer and is none"), "{errors:?}");
    assert_eq!(submits(&world, TOM, &[("gap.security_review", json!(ANSWER))]).await, Ack::Taken);
    becomes(&world, AnswerState::Written).await;

    assert_eq!(held(&world, "security_review"), ANSWER);
    let after = document(&world).await;
    assert_eq!(after["filled"], json!(packet["filled"].as_u64().unwrap() + 1));
    let entry = &after["sections"]["security_review"]["entries"][0];
    assert_eq!((&entry["text"], &entry["source"]), (&json!(ANSWER), &json!("deal.security_review")));
    assert!(shown(&world.digests()[0]).contains("ISO 27001 certificate"));
    assert!(world.task_on(PINEBROOK).await.body.contains("<b>Security review</b>"));

    // What is counted of it outlives the packet, by its id.
    let store = &world.service().app.store;
    let id = packet["packet_id"].as_str().unwrap();
    let answers = store.answers(id).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].answer.topic.to_string(), "security_review");
    let stats = store.stats(Timestamp::UNIX_EPOCH, world.now()).await.unwrap();
    assert!(stats.gaps.iter().any(|gap| gap.section == "security_review" && gap.gap == "empty"));
    world.end().await;
}
