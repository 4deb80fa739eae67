//! The conditions that a request can set.

use s3s::dto::{ETagCondition, Timestamp as S3Time};
use s3s::{S3Error, S3Result, s3_error};

use super::version::Version;

fn matches(condition: &ETagCondition, version: &Version) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == version.etag,
    }
}

fn failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// What a write asks of the object that it replaces.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    /// Whether the write may replace `current` (none when there is no object, or it is deleted).
    pub(super) fn check_write(&self, current: Option<&Version>) -> S3Result<()> {
        match (&self.if_none_match, current) {
            (Some(ETagCondition::ETag(_)), _) => {
                return Err(s3_error!(NotImplemented, "If-None-Match of a write takes only *"));
            }
            (Some(ETagCondition::Any), Some(_)) => return Err(failed()),
            _ => {}
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(condition), Some(current)) if !matches(condition, current) => Err(failed()),
            _ => Ok(()),
        }
    }

    /// Whether `current` may be deleted.
    pub(super) fn check_delete(&self, current: Option<&Version>) -> S3Result<()> {
        match (&self.if_match, current) {
            (None, _) => Ok(()),
            (Some(condition), Some(current)) if matches(condition, current) => Ok(()),
            _ => Err(failed()),
        }
    }
}

/// What a read asks of the object.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<S3Time>,
    pub(super) if_unmodified_since: Option<S3Time>,
}

impl ReadCondition {
    /// Whether `version` may be read; an ETag's condition outweighs that of a time.
    pub(super) fn check(&self, version: &Version) -> S3Result<()> {
        let modified = whole_seconds(version);
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) if !matches(condition, version) => return Err(failed()),
            (None, Some(since)) if modified > *since => return Err(failed()),
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) if matches(condition, version) => Err(not_modified(version)),
            (None, Some(since)) if modified <= *since => Err(not_modified(version)),
            _ => Ok(()),
        }
    }

    /// The same for the source of a copy, where "not modified" is a failure too.
    pub(super) fn check_source(&self, version: &Version) -> S3Result<()> {
        self.check(version).map_err(|_| failed())
    }
}

/// HTTP's times have no fractions of a second.
fn whole_seconds(version: &Version) -> S3Time {
    let seconds = u64::try_from(version.modified.as_second()).unwrap_or_default();
    S3Time::from(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

fn not_modified(version: &Version) -> S3Error {
    let mut error = s3_error!(NotModified, "Not Modified");
    if let Ok(etag) = format!("\"{}\"", version.etag).parse() {
        error.set_headers([(axum::http::header::ETAG, etag)].into_iter().collect());
    }
    error
}
