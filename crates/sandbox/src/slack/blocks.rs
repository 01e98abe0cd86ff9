//! Every rule about the blocks a digest may hold.
//!
//! <https://docs.slack.dev/reference/block-kit/blocks>

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Refused;
use super::text::{check_direction, check_mrkdwn, check_url, length};

/// Text and 125 for each block must stay under this, far enough from the unpublished limit.
const BUDGET: usize = 12_000;

/// Checks a message's blocks; every mistake is reported, with a JSON pointer.
pub(super) fn check(blocks: &[Value]) -> Result<(), Refused> {
    let mut checker = Checker::default();
    checker.must((1..=50).contains(&blocks.len()), "/blocks", "a message holds 1 to 50 blocks");
    let mut ids = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{index}");
        checker.block(&at, block);
        if let Some(id) = block.get("block_id").and_then(Value::as_str) {
            checker.must(ids.insert(id), &at, "block_id must be unique in the message");
        }
    }
    if let Some(first) = checker.found.first() {
        let verdict = crate::call::Verdict::Wrong(format!("invalid_blocks: {first}"));
        return Err(Refused { code: "invalid_blocks", verdict, messages: checker.found, needed: None });
    }
    let size = blocks.iter().map(text_in).sum::<usize>() + 125 * blocks.len();
    if size > BUDGET {
        return Err(Refused::wrong(
            "msg_blocks_too_long",
            format!("text and blocks weigh {size} of {BUDGET}"),
        ));
    }
    Ok(())
}

/// The length of every text in a block.
fn text_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(text_in).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => length(text),
                other => text_in(other),
            })
            .sum(),
        _ => 0,
    }
}

#[derive(Default)]
pub(super) struct Checker {
    pub(super) found: Vec<String>,
    /// A modal may hold inputs.
    pub(super) in_modal: bool,
}

impl Checker {
    pub(super) fn must(&mut self, holds: bool, at: &str, why: &str) {
        if !holds {
            self.found.push(format!("{why} [json-pointer:{at}]"));
        }
    }

