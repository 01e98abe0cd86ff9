//! Slack as one person sees it: channels, messages with their threads, and what only they see.

use maud::{Markup, html};
use serde_json::Value;

use super::Playground;
use super::blocks::{self, text_of};
use super::deal::hidden;
use super::links::Drawing;
use super::mrkdwn;
use crate::slack::{Message, SlackState};

/// The workspace: who looks, the channels, the messages of one.
pub(super) fn draw(playground: &Playground, drawing: &Drawing<'_>) -> Markup {
    let place = drawing.place;
    playground.slack.see(|slack| {
        let direct = slack.direct(&place.person);
        html! {
            div.workspace {
                form.person method="get" action="/" {
                    label for="as" { "You are" }
                    input type="hidden" name="deal" value=(place.deal);
                    input type="hidden" name="channel" value=(place.channel);
                    select #as name="as" data-submits {
                        @for (id, name) in &drawing.people { option value=(id) selected[*id == place.person] { (name) } }
                    }
                    button { "Look" }
                }
                nav aria-label="Channels" {
                    ul {
                        @for (id, name) in slack.channels() {
                            li { (channel(drawing, id, &format!("# {name}"), slack.messages_in(id).count())) }
                        }
                        @if let Some(direct) = direct {
                            li.direct { (channel(drawing, direct, "Handoff Bridge", slack.messages_in(direct).count())) }
                        }
                    }
                }
            }
            div.messages tabindex="0" role="group" aria-label="Messages" {
                div { (conversation(slack, drawing)) }
            }
        }
    })
}

fn channel(drawing: &Drawing<'_>, id: &str, name: &str, messages: usize) -> Markup {
    let is_open = drawing.place.channel == id;
    html! {
        a href=(drawing.place.in_channel(id).href()) aria-current=[is_open.then_some("true")] {
            (name) @if messages > 0 { " " span.count { (messages) } }
        }
    }
}

fn conversation(slack: &SlackState, drawing: &Drawing<'_>) -> Markup {
    let place = drawing.place;
    let said = slack.ephemerals().iter();
    let said = said.filter(|said| said.channel == place.channel && said.user == place.person);
    let mut messages = slack.messages_in(&place.channel).peekable();
    html! {
        @if messages.peek().is_none() {
            p.quiet { "Nothing here yet. Close a deal as won, and its digest comes to this channel." }
        }
        @for message in messages {
            (one(message, drawing))
            @let replies: Vec<&Message> = slack.replies_to(&message.ts).collect();
            @if !replies.is_empty() {
                details.thread open {
                    summary { (replies.len()) @if replies.len() == 1 { " reply" } @else { " replies" } }
                    @for reply in replies { (one(reply, drawing)) }
                }
            }
        }
        @for said in said {
            article.message.only-you {
                p.byline { "Only visible to you" }
                (mrkdwn::draw(&said.text, drawing))
            }
        }
    }
}

fn one(message: &Message, drawing: &Drawing<'_>) -> Markup {
    let press = |button: &Value| {
        let action = text_of(button, "action_id");
        html! {
            form method="post" action="/act/press" {
                (hidden(drawing.place))
                input type="hidden" name="ts" value=(message.ts);
                input type="hidden" name="in" value=(message.channel);
                button id=(format!("{}.{action}", message.ts)) data-style=[button["style"].as_str()]
                    name="action" value=(action) { (blocks::plain(&button["text"])) }
            }
        }
    };
    // Slack marks the text as edited, above the buttons.
    let text = message.blocks.iter().rposition(|block| block["type"] != "actions").map_or(0, |last| last + 1);
    let (text, buttons) = message.blocks.split_at(text);
    html! {
        article.message id=(format!("m{}", message.ts)) {
            span.avatar aria-hidden="true" { "HB" }
            p.byline { strong { "Handoff Bridge" } " " span.app { "APP" } " " time { (time(&message.ts)) } }
            div.blocks {
                @if message.blocks.is_empty() { (mrkdwn::draw(&message.text, drawing)) }
                (blocks::draw(text, drawing, &press))
                @if message.edits > 0 { span.edited { "(edited)" } }
                (blocks::draw(buttons, drawing, &press))
            }
        }
    }
}

/// The hour of a message's `ts`.
fn time(ts: &str) -> String {
    let second = ts.split('.').next().and_then(|second| second.parse().ok()).unwrap_or_default();
    let at = jiff::Timestamp::from_second(second).unwrap_or_default();
    at.strftime("%H:%M UTC").to_string()
}
