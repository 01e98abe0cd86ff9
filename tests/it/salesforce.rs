//! What is Salesforce's own: Outbound Messages, signed JSON, hidden fields, people instead of companies.

use std::time::Duration;

use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::Delivery;
use handoff_sandbox::opportunities::{
    BODY_SECRET, HIDDEN_FIELD, ORG, OUTBOUND_SECRET, STORY, WEBHOOK_SECRET,
};
use handoff_sandbox::salesforce::{Envelope, Notification};
use libtest_mimic::Trial;
use reqwest::StatusCode;

use crate::scenarios;
use crate::side::Announcement;
use crate::world::World;

const FIRST: &str = STORY[0].id;
const SECOND: &str = STORY[1].id;
const THIRD: &str = STORY[2].id;

const ACK: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>"#,
    r#"<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>"#,
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>",
);

pub fn trials() -> Vec<Trial> {
    scenarios![Salesforce:
        an_outbound_message_is_acknowledged_word_for_word,
        a_batch_with_one_lost_win_gives_the_right_packets_and_one_ack,
        a_message_of_another_organisation_is_refused_without_an_ack,
        a_redelivered_notification_brings_nothing_new,
        a_guessed_secret_is_refused_without_an_ack,
        what_is_no_honest_soap_is_refused,
        signed_json_is_taken_and_called_signed,
        signed_json_that_is_stale_or_changed_is_refused,
        a_hidden_field_costs_no_handoff_and_revops_is_told,
        an_amount_in_scientific_notation_is_important_and_takes_its_route,
        a_person_account_with_a_seller_who_left_is_handed_over,
        with_a_key_field_a_task_is_upserted,
    ]
}

fn outbound(secret: &str, body: String) -> Delivery {
    Delivery::outbound_message(&format!("{PUBLIC_URL}/webhooks/salesforce/outbound/{secret}"), body)
}

fn notifications(announcement: Announcement) -> Vec<Notification> {
    match announcement {
        Announcement::Notifications(notifications) => notifications,
        Announcement::Events(_) => Vec::new(),
    }
}

fn message(world: &World, notifications: &[Notification]) -> String {
    world
        .sandbox
        .salesforce
        .see(|salesforce| salesforce.org(ORG).unwrap().outbound_message(notifications, &Envelope::default()))
}

