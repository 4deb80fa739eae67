//! `signature.json`: what a model takes and gives, as MLflow has it.
//!
//! Two models have the same signature where its digest is the same. A gate compares numbers, so the
//! digest becomes one: as many of its bits as a double holds.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::report::{LONGEST_EVIDENCE, Metric};

use super::FOLDER;
use crate::fault::one_line;
use crate::finished::Results;
use crate::tree::{Node, Tree};

/// The file's name.
const FILE: &str = "signature.json";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The name of the number.
const METRIC: &str = "signature";

/// The hex digits of the digest that a double holds exactly.
const DIGITS: usize = 13;

/// A signature. MLflow writes each part as a text that holds JSON; a list will do as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    inputs: Value,
    #[serde(default)]
    outputs: Value,
    #[serde(default)]
    params: Value,
}

/// Adds to `results` what `signature.json` says.
pub(super) fn add(tree: &Tree, results: &mut Results) {
    let Some(Node::File { bytes, content, .. }) = tree.get(Path::new(FILE)) else { return };
    let read = text(content, *bytes).and_then(|text| canonical(&text));
    // Whatever the job says of it itself is no digest.
    results.metrics.remove(METRIC);
    match read {
        Ok(canonical) => {
            results.metrics.insert(METRIC.to_owned(), Metric::Number(number(&canonical)));
            let words = one_line(&canonical.to_string(), LONGEST_EVIDENCE);
            results.evidence.insert(METRIC.to_owned(), words);
        }
        Err(reason) => {
            let reason = format!("{FOLDER}/{FILE} cannot be read: {reason}");
            let reason = one_line(&reason, LONGEST_EVIDENCE);
            results.evidence.insert(METRIC.to_owned(), reason.clone());
            results.notes.push(reason);
        }
    }
}

fn text(path: &Path, bytes: u64) -> Result<String, String> {
    if bytes > LARGEST {
        return Err(format!("it has {bytes} bytes, where {LARGEST} is the most"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The signature in a form that does not depend on how it was written.
fn canonical(text: &str) -> Result<Value, String> {
    let Signature { inputs, outputs, params } =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut whole = serde_json::Map::new();
    for (name, part) in [("inputs", inputs), ("outputs", outputs), ("params", params)] {
        let part = match part {
            Value::String(text) => {
                serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?
            }
            part => part,
        };
        match part {
            Value::Null => {}
            Value::Array(_) => {
                whole.insert(name.to_owned(), part);
            }
            _ => return Err(format!("{name}: it is no list of columns or tensors")),
        }
    }
    let mut whole = Value::Object(whole);
    whole.sort_all_objects();
    Ok(whole)
}

#[expect(clippy::cast_precision_loss, reason = "so many digits are exact in a double")]
fn number(canonical: &Value) -> f64 {
    let digest = sha256(canonical.to_string().as_bytes());
    let digits = &digest.as_str()[..DIGITS];
    u64::from_str_radix(digits, 16).unwrap_or_default() as f64
}

#[cfg(test)]
mod tests;
