//! Block Kit as Slack draws it: every block and element that the sandbox lets the product send.
//!
//! <https://docs.slack.dev/reference/block-kit/blocks>

use maud::{Markup, html};
use serde_json::Value;

use super::links::Drawing;
use super::mrkdwn;

/// What the buttons of these blocks press: a form that names where they stand.
pub(super) type Press<'a> = &'a dyn Fn(&Value) -> Markup;

/// Draws blocks, one below the other. `press` draws a button.
pub(super) fn draw(blocks: &[Value], drawing: &Drawing<'_>, press: Press<'_>) -> Markup {
    html! { @for block in blocks { (one(block, drawing, press)) } }
}

fn one(block: &Value, drawing: &Drawing<'_>, press: Press<'_>) -> Markup {
    let elements = || list(block, "elements");
    match text_of(block, "type") {
        "header" => html! { p.header { (plain(&block["text"])) } },
        "section" => html! {
            div.section {
                @if block["text"].is_object() { div { (text_object(&block["text"], drawing)) } }
                @if block["fields"].is_array() {
                    div.fields { @for field in list(block, "fields") { div { (text_object(field, drawing)) } } }
                }
                @if block["accessory"].is_object() { div.accessory { (press(&block["accessory"])) } }
            }
        },
        "context" => html! {
            div.context { @for element in elements() { span { (text_object(element, drawing)) } } }
        },
        "actions" => html! { div.block-actions { @for button in elements() { (press(button)) } } },
        "divider" => html! { hr; },
        "rich_text" => html! { div.rich { @for part in elements() { (rich_part(part, drawing)) } } },
        other => html! { p.quiet { "(a block of type " (other) ")" } },
    }
}

/// A section, list, quote or preformatted part of a rich text.
fn rich_part(part: &Value, drawing: &Drawing<'_>) -> Markup {
    let inline = html! { @for element in list(part, "elements") { (rich_element(element, drawing)) } };
    match text_of(part, "type") {
        "rich_text_list" => {
            let items = html! { @for item in list(part, "elements") { li { (rich_part(item, drawing)) } } };
            html! { @if part["style"] == "ordered" { ol { (items) } } @else { ul { (items) } } }
        }
        "rich_text_quote" => html! { blockquote { (inline) } },
        "rich_text_preformatted" => html! { pre { (inline) } },
        _ => html! { div.rich-section { (inline) } },
    }
}

fn rich_element(element: &Value, drawing: &Drawing<'_>) -> Markup {
    let text = text_of(element, "text");
    let drawn = match text_of(element, "type") {
        "link" => drawing.link(text_of(element, "url"), text),
        "user" => drawing.mention(text_of(element, "user_id")),
        "emoji" => html! { ":" (text_of(element, "name")) ":" },
        "date" => html! { time { (text_of(element, "fallback")) } },
        _ => html! { (text) },
    };
    let is = |style: &str| element["style"][style] == true;
    let drawn = if is("code") {
        html! { code { (drawn) } }
    } else {
        drawn
    };
    let drawn = if is("strike") {
        html! { s { (drawn) } }
    } else {
        drawn
    };
    let drawn = if is("italic") {
        html! { em { (drawn) } }
    } else {
        drawn
    };
    if is("bold") {
        html! { strong { (drawn) } }
    } else {
        drawn
    }
}

/// A text object: `plain_text` as it is, `mrkdwn` with its marks.
pub(super) fn text_object(text: &Value, drawing: &Drawing<'_>) -> Markup {
    let is_marked = text["type"] == "mrkdwn";
    html! { @if is_marked { (mrkdwn::draw(plain(text), drawing)) } @else { (plain(text)) } }
}

/// The text of a `plain_text` object.
pub(super) fn plain(text: &Value) -> &str {
    text_of(text, "text")
}

pub(super) fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

pub(super) fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}
