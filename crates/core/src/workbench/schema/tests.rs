use std::collections::BTreeSet;

use super::*;
use crate::mapping::file;
use crate::packet::SectionName;

/// A mapping in which every block stands, as a tree.
fn full() -> Value {
    json!({
        "crm": "hubspot",
        "time_zone": "Europe/Berlin",
        "applies_to": {"pipelines": ["default", "8812345"], "when": {"not": {"field": "deal.t", "in": ["r"]}}},
        "sections": {
            "buying_reason": {"from": "deal.a", "ask": "Why?", "list": "lines", "words": 80,
                "derive": [
                    {"when": {"field": "deal.n", "at_most": 1}, "say": "x"},
                    {"when": {"contacts": {"at_most": 1}}, "say": "y"},
                    {"when": {"role_missing": "executive_backer"}, "say": "z"},
                    {"when": {"all": [{"contacts": {"at_most": 1}}, {"field": "deal.n", "at_most": 2}]}, "say": "w"}]},
            "success_outcome": "deal.b",
            "stakeholders": {"ask": "Who?"},
            "promises": ["deal.c"],
            "risks": "deal.d",
            "first_value": {"from": "deal.e", "due": "deal.f", "who": "deal.h"},
            "expansion": "deal.g",
            "security_review": {"title": "Security review", "from": "deal.s", "ask": "What?"},
        },
        "roles": {
            "labels": {"Sponsor": "sponsor", "User": "operator", "Expert": "evaluator", "Legal": "blocker"},
            "buying_roles": {"CHAMPION": "sponsor"},
        },
        "important_when": {"any": [{"field": "deal.amount", "at_least": 50000}]},
        "owner": {"from": "deal.hubspot_owner_id", "fallback": "revops@seller.example"},
        "task": {"due_in_business_days": 2, "subject": "{deal}", "note": "For {owner}"},
        "slack": {"channel": "C0123ABCD",
            "routes": [{"when": {"field": "deal.vip", "filled": true}, "channel": "C0ENTERPR"}],
            "roll_up": {"channel": "C0123ABCD", "day": "monday", "at": "09:00"}},
        "placeholders": ["later"],
        "colleagues": ["example.com"],
    })
}

/// What is wrong with a tree; JSON is YAML.
fn told(tree: &Value) -> String {
    let (_, problems) = file::parse("../../mappings/m.yaml", &tree.to_string());
    if problems.has_errors() { problems.to_string() } else { String::new() }
}

/// A schema without its references.
fn resolved<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Every object of the schema, with the place in [`full`] where one such block stands.
fn objects<'s>(schema: &'s Value, at: &str, root: &'s Value, found: &mut Vec<(String, &'s Value)>) {
    if full().pointer(at).is_none() {
        return;
    }
    let schema = resolved(schema, root);
    for one in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        objects(one, at, root, found);
    }
    if let Some(items) = schema.get("items") {
        let written = full().pointer(at).and_then(Value::as_array).map_or(0, Vec::len);
        for place in 0..written.max(1) {
            objects(items, &format!("{at}/{place}"), root, found);
        }
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        // Of several alternatives the one whose keys stand there.
        let tree = full();
        let written = tree.pointer(at).and_then(Value::as_object);
        let takes_others = schema["additionalProperties"].is_object();
        if written
            .is_some_and(|written| takes_others || written.keys().all(|key| properties.contains_key(key)))
        {
            found.push((at.to_owned(), schema));
        }
        for (key, inner) in properties {
            objects(inner, &format!("{at}/{key}"), root, found);
        }
        let others =
            written.into_iter().flat_map(serde_json::Map::keys).filter(|key| !properties.contains_key(*key));
        for key in others.filter(|_| takes_others) {
            objects(&schema["additionalProperties"], &format!("{at}/{key}"), root, found);
        }
    }
}

fn all_objects(root: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    objects(root, "", root, &mut found);
    found
}

fn is_operator(key: &str) -> bool {
    OPERATORS.iter().any(|(operator, ..)| *operator == key)
}

/// One of these stands in a block.
fn is_join(key: &str) -> bool {
    ["all", "any", "not"].contains(&key)
}

