//! Multipart uploads: a folder per upload, a file per part, until they become one object.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use s3s::{S3Error, S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::staged::{self, Staged};
use super::version::Headers;
use crate::durable::write_json;
use crate::random;

/// What `upload.json` holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) headers: Headers,
}

/// A part that is here, in a file `<number>-<md5>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) md5: String,
    pub(super) size: u64,
    path: PathBuf,
}

/// Begins an upload and gives its id.
pub(super) fn create(bucket: &Bucket, upload: &Upload) -> io::Result<String> {
    let id = random::token();
    let folder = bucket.folder.join("uploads").join(&id);
    fs::create_dir(&folder)?;
    write_json(&folder.join("upload.json"), upload)?;
    Ok(id)
}

/// The upload with this id and its folder.
pub(super) fn open(bucket: &Bucket, id: &str, key: &str) -> S3Result<(Upload, PathBuf)> {
    let unknown = || s3_error!(NoSuchUpload, "The specified upload does not exist.");
    // An id is ours, and never a path; a dot may begin it.
    if id.contains('/') || id == "." || id == ".." {
        return Err(unknown());
    }
    let folder = bucket.folder.join("uploads").join(id);
    let record = fs::read(folder.join("upload.json")).map_err(|_| unknown())?;
    let upload: Upload = serde_json::from_slice(&record).map_err(S3Error::internal_error)?;
    if upload.key == key { Ok((upload, folder)) } else { Err(unknown()) }
}

/// Keeps a part; one that came before with this number is replaced.
pub(super) fn put(folder: &Path, number: u32, staged: &Staged) -> io::Result<()> {
    let before = parts(folder)?.into_iter().filter(|part| part.number == number);
    let path = folder.join(format!("{number:05}-{}", staged.md5));
    // The name says that the part is whole, so a crash must not leave half of it there.
    let new = folder.join(format!("{}.new", random::token()));
    staged.place(&new)?;
    fs::rename(new, &path)?;
    for old in before.filter(|part| part.path != path) {
        fs::remove_file(old.path)?;
    }
    Ok(())
}

/// The parts that are here, in the order of their numbers.
pub(super) fn parts(folder: &Path) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((number, md5)) = name.to_str().and_then(|name| name.split_once('-')) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        let (size, path) = (entry.metadata()?.len(), entry.path());
        parts.push(Part { number, md5: md5.to_owned(), size, path });
    }
    parts.sort_by_key(|part| part.number);
    Ok(parts)
}

/// Ends the upload without an object, or after it became one.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)
}

/// The smallest part that may have others behind it.
const SMALLEST: u64 = 5 * 1024 * 1024;

/// Picks the parts that the client names, in its order.
pub(super) fn choose(here: &[Part], named: &[(u32, String)]) -> S3Result<Vec<Part>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part."));
    }
    if named.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
    }
    let mut chosen = Vec::new();
    for (number, md5) in named {
        let part = here.iter().find(|part| part.number == *number && part.md5 == *md5);
        let missing =
            || s3_error!(InvalidPart, "Part {number} with this entity tag was not uploaded.");
        chosen.push(part.cloned().ok_or_else(missing)?);
    }
    let others = &chosen[..chosen.len() - 1];
    if others.iter().any(|part| part.size < SMALLEST) {
        return Err(s3_error!(EntityTooSmall, "Every part but the last must have 5 MiB at least."));
    }
    Ok(chosen)
}

/// Puts the parts together in a new file in `folder`.
pub(super) fn join(folder: &Path, parts: &[Part]) -> io::Result<Staged> {
    let mut staged = staged::join(folder, parts.iter().map(|part| &*part.path))?;
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(hex::decode(&part.md5).map_err(io::Error::other)?);
    }
    staged.md5 = format!("{}-{}", hex::encode(md5.finalize()), parts.len());
    Ok(staged)
}
