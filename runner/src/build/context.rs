//! The build context: what `COPY` can reach.

use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::path::below_root;
use crate::tree::{self, Node, Tree};

/// As Docker matches: a `*` stays inside one name.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// How many links in a row are followed.
const MOST_LINKS: usize = 8;

/// The files of the context without those that `.dockerignore` names.
///
/// Everything is looked up in this tree, so nothing outside of it can be reached through links.
pub(super) struct Context {
    tree: Tree,
}

impl Context {
    /// Reads the context below `root`. A `.dockerignore` of the Dockerfile's own comes before the common one.
    pub(super) fn read(root: &Path, dockerfile: &Path) -> anyhow::Result<Self> {
        let own = PathBuf::from(format!("{}.dockerignore", dockerfile.display()));
        let text =
            fs::read_to_string(own).or_else(|_| fs::read_to_string(root.join(".dockerignore")));
        let ignored = Ignored::parse(&text.unwrap_or_default())?;
        let mut tree = tree::read(root, |path, _| ignored.has_exceptions || !ignored.holds(path))?;
        if ignored.has_exceptions {
            let kept: Vec<_> = tree.keys().filter(|path| !ignored.holds(path)).cloned().collect();
            tree.retain(|path, _| kept.iter().any(|kept| kept.starts_with(path)));
        }
        Ok(Self { tree })
    }

    /// The paths that `source` of a `COPY` means: one, or those that match where it has wildcards.
    ///
    /// `Err` says why there is none.
    pub(super) fn find(&self, source: &str) -> Result<Vec<PathBuf>, String> {
        let path = below_root(Path::new(source)).ok_or("it is outside of the build context")?;
        if path.as_os_str().is_empty() || self.tree.contains_key(&path) {
            return Ok(vec![path]);
        }
        let missing =
            || "it is not in the build context (or .dockerignore leaves it out)".to_owned();
        if !source.contains(['*', '?', '[']) {
            return Err(missing());
        }
        let pattern = Pattern::new(&path.to_string_lossy()).map_err(|error| error.to_string())?;
        let matching = |path: &&PathBuf| pattern.matches_path_with(path, MATCHING);
        let found: Vec<_> = self.tree.keys().filter(matching).cloned().collect();
        if found.is_empty() { Err(missing()) } else { Ok(found) }
    }

    /// What is at `path`, with links followed inside the context; `None` for the context's root.
    pub(super) fn node(&self, path: &Path) -> Result<Option<(PathBuf, &Node)>, String> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            if path.as_os_str().is_empty() {
                return Ok(None);
            }
            match self.tree.get(&path) {
                Some(Node::Link { target }) => {
                    let folder = path.parent().unwrap_or(Path::new(""));
                    let inside =
                        (!target.is_absolute()).then(|| below_root(&folder.join(target))).flatten();
                    path = inside.ok_or_else(|| {
                        format!("it links to {}, outside of the context", target.display())
                    })?;
                }
                Some(node) => return Ok(Some((path, node))),
                None => {
                    return Err(format!(
                        "it links to {}, which is not in the context",
                        path.display()
                    ));
                }
            }
        }
        Err("its links have no end".to_owned())
    }

    /// Everything below `folder`, by its path below `folder`.
    pub(super) fn below<'a>(
        &'a self,
        folder: &'a Path,
    ) -> impl Iterator<Item = (&'a Path, &'a Node)> {
        self.tree.iter().filter_map(move |(path, node)| {
            let below = path.strip_prefix(folder).ok()?;
            (!below.as_os_str().is_empty()).then_some((below, node))
        })
    }
}

/// The rules of a `.dockerignore`, of which the last that matches holds.
struct Ignored {
    rules: Vec<(bool, Pattern)>,
    has_exceptions: bool,
}

impl Ignored {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut rules = Vec::new();
        for line in
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (ignored, pattern) = match line.strip_prefix('!') {
                Some(exception) => (false, exception.trim()),
                None => (true, line),
            };
            let Some(pattern) =
                below_root(Path::new(pattern)).filter(|path| path.as_os_str() != "")
            else {
                continue;
            };
            let pattern = Pattern::new(&pattern.to_string_lossy())
                .map_err(|error| anyhow::anyhow!(".dockerignore: {line}: {error}"))?;
            rules.push((ignored, pattern));
        }
        let has_exceptions = rules.iter().any(|(ignored, _)| !ignored);
        Ok(Self { rules, has_exceptions })
    }

    fn holds(&self, path: &Path) -> bool {
        let matches = |pattern: &Pattern| {
            path.ancestors()
                .any(|path| path.as_os_str() != "" && pattern.matches_path_with(path, MATCHING))
        };
        self.rules
            .iter()
            .rev()
            .find(|(_, pattern)| matches(pattern))
            .is_some_and(|(ignored, _)| *ignored)
    }
}

#[cfg(test)]
mod tests;
