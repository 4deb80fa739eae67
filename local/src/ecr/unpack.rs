//! Layers on disk: whiteouts carried out, nothing outside the image's root ever touched.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use tar::{Archive, Entry, EntryType};

/// The most that an image may hold once unpacked.
const MAX_BYTES: u64 = 32 << 30;
const MAX_ENTRIES: u64 = 2_000_000;
/// Symbolic links followed for one path, as in Linux.
const MAX_LINKS: usize = 40;

/// What may still be unpacked.
struct Allowance {
    bytes: u64,
    entries: u64,
}

/// Unpacks `layers`, lowest first, into `root`.
pub(crate) fn layers(layers: &[PathBuf], root: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(root)?;
    let mut allowance = Allowance { bytes: MAX_BYTES, entries: MAX_ENTRIES };
    for layer in layers {
        let name = layer.file_name().unwrap_or_default().display().to_string();
        one_layer(layer, root, &mut allowance).with_context(|| format!("layer sha256:{name}"))?;
    }
    Ok(())
}

fn one_layer(layer: &Path, root: &Path, allowance: &mut Allowance) -> anyhow::Result<()> {
    let mut file = BufReader::new(fs::File::open(layer).context("it is not in the registry")?);
    let magic = io::BufRead::fill_buf(&mut file)?;
    let content: Box<dyn Read> = if magic.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(zstd::Decoder::with_buffer(file)?)
    } else {
        Box::new(file)
    };
    let mut placed = HashSet::new();
    for entry in Archive::new(content).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        allowance.entries =
            allowance.entries.checked_sub(1).context("the image has too many files")?;
        allowance.bytes =
            allowance.bytes.checked_sub(entry.size()).context("the image is too large")?;
        place(&mut entry, &path, root, &mut placed)
            .with_context(|| format!("entry {}", path.display()))?;
    }
    Ok(())
}

/// `placed` is what this layer has put in place so far: its whiteouts hide only what lies below it.
fn place(
    entry: &mut Entry<'_, impl Read>,
    path: &Path,
    root: &Path,
    placed: &mut HashSet<PathBuf>,
) -> anyhow::Result<()> {
    let Some((parent, name)) = split(path)? else { return Ok(()) };
    let parent = resolve(root, &parent)?;
    if let Some(hidden) = name.strip_prefix(".wh.") {
        return whiteout(&parent, hidden, placed);
    }
    fs::create_dir_all(&parent)?;
    let target = parent.join(&name);
    placed.extend(target.ancestors().take_while(|one| *one != root).map(Path::to_path_buf));
    let mode = entry.header().mode()? & 0o777;
    match entry.header().entry_type() {
        EntryType::Directory => {
            if !target.symlink_metadata().is_ok_and(|about| about.is_dir()) {
                clear(&target)?;
                fs::create_dir(&target)?;
            }
            // The owner must be able to fill it, and to remove it when the job is over.
            fs::set_permissions(&target, fs::Permissions::from_mode(mode | 0o700))?;
        }
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            clear(&target)?;
            io::copy(entry, &mut fs::File::create_new(&target)?)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(mode | 0o400))?;
        }
        EntryType::Symlink => {
            clear(&target)?;
            symlink(entry.link_name()?.context("a link without a target")?, &target)?;
        }
        EntryType::Link => {
            let link = entry.link_name()?.context("a link without a target")?;
            let (parent, name) = split(&link)?.context("a link to the root")?;
            let source = resolve(root, &parent)?.join(name);
            if source != target {
                clear(&target)?;
                fs::hard_link(source, &target)?;
            }
        }
        // Devices and pipes need rights that the engine has not; a container runtime makes its own.
        _ => {}
    }
    Ok(())
}

/// Parent and name of an entry, without `.`; an entry that climbs is refused. `None` is the root.
fn split(path: &Path) -> anyhow::Result<Option<(PathBuf, String)>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str().context("the name is not UTF-8")?),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => bail!("it leaves the image"),
        }
    }
    let Some(name) = parts.pop() else { return Ok(None) };
    Ok(Some((parts.iter().collect(), name.to_owned())))
}

fn whiteout(parent: &Path, hidden: &str, placed: &HashSet<PathBuf>) -> anyhow::Result<()> {
    if hidden != ".wh..opq" {
        ensure!(!hidden.is_empty() && hidden != "." && hidden != "..", "a whiteout of nothing");
        return hide(&parent.join(hidden), placed);
    }
    if parent.is_dir() {
        for entry in fs::read_dir(parent)? {
            hide(&entry?.path(), placed)?;
        }
    }
    Ok(())
}

/// Removes what lower layers put at `path`.
fn hide(path: &Path, placed: &HashSet<PathBuf>) -> anyhow::Result<()> {
    if !placed.contains(path) {
        return clear(path);
    }
    if path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
        for entry in fs::read_dir(path)? {
            hide(&entry?.path(), placed)?;
        }
    }
    Ok(())
}

/// Removes whatever is at `path`, never what a link there points to.
fn clear(path: &Path) -> anyhow::Result<()> {
    match path.symlink_metadata() {
        Ok(about) if about.is_dir() => Ok(fs::remove_dir_all(path)?),
        Ok(_) => Ok(fs::remove_file(path)?),
        Err(_) => Ok(()),
    }
}

/// Where `path` is below `root`, its links followed as if `root` were `/`.
pub(crate) fn resolve(root: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let mut links = 0;
    let mut todo: Vec<PathBuf> =
        path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect();
    let mut at = root.to_path_buf();
    while let Some(part) = todo.pop() {
        match part.components().next() {
            Some(Component::RootDir) => root.clone_into(&mut at),
            Some(Component::ParentDir) if at != root => {
                at.pop();
            }
            Some(Component::Normal(name)) => {
                let next = at.join(name);
                if next.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
                    links += 1;
                    ensure!(links <= MAX_LINKS, "too many symbolic links in {}", path.display());
                    let target = fs::read_link(&next)?;
                    todo.extend(
                        target.components().rev().map(|part| PathBuf::from(part.as_os_str())),
                    );
                } else {
                    at = next;
                }
            }
            _ => {}
        }
    }
    Ok(at)
}
