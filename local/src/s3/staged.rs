//! A body on its way in: it is complete and checked before it becomes an object.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt;
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};

use super::stored::Stored;
use super::version::Checksums;
use crate::random;

/// A body of this size is not held in memory any more, but written as it comes.
const SMALL: usize = 256 * 1024;

/// A complete body, on its way to where it will lie.
#[derive(Debug)]
pub(super) struct Staged {
    content: Content,
    pub(super) size: u64,
    /// MD5 of the body, in hex.
    pub(super) md5: String,
    pub(super) checksums: Checksums,
}

#[derive(Debug)]
enum Content {
    /// A small body has no file of its own.
    Held(Vec<u8>),
    /// A large one has a file by then, which is renamed.
    Spilt(Spilt),
}

impl Staged {
    /// The bytes of a small body, which can lie beside others.
    pub(super) fn small(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Held(bytes) => Some(bytes),
            Content::Spilt(_) => None,
        }
    }

    /// Makes the body the file `to`.
    pub(super) fn place(&self, to: &Path) -> io::Result<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        match &self.content {
            Content::Held(bytes) => fs::write(to, bytes),
            Content::Spilt(spilt) => fs::rename(&spilt.0, to),
        }
    }
}

/// A file of its own, removed again unless it is renamed.
#[derive(Debug)]
struct Spilt(PathBuf);

impl Drop for Spilt {
    fn drop(&mut self) {
        // Renamed away when it became an object; what stays is removed at the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// What the sender says about the body, to be held against it.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) content_md5: Option<String>,
    pub(super) checksums: Checksums,
    /// The names of the checksums that follow the body.
    pub(super) announced: Vec<String>,
    pub(super) trailers: Option<TrailingHeaders>,
}

impl Expected {
    fn hasher(&self) -> ChecksumHasher {
        let wants = |given: &Option<String>, name: &str| {
            let name = format!("x-amz-checksum-{name}");
            given.is_some() || self.announced.contains(&name)
        };
        ChecksumHasher {
            crc32: wants(&self.checksums.crc32, "crc32").then(Crc32::new),
            crc32c: wants(&self.checksums.crc32c, "crc32c").then(Crc32c::new),
            sha1: wants(&self.checksums.sha1, "sha1").then(Sha1::new),
            sha256: wants(&self.checksums.sha256, "sha256").then(Sha256::new),
            crc64nvme: wants(&self.checksums.crc64nvme, "crc64nvme").then(Crc64Nvme::new),
        }
    }

    fn trailer(&self, name: &str) -> Option<String> {
        let name = format!("x-amz-checksum-{name}");
        let value = self.trailers.as_ref()?.read(|headers| headers.get(&name).cloned())??;
        value.to_str().ok().map(str::to_owned)
    }

    fn check(&self, md5: &[u8], found: &Checksums) -> S3Result<()> {
        if self.content_md5.as_ref().is_some_and(|given| *given != BASE64_STANDARD.encode(md5)) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let given = &self.checksums;
        for (name, given, found) in [
            ("crc32", &given.crc32, &found.crc32),
            ("crc32c", &given.crc32c, &found.crc32c),
            ("sha1", &given.sha1, &found.sha1),
            ("sha256", &given.sha256, &found.sha256),
            ("crc64nvme", &given.crc64nvme, &found.crc64nvme),
        ] {
            let given = given.clone().or_else(|| self.trailer(name));
            if given.is_some() && given != *found {
                return Err(s3_error!(
                    BadDigest,
                    "The {name} you specified did not match the calculated checksum."
                ));
            }
        }
        Ok(())
    }
}

/// What has come in so far.
struct Writer {
    folder: PathBuf,
    /// What is not in the file yet.
    buffer: Vec<u8>,
    file: Option<(File, Spilt)>,
    md5: Md5,
    hasher: ChecksumHasher,
    size: u64,
}

impl Writer {
    fn new(folder: &Path, hasher: ChecksumHasher) -> Self {
        let (folder, md5) = (folder.to_owned(), Md5::new());
        Self { folder, buffer: Vec::new(), file: None, md5, hasher, size: 0 }
    }

