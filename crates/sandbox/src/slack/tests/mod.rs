mod interactive;

use serde_json::{Value, json};

use super::*;
use crate::trial::{BOT, CHANNEL, Trial};
use crate::{Fault, Times};

const POST: &str = "/api/chat.postMessage";

/// A digest that breaks no rule.
fn good() -> Value {
    json!({
        "channel": CHANNEL,
        "text": "Handoff ready: Acme &amp; Sons. 4 of 6 sections filled.",
        "unfurl_links": false, "unfurl_media": false,
        "metadata": {"event_type": "handoff_packet_posted", "event_payload": {"packet_id": "pkt_01", "revision": 1}},
        "blocks": [
            {"type": "header", "block_id": "hdr", "text": {"type": "plain_text", "text": "Handoff: Acme & Sons"}},
            {"type": "context", "block_id": "ctx", "elements": [
                {"type": "mrkdwn", "verbatim": true, "text": "owner <@U012AB3CD>"}]},
            {"type": "section", "block_id": "gap", "expand": true,
             "text": {"type": "mrkdwn", "verbatim": true, "text": "*Missing:* risks"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "verbatim": true, "text": "*Why*\n&lt; 30 days"}]},
            {"type": "divider"},
            {"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "text", "text": "<!channel> is just text here"},
                    {"type": "user", "user_id": "U012AB3CD"},
                    {"type": "link", "url": "https://app.hubspot.com/x", "text": "deal"}]},
                {"type": "rich_text_list", "style": "bullet", "elements": [
                    {"type": "rich_text_section", "elements": [
                        {"type": "text", "text": "one", "style": {"bold": true}}]}]}]},
            {"type": "actions", "block_id": "act", "elements": [
                {"type": "button", "action_id": "open", "url": "https://app.hubspot.com/x",
                 "text": {"type": "plain_text", "text": "Open in CRM"}}]},
        ],
    })
}

/// Posts a digest that breaks one rule: it must be refused with this code, noted, and not be posted.
async fn refused(change: impl FnOnce(&mut Value), code: &str, why: &str) {
    let trial = Trial::new();
    let mut message = good();
    change(&mut message);
    let reply = trial.slack("POST", POST, Some(message)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        (&reply.json()["ok"], &reply.json()["error"]),
        (&json!(false), &json!(code)),
        "{}",
        reply.text
    );
    trial.sandbox.slack.see(|slack| {
        assert!(slack.messages().is_empty());
        let violations = slack.violations();
        assert!(violations.iter().any(|violation| violation.contains(why)), "{violations:?}");
    });
    assert_eq!(trial.sandbox.slack.problems().len(), 1);
}

async fn refused_block(block: Value, why: &str) {
    refused(|message| message["blocks"] = json!([block]), "invalid_blocks", why).await;
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "verbatim": true, "text": text})
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

#[tokio::test]
async fn a_digest_that_breaks_no_rule_is_posted() {
    let trial = Trial::new();
    let reply = trial.slack("POST", POST, Some(good())).await.json();
    assert_eq!(reply["ok"], true, "{reply}");
    assert_eq!((&reply["channel"], &reply["ts"]), (&json!(CHANNEL), &json!("1795161600.000001")));
    trial.sandbox.slack.until(|slack| slack.messages().len() == 1).await;
    assert_eq!(trial.sandbox.slack.problems(), [""; 0]);
    let link = "/api/chat.getPermalink?channel=C0123ABCD&message_ts=1795161600.000001";
    let permalink = trial.slack("GET", link, None).await.json()["permalink"].clone();
    assert_eq!(permalink, "https://sandbox.slack.example/archives/C0123ABCD/p1795161600000001");
}

#[tokio::test]
async fn a_text_is_required_and_no_longer_than_four_thousand_characters() {
    refused(|message| drop(message.as_object_mut().unwrap().remove("text")), "no_text", "screen readers")
        .await;
    refused(|message| message["text"] = json!("  "), "no_text", "screen readers").await;
    refused(|message| message["text"] = json!("x".repeat(4_001)), "msg_too_long", "4000").await;
    refused(|message| message["text"] = json!("🚀".repeat(2_001)), "msg_too_long", "4000").await;
    refused(|message| message["text"] = json!("for <!here>"), "invalid_arguments", "<!here>").await;
}

