//! How strict the sandbox is about what apps do with clicks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

use super::super::*;
use crate::trial::{BOT, CHANNEL, Reply, Trial};

const IRIS: &str = "U012AB3CD";
const SECRET: &str = "signing-secret-of-the-trial";
const APP_TOKEN: &str = "xapp-1-trial";

/// An app that answers clicks as it is told to, and keeps them.
#[derive(Clone, Default)]
struct App {
    said: Arc<Mutex<Vec<Value>>>,
    /// Status, media type, body.
    answer: Arc<Mutex<(u16, &'static str, String)>>,
}

impl App {
    fn answers(&self, body: &Value) {
        *self.answer.lock().unwrap() = (200, "application/json", body.to_string());
    }

    fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap().clone()
    }

    fn trigger(&self) -> String {
        self.said().last().unwrap()["trigger_id"].as_str().unwrap().to_owned()
    }
}

async fn take(State(app): State<App>, headers: HeaderMap, body: String) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let timestamp = header("x-slack-request-timestamp").parse().unwrap();
    assert_eq!(header("x-slack-signature"), sign_v0(SECRET, timestamp, body.as_bytes()));
    let form = crate::call::pairs(&body);
    app.said.lock().unwrap().push(serde_json::from_str(&form[0].1).unwrap());
    let (status, kind, body) = app.answer.lock().unwrap().clone();
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, [("content-type", kind)], body).into_response()
}

