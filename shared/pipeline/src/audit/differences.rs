//! Where two documents that should be the same differ.

use serde::Serialize;
use serde_json::Value;

/// As much of a value as is shown.
const SHOWN: usize = 80;

/// The first place in which `stands`, what was found, differs from `belongs`, and how many follow.
pub(super) fn of(name: &str, stands: &impl Serialize, belongs: &impl Serialize) -> Option<String> {
    let value = |of: serde_json::Result<Value>| of.unwrap_or_default();
    let stands = value(serde_json::to_value(stands));
    let belongs = value(serde_json::to_value(belongs));
    let mut all = Vec::new();
    compare(name, Some(&stands), Some(&belongs), &mut all);
    let first = all.first()?;
    Some(match all.len() - 1 {
        0 => first.clone(),
        more => format!("{first} (and {more} more)"),
    })
}

fn compare(path: &str, stands: Option<&Value>, belongs: Option<&Value>, all: &mut Vec<String>) {
    match (stands, belongs) {
        (Some(Value::Object(stands)), Some(Value::Object(belongs))) => {
            for (name, value) in stands {
                compare(&below(path, name), Some(value), belongs.get(name), all);
            }
            for (name, value) in belongs.iter().filter(|(name, _)| !stands.contains_key(*name)) {
                compare(&below(path, name), None, Some(value), all);
            }
        }
        (Some(Value::Array(stands)), Some(Value::Array(belongs))) => {
            for index in 0..stands.len().max(belongs.len()) {
                let path = format!("{path}[{index}]");
                compare(&path, stands.get(index), belongs.get(index), all);
            }
        }
        (stands, belongs) if stands == belongs => {}
        (stands, belongs) => {
            all.push(format!("{path} is {} and must be {}", shown(stands), shown(belongs)));
        }
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
