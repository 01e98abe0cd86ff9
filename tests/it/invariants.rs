//! What must always hold, each broken on purpose by somebody once. The unverified body that no handler can
//! see is a compile-time matter: see `RawWebhook`. Purity and escaping have property tests beside their code;
//! time from outside the clock is refused by clippy.

use handoff_bridge::store::Store;
use handoff_sandbox::{Fault, Times, deals, opportunities};
use libtest_mimic::Trial;
use reqwest::StatusCode;

use crate::scenarios;
use crate::world::{World, must};

pub fn trials() -> Vec<Trial> {
    scenarios![both engines, Hubspot, Salesforce:
        an_event_is_answered_with_200_only_once_it_is_in_the_database,
        what_cannot_be_stored_is_answered_with_503,
        webhooks_are_taken_while_the_crm_hangs,
        a_packet_speaks_of_the_services_clock,
        no_secret_and_no_crm_text_is_in_the_operators_pages,
        a_restart_takes_up_the_work_that_was_left,
    ]
}

async fn an_event_is_answered_with_200_only_once_it_is_in_the_database(world: &mut World) {
    // The CRM is down: nothing but the inbox can be filled.
    world.crm_fails("*", Fault::status(503), Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    let another = Store::open(world.store_url.clone(), world.clock.clone()).await.unwrap();
    assert_eq!(another.events(10).await.unwrap().len(), 1, "seen through another connection");
    another.close().await;
    world.crm_recovers();
    world.finishes().await;
    world.next_digest().await;
}

async fn what_cannot_be_stored_is_answered_with_503(world: &mut World) {
    let announcement = world.wins(world.side.complete());
    world.service().app.store.close().await;
    let webhook = announcement.webhooks(&world.sandbox, world.now(), 0).remove(0);
    let answer = world.answer(&webhook).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    world.leaves_work();
}

async fn webhooks_are_taken_while_the_crm_hangs(world: &mut World) {
    world.crm_fails("*", Fault::HangBefore, Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    must("a call hangs", world.side.hangs(&world.sandbox)).await;
    // A transaction that was held across that call would hold this up.
    world.closes_deal(world.side.half_empty()).await;
    assert_eq!(world.events().await.len(), 2);
    world.crm_recovers();
    world.finishes().await;
    world.next_digest().await;
    world.next_digest().await;
}

async fn a_packet_speaks_of_the_services_clock(world: &mut World) {
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    let packet = world.packets().await.remove(0).packet;
    assert!(packet.contains(r#""as_of":"2026-11-20T08:00:"#), "{packet}");
}

async fn no_secret_and_no_crm_text_is_in_the_operators_pages(world: &mut World) {
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    let address = world.service().operator_address.unwrap();
    let private = [
        deals::TOKEN,
        deals::CLIENT_SECRET,
        deals::BOT_TOKEN,
        opportunities::OUTBOUND_SECRET,
        opportunities::WEBHOOK_SECRET,
        "Northlight",
        "Ekström",
        "Fjellvik",
    ];
    for page in ["metrics", "readyz", "healthz"] {
        let text = reqwest::get(format!("http://{address}/{page}")).await.unwrap().text().await.unwrap();
        for secret in private {
            assert!(!text.contains(secret), "{page} tells {secret}:\n{text}");
        }
    }
    let public = world.service().address;
    assert_eq!(reqwest::get(format!("http://{public}/metrics")).await.unwrap().status(), 404);
}

async fn a_restart_takes_up_the_work_that_was_left(world: &mut World) {
    world.crm_fails("*", Fault::status(503), Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    world.stops().await;
    world.crm_recovers();
    world.starts().await;
    world.finishes().await;
    world.next_digest().await;
    assert_eq!(world.tasks_on(world.side.complete()).len(), 1);
}
