//! Modals: opening and updating one, and what a person types into it.
//!
//! <https://docs.slack.dev/surfaces/modals>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::people::TEAM;
use super::post::json_arguments;
use super::read::{APP, BOT, object};
use super::{Refused, SlackState, inputs};
use crate::call::Call;

/// How long a trigger is worth something, and how long Slack waits for an acknowledgement.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(3);

/// The largest view, in bytes of JSON.
const LARGEST_VIEW: usize = 250_000;

/// What a click gives to open one modal with.
pub(super) struct Trigger {
    user: String,
    number: u64,
    made: Timestamp,
    used: bool,
}

/// A modal that is open on a person's screen.
#[derive(Debug, Clone)]
pub struct View {
    /// Slack's id of it.
    pub id: String,
    /// Changes with every update.
    pub hash: String,
    /// Whose screen it is on.
    pub user: String,
    /// The view as the app sent it last.
    pub view: Value,
    /// What the latest submit was answered, by block.
    pub errors: BTreeMap<String, String>,
    /// What was typed, by block, as the state of its element.
    pub(super) typed: BTreeMap<String, Value>,
}

impl View {
    /// A view on a person's screen, without what Slack adds.
    #[cfg(test)]
    pub(crate) fn shown_to(user: &str, view: Value) -> Self {
        let (id, hash, errors, typed) = (String::new(), String::new(), BTreeMap::new(), BTreeMap::new());
        Self { id, hash, user: user.to_owned(), view, errors, typed }
    }

    /// The input block of this id.
    pub fn input(&self, block_id: &str) -> Option<&Value> {
        self.inputs().find(|block| block["block_id"] == block_id)
    }

    /// Every input block, from top to bottom.
    pub fn inputs(&self) -> impl Iterator<Item = &Value> {
        let blocks = self.view["blocks"].as_array().into_iter().flatten();
        blocks.filter(|block| block["type"] == "input")
    }

    /// What its inputs hold, as `state.values`.
    pub(crate) fn values(&self) -> Value {
        let mut values = Map::new();
        for block in self.inputs() {
            let Some(id) = block["block_id"].as_str() else { continue };
            let element = &block["element"];
            let state = self.typed.get(id).cloned().unwrap_or_else(|| inputs::initial_state(element));
            let action = element["action_id"].as_str().unwrap_or_default();
            values.insert(id.to_owned(), json!({action: state}));
        }
        Value::Object(values)
    }

    /// As Slack shows it to the app.
    pub(super) fn json(&self) -> Value {
        let mut view = self.view.clone();
        let known = json!({
            "id": self.id, "hash": self.hash, "team_id": TEAM, "app_id": APP, "bot_id": BOT, "root_view_id": self.id,
            "previous_view_id": null, "app_installed_team_id": TEAM, "state": {"values": self.values()},
        });
        if let (Some(view), Value::Object(known)) = (view.as_object_mut(), known) {
            for key in ["private_metadata", "callback_id", "external_id"] {
                view.entry(key).or_insert_with(|| json!(""));
            }
            view.extend(known);
        }
        view
    }

    /// Puts another view in its place: what was typed stays where block and action stay.
    pub(super) fn replace(&mut self, view: Value, hash: String) {
        let before = std::mem::replace(&mut self.view, view);
        let action = |view: &Value, id: &str| {
            let mut blocks = view["blocks"].as_array().into_iter().flatten();
            blocks.find(|block| block["block_id"] == id).map(|block| block["element"]["action_id"].clone())
        };
        let now = &self.view;
        self.typed.retain(|id, _| action(now, id).is_some() && action(now, id) == action(&before, id));
        self.hash = hash;
        self.errors.clear();
    }
}

impl SlackState {
    /// The modal on top of a person's screen.
    pub fn open_view(&self, user: &str) -> Option<&View> {
        self.views.iter().rfind(|view| view.user == user)
    }

