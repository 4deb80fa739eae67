//! The image of a job, unpacked where the job runs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Inner;
use super::job::Job;
use crate::ecr::{Process, Pulled};
use crate::random;

/// An image whose layers lie in a folder of the job.
pub(crate) struct Unpacked {
    pub(crate) root: PathBuf,
    pub(crate) process: Process,
}

/// Gets the job's image into `folder`. `None` when the image lives in another registry, which
/// this engine does not ask: such a job finds this machine's programs only, and is told so.
pub(crate) async fn prepare(
    inner: &Arc<Inner>,
    job: &Job,
    folder: &Path,
) -> Result<Option<Unpacked>, String> {
    let image = job.main().and_then(|main| main["image"].as_str()).unwrap_or_default();
    let Some(reference) = inner.config.images.reference(image) else {
        note(
            folder,
            &format!(
                "{image} is not an image of the local registry: this machine's programs are used."
            ),
        );
        return Ok(None);
    };
    let pulled = inner
        .config
        .images
        .pull(&reference)
        .map_err(|error| format!("CannotPullContainerError: {error}"))?;
    let (images, root) = (inner.images.clone(), folder.join("image"));
    let process = pulled.process.clone();
    let to = root.clone();
    let copied = tokio::task::spawn_blocking(move || copy_of(&pulled, &images, &to)).await;
    copied
        .map_err(|error| error.to_string())
        .and_then(|copied| copied.map_err(|error| format!("{error:#}")))
        .map_err(|reason| format!("CannotPullContainerError: {image}: {reason}"))?;
    note(
        folder,
        &format!(
            "{image} is unpacked here; what its base would bring, and absolute paths, are this machine's."
        ),
    );
    Ok(Some(Unpacked { root, process }))
}

/// Unpacks each image once, and gives each job a copy of its own that it may change.
fn copy_of(pulled: &Pulled, images: &Path, to: &Path) -> anyhow::Result<()> {
    let kept = images.join(pulled.digest.hex());
    if !kept.exists() {
        let new = images.join(format!("{}.new", random::uuid()));
        let unpacked = pulled.unpack(&new);
        if unpacked.is_err() {
            // What there is of it is of no use, and the first error is the one to tell.
            let _ = fs::remove_dir_all(&new);
        }
        unpacked?;
        if fs::rename(&new, &kept).is_err() && kept.exists() {
            // Another job of the same image was faster.
            fs::remove_dir_all(&new)?;
        }
    }
    copy(&kept, to)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    Ok(())
}

/// Writes a line of the engine's own into the job's log.
fn note(folder: &Path, line: &str) {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join(super::LOG));
    if let Err(error) = log.and_then(|mut log| writeln!(log, "[batch] {line}")) {
        tracing::warn!(folder = %folder.display(), %error, "a job's log cannot be written");
    }
}
