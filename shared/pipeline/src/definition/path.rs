//! Paths below the root of a repository's tree.

use serde::{Deserialize, Serialize};

use crate::faults::Collector;
use crate::text::parsed_text;
use crate::yaml::{Field, named, text};

/// A relative path that stays below where it starts; `.` is the start itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativePath(String);

/// A text that is no path below the root of the repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a path in the repository: expected a relative path without .., backslashes or \
     control characters, 255 at most"
)]
pub struct PathError(String);

const LONGEST: usize = 255;

impl RelativePath {
    /// The path in `text`, without a leading `./` and a trailing `/`.
    ///
    /// # Errors
    /// When `text` is absolute, leads upwards or is not a plain path.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, PathError> {
        let text = text.as_ref();
        let error = || PathError(text.chars().take(60).collect());
        let odd = |c: char| c.is_control() || c == '\\';
        if text.is_empty() || text.len() > LONGEST || text.starts_with('/') || text.contains(odd) {
            return Err(error());
        }
        let mut segments = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => return Err(error()),
                segment => segments.push(segment),
            }
        }
        if segments.is_empty() {
            return Ok(Self::root());
        }
        Ok(Self(segments.join("/")))
    }

    /// The root itself: `.`.
    #[must_use]
    pub fn root() -> Self {
        Self(".".to_owned())
    }

    pub(super) fn dockerfile() -> Self {
        Self("Dockerfile".to_owned())
    }
}

parsed_text!(RelativePath, PathError);

/// A path that names a file, as far as that can be seen.
pub(super) fn file(field: Field<'_>, faults: &mut Collector) -> Option<RelativePath> {
    let path: RelativePath = named(field, faults)?;
    if path == RelativePath::root() || text(field, faults)?.ends_with('/') {
        field.fault(faults, "must be a file", None);
        return None;
    }
    Some(path)
}
