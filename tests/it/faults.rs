//! What happens when a CRM or Slack misbehaves: nothing is lost, nothing is doubled, and it is visible.

use std::time::Duration;

use handoff_bridge::store::DeliveryState;
use handoff_bridge::store::Destination::{CrmTask, SlackDigest};
use handoff_sandbox::deals::{BOT_TOKEN, CHANNEL, TOKEN};
use handoff_sandbox::slack::Access;
use handoff_sandbox::{Answer, Fault, Platform as _, Times};
use libtest_mimic::Trial;
use serde_json::json;

use crate::side::Side;
use crate::world::{PINEBROOK, QUARRY, WORK, World, ZAZOLC, must};
use crate::{scenarios, tests};

const POST_MESSAGE: &str = "POST /api/chat.postMessage";

const HOUR: Duration = Duration::from_hours(1);

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![both engines, Hubspot, Salesforce:
        a_task_whose_answer_was_lost_is_found_and_not_made_again,
        a_task_that_answered_500_after_the_work_is_found_and_not_made_again,
        a_task_that_never_arrived_is_made_once,
        a_task_whose_answer_hangs_is_found_and_not_made_again,
        a_task_whose_answer_is_cut_in_half_is_found_and_not_made_again,
        a_digest_whose_answer_was_lost_is_found_and_not_posted_again,
        a_dead_slack_does_not_delay_the_task,
        a_dead_crm_does_not_delay_the_digest_for_ever,
        a_busy_crm_is_waited_out,
        a_delivery_dies_after_its_tries_and_can_be_replayed,
        a_deal_that_cannot_be_read_is_tried_again,
        an_html_error_page_is_survived,
        a_task_that_a_proxy_answered_is_made_once,
        a_digest_that_a_proxy_answered_is_posted_once,
        a_wish_to_wait_for_ever_is_a_pause_as_long_as_the_longest_retry,
    ];
    trials.extend(scenarios![both engines, Hubspot:
        a_digest_that_history_does_not_show_at_once_is_not_posted_again,
        a_digest_that_never_arrived_is_posted_once,
        slack_says_how_long_to_wait,
        a_used_up_day_parks_the_portal_until_midnight,
        a_revoked_token_pauses_the_portal_and_is_told,
        a_deal_that_is_always_refused_holds_up_no_other_and_dies,
        a_task_that_is_refused_is_tried_again_without_a_pause,
        two_deals_that_are_refused_pause_the_portal,
        a_missing_scope_names_itself,
        a_revoked_bot_pauses_slack_only,
        a_channel_the_bot_is_not_in_is_dead_until_replayed,
    ]);
    trials.extend(tests![
        digests_that_wait_for_their_turn_longer_than_a_lease_are_posted_once,
        a_used_up_request_limit_pauses_the_org_as_long_as_configured,
        a_task_that_waits_for_our_own_limit_longer_than_a_lease_is_not_unknown,
        nothing_slow_comes_between_the_intent_and_the_post,
    ]);
    trials.extend(scenarios![Salesforce:
        an_expired_session_is_renewed_and_nobody_notices,
        a_used_up_request_limit_pauses_the_org,
        a_task_that_is_refused_is_tried_again_without_a_pause,
        a_refused_login_pauses_the_org_and_is_told,
    ]);
    trials
}

/// Slack takes one message a second in a channel, and here a lease is over after that time.
async fn digests_that_wait_for_their_turn_longer_than_a_lease_are_posted_once() {
    let work = WORK
        .replace("lease = \"30s\"", "lease = \"1s\"")
        .replace("http_timeout = \"1s\"", "http_timeout = \"250ms\"");
    let work = work.replace("first_retry = \"2s\"", "first_retry = \"50ms\"");
    let mut world = World::without_service(Side::Hubspot, &work);
    world.starts().await;
    for deal in [PINEBROOK, ZAZOLC, QUARRY] {
        world.closes_deal(deal).await;
    }
    world.settles().await;
    assert_eq!(world.packets().await.len(), 3);
    for _ in 0..3 {
        assert_eq!(world.next_digest().await.channel, CHANNEL);
    }
    world.end().await;
}

