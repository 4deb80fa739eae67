//! `data.json`: what a job says about data, held against a stored profile of the same form.
//!
//! What comes of it are numbers that gates can read, under `data.…`, and the worst offenders by
//! name, which a gate that fails repeats.

use std::fs;
use std::path::Path;

use super::FOLDER;
use crate::fault::one_line;
use crate::finished::Results;
use crate::tree::{Node, Tree};

mod compare;
mod form;
mod psi;

use compare::Numbers;
use form::Described;

/// The file's name.
const FILE: &str = "data.json";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The first part of the names of all that comes of it.
const GROUP: &str = "data";

/// Adds to `results` what `data.json` says, held against the file `profile` of `folder`.
pub(super) fn add(tree: &Tree, folder: &Path, profile: Option<&str>, results: &mut Results) {
    let report = tree.get(Path::new(FILE));
    if report.is_none() && profile.is_none() {
        return;
    }
    reserve(results);
    match numbers(report, folder, profile) {
        Ok(numbers) => numbers.into_results(GROUP, results),
        Err(reason) => {
            results.evidence.insert(GROUP.to_owned(), reason.clone());
            results.notes.push(reason);
        }
    }
}

/// Leaves out what the job says itself under the names that are computed here.
fn reserve(results: &mut Results) {
    let Results { metrics, notes, .. } = results;
    metrics.retain(|name, _| {
        let is_own = name.split('.').next() == Some(GROUP);
        if is_own {
            notes.push(format!("metric {name} is left out: such names are for {FOLDER}/{FILE}"));
        }
        !is_own
    });
}

fn numbers(report: Option<&Node>, folder: &Path, profile: Option<&str>) -> Result<Numbers, String> {
    let name = format!("{FOLDER}/{FILE}");
    let Some(Node::File { content, .. }) = report else {
        return Err(format!("the job left no {name} to hold against its `profile`"));
    };
    let report = described(content, &name)?;
    let profile = profile.map(|name| described(&folder.join(name), name)).transpose()?;
    Ok(compare::compare(&report, profile.as_ref()))
}

fn described(path: &Path, name: &str) -> Result<Described, String> {
    let unread = |error: &dyn std::fmt::Display| {
        one_line(
            &format!("{name} cannot be read: {error}"),
            signalbox_pipeline::report::LONGEST_EVIDENCE,
        )
    };
    let bytes = fs::metadata(path).map_err(|error| unread(&error))?.len();
    if bytes > LARGEST {
        return Err(unread(&format_args!("it has {bytes} bytes, where {LARGEST} is the most")));
    }
    let text = fs::read_to_string(path).map_err(|error| unread(&error))?;
    Described::read(&text).map_err(|error| unread(&error))
}

#[cfg(test)]
mod tests;