#[tokio::test]
async fn previews_must_be_off() {
    refused(|message| message["unfurl_links"] = json!(true), "invalid_arguments", "unfurl_links").await;
    let gone = |message: &mut Value| drop(message.as_object_mut().unwrap().remove("unfurl_media"));
    refused(gone, "invalid_arguments", "unfurl_media").await;
    refused(|message| message["unfurl_app_links"] = json!(true), "invalid_arguments", "unfurl_app_links")
        .await;
}

#[tokio::test]
async fn arguments_that_wake_up_names_or_do_not_exist_are_refused() {
    for name in ["link_names", "parse", "username", "client_msg_id"] {
        refused(|message| message[name] = json!("x"), "invalid_arguments", name).await;
    }
    refused(|message| message["metadata"] = Value::Null, "invalid_arguments", "null").await;
    refused(|message| message["channel"] = json!(7), "invalid_arguments", "channel").await;
}

#[tokio::test]
async fn metadata_are_snake_case_and_flat() {
    let code = "invalid_metadata_format";
    refused(|message| message["metadata"]["event_type"] = json!("HandoffPosted"), code, "snake_case").await;
    refused(|message| message["metadata"]["event_payload"] = json!("pkt"), code, "object").await;
    refused(|message| message["metadata"]["event_payload"] = json!({"packetId": "x"}), code, "snake_case")
        .await;
    refused(|message| message["metadata"]["event_payload"] = json!({"a": {"b": 1}}), code, "flat").await;
    refused(|message| message["metadata"]["entities"] = json!([]), code, "only").await;
}

#[tokio::test]
async fn a_message_holds_one_to_fifty_blocks_of_the_known_types() {
    refused(|message| message["blocks"] = json!([]), "invalid_blocks", "1 to 50").await;
    let many = vec![json!({"type": "divider"}); 51];
    refused(|message| message["blocks"] = json!(many), "invalid_blocks", "1 to 50").await;
    refused_block(json!({"type": "alert", "text": plain("x")}), "alert").await;
    refused_block(json!({"type": "divider", "text": plain("x")}), "invalid additional property: text").await;
    refused(|message| message["blocks"] = json!("[]"), "invalid_blocks_format", "array").await;
}

#[tokio::test]
async fn block_ids_are_unique_and_short() {
    let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    refused(|message| message["blocks"] = twice, "invalid_blocks", "unique").await;
    refused_block(json!({"type": "divider", "block_id": "x".repeat(256)}), "255").await;
}

#[tokio::test]
async fn a_header_is_short_plain_text() {
    refused_block(json!({"type": "header", "text": plain(&"x".repeat(151))}), "150").await;
    refused_block(json!({"type": "header", "text": plain(&"🚀".repeat(76))}), "150").await;
    refused_block(json!({"type": "header", "text": mrkdwn("x")}), "plain_text").await;
    refused_block(json!({"type": "header"}), "required").await;
    refused_block(json!({"type": "header", "text": plain("")}), "1 to 150").await;
}

#[tokio::test]
async fn a_section_keeps_its_limits() {
    refused_block(json!({"type": "section", "text": mrkdwn(&"x".repeat(3_001))}), "3000").await;
    refused_block(json!({"type": "section", "text": mrkdwn("")}), "1 to 3000").await;
    refused_block(json!({"type": "section"}), "text or fields").await;
    refused_block(json!({"type": "section", "fields": vec![mrkdwn("x"); 11]}), "1 to 10").await;
    refused_block(json!({"type": "section", "fields": []}), "1 to 10").await;
    refused_block(json!({"type": "section", "fields": [mrkdwn(&"x".repeat(2_001))]}), "2000").await;
    refused_block(json!({"type": "section", "text": {"type": "text", "text": "x"}}), "type must be").await;
}

#[tokio::test]
async fn a_context_holds_one_to_ten_texts() {
    refused_block(json!({"type": "context", "elements": vec![mrkdwn("x"); 11]}), "1 to 10").await;
    refused_block(json!({"type": "context", "elements": []}), "1 to 10").await;
    refused_block(json!({"type": "context", "elements": [mrkdwn(&"x".repeat(3_001))]}), "3000").await;
}

