//! What a person did in Slack, read from the payload that Slack sends of it.
//!
//! <https://docs.slack.dev/reference/interaction-payloads>

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// One press, submit or closed modal. As JSON it holds what the store keeps: who did what, and no trigger id, which is
/// worth nothing after three seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// The workspace in which it was done; empty if the payload names none (an organisation-wide installation).
    pub team: String,
    pub user: Clicker,
    /// Opens one modal, within three seconds.
    #[serde(skip)]
    pub trigger_id: Option<String>,
    pub kind: Kind,
}

/// Who did it. Only this and [`Interaction::team`] say what a person may do: Slack vouches for both, while values and
/// metadata pass through the person's own client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clicker {
    pub id: String,
    /// A name to show, as good as the payload has it.
    pub name: String,
    /// The person's own workspace, which is another one for guests from a shared channel.
    pub team: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A button was pressed, or something picked outside an input.
    Pressed(Press),
    /// A modal was submitted.
    Submitted(Submission),
    /// A modal was closed without submitting it; what was typed is lost.
    Closed { view_id: String, callback_id: String, metadata: String },
    /// Anything else: it is acknowledged and has no effect.
    Other,
}

/// See [`Kind::Pressed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    pub action_id: String,
    pub block_id: String,
    /// What the app put on the button, or the value that was picked.
    pub value: Option<String>,
    /// Tells two presses of one button apart.
    pub action_ts: String,
    pub from: Surface,
    /// What stands in the inputs of the whole surface.
    pub values: Values,
}

/// Where a button was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    Message { channel: String, ts: String },
    View { id: String, hash: String, callback_id: String, metadata: String },
}

/// See [`Kind::Submitted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    pub callback_id: String,
    pub view_id: String,
    pub hash: String,
    /// `private_metadata`.
    pub metadata: String,
    pub values: Values,
}

/// Inputs by block id and action id. An input that holds nothing is absent.
pub type Values = BTreeMap<String, BTreeMap<String, Value>>;

/// What an input holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(String),
    Day(Date),
    /// Values of the options, or ids of the people, that are picked. A list from which nothing is picked is empty.
    Picks(Vec<String>),
}

/// The payload is no JSON object, as Slack's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

impl Interaction {
    /// Reads a payload. One of an unknown shape is [`Kind::Other`].
    pub fn parse(payload: &str) -> Result<Self, NotJson> {
        let payload: Json = serde_json::from_str(payload).map_err(|_| NotJson)?;
        if payload.is_object() { Ok(Self::read(&payload)) } else { Err(NotJson) }
    }

    /// The same for a payload that is JSON already, as it comes over a socket.
    pub fn read(payload: &Json) -> Self {
        let user = &payload["user"];
        let name = ["name", "username"].map(|key| text(&user[key])).into_iter().find(|name| !name.is_empty());
        let (id, team) = (text(&user["id"]), text(&user["team_id"]));
        let kind = match payload["type"].as_str() {
            // Nobody did it whose id is missing.
            _ if id.is_empty() => None,
            Some("block_actions") => press(payload).map(Kind::Pressed),
            Some("view_submission") => submission(&payload["view"]).map(Kind::Submitted),
            Some("view_closed") => closed(&payload["view"]),
            _ => None,
        };
        Self {
            team: text(&payload["team"]["id"]),
            user: Clicker { id, name: name.unwrap_or_default(), team },
            trigger_id: payload["trigger_id"].as_str().map(ToOwned::to_owned),
            kind: kind.unwrap_or(Kind::Other),
        }
    }

