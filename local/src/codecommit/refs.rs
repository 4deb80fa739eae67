//! Where the branches of a bare repository point, read as git stores it.
//!
//! Files and not git itself: an answer then takes neither a process nor time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Branches with the commit that each points to.
pub(super) type Branches = BTreeMap<String, String>;

const HEADS: &str = "refs/heads/";

/// The branches of the bare repository in `path`.
pub(super) fn branches(path: &Path) -> io::Result<Branches> {
    let mut branches = packed(path)?;
    // A loose one is newer than the packed one of its name.
    loose(&path.join(HEADS), "", &mut branches)?;
    Ok(branches)
}

/// A line each, `<commit> refs/heads/<name>`, between comments and what tags peel to.
fn packed(path: &Path) -> io::Result<Branches> {
    let text = match std::fs::read_to_string(path.join("packed-refs")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let branch = |line: &str| {
        let (commit, name) = line.split_once(' ')?;
        Some((name.strip_prefix(HEADS)?.to_owned(), commit.to_owned()))
    };
    Ok(text.lines().filter_map(branch).collect())
}

fn loose(folder: &Path, before: &str, branches: &mut Branches) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    for entry in entries {
        let entry = entry?;
        let file_name = entry.file_name();
        // Git writes `<name>.lock` beside a reference that it is about to change.
        let Some(name) = file_name.to_str().filter(|name| !name.ends_with(".lock")) else {
            continue;
        };
        let name = format!("{before}{name}");
        if entry.file_type()?.is_dir() {
            loose(&entry.path(), &format!("{name}/"), branches)?;
            continue;
        }
        match std::fs::read_to_string(entry.path()) {
            Ok(commit) => {
                branches.insert(name, commit.trim().to_owned());
            }
            // Deleted since the folder was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
