//! Paths that stay below a root.

use std::path::{Component, Path, PathBuf};

/// `path` below its root, without `.` and `..`; a leading `/` means the root itself. `None` where it
/// leaves the root.
pub(crate) fn below_root(path: &Path) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => below.push(name),
            Component::ParentDir => {
                if !below.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::CurDir => (),
            Component::Prefix(_) => return None,
        }
    }
    Some(below)
}

/// Whether the symlink at `link`, a path below the root, names something below the root.
pub(crate) fn stays_inside(link: &Path, target: &Path) -> bool {
    let folder = link.parent().unwrap_or(Path::new(""));
    !target.is_absolute() && below_root(&folder.join(target)).is_some()
}

#[cfg(test)]
mod tests;
