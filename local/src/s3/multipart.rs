//! Multipart uploads as the wire asks for them.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3Error, S3Request, S3Result, s3_error};

use super::S3;
use super::condition::WriteCondition;
use super::read::etag;
use super::staged::{self, Expected};
use super::upload::{self, Upload};
use super::version::{Checksums, Headers};
use super::write::announced;

impl S3 {
    pub(super) fn begin_upload(
        &self,
        input: CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let headers = Headers {
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        };
        let upload = Upload { key: input.key, headers };
        let id = upload::create(&bucket, &upload).map_err(S3Error::internal_error)?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(upload.key),
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ..Default::default()
        })
    }

    pub(super) async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<UploadPartOutput> {
        let announced = announced(&request.headers);
        let (input, trailers) = (request.input, request.trailing_headers);
        let bucket = self.bucket(&input.bucket)?;
        let (_, folder) = upload::open(&bucket, &input.upload_id, &input.key)?;
        let number =
            u32::try_from(input.part_number).ok().filter(|number| (1..=10_000).contains(number));
        let outside =
            || s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000.");
        let number = number.ok_or_else(outside)?;
        let checksums = Checksums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        };
        let expected = Expected { content_md5: input.content_md5, checksums, announced, trailers };
        let staged = staged::receive(&bucket.incoming(), input.body, &expected).await?;
        upload::put(&folder, number, &staged).map_err(S3Error::internal_error)?;
        let found = staged.checksums.clone();
        Ok(UploadPartOutput {
            e_tag: Some(ETag::Strong(staged.md5.clone())),
            checksum_crc32: found.crc32,
            checksum_crc32c: found.crc32c,
            checksum_crc64nvme: found.crc64nvme,
            checksum_sha1: found.sha1,
            checksum_sha256: found.sha256,
            ..Default::default()
        })
    }

    pub(super) async fn complete(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let (upload, folder) = upload::open(&bucket, &input.upload_id, &input.key)?;
        let named = named(input.multipart_upload.and_then(|list| list.parts).unwrap_or_default())?;
        let here = upload::parts(&folder).map_err(S3Error::internal_error)?;
        let chosen = upload::choose(&here, &named)?;
        let incoming = bucket.incoming();
        let joined = tokio::task::spawn_blocking(move || upload::join(&incoming, &chosen)).await;
        let staged = joined.map_err(S3Error::internal_error)?.map_err(S3Error::internal_error)?;
        let condition =
            WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
        let (version, versioning) =
            self.commit(&bucket, &input.key, upload.headers, &staged, &condition)?;
        upload::remove(&folder).map_err(S3Error::internal_error)?;
        Ok(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(etag(&version)),
            version_id: version.shown_id(versioning),
            ..Default::default()
        })
    }

    pub(super) fn abort(
        &self,
        input: &AbortMultipartUploadInput,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let (_, folder) = upload::open(&bucket, &input.upload_id, &input.key)?;
        upload::remove(&folder).map_err(S3Error::internal_error)?;
        Ok(AbortMultipartUploadOutput::default())
    }
}

/// The parts that the client names: number and MD5.
fn named(parts: Vec<s3s::dto::CompletedPart>) -> S3Result<Vec<(u32, String)>> {
    let read = |part: s3s::dto::CompletedPart| {
        Some((u32::try_from(part.part_number?).ok()?, part.e_tag?.into_value()))
    };
    let malformed = || s3_error!(MalformedXML, "Every part needs a PartNumber and an ETag.");
    parts.into_iter().map(|part| read(part).ok_or_else(malformed)).collect()
}
