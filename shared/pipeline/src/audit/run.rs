//! The audit of a run.

use serde_json::Value;

use super::{Finding, chain, differences, of_commit, placed, read};
use crate::keys;
use crate::register::Entry;
use crate::run::fact::Origin;
use crate::run::{Run, SCHEMA};

/// The run with these `bytes` under `key`.
pub(super) fn audit(key: &str, bytes: &[u8]) -> Result<Run, Vec<Finding>> {
    let value = read::json(bytes)?;
    read::schema(&value, SCHEMA)?;
    let run: Run = serde_json::from_slice(bytes).map_err(|error| unread(&value, &error))?;
    let mut findings = chain::findings(run.register.entries());
    findings.extend(fold(&run));
    findings.extend(schema(&run));
    findings.extend(sealed(&run));
    let mut more =
        |checked: Result<(), Vec<Finding>>| findings.extend(checked.err().into_iter().flatten());
    more(placed(key, &keys::state::run(&run.pipeline, &run.id)));
    more(match &run.state.trigger.origin {
        Origin::Image { digest, .. } => of_commit(run.id.short_sha(), keys::image_short(digest)),
        _ => of_commit(run.id.short_sha(), run.state.trigger.commit.short()),
    });
    more(read::same(bytes, &value, &run));
    if findings.is_empty() { Ok(run) } else { Err(findings) }
}

/// Which entry it is that cannot be read, where it is one.
fn unread(value: &Value, error: &serde_json::Error) -> Vec<Finding> {
    let entries = value.get("register").and_then(Value::as_array);
    let faulty = (1..).zip(entries.into_iter().flatten()).find_map(|(seq, entry)| {
        let error = serde_json::from_value::<Entry>(entry.clone()).err()?;
        Some(Finding::entry(seq, format!("it cannot be read: {error}")))
    });
    vec![faulty.unwrap_or_else(|| Finding::document(format!("it cannot be read: {error}")))]
}

fn fold(run: &Run) -> Option<Finding> {
    let state = match Run::fold(run.register.entries()) {
        Ok(state) => state,
        Err(error) => {
            let mut what = format!("the register does not fold: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                what.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            return Some(Finding::document(what));
        }
    };
    let differs = differences::of("state", &run.state, &state)?;
    Some(Finding::document(format!("the state is not what the register folds to: {differs}")))
}

/// A document bears the first schema that can hold its facts.
fn schema(run: &Run) -> Option<Finding> {
    let needed = run.register.entries().iter().map(|entry| entry.fact.schema()).max()?;
    (run.schema != needed)
        .then(|| Finding::document(format!("it has schema {}, and must have {needed}", run.schema)))
}

/// Documents of before there were seals have none.
fn sealed(run: &Run) -> Option<Finding> {
    let seal = run.seal.as_ref()?;
    (*seal != run.sealed()).then(|| {
        Finding::document(
            "the seal does not fit: revision, write_id, id, pipeline, a pending effect or the last \
             entry was altered, or the last entry was removed",
        )
    })
}
