//! What people do with buttons and modals, and what the app answers: the control API of tests and demo.
//!
//! A click is delivered once, over HTTP or a socket; what is not acknowledged as Slack wants it within three seconds shows
//! the person a warning. <https://docs.slack.dev/interactivity/handling-user-interaction>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::people::TEAM;
use super::read::{APP, message_json};
use super::views::{PATIENCE, check};
use super::{Slack, SlackState, View, inputs};
use crate::call::{Answer, Call, Verdict};

/// What a person sees after a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ack {
    /// The app took it; a modal that was submitted is closed.
    Taken,
    /// The modal stays, with these errors at its inputs.
    Errors(BTreeMap<String, String>),
    /// The modal shows another view.
    Updated,
    /// A warning: the app did not answer in time, or not as Slack wants it.
    Refused(String),
}

/// A payload on its way to the app.
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) payload: Value,
    pub(super) made: Timestamp,
    about: About,
}

impl Outgoing {
    /// Whether an acknowledgement over a socket may hold a payload.
    pub(super) fn accepts_payload(&self) -> bool {
        !matches!(self.about, About::Close)
    }
}

#[derive(Clone)]
enum About {
    Press,
    /// The view that was submitted.
    Submit(String),
    Close,
}

/// What each click was answered.
#[derive(Default)]
pub(super) struct Acks {
    waiting: BTreeMap<u64, (About, Timestamp)>,
    given: BTreeMap<u64, Ack>,
}

/// What came back for a click.
pub(super) enum Reply {
    /// Status, media type and body over HTTP.
    Http(u16, String, Vec<u8>),
    /// What the acknowledgement held over a socket.
    Socket(Option<Value>),
    /// Nothing, for this reason.
    None(String),
}

impl SlackState {
    /// A person presses a button of a message. Returns the click's id, or why the button cannot be pressed.
    pub fn press(&mut self, user: &str, channel: &str, ts: &str, action_id: &str) -> Result<u64, String> {
        let message = self.messages_in(channel).find(|message| message.ts == ts);
        let message = message.ok_or_else(|| format!("there is no message {ts} in {channel}"))?;
        let action = self.action(&message.blocks, action_id)?;
        let shown = message_json(message, true);
        let name = self.channel_name(channel).unwrap_or("directmessage").to_owned();
        let payload = json!({
            "type": "block_actions", "container":
                {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false},
            "channel": {"id": channel, "name": name}, "message": shown, "state": {"values": {}}, "actions": [action],
            "response_url": "https://hooks.slack.example/actions/T0SANDBOX/1/x",
        });
        self.sends(user, payload, About::Press)
    }

    /// A person presses a button in the modal on top of their screen.
    pub fn press_in_view(&mut self, user: &str, action_id: &str) -> Result<u64, String> {
        let view = self.open_view(user).ok_or_else(|| format!("{user} has no modal open"))?;
        let blocks = view.view["blocks"].as_array().cloned().unwrap_or_default();
        let (shown, id) = (view.json(), view.id.clone());
        let action = self.action(&blocks, action_id)?;
        let payload = json!({"type": "block_actions", "container": {"type": "view", "view_id": id}, "view": shown,
            "actions": [action]});
        self.sends(user, payload, About::Press)
    }

    /// A person fills inputs of the modal on top of their screen, by block id: a text, a day, the value of an option, or a
    /// list of values.
    pub fn types(&mut self, user: &str, values: &[(&str, Value)]) -> Result<(), String> {
        let view = self.views.iter_mut().rfind(|view| view.user == user);
        let view = view.ok_or_else(|| format!("{user} has no modal open"))?;
        for (block, value) in values {
            let input = view.input(block).ok_or_else(|| format!("the modal has no input {block}"))?;
            let state =
                inputs::typed_state(&input["element"], value).map_err(|why| format!("{block}: {why}"))?;
            view.typed.insert((*block).to_owned(), state);
        }
        Ok(())
    }

    /// A person submits the modal on top of their screen, with what was typed into it.
    pub fn submit(&mut self, user: &str) -> Result<u64, String> {
        let view = self.open_view(user).ok_or_else(|| format!("{user} has no modal open"))?;
        let values = view.values();
        for input in view.inputs().filter(|input| input["optional"] != true) {
            let (block, action) = (&input["block_id"], &input["element"]["action_id"]);
            let state = &values[block.as_str().unwrap_or_default()][action.as_str().unwrap_or_default()];
            if inputs::is_empty(state) {
                return Err(format!("{block} must be filled before the modal can be submitted"));
            }
        }
        let payload = json!({"type": "view_submission", "view": view.json(), "response_urls": []});
        let id = view.id.clone();
        self.sends(user, payload, About::Submit(id))
    }