    /// The object, with no properties but these.
    pub(super) fn object<'a>(
        &mut self,
        at: &str,
        value: &'a Value,
        known: &[&str],
    ) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        self.must(object.is_some(), at, "must be an object");
        for name in object.into_iter().flat_map(Map::keys) {
            self.must(known.contains(&name.as_str()), at, &format!("invalid additional property: {name}"));
        }
        object
    }

    /// A list of so many.
    pub(super) fn list<'a>(
        &mut self,
        at: &str,
        object: &'a Map<String, Value>,
        name: &str,
        (least, most): (usize, usize),
    ) -> &'a [Value] {
        let items = object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let fits = (least..=most).contains(&items.len());
        self.must(fits, &format!("{at}/{name}"), &format!("must hold {least} to {most} items"));
        items
    }

    /// A string of so many characters, if it is there.
    pub(super) fn string(
        &mut self,
        at: &str,
        object: &Map<String, Value>,
        name: &str,
        (least, most): (usize, usize),
    ) {
        if let Some(value) = object.get(name) {
            let fits = value.as_str().is_some_and(|text| (least..=most).contains(&length(text)));
            self.must(
                fits,
                &format!("{at}/{name}"),
                &format!("must be {least} to {most} characters of text"),
            );
        }
    }

    pub(super) fn block(&mut self, at: &str, block: &Value) {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        let known: &[&str] = match kind {
            "header" => &["type", "block_id", "text", "level"],
            "section" => &["type", "block_id", "text", "fields", "accessory", "expand"],
            "context" | "actions" | "rich_text" => &["type", "block_id", "elements"],
            "divider" => &["type", "block_id"],
            "input" if self.in_modal => {
                &["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"]
            }
            other => return self.must(false, at, &format!("a digest has no block of type {other:?}")),
        };
        let Some(object) = self.object(at, block, known) else { return };
        self.string(at, object, "block_id", (1, 255));
        match kind {
            "header" => self.text(at, object, "text", 150, &["plain_text"]),
            "section" => self.section(at, object),
            "context" => {
                for (index, element) in self.list(at, object, "elements", (1, 10)).iter().enumerate() {
                    self.text_object(
                        &format!("{at}/elements/{index}"),
                        element,
                        3_000,
                        &["plain_text", "mrkdwn"],
                    );
                }
            }
            "actions" => {
                let mut ids = BTreeSet::new();
                for (index, element) in self.list(at, object, "elements", (1, 25)).iter().enumerate() {
                    let at = format!("{at}/elements/{index}");
                    self.button(&at, element);
                    if let Some(id) = element.get("action_id").and_then(Value::as_str) {
                        self.must(ids.insert(id), &at, "action_id must be unique in its block");
                    }
                }
            }
            "rich_text" => self.rich_text(at, object),
            "input" => self.input(at, object),
            _ => {}
        }
    }

    fn section(&mut self, at: &str, section: &Map<String, Value>) {
        let some = section.contains_key("text") || section.contains_key("fields");
        self.must(some, at, "a section needs text or fields");
        if section.contains_key("text") {
            self.text(at, section, "text", 3_000, &["plain_text", "mrkdwn"]);
        }
        if section.contains_key("fields") {
            for (index, field) in self.list(at, section, "fields", (1, 10)).iter().enumerate() {
                self.text_object(&format!("{at}/fields/{index}"), field, 2_000, &["plain_text", "mrkdwn"]);
            }
        }
        if let Some(accessory) = section.get("accessory") {
            self.button(&format!("{at}/accessory"), accessory);
        }
        let expand = section.get("expand").is_none_or(Value::is_boolean);
        self.must(expand, at, "expand must be true or false");
    }

    fn button(&mut self, at: &str, button: &Value) {
        let known = ["type", "action_id", "text", "value", "url", "style", "accessibility_label"];
        let Some(object) = self.object(at, button, &known) else { return };
        let is_button = object.get("type").and_then(Value::as_str) == Some("button");
        self.must(is_button, at, "a digest has no element but buttons here");
        self.text(at, object, "text", 75, &["plain_text"]);
        self.string(at, object, "action_id", (1, 255));
        self.string(at, object, "value", (1, 2_000));
        self.string(at, object, "url", (1, 3_000));
        self.string(at, object, "accessibility_label", (1, 75));
        if let Some(url) = object.get("url").and_then(Value::as_str) {
            let checked = check_url(url);
            self.must(checked.is_ok(), &format!("{at}/url"), checked.err().unwrap_or_default().as_str());
        }
        let style = object.get("style").is_none_or(|style| style == "primary" || style == "danger");
        self.must(style, at, "style must be primary or danger");
    }

    pub(super) fn text(
        &mut self,
        at: &str,
        object: &Map<String, Value>,
        name: &str,
        most: usize,
        kinds: &[&str],
    ) {
        let at = format!("{at}/{name}");
        match object.get(name) {
            Some(text) => self.text_object(&at, text, most, kinds),
            None => self.must(false, &at, "is required"),
        }
    }

    fn text_object(&mut self, at: &str, text: &Value, most: usize, kinds: &[&str]) {
        let kind = text.get("type").and_then(Value::as_str).unwrap_or_default();
        self.must(kinds.contains(&kind), at, &format!("the type must be one of {kinds:?}"));
        let style = if kind == "mrkdwn" { "verbatim" } else { "emoji" };
        let Some(object) = self.object(at, text, &["type", "text", style]) else { return };
        self.must(object.contains_key("text"), at, "text is required");
        self.string(at, object, "text", (1, most));
        let written = object.get("text").and_then(Value::as_str).unwrap_or_default();
        let checked = if kind == "mrkdwn" { check_mrkdwn(written) } else { check_direction(written) };
        self.must(checked.is_ok(), at, checked.err().unwrap_or_default().as_str());
        if kind == "mrkdwn" {
            let verbatim = object.get("verbatim") == Some(&Value::Bool(true));
            self.must(verbatim, at, "verbatim must be true, or bare names and links come alive");
        }
    }

    fn rich_text(&mut self, at: &str, block: &Map<String, Value>) {
        for (index, part) in self.list(at, block, "elements", (1, usize::MAX)).iter().enumerate() {
            self.rich_part(&format!("{at}/elements/{index}"), part, true);
        }
    }

    /// A section, quote or preformatted part holds inline elements; a list holds sections.
    fn rich_part(&mut self, at: &str, part: &Value, top: bool) {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
        let known: &[&str] = match kind {
            "rich_text_section" => &["type", "elements"],
            "rich_text_quote" | "rich_text_preformatted" if top => &["type", "elements", "border"],
            "rich_text_list" if top => &["type", "elements", "style", "indent", "offset", "border"],
            other => return self.must(false, at, &format!("no part of type {other:?} belongs here")),
        };
        let Some(object) = self.object(at, part, known) else { return };
        for (index, element) in self.list(at, object, "elements", (1, usize::MAX)).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            if kind == "rich_text_list" {
                self.rich_part(&at, element, false);
            } else {
                self.rich_element(&at, element);
            }
        }
        if kind == "rich_text_list" {
            let style = object.get("style").is_some_and(|style| style == "bullet" || style == "ordered");
            self.must(style, at, "a list is bullet or ordered");
            let indent = object.get("indent").is_none_or(|indent| indent.as_u64().is_some_and(|i| i <= 8));
            self.must(indent, at, "indent must be 0 to 8");
        }
    }

    fn rich_element(&mut self, at: &str, element: &Value) {
        let kind = element.get("type").and_then(Value::as_str).unwrap_or_default();
        let known: &[&str] = match kind {
            "text" => &["type", "text", "style"],
            "link" => &["type", "url", "text", "style"],
            "user" => &["type", "user_id", "style"],
            "emoji" => &["type", "name"],
            "date" => &["type", "timestamp", "format", "fallback"],
            other => return self.must(false, at, &format!("a digest has no element of type {other:?}")),
        };
        let Some(object) = self.object(at, element, known) else { return };
        self.string(at, object, "text", (1, BUDGET));
        let written = object.get("text").and_then(Value::as_str).unwrap_or_default();
        self.must(check_direction(written).is_ok(), at, "a direction override is in the text");
        let required = known.iter().find(|name| **name != "type").copied().unwrap_or_default();
        self.must(object.contains_key(required), at, &format!("{required} is required"));
        if let Some(url) = object.get("url").and_then(Value::as_str) {
            self.must(check_url(url).is_ok(), at, "a link must be http or https");
        }
    }
}
