//! An image that no build of ours made, and what is taken over for it.

use super::{Origin, Taken, Trigger};
use crate::digest::sha256;
use crate::names::{EventId, Host, ImageTag, NameError, RepositoryName};
use crate::registration::Registration;
use crate::run::Run;
use crate::run::state::Image;
use crate::stage::{self, Flow};

/// Why an image from outside starts no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// Whatever was released has no definition any more.
    #[error("{run}, which is released, has no definition")]
    Undefined {
        /// The released run.
        run: String,
    },
    /// The definition does not know the tag.
    #[error("`on.image.tags` of {run}, which is released, does not name the tag {tag}")]
    Tag {
        /// The released run.
        run: String,
        /// The tag.
        tag: ImageTag,
    },
    /// There is no environment to enter.
    #[error("the definition of {run}, which is released, deploys to no environment")]
    Nowhere {
        /// The released run.
        run: String,
    },
}

/// What names the push of an image, whoever tells of it and how often.
///
/// # Errors
/// Never: a hash is a name.
pub fn identity(image: &Image) -> Result<EventId, NameError> {
    let Image { repository, tag, digest, .. } = image;
    EventId::parse(sha256(format!("{repository} {digest} {tag}").as_bytes()).to_string())
}

impl Trigger {
    /// The trigger of the run that `image` starts, by the definition of `released`, the newest run
    /// whose release is live somewhere.
    ///
    /// # Errors
    /// When that definition does not let the image in.
    pub fn outside(
        image: Image,
        released: &Run,
        registration: &Registration,
        pushed_at: jiff::Timestamp,
    ) -> Result<Self, NotLetIn> {
        let run = || released.id.to_string();
        let definition = released.state.definition.as_ref();
        let definition = definition.ok_or_else(|| NotLetIn::Undefined { run: run() })?;
        let content = &*definition.content;
        if !content.images.iter().any(|pattern| pattern.matches(&image.tag)) {
            return Err(NotLetIn::Tag { run: run(), tag: image.tag });
        }
        let first = stage::of_environments(content, Flow::Second).into_iter().next();
        let first = first.ok_or_else(|| NotLetIn::Nowhere { run: run() })?;
        let of = &released.state.trigger;
        let origin = Origin::Image {
            repository: image.repository.clone(),
            tag: image.tag.clone(),
            digest: image.digest.clone(),
            follows: released.id.clone(),
        };
        let taken = Taken {
            run: released.id.clone(),
            from: first.name,
            source: None,
            definition: definition.clone(),
            image: Some(image),
            packages: Vec::new(),
            stages: Vec::new(),
            flow: Flow::Second,
        };
        let Registration { host, repository, notify, .. } = registration;
        Ok(Self {
            host: host.clone(),
            repository: repository.clone(),
            branch: of.branch.clone(),
            commit: of.commit.clone(),
            pushed_at,
            clone_url: of.clone_url.clone(),
            checkout_image: of.checkout_image.clone(),
            origin,
            pushed_by: None,
            notify: notify.clone(),
            before: None,
            newer: None,
            taken: Some(Box::new(taken)),
        })
    }
}

/// Where ops register the image repositories of a region: `ecr.<region>.amazonaws.com`.
///
/// # Errors
/// When it is no region.
pub fn registry_host(region: &str) -> Result<Host, NameError> {
    Host::parse(format!("ecr.{region}.amazonaws.com"))
}

/// The repository as it is registered, where its name can be.
#[must_use]
pub fn registered(image: &Image) -> Option<RepositoryName> {
    RepositoryName::parse(image.repository.as_str()).ok()
}
