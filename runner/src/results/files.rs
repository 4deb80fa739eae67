//! The files of `results/` that are delivered: plots, reports and whatever else is small.

use std::path::Path;

use super::FOLDER;
use crate::finished::Delivery;
use crate::tree::{Node, Tree};

/// The most files.
const MOST: usize = 64;

/// The largest file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The longest path of a file, in characters.
const LONGEST: usize = 200;

/// Chooses the files of `tree` that are delivered.
pub(super) fn choose(tree: &Tree, notes: &mut Vec<String>) -> Vec<Delivery> {
    let mut chosen = Vec::new();
    for (path, node) in tree {
        let Node::File { bytes, content, .. } = node else { continue };
        let reason = match name(path) {
            None => format!(
                "a name has letters, digits, _ . and -, {LONGEST} at most, and begins with no dot"
            ),
            Some(_) if *bytes > LARGEST => {
                format!("it has {bytes} bytes, where {LARGEST} is the most")
            }
            Some(_) if chosen.len() == MOST => format!("{MOST} files is the most"),
            Some(name) => match Delivery::of(name, content) {
                Ok(delivery) => {
                    chosen.push(delivery);
                    continue;
                }
                Err(error) => format!("{error:#}"),
            },
        };
        notes.push(format!("{FOLDER}/{} is not delivered: {reason}", path.display()));
    }
    chosen
}

/// The path as a name that is safe in a key; `None` where it is not.
fn name(path: &Path) -> Option<&str> {
    let name = path.to_str()?;
    let known =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/');
    let plain = name.split('/').all(|part| !part.starts_with('.'));
    (name.len() <= LONGEST && plain && name.bytes().all(known)).then_some(name)
}

#[cfg(test)]
mod tests;
