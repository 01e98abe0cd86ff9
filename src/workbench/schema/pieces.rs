//! What schemas are built of: blocks of keys, references, one value or several.

use serde_json::{Map, Value, json};

/// A block of keys: name, description, what it holds, an example. Other keys are refused.
pub(crate) fn block(description: &str, required: &[&str], keys: Vec<(&str, &str, Value, Value)>) -> Value {
    let mut properties = Map::new();
    for (name, description, mut holds, example) in keys {
        extend(&mut holds, json!({"description": description, "examples": [example]}));
        properties.insert(name.to_owned(), holds);
    }
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Adds keys to a schema.
pub(crate) fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

/// What is defined once, under `$defs`.
pub(crate) fn refer(definition: &str) -> Value {
    json!({"$ref": format!("#/$defs/{definition}")})
}

/// A closed set of words.
pub(crate) fn one_of<const N: usize>(words: [&str; N]) -> Value {
    json!({"enum": words.to_vec()})
}

/// One value or a list of them: the parser takes either.
pub(crate) fn one_or_more(element: &Value) -> Value {
    json!({"anyOf": [element, {"type": "array", "items": element, "minItems": 1}]})
}

/// Text that YAML may take for something else: `8812345`, `yes`.
pub(crate) fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// One text or several.
pub(crate) fn texts() -> Value {
    one_or_more(&text())
}
