//! Patterns of files: `dist/*.whl`.

use serde::{Deserialize, Serialize};

use super::RelativePath;
use crate::text::parsed_text;

/// Files below the root of a repository's tree: `*` and `?` stand for any part of a name, `**` for any
/// folders.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePattern(String);

/// A text that is no pattern of files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a pattern of files: expected a relative path such as dist/*.whl, with * or ? for any \
     part of a name and ** alone for any folders, without .. and [ ] {{ }}, 255 at most"
)]
pub struct FilePatternError(String);

impl FilePattern {
    /// The pattern in `text`, without a leading `./`.
    ///
    /// # Errors
    /// When it could not match any file of the tree.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, FilePatternError> {
        let text = text.as_ref();
        let error = || FilePatternError(text.chars().take(60).collect());
        let path = RelativePath::parse(text).map_err(|_| error())?;
        let fits = |segment: &str| !segment.contains("**") || segment == "**";
        let is_file = path != RelativePath::root() && !text.ends_with('/') && !text.ends_with("**");
        if !is_file || text.contains(['[', ']', '{', '}']) || !path.as_str().split('/').all(fits) {
            return Err(error());
        }
        Ok(Self(path.as_str().to_owned()))
    }
}

parsed_text!(FilePattern, FilePatternError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stays_in_the_tree_and_ends_in_a_name() {
        for (text, pattern) in [
            ("dist/*.whl", "dist/*.whl"),
            ("./a/**/b?.tar.gz", "a/**/b?.tar.gz"),
            ("model", "model"),
        ] {
            assert_eq!(FilePattern::parse(text).unwrap().as_str(), pattern);
        }
        for bad in [
            "", ".", "/dist/*", "../x", "a/../b", "dist/", "dist/**", "a**/b", "***/b", "x[ab]",
            "{a,b}",
        ] {
            assert!(FilePattern::parse(bad).is_err(), "{bad}");
        }
    }
}