    /// The trigger of a person's latest click.
    pub fn latest_trigger(&self, user: &str) -> Option<&str> {
        let of_user = self.triggers.iter().filter(|(_, trigger)| trigger.user == user);
        of_user.max_by_key(|(_, trigger)| trigger.number).map(|(id, _)| id.as_str())
    }

    pub(super) fn trigger(&mut self, user: &str) -> String {
        let id = format!("{}.{}.{:08x}", self.number(), self.clock.now().as_second(), self.number() * 7919);
        let number = self.number();
        let trigger = Trigger { user: user.to_owned(), number, made: self.clock.now(), used: false };
        self.triggers.insert(id.clone(), trigger);
        id
    }

    fn exchange(&mut self, id: &str) -> Result<String, Refused> {
        let now = self.clock.now();
        let trigger = self.triggers.get_mut(id);
        let trigger = trigger.ok_or_else(|| Refused::wrong("invalid_trigger_id", "nobody clicked for it"))?;
        if trigger.used {
            return Err(Refused::absent("exchanged_trigger_id"));
        }
        if now.duration_since(trigger.made) > PATIENCE {
            return Err(Refused::absent("expired_trigger_id"));
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }

    /// `views.open`
    pub(super) fn views_open(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = json_arguments(call, &["trigger_id", "view"])?;
        let trigger = required(&arguments, "trigger_id")?;
        let view = checked(arguments.get("view"))?;
        let user = self.exchange(&trigger)?;
        let view = self.opened(&user, view);
        let shown = view.json();
        self.views.push(view);
        Ok(object(json!({"view": shown})))
    }

    /// A view that is not on a screen yet.
    pub(super) fn opened(&mut self, user: &str, view: Value) -> View {
        View {
            id: format!("V{:09}", self.number()),
            hash: self.view_hash(),
            user: user.to_owned(),
            view,
            errors: BTreeMap::new(),
            typed: BTreeMap::new(),
        }
    }

    pub(super) fn view_hash(&mut self) -> String {
        format!("{}.{:08x}", self.clock.now().as_second(), self.number())
    }

    /// `views.update`
    pub(super) fn views_update(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = json_arguments(call, &["view_id", "external_id", "hash", "view"])?;
        if arguments.contains_key("view_id") == arguments.contains_key("external_id") {
            return Err(Refused::wrong("invalid_arguments", "one of view_id and external_id"));
        }
        let view = checked(arguments.get("view"))?;
        let (wanted, external) = (arguments.get("view_id"), arguments.get("external_id"));
        let at = self.views.iter().position(|known| match wanted {
            Some(id) => *id == known.id,
            None => known.view.get("external_id") == external,
        });
        let hash = self.view_hash();
        let known = at.and_then(|at| self.views.get_mut(at)).ok_or_else(|| Refused::absent("not_found"))?;
        if arguments.get("hash").is_some_and(|hash| *hash != known.hash) {
            return Err(Refused::absent("hash_conflict"));
        }
        known.replace(view, hash);
        Ok(object(json!({"view": known.json()})))
    }
}

fn required(arguments: &Map<String, Value>, name: &str) -> Result<String, Refused> {
    let text = arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing = || Refused::wrong("invalid_arguments", format!("{name} must be a string"));
    text.map(ToOwned::to_owned).ok_or_else(missing)
}

/// The view, if it breaks no rule.
fn checked(view: Option<&Value>) -> Result<Value, Refused> {
    let view = view.ok_or_else(|| Refused::wrong("invalid_arguments", "view is required"))?;
    check(view)?;
    Ok(view.clone())
}

/// Checks a modal; every mistake is reported, with a JSON pointer.
pub(super) fn check(view: &Value) -> Result<(), Refused> {
    if view.to_string().len() > LARGEST_VIEW {
        return Err(Refused::wrong("view_too_large", "a view has at most 250 KB"));
    }
    inputs::check_view(view)
}
