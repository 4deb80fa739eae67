//! `metrics.json`, with the numbers that Python writes and JSON does not have.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use signalbox_pipeline::report::Metric;

use super::FOLDER;
use crate::fault::one_line;
use crate::tree::{Node, Tree};

mod value;

use value::Value;

/// The file's name.
const FILE: &str = "metrics.json";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The most metrics.
const MOST: usize = 200;

/// The longest name, in characters.
const LONGEST: usize = 100;

/// Reads the metrics of `tree`.
pub(super) fn read(tree: &Tree, notes: &mut Vec<String>) -> BTreeMap<String, Metric> {
    let Some(Node::File { bytes, content, .. }) = tree.get(Path::new(FILE)) else {
        return BTreeMap::new();
    };
    match text(content, *bytes).and_then(|text| numbers(&text, notes)) {
        Ok(found) => found,
        Err(reason) => {
            notes.push(format!("{FOLDER}/{FILE} is left out: {reason}"));
            BTreeMap::new()
        }
    }
}

fn text(path: &Path, bytes: u64) -> Result<String, String> {
    if bytes > LARGEST {
        return Err(format!("it has {bytes} bytes, where {LARGEST} is the most"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The metrics in the text of a `metrics.json`, with notes on what is left out.
///
/// # Errors
/// When it is not an object.
pub fn numbers(text: &str, notes: &mut Vec<String>) -> Result<BTreeMap<String, Metric>, String> {
    match json5::from_str(text) {
        Ok(Value::Object(members)) => {
            let mut metrics = BTreeMap::new();
            flatten("", members, &mut metrics, notes);
            Ok(metrics)
        }
        Ok(other) => Err(format!("it holds {}, not an object", other.what())),
        Err(error) => Err(format!("it is not JSON: {}", one_line(&error.to_string(), 120))),
    }
}

fn flatten(
    prefix: &str,
    members: Vec<(String, Value)>,
    metrics: &mut BTreeMap<String, Metric>,
    notes: &mut Vec<String>,
) {
    for (name, value) in members {
        let name = format!("{prefix}{name}");
        let metric = match value {
            // Each member would be noted under a name as long as this one.
            Value::Object(_) if name.len() > LONGEST => {
                let name = one_line(&name, LONGEST);
                notes.push(format!(
                    "what is in {name} is left out: a name has {LONGEST} characters at most"
                ));
                continue;
            }
            Value::Object(members) => {
                flatten(&format!("{name}."), members, metrics, notes);
                continue;
            }
            Value::Number(value) => Metric::of(value),
            Value::Flag(value) => Metric::Flag(value),
            other => {
                notes.push(format!(
                    "metric {name} is left out: it is {}, not a number",
                    other.what()
                ));
                continue;
            }
        };
        if !is_name(&name) {
            notes.push(format!(
                "metric {name:?} is left out: a name has letters, digits, _ . and -, {LONGEST} at most"
            ));
        } else if metrics.len() == MOST && !metrics.contains_key(&name) {
            notes.push(format!("metric {name} is left out: {MOST} is the most"));
        } else if metrics.insert(name.clone(), metric).is_some() {
            notes.push(format!("metric {name} is there twice; the last one counts"));
        }
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(known)
}

#[cfg(test)]
mod tests;