    /// What makes a second delivery of the same click the same: all that it says but the trigger id and the person's
    /// name. A corrected submit says something else, and a second press has another time.
    pub fn dedupe_key(&self) -> String {
        let what = serde_json::to_string(&(&self.team, &self.user.id, &self.kind)).unwrap_or_default();
        hex::encode(&Sha256::digest(what)[..16])
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn required(value: &Json) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn press(payload: &Json) -> Option<Press> {
    // A payload holds one action, whatever the plural says.
    let action = payload["actions"].get(0)?;
    let (container, view) = (&payload["container"], &payload["view"]);
    let from = if view.is_object() {
        Surface::View {
            id: required(&view["id"])?,
            hash: text(&view["hash"]),
            callback_id: text(&view["callback_id"]),
            metadata: text(&view["private_metadata"]),
        }
    } else {
        let channel = required(&container["channel_id"]).or_else(|| required(&payload["channel"]["id"]))?;
        let ts = required(&container["message_ts"]).or_else(|| required(&payload["message"]["ts"]))?;
        Surface::Message { channel, ts }
    };
    let state = if view.is_object() { &view["state"] } else { &payload["state"] };
    let value = match held(action) {
        Some(Value::Text(text)) => Some(text),
        Some(Value::Day(day)) => Some(day.to_string()),
        Some(Value::Picks(picks)) => picks.into_iter().next(),
        None => None,
    };
    Some(Press {
        action_id: required(&action["action_id"])?,
        block_id: text(&action["block_id"]),
        value,
        action_ts: text(&action["action_ts"]),
        from,
        values: values(&state["values"]),
    })
}

fn submission(view: &Json) -> Option<Submission> {
    Some(Submission {
        callback_id: text(&view["callback_id"]),
        view_id: required(&view["id"])?,
        hash: text(&view["hash"]),
        metadata: text(&view["private_metadata"]),
        values: values(&view["state"]["values"]),
    })
}

fn closed(view: &Json) -> Option<Kind> {
    let (callback_id, metadata) = (text(&view["callback_id"]), text(&view["private_metadata"]));
    Some(Kind::Closed { view_id: required(&view["id"])?, callback_id, metadata })
}

fn values(state: &Json) -> Values {
    let blocks = state.as_object().into_iter().flatten();
    let inputs = |inputs: &Json| -> BTreeMap<String, Value> {
        let inputs = inputs.as_object().into_iter().flatten();
        inputs.filter_map(|(action, input)| Some((action.clone(), held(input)?))).collect()
    };
    let blocks = blocks.map(|(block, of_block)| (block.clone(), inputs(of_block)));
    blocks.filter(|(_, inputs)| !inputs.is_empty()).collect()
}

/// What an element holds. Each kind of element has a key of its own for it.
/// <https://docs.slack.dev/reference/block-kit/block-elements>
fn held(element: &Json) -> Option<Value> {
    let element = element.as_object()?;
    let first = |keys: &[&str]| keys.iter().find_map(|key| element.get(*key));
    if let Some(many) =
        first(&["selected_options", "selected_users", "selected_channels", "selected_conversations"])
    {
        return Some(Value::Picks(many.as_array()?.iter().filter_map(picked).collect()));
    }
    if let Some(one) =
        first(&["selected_option", "selected_user", "selected_channel", "selected_conversation"])
    {
        return Some(Value::Picks(picked(one).into_iter().collect()));
    }
    if let Some(day) = element.get("selected_date") {
        return day.as_str()?.parse().ok().map(Value::Day);
    }
    element.get("value")?.as_str().map(|text| Value::Text(text.to_owned()))
}

/// An option is an object with a value, a person an id.
fn picked(option: &Json) -> Option<String> {
    option.as_str().or_else(|| option["value"].as_str()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn by_dana(kind: &str, rest: Json) -> Json {
        let Json::Object(rest) = rest else { panic!("{rest}") };
        let mut payload = json!({
            "type": kind, "team": {"id": "T1", "domain": "acme"}, "api_app_id": "A1", "token": "verification-token",
            "user": {"id": "U1", "username": "dana", "name": "dana.reyes", "team_id": "T2"},
            "trigger_id": "1.2.abc", "enterprise": null, "is_enterprise_install": false,
        });
        payload.as_object_mut().unwrap().extend(rest);
        payload
    }

    #[test]
    fn hostile_payloads_are_read_or_refused_and_never_more() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let long = format!(r#"{{"type":"block_actions","user":{{"id":"{}"}}}}"#, "U".repeat(1 << 20));
        let hostile = [
            "",
            "null",
            "[]",
            "42",
            "\"payload\"",
            "{",
            "\u{0}",
            &deep,
            &long,
            r#"{"type":"view_submission"}"#,
            r#"{"type":"view_submission","user":"U1","view":[]}"#,
            r#"{"type":"view_submission","user":{"id":7},"view":{"id":"V1"}}"#,
            r#"{"type":"view_submission","user":{"id":"U1"},"view":{"id":""}}"#,
            r#"{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","state":{"values":[1]}}}"#,
            r#"{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","state":{"values":{"b":{"a":{"selected_date":"2026-13-40"}}}}}}"#,
            r#"{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","state":{"values":{"b":{"a":{"selected_options":{"value":1}}}}}}}"#,
            r#"{"type":"block_actions","user":{"id":"U1"},"actions":[]}"#,
            r#"{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":["answer"]}],"container":{"channel_id":"C1","message_ts":"1.1"}}"#,
            r#"{"type":"block_actions","type":"view_closed","user":{"id":"U1"},"view":{"id":"V1"}}"#,
            r#"{"type":"block_actions","user":{"id":"U1","id":"U2"},"team":{"id":null}}"#,
        ];
        for payload in hostile {
            let is_object = serde_json::from_str::<Json>(payload).is_ok_and(|payload| payload.is_object());
            let read = Interaction::parse(payload);
            assert_eq!(read.is_ok(), is_object, "{payload:.80}");
            let Ok(click) = read else { continue };
            assert!(!click.user.id.is_empty() || click.kind == Kind::Other, "{payload:.80}");
            let stored = serde_json::to_string(&click).unwrap();
            let again: Interaction = serde_json::from_str(&stored).unwrap();
            assert_eq!(again, Interaction { trigger_id: None, ..click }, "{payload:.80}");
        }
    }

    fn press_in_message() -> Json {
        by_dana(
            "block_actions",
            json!({
                "container": {"type": "message", "message_ts": "1795334400.000100", "channel_id": "C1", "is_ephemeral": false},
                "channel": {"id": "C1", "name": "handoffs"}, "message": {"ts": "1795334400.000100", "blocks": []},
                "response_url": "https://hooks.slack.com/actions/T1/1/x", "state": {"values": {}},
                "actions": [{"type": "button", "action_id": "answer", "block_id": "ask", "value": "pkt_01:7",
                             "text": {"type": "plain_text", "text": "Answer 3 questions"}, "action_ts": "1795334401.5"}],
            }),
        )
    }

    fn submit() -> Json {
        by_dana(
            "view_submission",
            json!({
                "view": {"id": "V1", "type": "modal", "callback_id": "answer_gaps", "private_metadata": "pkt_01:7",
                    "hash": "1795.aa", "app_installed_team_id": "T1", "bot_id": "B1", "state": {"values": {
                        "gap.first_value": {"text": {"type": "plain_text_input", "value": "Erste 50 Erinnerungen · 最初"}},
                        "gap.promises": {"text": {"type": "plain_text_input", "value": null}},
                        "gap.first_value_due": {"date": {"type": "datepicker", "selected_date": "2026-12-22"}},
                        "gap.no_due": {"date": {"type": "datepicker", "selected_date": null}},
                        "gap.sponsor": {"who": {"type": "static_select",
                            "selected_option": {"text": {"type": "plain_text", "text": "Dana"}, "value": "501"}}},
                        "gap.nobody": {"who": {"type": "static_select", "selected_option": null}},
                        "gap.risks": {"pick": {"type": "multi_static_select", "selected_options":
                            [{"text": {"type": "plain_text", "text": "IT review"}, "value": "it_review"}]}},
                        "gap.none": {"none": {"type": "checkboxes", "selected_options": []}},
                        "gap.people": {"users": {"type": "multi_users_select", "selected_users": ["U7", "U8"]}},
                    }}},
                "response_urls": [],
            }),
        )
    }

    fn read(payload: &Json) -> Interaction {
        Interaction::parse(&payload.to_string()).unwrap()
    }

    #[test]
    fn a_press_says_who_pressed_what_on_which_message() {
        let press = read(&press_in_message());
        let user = Clicker { id: "U1".to_owned(), name: "dana.reyes".to_owned(), team: "T2".to_owned() };
        assert_eq!((press.team.as_str(), &press.user), ("T1", &user));
        assert_eq!(press.trigger_id.as_deref(), Some("1.2.abc"));
        let Kind::Pressed(press) = press.kind else { panic!("{press:?}") };
        assert_eq!((press.action_id.as_str(), press.block_id.as_str()), ("answer", "ask"));
        assert_eq!((press.value.as_deref(), press.action_ts.as_str()), (Some("pkt_01:7"), "1795334401.5"));
        let (channel, ts) = ("C1".to_owned(), "1795334400.000100".to_owned());
        assert_eq!(press.from, Surface::Message { channel, ts });
        assert!(press.values.is_empty());
    }

    #[test]
    fn a_press_inside_a_modal_brings_its_inputs_along() {
        let mut payload = press_in_message();
        payload["container"] = json!({"type": "view", "view_id": "V1"});
        payload["view"] = submit()["view"].clone();
        payload["actions"][0] = json!({"type": "static_select", "action_id": "pick", "block_id": "b", "action_ts": "2.5",
            "selected_option": {"text": {"type": "plain_text", "text": "Two"}, "value": "two"}});
        let Kind::Pressed(press) = read(&payload).kind else { panic!() };
        assert_eq!(press.value.as_deref(), Some("two"));
        let Surface::View { id, hash, callback_id, metadata } = press.from else { panic!() };
        assert_eq!([id, hash, callback_id, metadata], ["V1", "1795.aa", "answer_gaps", "pkt_01:7"]);
        assert_eq!(press.values["gap.sponsor"]["who"], Value::Picks(vec!["501".to_owned()]));
    }

    #[test]
    fn a_link_button_has_no_value_and_is_a_press_all_the_same() {
        let mut payload = press_in_message();
        payload["actions"][0] =
            json!({"type": "button", "action_id": "open", "url": "https://x", "action_ts": "2.5"});
        let Kind::Pressed(press) = read(&payload).kind else { panic!() };
        assert_eq!((press.action_id.as_str(), press.value), ("open", None));
    }

    #[test]
    fn a_submit_holds_texts_days_and_picks_and_leaves_out_what_was_left_empty() {
        let Kind::Submitted(submission) = read(&submit()).kind else { panic!() };
        let names = [&submission.view_id, &submission.callback_id, &submission.hash, &submission.metadata];
        assert_eq!(names, ["V1", "answer_gaps", "1795.aa", "pkt_01:7"]);
        insta::assert_snapshot!(serde_json::to_string(&submission.values).unwrap(), @r#"{"gap.first_value":{"text":{"text":"Erste 50 Erinnerungen · 最初"}},"gap.first_value_due":{"date":{"day":"2026-12-22"}},"gap.nobody":{"who":{"picks":[]}},"gap.none":{"none":{"picks":[]}},"gap.people":{"users":{"picks":["U7","U8"]}},"gap.risks":{"pick":{"picks":["it_review"]}},"gap.sponsor":{"who":{"picks":["501"]}}}"#);
    }

    #[test]
    fn a_closed_modal_names_its_view_and_what_it_was_about() {
        let payload = by_dana(
            "view_closed",
            json!({"is_cleared": true, "view": {"id": "V1", "callback_id": "answer_gaps",
            "private_metadata": "pkt_01:7", "hash": "1.a", "state": {"values": {}}}}),
        );
        let [view_id, callback_id, metadata] = ["V1", "answer_gaps", "pkt_01:7"].map(ToOwned::to_owned);
        assert_eq!(read(&payload).kind, Kind::Closed { view_id, callback_id, metadata });
    }

    #[test]
    fn other_payloads_and_unknown_shapes_have_no_effect() {
        let suggestion = json!({"block_id": "b", "action_id": "a", "value": "da", "view": {"id": "V1"}});
        let mut nobody = press_in_message();
        nobody["user"] = json!(null);
        let mut nowhere = press_in_message();
        for key in ["container", "channel", "message"] {
            nowhere[key] = json!(null);
        }
        for payload in [
            by_dana("block_suggestion", suggestion),
            by_dana("shortcut", json!({"callback_id": "s", "action_ts": "1.5"})),
            by_dana(
                "message_action",
                json!({"callback_id": "m", "channel": {"id": "C1"}, "message": {"ts": "1.5"}}),
            ),
            by_dana("block_actions", json!({"actions": []})),
            by_dana("block_actions", json!({"actions": "all"})),
            by_dana("view_submission", json!({"view": {"id": 7}})),
            by_dana("view_submission", json!({})),
            by_dana("brand_new", json!({})),
            nobody,
            nowhere,
            json!({}),
        ] {
            assert_eq!(read(&payload).kind, Kind::Other, "{payload}");
        }
        for odd in ["", "[]", "7", "payload={}", "{\"type\":"] {
            assert_eq!(Interaction::parse(odd), Err(NotJson), "{odd:?}");
        }
    }

    #[test]
    fn a_repeated_delivery_is_the_same_click_and_a_corrected_submit_another() {
        let (pressed, submitted) = (read(&press_in_message()), read(&submit()));
        let mut again = press_in_message();
        again["trigger_id"] = json!("3.4.def");
        again["user"]["name"] = json!("Dana R.");
        assert_eq!(read(&again).dedupe_key(), pressed.dedupe_key());

        let changed = |pointer: &str, value: Json, payload: Json| {
            let mut payload = payload;
            *payload.pointer_mut(pointer).unwrap() = value;
            read(&payload).dedupe_key()
        };
        let others = [
            changed("/actions/0/action_ts", json!("9.5"), press_in_message()),
            changed("/user/id", json!("U2"), press_in_message()),
            changed("/team/id", json!("T9"), press_in_message()),
            changed("/container/message_ts", json!("9.5"), press_in_message()),
            changed("/view/state/values/gap.first_value/text/value", json!("corrected"), submit()),
            changed("/view/hash", json!("1796.bb"), submit()),
            pressed.dedupe_key(),
            submitted.dedupe_key(),
        ];
        let distinct: std::collections::BTreeSet<&String> = others.iter().collect();
        assert_eq!(distinct.len(), others.len());
    }

    #[test]
    fn what_is_stored_is_what_was_done_without_the_trigger_or_anything_else_of_the_payload() {
        for payload in [press_in_message(), submit()] {
            let interaction = read(&payload);
            let stored = serde_json::to_string(&interaction).unwrap();
            for private in ["1.2.abc", "trigger", "verification-token", "hooks.slack.com", "response_url"] {
                assert!(!stored.contains(private), "{stored}");
            }
            let restored: Interaction = serde_json::from_str(&stored).unwrap();
            assert_eq!(restored, Interaction { trigger_id: None, ..interaction });
        }
    }
}
