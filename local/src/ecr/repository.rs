//! One repository: its images, its tags, and the events not yet on the bus.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::digest::Digest;
use super::reference::Version;
use crate::events::envelope;

/// A repository as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) schema: u32,
    pub(crate) name: String,
    /// Whether a tag keeps its first image for ever.
    pub(crate) immutable: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) images: BTreeMap<Digest, Image>,
    pub(crate) tags: BTreeMap<String, Digest>,
    /// Events that are not yet on the bus, oldest first.
    pub(crate) pending: Vec<Value>,
}

/// An image of a repository; its manifest is a blob.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) media_type: String,
    /// The bytes of config and layers, as pushed.
    pub(crate) size: u64,
    pub(crate) pushed_at: Timestamp,
}

/// Why an image was not taken in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TagTaken {
    pub(crate) tag: String,
}

impl Repository {
    pub(crate) fn new(name: &str, immutable: bool, created_at: Timestamp) -> Self {
        Self {
            schema: 1,
            name: name.to_owned(),
            immutable,
            created_at,
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// The digest that `version` stands for, if the repository has it.
    pub(crate) fn find(&self, version: &Version) -> Option<&Digest> {
        match version {
            Version::Digest(digest) => self.images.get_key_value(digest).map(|(digest, _)| digest),
            Version::Tag(tag) => self.tags.get(tag),
        }
    }

    /// The tags of an image.
    pub(crate) fn tags_of<'a>(&'a self, digest: &'a Digest) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter(move |(_, of)| *of == digest).map(|(tag, _)| tag.as_str())
    }

    /// Takes an image in. What is already there under the same tag is no push, and no event.
    pub(crate) fn push(
        &mut self,
        digest: &Digest,
        image: Image,
        tag: Option<&str>,
    ) -> Result<(), TagTaken> {
        let known = self.images.contains_key(digest);
        let tagged = tag.and_then(|tag| self.tags.get(tag));
        if known && (tag.is_none() || tagged == Some(digest)) {
            return Ok(());
        }
        if let (Some(tag), Some(_), true) = (tag, tagged, self.immutable) {
            return Err(TagTaken { tag: tag.to_owned() });
        }
        let at = image.pushed_at;
        self.images.entry(digest.clone()).or_insert(image);
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), digest.clone());
        }
        self.report("PUSH", digest, tag, at);
        Ok(())
    }

    /// Takes a tag away, or an image with all its tags; returns what went.
    pub(crate) fn delete(
        &mut self,
        version: &Version,
        at: Timestamp,
    ) -> Vec<(Digest, Option<String>)> {
        let Some(digest) = self.find(version).cloned() else { return Vec::new() };
        let tags: Vec<String> = match version {
            Version::Tag(tag) => vec![tag.clone()],
            Version::Digest(digest) => self.tags_of(digest).map(str::to_owned).collect(),
        };
        for tag in &tags {
            self.tags.remove(tag);
        }
        // As in ECR, an image goes with its last tag.
        if self.tags_of(&digest).next().is_none() {
            self.images.remove(&digest);
        }
        let gone: Vec<Option<String>> =
            if tags.is_empty() { vec![None] } else { tags.into_iter().map(Some).collect() };
        for tag in &gone {
            self.report("DELETE", &digest, tag.as_deref(), at);
        }
        gone.into_iter().map(|tag| (digest.clone(), tag)).collect()
    }

    fn report(&mut self, action: &str, digest: &Digest, tag: Option<&str>, at: Timestamp) {
        let mut detail = json!({
            "result": "SUCCESS",
            "repository-name": self.name,
            "image-digest": digest,
            "action-type": action,
        });
        if let Some(tag) = tag {
            detail["image-tag"] = json!(tag);
        }
        self.pending.push(envelope("aws.ecr", "ECR Image Action", at, &[], &detail));
    }
}