#[tokio::test]
async fn mrkdwn_is_verbatim_and_escaped() {
    let section = |text: Value| json!({"type": "section", "text": text});
    refused_block(section(json!({"type": "mrkdwn", "text": "hello"})), "verbatim").await;
    refused_block(section(json!({"type": "mrkdwn", "text": "x", "verbatim": false})), "verbatim").await;
    let emoji = json!({"type": "mrkdwn", "verbatim": true, "text": "x", "emoji": true});
    refused_block(section(emoji), "invalid additional property: emoji").await;
    refused_block(section(mrkdwn("<!channel> hello")), "<!channel>").await;
    refused_block(section(mrkdwn("Acme & Sons")), "ampersand").await;
    refused_block(section(mrkdwn("\u{202E}abc")), "direction").await;
    refused_block(section(plain("\u{202E}abc")), "direction").await;
}

#[tokio::test]
async fn buttons_keep_their_limits() {
    let actions = |change: fn(&mut Value)| {
        let mut button = json!({"type": "button", "action_id": "a", "text": plain("Open")});
        change(&mut button);
        json!({"type": "actions", "elements": [button]})
    };
    refused_block(actions(|button| button["text"] = plain(&"x".repeat(76))), "75").await;
    refused_block(actions(|button| button["text"] = mrkdwn("Open")), "plain_text").await;
    refused_block(actions(|button| button["value"] = json!("x".repeat(2_001))), "2000").await;
    refused_block(actions(|button| button["url"] = json!(format!("https://{}", "x".repeat(3_000)))), "3000")
        .await;
    refused_block(actions(|button| button["url"] = json!("javascript:alert(1)")), "http or https").await;
    refused_block(actions(|button| button["style"] = json!("default")), "primary or danger").await;
    refused_block(actions(|button| button["action_id"] = json!("x".repeat(256))), "255").await;
    refused_block(actions(|button| button["tooltip"] = json!("x")), "invalid additional property").await;
    let button = json!({"type": "button", "action_id": "a", "text": plain("Open")});
    refused_block(json!({"type": "actions", "elements": vec![&button; 2]}), "unique in its block").await;
    refused_block(json!({"type": "actions", "elements": vec![&button; 26]}), "1 to 25").await;
}

#[tokio::test]
async fn rich_text_has_known_parts_and_no_empty_text() {
    let rich = |part: Value| json!({"type": "rich_text", "elements": [part]});
    let section = |element: Value| json!({"type": "rich_text_section", "elements": [element]});
    refused_block(json!({"type": "rich_text", "elements": []}), "must hold").await;
    refused_block(rich(json!({"type": "rich_text_table", "elements": []})), "rich_text_table").await;
    refused_block(rich(section(json!({"type": "text", "text": ""}))), "characters of text").await;
    refused_block(rich(section(json!({"type": "text"}))), "text is required").await;
    refused_block(rich(section(json!({"type": "broadcast", "range": "here"}))), "broadcast").await;
    refused_block(rich(section(json!({"type": "link", "url": "ftp://x"}))), "http or https").await;
    let list = json!({"type": "rich_text_list", "style": "stars", "elements": [section(json!({"type": "text", "text": "x"}))]});
    refused_block(rich(list), "bullet or ordered").await;
}

#[tokio::test]
async fn a_message_near_the_unpublished_limit_is_refused() {
    let section = json!({"type": "section", "text": mrkdwn(&"x".repeat(2_876))});
    let trial = Trial::new();
    let mut message = good();
    message["blocks"] =
        json!([section, section, section, {"type": "section", "text": mrkdwn(&"x".repeat(2_872))}]);
    assert_eq!(trial.slack("POST", POST, Some(message)).await.json()["ok"], true);
    let five = vec![section; 5];
    refused(|message| message["blocks"] = json!(five), "msg_blocks_too_long", "15005 of 12000").await;
}

