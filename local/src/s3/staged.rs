//! A body on its way in: it is complete and checked before it becomes an object.

use std::fs::File;
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

use super::version::Checksums;
use crate::random;

/// Up to so many bytes are written at once, where a switch of threads would cost more than it frees.
const SMALL: usize = 256 * 1024;

/// A file with a complete body, removed again unless it becomes an object.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// MD5 of the body, in hex.
    pub(super) md5: String,
    pub(super) checksums: Checksums,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Renamed away when it became an object; what stays is removed at the next start.
        let _ = std::fs::remove_file(&self.path);
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

/// What is written so far.
struct Writer {
    file: File,
    md5: Md5,
    hasher: ChecksumHasher,
    size: u64,
}

impl Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.md5.update(bytes);
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

/// Receives a body into a file of its own in `folder` and checks it.
pub(super) async fn receive(
    folder: &Path,
    body: Option<StreamingBlob>,
    expected: &Expected,
) -> S3Result<Staged> {
    let path = folder.join(random::token());
    let file = File::create_new(&path).map_err(S3Error::internal_error)?;
    // From here on the file is removed when anything fails, or the sender goes away.
    let mut staged = Staged { path, size: 0, md5: String::new(), checksums: Checksums::default() };
    let mut writer = Writer { file, md5: Md5::new(), hasher: expected.hasher(), size: 0 };
    let mut buffer = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            buffer.extend_from_slice(&chunk.map_err(incomplete)?);
            if buffer.len() >= SMALL {
                (writer, buffer) =
                    write_aside(writer, buffer).await.map_err(S3Error::internal_error)?;
            }
        }
    }
    writer.write(&buffer).map_err(S3Error::internal_error)?;
    let md5 = writer.md5.finalize();
    let found = writer.hasher.finalize();
    staged.size = writer.size;
    staged.md5 = hex::encode(md5);
    staged.checksums = Checksums {
        crc32: found.checksum_crc32,
        crc32c: found.checksum_crc32c,
        crc64nvme: found.checksum_crc64nvme,
        sha1: found.checksum_sha1,
        sha256: found.checksum_sha256,
    };
    expected.check(&md5, &staged.checksums)?;
    Ok(staged)
}

async fn write_aside(mut writer: Writer, mut buffer: Vec<u8>) -> io::Result<(Writer, Vec<u8>)> {
    let written = tokio::task::spawn_blocking(move || {
        writer.write(&buffer)?;
        buffer.clear();
        Ok((writer, buffer))
    });
    written.await.map_err(io::Error::other)?
}

fn incomplete(error: s3s::StdError) -> S3Error {
    // A signed chunk that does not verify comes as an S3 error of its own.
    match error.downcast::<S3Error>() {
        Ok(error) => *error,
        Err(error) => S3Error::with_source(S3ErrorCode::IncompleteBody, error),
    }
}

/// Copies `source` into a file of its own in `folder`.
pub(super) fn copy(folder: &Path, source: &mut File) -> io::Result<Staged> {
    let path = folder.join(random::token());
    let file = File::create_new(&path)?;
    let mut staged = Staged { path, size: 0, md5: String::new(), checksums: Checksums::default() };
    let mut writer = Writer { file, md5: Md5::new(), hasher: ChecksumHasher::default(), size: 0 };
    let mut buffer = vec![0; SMALL];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            read => writer.write(&buffer[..read])?,
        }
    }
    staged.size = writer.size;
    staged.md5 = hex::encode(writer.md5.finalize());
    Ok(staged)
}
