//! Posting a message, by bot or by incoming webhook, and editing one.

use serde_json::{Map, Value, json};

use super::read::message_json;
use super::{Access, Message, Refused, SlackState, blocks, text};
use crate::call::{Answer, Call, Verdict};

/// The longest top-level text, in characters; longer ones cannot be updated.
const LONGEST_TEXT: usize = 4_000;

impl SlackState {
    /// `chat.postMessage`
    pub(super) fn post_message(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let outcome = self.accept(call);
        if let Err(Refused { code, messages, verdict: Verdict::Wrong(_), .. }) = &outcome {
            self.violations.extend(messages.iter().map(|why| format!("{code}: {why}")));
        }
        let message = outcome?;
        let body = json!({
            "channel": message.channel, "ts": message.ts, "message": message_json(&message, true),
        });
        if message.thread.is_some() { &mut self.replies } else { &mut self.messages }.push(message);
        Ok(body.as_object().cloned().unwrap_or_default())
    }

    fn accept(&mut self, call: &Call) -> Result<Message, Refused> {
        let arguments = arguments(call)?;
        let channel = arguments.get("channel").and_then(Value::as_str);
        let channel =
            channel.ok_or_else(|| Refused::wrong("invalid_arguments", "channel must be a string"))?;
        check(&arguments)?;
        self.writable(channel)?;
        let thread = arguments.get("thread_ts").map(|ts| ts.as_str().unwrap_or_default().to_owned());
        if let Some(parent) = &thread
            && !self.messages_in(channel).any(|message| message.ts == *parent)
        {
            // A reply of a reply, or to what is not there.
            return Err(Refused::absent("thread_not_found"));
        }
        Ok(Message { thread, ..self.message(channel, &arguments, false) })
    }

    /// `chat.update`: replaces text and blocks; metadata stays when it is not sent.
    ///
    /// <https://docs.slack.dev/reference/methods/chat.update>
    pub(super) fn update_message(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let outcome = self.edit(call);
        if let Err(Refused { code, messages, verdict: Verdict::Wrong(_), .. }) = &outcome {
            self.violations.extend(messages.iter().map(|why| format!("{code}: {why}")));
        }
        outcome
    }

    fn edit(&mut self, call: &Call) -> Result<Map<String, Value>, Refused> {
        let arguments = arguments(call)?;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let (Some(channel), Some(ts)) = (text("channel"), text("ts")) else {
            return Err(Refused::wrong("invalid_arguments", "channel and ts must be strings"));
        };
        let known = ["channel", "ts", "text", "blocks", "metadata"];
        if let Some(name) = arguments.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Refused::wrong("invalid_arguments", format!("an edit does not send {name:?}")));
        }
        check_text(arguments.get("text"))?;
        if let Some(metadata) = arguments.get("metadata") {
            check_metadata(metadata)?;
        }
        let Some(Value::Array(all)) = arguments.get("blocks") else {
            return Err(Refused::wrong("invalid_arguments", "text without blocks removes the blocks"));
        };
        blocks::check(all)?;
        if self.readable(&channel)? == Access::Archived {
            return Err(Refused::absent("is_inactive"));
        }
        if self.edit_window_closed {
            return Err(Refused::absent("edit_window_closed"));
        }
        let mut all_messages = self.messages.iter_mut().chain(&mut self.replies);
        let found = all_messages.find(|known| known.channel == channel && known.ts == ts);
        let message = found.ok_or_else(|| Refused::absent("message_not_found"))?;
        if message.by_webhook {
            return Err(Refused::absent("cant_update_message"));
        }
        let kind = |blocks: &[Value]| blocks.first().is_some_and(|block| block["type"] == "rich_text");
        if kind(&message.blocks) != kind(all) {
            return Err(Refused::wrong("block_mismatch", "rich_text cannot become another block"));
        }
        message.text = text("text").unwrap_or_default();
        message.blocks.clone_from(all);
        if let Some(metadata) = arguments.get("metadata") {
            message.metadata = Some(metadata.clone());
        }
        message.edits += 1;
        let body = json!({"channel": channel, "ts": ts, "text": message.text});
        Ok(body.as_object().cloned().unwrap_or_default())
    }

    /// `https://hooks.slack.com/services/…`: plain `ok`, or a plain code.
    pub(super) fn webhook(&mut self, call: &Call) -> Answer {
        let Some(channel) = self.webhooks.get(&call.path).cloned() else {
            return Answer::text(404, "no_service").because(Verdict::Wrong("no such webhook".to_owned()));
        };
        let outcome = arguments(call).and_then(|arguments| {
            if let Some(name) = ["channel", "thread_ts", "username", "icon_emoji", "icon_url"]
                .into_iter()
                .find(|name| arguments.contains_key(*name))
            {
                return Err(Refused::wrong("invalid_payload", format!("a webhook cannot override {name}")));
            }
            check(&arguments)?;
            Ok(arguments)
        });
        match outcome {
            Ok(arguments) => match self.writable(&channel) {
                Ok(()) => {
                    let message = self.message(&channel, &arguments, true);
                    self.messages.push(message);
                    Answer::text(200, "ok")
                }
                Err(Refused { code: "is_archived", .. }) => {
                    Answer::text(410, "channel_is_archived").because(Verdict::Absent)
                }
                Err(_) => Answer::text(404, "channel_not_found").because(Verdict::Absent),
            },
            Err(Refused { code, verdict, messages, .. }) => {
                self.violations.extend(messages.iter().map(|why| format!("{code}: {why}")));
                Answer::text(400, code).because(verdict)
            }
        }
    }

    fn message(&mut self, channel: &str, arguments: &Map<String, Value>, by_webhook: bool) -> Message {
        self.next_message += 1;
        Message {
            channel: channel.to_owned(),
            ts: format!("{}.{:06}", self.clock.now().as_second(), self.next_message),
            text: arguments.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
            blocks: arguments.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default(),
            metadata: arguments.get("metadata").cloned(),
            thread: None,
            by_webhook,
            edits: 0,
            unseen_reads: self.history_lag,
        }
    }
}

