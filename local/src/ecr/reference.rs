//! How an image is named.

use super::digest::Digest;

/// What names an image in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// The image itself.
    Digest(Digest),
    /// Whatever the tag stands for now.
    Tag(String),
}

/// An image of one of the engine's repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The repository's name.
    pub repository: String,
    /// Which image of it.
    pub version: Version,
}

impl Reference {
    /// The image that `image` names at one of `hosts`; `None` when it lives elsewhere.
    #[must_use]
    pub fn parse(image: &str, hosts: &[&str]) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        if !hosts.contains(&host) {
            return None;
        }
        if let Some((repository, digest)) = path.split_once('@') {
            // `name:tag@digest` is the digest; the tag is only for the reader.
            let repository = repository.split(':').next().unwrap_or_default().to_owned();
            // What is no digest is an image that cannot be found, not one of another registry.
            let version = Digest::parse(digest)
                .map_or_else(|| Version::Tag(digest.to_owned()), Version::Digest);
            return Some(Self { repository, version });
        }
        let (repository, tag) = path.split_once(':').unwrap_or((path, "latest"));
        Some(Self { repository: repository.to_owned(), version: Version::Tag(tag.to_owned()) })
    }
}

/// Whether ECR takes `name` for a repository.
#[must_use]
pub(crate) fn is_repository_name(name: &str) -> bool {
    let part = |part: &str| {
        let ends =
            |at: Option<char>| at.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        ends(part.chars().next()) && ends(part.chars().last()) && part.chars().all(inner)
    };
    (2..=256).contains(&name.len()) && name.split('/').all(part)
}

/// Whether `tag` may be a tag.
#[must_use]
pub(crate) fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len())
        && tag.chars().next().is_some_and(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}