    /// A person closes the modal on top of their screen. Only a view that asked for it lets the app know.
    pub fn closes_view(&mut self, user: &str) -> Result<Option<u64>, String> {
        let at = self.views.iter().rposition(|view| view.user == user);
        let view = self.views.remove(at.ok_or_else(|| format!("{user} has no modal open"))?);
        if view.view["notify_on_close"] != true {
            return Ok(None);
        }
        let mut shown = view.json();
        shown["state"] = json!({"values": {}});
        let payload = json!({"type": "view_closed", "view": shown, "is_cleared": false});
        self.sends(user, payload, About::Close).map(Some)
    }

    /// What a click was answered, once it was.
    pub fn ack(&self, click: u64) -> Option<&Ack> {
        self.acks.given.get(&click)
    }

    /// A button of these blocks as the app gets it when it is pressed.
    fn action(&self, blocks: &[Value], action_id: &str) -> Result<Value, String> {
        let buttons = blocks.iter().flat_map(|block| {
            let elements = block["elements"].as_array().filter(|_| block["type"] == "actions");
            let elements = elements.into_iter().flatten().chain(block.get("accessory"));
            elements.map(move |element| (element, &block["block_id"]))
        });
        let mut pressed = buttons.filter(|(element, _)| element["action_id"] == action_id);
        let (element, block) = pressed.next().ok_or_else(|| format!("there is no button {action_id}"))?;
        let mut action = element.clone();
        if let Some(action) = action.as_object_mut() {
            action.remove("style");
            action.insert("block_id".to_owned(), block.clone());
            let ts = format!("{}.{:06}", self.clock.now().as_second(), self.numbers + 1);
            action.insert("action_ts".to_owned(), json!(ts));
        }
        Ok(action)
    }

    fn sends(&mut self, user: &str, mut payload: Value, about: About) -> Result<u64, String> {
        let person = self.users.iter().find(|known| known.id == user);
        let person = person.ok_or_else(|| format!("there is nobody called {user}"))?;
        let name = person.name.replace(' ', ".");
        let common = json!({
            "team": {"id": TEAM, "domain": "sandbox"}, "api_app_id": APP, "token": "outdated",
            "user": {"id": user, "username": name, "name": name, "team_id": person.team()},
            "enterprise": null, "is_enterprise_install": false,
        });
        let trigger = if matches!(about, About::Close) { None } else { Some(self.trigger(user)) };
        if let (Some(payload), Value::Object(common)) = (payload.as_object_mut(), common) {
            payload.extend(common);
            payload.extend(trigger.map(|trigger| ("trigger_id".to_owned(), json!(trigger))));
        }
        let (id, made) = (self.number(), self.clock.now());
        self.acks.waiting.insert(id, (about.clone(), made));
        self.outgoing.push(Outgoing { id, payload, made, about });
        Ok(id)
    }

    /// Judges what the app answered to a click; only the first answer counts.
    pub(super) fn answered(&mut self, click: u64, reply: Reply) {
        let Some((about, made)) = self.acks.waiting.remove(&click) else { return };
        let late = self.clock.now().duration_since(made) > PATIENCE;
        let judged = match reply {
            Reply::None(why) => Err((why, false)),
            _ if late => Err(("the answer came after 3 s".to_owned(), false)),
            Reply::Http(status, ..) if status != 200 => Err((format!("HTTP {status}"), false)),
            Reply::Http(_, _, body) if body.is_empty() => self.settle(&about, None),
            Reply::Http(_, kind, body) => match serde_json::from_slice(&body) {
                Ok(answer) if kind.starts_with("application/json") => self.settle(&about, Some(&answer)),
                _ => Err((format!("an answer of type {kind:?} that is not JSON"), true)),
            },
            Reply::Socket(answer) => self.settle(&about, answer.as_ref()),
        };
        let ack = judged.unwrap_or_else(|(why, is_mistake)| {
            if is_mistake {
                self.violations.push(format!("answer to a click: {why}"));
            }
            Ack::Refused(why)
        });
        self.acks.given.insert(click, ack);
    }