/// A workspace with a digest in it and an app behind a Request URL.
async fn trial() -> (Trial, App, String) {
    let (trial, app) = (Trial::new(), App::default());
    *app.answer.lock().unwrap() = (200, "text/plain", String::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request_url = format!("http://{}/webhooks/slack", listener.local_addr().unwrap());
    let routes = Router::new().fallback(take).with_state(app.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let signing_secret = SECRET.to_owned();
    trial.sandbox.slack.change(|slack| slack.set_transport(Transport::Http { request_url, signing_secret }));
    let posted = trial.slack("POST", "/api/chat.postMessage", Some(digest(CHANNEL))).await.json();
    (trial, app, posted["ts"].as_str().unwrap().to_owned())
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn digest(channel: &str) -> Value {
    json!({"channel": channel, "text": "One question", "unfurl_links": false, "unfurl_media": false, "blocks": [
        {"type": "section", "text": plain("One question")},
        {"type": "actions", "block_id": "ask", "elements": [
            {"type": "button", "action_id": "answer", "text": plain("Answer 1 question"), "value": "pkt_1:1"}]}]})
}

fn modal() -> Value {
    json!({
        "type": "modal", "callback_id": "answers", "private_metadata": "pkt_1:1", "title": plain("Questions"),
        "submit": plain("Save"), "close": plain("Cancel"),
        "blocks": [
            {"type": "input", "block_id": "promises", "optional": true, "label": plain("Promises"),
             "element": {"type": "plain_text_input", "action_id": "text", "multiline": true, "initial_value": "TBD"}},
            {"type": "input", "block_id": "due", "optional": true, "label": plain("By when"),
             "element": {"type": "datepicker", "action_id": "date"}},
            {"type": "input", "block_id": "risks", "optional": true, "label": plain("Risks"),
             "element": {"type": "multi_static_select", "action_id": "pick", "options": [
                {"text": plain("IT review"), "value": "it"}, {"text": plain("Budget"), "value": "budget"}]}},
            {"type": "actions", "block_id": "more", "elements": [
                {"type": "button", "action_id": "senseless", "text": plain("Makes no sense")}]},
        ],
    })
}

async fn press(trial: &Trial, ts: &str) -> Ack {
    trial.sandbox.slack.presses(IRIS, CHANNEL, ts, "answer").await.unwrap()
}

async fn open(trial: &Trial, trigger: &str, view: Value) -> Reply {
    let body = json!({"trigger_id": trigger, "view": view});
    trial.slack("POST", "/api/views.open", Some(body)).await
}

/// The modal is on Iris's screen.
async fn opened(trial: &Trial, app: &App, ts: &str) -> Value {
    assert_eq!(press(trial, ts).await, Ack::Taken);
    open(trial, &app.trigger(), modal()).await.json()["view"].clone()
}

async fn submit(trial: &Trial, values: &[(&str, Value)]) -> Ack {
    trial.sandbox.slack.submits(IRIS, values).await.unwrap()
}

fn error(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
}

fn mistakes(trial: &Trial) -> String {
    trial.sandbox.slack.see(|slack| slack.violations().join("\n"))
}

#[tokio::test]
async fn a_press_is_posted_once_with_a_trigger_that_opens_one_modal_within_three_seconds() {
    let (trial, app, ts) = trial().await;
    assert_eq!(press(&trial, &ts).await, Ack::Taken);
    let pressed = app.said().remove(0);
    assert_eq!(pressed["actions"][0]["value"], "pkt_1:1");
    assert_eq!((&pressed["user"]["id"], &pressed["team"]["id"]), (&json!(IRIS), &json!("T0SANDBOX")));
    let view = open(&trial, &app.trigger(), modal()).await.json();
    assert_eq!(view["ok"], true, "{view}");
    assert_eq!(error(&open(&trial, &app.trigger(), modal()).await), "exchanged_trigger_id");
    assert_eq!(error(&open(&trial, "1.2.3", modal()).await), "invalid_trigger_id");

    press(&trial, &ts).await;
    trial.advance(4);
    assert_eq!(error(&open(&trial, &app.trigger(), modal()).await), "expired_trigger_id");
    assert_eq!(app.said().len(), 2);
    assert_eq!(
        trial.sandbox.slack.presses(IRIS, CHANNEL, &ts, "none").await.unwrap_err(),
        "there is no button none"
    );
}

#[tokio::test]
async fn a_submit_brings_what_was_typed_and_an_empty_answer_closes_the_modal() {
    let (trial, app, ts) = trial().await;
    opened(&trial, &app, &ts).await;
    let typed = [("due", json!("2026-12-22")), ("risks", json!(["it"]))];
    assert_eq!(submit(&trial, &typed).await, Ack::Taken);
    let values = app.said().pop().unwrap()["view"]["state"]["values"].clone();
    assert_eq!(values["promises"]["text"], json!({"type": "plain_text_input", "value": "TBD"}));
    assert_eq!(values["due"]["date"]["selected_date"], "2026-12-22");
    assert_eq!(values["risks"]["pick"]["selected_options"][0]["value"], "it");
    assert!(trial.sandbox.slack.see(|slack| slack.open_view(IRIS).is_none()));
    assert_eq!(mistakes(&trial), "");
}

#[tokio::test]
async fn a_client_does_not_submit_what_slack_would_not_let_a_person_type() {
    let (trial, app, ts) = trial().await;
    opened(&trial, &app, &ts).await;
    let submit = async |block: &str, value: Value| {
        trial.sandbox.slack.submits(IRIS, &[(block, value)]).await.unwrap_err()
    };
    assert_eq!(submit("risks", json!(["unknown"])).await, "risks: \"unknown\" is not among the options");
    assert_eq!(submit("promises", json!("x".repeat(3_001))).await, "promises: the text is longer than 3000");
    assert_eq!(submit("nothing", json!("x")).await, "the modal has no input nothing");
    assert_eq!(app.said().len(), 1, "only the press");
}

#[tokio::test]
async fn errors_stay_at_their_inputs_until_the_submit_is_corrected() {
    let (trial, app, ts) = trial().await;
    opened(&trial, &app, &ts).await;
    app.answers(&json!({"response_action": "errors", "errors": {"promises": "\"TBD\" is a stand-in"}}));
    let Ack::Errors(errors) = submit(&trial, &[]).await else { panic!() };
    assert_eq!(errors["promises"], "\"TBD\" is a stand-in");
    trial.sandbox.slack.see(|slack| assert_eq!(slack.open_view(IRIS).unwrap().errors, errors));

    for (body, why) in [
        (
            json!({"response_action": "errors", "errors": {"more": "x"}}),
            "more is not the id of an input block",
        ),
        (json!({"response_action": "errors", "errors": {}}), "errors must be an object that is not empty"),
        (json!({"response_action": "errors", "errors": {"promises": 7}}), "the error at promises is no text"),
        (json!({"ok": true}), "response_action cannot be None"),
        (json!({"response_action": "update", "view": {"type": "home"}}), "only modals are modelled"),
    ] {
        app.answers(&body);
        let Ack::Refused(refused) = submit(&trial, &[]).await else { panic!("{body}") };
        assert!(refused.contains(why), "{refused}");
        assert!(mistakes(&trial).contains(why), "it is kept as a mistake");
        assert!(trial.sandbox.slack.see(|slack| slack.open_view(IRIS).is_some()), "the text is still there");
    }
    *app.answer.lock().unwrap() = (200, "text/plain", "ok".to_owned());
    assert!(matches!(submit(&trial, &[]).await, Ack::Refused(_)), "a body closes no modal");
}

#[tokio::test]
async fn an_answer_may_replace_the_modal_and_a_press_is_answered_with_nothing() {
    let (trial, app, ts) = trial().await;
    opened(&trial, &app, &ts).await;
    let mut saved = modal();
    saved["title"] = plain("Saved");
    app.answers(&json!({"response_action": "update", "view": saved}));
    assert_eq!(submit(&trial, &[]).await, Ack::Updated);
    trial.sandbox.slack.see(|slack| assert_eq!(slack.open_view(IRIS).unwrap().view["title"], plain("Saved")));
    assert!(matches!(press(&trial, &ts).await, Ack::Refused(_)));
}

#[tokio::test]
async fn an_answer_that_comes_late_or_not_at_all_is_a_warning_to_the_person() {
    let (trial, app, ts) = trial().await;
    *app.answer.lock().unwrap() = (503, "text/plain", "try again".to_owned());
    assert_eq!(press(&trial, &ts).await, Ack::Refused("HTTP 503".to_owned()));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request_url = format!("http://{}/", silent.local_addr().unwrap());
    let click = trial.sandbox.slack.change(|slack| {
        slack.set_transport(Transport::Http { request_url, signing_secret: SECRET.to_owned() });
        slack.press(IRIS, CHANNEL, &ts, "answer").unwrap()
    });
    let _held = silent.accept().await.unwrap();
    trial.advance(4);
    let late = Ack::Refused("no answer within 3 s".to_owned());
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, late);
    assert_eq!(mistakes(&trial), "", "nobody's mistake");
}

#[tokio::test]
async fn an_update_needs_the_hash_of_what_is_shown_and_keeps_what_was_typed() {
    let (trial, app, ts) = trial().await;
    let view = opened(&trial, &app, &ts).await;
    trial.sandbox.slack.change(|slack| {
        slack.types(IRIS, &[("promises", json!("Data export")), ("due", json!("2026-12-22"))]).unwrap();
    });
    let mut fresh = modal();
    fresh["blocks"][1]["element"]["action_id"] = json!("another");
    let update = async |hash: &Value, fresh: Value| {
        let body = json!({"view_id": view["id"], "hash": hash, "view": fresh});
        trial.slack("POST", "/api/views.update", Some(body)).await
    };
    let updated = update(&view["hash"], fresh.clone()).await.json();
    assert_eq!(updated["view"]["state"]["values"]["promises"]["text"]["value"], "Data export");
    assert_eq!(updated["view"]["state"]["values"]["due"]["another"]["selected_date"], Value::Null);
    assert_eq!(error(&update(&view["hash"], fresh.clone()).await), "hash_conflict");
    trial.sandbox.slack.change(|slack| slack.closes_view(IRIS).unwrap());
    assert_eq!(error(&update(&updated["view"]["hash"], fresh).await), "not_found");
}

#[tokio::test]
async fn only_a_view_that_asked_for_it_tells_that_it_was_closed() {
    let (trial, app, ts) = trial().await;
    opened(&trial, &app, &ts).await;
    assert_eq!(trial.sandbox.slack.change(|slack| slack.closes_view(IRIS)), Ok(None));
    press(&trial, &ts).await;
    let mut view = modal();
    view["notify_on_close"] = json!(true);
    open(&trial, &app.trigger(), view).await;
    let click = trial.sandbox.slack.change(|slack| slack.closes_view(IRIS)).unwrap().unwrap();
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, Ack::Taken);
    assert_eq!(app.said().pop().unwrap()["type"], "view_closed");
}

#[tokio::test]
async fn a_modal_that_breaks_a_rule_is_refused_and_does_not_use_up_the_trigger() {
    let (trial, app, ts) = trial().await;
    press(&trial, &ts).await;
    let long = "x".repeat(25);
    let changes: [(&str, Value, &str); 12] = [
        ("/title", plain(&long), "1 to 24 characters"),
        ("/submit", json!(null), "required"),
        ("/private_metadata", json!("x".repeat(3_001)), "0 to 3000"),
        ("/blocks/0/block_id", json!(null), "cannot be found again"),
        ("/blocks/0/optional", json!(null), "optional must be written"),
        ("/blocks/1/block_id", json!("promises"), "block_id must be unique"),
        ("/blocks/0/element/initial_value", json!("x".repeat(3_001)), "0 to 3000"),
        ("/blocks/0/element/max_length", json!(3_001), "max_length must be 1 to 3000"),
        ("/blocks/1/element/initial_date", json!("22.12.2026"), "initial_date must be YYYY-MM-DD"),
        ("/blocks/2/element/options/1/value", json!("it"), "values must be unique"),
        ("/blocks/2/element/initial_options", json!([]), "initial_options must not be empty"),
        ("/blocks/2/element/options/0/text", plain(&"x".repeat(76)), "1 to 75 characters"),
    ];
    for (pointer, value, why) in changes {
        let mut view = modal();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = view.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.remove(key);
        if !value.is_null() {
            parent.insert(key.to_owned(), value);
        }
        let reply = open(&trial, &app.trigger(), view).await;
        assert_eq!(error(&reply), "invalid_arguments", "{pointer}");
        assert!(reply.text.contains(why), "{pointer}: {}", reply.text);
    }
    let mut large = modal();
    large["blocks"] = Value::Array(vec![json!({"type": "section", "text": plain(&"x".repeat(2_900))}); 99]);
    assert_eq!(error(&open(&trial, &app.trigger(), large).await), "view_too_large");
    assert_eq!(open(&trial, &app.trigger(), modal()).await.json()["ok"], true);
}

#[tokio::test]
async fn a_direct_message_is_one_conversation_and_needs_scopes_and_the_messages_tab() {
    let (trial, _, _) = trial().await;
    let open =
        async |user: &str| trial.slack("POST", "/api/conversations.open", Some(json!({"users": user}))).await;
    let first = open(IRIS).await.json();
    let second = open(IRIS).await.json();
    assert_eq!((&second["channel"], &second["already_open"]), (&first["channel"], &json!(true)));
    let direct = first["channel"]["id"].as_str().unwrap().to_owned();
    let post = async || trial.slack("POST", "/api/chat.postMessage", Some(digest(&direct))).await;
    let ts = post().await.json()["ts"].as_str().unwrap().to_owned();
    assert_eq!(trial.sandbox.slack.presses(IRIS, &direct, &ts, "answer").await, Ok(Ack::Taken));
    let history = format!("/api/conversations.history?channel={direct}");
    assert_eq!(trial.slack("GET", &history, None).await.json()["messages"].as_array().unwrap().len(), 1);

    trial.sandbox.slack.change(|slack| {
        slack.withdraw_scope("im:history");
        slack.withdraw_scope("im:write");
        slack.set_messages_tab(false);
    });
    assert_eq!(trial.slack("GET", &history, None).await.json()["needed"], "im:history");
    assert_eq!(open(IRIS).await.json()["needed"], "im:write");
    assert_eq!(error(&post().await), "messages_tab_disabled");
}

#[tokio::test]
async fn people_are_members_guests_strangers_gone_or_programs() {
    let (trial, _, _) = trial().await;
    let info = async |standing| {
        trial.sandbox.slack.change(|slack| slack.set_standing(IRIS, standing));
        trial.slack("GET", &format!("/api/users.info?user={IRIS}"), None).await.json()["user"].clone()
    };
    let member = info(Standing::Member).await;
    assert_eq!(
        (&member["team_id"], &member["profile"]["email"]),
        (&json!("T0SANDBOX"), &json!("iris@seller.example"))
    );
    assert_eq!(info(Standing::Guest).await["is_restricted"], true);
    let stranger = info(Standing::Stranger).await;
    assert_eq!((&stranger["is_stranger"], &stranger["team_id"]), (&json!(true), &json!("T0ELSEWHERE")));
    assert_eq!(info(Standing::Deleted).await["deleted"], true);
    assert_eq!(info(Standing::Bot).await["is_bot"], true);
    let open = trial.slack("POST", "/api/conversations.open", Some(json!({"users": IRIS}))).await;
    assert_eq!(error(&open), "cannot_dm_bot");
    assert_eq!(error(&trial.slack("GET", "/api/users.info?user=U9", None).await), "user_not_found");
    trial.sandbox.slack.change(|slack| slack.withdraw_scope("users:read"));
    let refused = trial.slack("GET", &format!("/api/users.info?user={IRIS}"), None).await;
    assert_eq!(refused.json()["needed"], "users:read");
}

#[tokio::test]
async fn a_message_for_one_person_needs_them_in_the_channel() {
    let (trial, _, _) = trial().await;
    let tell = async |text: &str| {
        let body = json!({"channel": CHANNEL, "user": IRIS, "text": text});
        trial.slack("POST", "/api/chat.postEphemeral", Some(body)).await
    };
    assert_eq!(tell("Only Dana may answer").await.json()["ok"], true);
    assert_eq!(error(&tell("not <escaped").await), "invalid_arguments");
    trial.sandbox.slack.change(|slack| slack.leaves(IRIS, CHANNEL));
    assert_eq!(error(&tell("Only Dana may answer").await), "user_not_in_channel");
    trial.sandbox.slack.see(|slack| assert_eq!(slack.ephemerals().len(), 1));
}

#[tokio::test]
async fn the_control_api_does_over_http_what_the_methods_do() {
    let (trial, app, ts) = trial().await;
    let control = async |act: &str, body: Value| {
        trial.slack("POST", &format!("/sandbox/{act}"), Some(body)).await.json()
    };
    let body = json!({"user": IRIS, "channel": CHANNEL, "ts": ts, "action_id": "answer"});
    let click = control("press", body).await["id"].as_u64().unwrap();
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, Ack::Taken);
    open(&trial, &app.trigger(), modal()).await;
    let view = trial.slack("GET", &format!("/sandbox/view?user={IRIS}"), None).await.json();
    assert_eq!(view["view"]["callback_id"], "answers");
    let click = control("submit", json!({"user": IRIS, "values": {"due": "2026-12-22"}})).await["id"]
        .as_u64()
        .unwrap();
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, Ack::Taken);
    assert_eq!(trial.slack("GET", &format!("/sandbox/ack?id={click}"), None).await.json()["ack"], "Taken");
    assert_eq!(control("submit", json!({"user": IRIS})).await["error"], "U012AB3CD has no modal open");
}

