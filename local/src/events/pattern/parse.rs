//! Reads patterns, and refuses what the engine does not know.

use std::fmt;

use serde_json::Value;

use super::matcher::{Comparison, Matcher};
use super::{Field, Object};

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The keys that lead to the place.
    pub path: Vec<String>,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_slice() {
            [] => write!(f, "the event pattern {}", self.message),
            path => write!(f, "`{}` of the event pattern {}", path.join("."), self.message),
        }
    }
}

impl std::error::Error for PatternError {}

fn refuse<T>(path: &[String], message: impl Into<String>) -> Result<T, PatternError> {
    Err(PatternError { path: path.to_vec(), message: message.into() })
}

pub(super) fn object(value: &Value, path: &mut Vec<String>) -> Result<Object, PatternError> {
    let Value::Object(map) = value else { return refuse(path, "must be a map") };
    if map.is_empty() {
        return refuse(path, "is empty, and must have a field");
    }
    let mut object = Object::default();
    for (key, value) in map {
        path.push(key.clone());
        match value {
            Value::Array(items) if key == "$or" => {
                if items.len() < 2 {
                    return refuse(path, "needs at least two alternatives");
                }
                let group = items.iter().map(|item| self::object(item, path));
                object.alternatives.push(group.collect::<Result<_, _>>()?);
            }
            Value::Array(items) if items.is_empty() => {
                return refuse(path, "is an empty list, which nothing can match");
            }
            Value::Array(items) => {
                let matchers = items.iter().map(|item| matcher(item, path));
                let field = Field::Values(matchers.collect::<Result<_, _>>()?);
                object.fields.push((key.clone(), field));
            }
            Value::Object(_) => {
                let field = Field::Object(self::object(value, path)?);
                object.fields.push((key.clone(), field));
            }
            other => {
                return refuse(path, format!("must be a list of values, such as [{other}]"));
            }
        }
        path.pop();
    }
    Ok(object)
}

fn matcher(value: &Value, path: &[String]) -> Result<Matcher, PatternError> {
    let map = match value {
        Value::Object(map) => map,
        Value::Array(_) => return refuse(path, "holds a list in a list"),
        scalar => return Ok(Matcher::Exact(scalar.clone())),
    };
    let mut entries = map.iter();
    let (Some((operator, operand)), None) = (entries.next(), entries.next()) else {
        return refuse(path, "holds a condition that is not one operator");
    };
    match (operator.as_str(), operand) {
        ("exists", Value::Bool(wanted)) => Ok(Matcher::Exists(*wanted)),
        ("numeric", Value::Array(list)) => numeric(list, path),
        ("anything-but", operand) => anything_but(operand, path),
        (operator, operand) => text(operator, operand, path),
    }
}

/// The operators that compare text.
fn text(operator: &str, operand: &Value, path: &[String]) -> Result<Matcher, PatternError> {
    match (operator, operand) {
        ("prefix", Value::String(text)) => Ok(Matcher::Prefix(text.clone())),
        ("suffix", Value::String(text)) => Ok(Matcher::Suffix(text.clone())),
        ("equals-ignore-case", Value::String(text)) => Ok(Matcher::IgnoreCase(text.clone())),
        ("wildcard", Value::String(text)) if text.contains("**") => {
            refuse(path, "has a wildcard with two stars in a row, which EventBridge refuses")
        }
        ("wildcard", Value::String(text)) => Ok(Matcher::Wildcard(text.clone())),
        ("prefix" | "suffix", Value::Object(map)) => match map.get("equals-ignore-case") {
            Some(Value::String(text)) if map.len() == 1 && operator == "prefix" => {
                Ok(Matcher::PrefixIgnoreCase(text.clone()))
            }
            Some(Value::String(text)) if map.len() == 1 => {
                Ok(Matcher::SuffixIgnoreCase(text.clone()))
            }
            _ => refuse(path, format!("gives `{operator}` something that is not text")),
        },
        ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", _) => {
            refuse(path, format!("gives `{operator}` something that is not text"))
        }
        ("exists", _) => refuse(path, "gives `exists` something that is not true or false"),
        (other, _) => refuse(path, format!("uses `{other}`, which the local engine does not know")),
    }
}

fn anything_but(operand: &Value, path: &[String]) -> Result<Matcher, PatternError> {
    let list = match operand {
        Value::Array(items) if items.is_empty() => {
            return refuse(path, "gives `anything-but` an empty list");
        }
        Value::Array(items) => items.iter().map(|item| matcher(item, path)).collect(),
        Value::Object(map) => match map.iter().next() {
            // `{anything-but: {prefix: [a, b]}}`: each of the list on its own.
            Some((operator, Value::Array(items))) if map.len() == 1 => {
                items.iter().map(|item| text(operator, item, path)).collect()
            }
            Some((operator, operand)) if map.len() == 1 => {
                text(operator, operand, path).map(|matcher| vec![matcher])
            }
            _ => refuse(path, "gives `anything-but` more than one condition"),
        },
        Value::String(_) | Value::Number(_) => Ok(vec![Matcher::Exact(operand.clone())]),
        Value::Null | Value::Bool(_) => {
            refuse(path, "gives `anything-but` neither text nor a number")
        }
    };
    list.map(Matcher::AnythingBut)
}

fn numeric(list: &[Value], path: &[String]) -> Result<Matcher, PatternError> {
    let mut comparisons = Vec::new();
    for pair in list.chunks(2) {
        let sign = pair.first().and_then(Value::as_str).unwrap_or_default();
        let comparison = Comparison::ALL.iter().find(|(_, one)| *one == sign);
        let bound = pair.get(1).and_then(Value::as_f64);
        let (Some((comparison, _)), Some(bound)) = (comparison, bound) else {
            return refuse(path, "needs `numeric` as a comparison and a number, once or twice");
        };
        comparisons.push((*comparison, bound));
    }
    if comparisons.is_empty() || comparisons.len() > 2 {
        return refuse(path, "needs `numeric` as a comparison and a number, once or twice");
    }
    Ok(Matcher::Numeric(comparisons))
}
