//! People: who they are, direct messages to them, and messages that only they see.

use serde_json::{Map, Value, json};

use super::post::{check_text, json_arguments};
use super::read::{Arguments, object};
use super::{Refused, SlackState};
use crate::call::{Call, Verdict};

/// The sandbox's workspace.
pub(super) const TEAM: &str = "T0SANDBOX";

/// Another one, which shares a channel with ours.
pub(super) const ELSEWHERE: &str = "T0ELSEWHERE";

/// What a person is in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Member,
    /// Let into some channels only.
    Guest,
    /// Of another workspace, through a shared channel.
    Stranger,
    /// Deactivated.
    Deleted,
    /// A program.
    Bot,
}

pub(super) struct User {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) standing: Standing,
}

impl User {
    /// The workspace they belong to.
    pub(super) fn team(&self) -> &'static str {
        if self.standing == Standing::Stranger { ELSEWHERE } else { TEAM }
    }
}

/// A message that one member of a channel sees until they reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ephemeral {
    pub channel: String,
    pub user: String,
    pub text: String,
}

impl SlackState {
    /// Adds a person.
    pub fn add_user(&mut self, id: &str, email: &str) {
        let name = email.split('@').next().unwrap_or_default().replace('.', " ");
        let (id, email) = (id.to_owned(), email.to_lowercase());
        self.users.push(User { id, email, name, standing: Standing::Member });
    }

    /// Adds a person under this name, which [`SlackState::add_user`] makes of the address.
    pub fn add_person(&mut self, id: &str, name: &str, email: &str) {
        self.add_user(id, email);
        if let Some(user) = self.users.last_mut() {
            name.clone_into(&mut user.name);
        }
    }

    /// Every person: id and name.
    pub fn people(&self) -> impl Iterator<Item = (&str, &str)> {
        self.users.iter().map(|user| (user.id.as_str(), user.name.as_str()))
    }

    /// The id of the person with this address.
    pub fn person_of(&self, email: &str) -> Option<&str> {
        self.users.iter().find(|user| user.email == email).map(|user| user.id.as_str())
    }

    /// Changes what a person is.
    pub fn set_standing(&mut self, user: &str, standing: Standing) {
        if let Some(user) = self.users.iter_mut().find(|known| known.id == user) {
            user.standing = standing;
        }
    }

    /// Switches the app's Messages tab, without which the bot can open no direct message, nor write to one.
    pub fn set_messages_tab(&mut self, on: bool) {
        self.messages_tab = on;
    }

    /// A person leaves a channel.
    pub fn leaves(&mut self, user: &str, channel: &str) {
        self.absent.insert((user.to_owned(), channel.to_owned()));
    }

    /// What was said to one person of a channel only, oldest first.
    pub fn ephemerals(&self) -> &[Ephemeral] {
        &self.ephemerals
    }

    /// The conversation of the bot with a person, if it was opened.
    pub fn direct(&self, user: &str) -> Option<&str> {
        self.directs.get(user).map(String::as_str)
    }

    /// Whether a channel is a conversation with one person.
    pub(super) fn is_direct(&self, channel: &str) -> bool {
        self.directs.values().any(|known| known == channel)
    }

    pub(super) fn person(&self, id: &str) -> Result<&User, Refused> {
        let known = self.users.iter().find(|user| user.id == id);
        known.ok_or_else(|| Refused::absent("user_not_found"))
    }

    /// `users.info`
    pub(super) fn user_info(&self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = Arguments::of(call, &["user", "include_locale"])?;
        let user = self.person(arguments.required("user")?)?;
        let is = |standing| user.standing == standing;
        let mut profile = json!({"real_name": user.name, "display_name": user.name});
        if self.scopes.contains("users:read.email") && !is(Standing::Stranger) && !user.email.is_empty() {
            profile["email"] = json!(user.email);
        }
        Ok(object(json!({"user": {
            "id": user.id, "team_id": user.team(), "name": user.name.replace(' ', "."), "real_name": user.name,
            "deleted": is(Standing::Deleted), "is_bot": is(Standing::Bot), "is_restricted": is(Standing::Guest),
            "is_ultra_restricted": false, "is_stranger": is(Standing::Stranger), "profile": profile,
        }})))
    }

    /// `conversations.open`: the same two people always get the same conversation.
    pub(super) fn open_conversation(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = json_arguments(call, &["users", "return_im", "prevent_creation"])?;
        let Some(user) = arguments.get("users").and_then(Value::as_str).filter(|user| !user.contains(','))
        else {
            return Err(Refused::wrong("invalid_arguments", "users must be one person's id"));
        };
        match self.person(user)?.standing {
            Standing::Bot => return Err(Refused::absent("cannot_dm_bot")),
            Standing::Deleted => return Err(Refused::absent("user_disabled")),
            Standing::Member | Standing::Guest | Standing::Stranger => {}
        }
        self.check_messages_tab()?;
        if let Some(known) = self.directs.get(user) {
            return Ok(object(json!({"no_op": true, "already_open": true, "channel": {"id": known}})));
        }
        if arguments.get("prevent_creation") == Some(&json!(true)) {
            return Ok(Map::new());
        }
        let id = format!("D{:09}", self.number());
        self.directs.insert(user.to_owned(), id.clone());
        Ok(object(json!({"channel": {"id": id}})))
    }

    /// `chat.postEphemeral`
    pub(super) fn post_ephemeral(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = json_arguments(call, &["channel", "user", "text", "thread_ts"])?;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let (Some(channel), Some(user)) = (text("channel"), text("user")) else {
            return Err(Refused::wrong("invalid_arguments", "channel and user must be strings"));
        };
        check_text(arguments.get("text"))?;
        self.writable(&channel)?;
        self.person(&user)?;
        if self.absent.contains(&(user.clone(), channel.clone())) {
            return Err(Refused::absent("user_not_in_channel"));
        }
        let text = text("text").unwrap_or_default();
        self.ephemerals.push(Ephemeral { channel, user, text });
        Ok(object(json!({"message_ts": format!("{}.{:06}", self.clock.now().as_second(), self.number())})))
    }

    /// Why no direct message can be opened, if so.
    pub(super) fn check_messages_tab(&self) -> Result<(), Refused> {
        if self.messages_tab {
            return Ok(());
        }
        let verdict = Verdict::Switched;
        Err(Refused { code: "messages_tab_disabled", verdict, messages: Vec::new(), needed: None })
    }
}
