//! Blobs over HTTP: read whole or in part, uploaded at once or in chunks.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::Call;
use super::answer::RegistryError;
use crate::ecr::digest::Digest;

const CHUNK: u64 = 64 * 1024;

impl Call<'_> {
    pub(super) async fn get_blob(
        &self,
        digest: &str,
        only_head: bool,
    ) -> Result<Response, RegistryError> {
        let digest = parse(digest)?;
        let unknown = || {
            RegistryError::new(
                StatusCode::NOT_FOUND,
                "BLOB_UNKNOWN",
                format!("there is no blob {digest}"),
            )
        };
        let size = self.ecr.inner.blobs.size(&digest).ok_or_else(unknown)?;
        let (status, from, until) = match self.range(size)? {
            Some((from, until)) => (StatusCode::PARTIAL_CONTENT, from, until),
            None => (StatusCode::OK, 0, size),
        };
        let body = if only_head {
            Body::empty()
        } else {
            let mut file = tokio::fs::File::open(self.ecr.inner.blobs.path(&digest))
                .await
                .map_err(|_| unknown())?;
            file.seek(std::io::SeekFrom::Start(from))
                .await
                .map_err(|error| RegistryError::disk(&error))?;
            stream(file, until - from)
        };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, until - from)
            .header(header::ACCEPT_RANGES, "bytes")
            .header("docker-content-digest", digest.as_str());
        if status == StatusCode::PARTIAL_CONTENT {
            response = response
                .header(header::CONTENT_RANGE, format!("bytes {from}-{}/{size}", until - 1));
        }
        response.body(body).map_err(|error| {
            RegistryError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.to_string())
        })
    }

    /// The one range that the request asks for, as the first byte and the one after the last.
    fn range(&self, size: u64) -> Result<Option<(u64, u64)>, RegistryError> {
        let Some(range) = self.header("range").and_then(|text| text.strip_prefix("bytes=")) else {
            return Ok(None);
        };
        let Some((from, last)) = range.split_once('-') else { return Ok(None) };
        let Ok(from) = from.parse::<u64>() else { return Ok(None) };
        let until = last.parse::<u64>().map_or(size, |last| last.saturating_add(1).min(size));
        if from >= until {
            let message = format!("the blob has {size} bytes");
            return Err(RegistryError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "SIZE_INVALID",
                message,
            ));
        }
        Ok(Some((from, until)))
    }

    pub(super) async fn begin_upload(&self, body: Body) -> Result<Response, RegistryError> {
        let blobs = &self.ecr.inner.blobs;
        // Blobs are kept once for all repositories, so a mount from any of them is already done.
        if let Some(digest) = self.query.mount.as_deref().and_then(Digest::parse)
            && blobs.size(&digest).is_some()
        {
            return Ok(self.created(&digest));
        }
        let upload = blobs.begin().await?;
        if self.query.digest.is_some() {
            return self.finish_upload(&upload, body).await;
        }
        Ok(self.accepted(&upload, 0))
    }

    pub(super) async fn upload_status(&self, upload: &str) -> Result<Response, RegistryError> {
        let received = self.ecr.inner.blobs.received(upload).await?;
        let mut response = self.accepted(upload, received);
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    pub(super) async fn continue_upload(
        &self,
        upload: &str,
        body: Body,
    ) -> Result<Response, RegistryError> {
        let received = self.append(upload, body).await?;
        Ok(self.accepted(upload, received))
    }

    pub(super) async fn finish_upload(
        &self,
        upload: &str,
        body: Body,
    ) -> Result<Response, RegistryError> {
        let digest = parse(self.query.digest.as_deref().unwrap_or_default())?;
        self.append(upload, body).await?;
        self.ecr.inner.blobs.finish(upload, &digest).await?;
        Ok(self.created(&digest))
    }

    async fn append(&self, upload: &str, body: Body) -> Result<u64, RegistryError> {
        let range =
            self.header("content-range").map(|text| text.trim_start_matches("bytes ").to_owned());
        let from = range.and_then(|range| range.split('-').next()?.parse().ok());
        Ok(self.ecr.inner.blobs.append(upload, from, body.into_data_stream()).await?)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn accepted(&self, upload: &str, received: u64) -> Response {
        let headers = [
            ("location", format!("/v2/{}/blobs/uploads/{upload}", self.name)),
            ("range", format!("0-{}", received.saturating_sub(1))),
            ("docker-upload-uuid", upload.to_owned()),
        ];
        (StatusCode::ACCEPTED, headers).into_response()
    }

    fn created(&self, digest: &Digest) -> Response {
        let headers = [
            ("location", format!("/v2/{}/blobs/{digest}", self.name)),
            ("docker-content-digest", digest.to_string()),
        ];
        (StatusCode::CREATED, headers).into_response()
    }
}

fn parse(text: &str) -> Result<Digest, RegistryError> {
    Digest::parse(text).ok_or_else(|| RegistryError::invalid_digest(text))
}

/// The next `length` bytes of `file`.
fn stream(file: tokio::fs::File, length: u64) -> Body {
    Body::from_stream(futures_util::stream::try_unfold(
        (file, length),
        |(mut file, left)| async move {
            if left == 0 {
                return Ok::<_, std::io::Error>(None);
            }
            let mut chunk = Vec::new();
            let read = (&mut file).take(left.min(CHUNK)).read_to_end(&mut chunk).await? as u64;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((Bytes::from(chunk), (file, left - read))))
        },
    ))
}