fn arguments(call: &Call) -> Result<Map<String, Value>, Refused> {
    if call.method != "POST" || call.media_type() != Some("application/json") {
        return Err(Refused::wrong("invalid_arguments", "a message is posted as JSON"));
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(Refused::wrong("json_not_object", "the body must be an object")),
        Err(error) => Err(Refused::wrong("invalid_json", error.to_string())),
    }
}

/// The JSON arguments of a method that takes these, none of them null.
pub(super) fn json_arguments(call: &Call, known: &[&str]) -> Result<Map<String, Value>, Refused> {
    let arguments = arguments(call)?;
    match arguments.iter().find(|(name, value)| !known.contains(&name.as_str()) || value.is_null()) {
        Some((name, _)) => {
            Err(Refused::wrong("invalid_arguments", format!("{name:?} does not belong here, or is null")))
        }
        None => Ok(arguments),
    }
}

fn check(arguments: &Map<String, Value>) -> Result<(), Refused> {
    let known = [
        "channel",
        "text",
        "blocks",
        "metadata",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "unfurl_app_links",
    ];
    if let Some(name) = arguments.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Refused::wrong("invalid_arguments", format!("a digest does not send {name:?}")));
    }
    for (name, value) in arguments {
        if value.is_null() {
            return Err(Refused::wrong("invalid_arguments", format!("{name} is null")));
        }
    }
    check_text(arguments.get("text"))?;
    for name in ["unfurl_links", "unfurl_media"] {
        if arguments.get(name) != Some(&Value::Bool(false)) {
            return Err(Refused::wrong("invalid_arguments", format!("{name} must be false")));
        }
    }
    if arguments.get("unfurl_app_links").is_some_and(|value| value != &Value::Bool(false)) {
        return Err(Refused::wrong("invalid_arguments", "unfurl_app_links must be false"));
    }
    if let Some(metadata) = arguments.get("metadata") {
        check_metadata(metadata)?;
    }
    match arguments.get("blocks") {
        None => Ok(()),
        Some(Value::Array(all)) => blocks::check(all),
        Some(_) => Err(Refused::wrong("invalid_blocks_format", "blocks must be an array")),
    }
}

pub(super) fn check_text(value: Option<&Value>) -> Result<(), Refused> {
    let written = value.and_then(Value::as_str).unwrap_or_default();
    if written.trim().is_empty() {
        return Err(Refused::wrong("no_text", "text is what screen readers and notifications read"));
    }
    if text::length(written) > LONGEST_TEXT {
        return Err(Refused::wrong("msg_too_long", format!("text is longer than {LONGEST_TEXT} characters")));
    }
    text::check_mrkdwn(written).map_err(|why| Refused::wrong("invalid_arguments", format!("text: {why}")))
}

fn check_metadata(metadata: &Value) -> Result<(), Refused> {
    let wrong = |why: &str| Err(Refused::wrong("invalid_metadata_format", why));
    let Some(metadata) = metadata.as_object() else { return wrong("metadata must be an object") };
    if metadata.keys().any(|name| name != "event_type" && name != "event_payload") {
        return wrong("metadata holds event_type and event_payload only");
    }
    if !metadata.get("event_type").and_then(Value::as_str).is_some_and(is_snake_case) {
        return wrong("event_type must be snake_case");
    }
    let Some(payload) = metadata.get("event_payload").and_then(Value::as_object) else {
        return wrong("event_payload must be an object");
    };
    if !payload.keys().all(|name| is_snake_case(name)) {
        return wrong("names in event_payload must be snake_case");
    }
    if !payload.values().all(|value| value.is_string() || value.is_number() || value.is_boolean()) {
        return wrong("values in event_payload must be flat");
    }
    Ok(())
}

fn is_snake_case(name: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(legal)
}
