//! The methods that read.

use serde_json::{Map, Value, json};

use super::{Access, Message, Refused, SlackState};
use crate::call::Call;

/// What the bot was granted at first: what the README asks for.
pub(super) const SCOPES: [&str; 7] = [
    "chat:write",
    "channels:history",
    "groups:history",
    "users:read",
    "users:read.email",
    "im:write",
    "im:history",
];

pub(super) const APP: &str = "A0SANDBOX";
pub(super) const BOT: &str = "B0SANDBOX";

/// `auth.test`
pub(super) fn who_am_i() -> Map<String, Value> {
    object(json!({
        "url": "https://sandbox.slack.example/", "team": "Sandbox", "user": "handoff",
        "team_id": "T0SANDBOX", "user_id": "U0SANDBOX", "bot_id": BOT, "app_id": APP,
    }))
}

impl SlackState {
    /// `users.lookupByEmail`
    pub(super) fn lookup(&self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = Arguments::of(call, &["email"])?;
        let email = arguments.required("email")?.trim().to_lowercase();
        let known = |user: &&super::User| user.email == email && user.standing != super::Standing::Deleted;
        let user = self.users.iter().find(known);
        let user = user.ok_or_else(|| Refused::absent("users_not_found"))?;
        Ok(object(json!({"user": {
            "id": user.id, "team_id": user.team(), "deleted": false, "is_bot": false,
            "profile": {"email": user.email},
        }})))
    }

    /// `conversations.info`
    pub(super) fn info(&self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = Arguments::of(call, &["channel", "include_locale", "include_num_members"])?;
        let id = arguments.required("channel")?;
        let visible = self.channels.get(id).filter(|channel| channel.access != Access::Private);
        let channel = visible.ok_or_else(|| Refused::absent("channel_not_found"))?;
        Ok(object(json!({"channel": {
            "id": id, "name": channel.name, "is_channel": true, "is_private": false,
            "is_archived": channel.access == Access::Archived, "is_member": channel.access == Access::Member,
        }})))
    }

    /// `chat.getPermalink`
    pub(super) fn permalink(&self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = Arguments::of(call, &["channel", "message_ts"])?;
        let (channel, ts) = (arguments.required("channel")?, arguments.required("message_ts")?);
        self.readable(channel)?;
        if !self.messages_in(channel).any(|message| message.ts == ts) {
            return Err(Refused::absent("message_not_found"));
        }
        let link = format!("https://sandbox.slack.example/archives/{channel}/p{}", ts.replace('.', ""));
        Ok(object(json!({"channel": channel, "permalink": link})))
    }

    /// `conversations.history`, newest first. A message may stay invisible for some reads.
    pub(super) fn history(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let known = ["channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"];
        let arguments = Arguments::of(call, &known)?;
        let channel = arguments.required("channel")?;
        self.readable(channel)?;
        let bound = |name, default| Time::parse(arguments.get(name).unwrap_or(default), name);
        let (oldest, latest) = (bound("oldest", "0")?, bound("latest", "99999999999")?);
        let inclusive = arguments.flag("inclusive")?;
        let all_metadata = arguments.flag("include_all_metadata")?;
        let limit = arguments.get("limit").unwrap_or("100").parse::<usize>().ok();
        let limit = limit.filter(|limit| (1..=999).contains(limit));
        let limit = limit.ok_or_else(|| Refused::wrong("invalid_limit", "limit must be 1 to 999"))?;
        let skip = arguments.get("cursor").unwrap_or("0").parse::<usize>();
        let skip = skip.map_err(|_| Refused::wrong("invalid_cursor", "not one of our cursors"))?;
        let mut found = Vec::new();
        for message in self.messages.iter_mut().rev().filter(|message| message.channel == channel) {
            if message.unseen_reads > 0 {
                message.unseen_reads -= 1;
                continue;
            }
            let ts = Time::parse(&message.ts, "ts")?;
            let inside = if inclusive { oldest <= ts && ts <= latest } else { oldest < ts && ts < latest };
            if inside {
                found.push(message_json(message, all_metadata));
            }
        }
        let page: Vec<Value> = found.iter().skip(skip).take(limit).cloned().collect();
        let end = skip + page.len();
        let more = end < found.len();
        let cursor = if more { end.to_string() } else { String::new() };
        Ok(object(json!({
            "messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor},
        })))
    }
}

