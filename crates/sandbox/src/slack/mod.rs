//! The sandbox's Slack: one workspace with channels, people and messages.
//!
//! It refuses what Slack refuses, and what Slack takes but readers pay for: mentions of everybody, text that
//! is not escaped, link previews, messages near the unpublished size limit.
//! <https://docs.slack.dev/reference/methods/chat.postMessage>

mod blocks;
mod inputs;
mod interactions;
mod methods;
mod people;
mod post;
mod read;
mod refusal;
mod signing;
mod sockets;
mod text;
mod transport;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::call::{Answer, Call, Verdict};
use super::clock::Clock;
use super::fake_server::{FakeServer, Platform, Recorder, Shared};
use interactions::{Acks, Outgoing};
use people::User;
use refusal::Refused;
use sockets::Sockets;
use views::Trigger;

pub use interactions::Ack;
pub use people::{Ephemeral, Standing};
pub use signing::sign_v0;
pub use transport::Transport;
pub use views::View;

/// Slack on loopback.
pub type Slack = FakeServer<SlackState>;

/// Everything Slack knows.
pub struct SlackState {
    recorder: Recorder,
    clock: Clock,
    bots: BTreeMap<String, bool>,
    scopes: BTreeSet<String>,
    channels: BTreeMap<String, Channel>,
    users: Vec<User>,
    webhooks: BTreeMap<String, String>,
    messages: Vec<Message>,
    /// Messages in threads.
    replies: Vec<Message>,
    violations: Vec<String>,
    history_lag: u32,
    next_message: u32,
    edit_window_closed: bool,
    /// Whether the app may write to people.
    messages_tab: bool,
    /// The conversation of the bot with each person.
    directs: BTreeMap<String, String>,
    /// Who left which channel.
    absent: BTreeSet<(String, String)>,
    ephemerals: Vec<Ephemeral>,
    numbers: u64,
    triggers: BTreeMap<String, Trigger>,
    views: Vec<View>,
    transport: Transport,
    outgoing: Vec<Outgoing>,
    acks: Acks,
    sockets: Sockets,
}

struct Channel {
    name: String,
    access: Access,
}

/// What the bot may do in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is a member.
    Member,
    /// Nobody invited it.
    NotInvited,
    /// The channel is archived.
    Archived,
    /// The channel is private and the bot was not invited: to it, the channel does not exist.
    Private,
}

/// A message that was posted.
#[derive(Debug, Clone)]
pub struct Message {
    /// Channel id.
    pub channel: String,
    /// Slack's id of the message inside its channel.
    pub ts: String,
    /// Notification and screen reader text.
    pub text: String,
    /// What is shown.
    pub blocks: Vec<Value>,
    /// What programs read.
    pub metadata: Option<Value>,
    /// The message in whose thread it is.
    pub thread: Option<String>,
    /// Posted through an incoming webhook.
    pub by_webhook: bool,
    /// How often it was edited.
    pub edits: u32,
    unseen_reads: u32,
}

