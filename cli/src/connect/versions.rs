//! Every version of the objects of a bucket, as S3 lists them.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::ByteStreamError;
use futures_util::stream::{self, Stream, TryStreamExt as _};
use signalbox_cloud::clients::{Trouble, trouble};

use super::Objects;

/// An object with its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Its key.
    pub(crate) key: String,
    /// Its versions, the oldest first.
    pub(crate) versions: Vec<Version>,
    /// The ids of the deletions that lie among them.
    pub(crate) deletions: Vec<String>,
}

/// One version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The one that is read where none is named.
    Newest,
    /// The one of this id.
    Id(String),
}

impl Stack {
    /// The newest version of an object.
    pub(crate) fn newest(key: String) -> Self {
        Self { key, versions: vec![Version::Newest], deletions: Vec::new() }
    }
}

/// Where a listing goes on.
enum Page {
    At { key: Option<String>, version: Option<String>, begun: Option<Stack> },
    Over,
}

impl Objects {
    /// Every object below `prefix`, by key, page by page.
    pub(crate) fn newest(
        &self,
        prefix: &str,
    ) -> impl Stream<Item = anyhow::Result<Stack>> + Send + use<> {
        let (s3, bucket) = (self.s3.patient.clone(), self.bucket.clone());
        let pages = s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        let place = self.here();
        let prefix = prefix.to_owned();
        stream::try_unfold((pages, place, prefix), |(mut pages, place, prefix)| async move {
            let Some(page) = pages.next().await else { return Ok(None) };
            let page = page.map_err(|error| place.failed("listing", &prefix, &trouble(&error)))?;
            let keys = page.contents.into_iter().flatten().filter_map(|object| object.key);
            let stacks: Vec<_> = keys.map(|key| Ok(Stack::newest(key))).collect();
            Ok::<_, anyhow::Error>(Some((stream::iter(stacks), (pages, place, prefix))))
        })
        .try_flatten()
    }

    /// Every object below `prefix` with all of its versions, by key, page by page.
    pub(crate) fn stacks(
        &self,
        prefix: &str,
    ) -> impl Stream<Item = anyhow::Result<Stack>> + Send + use<> {
        let (place, prefix) = (self.here(), prefix.to_owned());
        let first = Page::At { key: None, version: None, begun: None };
        stream::try_unfold((first, place, prefix), |(page, place, prefix)| async move {
            let Page::At { key, version, begun } = page else { return Ok(None) };
            let list = place.s3.patient.list_object_versions().bucket(&place.bucket);
            let list = list.prefix(&prefix).set_key_marker(key).set_version_id_marker(version);
            let listed = list.send().await;
            let listed =
                listed.map_err(|error| place.failed("listing", &prefix, &trouble(&error)))?;
            let next = listed.next_key_marker.clone();
            let version = listed.next_version_id_marker.clone();
            let mut stacks = stacked(begun, listed);
            let next = match next {
                None => Page::Over,
                // The versions of its last key may go on on the next page.
                key => Page::At { key, version, begun: stacks.pop() },
            };
            stacks.iter_mut().for_each(|stack| stack.versions.reverse());
            let stacks = stream::iter(stacks.into_iter().map(Ok));
            Ok::<_, anyhow::Error>(Some((stacks, (next, place, prefix))))
        })
        .try_flatten()
    }

    /// The bytes of a version of the object under `key`, no more than one above `most`; `None` where
    /// there is no such object.
    pub(crate) async fn read_version(
        &self,
        key: &str,
        version: &Version,
        most: usize,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let get = self.s3.patient.get_object().bucket(&self.bucket).key(key);
        let get = match version {
            Version::Newest => get,
            Version::Id(id) => get.version_id(id),
        };
        let mut body = match get.send().await.map_err(|error| trouble(&error)) {
            Ok(object) => object.body,
            Err(Trouble::Refused { code, .. })
                if code == "NoSuchKey" || code == "NoSuchVersion" =>
            {
                return Ok(None);
            }
            Err(trouble) => return Err(self.failed("reading", key, &trouble)),
        };
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            let broken = |error: ByteStreamError| {
                self.failed("reading", key, &Trouble::Unclear(error.to_string()))
            };
            bytes.extend_from_slice(&piece.map_err(broken)?);
            if bytes.len() > most {
                break;
            }
        }
        Ok(Some(bytes))
    }

    fn here(&self) -> Self {
        Self::new(self.s3.clone(), &self.bucket)
    }
}

/// The objects of a page, their versions the newest first, as S3 lists them.
fn stacked(begun: Option<Stack>, page: ListObjectVersionsOutput) -> Vec<Stack> {
    let mut stacks: BTreeMap<String, Stack> = BTreeMap::new();
    stacks.extend(begun.map(|stack| (stack.key.clone(), stack)));
    for version in page.versions.into_iter().flatten() {
        if let (Some(key), Some(id)) = (version.key, version.version_id) {
            of(&mut stacks, &key).versions.push(Version::Id(id));
        }
    }
    for deletion in page.delete_markers.into_iter().flatten() {
        if let (Some(key), Some(id)) = (deletion.key, deletion.version_id) {
            of(&mut stacks, &key).deletions.push(id);
        }
    }
    stacks.into_values().collect()
}

fn of<'s>(stacks: &'s mut BTreeMap<String, Stack>, key: &str) -> &'s mut Stack {
    let empty = || Stack { key: key.to_owned(), ..Stack::default() };
    stacks.entry(key.to_owned()).or_insert_with(empty)
}