async fn once(world: &World) {
    world.settles().await;
    assert_eq!(world.tasks_on(world.side.complete()).len(), 1, "one task");
    assert_eq!(world.digests().len(), 1, "one digest");
}

/// The task's call fails like this once; afterwards there is one task.
async fn task_survives(world: &mut World, fault: Fault, attempts: &[&str]) {
    world.crm_fails(world.side.create_task(), fault, Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.delivers(CrmTask).await;
    once(world).await;
    assert_eq!(world.attempts(CrmTask).await, attempts);
}

async fn a_task_whose_answer_was_lost_is_found_and_not_made_again(world: &mut World) {
    task_survives(world, Fault::DropAfter, &["unknown", "found"]).await;
}

async fn a_task_that_answered_500_after_the_work_is_found_and_not_made_again(world: &mut World) {
    task_survives(world, Fault::FailAfter, &["unknown", "found"]).await;
}

async fn a_task_that_never_arrived_is_made_once(world: &mut World) {
    task_survives(world, Fault::DropBefore, &["unknown", "absent", "delivered"]).await;
}

async fn a_task_whose_answer_hangs_is_found_and_not_made_again(world: &mut World) {
    task_survives(world, Fault::HangAfter, &["unknown", "found"]).await;
}

async fn a_task_whose_answer_is_cut_in_half_is_found_and_not_made_again(world: &mut World) {
    task_survives(world, Fault::Truncate, &["unknown", "found"]).await;
}

/// The digest's call fails like this once; afterwards there is one digest.
async fn digest_survives(world: &mut World, fault: Fault, attempts: &[&str]) {
    world.sandbox.slack.fails(POST_MESSAGE, fault, Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world.delivers(SlackDigest).await;
    world.next_digest().await;
    once(world).await;
    assert_eq!(world.attempts(SlackDigest).await, attempts);
}

async fn a_digest_whose_answer_was_lost_is_found_and_not_posted_again(world: &mut World) {
    digest_survives(world, Fault::DropAfter, &["unknown", "found"]).await;
}

async fn a_digest_that_history_does_not_show_at_once_is_not_posted_again(world: &mut World) {
    world.sandbox.slack.change(|slack| slack.history_lags(1));
    digest_survives(world, Fault::DropAfter, &["unknown", "absent", "found"]).await;
}

async fn a_digest_that_never_arrived_is_posted_once(world: &mut World) {
    digest_survives(world, Fault::DropBefore, &["unknown", "absent", "delivered"]).await;
}

async fn a_dead_slack_does_not_delay_the_task(world: &mut World) {
    world.sandbox.slack.fails(POST_MESSAGE, Fault::HangBefore, Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    world.task_on(world.side.complete()).await;
    world.delivery_becomes(CrmTask, DeliveryState::Done).await;
    world.sandbox.slack.clear_faults();
    world.delivers(SlackDigest).await;
    world.next_digest().await;
}

async fn a_dead_crm_does_not_delay_the_digest_for_ever(world: &mut World) {
    world.crm_fails(world.side.create_task(), Fault::status(503), Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.crm_recovers();
    world.delivers(CrmTask).await;
    once(world).await;
}

async fn a_busy_crm_is_waited_out(world: &mut World) {
    world.crm_fails(world.side.create_task(), world.side.busy(), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.delivers(CrmTask).await;
    assert_eq!(world.attempts(CrmTask).await, ["retry", "delivered"]);
    once(world).await;
}

async fn slack_says_how_long_to_wait(world: &mut World) {
    let begun = world.now();
    world.sandbox.slack.fails(POST_MESSAGE, Fault::slack_rate_limited(Some(600)), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world.waits_for(SlackDigest, DeliveryState::Done, Duration::from_secs(10)).await;
    world.next_digest().await;
    assert_eq!(world.attempts(SlackDigest).await, ["retry", "delivered"]);
    let waited = world.now().duration_since(begun).as_secs();
    assert!(waited >= 600, "waited only {waited} s");
}

async fn a_used_up_day_parks_the_portal_until_midnight(world: &mut World) {
    world.crm_fails(world.side.read_deal(), Fault::hubspot_daily(None), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    let pause = world.pause().await;
    assert_eq!(pause.scope, world.side.account());
    assert_eq!(pause.until.to_string(), "2026-11-21T00:00:00Z");
    world.passes(16 * HOUR);
    world.next_digest().await;
    once(world).await;
    assert!(world.service().app.store.pauses().await.unwrap().is_empty(), "a success ends the pause");
}

async fn a_revoked_token_pauses_the_portal_and_is_told(world: &mut World) {
    world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    world.closes_deal(world.side.complete()).await;
    world.pause().await;
    let mark = world.side.mark(&world.sandbox);
    world.passes(Duration::from_mins(14));
    let address = world.service().operator_address.unwrap();
    let ready = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready = ready.text().await.unwrap();
    assert!(ready.contains(&world.side.account()) && !ready.contains(TOKEN), "{ready}");
    let metrics = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"handoff_paused{scope="hubspot:48210077"} 1"#), "{metrics}");
    let calls = world.side.calls_since(&world.sandbox, mark);
    assert_eq!(calls, Vec::<String>::new(), "paused means that nothing is asked");

    world.sandbox.hubspot.change(|hubspot| hubspot.restore_token(TOKEN));
    world.passes(Duration::from_mins(2));
    world.next_digest().await;
    once(world).await;
}

async fn a_missing_scope_names_itself(world: &mut World) {
    let fault = Fault::hubspot_missing_scope("crm.objects.contacts.write");
    world.crm_fails(world.side.create_task(), fault, Times::UntilCleared);
    for deal in [world.side.complete(), world.side.half_empty()] {
        world.closes_deal(deal).await;
        world.next_digest().await;
    }
    let pause = world.pause().await;
    assert!(pause.reason.contains("crm.objects.contacts.write"), "{}", pause.reason);
    world.crm_recovers();
    world.passes(HOUR);
    world.settles().await;
    for deal in [world.side.complete(), world.side.half_empty()] {
        assert_eq!(world.tasks_on(deal).len(), 1);
    }
}

/// Refusals that may be about one piece of work.
fn refusals(side: Side) -> Vec<Fault> {
    let hubspot = |status, category| {
        let body = json!({"status": "error", "category": category, "message": "no"});
        Fault::Refuse(Answer::json(status, &body))
    };
    match side {
        Side::Hubspot => vec![
            hubspot(403, "MISSING_SCOPES"),
            hubspot(403, "USER_DOES_NOT_HAVE_PERMISSIONS"),
            hubspot(401, "INVALID_AUTHENTICATION"),
            hubspot(403, "BANNED"),
            Fault::hubspot_missing_scope("crm.objects.deals.sensitive.read"),
        ],
        Side::Salesforce => vec![
            Fault::salesforce_error(403, "API_DISABLED_FOR_ORG", "no"),
            Fault::salesforce_error(403, "API_CURRENTLY_DISABLED", "no"),
            Fault::salesforce_error(410, "UNSUPPORTED_API_VERSION", "no"),
        ],
    }
}

async fn is_paused(world: &World) -> bool {
    !world.service().app.store.pauses().await.unwrap().is_empty()
}

async fn a_deal_that_is_always_refused_holds_up_no_other_and_dies(world: &mut World) {
    let read = format!("GET /crm/objects/*/deals/{PINEBROOK}");
    let refusals = refusals(world.side);
    for refusal in refusals.iter().cycle().take(20) {
        world.crm_fails(&read, refusal.clone(), Times::Next(1));
    }
    world.closes_deal(PINEBROOK).await;
    let tries = async || world.open_work().await.iter().any(|line| line.contains("retrying"));
    world.eventually("it was refused", tries).await;
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world
        .eventually("it is given up", async || {
            assert!(!is_paused(world).await, "the portal is never paused for one deal");
            world.passes(HOUR);
            world.open_work().await.iter().any(|line| line.contains(" dead "))
        })
        .await;
    assert_eq!(world.tasks_on(world.side.complete()).len(), 1);
    world.leaves_work();
}

async fn a_task_that_is_refused_is_tried_again_without_a_pause(world: &mut World) {
    let refusals = refusals(world.side);
    let times = refusals.len();
    for refusal in refusals {
        world.crm_fails(world.side.create_task(), refusal.clone(), Times::Next(1));
    }
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.waits_for(CrmTask, DeliveryState::Done, HOUR).await;
    assert!(!is_paused(world).await);
    once(world).await;
    let attempts = world.attempts(CrmTask).await;
    assert_eq!(attempts.iter().filter(|outcome| *outcome == "retry").count(), times, "{attempts:?}");
}

async fn two_deals_that_are_refused_pause_the_portal(world: &mut World) {
    let deals = [world.side.complete(), world.side.half_empty()];
    for deal in deals {
        let read = format!("GET /crm/objects/*/deals/{deal}");
        world.crm_fails(&read, refusals(world.side).remove(0), Times::UntilCleared);
        assert!(!is_paused(world).await);
        world.closes_deal(deal).await;
        let tries =
            async || world.open_work().await.iter().any(|line| line.contains(deal) && line.contains("Some"));
        world.eventually("it was refused", tries).await;
    }
    assert_eq!(world.pause().await.scope, world.side.account());
    world.crm_recovers();
    world.passes(HOUR);
    for _ in deals {
        world.next_digest().await;
    }
}

/// HubSpot asks for ten seconds of quiet, and here a lease is over long before.
async fn a_task_that_waits_for_our_own_limit_longer_than_a_lease_is_not_unknown() {
    let work = WORK.replace("lease = \"30s\"", "lease = \"4s\"");
    let mut world = World::without_service(Side::Hubspot, &work);
    world.starts().await;
    world.crm_fails(Side::Hubspot.create_task(), Fault::hubspot_burst(), Times::Next(1));
    for deal in [PINEBROOK, QUARRY, ZAZOLC] {
        world.closes_deal(deal).await;
    }
    for _ in 0..3 {
        world.next_digest().await;
    }
    world.settles().await;
    let attempts = world.attempts(CrmTask).await;
    let refused = attempts.iter().filter(|outcome| *outcome == "retry").count();
    assert_eq!(
        refused, 1,
        "who has not begun yet begins when HubSpot wants to hear of us again: {attempts:?}"
    );
    assert!(!attempts.iter().any(|outcome| outcome == "unknown"), "nothing was sent: {attempts:?}");
    for deal in [PINEBROOK, QUARRY, ZAZOLC] {
        assert_eq!(world.tasks_on(deal).len(), 1);
    }
    world.end().await;
}

/// The service is stopped while it asks whom to mention: nothing was sent, and nothing is looked up.
async fn nothing_slow_comes_between_the_intent_and_the_post() {
    let work = WORK.replace("http_timeout = \"1s\"", "http_timeout = \"60s\"");
    let work =
        work.replace("lease = \"30s\"", "lease = \"240s\"").replace("shutdown = \"5s\"", "shutdown = \"1s\"");
    let mut world = World::without_service(Side::Hubspot, &work);
    world.starts().await;
    world.sandbox.slack.fails("GET /api/users.lookupByEmail", Fault::HangBefore, Times::UntilCleared);
    world.closes_deal(PINEBROOK).await;
    world.delivery_becomes(CrmTask, DeliveryState::Done).await;
    must("it is asked", world.sandbox.slack.until(|slack| slack.recorder().faults.hung() > 0)).await;
    world.stops().await;
    world.sandbox.slack.clear_faults();
    world.sandbox.slack.release();
    world.starts().await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.attempts(SlackDigest).await, ["delivered"]);
    world.end().await;
}

async fn a_revoked_bot_pauses_slack_only(world: &mut World) {
    world.sandbox.slack.change(|slack| slack.revoke_token(BOT_TOKEN));
    world.closes_deal(world.side.complete()).await;
    world.delivery_becomes(CrmTask, DeliveryState::Done).await;
    assert_eq!(world.pause().await.scope, "slack");
    world.sandbox.slack.change(|slack| slack.add_bot(BOT_TOKEN));
    world.passes(HOUR);
    world.next_digest().await;
    once(world).await;
}

async fn a_channel_the_bot_is_not_in_is_dead_until_replayed(world: &mut World) {
    world.sandbox.slack.change(|slack| slack.set_access(CHANNEL, Access::NotInvited));
    world.closes_deal(world.side.complete()).await;
    world.delivery_becomes(SlackDigest, DeliveryState::Dead).await;
    world.sandbox.slack.change(|slack| slack.set_access(CHANNEL, Access::Member));
    let packet = world.packets().await.remove(0).packet_id;
    assert_eq!(world.service().app.store.replay(&packet, None).await.unwrap(), 1);
    world.next_digest().await;
    once(world).await;
}

async fn a_delivery_dies_after_its_tries_and_can_be_replayed(world: &mut World) {
    world.crm_fails(world.side.create_task(), world.side.busy(), Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.waits_for(CrmTask, DeliveryState::Dead, HOUR).await;
    let attempts = world.attempts(CrmTask).await;
    assert_eq!(attempts.len(), 16, "{attempts:?}");
    assert_eq!(attempts.last().map(String::as_str), Some("gave_up"));
    world.crm_recovers();
    let packet = world.packets().await.remove(0).packet_id;
    assert_eq!(world.service().app.store.replay(&packet, Some(CrmTask)).await.unwrap(), 1);
    world.delivers(CrmTask).await;
    once(world).await;
}

async fn a_deal_that_cannot_be_read_is_tried_again(world: &mut World) {
    world.crm_fails(world.side.read_deal(), Fault::status(502), Times::Next(3));
    world.closes_deal(world.side.complete()).await;
    world.finishes().await;
    world.next_digest().await;
    once(world).await;
}

async fn an_html_error_page_is_survived(world: &mut World) {
    world.crm_fails(world.side.read_deal(), Fault::bad_gateway(), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world.finishes().await;
    world.next_digest().await;
    once(world).await;
}

/// Answers of a proxy, a captive portal or a redirect in place of the other side's.
fn not_the_vendors() -> Vec<Fault> {
    let page = |status| Answer { media_type: "text/html", ..Answer::text(status, "<html>Sign in</html>") };
    let elsewhere = Answer::text(302, "").with("location", "https://proxy.example/login");
    let json = |status, body| Answer::json(status, &body);
    let answers = [
        elsewhere,
        page(200),
        page(403),
        page(404),
        json(200, json!({})),
        json(400, json!({"error": "blocked"})),
        json(407, json!([])),
    ];
    answers.into_iter().map(Fault::Refuse).collect()
}

async fn a_task_that_a_proxy_answered_is_made_once(world: &mut World) {
    let faults = not_the_vendors();
    let tries = faults.len();
    for fault in faults {
        world.crm_fails(world.side.create_task(), fault, Times::Next(1));
    }
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.waits_for(CrmTask, DeliveryState::Done, HOUR).await;
    once(world).await;
    let unknown = world.attempts(CrmTask).await.iter().filter(|outcome| *outcome == "unknown").count();
    assert_eq!(unknown, tries, "each was looked for before it was sent again");
}

async fn a_digest_that_a_proxy_answered_is_posted_once(world: &mut World) {
    for fault in not_the_vendors().into_iter().take(4) {
        world.sandbox.slack.fails(POST_MESSAGE, fault, Times::Next(1));
    }
    world.closes_deal(world.side.complete()).await;
    world.waits_for(SlackDigest, DeliveryState::Done, Duration::from_mins(1)).await;
    world.next_digest().await;
    once(world).await;
}

async fn a_wish_to_wait_for_ever_is_a_pause_as_long_as_the_longest_retry(world: &mut World) {
    let body = match world.side {
        Side::Hubspot => json!({"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}),
        Side::Salesforce => json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Limit exceeded."}]),
    };
    let status = if world.side == Side::Hubspot { 429 } else { 403 };
    let answer = Answer::json(status, &body).with("retry-after", &1_000_000_000_u64);
    world.crm_fails(world.side.read_deal(), Fault::Refuse(answer), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    let pause = world.pause().await;
    assert_eq!(pause.scope, world.side.account());
    let rest = pause.until.duration_since(world.now()).as_secs();
    assert!((6 * 3600 - 60..=6 * 3600).contains(&rest), "six hours are the longest: {rest}");
    let mark = world.side.mark(&world.sandbox);
    world.closes_deal(world.side.half_empty()).await;
    world.passes(5 * HOUR);
    world.eventually("both deals wait", async || world.open_work().await.len() == 2).await;
    for line in world.open_work().await {
        assert!(line.contains(" waiting "), "a try that made no call is not counted: {line}");
    }
    // The pipelines are read beside the deal that was refused.
    let calls = world.side.calls_since(&world.sandbox, mark);
    assert!(calls.iter().all(|call| call.contains("/pipelines/")), "{calls:?}");
    world.passes(HOUR);
    world.next_digest().await;
    world.next_digest().await;
    world.settles().await;
}

async fn a_used_up_request_limit_pauses_the_org_as_long_as_configured() {
    for (setting, seconds) in [
        ("", 900),
        ("pause = \"30s\"\n", 30),
        ("pause = \"2h\"\n", 7200),
        ("pause = \"12h\"\n", 6 * 3600),
        ("pause = \"1m\"\n", 60),
    ] {
        let mut world = World::without_service(Side::Salesforce, &format!("{setting}{WORK}"));
        world.starts().await;
        world.crm_fails(world.side.read_deal(), Fault::salesforce_limit(), Times::Next(1));
        world.closes_deal(world.side.complete()).await;
        let rest = world.pause().await.until.duration_since(world.now()).as_secs();
        assert!((seconds - 10..=seconds).contains(&rest), "{setting}: {rest}");
        world.passes(Duration::from_hours(7));
        world.next_digest().await;
        world.end().await;
    }
}

async fn an_expired_session_is_renewed_and_nobody_notices(world: &mut World) {
    world.closes_deal(world.side.half_empty()).await;
    world.next_digest().await;
    world.settles().await;
    world.sandbox.salesforce.change(|salesforce| {
        let org = salesforce.org_mut(handoff_sandbox::opportunities::ORG).unwrap();
        org.revoke_tokens();
    });
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.tasks_on(world.side.complete()).len(), 1);
    assert_eq!(world.attempts(CrmTask).await, ["delivered", "delivered"]);
}

async fn a_used_up_request_limit_pauses_the_org(world: &mut World) {
    world.crm_fails(world.side.read_deal(), Fault::salesforce_limit(), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    assert_eq!(world.pause().await.scope, world.side.account());
    world.passes(HOUR);
    world.next_digest().await;
    once(world).await;
}

async fn a_refused_login_pauses_the_org_and_is_told(world: &mut World) {
    let refusal = Fault::salesforce_login("invalid_grant", "user hasn't approved this consumer");
    world.crm_fails("POST /services/oauth2/token", refusal, Times::UntilCleared);
    world.closes_deal(world.side.complete()).await;
    let pause = world.pause().await;
    assert!(pause.reason.contains("invalid_grant"), "{}", pause.reason);
    world.crm_recovers();
    world.passes(HOUR);
    world.next_digest().await;
    once(world).await;
}
