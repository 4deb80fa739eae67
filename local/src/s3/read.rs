//! Reading objects.

use std::io;
use std::ops::Range;

use futures_util::stream;
use s3s::dto::{
    ChecksumMode, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    StreamingBlob, Timestamp as S3Time,
};
use s3s::{Body, S3Error, S3Result, s3_error};

use super::S3;
use super::condition::ReadCondition;
use super::stored::Stored;
use super::version::{Checksums, Version};

/// Up to so many bytes are read at once and on the spot.
const SMALL: u64 = 256 * 1024;

impl S3 {
    pub(super) fn get(&self, input: GetObjectInput) -> S3Result<GetObjectOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let (version, stored, versioning) = bucket.read(&input.key, input.version_id.as_deref())?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&version)?;
        let (range, content_range) = part(&version, input.range)?;
        let length = range.end - range.start;
        // A checksum is of the whole object; beside a part of it, it would mislead.
        let whole = content_range.is_none() && enabled(input.checksum_mode.as_ref());
        let checksums = if whole { version.checksums.clone() } else { Checksums::default() };
        let headers = version.headers.clone();
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(body(stored.part(&range)).map_err(S3Error::internal_error)?),
            content_length: i64::try_from(length).ok(),
            content_range,
            content_type: input.response_content_type.or(headers.content_type),
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            content_disposition: input.response_content_disposition.or(headers.content_disposition),
            cache_control: headers.cache_control,
            metadata: Some(headers.metadata.into_iter().collect()),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            e_tag: Some(etag(&version)),
            last_modified: Some(modified(&version)),
            version_id: version.shown_id(versioning),
            ..Default::default()
        })
    }

    pub(super) fn head(&self, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let (version, versioning) = bucket.describe(&input.key, input.version_id.as_deref())?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&version)?;
        let (range, content_range) = part(&version, input.range)?;
        let whole = content_range.is_none() && enabled(input.checksum_mode.as_ref());
        let checksums = if whole { version.checksums.clone() } else { Checksums::default() };
        let headers = version.headers.clone();
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(range.end - range.start).ok(),
            content_range,
            content_type: headers.content_type,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            content_disposition: headers.content_disposition,
            cache_control: headers.cache_control,
            metadata: Some(headers.metadata.into_iter().collect()),
            checksum_crc32: checksums.crc32,
            checksum_crc32c: checksums.crc32c,
            checksum_crc64nvme: checksums.crc64nvme,
            checksum_sha1: checksums.sha1,
            checksum_sha256: checksums.sha256,
            e_tag: Some(etag(&version)),
            last_modified: Some(modified(&version)),
            version_id: version.shown_id(versioning),
            ..Default::default()
        })
    }
}

/// The ETag as answers carry it.
pub(super) fn etag(version: &Version) -> ETag {
    ETag::Strong(version.etag.clone())
}

/// The time of the write as answers carry it.
pub(super) fn modified(version: &Version) -> S3Time {
    S3Time::from(std::time::SystemTime::from(version.modified))
}

fn enabled(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

/// Which bytes are asked for, and how `Content-Range` says it.
fn part(
    version: &Version,
    range: Option<s3s::dto::Range>,
) -> S3Result<(Range<u64>, Option<String>)> {
    let Some(range) = range else { return Ok((0..version.size, None)) };
    let outside = |_| s3_error!(InvalidRange, "The requested range is not satisfiable");
    let range = range.check(version.size).map_err(outside)?;
    let text = format!("bytes {}-{}/{}", range.start, range.end - 1, version.size);
    Ok((range, Some(text)))
}

fn body(mut stored: Stored) -> io::Result<StreamingBlob> {
    if stored.size() <= SMALL {
        return Ok(StreamingBlob::from(Body::from(stored.chunk(SMALL)?)));
    }
    Ok(StreamingBlob::wrap(stream::try_unfold(stored, |mut stored| async move {
        if stored.size() == 0 {
            return Ok(None);
        }
        let read =
            tokio::task::spawn_blocking(move || Ok::<_, io::Error>((stored.chunk(SMALL)?, stored)));
        read.await.map_err(io::Error::other)?.map(Some)
    })))
}
