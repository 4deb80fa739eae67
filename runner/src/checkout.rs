//! `checkout`: the tree at one commit, as an archive, and the definition in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use signalbox_pipeline::names::{BranchName, CommitSha};
use signalbox_pipeline::order::files::{DEFINITION, SOURCE};

use crate::attempt::Attempt;
use crate::fault::Fault;
use crate::finished::{Delivery, Finished, Results};
use crate::path::stays_inside;
use crate::tree::{self, Node, Tree};

mod git;

use git::Git;

/// The largest definition, in bytes.
const LARGEST_DEFINITION: u64 = 64 * 1024;

/// What the order asks for.
pub(crate) struct Wanted<'a> {
    pub(crate) clone_url: &'a str,
    pub(crate) commit: &'a CommitSha,
    pub(crate) branch: &'a BranchName,
}

/// Fetches the commit, and delivers its tree and its definition.
pub(crate) async fn checkout(
    attempt: &mut Attempt,
    wanted: &Wanted<'_>,
) -> Result<Finished, Fault> {
    // They outlive this function, because they are delivered after it; the container's end removes them.
    let scratch = attempt.scratch()?;
    let folder = scratch.join("tree");
    let mut git = Git::init(attempt, &folder).await?;
    git.fetch(wanted).await?;
    let (committed, commit) = git.check_out(wanted.commit).await?;
    let usage = git.usage();

    let definition = definition(&folder, wanted.commit)?;
    let mut notes = Vec::new();
    if folder.join(".gitmodules").exists() {
        notes.push("the repository has submodules, which are not fetched".to_owned());
    }
    let archive = scratch.join(SOURCE);
    pack(&folder, &archive, committed, &mut notes)?;
    let files = vec![Delivery::of(SOURCE, &archive)?, Delivery::of(DEFINITION, &definition)?];
    attempt
        .log
        .say(format_args!("packed commit {} ({} bytes)", wanted.commit, files[0].file.bytes));
    Ok(Finished {
        usage,
        results: Results { files, notes, ..Results::default() },
        commit: Some(commit),
        ..Finished::default()
    })
}

/// The definition at the root, if it is one that will be read.
fn definition(folder: &Path, commit: &CommitSha) -> Result<PathBuf, Fault> {
    let path = folder.join(DEFINITION);
    match fs::symlink_metadata(&path) {
        Err(_) => Err(Fault::content(format!(
            "the repository has no {DEFINITION} at its root (commit {}); add one, `signalbox validate` checks it",
            commit.short()
        ))),
        Ok(metadata) if !metadata.is_file() => Err(Fault::content(format!(
            "{DEFINITION} is not a plain file; put the definition itself at the root"
        ))),
        Ok(metadata) if metadata.len() > LARGEST_DEFINITION => Err(Fault::content(format!(
            "{DEFINITION} has {} bytes, where {LARGEST_DEFINITION} is the most; move scripts into files of their own",
            metadata.len()
        ))),
        Ok(_) => Ok(path),
    }
}

/// Packs the tree so that the same commit always gives the same bytes.
fn pack(folder: &Path, archive: &Path, mtime: u64, notes: &mut Vec<String>) -> Result<(), Fault> {
    let mut tree = tree::read(folder, |path, node| match node {
        _ if path == Path::new(".git") => false,
        Node::Link { target } if !stays_inside(path, target) => {
            let (path, target) = (path.display(), target.display());
            notes.push(format!(
                "the link {path} names {target}, outside of the repository, and is left out"
            ));
            false
        }
        _ => true,
    })
    .map_err(|error| Fault::content(format!("the tree cannot be packed: {error:#}")))?;
    as_git_has_it(&mut tree);
    let file = fs::File::create(archive)
        .with_context(|| format!("{} cannot be written", archive.display()))?;
    let packed = zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL).context("zstd")?;
    let packed = tree::write_tar(&tree, mtime, packed)
        .map_err(|error| Fault::content(format!("the tree cannot be packed: {error:#}")))?;
    packed.finish().context("the archive cannot be written")?;
    Ok(())
}

/// Git knows of a mode only whether a file is executable; the rest is this machine's umask.
fn as_git_has_it(tree: &mut Tree) {
    for node in tree.values_mut() {
        match node {
            Node::Folder { mode } => *mode = 0o755,
            Node::File { mode, .. } => *mode = if *mode & 0o100 == 0 { 0o644 } else { 0o755 },
            Node::Link { .. } => (),
        }
    }
}

#[cfg(test)]
mod tests;
