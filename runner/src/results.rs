//! What a command left in `results/`: test cases, metrics, what it says about data and of its model,
//! and files to deliver.
//!
//! Nothing here is fatal: what cannot be read is left out with a note.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::finished::Results;
use crate::tree::{self, Node, Tree};

mod data;
mod files;
mod junit;
mod metrics;
mod signature;

pub use junit::cases;
pub use metrics::numbers;

/// The folder, below the one that the command works in.
const FOLDER: &str = "results";

/// What was in `results/` before the command began, and so is none of its results.
#[derive(Debug, Default)]
pub(crate) struct Before(BTreeMap<PathBuf, Stamp>);

/// Changes whenever a file is written or replaced.
type Stamp = (u64, i64, i64);

impl Before {
    /// What is there now, in the folder that the command will work in.
    pub(crate) fn of(folder: &Path) -> Self {
        let tree = read(folder, &mut Vec::new());
        Self(
            tree.into_values()
                .filter_map(content)
                .filter_map(|path| stamp(&path).map(|stamp| (path, stamp)))
                .collect(),
        )
    }

    fn holds(&self, path: &Path) -> bool {
        self.0.get(path).is_some_and(|before| stamp(path) == Some(*before))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

fn content(node: Node) -> Option<PathBuf> {
    match node {
        Node::File { content, .. } => Some(content),
        Node::Folder { .. } | Node::Link { .. } => None,
    }
}

/// Collects the results of a command that worked in `folder`; what it says about data is held against
/// the file `profile` there.
pub(crate) fn collect(folder: &Path, before: &Before, profile: Option<&str>) -> Results {
    let mut results = Results::default();
    let mut tree = read(folder, &mut results.notes);
    tree.retain(|name, node| match node {
        Node::Folder { .. } => false,
        Node::Link { .. } => {
            results
                .notes
                .push(format!("{FOLDER}/{} is a symbolic link and is left out", name.display()));
            false
        }
        Node::File { content, .. } if before.holds(content) => {
            results.notes.push(format!(
                "{FOLDER}/{} was there before the command began and is left out",
                name.display()
            ));
            false
        }
        Node::File { .. } => true,
    });
    results.tests = junit::count(&tree, &mut results.notes);
    results.metrics = metrics::read(&tree, &mut results.notes);
    data::add(&tree, folder, profile, &mut results);
    signature::add(&tree, &mut results);
    results.files = files::choose(&tree, &mut results.notes);
    results
}

fn read(folder: &Path, notes: &mut Vec<String>) -> Tree {
    let folder = folder.join(FOLDER);
    if !folder.is_dir() {
        return Tree::new();
    }
    tree::read(&folder, |_, _| true).unwrap_or_else(|error| {
        notes.push(format!("{FOLDER}/ is left out: {error:#}"));
        Tree::new()
    })
}
