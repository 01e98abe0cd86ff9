//! The JSON Schema of the configuration file, made from the shipped one: its comments describe, its values
//! show what belongs there. A test holds its keys against those that reading asks for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Complete and commented, which is what makes it a source.
const SHIPPED: &str = include_str!("../../config/handoff.toml");

/// A table of the file.
#[derive(Debug, Default)]
struct Table {
    description: String,
    /// Written `[[name]]`: one of several.
    several: bool,
    keys: BTreeMap<String, Value>,
    tables: BTreeMap<String, Table>,
}

/// The schema, draft 2020-12.
pub fn config() -> Value {
    let mut root = Table { description: "Handoff Bridge configuration.".to_owned(), ..Table::default() };
    let mut path = Vec::new();
    let mut comment = Vec::new();
    for line in SHIPPED.lines() {
        // What is switched off by a `#` in front of it can be switched on.
        let text = line.trim_start_matches(['#', ' ']);
        if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let several = name.starts_with('[');
            path = name.trim_matches(['[', ']']).split('.').collect();
            let table = root.at(&path);
            table.description = comment.join(" ");
            table.several = several;
        } else if let Some((key, value)) = setting(text) {
            root.at(&path).add(&key, &value, &comment.join(" "));
        } else if line.starts_with('#') {
            comment.push(text);
            continue;
        }
        comment.clear();
    }
    let mut schema = root.schema();
    if let Value::Object(schema) = &mut schema {
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    }
    schema
}

/// `key = value`, if the line is that.
fn setting(text: &str) -> Option<(String, toml::Value)> {
    let table: toml::Table = toml::from_str(text).ok()?;
    table.into_iter().next()
}

impl Table {
    fn at(&mut self, path: &[&str]) -> &mut Self {
        path.iter().fold(self, |table, name| table.tables.entry((*name).to_owned()).or_default())
    }

    fn add(&mut self, key: &str, value: &toml::Value, description: &str) {
        let holds = match value {
            toml::Value::Array(_) => json!({"type": "array", "items": {"type": "string"}}),
            toml::Value::Integer(_) => json!({"type": "integer"}),
            _ => json!({"type": "string"}),
        };
        let mut holds: Map<String, Value> = holds.as_object().cloned().unwrap_or_default();
        if !description.is_empty() {
            holds.insert("description".to_owned(), json!(description));
        }
        // Whatever names a variable may name a file instead, and the other way round.
        for (one, other) in [("_env", "_file"), ("_file", "_env")] {
            if let Some(secret) = key.strip_suffix(one) {
                self.keys.entry(format!("{secret}{other}")).or_insert_with(|| json!(holds));
            }
        }
        holds.insert("examples".to_owned(), json!([value]));
        self.keys.insert(key.to_owned(), json!(holds));
    }

    fn schema(self) -> Value {
        let tables = self.tables.into_iter().map(|(name, table)| (name, table.schema()));
        let properties: Map<String, Value> = self.keys.into_iter().chain(tables).collect();
        let block = json!({
            "type": "object",
            "description": self.description,
            "additionalProperties": false,
            "properties": properties,
        });
        if self.several { json!({"type": "array", "items": block}) } else { block }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::super::load;
    use super::*;
    use crate::settings::Secrets;

    fn key_sets(schema: &Value, found: &mut BTreeSet<BTreeSet<String>>) {
        let block = schema.get("items").unwrap_or(schema);
        if let Some(properties) = block.get("properties").and_then(Value::as_object) {
            found.insert(properties.keys().cloned().collect());
            properties.values().for_each(|inner| key_sets(inner, found));
        }
    }

    #[test]
    fn the_schema_has_the_keys_that_reading_asks_for_and_no_others() {
        // Everything that is switched off in the shipped file is switched on: reading complains about what
        // excludes each other, and still asks for every key.
        let switched_on = |line: &str| {
            let bare = line.trim_start_matches(['#', ' ']);
            let is_table = bare.starts_with('[') && bare.ends_with(']');
            if is_table || setting(bare).is_some() { format!("{bare}\n") } else { String::new() }
        };
        let text: String = SHIPPED.lines().map(switched_on).collect();
        let env = |_: &str| Some("x".repeat(16));
        let loaded = load::parse(
            "handoff.toml",
            &text,
            &Secrets { env: &env, directory: Path::new("config"), serving: true },
        );
        let asked: BTreeSet<BTreeSet<String>> = loaded.problems.asked.into_iter().collect();
        let mut described = BTreeSet::new();
        key_sets(&config(), &mut described);
        assert_eq!(described, asked);
    }

    #[test]
    fn comments_become_descriptions_and_values_examples() {
        let schema = config();
        let lease = &schema["properties"]["work"]["properties"]["lease"];
        assert_eq!(lease["type"], "string");
        assert_eq!(lease["examples"], json!(["2m"]));
        assert!(lease["description"].as_str().unwrap().starts_with("How long a piece of work"), "{lease}");
        let portal = &schema["properties"]["hubspot"]["items"]["properties"];
        assert!(portal["client_secrets_file"]["type"] == "array", "{portal}");
        assert!(portal["oauth"]["properties"]["client_id"].is_object(), "{portal}");
    }
}
