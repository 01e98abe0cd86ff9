//! The JSON Schema of a mapping file, for editors that complete and explain keys.
//!
//! `keys.json` says what each key is for and gives an example. The sets of words, the limits and the operators are the
//! parser's own; the tests hold the rest (which keys a block has, which of them it needs) against the parser.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::mapping::file::condition::{MOST_CONTACTS, MOST_DAYS, OPERATORS, Operand};
use crate::mapping::file::custom::{LONGEST_TITLE, MOST_CUSTOM};
use crate::mapping::file::links::{LONGEST_NAME, MOST_LINKS};
use crate::mapping::file::section::{JUDGING, LIST_STYLES, WORDS};
use crate::mapping::file::slack::{ASK, DAYS};
use crate::mapping::file::task::{DUE_IN_BUSINESS_DAYS, LONGEST_NOTE, LONGEST_SUBJECT, MOST_BUSINESS_DAYS};
use crate::packet::{LONGEST_ID, Role, RoleTarget, SectionName};
use crate::record::{CrmKind, FieldObject};
use crate::text::excerpt;

/// A block of keys.
#[derive(Deserialize)]
struct KeyBlock {
    about: String,
    #[serde(default)]
    required: Vec<String>,
    /// Exactly one of these keys is needed.
    #[serde(default)]
    one_of: Vec<String>,
    keys: BTreeMap<String, Key>,
}

/// One key of a block.
#[derive(Deserialize)]
struct Key {
    about: String,
    /// The name of a shape, or a schema.
    holds: Value,
    example: Value,
}

type Blocks = BTreeMap<String, KeyBlock>;

/// The schema, draft 2020-12.
pub fn mapping() -> Value {
    let text = include_str!("keys.json")
        .replace("{default_words}", &excerpt::DEFAULT_WORDS.to_string())
        .replace("{most_links}", &MOST_LINKS.to_string())
        .replace("{longest_link}", &LONGEST_NAME.to_string())
        .replace("{most_custom}", &MOST_CUSTOM.to_string())
        .replace("{longest_title}", &LONGEST_TITLE.to_string())
        .replace("{longest_subject}", &LONGEST_SUBJECT.to_string())
        .replace("{longest_note}", &LONGEST_NOTE.to_string())
        .replace("{default_days}", &DUE_IN_BUSINESS_DAYS.to_string());
    let mut blocks: Blocks = serde_json::from_str(&text).unwrap_or_default();
    if let Some(condition) = blocks.get_mut("condition") {
        condition.one_of.extend(OPERATORS.map(|(key, _)| key.to_owned()));
    }
    // What other sections have, and more.
    let section = block("section", &blocks);
    let asked = widened(block("asked", &blocks), &section);
    let answered = widened(block("answered", &blocks), &asked);
    let mut custom = widened(block("custom", &blocks), &answered);
    // The trained judgement knows only the seven.
    custom.pointer_mut("/properties").and_then(Value::as_object_mut).map(|keys| keys.remove("judge"));
    let first_value = widened(block("first_value", &blocks), &answered);
    let objects = FieldObject::ALL.map(|(word, _)| word).join("|");
    let mut schema = block("mapping", &blocks);
    let about = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Handoff Bridge mapping",
        "$defs": {
            "field": {
                "type": "string",
                "pattern": format!("^({objects})\\.\\S+$"),
                "description": "A field as object.name: deal, company, owner (the seller) or line_items (what was \
                                sold), and the field's internal name, not its label.",
                "examples": ["deal.handoff_why_now", "company.customer_tier"],
            },
            "condition": {"anyOf": [refer("comparison"), refer("joined")]},
            "comparison": block("condition", &blocks),
            "joined": block("joined", &blocks),
            "section": section,
            "asked": asked,
            "answered": answered,
            "custom": custom,
            "first_value": first_value,
            // Each alternative has keys of its own.
            "observation": {"anyOf": [
                refer("comparison"), refer("contacts"), refer("role_missing"), of_people(block("joined", &blocks)),
            ]},
            "contacts": block("contacts", &blocks),
            "role_missing": block("role_missing", &blocks),
            "role": {"enum": Role::ALL.map(Role::as_str)},
            "channel": {
                "type": "string",
                "pattern": "^[CG][A-Z0-9]{7,}$",
                "description": "The id of a Slack channel, not its name: in Slack click the channel's name, the id \
                                stands at the bottom of About.",
            },
        },
    });
    extend(&mut schema, about);
    if let Some(sections) = schema.pointer_mut("/properties/sections") {
        let most = SectionName::ALL.len() + MOST_CUSTOM;
        let names = json!({"pattern": format!("^[a-z][a-z0-9_]{{0,{}}}$", LONGEST_ID - 1)});
        let custom = refer("custom");
        extend(
            sections,
            json!({"additionalProperties": custom, "propertyNames": names, "maxProperties": most}),
        );
    }
    schema
}

