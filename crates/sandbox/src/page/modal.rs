//! The modal on a person's screen, with its inputs, and what a browser sends of them.
//!
//! <https://docs.slack.dev/reference/views/modal-views>

use maud::{Markup, html};
use serde_json::{Value, json};

use super::blocks::{self, list, plain, text_of};
use super::deal::hidden;
use super::form::Form;
use super::links::Drawing;
use crate::slack::View;

/// Draws the modal.
pub(super) fn draw(view: &View, drawing: &Drawing<'_>) -> Markup {
    let values = view.values();
    let press = |button: &Value| {
        html! {
            button form="modal-press" name="action" value=(text_of(button, "action_id")) { (plain(&button["text"])) }
        }
    };
    html! {
        dialog.modal open aria-labelledby="modal-title" data-modal {
            form #modal-form method="post" action="/act/submit" {
                (hidden(drawing.place))
                header {
                    h2 #modal-title { (plain(&view.view["title"])) }
                    button.close form="modal-close" aria-label="Close" { "×" }
                }
                div.modal-body tabindex="-1" {
                    @if !view.errors.is_empty() {
                        p.error role="alert" {
                            "Not saved: " (view.errors.len())
                            @if view.errors.len() == 1 { " answer" } @else { " answers" } " cannot stand as it is."
                        }
                    }
                    @for block in list(&view.view, "blocks") {
                        @if block["type"] == "input" {
                            (input(block, &values, view))
                        } @else {
                            (blocks::draw(std::slice::from_ref(block), drawing, &press))
                        }
                    }
                }
                footer {
                    button form="modal-close" {
                        @match plain(&view.view["close"]) { "" => "Close", close => (close) }
                    }
                    @if view.view["submit"].is_object() { button.primary { (plain(&view.view["submit"])) } }
                }
            }
            form #modal-close method="post" action="/act/close" { (hidden(drawing.place)) }
            form #modal-press method="post" action="/act/press" { (hidden(drawing.place)) }
        }
    }
}

/// An input block: label, element, hint, and what was wrong with it.
fn input(block: &Value, values: &Value, view: &View) -> Markup {
    let (id, element) = (text_of(block, "block_id"), &block["element"]);
    let state = &values[id][text_of(element, "action_id")];
    let error = view.errors.get(id);
    let notes = format!("{id}.notes");
    let label = html! { (plain(&block["label"])) @if block["optional"] == true { small { " (optional)" } } };
    let below = html! {
        div.notes id=(notes) {
            @if let Some(error) = error { p.error { (error) } }
            @if block["hint"].is_object() { p.hint { (plain(&block["hint"])) } }
        }
    };
    let invalid = error.map(|_| "true");
    let kind = text_of(element, "type");
    let choices = |input: &str| {
        let picked = |option: &Value| match &state["selected_options"] {
            Value::Array(picked) => picked.contains(option),
            _ => state["selected_option"] == *option,
        };
        html! {
            fieldset.input data-invalid=[invalid] aria-describedby=(notes) {
                legend { (label) }
                div.choices {
                    @for option in list(element, "options") {
                        label {
                            input type=(input) name=(id) value=(text_of(option, "value")) checked[picked(option)];
                            " " (plain(&option["text"]))
                            @if option["description"].is_object() { small { " " (plain(&option["description"])) } }
                        }
                    }
                }
                (below)
            }
        }
    };
    match kind {
        "radio_buttons" => return choices("radio"),
        "checkboxes" | "multi_static_select" => return choices("checkbox"),
        _ => {}
    }
    let placeholder = element["placeholder"]["text"].as_str();
    html! {
        div.input data-invalid=[invalid] {
            label for=(id) { (label) }
            @match kind {
                "static_select" => select id=(id) name=(id) aria-describedby=(notes) aria-invalid=[invalid] {
                    option value="" { (placeholder.unwrap_or("Select an option")) }
                    @for option in list(element, "options") {
                        option value=(text_of(option, "value")) selected[state["selected_option"] == *option] {
                            (plain(&option["text"]))
                        }
                    }
                },
                "datepicker" => input id=(id) name=(id) type="date" value=(text_of(state, "selected_date"))
                    aria-describedby=(notes) aria-invalid=[invalid];,
                _ if element["multiline"] == true => textarea id=(id) name=(id) rows="3" placeholder=[placeholder]
                    maxlength=[element["max_length"].as_u64()] aria-describedby=(notes) aria-invalid=[invalid] {
                    "\n" (text_of(state, "value"))
                },
                _ => input id=(id) name=(id) value=(text_of(state, "value")) placeholder=[placeholder]
                    autocomplete="off" aria-describedby=(notes) aria-invalid=[invalid];,
            }
            (below)
        }
    }
}

/// What a person put into the inputs of a modal, by block: a text, a day, the value of an option, or a list of those.
pub(super) fn typed<'v>(view: &'v View, form: &Form) -> Vec<(&'v str, Value)> {
    let value = |block: &'v Value| {
        let id = text_of(block, "block_id");
        let text = form.get(id).unwrap_or_default();
        let value = match text_of(&block["element"], "type") {
            "checkboxes" | "multi_static_select" | "multi_users_select" => {
                json!(form.all(id).collect::<Vec<_>>())
            }
            "plain_text_input" => json!(text),
            _ if text.is_empty() => Value::Null,
            _ => json!(text),
        };
        (id, value)
    };
    view.inputs().map(value).collect()
}