#[tokio::test]
async fn every_mistake_is_named_with_its_place() {
    let trial = Trial::new();
    let mut message = good();
    message["blocks"] = json!([{"type": "header", "text": plain("")}, {"type": "section"}]);
    let reply = trial.slack("POST", POST, Some(message)).await.json();
    insta::assert_snapshot!(
        reply["response_metadata"]["messages"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"),
        @"
    [ERROR] must be 1 to 150 characters of text [json-pointer:/blocks/0/text/text]
    [ERROR] a section needs text or fields [json-pointer:/blocks/1]
    "
    );
}

#[tokio::test]
async fn a_channel_that_is_closed_to_the_bot_is_nobodys_mistake() {
    let trial = Trial::new();
    let mut elsewhere = good();
    elsewhere["channel"] = json!("C0NOWHERE");
    assert_eq!(trial.slack("POST", POST, Some(elsewhere)).await.json()["error"], "channel_not_found");
    for (access, code) in [(Access::NotInvited, "not_in_channel"), (Access::Archived, "is_archived")] {
        trial.sandbox.slack.change(|slack| slack.set_access(CHANNEL, access));
        assert_eq!(trial.slack("POST", POST, Some(good())).await.json()["error"], code);
    }
    assert_eq!(trial.sandbox.slack.problems(), [""; 0]);
    assert!(trial.sandbox.slack.see(|slack| slack.violations().is_empty()));
}

#[tokio::test]
async fn the_token_belongs_in_the_header_and_must_be_known() {
    let trial = Trial::new();
    let url = format!("{}{POST}", trial.sandbox.slack.url());
    for (url, token, code) in [
        (url.clone(), None, "not_authed"),
        (url.clone(), Some("xoxb-other"), "invalid_auth"),
        (format!("{url}?token={BOT}"), Some(BOT), "not_authed"),
    ] {
        let reply = trial.send("POST", &url, token, Some(good())).await.unwrap();
        assert_eq!((reply.status, &reply.json()["error"]), (200, &json!(code)));
    }
    assert_eq!(trial.sandbox.slack.problems().len(), 3);
    trial.sandbox.slack.change(|slack| slack.revoke_token(BOT));
    assert_eq!(trial.slack("POST", POST, Some(good())).await.json()["error"], "token_revoked");
    assert_eq!(trial.sandbox.slack.problems().len(), 3);
}

#[tokio::test]
async fn a_message_must_be_posted_as_json() {
    let trial = Trial::new();
    let url = format!("{}{POST}", trial.sandbox.slack.url());
    let client = reqwest::Client::new();
    let form = client.post(&url).bearer_auth(BOT).form(&[("channel", CHANNEL)]).send().await.unwrap();
    assert!(form.text().await.unwrap().contains("invalid_arguments"));
    let broken = client.post(&url).bearer_auth(BOT).header("content-type", "application/json").body("{");
    assert!(broken.send().await.unwrap().text().await.unwrap().contains("invalid_json"));
    assert_eq!(trial.slack("POST", POST, Some(json!([1]))).await.json()["error"], "json_not_object");
    assert_eq!(
        trial.slack("POST", "/api/chat.delete", Some(json!({}))).await.json()["error"],
        "unknown_method"
    );
}

#[tokio::test]
async fn people_are_found_by_address() {
    let trial = Trial::new();
    let found = trial.slack("GET", "/api/users.lookupByEmail?email=Iris%40seller.example", None).await.json();
    assert_eq!(found["user"]["id"], "U012AB3CD");
    let missing = trial.slack("GET", "/api/users.lookupByEmail?email=no%40seller.example", None).await.json();
    assert_eq!(missing["error"], "users_not_found");
    assert_eq!(trial.sandbox.slack.problems(), [""; 0]);
    let body = Some(json!({"email": "iris@seller.example"}));
    let json = trial.slack("POST", "/api/users.lookupByEmail", body).await.json();
    assert_eq!(json["error"], "invalid_arguments");
    let odd = trial.slack("GET", "/api/users.lookupByEmail?mail=x", None).await.json();
    assert_eq!(odd["error"], "invalid_arguments");
    assert_eq!(trial.slack("POST", "/api/auth.test", None).await.json()["bot_id"], "B0SANDBOX");
}

#[tokio::test]
async fn history_is_newest_first_within_its_bounds_and_hides_payloads_unless_asked() {
    let trial = Trial::new();
    for _ in 0..3 {
        trial.slack("POST", POST, Some(good())).await;
        trial.advance(10);
    }
    let read = async |more: &str| {
        let path = format!("/api/conversations.history?channel={CHANNEL}{more}");
        trial.slack("GET", &path, None).await.json()
    };
    let all = read("&include_all_metadata=true").await;
    assert_eq!(all["messages"][0]["ts"], "1795161620.000003");
    assert_eq!(all["messages"][0]["metadata"]["event_payload"]["packet_id"], "pkt_01");
    let plain = read("&oldest=1795161610.000002").await;
    assert_eq!(plain["messages"].as_array().unwrap().len(), 1);
    assert_eq!(plain["messages"][0]["metadata"], json!({"event_type": "handoff_packet_posted"}));
    assert_eq!(
        read("&oldest=1795161610.000002&inclusive=true").await["messages"].as_array().unwrap().len(),
        2
    );
    let page = read("&limit=2").await;
    assert_eq!((&page["has_more"], &page["response_metadata"]["next_cursor"]), (&json!(true), &json!("2")));
    assert_eq!(trial.sandbox.slack.problems(), [""; 0]);
    assert_eq!(read("&limit=1000").await["error"], "invalid_limit");
    assert_eq!(read("&oldest=yesterday").await["error"], "invalid_arguments");
    assert_eq!(read("&include_metadata=true").await["error"], "invalid_arguments");
    trial.sandbox.slack.change(|slack| slack.set_access(CHANNEL, Access::NotInvited));
    assert_eq!(read("").await["error"], "not_in_channel");
}

#[tokio::test]
async fn a_new_message_may_stay_invisible_for_some_reads() {
    let trial = Trial::new();
    trial.sandbox.slack.change(|slack| slack.history_lags(2));
    trial.slack("POST", POST, Some(good())).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let path = format!("/api/conversations.history?channel={CHANNEL}");
        let history = trial.slack("GET", &path, None).await.json();
        seen.push(history["messages"].as_array().unwrap().len());
    }
    assert_eq!(seen, [0, 0, 1]);
}

