//! BatchGetImage, DescribeImageScanFindings: what an image is, and what its scan found.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_pipeline::inspection::{Manifest, Scan};
use signalbox_pipeline::names::{ImageDigest, ImageRepository};

use super::Registry;
use crate::clients::Trouble;
use crate::fault::Fault;

/// As it lies there, whatever it is.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

#[derive(Deserialize)]
struct Images {
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    image_manifest: String,
}

/// As much of a manifest, or of an index, as says what it is.
#[derive(Default, Deserialize)]
struct Document {
    config: Option<Config>,
    #[serde(default)]
    manifests: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    media_type: String,
}

#[derive(Deserialize)]
struct Listed {
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scanned {
    image_scan_status: Option<Status>,
    image_scan_findings: Option<Findings>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    image_scan_completed_at: Option<Value>,
    #[serde(default)]
    finding_severity_counts: BTreeMap<String, u64>,
}

impl Registry {
    /// What lies under `digest`, where something does.
    ///
    /// # Errors
    /// When ECR does not say.
    pub async fn manifest(
        &self,
        repository: &ImageRepository,
        digest: &ImageDigest,
    ) -> Result<Option<Manifest>, Fault> {
        let asked = json!({
            "repositoryName": repository,
            "imageIds": [{ "imageDigest": digest }],
            "acceptedMediaTypes": MANIFESTS,
        });
        let found: Images = match self.json.call("BatchGetImage", &asked).await {
            Ok(found) => found,
            Err(trouble) if is_nowhere(&trouble) => return Ok(None),
            Err(trouble) => {
                return Err(trouble.fault(format!("looking up {repository}@{digest} in ECR")));
            }
        };
        let Some(image) = found.images.into_iter().next() else { return Ok(None) };
        // What is no manifest is no image of a container either, and says so by its lack of both.
        let document: Document = serde_json::from_str(&image.image_manifest).unwrap_or_default();
        let platforms = document.manifests.into_iter().filter_map(|listed| listed.platform);
        Ok(Some(Manifest {
            config: document.config.map(|config| config.media_type),
            platforms: platforms.map(|it| format!("{}/{}", it.os, it.architecture)).collect(),
        }))
    }

    /// How the scan of an image stands.
    ///
    /// # Errors
    /// When ECR does not say.
    pub async fn scan(
        &self,
        repository: &ImageRepository,
        digest: &ImageDigest,
    ) -> Result<Scan, Fault> {
        // The counts stand on every page, so that one finding is enough.
        let asked = json!({
            "repositoryName": repository, "imageId": { "imageDigest": digest }, "maxResults": 1,
        });
        let found: Scanned = match self.json.call("DescribeImageScanFindings", &asked).await {
            Ok(found) => found,
            Err(trouble)
                if is_nowhere(&trouble) || trouble.code() == Some("ScanNotFoundException") =>
            {
                return Ok(Scan::Absent);
            }
            Err(trouble) => {
                return Err(trouble.fault(format!("reading the scan of {repository}@{digest}")));
            }
        };
        let (status, description) =
            found.image_scan_status.map_or((None, None), |it| (it.status, it.description));
        let status = status.unwrap_or_else(|| "UNKNOWN".to_owned());
        let findings = found.image_scan_findings;
        // Enhanced scanning lists nothing, and is `ACTIVE` all the same, before its first end.
        let is_over = |it: &Findings| status == "COMPLETE" || it.image_scan_completed_at.is_some();
        let is_listed = findings.as_ref().is_some_and(is_over);
        let counts = findings.map(|it| it.finding_severity_counts).unwrap_or_default();
        Ok(Scan::Known { status, description, is_listed, counts })
    }
}

fn is_nowhere(trouble: &Trouble) -> bool {
    matches!(trouble.code(), Some("ImageNotFoundException" | "RepositoryNotFoundException"))
}
