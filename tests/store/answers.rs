//! What people answered and decided: kept once a click, and no longer than the packet.

use handoff_bridge::store::{Act, DeliveryEnd, StoredAct};
use handoff_core::packet::{Answer, Answered, Given, SectionName, SendBackReason, Target, Topic};

use crate::fixture::{DAY, Fixture};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    an_answer_of_one_click_is_kept_once,
    a_decision_of_one_click_is_kept_once,
    answers_leave_with_their_packet,
];

fn answer(fixture: &Fixture, text: &str) -> Answer {
    let (user, name) = ("U0123".to_owned(), "Tom Lindqvist".to_owned());
    Answer {
        topic: Topic::Section(SectionName::Promises),
        given: Given::Text(text.to_owned()),
        by: Answered { user, name, at: fixture.now(), not_in_crm: false },
        field: None,
        target: Some("deal.handoff_promises".parse::<Target>().unwrap()),
        refused: false,
    }
}

async fn gives(fixture: &Fixture, packet_id: &str, click: &str, text: &str) -> bool {
    fixture.store.give((packet_id, 1), click, vec![answer(fixture, text)]).await.unwrap()
}

async fn an_answer_of_one_click_is_kept_once(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    assert!(gives(&fixture, &packet_id, "click_a", "SSO").await);
    assert!(!gives(&fixture, &packet_id, "click_a", "SSO").await, "applied again");
    let first = fixture.now();
    fixture.clock.advance(DAY);
    assert!(gives(&fixture, &packet_id, "click_b", "SSO and two training days").await);
    assert!(!gives(&fixture, "pkt_unknown", "click_c", "x").await);

    let kept = fixture.store.answers(&packet_id).await.unwrap();
    let texts: Vec<&Given> = kept.iter().map(|stored| &stored.answer.given).collect();
    let said = |text: &str| Given::Text(text.to_owned());
    assert_eq!(texts, [&said("SSO"), &said("SSO and two training days")], "oldest first");
    assert_eq!((kept[0].answer.by.at, kept[0].state.as_str(), kept[0].revision), (first, "given", 1));
    assert_eq!(kept[0].answer.target.as_ref().unwrap().to_string(), "deal.handoff_promises");
    let since = fixture.store.answers_since(fixture.now()).await.unwrap();
    assert_eq!(since, kept[1..]);
}

async fn a_decision_of_one_click_is_kept_once(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let (reason, detail) = (Some(SendBackReason::WrongOwner), "Ask Iris".to_owned());
    let (user, name) = ("U0123".to_owned(), "Mia Sand".to_owned());
    let act = StoredAct { act: Act::SentBack, at: fixture.now(), user, name, reason, detail };
    assert!(fixture.store.act(&packet_id, "click_a", act.clone()).await.unwrap());
    assert!(!fixture.store.act(&packet_id, "click_a", act.clone()).await.unwrap());
    assert_eq!(fixture.store.acts(&packet_id).await.unwrap(), [act]);
}

async fn answers_leave_with_their_packet(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    let (user, name, detail) = ("U0123".to_owned(), "Mia Sand".to_owned(), String::new());
    let act = StoredAct { act: Act::Accepted, at: fixture.now(), user, name, reason: None, detail };
    fixture.store.act(&packet_id, "click_b", act).await.unwrap();
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, DeliveryEnd::Edited).await;
    fixture.clock.advance(DAY);
    fixture.store.purge(fixture.now()).await.unwrap();
    assert_eq!(fixture.store.answers(&packet_id).await.unwrap(), []);
    assert_eq!(fixture.store.acts(&packet_id).await.unwrap(), []);
}