fn keys(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_keys_that_the_parser_asks_for_and_no_others() {
    let root = mapping();
    assert_eq!(told(&full()), "");
    let asked: BTreeSet<BTreeSet<String>> =
        file::parse("m.yaml", &full().to_string()).1.asked.into_iter().collect();
    let mut described: BTreeSet<BTreeSet<String>> =
        all_objects(&root).into_iter().map(|(_, schema)| keys(schema)).collect();
    // The parser compares section names with this list, it does not ask for each.
    let names = SectionName::ALL.map(|name| name.as_str().to_owned()).into_iter().collect();
    assert!(described.remove(&names), "{described:?}");
    assert_eq!(described, asked);
}

#[test]
fn every_example_of_the_schema_is_taken_by_the_parser() {
    let root = mapping();
    let mut tried = 0;
    for (at, schema) in all_objects(&root) {
        for (key, inner) in schema["properties"].as_object().unwrap() {
            assert!(!inner["description"].as_str().unwrap().is_empty(), "{at}/{key}");
            for example in inner["examples"].as_array().unwrap() {
                let mut tree = full();
                let block = tree.pointer_mut(&at).unwrap().as_object_mut().unwrap();
                if is_operator(key) {
                    block.retain(|other, _| !is_operator(other));
                }
                if is_join(key) {
                    block.clear();
                }
                block.insert(key.clone(), example.clone());
                assert_eq!(told(&tree), "", "{at}/{key}: {example}");
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn the_parser_needs_what_the_schema_requires_and_nothing_else() {
    let root = mapping();
    for (at, schema) in all_objects(&root) {
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for key in keys(schema) {
            let mut tree = full();
            let block = tree.pointer_mut(&at).unwrap().as_object_mut().unwrap();
            // A condition needs one operator or one join, whichever; a section needs something that feeds it; these two make
            // a condition one about people.
            let people = ["contacts", "role_missing"].contains(&key.as_str());
            let chosen = people || is_operator(&key) || is_join(&key) || key == "from" && at != "/owner";
            if block.remove(&key).is_none() || chosen {
                continue;
            }
            let told = told(&tree);
            // Without its title a section is one that does not exist.
            let is_missing = ["`{key}` is missing", "a section of your own a `{key}`"]
                .iter()
                .any(|message| told.contains(&message.replace("{key}", &key)));
            assert_eq!(is_missing, required.contains(&key.as_str()), "{at}/{key}: {told}");
            assert_eq!(told.is_empty(), !is_missing, "{at}/{key}: {told}");
        }
    }
}

#[test]
fn every_word_of_the_schema_is_taken_by_the_parser() {
    let mut tree = full();
    for (word, _) in LIST_STYLES {
        tree["sections"]["buying_reason"]["list"] = json!(word);
        assert_eq!(told(&tree), "");
    }
    for (word, _) in JUDGING {
        tree["sections"]["buying_reason"]["judge"] = json!(word);
        assert_eq!(told(&tree), "");
    }
    for role in Role::ALL {
        tree["roles"]["labels"]["Other"] = json!(role.as_str());
        assert_eq!(told(&tree), "");
    }
    for words in [WORDS.0, WORDS.1] {
        tree["sections"]["buying_reason"]["words"] = json!(words);
        assert_eq!(told(&tree), "");
    }
    tree["task"]["due_in_business_days"] = json!(MOST_BUSINESS_DAYS);
    assert_eq!(told(&tree), "");
    tree["task"]["due_in_business_days"] = json!(MOST_BUSINESS_DAYS + 1);
    assert!(!told(&tree).is_empty());
}

#[test]
fn the_conditions_about_people_are_among_the_blocks_that_are_tried() {
    let root = mapping();
    let blocks: BTreeSet<BTreeSet<String>> =
        all_objects(&root).into_iter().map(|(_, schema)| keys(schema)).collect();
    for block in [&["contacts"][..], &["at_least", "at_most"], &["role_missing"]] {
        let block = block.iter().map(|key| (*key).to_owned()).collect();
        assert!(blocks.contains(&block), "{block:?}");
    }
}

#[test]
fn the_schema_that_editors_read_is_current() {
    let file = std::fs::read_to_string("../../docs/schema/mapping.json").unwrap_or_default();
    let current = format!("{:#}\n", mapping());
    assert!(file == current, "run: handoff schema mapping > docs/schema/mapping.json");
}

#[test]
fn the_shipped_mappings_name_the_schema() {
    for entry in std::fs::read_dir("../../mappings").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let first = text.lines().next();
            assert_eq!(
                first,
                Some("# yaml-language-server: $schema=../docs/schema/mapping.json"),
                "{}",
                path.display()
            );
        }
    }
}
