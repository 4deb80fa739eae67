//! Says why an event did not match.

use std::fmt;

use serde_json::Value;

use super::{Field, Object, Pattern};

/// A field in which pattern and event differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The field, such as `detail.status`.
    pub field: String,
    /// What the pattern wants there, as it is written.
    pub wanted: String,
    /// What the event has there; nothing where it has no such field.
    pub found: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` wants one of {} and the event has ", self.field, self.wanted)?;
        match &self.found {
            Some(found) => f.write_str(found),
            None => f.write_str("no such field"),
        }
    }
}

impl Pattern {
    /// Every field in which `event` differs, in the pattern's order; none when it matches.
    #[must_use]
    pub fn mismatches(&self, event: &Value) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        self.0.mismatches(Some(event), "", &mut mismatches);
        mismatches
    }
}

impl Object {
    fn mismatches(&self, value: Option<&Value>, path: &str, out: &mut Vec<Mismatch>) {
        for (key, field) in &self.fields {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let value = value.and_then(|value| value.get(key));
            if field.matches(value) {
                continue;
            }
            match field {
                Field::Object(object) => object.mismatches(value, &path, out),
                Field::Values(matchers) => {
                    let wanted = matchers.iter().map(super::Matcher::to_json).collect();
                    out.push(Mismatch {
                        field: path,
                        wanted: Value::Array(wanted).to_string(),
                        found: value.map(shortened),
                    });
                }
            }
        }
        if let Some(Value::Object(map)) = value {
            for group in &self.alternatives {
                if !group.iter().any(|one| one.matches_map(map)) {
                    let field = if path.is_empty() { "$or".into() } else { format!("{path}.$or") };
                    let wanted = format!("{} alternatives", group.len());
                    out.push(Mismatch { field, wanted, found: Some("none of them".to_owned()) });
                }
            }
        }
    }
}

/// A value for a sentence: a whole job description would drown it.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
