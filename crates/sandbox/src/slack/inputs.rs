//! Every rule about modals and their inputs, and what an input holds.
//!
//! <https://docs.slack.dev/reference/views/modal-views>, <https://docs.slack.dev/reference/block-kit/blocks/input-block>

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Refused;
use super::blocks::Checker;
use super::text::length;

/// Checks a modal.
pub(super) fn check_view(view: &Value) -> Result<(), Refused> {
    let mut checker = Checker { in_modal: true, ..Checker::default() };
    checker.view(view);
    match checker.found.first() {
        None => Ok(()),
        Some(first) => {
            let verdict = crate::call::Verdict::Wrong(format!("invalid_arguments: {first}"));
            Err(Refused { code: "invalid_arguments", verdict, messages: checker.found, needed: None })
        }
    }
}

impl Checker {
    fn view(&mut self, view: &Value) {
        let known = [
            "type",
            "title",
            "blocks",
            "submit",
            "close",
            "private_metadata",
            "callback_id",
            "external_id",
            "clear_on_close",
            "notify_on_close",
        ];
        let Some(object) = self.object("/view", view, &known) else { return };
        self.must(view["type"] == "modal", "/view/type", "only modals are modelled");
        self.text("/view", object, "title", 24, &["plain_text"]);
        for name in ["submit", "close"].into_iter().filter(|name| object.contains_key(*name)) {
            self.text("/view", object, name, 24, &["plain_text"]);
        }
        self.string("/view", object, "private_metadata", (0, 3_000));
        self.string("/view", object, "callback_id", (1, 255));
        self.string("/view", object, "external_id", (1, 255));
        for name in ["clear_on_close", "notify_on_close"] {
            let is_flag = object.get(name).is_none_or(Value::is_boolean);
            self.must(is_flag, &format!("/view/{name}"), "must be true or false");
        }
        let (mut ids, mut has_input) = (BTreeSet::new(), false);
        for (index, block) in self.list("/view", object, "blocks", (1, 100)).iter().enumerate() {
            let at = format!("/view/blocks/{index}");
            self.block(&at, block);
            has_input |= block["type"] == "input";
            if let Some(id) = block.get("block_id").and_then(Value::as_str) {
                self.must(ids.insert(id.to_owned()), &at, "block_id must be unique in the view");
            }
        }
        self.must(!has_input || object.contains_key("submit"), "/view/submit", "is required beside inputs");
    }

    /// An input block. Its id and whether it is optional must be written: values are found by the one, and a modal cannot
    /// be submitted before everything is filled that is not optional.
    pub(super) fn input(&mut self, at: &str, input: &Map<String, Value>) {
        self.must(input.contains_key("block_id"), at, "an input without block_id cannot be found again");
        self.must(input.get("optional").is_some_and(Value::is_boolean), at, "optional must be written");
        self.text(at, input, "label", 2_000, &["plain_text"]);
        if input.contains_key("hint") {
            self.text(at, input, "hint", 2_000, &["plain_text"]);
        }
        let at = format!("{at}/element");
        match input.get("element") {
            Some(element) => self.element(&at, element),
            None => self.must(false, &at, "is required"),
        }
    }

    fn element(&mut self, at: &str, element: &Value) {
        let kind = element.get("type").and_then(Value::as_str).unwrap_or_default();
        let mut known = vec!["type", "action_id", "focus_on_load"];
        known.extend_from_slice(match kind {
            "plain_text_input" => {
                &["placeholder", "multiline", "initial_value", "min_length", "max_length"][..]
            }
            "datepicker" => &["placeholder", "initial_date"],
            "static_select" => &["placeholder", "options", "initial_option"],
            "multi_static_select" => &["placeholder", "options", "initial_options", "max_selected_items"],
            "radio_buttons" => &["options", "initial_option"],
            "checkboxes" => &["options", "initial_options"],
            "users_select" => &["placeholder", "initial_user"],
            "multi_users_select" => &["placeholder", "initial_users", "max_selected_items"],
            other => return self.must(false, at, &format!("no input of type {other:?} is modelled")),
        });
        let Some(object) = self.object(at, element, &known) else { return };
        self.must(object.contains_key("action_id"), at, "action_id is required");
        self.string(at, object, "action_id", (1, 255));
        if object.contains_key("placeholder") {
            self.text(at, object, "placeholder", 150, &["plain_text"]);
        }
        match kind {
            "plain_text_input" => self.text_input(at, object),
            "datepicker" => {
                let day = object.get("initial_date").and_then(Value::as_str);
                let legal = day.is_none_or(|day| day.len() == 10 && day.parse::<jiff::civil::Date>().is_ok());
                self.must(legal, at, "initial_date must be YYYY-MM-DD");
            }
            "users_select" | "multi_users_select" => {}
            _ => self.options(at, object, if kind.contains("select") { 100 } else { 10 }),
        }
    }

