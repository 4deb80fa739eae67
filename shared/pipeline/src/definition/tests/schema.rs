//! The published schema and the parser know the same keys.

use serde_json::Value;

use super::super::keys;
use super::RAIN;
use crate::gate::READY;
use crate::yaml::{self, Keys};

const SCHEMA: &str = include_str!("../../../../../docs/signalbox.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

#[test]
fn the_schema_has_the_keys_of_the_parser() {
    for (pointer, keys) in [
        ("", &keys::DEFINITION),
        ("/properties/on", &keys::ON),
        ("/properties/on/properties/push", &keys::PUSH),
        ("/properties/on/properties/image", &keys::IMAGE),
        ("/$defs/check", &keys::CHECK),
        ("/$defs/verify", &keys::VERIFY),
        ("/properties/train", &keys::TRAIN),
        ("/$defs/compute", &keys::COMPUTE),
        ("/properties/build", &keys::BUILD),
        ("/properties/deploy/items", &keys::DEPLOYMENT),
    ] {
        assert_keys(pointer, keys);
    }
}

fn assert_keys(pointer: &str, keys: &Keys) {
    let schema = schema();
    let at = schema.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"));
    let mut known = keys.known.to_vec();
    let mut published: Vec<&str> =
        at["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    known.sort_unstable();
    published.sort_unstable();
    assert_eq!(published, known, "{pointer}");
    assert_eq!(at["additionalProperties"], Value::Bool(false), "{pointer}");
}

#[test]
fn the_schema_has_the_names_of_the_ready_made_gates() {
    let names: Vec<&str> = READY.iter().map(|ready| ready.name).collect();
    assert_eq!(schema()["$defs"]["ready"]["enum"], serde_json::json!(names));
}

/// Which keys the example uses, so that none of the schema goes without an example.
#[test]
fn the_example_uses_nearly_every_key_of_the_schema() {
    let mut faults = crate::faults::Collector::default();
    let root = yaml::load(RAIN, &mut faults);
    let mut used = Vec::new();
    collect(&faults.finish(root).unwrap(), &mut used);
    let tables = [&keys::DEFINITION, &keys::ON, &keys::PUSH, &keys::CHECK, &keys::VERIFY];
    let more = [&keys::COMPUTE, &keys::BUILD, &keys::DEPLOYMENT, &keys::TRAIN];
    for key in tables.iter().chain(&more).flat_map(|keys| keys.known) {
        assert!(used.contains(&(*key).to_owned()) || *key == "concurrency", "{key}");
    }
}

fn collect(node: &yaml::Node, used: &mut Vec<String>) {
    match &node.value {
        yaml::Value::Scalar(_) => {}
        yaml::Value::List(items) => items.iter().for_each(|item| collect(item, used)),
        yaml::Value::Mapping(entries) => {
            for entry in entries {
                used.push(entry.key.clone());
                collect(&entry.value, used);
            }
        }
    }
}
