//! Listing as the wire asks for it: markers, tokens and encoded names.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, EncodingType, ListObjectVersionsInput,
    ListObjectVersionsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, ObjectStorageClass, ObjectVersion, ObjectVersionStorageClass,
};
use s3s::{S3Result, s3_error};

use super::S3;
use super::list::{self, After, Entry, Query};
use super::read::{etag, modified};
use super::version::{Version, Versioning};

/// What stands for itself in an encoded name.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b'*');

/// The most that one page holds.
const MOST: i32 = 1000;

impl S3 {
    pub(super) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let bucket = self.bucket(&input.bucket)?;
        let max = max(input.max_keys)?;
        let token = input.continuation_token.as_deref().map(read_token).transpose()?;
        let after = match (&token, &input.start_after) {
            (Some((true, prefix)), _) => After::Common(prefix),
            (Some((false, key)), _) => After::Key(key),
            (None, Some(key)) => After::Key(key),
            (None, None) => After::Start,
        };
        let names = Names(input.encoding_type.clone());
        let state = bucket.state();
        let query = query(input.prefix.as_deref(), input.delimiter.as_deref(), max, after);
        let page = list::objects(&state.index, &query);
        let contents: Vec<Object> =
            page.entries.iter().map(|entry| names.object(entry.version)).collect();
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + page.common_prefixes.len()).ok(),
            contents: Some(contents),
            common_prefixes: Some(names.common(&page.common_prefixes)),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page
                .next
                .map(|(name, version)| write_token(version.is_none(), &name)),
            name: Some(input.bucket),
            max_keys: Some(max),
            prefix: Some(names.show(input.prefix.as_deref().unwrap_or_default())),
            delimiter: input.delimiter.as_deref().map(|text| names.show(text)),
            start_after: input.start_after.as_deref().map(|text| names.show(text)),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            ..Default::default()
        })
    }

    pub(super) fn list_v1(&self, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let max = max(input.max_keys)?;
        let delimiter = input.delimiter.as_deref();
        let marker = input.marker.as_deref().filter(|marker| !marker.is_empty());
        let after = marker.map_or(After::Start, |marker| After::marker(marker, delimiter));
        let names = Names(input.encoding_type.clone());
        let state = bucket.state();
        let page =
            list::objects(&state.index, &query(input.prefix.as_deref(), delimiter, max, after));
        Ok(ListObjectsOutput {
            contents: Some(page.entries.iter().map(|entry| names.object(entry.version)).collect()),
            common_prefixes: Some(names.common(&page.common_prefixes)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.map(|(name, _)| names.show(&name)),
            name: Some(input.bucket),
            max_keys: Some(max),
            prefix: Some(names.show(input.prefix.as_deref().unwrap_or_default())),
            delimiter: delimiter.map(|text| names.show(text)),
            marker: Some(names.show(input.marker.as_deref().unwrap_or_default())),
            encoding_type: input.encoding_type,
            ..Default::default()
        })
    }

    pub(super) fn list_versions(
        &self,
        input: ListObjectVersionsInput,
    ) -> S3Result<ListObjectVersionsOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let max = max(input.max_keys)?;
        let delimiter = input.delimiter.as_deref();
        let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
        let version_marker = input.version_id_marker.as_deref().filter(|marker| !marker.is_empty());
        let after = match (key_marker, version_marker) {
            (None, _) => After::Start,
            (Some(key), None) => After::marker(key, delimiter),
            (Some(key), Some(version)) => After::Version(key, version),
        };
        let names = Names(input.encoding_type.clone());
        let state = bucket.state();
        let page =
            list::versions(&state.index, &query(input.prefix.as_deref(), delimiter, max, after));
        let (markers, versions): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
            page.entries.iter().partition(|entry| entry.version.delete_marker);
        let (next_key_marker, next_version_id_marker) = page.next.clone().unzip();
        Ok(ListObjectVersionsOutput {
            versions: Some(versions.into_iter().map(|entry| names.version(entry)).collect()),
            delete_markers: Some(markers.into_iter().map(|entry| names.marker(entry)).collect()),
            common_prefixes: Some(names.common(&page.common_prefixes)),
            is_truncated: Some(page.next.is_some()),
            next_key_marker: next_key_marker.map(|key| names.show(&key)),
            next_version_id_marker: next_version_id_marker.flatten(),
            name: Some(input.bucket),
            max_keys: Some(max),
            prefix: Some(names.show(input.prefix.as_deref().unwrap_or_default())),
            delimiter: delimiter.map(|text| names.show(text)),
            key_marker: Some(names.show(input.key_marker.as_deref().unwrap_or_default())),
            version_id_marker: input.version_id_marker,
            encoding_type: input.encoding_type,
            ..Default::default()
        })
    }
}

fn query<'a>(
    prefix: Option<&'a str>,
    delimiter: Option<&'a str>,
    max: i32,
    after: After<'a>,
) -> Query<'a> {
    let max = usize::try_from(max).unwrap_or_default();
    Query { prefix: prefix.unwrap_or_default(), delimiter, max, after }
}

fn max(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        Some(negative) if negative < 0 => {
            Err(s3_error!(InvalidArgument, "max-keys is 0 at least."))
        }
        asked => Ok(asked.unwrap_or(MOST).min(MOST)),
    }
}

/// A continuation token: whether it is a common prefix, and the name.
fn write_token(common: bool, name: &str) -> String {
    format!("{}{}", if common { 'p' } else { 'k' }, hex::encode(name))
}

fn read_token(token: &str) -> S3Result<(bool, String)> {
    let read = || {
        let (common, name) = match token.split_at_checked(1)? {
            ("p", name) => (true, name),
            ("k", name) => (false, name),
            _ => return None,
        };
        Some((common, String::from_utf8(hex::decode(name).ok()?).ok()?))
    };
    read().ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

/// Writes names as the client asked for them: plain or URL-encoded.
struct Names(Option<EncodingType>);

impl Names {
    fn show(&self, name: &str) -> String {
        match &self.0 {
            Some(encoding) if encoding.as_str() == EncodingType::URL => {
                utf8_percent_encode(name, PLAIN).to_string()
            }
            _ => name.to_owned(),
        }
    }

    fn common(&self, prefixes: &[String]) -> Vec<CommonPrefix> {
        prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(self.show(prefix)) }).collect()
    }

    fn object(&self, version: &Version) -> Object {
        Object {
            key: Some(self.show(&version.key)),
            e_tag: Some(etag(version)),
            last_modified: Some(modified(version)),
            size: i64::try_from(version.size).ok(),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..Default::default()
        }
    }

    fn version(&self, entry: &Entry<'_>) -> ObjectVersion {
        let version = entry.version;
        ObjectVersion {
            key: Some(self.show(&version.key)),
            e_tag: Some(etag(version)),
            is_latest: Some(entry.latest),
            last_modified: Some(modified(version)),
            size: i64::try_from(version.size).ok(),
            storage_class: Some(ObjectVersionStorageClass::from_static(
                ObjectVersionStorageClass::STANDARD,
            )),
            version_id: version.shown_id(Versioning::Enabled),
            ..Default::default()
        }
    }

    fn marker(&self, entry: &Entry<'_>) -> DeleteMarkerEntry {
        DeleteMarkerEntry {
            key: Some(self.show(&entry.version.key)),
            is_latest: Some(entry.latest),
            last_modified: Some(modified(entry.version)),
            version_id: entry.version.shown_id(Versioning::Enabled),
            ..Default::default()
        }
    }
}