    /// Does what the answer says. A mistake of the app is an error that is kept.
    fn settle(&mut self, about: &About, answer: Option<&Value>) -> Result<Ack, (String, bool)> {
        let wrong = |why: String| Err((why, true));
        let (About::Submit(id), Some(answer)) = (about, answer) else {
            if let (About::Submit(id), None) = (about, answer) {
                self.views.retain(|view| view.id != *id);
            }
            return if answer.is_none() {
                Ok(Ack::Taken)
            } else {
                wrong("a press and a closed modal are answered with nothing".to_owned())
            };
        };
        let Some(at) = self.views.iter().position(|view| view.id == *id) else { return Ok(Ack::Taken) };
        let user = self.views.get(at).map(|view| view.user.clone()).unwrap_or_default();
        match answer["response_action"].as_str() {
            Some("clear") => {
                self.views.retain(|view| view.user != user);
                Ok(Ack::Taken)
            }
            Some("errors") => {
                let Some(view) = self.views.get_mut(at) else { return Ok(Ack::Taken) };
                view.errors = errors(view, answer).map_err(|why| (why, true))?;
                Ok(Ack::Errors(view.errors.clone()))
            }
            Some("update") => {
                if let Err(refused) = check(&answer["view"]) {
                    return wrong(refused.messages.concat());
                }
                let hash = self.view_hash();
                if let Some(view) = self.views.get_mut(at) {
                    view.replace(answer["view"].clone(), hash);
                }
                Ok(Ack::Updated)
            }
            Some("push") => {
                if self.views.iter().filter(|view| view.user == user).count() >= 3 {
                    return wrong("push_limit_reached: three views are the most".to_owned());
                }
                if let Err(refused) = check(&answer["view"]) {
                    return wrong(refused.messages.concat());
                }
                let view = self.opened(&user, answer["view"].clone());
                self.views.push(view);
                Ok(Ack::Updated)
            }
            other => wrong(format!("response_action cannot be {other:?}")),
        }
    }

    /// `/sandbox/…`: the same as these methods, for programs that are not Rust. `press`, `type`, `submit` and `close` take
    /// JSON and return the click's id; `view?user=` and `ack?id=` say what is on the screen.
    pub(super) fn control(&mut self, call: &Call, act: &str) -> Answer {
        let body: Map<String, Value> = serde_json::from_slice(&call.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let user = text("user");
        let values: Vec<(&str, Value)> = body
            .get("values")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(block, value)| (block.as_str(), value.clone()))
            .collect();
        let done = match act {
            "press" if body.contains_key("ts") => {
                self.press(&user, &text("channel"), &text("ts"), &text("action_id")).map(Some)
            }
            "press" => self.press_in_view(&user, &text("action_id")).map(Some),
            "type" => self.types(&user, &values).map(|()| None),
            "submit" => self.types(&user, &values).and_then(|()| self.submit(&user)).map(Some),
            "close" => self.closes_view(&user),
            "view" => {
                let view = call.query("user").and_then(|user| self.open_view(user));
                let shown = view.map(|view| json!({"view": view.json(), "errors": view.errors}));
                return Answer::json(200, &shown.unwrap_or_default());
            }
            "ack" => {
                let ack = call.query("id").and_then(|id| self.ack(id.parse().ok()?));
                return Answer::json(200, &json!({"ack": ack.map(|ack| format!("{ack:?}"))}));
            }
            _ => Err(format!("nobody can {act}")),
        };
        match done {
            Ok(click) => Answer::json(200, &json!({"id": click})),
            Err(why) => Answer::json(400, &json!({"error": why})).because(Verdict::Absent),
        }
    }
}

/// The errors of an answer, each at an input that is there.
fn errors(view: &View, answer: &Value) -> Result<BTreeMap<String, String>, String> {
    let errors = answer["errors"].as_object().filter(|errors| !errors.is_empty());
    let errors = errors.ok_or("errors must be an object that is not empty")?;
    let error = |(block, text): (&String, &Value)| {
        let text = text.as_str().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| format!("the error at {block} is no text"))?;
        match view.input(block) {
            Some(_) => Ok((block.clone(), text.to_owned())),
            None => Err(format!("{block} is not the id of an input block")),
        }
    };
    errors.iter().map(error).collect()
}

impl Slack {
    /// A person presses a button of a message and waits for what happens.
    pub async fn presses(&self, user: &str, channel: &str, ts: &str, action_id: &str) -> Result<Ack, String> {
        let click = self.change(|slack| slack.press(user, channel, ts, action_id))?;
        Ok(self.acknowledged(click).await)
    }

    /// A person fills inputs of the modal on top of their screen, submits it, and waits for what happens.
    pub async fn submits(&self, user: &str, values: &[(&str, Value)]) -> Result<Ack, String> {
        let click = self.change(|slack| {
            slack.types(user, values)?;
            slack.submit(user)
        })?;
        Ok(self.acknowledged(click).await)
    }

    /// Waits until a click is answered, or until it is too late.
    pub async fn acknowledged(&self, click: u64) -> Ack {
        self.until(|slack| slack.ack(click).is_some()).await;
        self.see(|slack| slack.ack(click).cloned()).unwrap_or(Ack::Taken)
    }
}
