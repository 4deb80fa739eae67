//! A tree of files as an archive: the same tree gives the same bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tar::{Builder, EntryType, Header};

/// The most that a tree may hold, in bytes.
pub(crate) const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// The most files, folders and links of a tree.
pub(crate) const MOST_ENTRIES: usize = 100_000;

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A folder.
    Folder {
        /// Its permissions.
        mode: u32,
    },
    /// A file.
    File {
        /// Its permissions.
        mode: u32,
        /// Its size.
        bytes: u64,
        /// Where its content lies.
        content: PathBuf,
    },
    /// A symbolic link.
    Link {
        /// What it names.
        target: PathBuf,
    },
}

/// Entries by path, relative to the root; a folder comes before what it holds.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

/// The entry at `path`, itself and not what it links to; `None` for sockets, pipes and devices.
pub(crate) fn node(path: &Path) -> anyhow::Result<Option<Node>> {
    let unread = || format!("{} cannot be read", path.display());
    let metadata = fs::symlink_metadata(path).with_context(unread)?;
    let mode = metadata.mode() & 0o777;
    Ok(if metadata.is_symlink() {
        Some(Node::Link { target: fs::read_link(path).with_context(unread)? })
    } else if metadata.is_dir() {
        Some(Node::Folder { mode })
    } else if metadata.is_file() {
        Some(Node::File { mode, bytes: metadata.len(), content: path.to_owned() })
    } else {
        None
    })
}

/// The tree below `root`; what `wanted` does not want is left out, a folder with all it holds.
pub(crate) fn read(
    root: &Path,
    mut wanted: impl FnMut(&Path, &Node) -> bool,
) -> anyhow::Result<Tree> {
    let mut tree = Tree::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let entries =
            fs::read_dir(&path).with_context(|| format!("{} cannot be listed", path.display()))?;
        for entry in entries {
            let below = folder.join(entry?.file_name());
            let Some(node) = node(&root.join(&below))? else { continue };
            if !wanted(&below, &node) {
                continue;
            }
            if matches!(node, Node::Folder { .. }) {
                folders.push(below.clone());
            }
            tree.insert(below, node);
            if tree.len() > MOST_ENTRIES {
                bail!(
                    "more than {MOST_ENTRIES} files; leave out what does not belong into the repository"
                );
            }
        }
    }
    Ok(tree)
}

/// Writes `tree` as a tar archive in which everything belongs to root and was changed at `mtime`.
pub(crate) fn write_tar<W: Write>(tree: &Tree, mtime: u64, writer: W) -> anyhow::Result<W> {
    let bytes: u64 = tree
        .values()
        .map(|node| if let Node::File { bytes, .. } = node { *bytes } else { 0 })
        .sum();
    if bytes > MOST_BYTES {
        bail!(
            "{bytes} bytes, where {MOST_BYTES} is the most; keep data in S3 and not in the repository"
        );
    }
    let mut archive = Builder::new(writer);
    for (path, node) in tree {
        append(&mut archive, path, node, mtime)
            .with_context(|| format!("{} cannot be packed", path.display()))?;
    }
    Ok(archive.into_inner()?)
}

fn append<W: Write>(
    archive: &mut Builder<W>,
    path: &Path,
    node: &Node,
    mtime: u64,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(mtime);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    match node {
        Node::Folder { mode } => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(*mode);
            archive.append_data(&mut header, path.join(""), io::empty())
        }
        Node::File { mode, bytes, content } => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(*mode);
            header.set_size(*bytes);
            archive.append_data(&mut header, path, File::open(content)?.take(*bytes))
        }
        Node::Link { target } => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            archive.append_link(&mut header, path, target)
        }
    }
}