impl SlackState {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            recorder: Recorder::default(),
            clock,
            bots: BTreeMap::new(),
            scopes: read::SCOPES.map(ToOwned::to_owned).into(),
            channels: BTreeMap::new(),
            users: Vec::new(),
            webhooks: BTreeMap::new(),
            messages: Vec::new(),
            replies: Vec::new(),
            violations: Vec::new(),
            history_lag: 0,
            next_message: 0,
            edit_window_closed: false,
            messages_tab: true,
            directs: BTreeMap::new(),
            absent: BTreeSet::new(),
            ephemerals: Vec::new(),
            numbers: 0,
            triggers: BTreeMap::new(),
            views: Vec::new(),
            transport: Transport::Off,
            outgoing: Vec::new(),
            acks: Acks::default(),
            sockets: Sockets::default(),
        }
    }

    /// Installs a bot with this token.
    pub fn add_bot(&mut self, token: &str) {
        self.bots.insert(token.to_owned(), true);
    }

    /// Makes a bot token useless; nobody's mistake.
    pub fn revoke_token(&mut self, token: &str) {
        self.bots.insert(token.to_owned(), false);
    }

    /// Grants the bot one scope more.
    pub fn grant_scope(&mut self, scope: &str) {
        self.scopes.insert(scope.to_owned());
    }

    /// Takes a scope away.
    pub fn withdraw_scope(&mut self, scope: &str) {
        self.scopes.remove(scope);
    }

    /// Adds a channel that the bot is a member of.
    pub fn add_channel(&mut self, id: &str, name: &str) {
        self.channels.insert(id.to_owned(), Channel { name: name.to_owned(), access: Access::Member });
    }

    /// Changes what the bot may do in a channel.
    pub fn set_access(&mut self, channel: &str, access: Access) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.access = access;
        }
    }

    /// Adds an incoming webhook for a channel and returns its path, which is its secret.
    pub fn add_webhook(&mut self, channel: &str) -> String {
        let path = format!("/services/T0SANDBOX/B{:07}/sandbox", self.webhooks.len() + 1);
        self.webhooks.insert(path.clone(), channel.to_owned());
        path
    }

    /// Messages posted from now on stay invisible to the next `reads` reads of history.
    pub fn history_lags(&mut self, reads: u32) {
        self.history_lag = reads;
    }

    /// Deletes a message, as a person can.
    pub fn delete_message(&mut self, ts: &str) {
        self.messages.retain(|message| message.ts != ts);
    }

    /// From now on the workspace's settings let no message be edited.
    pub fn close_edit_window(&mut self) {
        self.edit_window_closed = true;
    }

    /// Every message that is in no thread, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What was wrong with messages that were refused, one line each.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// What a channel is called.
    pub fn channel_name(&self, id: &str) -> Option<&str> {
        self.channels.get(id).map(|channel| channel.name.as_str())
    }

    /// Every channel: id and name.
    pub fn channels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.channels.iter().map(|(id, channel)| (id.as_str(), channel.name.as_str()))
    }

    /// A number that was not used before.
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

impl Platform for SlackState {
    fn answer(&mut self, call: &Call) -> Answer {
        let outcome = match call.segments()[..] {
            ["api", method] => self.method(call, method),
            ["services", ..] => return self.webhook(call),
            ["sandbox", act] => return self.control(call, act),
            _ => {
                let why = format!("no such route: {}", call.path);
                return Answer::text(404, "not found").because(Verdict::Wrong(why));
            }
        };
        match outcome {
            Ok(mut body) => {
                body.insert("ok".to_owned(), json!(true));
                let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
                Answer::json(200, &Value::Object(body)).with("x-oauth-scopes", &scopes.join(","))
            }
            Err(refused) => refused.answer(),
        }
    }

    fn overview(&self) -> String {
        let mut page = "The sandbox's Slack: what was posted, channel by channel.\n".to_owned();
        for (id, channel) in &self.channels {
            let _ = write!(page, "\n#{} ({id})\n", channel.name);
            for message in self.messages_in(id) {
                let _ = write!(page, "\n  {}\n", message.ts);
                for block in &message.blocks {
                    let _ = writeln!(page, "  {}", words(block));
                }
            }
        }
        page
    }

    async fn run(shared: Shared<Self>) {
        transport::run(shared).await;
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

/// Every text in a block, in order.
fn words(block: &Value) -> String {
    match block {
        Value::Array(items) => items.iter().map(words).collect(),
        Value::Object(fields) => match fields.get("text") {
            Some(Value::String(text)) => text.clone(),
            _ => fields.values().filter(|value| value.is_array() || value.is_object()).map(words).collect(),
        },
        _ => String::new(),
    }
}

impl Slack {
    /// Base of the Web API.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.url())
    }
}

#[cfg(test)]
mod tests;