#[tokio::test]
async fn an_incoming_webhook_answers_in_plain_words() {
    let trial = Trial::new();
    let path = trial.sandbox.slack.change(|slack| slack.add_webhook(CHANNEL));
    let url = format!("{}{path}", trial.sandbox.slack.url());
    let mut message = good();
    message.as_object_mut().unwrap().remove("channel");
    let posted = trial.send("POST", &url, None, Some(message.clone())).await.unwrap();
    assert_eq!((posted.status, posted.text.as_str()), (200, "ok"));
    assert!(trial.sandbox.slack.see(|slack| slack.messages()[0].by_webhook));
    let overridden = trial.send("POST", &url, None, Some(good())).await.unwrap();
    assert_eq!((overridden.status, overridden.text.as_str()), (400, "invalid_payload"));
    message["blocks"] = json!([{"type": "section"}]);
    let bad = trial.send("POST", &url, None, Some(message.clone())).await.unwrap();
    assert_eq!((bad.status, bad.text.as_str()), (400, "invalid_blocks"));
    let nowhere = trial.send("POST", &format!("{url}x"), None, Some(good())).await.unwrap();
    assert_eq!((nowhere.status, nowhere.text.as_str()), (404, "no_service"));
    message.as_object_mut().unwrap().remove("blocks");
    trial.sandbox.slack.change(|slack| slack.set_access(CHANNEL, Access::Archived));
    let archived = trial.send("POST", &url, None, Some(message)).await.unwrap();
    assert_eq!((archived.status, archived.text.as_str()), (410, "channel_is_archived"));
}

#[tokio::test]
async fn slack_fails_in_its_own_ways() {
    let trial = Trial::new();
    let slack = &trial.sandbox.slack;
    slack.fails("POST /api/chat.postMessage", Fault::slack_rate_limited(Some(7)), Times::Next(1));
    slack.fails("POST /api/chat.postMessage", Fault::slack_error("internal_error"), Times::Next(1));
    slack.fails("POST /api/chat.postMessage", Fault::DropAfter, Times::Next(1));
    let limited = trial.slack("POST", POST, Some(good())).await;
    assert_eq!((limited.status, limited.headers["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(trial.slack("POST", POST, Some(good())).await.json()["error"], "internal_error");
    assert_eq!(slack.see(|slack| slack.messages().len()), 0);
    let url = format!("{}{POST}", slack.url());
    assert!(trial.send("POST", &url, Some(BOT), Some(good())).await.is_err());
    assert_eq!(slack.see(|slack| slack.messages().len()), 1);
    assert_eq!(slack.problems(), [""; 0]);
}