/// What joins conditions on fields, joining what the data shows of people too.
fn of_people(mut join: Value) -> Value {
    let keys = join.get_mut("properties").and_then(Value::as_object_mut);
    for key in keys.into_iter().flat_map(Map::values_mut) {
        let element = refer("observation");
        let holds = if key.get("anyOf").is_some() { one_or_more(&element) } else { element };
        extend(key, holds);
    }
    join
}

/// A block with the keys of another beside its own.
fn widened(mut block: Value, other: &Value) -> Value {
    if let (Some(keys), Some(own)) = (other.get("properties"), block.get_mut("properties")) {
        extend(own, keys.clone());
    }
    block
}

/// The schema of a block. Keys that it does not have are refused.
fn block(name: &str, blocks: &Blocks) -> Value {
    let Some(KeyBlock { about, required, one_of, keys }) = blocks.get(name) else { return Value::Null };
    let mut properties = Map::new();
    for (name, key) in keys {
        let mut holds = shape(&key.holds, blocks);
        extend(&mut holds, json!({"description": key.about, "examples": [key.example]}));
        properties.insert(name.clone(), holds);
    }
    let mut schema = json!({
        "type": "object",
        "description": about,
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    });
    if !one_of.is_empty() {
        let one_of: Vec<Value> = one_of.iter().map(|key| json!({"required": [key]})).collect();
        extend(&mut schema, json!({"oneOf": one_of}));
    }
    schema
}

/// What a key holds: a shape by its name, or a schema that is written out.
fn shape(holds: &Value, blocks: &Blocks) -> Value {
    // Text that YAML may take for something else: `8812345`, `yes`.
    let text = json!({"type": ["string", "number", "boolean"]});
    let Some(name) = holds.as_str() else { return holds.clone() };
    match name.split_once(' ').unwrap_or((name, "")) {
        ("text", _) => text,
        ("texts", _) => one_or_more(&text),
        ("a" | "an", definition) => refer(definition),
        ("block", name) => block(name, blocks),
        ("blocks", name) => one_or_more(&block(name, blocks)),
        ("fields", "") => one_or_more(&refer("field")),
        ("fields", or) => {
            let definition = or.trim_start_matches("or ");
            json!({"anyOf": [one_or_more(&refer("field")), refer(definition)]})
        }
        ("conditions", _) => one_or_more(&refer("condition")),
        ("roles", _) => json!({"type": "object", "additionalProperties": refer("role")}),
        ("operand", key) => match OPERATORS.into_iter().find(|(known, _)| *known == key) {
            Some((_, Operand::Number(_))) => {
                json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]})
            }
            Some((_, Operand::Values(_))) => one_or_more(&text),
            Some((_, Operand::Days(_))) => integer(1, MOST_DAYS),
            Some((_, Operand::Flag(_))) => json!({"type": "boolean"}),
            None => Value::Null,
        },
        ("crm", _) => json!({"enum": CrmKind::ALL}),
        ("list", _) => json!({"enum": LIST_STYLES.map(|(word, _)| word)}),
        ("role", _) => json!({"enum": RoleTarget::ALL.map(|(word, _)| word)}),
        ("ask", _) => json!({"enum": ASK.map(|(word, _)| word)}),
        ("weekday", _) => json!({"enum": DAYS.map(|(word, _)| word)}),
        ("judging", _) => json!({"enum": JUDGING.map(|(word, _)| word)}),
        ("built-in", _) => json!({"enum": SectionName::ALL.each_ref().map(SectionName::as_str)}),
        ("words", _) => integer(WORDS.0, WORDS.1),
        ("business", _) => integer(0, MOST_BUSINESS_DAYS),
        ("people", _) => integer(0, MOST_CONTACTS),
        _ => Value::Null,
    }
}

fn integer(least: u32, most: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// What is defined once, under `$defs`.
fn refer(definition: &str) -> Value {
    json!({"$ref": format!("#/$defs/{definition}")})
}

/// One value or a list of them: the parser takes either.
fn one_or_more(element: &Value) -> Value {
    json!({"anyOf": [element, {"type": "array", "items": element, "minItems": 1}]})
}

/// Adds keys to a schema.
fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
