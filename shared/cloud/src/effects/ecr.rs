//! What the registry really holds.

mod inspect;

use signalbox_pipeline::names::{ImageDigest, ImageRepository, ImageTag};

use crate::clients::{Client, JsonClient, trouble};
use crate::fault::Fault;

/// ECR.
#[derive(Clone, Debug)]
pub struct Registry {
    ecr: Client<aws_sdk_ecr::Client>,
    json: JsonClient,
}

/// An image that the registry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of its manifest.
    pub digest: ImageDigest,
    /// The size of its layers, where the registry says so.
    pub bytes: Option<u64>,
}

impl Registry {
    /// The registry behind `ecr`, and the same behind `json`.
    #[must_use]
    pub fn new(ecr: Client<aws_sdk_ecr::Client>, json: JsonClient) -> Self {
        Self { ecr, json }
    }

    /// The image under `tag`, if there is one.
    ///
    /// # Errors
    /// When ECR does not say.
    pub async fn image_under_tag(
        &self,
        repository: &ImageRepository,
        tag: &ImageTag,
    ) -> Result<Option<Pushed>, Fault> {
        let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(tag.as_str()).build();
        let asked = self.ecr.patient.describe_images();
        let asked = asked.repository_name(repository.as_str()).image_ids(id).send().await;
        let found = match asked.map_err(|error| trouble(&error)) {
            Ok(found) => found.image_details.into_iter().flatten().next(),
            // No image, or no repository to hold one: the build did not push what it reported.
            Err(trouble)
                if matches!(
                    trouble.code(),
                    Some("ImageNotFoundException" | "RepositoryNotFoundException")
                ) =>
            {
                None
            }
            Err(trouble) => {
                return Err(trouble.fault(format!("looking up {repository}:{tag} in ECR")));
            }
        };
        let Some(found) = found else { return Ok(None) };
        let digest = found.image_digest.unwrap_or_default();
        let digest = ImageDigest::parse(digest)
            .map_err(|error| Fault::retry(format!("ECR's answer for {repository}:{tag}"), error))?;
        let bytes = found.image_size_in_bytes.and_then(|bytes| u64::try_from(bytes).ok());
        Ok(Some(Pushed { digest, bytes }))
    }
}