/// A socket of the app.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(trial: &Trial) -> Self {
        let url = format!("{}/api/apps.connections.open", trial.sandbox.slack.url());
        let opened = trial.send("POST", &url, Some(APP_TOKEN), None).await.unwrap().json();
        let url = opened["url"].as_str().unwrap_or_else(|| panic!("{opened}"));
        let address = url.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        Self(tokio_tungstenite::client_async(url, stream).await.unwrap().0)
    }

    /// The next frame; `None` once the connection is closed or broken.
    async fn next(&mut self) -> Option<Value> {
        match self.0.next().await {
            Some(Ok(Frame::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    async fn send(&mut self, frame: Value) {
        self.0.send(Frame::text(frame.to_string())).await.unwrap();
    }
}

/// A workspace whose clicks come over sockets, and the first of them.
async fn socket_trial() -> (Trial, String, Client) {
    let (trial, _, ts) = trial().await;
    trial.sandbox.slack.change(|slack| {
        slack.add_app_token(APP_TOKEN);
        slack.set_transport(Transport::Socket);
    });
    let mut client = Client::connect(&trial).await;
    let hello = client.next().await.unwrap();
    assert_eq!((&hello["type"], &hello["num_connections"]), (&json!("hello"), &json!(1)));
    (trial, ts, client)
}

fn begin_press(trial: &Trial, ts: &str) -> u64 {
    trial.sandbox.slack.change(|slack| slack.press(IRIS, CHANNEL, ts, "answer").unwrap())
}

#[tokio::test]
async fn an_envelope_is_acknowledged_over_its_own_socket_and_with_a_payload_only_where_that_is_taken() {
    let (trial, ts, mut client) = socket_trial().await;
    let click = begin_press(&trial, &ts);
    let envelope = client.next().await.unwrap();
    assert_eq!(
        (&envelope["type"], &envelope["payload"]["type"]),
        (&json!("interactive"), &json!("block_actions"))
    );
    client.send(json!({"envelope_id": envelope["envelope_id"]})).await;
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, Ack::Taken);
    assert_eq!(mistakes(&trial), "");

    let mut second = Client::connect(&trial).await;
    assert_eq!(second.next().await.unwrap()["num_connections"], 2);
    let click = begin_press(&trial, &ts);
    let (envelope, other) = tokio::select! {
        envelope = client.next() => (envelope.unwrap(), &mut second),
        envelope = second.next() => (envelope.unwrap(), &mut client),
    };
    other.send(json!({"envelope_id": envelope["envelope_id"]})).await;
    assert!(matches!(trial.sandbox.slack.acknowledged(click).await, Ack::Refused(_)));
    assert!(mistakes(&trial).contains("it came over another socket"));

    trial.sandbox.slack.change(|slack| slack.send_event(&json!({"type": "event_callback"})));
    let event =
        tokio::select! { event = client.next() => event.unwrap(), event = second.next() => event.unwrap() };
    client.send(json!({"envelope_id": event["envelope_id"], "payload": {}})).await;
    trial
        .sandbox
        .slack
        .until(|slack| slack.violations().join("").contains("its payload was not asked for"))
        .await;
}

#[tokio::test]
async fn a_socket_that_is_told_to_go_delivers_until_it_is_closed() {
    let (trial, ts, mut client) = socket_trial().await;
    trial.sandbox.slack.change(|slack| slack.disconnects("refresh_requested"));
    assert_eq!(client.next().await.unwrap()["reason"], "refresh_requested");
    let click = begin_press(&trial, &ts);
    let envelope = client.next().await.unwrap();
    client.send(json!({"envelope_id": envelope["envelope_id"]})).await;
    assert_eq!(trial.sandbox.slack.acknowledged(click).await, Ack::Taken);
    trial.sandbox.slack.change(SlackState::close_leaving);
    assert_eq!(client.next().await, None);
    trial.sandbox.slack.until(|slack| slack.open_sockets() == 0).await;
    assert!(matches!(trial.sandbox.slack.presses(IRIS, CHANNEL, &ts, "answer").await, Ok(Ack::Refused(_))));
}

#[tokio::test]
async fn a_socket_too_many_is_told_so_and_a_disabled_app_gets_none() {
    let (trial, _, mut client) = socket_trial().await;
    trial.sandbox.slack.change(|slack| slack.set_ghosts(9));
    let mut second = Client::connect(&trial).await;
    assert_eq!(second.next().await.unwrap()["reason"], "too_many_websockets");
    assert_eq!(second.next().await, None);
    trial.sandbox.slack.change(SlackState::disable_socket_mode);
    assert_eq!(client.next().await.unwrap()["reason"], "link_disabled");
    let url = format!("{}/api/apps.connections.open", trial.sandbox.slack.url());
    assert_eq!(error(&trial.send("POST", &url, Some(APP_TOKEN), None).await.unwrap()), "forbidden_team");
}

#[tokio::test]
async fn a_socket_is_opened_with_an_app_token_in_the_header_and_a_ticket_opens_one() {
    let (trial, _, _client) = socket_trial().await;
    let url = format!("{}/api/apps.connections.open", trial.sandbox.slack.url());
    let refused = async |token: Option<&str>, body: Option<Value>| {
        error(&trial.send("POST", &url, token, body).await.unwrap())
    };
    assert_eq!(refused(None, Some(json!({"token": APP_TOKEN}))).await, "not_authed");
    assert_eq!(refused(Some(BOT), None).await, "not_allowed_token_type");
    assert_eq!(refused(Some("xapp-other"), None).await, "invalid_auth");
    assert_eq!(refused(Some(APP_TOKEN), Some(json!({}))).await, "invalid_arguments");
    trial.sandbox.slack.change(|slack| slack.withdraw_connections(APP_TOKEN));
    assert_eq!(refused(Some(APP_TOKEN), None).await, "missing_scope");
    trial.sandbox.slack.change(|slack| slack.add_app_token(APP_TOKEN));
    let opened = trial.send("POST", &url, Some(APP_TOKEN), None).await.unwrap().json();
    let url = opened["url"].as_str().unwrap();
    let address = url.strip_prefix("ws://").unwrap().split('/').next().unwrap();
    for works in [true, false] {
        let stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(tokio_tungstenite::client_async(url, stream).await.is_ok(), works);
    }
    assert_eq!(error(&trial.slack("GET", "/api/auth.test", None).await), "");
}
