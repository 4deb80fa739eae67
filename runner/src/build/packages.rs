//! The packages of a build: files of the tree that are kept by their content.

use std::path::Path;

use glob::{MatchOptions, Pattern};
use signalbox_pipeline::report::MOST_PACKAGES;

use crate::fault::Fault;
use crate::finished::Delivery;
use crate::tree::{self, Node};

/// The largest package, in bytes: a function copies it while it waits.
const LARGEST: u64 = 512 * 1024 * 1024;

/// `*` stops at a folder's border.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files below `folder` that `patterns` name. Each of them has to name one.
pub(super) fn choose(folder: &Path, patterns: &[String]) -> Result<Vec<Delivery>, Fault> {
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let tree = tree::read(folder, |path, _| path != Path::new(".git"))?;
    let mut chosen: Vec<Delivery> = Vec::new();
    for text in patterns {
        let refused = |what: &str| Fault::refused(format!("build.artifacts {text} {what}"));
        let pattern = Pattern::new(text).map_err(|error| refused(error.msg))?;
        let mut found = 0;
        for (path, node) in tree.iter().filter(|(path, _)| pattern.matches_path_with(path, OPTIONS))
        {
            let Node::File { bytes, content, .. } = node else { continue };
            found += 1;
            let shown = path.display();
            if *bytes > LARGEST {
                let what = format!("names {shown} of {bytes} bytes, where {LARGEST} is the most");
                return Err(refused(&what));
            }
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let delivery = Delivery::of(name, content)?;
            if !delivery.file.is_package() {
                let what = format!(
                    "names {shown}: a package's name has letters, digits, . _ - and +, 200 at most"
                );
                return Err(refused(&what));
            }
            if !chosen.iter().any(|other| other.file == delivery.file) {
                chosen.push(delivery);
            }
        }
        if found == 0 {
            return Err(refused("names no file that is there once `build.run` has ended"));
        }
        if chosen.len() > MOST_PACKAGES {
            return Err(refused(&format!("names too many files: {MOST_PACKAGES} is the most")));
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests;
