//! References to images that are not ours: `python:3.12`.

use serde::{Deserialize, Serialize};

use crate::text::parsed_text;

/// An image as container engines name it: registry, repository, tag or digest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference(String);

/// A text that is no reference to an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an image: expected a name such as python:3.12, of letters, digits and \
     . _ - / : @, 255 at most"
)]
pub struct ImageReferenceError(String);

const LONGEST: usize = 255;

impl ImageReference {
    /// The reference in `text`.
    ///
    /// # Errors
    /// When `text` holds what no reference can hold.
    pub fn parse(text: impl Into<String>) -> Result<Self, ImageReferenceError> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
        let edges = |c: char| c.is_ascii_alphanumeric();
        let fits = text.len() <= LONGEST
            && text.starts_with(edges)
            && text.ends_with(edges)
            && text.bytes().all(allowed);
        if fits {
            Ok(Self(text))
        } else {
            Err(ImageReferenceError(text.chars().take(60).collect()))
        }
    }
}

parsed_text!(ImageReference, ImageReferenceError);
