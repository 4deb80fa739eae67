//! Writing, copying and deleting objects.

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETagCondition,
    MetadataDirective, PutObjectInput, PutObjectOutput,
};
use s3s::{S3Error, S3Request, S3Result, s3_error};

use super::S3;
use super::bucket::Bucket;
use super::condition::{ReadCondition, WriteCondition};
use super::read::{etag, modified};
use super::staged::{self, Expected, Staged};
use super::version::{Checksums, Headers, Version, Versioning};

impl S3 {
    pub(super) async fn put(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<PutObjectOutput> {
        let announced = announced(&request.headers);
        let (input, trailers) = (request.input, request.trailing_headers);
        let bucket = self.bucket(&input.bucket)?;
        let expected = Expected {
            content_md5: input.content_md5,
            checksums: Checksums {
                crc32: input.checksum_crc32,
                crc32c: input.checksum_crc32c,
                crc64nvme: input.checksum_crc64nvme,
                sha1: input.checksum_sha1,
                sha256: input.checksum_sha256,
            },
            announced,
            trailers,
        };
        let staged = staged::receive(&bucket.incoming(), input.body, &expected).await?;
        let headers = Headers {
            content_type: input.content_type,
            content_encoding: input.content_encoding.and_then(|value| without_framing(&value)),
            content_language: input.content_language,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        };
        let condition =
            WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
        let (version, versioning) =
            self.commit(&bucket, &input.key, headers, &staged, &condition)?;
        Ok(PutObjectOutput {
            e_tag: Some(etag(&version)),
            version_id: version.shown_id(versioning),
            checksum_crc32: version.checksums.crc32,
            checksum_crc32c: version.checksums.crc32c,
            checksum_crc64nvme: version.checksums.crc64nvme,
            checksum_sha1: version.checksums.sha1,
            checksum_sha256: version.checksums.sha256,
            ..Default::default()
        })
    }

    /// Makes a complete body an object.
    pub(super) fn commit(
        &self,
        bucket: &Bucket,
        key: &str,
        headers: Headers,
        staged: &Staged,
        condition: &WriteCondition,
    ) -> S3Result<(Version, Versioning)> {
        let version = Version {
            headers,
            size: staged.size,
            etag: staged.md5.clone(),
            checksums: staged.checksums.clone(),
            ..self.blank(key)
        };
        bucket.commit(version, Some(staged), condition)
    }

    /// A version of which nothing is known yet.
    pub(super) fn blank(&self, key: &str) -> Version {
        Version {
            key: key.to_owned(),
            version_id: String::new(),
            number: 0,
            place: None,
            modified: self.clock.now(),
            delete_marker: false,
            size: 0,
            etag: String::new(),
            headers: Headers::default(),
            checksums: Checksums::default(),
        }
    }

    pub(super) async fn copy(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<CopyObjectOutput> {
        // s3s has no fields for the conditions on the destination.
        let condition = WriteCondition {
            if_match: condition(&request.headers, "if-match")?,
            if_none_match: condition(&request.headers, "if-none-match")?,
        };
        let input = request.input;
        let CopySource::Bucket { bucket: from, key, version_id } = input.copy_source else {
            return Err(s3_error!(NotImplemented, "A copy's source is a bucket and a key."));
        };
        let (source, stored, from_versioning) =
            self.bucket(&from)?.read(&key, version_id.as_deref())?;
        let source_condition = ReadCondition {
            if_match: input.copy_source_if_match,
            if_none_match: input.copy_source_if_none_match,
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        source_condition.check_source(&source)?;
        let replace =
            input.metadata_directive.is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
        let headers = if replace {
            Headers {
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                content_disposition: input.content_disposition,
                cache_control: input.cache_control,
                metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            }
        } else {
            source.headers.clone()
        };
        let bucket = self.bucket(&input.bucket)?;
        let incoming = bucket.incoming();
        let copied = tokio::task::spawn_blocking(move || staged::copy(&incoming, stored));
        let mut staged =
            copied.await.map_err(S3Error::internal_error)?.map_err(S3Error::internal_error)?;
        staged.checksums = source.checksums.clone();
        let (version, versioning) =
            self.commit(&bucket, &input.key, headers, &staged, &condition)?;
        Ok(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(etag(&version)),
                last_modified: Some(modified(&version)),
                ..Default::default()
            }),
            copy_source_version_id: source.shown_id(from_versioning),
            version_id: version.shown_id(versioning),
            ..Default::default()
        })
    }
}

/// The encoding of the object itself: `aws-chunked` is only how the request was sent.
fn without_framing(encoding: &str) -> Option<String> {
    let parts = encoding
        .split(',')
        .map(str::trim)
        .filter(|part| *part != "aws-chunked" && !part.is_empty());
    let rest = parts.collect::<Vec<_>>().join(",");
    (!rest.is_empty()).then_some(rest)
}

/// The checksums that follow the body, as `x-amz-trailer` names them.
pub(super) fn announced(headers: &axum::http::HeaderMap) -> Vec<String> {
    let named = headers.get_all("x-amz-trailer").iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn condition(headers: &axum::http::HeaderMap, name: &str) -> S3Result<Option<ETagCondition>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let malformed = |_| s3_error!(InvalidArgument, "{name} is * or an ETag in double quotes.");
    ETagCondition::parse_http_header(value.as_bytes()).map(Some).map_err(malformed)
}
