//! Patterns of image tags: `manual-*`.

use serde::{Deserialize, Serialize};

use super::branches;
use crate::names::ImageTag;
use crate::text::parsed_text;

/// A tag of images, or a pattern of tags: `*` stands for anything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagPattern(String);

/// A text that is no pattern of tags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a pattern of image tags: expected letters, digits and . _ -, with * for anything, 128 at most"
)]
pub struct TagPatternError(String);

impl TagPattern {
    /// The pattern in `text`.
    ///
    /// # Errors
    /// When it could not match any tag.
    pub fn parse(text: impl Into<String>) -> Result<Self, TagPatternError> {
        let text = text.into();
        // A pattern is a tag once its stars stand for letters.
        match ImageTag::parse(text.replace('*', "x")) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(TagPatternError(text.chars().take(60).collect())),
        }
    }

    /// Whether `tag` is one of those meant.
    #[must_use]
    pub fn matches(&self, tag: &ImageTag) -> bool {
        branches::matches(self.0.as_bytes(), tag.as_str().as_bytes())
    }
}

parsed_text!(TagPattern, TagPatternError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let pattern = TagPattern::parse("manual-*").unwrap();
        for (tag, expected) in
            [("manual-1", true), ("manual-", true), ("manual", false), ("x-manual-1", false)]
        {
            assert_eq!(pattern.matches(&ImageTag::parse(tag).unwrap()), expected, "{tag}");
        }
        for bad in ["", "a/b", ".x", "a b"] {
            assert!(TagPattern::parse(bad).is_err(), "{bad:?}");
        }
    }
}