impl SlackState {
    /// The messages of one channel, oldest first.
    pub fn messages_in<'a>(&'a self, channel: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |message| message.channel == channel)
    }

    /// The messages in the thread of a message, oldest first.
    pub fn replies_to<'a>(&'a self, ts: &'a str) -> impl Iterator<Item = &'a Message> {
        self.replies.iter().filter(move |reply| reply.thread.as_deref() == Some(ts))
    }

    /// `conversations.replies`: the message, then what is in its thread, oldest first, on one page.
    /// <https://docs.slack.dev/reference/methods/conversations.replies>
    pub(super) fn replies(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = Arguments::of(call, &["channel", "ts", "limit", "include_all_metadata"])?;
        let (channel, ts) = (arguments.required("channel")?, arguments.required("ts")?);
        self.readable(channel)?;
        let all_metadata = arguments.flag("include_all_metadata")?;
        let parent = self.messages_in(channel).find(|message| message.ts == ts);
        let parent = parent.ok_or_else(|| Refused::absent("thread_not_found"))?;
        let mut found = vec![message_json(parent, all_metadata)];
        for reply in self.replies.iter_mut().filter(|reply| reply.thread.as_deref() == Some(ts)) {
            if reply.unseen_reads > 0 {
                reply.unseen_reads -= 1;
                continue;
            }
            found.push(message_json(reply, all_metadata));
        }
        Ok(object(json!({"messages": found, "has_more": false, "response_metadata": {"next_cursor": ""}})))
    }
}

pub(super) fn message_json(message: &Message, all_metadata: bool) -> Value {
    let mut body = json!({
        "type": "message", "ts": message.ts, "text": message.text, "blocks": message.blocks,
        "bot_id": BOT, "app_id": APP, "team": "T0SANDBOX",
    });
    if let (Some(body), Some(metadata)) = (body.as_object_mut(), &message.metadata) {
        let shown =
            if all_metadata { metadata.clone() } else { json!({"event_type": metadata.get("event_type")}) };
        body.insert("metadata".to_owned(), shown);
    }
    body
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Seconds and microseconds of a `ts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Time(u64, u64);

impl Time {
    fn parse(text: &str, name: &str) -> Result<Self, Refused> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let fraction = format!("{fraction:0<6}");
        match (seconds.parse(), fraction.parse()) {
            (Ok(seconds), Ok(micros)) if fraction.len() == 6 => Ok(Self(seconds, micros)),
            _ => Err(Refused::wrong("invalid_arguments", format!("{name} is not a timestamp"))),
        }
    }
}

/// Arguments of a method that takes no JSON: in the query, or as a form.
pub(super) struct Arguments(Vec<(String, String)>);

impl Arguments {
    pub(super) fn of(call: &Call, known: &[&str]) -> Result<Self, Refused> {
        let pairs = match (call.method.as_str(), call.media_type()) {
            ("GET", _) => call.query.clone(),
            ("POST", Some("application/x-www-form-urlencoded")) => call.form(),
            _ => return Err(Refused::wrong("invalid_arguments", "this method takes a query or a form")),
        };
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Refused::wrong("invalid_arguments", format!("unknown argument {name:?}"))),
            None => Ok(Self(pairs)),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refused> {
        let missing = || Refused::wrong("invalid_arguments", format!("{name} is required"));
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }

    fn flag(&self, name: &str) -> Result<bool, Refused> {
        match self.get(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Refused::wrong("invalid_arguments", format!("{name} must be true or false"))),
        }
    }
}
