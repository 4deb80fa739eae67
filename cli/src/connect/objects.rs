//! One bucket, object by object.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use signalbox_cloud::clients::{Client, Trouble, trouble};

use super::newest::Lister;
use super::refused::troubled;

/// A bucket.
pub(crate) struct Objects {
    pub(super) s3: Client<aws_sdk_s3::Client>,
    pub(super) bucket: String,
}

/// What a read finds.
pub(crate) enum Read {
    /// There is no such object.
    Absent,
    /// It is the version that is known already.
    Unchanged,
    /// Its bytes, and the tag of this version.
    Found { bytes: Vec<u8>, etag: String },
}

/// What came of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is written.
    Done,
    /// Somebody else wrote meanwhile, or the answer was lost: read again.
    ReadAgain,
}

impl Objects {
    pub(super) fn new(s3: Client<aws_sdk_s3::Client>, bucket: &str) -> Self {
        Self { s3, bucket: bucket.to_owned() }
    }

    /// The object's address, for people and for `aws s3 cp`.
    pub(crate) fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// The object under `key`, unless it is the version tagged `known`.
    pub(crate) async fn read(&self, key: &str, known: Option<&str>) -> anyhow::Result<Read> {
        let get = self.s3.patient.get_object().bucket(&self.bucket).key(key);
        let object = match get.set_if_none_match(known.map(str::to_owned)).send().await {
            Ok(object) => object,
            Err(error) if status(&error) == Some(304) => return Ok(Read::Unchanged),
            Err(error) => match trouble(&error) {
                Trouble::Refused { code, .. } if code == "NoSuchKey" => return Ok(Read::Absent),
                other => return Err(self.failed("reading", key, &other)),
            },
        };
        let etag = object.e_tag.unwrap_or_default();
        let body = object.body.collect().await;
        let body = body
            .map_err(|error| self.failed("reading", key, &Trouble::Unclear(error.to_string())))?;
        Ok(Read::Found { bytes: body.to_vec(), etag })
    }

    /// The object's bytes as they come; `None` where there is no such object.
    pub(crate) async fn stream(&self, key: &str) -> anyhow::Result<Option<ByteStream>> {
        let get = self.s3.patient.get_object().bucket(&self.bucket).key(key);
        match get.send().await.map_err(|error| trouble(&error)) {
            Ok(object) => Ok(Some(object.body)),
            Err(Trouble::Refused { code, .. }) if code == "NoSuchKey" => Ok(None),
            Err(trouble) => Err(self.failed("reading", key, &trouble)),
        }
    }

    /// Writes `body` under `key`: over the version tagged `over`, or where there is nothing yet.
    pub(crate) async fn write(
        &self,
        key: &str,
        body: String,
        over: Option<&str>,
    ) -> anyhow::Result<Written> {
        let put = self.s3.once.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type("application/json").body(ByteStream::from(body.into_bytes()));
        let put = match over {
            Some(etag) => put.if_match(etag),
            None => put.if_none_match("*"),
        };
        match put.send().await.map_err(|error| trouble(&error)) {
            Ok(_) => Ok(Written::Done),
            Err(Trouble::Refused { status: 409 | 412, .. } | Trouble::Throttled(_)) => {
                Ok(Written::ReadAgain)
            }
            Err(Trouble::Refused { status: 404, code, .. }) if code != "NoSuchBucket" => {
                Ok(Written::ReadAgain)
            }
            Err(Trouble::Unclear(_)) => Ok(Written::ReadAgain),
            Err(trouble) => Err(self.failed("writing", key, &trouble)),
        }
    }

    /// The keys below `prefix` with the times at which they were written, `most` at most.
    pub(crate) async fn written(
        &self,
        prefix: &str,
        most: usize,
    ) -> anyhow::Result<Vec<(Timestamp, String)>> {
        let list = self.s3.patient.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed("listing", prefix, &trouble(&error)))?;
            for item in page.contents.into_iter().flatten() {
                let at = item.last_modified.map_or(0, |at| at.secs());
                let at = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
                found.extend(item.key.map(|key| (at, key)));
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// Every key below `prefix`.
    pub(crate) async fn keys(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        Ok(self.list(prefix, None).await?.keys)
    }

    /// What follows `prefix` up to and with the next `delimiter`, each once.
    pub(crate) async fn parts(&self, prefix: &str, delimiter: &str) -> anyhow::Result<Vec<String>> {
        Ok(self.list(prefix, Some(delimiter)).await?.prefixes)
    }

    async fn list(&self, prefix: &str, delimiter: Option<&str>) -> anyhow::Result<Listing> {
        let mut all = Listing::default();
        let mut token = None;
        loop {
            let list = self.s3.patient.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let list = list.set_delimiter(delimiter.map(str::to_owned));
            let page = list.set_continuation_token(token).send().await;
            let page = page.map_err(|error| self.failed("listing", prefix, &trouble(&error)))?;
            all.keys.extend(page.contents.into_iter().flatten().filter_map(|item| item.key));
            let prefixes = page.common_prefixes.into_iter().flatten();
            all.prefixes.extend(prefixes.filter_map(|common| common.prefix));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) fn failed(&self, what: &str, key: &str, trouble: &Trouble) -> anyhow::Error {
        troubled(&format!("{what} {}", self.url(key)), trouble)
    }
}

#[derive(Default)]
struct Listing {
    keys: Vec<String>,
    prefixes: Vec<String>,
}

impl Lister for Objects {
    async fn folders(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let parts = self.parts(prefix, "/").await?;
        let name = |part: &String| part.strip_prefix(prefix)?.strip_suffix('/').map(str::to_owned);
        Ok(parts.iter().filter_map(name).collect())
    }

    async fn has(&self, key: &str) -> anyhow::Result<bool> {
        Ok(!matches!(self.read(key, None).await?, Read::Absent))
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
