//! Which method a call is, and whether its token and scopes let it through.

use serde_json::{Map, Value};

use super::{Access, Refused, SlackState, read};
use crate::call::{Call, Verdict};

impl SlackState {
    fn authorise(&self, call: &Call) -> Result<(), Refused> {
        if call.query("token").is_some() {
            return Err(Refused::wrong("not_authed", "the token belongs in the header"));
        }
        let Some(token) = call.bearer() else { return Err(Refused::wrong("not_authed", "no bearer token")) };
        match self.bots.get(token) {
            Some(true) => Ok(()),
            Some(false) => Err(Refused {
                code: "token_revoked",
                verdict: Verdict::Switched,
                messages: Vec::new(),
                needed: None,
            }),
            None if token.starts_with("xapp-") => {
                Err(Refused::wrong("not_allowed_token_type", "this method takes a bot token"))
            }
            None => Err(Refused::wrong("invalid_auth", "no bot has this token")),
        }
    }

    /// What the bot may do in a channel that it may read, or in its conversation with a person.
    pub(super) fn readable(&self, id: &str) -> Result<Access, Refused> {
        if self.is_direct(id) {
            return Ok(Access::Member);
        }
        match self.channels.get(id).map(|channel| channel.access) {
            None | Some(Access::Private) => Err(Refused::absent("channel_not_found")),
            Some(Access::NotInvited) => Err(Refused::absent("not_in_channel")),
            Some(access) => Ok(access),
        }
    }

    pub(super) fn writable(&self, id: &str) -> Result<(), Refused> {
        if self.readable(id)? == Access::Archived {
            return Err(Refused::absent("is_archived"));
        }
        if self.is_direct(id) { self.check_messages_tab() } else { Ok(()) }
    }

    pub(super) fn method(&mut self, call: &Call, method: &str) -> Result<Map<String, Value>, Refused> {
        if method == "apps.connections.open" {
            return self.open_connection(call);
        }
        self.authorise(call)?;
        let in_direct = call.query("channel").is_some_and(|channel| self.is_direct(channel));
        let needed = match method {
            "chat.postMessage" | "chat.update" | "chat.postEphemeral" => Some("chat:write"),
            "conversations.history" | "conversations.replies" if in_direct => Some("im:history"),
            "conversations.history" | "conversations.replies" => Some("channels:history"),
            "conversations.open" => Some("im:write"),
            "users.info" => Some("users:read"),
            "conversations.info" => Some("channels:read"),
            "users.lookupByEmail" => Some("users:read.email"),
            _ => None,
        };
        if let Some(needed) = needed.filter(|scope| !self.scopes.contains(*scope)) {
            return Err(Refused::missing(needed));
        }
        match method {
            "chat.postMessage" => self.post_message(call),
            "chat.update" => self.update_message(call),
            "conversations.history" => self.history(call),
            "conversations.replies" => self.replies(call),
            "conversations.info" => self.info(call),
            "users.lookupByEmail" => self.lookup(call),
            "chat.getPermalink" => self.permalink(call),
            "auth.test" => Ok(read::who_am_i()),
            "views.open" => self.views_open(call),
            "views.update" => self.views_update(call),
            "conversations.open" => self.open_conversation(call),
            "users.info" => self.user_info(call),
            "chat.postEphemeral" => self.post_ephemeral(call),
            other => Err(Refused::wrong("unknown_method", format!("{other} is not modelled"))),
        }
    }
}