async fn an_outbound_message_is_acknowledged_word_for_word(world: &mut World) {
    let notifications = notifications(world.wins(FIRST));
    let answer = world.answer(&outbound(OUTBOUND_SECRET, message(world, &notifications))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/xml; charset=utf-8");
    assert_eq!(answer.text().await.unwrap(), ACK);
    world.next_digest().await;
    assert_eq!(world.events().await[0].verification, "authenticated(url-secret+org, key 1)");
}

async fn a_batch_with_one_lost_win_gives_the_right_packets_and_one_ack(world: &mut World) {
    let mut batch = notifications(world.wins(FIRST));
    batch.extend(notifications(world.wins(THIRD)));
    batch.extend(notifications(world.wins(SECOND)));
    world.side.reopens(&world.sandbox, THIRD);
    let answer = world.answer(&outbound(OUTBOUND_SECRET, message(world, &batch))).await;
    assert_eq!(answer.text().await.unwrap(), ACK);
    world.next_digest().await;
    world.next_digest().await;
    let mut outcomes = world.outcomes().await;
    outcomes.sort();
    assert_eq!(outcomes.len(), 3);
    assert_eq!(outcomes[0], "not won: stage Offer");
    assert!(outcomes[1].starts_with("packet ") && outcomes[2].starts_with("packet "), "{outcomes:?}");
}

async fn a_message_of_another_organisation_is_refused_without_an_ack(world: &mut World) {
    let notifications = notifications(world.wins(FIRST));
    let body = message(world, &notifications).replace(ORG, "00DHn0000012AbCMAU");
    let answer = world.answer(&outbound(OUTBOUND_SECRET, body)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(!answer.text().await.unwrap().contains("Ack"));
    assert!(world.events().await.is_empty());
}

async fn a_redelivered_notification_brings_nothing_new(world: &mut World) {
    let notifications = notifications(world.wins(FIRST));
    for _ in 0..3 {
        let again = outbound(OUTBOUND_SECRET, message(world, &notifications));
        assert_eq!(world.answer(&again).await.text().await.unwrap(), ACK);
        world.settles().await;
        world.passes(Duration::from_hours(1));
    }
    world.next_digest().await;
    assert_eq!(world.events().await.len(), 1);
    assert_eq!(world.packets().await.len(), 1);
}

async fn a_guessed_secret_is_refused_without_an_ack(world: &mut World) {
    let notifications = notifications(world.wins(FIRST));
    let answer = world.answer(&outbound("guessed", message(world, &notifications))).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text().await.unwrap(), "not verified\n");
}

async fn what_is_no_honest_soap_is_refused(world: &mut World) {
    let honest = message(world, &notifications(world.wins(FIRST)));
    let laughs = concat!(
        r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">"#,
        r#"<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>"#
    );
    let external = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>"#;
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let refused = [
        laughs.to_owned(),
        external.to_owned(),
        deep,
        honest.replace("http://soap.sforce.com/2005/09/outbound", "http://evil.example/outbound"),
        honest.replace("</Id>", "\0</Id>"),
        String::new(),
        "not XML at all".to_owned(),
    ];
    for body in refused {
        let status = world.receives(&outbound(OUTBOUND_SECRET, body.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}", body.chars().take(80).collect::<String>());
    }
    let huge = format!("{honest}{}", " ".repeat(9 << 20));
    let status = world.receives(&outbound(OUTBOUND_SECRET, huge)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.events().await.is_empty());
}

async fn signed_json_is_taken_and_called_signed(world: &mut World) {
    world.closes_deal(SECOND).await;
    world.next_digest().await;
    world.settles().await;
    world.closes_deal(THIRD).await;
    world.next_digest().await;
    let proofs: Vec<String> = world.events().await.into_iter().map(|event| event.verification).collect();
    assert_eq!(proofs, ["signed(body-hmac, key 1)", "signed(standard-webhooks, key 1)"]);
}

async fn signed_json_that_is_stale_or_changed_is_refused(world: &mut World) {
    let notification = notifications(world.wins(SECOND)).remove(0);
    let url = format!("{PUBLIC_URL}/webhooks/salesforce");
    let webhooks = |world: &World| {
        world.sandbox.salesforce.see(|salesforce| {
            let org = salesforce.org(ORG).unwrap();
            [
                org.signed_json(&url, &[WEBHOOK_SECRET], &notification, world.now()),
                org.body_signed_json(&url, BODY_SECRET, &notification, world.now()),
            ]
        })
    };
    for mut changed in webhooks(world) {
        let last = changed.body.len() - 2;
        changed.body[last] ^= 1;
        assert_eq!(world.receives(&changed).await, StatusCode::UNAUTHORIZED);
    }
    let stale = webhooks(world);
    world.passes(Duration::from_secs(301));
    for stale in stale {
        assert_eq!(world.receives(&stale).await, StatusCode::UNAUTHORIZED);
    }
    assert!(world.events().await.is_empty());
}

async fn a_hidden_field_costs_no_handoff_and_revops_is_told(world: &mut World) {
    world.closes_deal(SECOND).await;
    world.next_digest().await;
    let packet = world.packets().await.remove(0);
    let packet: serde_json::Value = serde_json::from_str(&packet.packet).unwrap();
    let gaps = packet["gaps"].as_array().unwrap();
    let told = gaps.iter().find(|gap| gap["section"] == "success_outcome").unwrap();
    assert_eq!(told["id"], "unmapped");
    assert_eq!(told["for"], "revops");
    assert!(told["evidence"].as_str().unwrap().contains(HIDDEN_FIELD), "{told}");
}

async fn an_amount_in_scientific_notation_is_important_and_takes_its_route(world: &mut World) {
    let amount = [("Amount", "12000000")];
    world.sandbox.salesforce.change(|salesforce| salesforce.changes(SECOND, &amount)).unwrap();
    world.closes_deal(SECOND).await;
    let digest = world.next_digest().await;
    assert_eq!(digest.channel, "C0ENTERPR");
    assert!(digest.text.contains("12,000,000"), "{}", digest.text);
    let packet: serde_json::Value = serde_json::from_str(&world.packets().await.remove(0).packet).unwrap();
    assert_eq!(packet["deal"]["amount"], "12000000");
    assert_eq!(packet["important"]["reasons"][0], "Amount 12000000 ≥ 50000");
}

async fn a_person_account_with_a_seller_who_left_is_handed_over(world: &mut World) {
    world.closes_deal(THIRD).await;
    world.next_digest().await;
    let task = world.task_on(THIRD).await;
    assert_ne!(task.owner.as_deref(), Some("0055e000001IrOkAAK"), "nobody who left gets a task");
}

async fn with_a_key_field_a_task_is_upserted(world: &mut World) {
    world.stops().await;
    let config = std::fs::read_to_string(&world.installation.config).unwrap();
    let keyed = config.replace("[salesforce.jwt]", "task_key_field = \"Handoff_Key__c\"\n[salesforce.jwt]");
    assert_ne!(config, keyed);
    std::fs::write(&world.installation.config, keyed).unwrap();
    world.starts().await;
    let mark = world.side.mark(&world.sandbox);
    world.closes_deal(FIRST).await;
    world.next_digest().await;
    world.task_on(FIRST).await;
    let calls = world.side.calls_since(&world.sandbox, mark);
    assert!(calls.iter().any(|call| call.contains("PATCH") && call.contains("Handoff_Key__c")), "{calls:#?}");
}