    fn text_input(&mut self, at: &str, input: &Map<String, Value>) {
        let size =
            |name: &str| input.get(name).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
        let most = size("max_length").unwrap_or(3_000);
        self.must((1..=3_000).contains(&most), at, "max_length must be 1 to 3000");
        self.must(
            size("min_length").unwrap_or_default() <= most,
            at,
            "min_length must be at most max_length",
        );
        self.string(at, input, "initial_value", (0, most));
    }

    fn options(&mut self, at: &str, element: &Map<String, Value>, most: usize) {
        let (mut values, options) = (BTreeSet::new(), self.list(at, element, "options", (1, most)));
        for (index, option) in options.iter().enumerate() {
            let at = format!("{at}/options/{index}");
            let Some(object) = self.object(&at, option, &["text", "value", "description"]) else { continue };
            self.text(&at, object, "text", 75, &["plain_text"]);
            self.must(object.contains_key("value"), &at, "value is required");
            self.string(&at, object, "value", (1, 150));
            if object.contains_key("description") {
                self.text(&at, object, "description", 75, &["plain_text"]);
            }
            let value = object.get("value").and_then(Value::as_str).unwrap_or_default();
            self.must(values.insert(value), &at, "values must be unique");
        }
        let initial = element.get("initial_options").and_then(Value::as_array).into_iter().flatten();
        for initial in initial.chain(element.get("initial_option")) {
            self.must(options.contains(initial), at, "what is picked at first must be one of the options");
        }
        let some =
            element.get("initial_options").is_none_or(|list| list.as_array().is_some_and(|l| !l.is_empty()));
        self.must(some, at, "initial_options must not be empty");
    }
}

/// What an element holds at first.
pub(super) fn initial_state(element: &Value) -> Value {
    let initial = |name: &str| element.get(name).cloned();
    let kind = element["type"].as_str().unwrap_or_default();
    let (key, value) = match kind {
        "plain_text_input" => ("value", initial("initial_value").unwrap_or_default()),
        "datepicker" => ("selected_date", initial("initial_date").unwrap_or_default()),
        "users_select" => ("selected_user", initial("initial_user").unwrap_or_default()),
        "multi_users_select" => ("selected_users", initial("initial_users").unwrap_or(json!([]))),
        "multi_static_select" | "checkboxes" => {
            ("selected_options", initial("initial_options").unwrap_or(json!([])))
        }
        _ => ("selected_option", initial("initial_option").unwrap_or_default()),
    };
    json!({"type": kind, key: value})
}

/// What an element holds once a person put this in: a text, a day, the value of an option, or a list of those.
///
/// # Errors
///
/// Why the person's client does not let them.
pub(super) fn typed_state(element: &Value, typed: &Value) -> Result<Value, String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let many = || typed.as_array().cloned().ok_or_else(|| format!("a {kind} takes a list"));
    let option = |value: &Value| -> Result<Value, String> {
        let mut options = element["options"].as_array().into_iter().flatten();
        let found = options.find(|option| option["value"] == *value);
        found.cloned().ok_or_else(|| format!("{value} is not among the options"))
    };
    let (key, value) = match kind {
        "plain_text_input" => {
            let text = typed.as_str().unwrap_or_default();
            let most = element["max_length"].as_u64().unwrap_or(3_000);
            if length(text) as u64 > most {
                return Err(format!("the text is longer than {most}"));
            }
            if text.is_empty() { ("value", Value::Null) } else { ("value", json!(text)) }
        }
        "datepicker" => ("selected_date", typed.clone()),
        "users_select" => ("selected_user", typed.clone()),
        "multi_users_select" => ("selected_users", json!(many()?)),
        "multi_static_select" | "checkboxes" => {
            let picked: Result<Vec<Value>, String> = many()?.iter().map(option).collect();
            ("selected_options", json!(picked?))
        }
        _ if typed.is_null() => ("selected_option", Value::Null),
        _ => ("selected_option", option(typed)?),
    };
    Ok(json!({"type": kind, key: value}))
}

/// Whether an element holds nothing.
pub(super) fn is_empty(state: &Value) -> bool {
    let values = state.as_object().into_iter().flatten().filter(|(key, _)| *key != "type");
    values.into_iter().all(|(_, value)| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}