    fn is_full(&self) -> bool {
        self.buffer.len() >= SMALL
    }

    fn digest(&mut self) {
        self.md5.update(&self.buffer);
        self.hasher.update(&self.buffer);
        self.size += self.buffer.len() as u64;
    }

    /// Empties the buffer into the file.
    fn spill(&mut self) -> io::Result<()> {
        self.digest();
        let (file, _) = match &mut self.file {
            Some(file) => file,
            None => {
                let path = self.folder.join(random::token());
                let file = File::create_new(&path)?;
                self.file.insert((file, Spilt(path)))
            }
        };
        file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Takes in all of `source`.
    fn read(&mut self, mut source: impl Read) -> io::Result<()> {
        let most = SMALL as u64;
        while source.by_ref().take(most).read_to_end(&mut self.buffer)? > 0 {
            if self.is_full() {
                self.spill()?;
            }
        }
        Ok(())
    }

    async fn spill_aside(mut self) -> io::Result<Self> {
        let spilt = tokio::task::spawn_blocking(move || self.spill().map(|()| self));
        spilt.await.map_err(io::Error::other)?
    }

    /// The complete body, and its MD5.
    fn finish(mut self) -> io::Result<(Staged, Vec<u8>)> {
        let content = match self.file {
            Some(_) => {
                self.spill()?;
                self.file.map(|(_, spilt)| Content::Spilt(spilt))
            }
            None => {
                self.digest();
                None
            }
        };
        let md5 = self.md5.finalize().to_vec();
        let found = self.hasher.finalize();
        let checksums = Checksums {
            crc32: found.checksum_crc32,
            crc32c: found.checksum_crc32c,
            crc64nvme: found.checksum_crc64nvme,
            sha1: found.checksum_sha1,
            sha256: found.checksum_sha256,
        };
        let content = content.unwrap_or(Content::Held(self.buffer));
        Ok((Staged { content, size: self.size, md5: hex::encode(&md5), checksums }, md5))
    }
}

/// Receives a body and checks it; a large one goes into a file of its own in `folder`.
pub(super) async fn receive(
    folder: &Path,
    body: Option<StreamingBlob>,
    expected: &Expected,
) -> S3Result<Staged> {
    let mut writer = Writer::new(folder, expected.hasher());
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            writer.buffer.extend_from_slice(&chunk.map_err(incomplete)?);
            if writer.is_full() {
                writer = writer.spill_aside().await.map_err(S3Error::internal_error)?;
            }
        }
    }
    let (staged, md5) = writer.finish().map_err(S3Error::internal_error)?;
    expected.check(&md5, &staged.checksums)?;
    Ok(staged)
}

fn incomplete(error: s3s::StdError) -> S3Error {
    // A signed chunk that does not verify comes as an S3 error of its own.
    match error.downcast::<S3Error>() {
        Ok(error) => *error,
        Err(error) => S3Error::with_source(S3ErrorCode::IncompleteBody, error),
    }
}

/// Copies `source`; much of it goes into a file of its own in `folder`.
pub(super) fn copy(folder: &Path, source: Stored) -> io::Result<Staged> {
    let mut writer = Writer::new(folder, ChecksumHasher::default());
    writer.read(source)?;
    Ok(writer.finish()?.0)
}

/// Puts files together; much of it goes into a file of its own in `folder`.
pub(super) fn join<'p>(
    folder: &Path,
    parts: impl IntoIterator<Item = &'p Path>,
) -> io::Result<Staged> {
    let mut writer = Writer::new(folder, ChecksumHasher::default());
    for part in parts {
        writer.read(File::open(part)?)?;
    }
    Ok(writer.finish()?.0)
}
